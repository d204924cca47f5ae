-- When each metric of an account was last read with a value, one row an account, metric and source.
with read as (
    select
        p.account_key,
        r.source_key,
        max(r.confirmed_at) filter (where r.reach is not null) as reach,
        max(r.confirmed_at) filter (where r.views is not null) as views,
        max(r.confirmed_at) filter (where r.impressions is not null) as impressions,
        max(r.confirmed_at) filter (where r.reactions is not null) as reactions,
        max(r.confirmed_at) filter (where r.comments is not null) as comments,
        max(r.confirmed_at) filter (where r.shares is not null) as shares,
        max(r.confirmed_at) filter (where r.saves is not null) as saves,
        max(r.confirmed_at) filter (where r.clicks__link is not null) as link_clicks,
        max(r.confirmed_at) filter (where r.engagements is not null) as engagements
    from core.open_reading as r
    join core.post as p on p.post_key = r.post_key
    group by p.account_key, r.source_key
),
long as (
    select
        r.account_key,
        r.source_key,
        m.metric,
        case m.metric
            when 'reach' then r.reach
            when 'views' then r.views
            when 'impressions' then r.impressions
            when 'reactions' then r.reactions
            when 'comments' then r.comments
            when 'shares' then r.shares
            when 'saves' then r.saves
            when 'link_clicks' then r.link_clicks
            when 'engagements' then r.engagements
        end as seen_at
    from read as r
    cross join (
        values ('reach'), ('views'), ('impressions'), ('reactions'), ('comments'), ('shares'), ('saves'), ('link_clicks'), ('engagements')
    ) as m(metric)
    union all
    select
        account_key,
        source_key,
        metric,
        max(captured_at) filter (where value is not null) as seen_at
    from core.account_reading
    where window_days = 0
    group by account_key, source_key, metric
),
seen as (
    select
        a.account_id as account_id,
        a.platform as platform,
        l.metric as metric,
        s.source as source,
        l.seen_at as seen_at
    from long as l
    join core.account as a on a.account_key = l.account_key
    join core.source as s on s.source_key = l.source_key
    where l.seen_at is not null
)
select * from seen

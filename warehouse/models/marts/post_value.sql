-- What an indicator may stand on, one row a period, post and basis: the value at 7 and at 28 days of age, or the latest
-- where fewer than four in five of an account's posts of that period have a reading at 28 days.
with counted as (
    select
        *
    from mart.changed_post_period
    where not is_repost and not is_reply
),
aged as (
    select
        p.period,
        p.period_start,
        p.period_end,
        p.account_id,
        count(*) filter (where a7.status <> 'not_mature') as mature_7,
        count(*) filter (where a7.status = 'ok') as read_7,
        count(*) filter (where a28.status <> 'not_mature') as mature_28,
        count(*) filter (where a28.status = 'ok') as read_28
    from counted as p
    join mart.post_at_age_7 as a7 on a7.post_key = p.post_key
    join mart.post_at_age_28 as a28 on a28.post_key = p.post_key
    group by p.period, p.period_start, p.period_end, p.account_id
),
bases as (
    select
        period,
        period_start,
        period_end,
        account_id,
        'age_7' as basis
    from aged
    where read_7 * 5 >= mature_7 * 4
    union all
    select
        period,
        period_start,
        period_end,
        account_id,
        case when read_28 * 5 >= mature_28 * 4 then 'age_28' else 'latest' end as basis
    from aged
),
chosen as (
    select
        p.period,
        p.period_start,
        p.period_end,
        p.platform,
        p.account_id,
        p.post_id,
        p.post_key,
        b.basis
    from counted as p
    join bases as b
        on b.period = p.period
        and b.period_start = p.period_start
        and b.period_end = p.period_end
        and b.account_id = p.account_id
),
readings as (
    select c.period, c.period_start, c.period_end, c.platform, c.account_id, c.post_id, c.basis, a.status, a.read_on, a.reach, a.views, a.impressions, a.reactions, a.comments, a.shares, a.saves, a.clicks, a.video_views, a.engagements, a.link_clicks, a.comments__own, a.comments__first_level, a.comments__reply, a.shares__repost, a.shares__quote, a.shares__send, a.reactions__like, a.reactions__love, a.reactions__care, a.reactions__haha, a.reactions__wow, a.reactions__sad, a.reactions__angry, a.reactions__celebrate, a.reactions__support, a.reactions__insightful, a.reactions__funny
    from chosen as c
    join mart.post_at_age_7 as a on a.post_key = c.post_key
    where c.basis = 'age_7'
    union all
    select c.period, c.period_start, c.period_end, c.platform, c.account_id, c.post_id, c.basis, a.status, a.read_on, a.reach, a.views, a.impressions, a.reactions, a.comments, a.shares, a.saves, a.clicks, a.video_views, a.engagements, a.link_clicks, a.comments__own, a.comments__first_level, a.comments__reply, a.shares__repost, a.shares__quote, a.shares__send, a.reactions__like, a.reactions__love, a.reactions__care, a.reactions__haha, a.reactions__wow, a.reactions__sad, a.reactions__angry, a.reactions__celebrate, a.reactions__support, a.reactions__insightful, a.reactions__funny
    from chosen as c
    join mart.post_at_age_28 as a on a.post_key = c.post_key
    where c.basis = 'age_28'
    union all
    select c.period, c.period_start, c.period_end, c.platform, c.account_id, c.post_id, c.basis,
        case
            when l.published_on + 28 > k.as_of_on then 'not_mature'
            when not l.is_read_at_28 then 'not_measurable'
            else 'ok'
        end as status,
        l.read_on, l.reach, l.views, l.impressions, l.reactions, l.comments, l.shares, l.saves, l.clicks, l.video_views, l.engagements, l.link_clicks, l.comments__own, l.comments__first_level, l.comments__reply, l.shares__repost, l.shares__quote, l.shares__send, l.reactions__like, l.reactions__love, l.reactions__care, l.reactions__haha, l.reactions__wow, l.reactions__sad, l.reactions__angry, l.reactions__celebrate, l.reactions__support, l.reactions__insightful, l.reactions__funny
    from chosen as c
    join mart.post_latest as l on l.post_key = c.post_key
    cross join clock as k
    where c.basis = 'latest'
),
valued as (
    select
        r.period as period,
        r.period_start as period_start,
        r.period_end as period_end,
        r.platform as platform,
        r.account_id as account_id,
        r.post_id as post_id,
        r.basis as basis,
        r.status as status,
        r.read_on as read_on,
        t.definition_id as shown_definition_id,
        case when r.status = 'ok' then case t.metric when 'views' then r.views when 'impressions' then r.impressions end end as shown,
        case when r.status = 'ok' then r.reach end as reach,
        case when r.status = 'ok' then r.reactions end as reactions,
        case when r.status = 'ok' then r.comments end as comments,
        case when r.status = 'ok' then r.shares end as shares,
        case when r.status = 'ok' then r.saves end as saves,
        case when r.status = 'ok' then r.clicks end as clicks,
        case when r.status = 'ok' then r.video_views end as video_views,
        case when r.status = 'ok' then r.engagements end as engagements,
        case when r.status = 'ok' then r.link_clicks end as link_clicks,
        case when r.status = 'ok' then r.comments__own end as comments__own,
        case when r.status = 'ok' then r.comments__first_level end as comments__first_level,
        case when r.status = 'ok' then r.comments__reply end as comments__reply,
        case when r.status = 'ok' then r.shares__repost end as shares__repost,
        case when r.status = 'ok' then r.shares__quote end as shares__quote,
        case when r.status = 'ok' then r.shares__send end as shares__send,
        case when r.status = 'ok' then r.reactions__like end as reactions__like,
        case when r.status = 'ok' then r.reactions__love end as reactions__love,
        case when r.status = 'ok' then r.reactions__care end as reactions__care,
        case when r.status = 'ok' then r.reactions__haha end as reactions__haha,
        case when r.status = 'ok' then r.reactions__wow end as reactions__wow,
        case when r.status = 'ok' then r.reactions__sad end as reactions__sad,
        case when r.status = 'ok' then r.reactions__angry end as reactions__angry,
        case when r.status = 'ok' then r.reactions__celebrate end as reactions__celebrate,
        case when r.status = 'ok' then r.reactions__support end as reactions__support,
        case when r.status = 'ok' then r.reactions__insightful end as reactions__insightful,
        case when r.status = 'ok' then r.reactions__funny end as reactions__funny
    from readings as r
    left join mart.metric_definition as t
        on t.platform = r.platform
        and t.meaning = 'times shown'
        and coalesce(r.read_on, r.period_start) >= t.valid_from
        and coalesce(r.read_on, r.period_start) <= coalesce(t.valid_to, date '9999-12-31')
)
select * from valued

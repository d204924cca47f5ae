-- What an indicator may stand on, one row a post of the days that are built in this run and basis: its values at 7 and at
-- 28 days of age, and the latest. Each value has its definition, and one that is not there that of the reading which lacks
-- it. Comments are the audience's, without the mandate's own; engagements are reactions, comments and shares, unknown
-- where one of the three is. Which basis a period stands on is told by period_basis.
with counted as (
    select
        p.post_key,
        p.platform || ':' || p.platform_post_id as post_id,
        p.published_on as on_date,
        p.platform,
        a.account_id,
        p.post_type is distinct from 'story' as is_lasting
    from core.post as p
    join core.account as a on a.account_key = p.account_key
    join changed_period as c on c.period_start = p.published_on and c.period = 'day'
    where not p.is_repost and not p.is_reply
),
readings as (
    select c.post_key, c.post_id, c.on_date, c.platform, c.account_id, c.is_lasting, 'age_7' as basis, a.status, a.read_on, a.views_span, a.impressions_span, a.reactions_span, a.comments_span, a.shares_span, a.saves_span, a.reach, a.views, a.impressions, a.reactions, a.comments, a.shares, a.saves, a.clicks, a.video_views, a.link_clicks, a.comments__own, a.comments__first_level, a.comments__reply, a.shares__repost, a.shares__quote, a.shares__send, a.reactions__like, a.reactions__love, a.reactions__care, a.reactions__haha, a.reactions__wow, a.reactions__sad, a.reactions__angry, a.reactions__celebrate, a.reactions__support, a.reactions__insightful, a.reactions__funny
    from counted as c
    join mart.post_at_age_7 as a on a.post_key = c.post_key
    union all
    select c.post_key, c.post_id, c.on_date, c.platform, c.account_id, c.is_lasting, 'age_28' as basis, a.status, a.read_on, a.views_span, a.impressions_span, a.reactions_span, a.comments_span, a.shares_span, a.saves_span, a.reach, a.views, a.impressions, a.reactions, a.comments, a.shares, a.saves, a.clicks, a.video_views, a.link_clicks, a.comments__own, a.comments__first_level, a.comments__reply, a.shares__repost, a.shares__quote, a.shares__send, a.reactions__like, a.reactions__love, a.reactions__care, a.reactions__haha, a.reactions__wow, a.reactions__sad, a.reactions__angry, a.reactions__celebrate, a.reactions__support, a.reactions__insightful, a.reactions__funny
    from counted as c
    join mart.post_at_age_28 as a on a.post_key = c.post_key
    union all
    select c.post_key, c.post_id, c.on_date, c.platform, c.account_id, c.is_lasting, 'latest' as basis,
        case
            when c.on_date + 28 > k.as_of_on then 'not_mature'
            when not l.is_read_at_28 then 'not_measurable'
            else 'ok'
        end as status,
        l.read_on, d.span_key as views_span, d.span_key as impressions_span, d.span_key as reactions_span, d.span_key as comments_span, d.span_key as shares_span, d.span_key as saves_span, l.reach, l.views, l.impressions, l.reactions, l.comments, l.shares, l.saves, l.clicks, l.video_views, l.link_clicks, l.comments__own, l.comments__first_level, l.comments__reply, l.shares__repost, l.shares__quote, l.shares__send, l.reactions__like, l.reactions__love, l.reactions__care, l.reactions__haha, l.reactions__wow, l.reactions__sad, l.reactions__angry, l.reactions__celebrate, l.reactions__support, l.reactions__insightful, l.reactions__funny
    from counted as c
    join mart.post_newest as l on l.post_key = c.post_key
    cross join clock as k
    join core.source as s on s.source = l.source
    left join mart.definition_span as d
        on d.platform = l.platform
        and d.source_key = s.source_key
        and k.as_of_on between d.from_on and d.to_on
),
told as (
    select
        r.*,
        v.definition_id as views_definition_id,
        i.definition_id as impressions_definition_id,
        coalesce(reactions_in.reactions, case when r.reactions is not null then r.platform || ':reactions' end) as reactions_definition_id,
        coalesce(comments_in.comments, case when r.comments is not null then r.platform || ':comments' end) as comments_definition_id,
        coalesce(shares_in.shares, case when r.shares is not null then r.platform || ':shares' end) as shares_definition_id,
        coalesce(saves_in.saves, case when r.saves is not null then r.platform || ':saves' end) as saves_definition_id
    from readings as r
    left join mart.definition_span as views_in on views_in.span_key = r.views_span
    left join mart.definition_span as impressions_in on impressions_in.span_key = r.impressions_span
    left join mart.definition_span as reactions_in on reactions_in.span_key = r.reactions_span
    left join mart.definition_span as comments_in on comments_in.span_key = r.comments_span
    left join mart.definition_span as shares_in on shares_in.span_key = r.shares_span
    left join mart.definition_span as saves_in on saves_in.span_key = r.saves_span
    left join mart.metric_definition as v on v.definition_id = views_in.views and v.meaning = 'times shown'
    left join mart.metric_definition as i on i.definition_id = impressions_in.impressions and i.meaning = 'times shown'
),
valued as (
    select
        post_key as post_key,
        post_id as post_id,
        on_date as on_date,
        platform as platform,
        account_id as account_id,
        is_lasting as is_lasting,
        basis as basis,
        status as status,
        read_on as read_on,
        case
            when views is null and impressions is not null and impressions_definition_id is not null then impressions_definition_id
            else coalesce(views_definition_id, impressions_definition_id)
        end as shown_definition_id,
        reactions_definition_id as reactions_definition_id,
        comments_definition_id as comments_definition_id,
        shares_definition_id as shares_definition_id,
        saves_definition_id as saves_definition_id,
        case
            when status <> 'ok' then cast(null as bigint)
            when views is not null and views_definition_id is not null then views
            when impressions_definition_id is not null then impressions
        end as shown,
        case when status = 'ok' then reach end as reach,
        case when status = 'ok' then reactions end as reactions,
        case when status = 'ok' then comments - coalesce(comments__own, 0) end as comments,
        case when status = 'ok' then shares end as shares,
        case when status = 'ok' then saves end as saves,
        case when status = 'ok' then clicks end as clicks,
        case when status = 'ok' then video_views end as video_views,
        case when status = 'ok' then link_clicks end as link_clicks,
        case when status = 'ok' then comments__first_level end as comments__first_level,
        case when status = 'ok' then comments__reply end as comments__reply,
        case when status = 'ok' then shares__repost end as shares__repost,
        case when status = 'ok' then shares__quote end as shares__quote,
        case when status = 'ok' then shares__send end as shares__send,
        case when status = 'ok' then reactions__like end as reactions__like,
        case when status = 'ok' then reactions__love end as reactions__love,
        case when status = 'ok' then reactions__care end as reactions__care,
        case when status = 'ok' then reactions__haha end as reactions__haha,
        case when status = 'ok' then reactions__wow end as reactions__wow,
        case when status = 'ok' then reactions__sad end as reactions__sad,
        case when status = 'ok' then reactions__angry end as reactions__angry,
        case when status = 'ok' then reactions__celebrate end as reactions__celebrate,
        case when status = 'ok' then reactions__support end as reactions__support,
        case when status = 'ok' then reactions__insightful end as reactions__insightful,
        case when status = 'ok' then reactions__funny end as reactions__funny
    from told
),
engaged as (
    select
        *,
        reactions + comments + shares as engagements
    from valued
)
select * from engaged

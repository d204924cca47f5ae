-- Counters at an age in days, one wide row a post: per metric the reading in force nearest to that day; ties: the earlier.
-- `<metric>_span` says by which definitions that reading goes, or the nearest one where the metric has none.
with due as (
    select
        p.post_key,
        p.platform || ':' || p.platform_post_id as post_id,
        p.platform,
        a.account_id,
        p.published_on + cast(days as int) as due_on,
        k.as_of_on
    from changed_post as c
    join core.post as p on p.post_key = c.post_key
    join core.account as a on a.account_key = p.account_key
    cross join clock as k
),
near as (
    select
        d.post_key,
        greatest(days_between(d.due_on, r.captured_on), days_between(r.confirmed_on, d.due_on), 0) as distance,
        r.captured_on,
        r.source_key,
        s.span_key,
        r.reach,
        r.views,
        r.impressions,
        r.reactions,
        r.comments,
        r.shares,
        r.saves,
        r.clicks,
        r.video_views,
        r.engagements,
        r.clicks__link,
        r.comments__own,
        r.comments__first_level,
        r.comments__reply,
        r.shares__repost,
        r.shares__quote,
        r.shares__send,
        r.reactions__like,
        r.reactions__love,
        r.reactions__care,
        r.reactions__haha,
        r.reactions__wow,
        r.reactions__sad,
        r.reactions__angry,
        r.reactions__celebrate,
        r.reactions__support,
        r.reactions__insightful,
        r.reactions__funny
    from due as d
    join core.all_reading as r on r.post_key = d.post_key
    left join mart.definition_span as s
        on s.platform = d.platform
        and s.source_key = r.source_key
        and greatest(r.captured_on, least(r.confirmed_on, d.due_on)) between s.from_on and s.to_on
    where
        d.due_on <= d.as_of_on
        and r.captured_on <= d.due_on + cast(tolerance as int)
        and r.confirmed_on >= d.due_on - cast(tolerance as int)
),
ranked as (
    select
        *,
        row_number() over (
            partition by post_key
            order by distance nulls last, captured_on nulls last, source_key nulls last
        ) as rank
    from near
),
valued as (
    select
        post_key,
        max(captured_on) filter (where rank = 1) as read_on,
        coalesce(min_by(span_key, rank) filter (where span_key is not null and views is not null), min_by(span_key, rank) filter (where span_key is not null)) as views_span,
        coalesce(min_by(span_key, rank) filter (where span_key is not null and impressions is not null), min_by(span_key, rank) filter (where span_key is not null)) as impressions_span,
        coalesce(min_by(span_key, rank) filter (where span_key is not null and reactions is not null), min_by(span_key, rank) filter (where span_key is not null)) as reactions_span,
        coalesce(min_by(span_key, rank) filter (where span_key is not null and comments is not null), min_by(span_key, rank) filter (where span_key is not null)) as comments_span,
        coalesce(min_by(span_key, rank) filter (where span_key is not null and shares is not null), min_by(span_key, rank) filter (where span_key is not null)) as shares_span,
        coalesce(min_by(span_key, rank) filter (where span_key is not null and saves is not null), min_by(span_key, rank) filter (where span_key is not null)) as saves_span,
        min_by(reach, rank) filter (where reach is not null) as reach,
        min_by(views, rank) filter (where views is not null) as views,
        min_by(impressions, rank) filter (where impressions is not null) as impressions,
        min_by(reactions, rank) filter (where reactions is not null) as reactions,
        min_by(comments, rank) filter (where comments is not null) as comments,
        min_by(shares, rank) filter (where shares is not null) as shares,
        min_by(saves, rank) filter (where saves is not null) as saves,
        min_by(clicks, rank) filter (where clicks is not null) as clicks,
        min_by(video_views, rank) filter (where video_views is not null) as video_views,
        min_by(engagements, rank) filter (where engagements is not null) as engagements,
        min_by(clicks__link, rank) filter (where clicks__link is not null) as link_clicks,
        min_by(comments__own, rank) filter (where comments__own is not null) as comments__own,
        min_by(comments__first_level, rank) filter (where comments__first_level is not null) as comments__first_level,
        min_by(comments__reply, rank) filter (where comments__reply is not null) as comments__reply,
        min_by(shares__repost, rank) filter (where shares__repost is not null) as shares__repost,
        min_by(shares__quote, rank) filter (where shares__quote is not null) as shares__quote,
        min_by(shares__send, rank) filter (where shares__send is not null) as shares__send,
        min_by(reactions__like, rank) filter (where reactions__like is not null) as reactions__like,
        min_by(reactions__love, rank) filter (where reactions__love is not null) as reactions__love,
        min_by(reactions__care, rank) filter (where reactions__care is not null) as reactions__care,
        min_by(reactions__haha, rank) filter (where reactions__haha is not null) as reactions__haha,
        min_by(reactions__wow, rank) filter (where reactions__wow is not null) as reactions__wow,
        min_by(reactions__sad, rank) filter (where reactions__sad is not null) as reactions__sad,
        min_by(reactions__angry, rank) filter (where reactions__angry is not null) as reactions__angry,
        min_by(reactions__celebrate, rank) filter (where reactions__celebrate is not null) as reactions__celebrate,
        min_by(reactions__support, rank) filter (where reactions__support is not null) as reactions__support,
        min_by(reactions__insightful, rank) filter (where reactions__insightful is not null) as reactions__insightful,
        min_by(reactions__funny, rank) filter (where reactions__funny is not null) as reactions__funny
    from ranked
    group by post_key
),
aged as (
    select
        d.post_key as post_key,
        d.post_id as post_id,
        d.platform as platform,
        d.account_id as account_id,
        d.due_on as due_on,
        case
            when d.due_on > d.as_of_on then 'not_mature'
            when v.post_key is null then 'not_measurable'
            else 'ok'
        end as status,
        v.read_on as read_on,
        v.views_span as views_span,
        v.impressions_span as impressions_span,
        v.reactions_span as reactions_span,
        v.comments_span as comments_span,
        v.shares_span as shares_span,
        v.saves_span as saves_span,
        case when d.due_on <= d.as_of_on then v.reach end as reach,
        case when d.due_on <= d.as_of_on then v.views end as views,
        case when d.due_on <= d.as_of_on then v.impressions end as impressions,
        case when d.due_on <= d.as_of_on then v.reactions end as reactions,
        case when d.due_on <= d.as_of_on then v.comments end as comments,
        case when d.due_on <= d.as_of_on then v.shares end as shares,
        case when d.due_on <= d.as_of_on then v.saves end as saves,
        case when d.due_on <= d.as_of_on then v.clicks end as clicks,
        case when d.due_on <= d.as_of_on then v.video_views end as video_views,
        case when d.due_on <= d.as_of_on then v.engagements end as engagements,
        case when d.due_on <= d.as_of_on then v.link_clicks end as link_clicks,
        case when d.due_on <= d.as_of_on then v.comments__own end as comments__own,
        case when d.due_on <= d.as_of_on then v.comments__first_level end as comments__first_level,
        case when d.due_on <= d.as_of_on then v.comments__reply end as comments__reply,
        case when d.due_on <= d.as_of_on then v.shares__repost end as shares__repost,
        case when d.due_on <= d.as_of_on then v.shares__quote end as shares__quote,
        case when d.due_on <= d.as_of_on then v.shares__send end as shares__send,
        case when d.due_on <= d.as_of_on then v.reactions__like end as reactions__like,
        case when d.due_on <= d.as_of_on then v.reactions__love end as reactions__love,
        case when d.due_on <= d.as_of_on then v.reactions__care end as reactions__care,
        case when d.due_on <= d.as_of_on then v.reactions__haha end as reactions__haha,
        case when d.due_on <= d.as_of_on then v.reactions__wow end as reactions__wow,
        case when d.due_on <= d.as_of_on then v.reactions__sad end as reactions__sad,
        case when d.due_on <= d.as_of_on then v.reactions__angry end as reactions__angry,
        case when d.due_on <= d.as_of_on then v.reactions__celebrate end as reactions__celebrate,
        case when d.due_on <= d.as_of_on then v.reactions__support end as reactions__support,
        case when d.due_on <= d.as_of_on then v.reactions__insightful end as reactions__insightful,
        case when d.due_on <= d.as_of_on then v.reactions__funny end as reactions__funny
    from due as d
    left join valued as v on v.post_key = d.post_key
)
select * from aged

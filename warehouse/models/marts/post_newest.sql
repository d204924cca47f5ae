-- The newest value of each counter as known on a day, one wide row a post, with the day it was first read and whether it is
-- known to have stood at 28 days of age or later. Values are those within the definitions that hold on that day for the
-- source which speaks for the post: the API where it gives the post, else the files. Nearly all readings go by those;
-- `others` says of the rest which counters they count otherwise.
with others as (
    select
        n.span_key as now_key,
        d.source_key,
        d.from_on,
        d.to_on,
        n.reach is not null and n.reach is distinct from d.reach as reach,
        n.views is not null and n.views is distinct from d.views as views,
        n.impressions is not null and n.impressions is distinct from d.impressions as impressions,
        n.reactions is not null and n.reactions is distinct from d.reactions as reactions,
        n.comments is not null and n.comments is distinct from d.comments as comments,
        n.shares is not null and n.shares is distinct from d.shares as shares,
        n.saves is not null and n.saves is distinct from d.saves as saves,
        n.clicks is not null and n.clicks is distinct from d.clicks as clicks,
        n.video_views is not null and n.video_views is distinct from d.video_views as video_views,
        n.engagements is not null and n.engagements is distinct from d.engagements as engagements
    from mart.definition_span as n
    join mart.definition_span as d on d.platform = n.platform and d.span_key <> n.span_key
),
wanted as (
    select
        p.post_key,
        p.platform,
        cast(as_of as date) as known_on,
        n.span_key as now_key
    from changed_post as c
    join core.post as p on p.post_key = c.post_key
    cross join clock as k
    left join mart.definition_span as n
        on n.platform = p.platform
        and n.source_key = p.source_key
        and cast(as_of as date) between n.from_on and n.to_on
),
ranked as (
    select
        r.post_key,
        r.captured_on,
        least(r.confirmed_on, w.known_on) as confirmed_on,
        case when o.reach then cast(null as bigint) else r.reach end as reach,
        case when o.views then cast(null as bigint) else r.views end as views,
        case when o.impressions then cast(null as bigint) else r.impressions end as impressions,
        case when o.reactions then cast(null as bigint) else r.reactions end as reactions,
        case when o.comments then cast(null as bigint) else r.comments end as comments,
        case when o.shares then cast(null as bigint) else r.shares end as shares,
        case when o.saves then cast(null as bigint) else r.saves end as saves,
        case when o.clicks then cast(null as bigint) else r.clicks end as clicks,
        case when o.video_views then cast(null as bigint) else r.video_views end as video_views,
        case when o.engagements then cast(null as bigint) else r.engagements end as engagements,
        case when o.clicks then cast(null as bigint) else r.clicks__link end as link_clicks,
        case when o.comments then cast(null as bigint) else r.comments__own end as comments__own,
        case when o.comments then cast(null as bigint) else r.comments__first_level end as comments__first_level,
        case when o.comments then cast(null as bigint) else r.comments__reply end as comments__reply,
        case when o.shares then cast(null as bigint) else r.shares__repost end as shares__repost,
        case when o.shares then cast(null as bigint) else r.shares__quote end as shares__quote,
        case when o.shares then cast(null as bigint) else r.shares__send end as shares__send,
        case when o.reactions then cast(null as bigint) else r.reactions__like end as reactions__like,
        case when o.reactions then cast(null as bigint) else r.reactions__love end as reactions__love,
        case when o.reactions then cast(null as bigint) else r.reactions__care end as reactions__care,
        case when o.reactions then cast(null as bigint) else r.reactions__haha end as reactions__haha,
        case when o.reactions then cast(null as bigint) else r.reactions__wow end as reactions__wow,
        case when o.reactions then cast(null as bigint) else r.reactions__sad end as reactions__sad,
        case when o.reactions then cast(null as bigint) else r.reactions__angry end as reactions__angry,
        case when o.reactions then cast(null as bigint) else r.reactions__celebrate end as reactions__celebrate,
        case when o.reactions then cast(null as bigint) else r.reactions__support end as reactions__support,
        case when o.reactions then cast(null as bigint) else r.reactions__insightful end as reactions__insightful,
        case when o.reactions then cast(null as bigint) else r.reactions__funny end as reactions__funny,
        row_number() over (
            partition by r.post_key
            order by least(r.confirmed_on, w.known_on) nulls first, r.source_key desc nulls first, r.captured_on nulls first
        ) as rank
    from wanted as w
    join core.all_reading as r on r.post_key = w.post_key and r.captured_on <= w.known_on
    left join others as o
        on o.now_key = w.now_key
        and o.source_key = r.source_key
        and least(r.confirmed_on, w.known_on) between o.from_on and o.to_on
),
valued as (
    select
        post_key,
        max(captured_on) as read_on,
        max(confirmed_on) as confirmed_on,
        max_by(reach, rank) filter (where reach is not null) as reach,
        max_by(views, rank) filter (where views is not null) as views,
        max_by(impressions, rank) filter (where impressions is not null) as impressions,
        max_by(reactions, rank) filter (where reactions is not null) as reactions,
        max_by(comments, rank) filter (where comments is not null) as comments,
        max_by(shares, rank) filter (where shares is not null) as shares,
        max_by(saves, rank) filter (where saves is not null) as saves,
        max_by(clicks, rank) filter (where clicks is not null) as clicks,
        max_by(video_views, rank) filter (where video_views is not null) as video_views,
        max_by(engagements, rank) filter (where engagements is not null) as engagements,
        max_by(link_clicks, rank) filter (where link_clicks is not null) as link_clicks,
        max_by(comments__own, rank) filter (where comments__own is not null) as comments__own,
        max_by(comments__first_level, rank) filter (where comments__first_level is not null) as comments__first_level,
        max_by(comments__reply, rank) filter (where comments__reply is not null) as comments__reply,
        max_by(shares__repost, rank) filter (where shares__repost is not null) as shares__repost,
        max_by(shares__quote, rank) filter (where shares__quote is not null) as shares__quote,
        max_by(shares__send, rank) filter (where shares__send is not null) as shares__send,
        max_by(reactions__like, rank) filter (where reactions__like is not null) as reactions__like,
        max_by(reactions__love, rank) filter (where reactions__love is not null) as reactions__love,
        max_by(reactions__care, rank) filter (where reactions__care is not null) as reactions__care,
        max_by(reactions__haha, rank) filter (where reactions__haha is not null) as reactions__haha,
        max_by(reactions__wow, rank) filter (where reactions__wow is not null) as reactions__wow,
        max_by(reactions__sad, rank) filter (where reactions__sad is not null) as reactions__sad,
        max_by(reactions__angry, rank) filter (where reactions__angry is not null) as reactions__angry,
        max_by(reactions__celebrate, rank) filter (where reactions__celebrate is not null) as reactions__celebrate,
        max_by(reactions__support, rank) filter (where reactions__support is not null) as reactions__support,
        max_by(reactions__insightful, rank) filter (where reactions__insightful is not null) as reactions__insightful,
        max_by(reactions__funny, rank) filter (where reactions__funny is not null) as reactions__funny
    from ranked
    group by post_key
),
named as (
    select
        v.post_key as post_key,
        p.platform || ':' || p.platform_post_id as post_id,
        p.platform as platform,
        a.account_id as account_id,
        p.published_on as published_on,
        s.source as source,
        v.read_on as read_on,
        p.published_on + 28 <= v.confirmed_on as is_read_at_28,
        v.reach as reach,
        v.views as views,
        v.impressions as impressions,
        v.reactions as reactions,
        v.comments as comments,
        v.shares as shares,
        v.saves as saves,
        v.clicks as clicks,
        v.video_views as video_views,
        v.engagements as engagements,
        v.link_clicks as link_clicks,
        v.comments__own as comments__own,
        v.comments__first_level as comments__first_level,
        v.comments__reply as comments__reply,
        v.shares__repost as shares__repost,
        v.shares__quote as shares__quote,
        v.shares__send as shares__send,
        v.reactions__like as reactions__like,
        v.reactions__love as reactions__love,
        v.reactions__care as reactions__care,
        v.reactions__haha as reactions__haha,
        v.reactions__wow as reactions__wow,
        v.reactions__sad as reactions__sad,
        v.reactions__angry as reactions__angry,
        v.reactions__celebrate as reactions__celebrate,
        v.reactions__support as reactions__support,
        v.reactions__insightful as reactions__insightful,
        v.reactions__funny as reactions__funny
    from valued as v
    join core.post as p on p.post_key = v.post_key
    join core.account as a on a.account_key = p.account_key
    join core.source as s on s.source_key = p.source_key
)
select * from named

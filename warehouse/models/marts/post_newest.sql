-- The newest value of each counter as known on a day, one wide row a post, with the day it was first read and whether it is
-- known to have stood at 28 days of age or later. Values are those within the definitions that hold on that day for the
-- source which speaks for the post: the API where it gives the post, else the files.
with wanted as (
    select
        p.post_key,
        p.platform,
        p.source_key,
        cast(as_of as date) as known_on
    from changed_post as c
    join core.post as p on p.post_key = c.post_key
    cross join clock as k
),
ranked as (
    select
        r.post_key,
        r.captured_on,
        least(r.confirmed_on, w.known_on) as confirmed_on,
        case when n.reach is null or n.reach = d.reach then r.reach end as reach,
        case when n.views is null or n.views = d.views then r.views end as views,
        case when n.impressions is null or n.impressions = d.impressions then r.impressions end as impressions,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions end as reactions,
        case when n.comments is null or n.comments = d.comments then r.comments end as comments,
        case when n.shares is null or n.shares = d.shares then r.shares end as shares,
        case when n.saves is null or n.saves = d.saves then r.saves end as saves,
        case when n.clicks is null or n.clicks = d.clicks then r.clicks end as clicks,
        case when n.video_views is null or n.video_views = d.video_views then r.video_views end as video_views,
        case when n.engagements is null or n.engagements = d.engagements then r.engagements end as engagements,
        case when n.clicks is null or n.clicks = d.clicks then r.clicks__link end as link_clicks,
        case when n.comments is null or n.comments = d.comments then r.comments__own end as comments__own,
        case when n.comments is null or n.comments = d.comments then r.comments__first_level end as comments__first_level,
        case when n.comments is null or n.comments = d.comments then r.comments__reply end as comments__reply,
        case when n.shares is null or n.shares = d.shares then r.shares__repost end as shares__repost,
        case when n.shares is null or n.shares = d.shares then r.shares__quote end as shares__quote,
        case when n.shares is null or n.shares = d.shares then r.shares__send end as shares__send,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__like end as reactions__like,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__love end as reactions__love,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__care end as reactions__care,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__haha end as reactions__haha,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__wow end as reactions__wow,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__sad end as reactions__sad,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__angry end as reactions__angry,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__celebrate end as reactions__celebrate,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__support end as reactions__support,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__insightful end as reactions__insightful,
        case when n.reactions is null or n.reactions = d.reactions then r.reactions__funny end as reactions__funny,
        row_number() over (
            partition by r.post_key
            order by least(r.confirmed_on, w.known_on) nulls first, r.source_key desc nulls first, r.captured_on nulls first
        ) as rank
    from wanted as w
    join core.all_reading as r on r.post_key = w.post_key and r.captured_on <= w.known_on
    left join mart.definition_span as n
        on n.platform = w.platform
        and n.source_key = w.source_key
        and w.known_on between n.from_on and n.to_on
    left join mart.definition_span as d
        on d.platform = w.platform
        and d.source_key = r.source_key
        and least(r.confirmed_on, w.known_on) between d.from_on and d.to_on
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

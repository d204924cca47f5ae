-- The newest value of each counter within the account's current definition of it, one wide row a post: the API's where it
-- reads the account, else the files'. A post that only files give has none where the two count differently.
with witnesses as (
    select
        l.account_id,
        min(s.source_key) as source_key
    from meta.load as l
    join core.source as s on s.source = l.source
    group by l.account_id
),
judged as (
    select
        v.post_key as post_key,
        v.post_id as post_id,
        v.platform as platform,
        v.account_id as account_id,
        v.published_on as published_on,
        v.source as source,
        v.read_on as read_on,
        v.is_read_at_28 as is_read_at_28,
        case when n.reach is null or n.reach = d.reach then v.reach end as reach,
        case when n.views is null or n.views = d.views then v.views end as views,
        case when n.impressions is null or n.impressions = d.impressions then v.impressions end as impressions,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions end as reactions,
        case when n.comments is null or n.comments = d.comments then v.comments end as comments,
        case when n.shares is null or n.shares = d.shares then v.shares end as shares,
        case when n.saves is null or n.saves = d.saves then v.saves end as saves,
        case when n.clicks is null or n.clicks = d.clicks then v.clicks end as clicks,
        case when n.video_views is null or n.video_views = d.video_views then v.video_views end as video_views,
        case when n.engagements is null or n.engagements = d.engagements then v.engagements end as engagements,
        case when n.clicks is null or n.clicks = d.clicks then v.link_clicks end as link_clicks,
        case when n.comments is null or n.comments = d.comments then v.comments__own end as comments__own,
        case when n.comments is null or n.comments = d.comments then v.comments__first_level end as comments__first_level,
        case when n.comments is null or n.comments = d.comments then v.comments__reply end as comments__reply,
        case when n.shares is null or n.shares = d.shares then v.shares__repost end as shares__repost,
        case when n.shares is null or n.shares = d.shares then v.shares__quote end as shares__quote,
        case when n.shares is null or n.shares = d.shares then v.shares__send end as shares__send,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__like end as reactions__like,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__love end as reactions__love,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__care end as reactions__care,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__haha end as reactions__haha,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__wow end as reactions__wow,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__sad end as reactions__sad,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__angry end as reactions__angry,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__celebrate end as reactions__celebrate,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__support end as reactions__support,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__insightful end as reactions__insightful,
        case when n.reactions is null or n.reactions = d.reactions then v.reactions__funny end as reactions__funny
    from mart.post_newest as v
    cross join core.setting as k
    join core.source as s on s.source = v.source
    left join witnesses as w on w.account_id = v.account_id
    left join mart.definition_span as n
        on n.platform = v.platform
        and n.source_key = w.source_key
        and k.as_of_on between n.from_on and n.to_on
    left join mart.definition_span as d
        on d.platform = v.platform
        and d.source_key = s.source_key
        and k.as_of_on between d.from_on and d.to_on
)
select * from judged

-- Counters added up over the posts of a day, one row a day, account, basis and definitions of the counters that the posts
-- have: periods are added up from their days. `mature` and `aged` count the posts that are old enough for the basis and
-- those that were read then, without stories, which end after a day. `rated` counters are those of posts that have both
-- engagements and times shown.
with told as (
    select
        *,
        case when shown is not null then engagements end as rated_engagements,
        case when engagements is not null then shown end as rated_shown
    from mart.post_value
),
summed as (
    select
        on_date as on_date,
        platform as platform,
        account_id as account_id,
        basis as basis,
        shown_definition_id as shown_definition_id,
        reactions_definition_id as reactions_definition_id,
        comments_definition_id as comments_definition_id,
        shares_definition_id as shares_definition_id,
        saves_definition_id as saves_definition_id,
        count(*) as posts,
        count(*) filter (where status = 'not_mature') as waiting,
        count(*) filter (where status <> 'not_mature' and is_lasting) as mature,
        count(*) filter (where status = 'ok' and is_lasting) as aged,
        max(read_on) as read_on,
        cast(sum(shown) as bigint) as shown,
        count(shown) as shown_posts,
        cast(sum(reactions) as bigint) as reactions,
        count(reactions) as reactions_posts,
        cast(sum(reactions__like) as bigint) as reactions__like,
        count(reactions__like) as reactions__like_posts,
        cast(sum(reactions__love) as bigint) as reactions__love,
        count(reactions__love) as reactions__love_posts,
        cast(sum(reactions__care) as bigint) as reactions__care,
        count(reactions__care) as reactions__care_posts,
        cast(sum(reactions__haha) as bigint) as reactions__haha,
        count(reactions__haha) as reactions__haha_posts,
        cast(sum(reactions__wow) as bigint) as reactions__wow,
        count(reactions__wow) as reactions__wow_posts,
        cast(sum(reactions__sad) as bigint) as reactions__sad,
        count(reactions__sad) as reactions__sad_posts,
        cast(sum(reactions__angry) as bigint) as reactions__angry,
        count(reactions__angry) as reactions__angry_posts,
        cast(sum(reactions__celebrate) as bigint) as reactions__celebrate,
        count(reactions__celebrate) as reactions__celebrate_posts,
        cast(sum(reactions__support) as bigint) as reactions__support,
        count(reactions__support) as reactions__support_posts,
        cast(sum(reactions__insightful) as bigint) as reactions__insightful,
        count(reactions__insightful) as reactions__insightful_posts,
        cast(sum(reactions__funny) as bigint) as reactions__funny,
        count(reactions__funny) as reactions__funny_posts,
        cast(sum(comments) as bigint) as comments,
        count(comments) as comments_posts,
        cast(sum(comments__first_level) as bigint) as comments__first_level,
        count(comments__first_level) as comments__first_level_posts,
        cast(sum(comments__reply) as bigint) as comments__reply,
        count(comments__reply) as comments__reply_posts,
        cast(sum(shares) as bigint) as shares,
        count(shares) as shares_posts,
        cast(sum(shares__repost) as bigint) as shares__repost,
        count(shares__repost) as shares__repost_posts,
        cast(sum(shares__quote) as bigint) as shares__quote,
        count(shares__quote) as shares__quote_posts,
        cast(sum(shares__send) as bigint) as shares__send,
        count(shares__send) as shares__send_posts,
        cast(sum(saves) as bigint) as saves,
        count(saves) as saves_posts,
        cast(sum(engagements) as bigint) as engagements,
        count(engagements) as engagements_posts,
        cast(sum(rated_engagements) as bigint) as rated_engagements,
        cast(sum(rated_shown) as bigint) as rated_shown,
        count(rated_shown) as rated_posts,
        max(read_on) filter (where rated_shown is not null) as rated_read_on
    from told
    group by on_date, platform, account_id, basis, shown_definition_id, reactions_definition_id, comments_definition_id, shares_definition_id, saves_definition_id
)
select * from summed

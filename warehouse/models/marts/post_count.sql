-- Posts and reposts of a day by what they are counted by, one row a day, account, type, language and content item; posts
-- that share their item with no other stand together, without it.
with shared as (
    select
        content_item_id
    from mart.content_item
    group by content_item_id
    having count(*) > 1
),
counted as (
    select
        p.published_on as on_date,
        p.platform as platform,
        a.account_id as account_id,
        p.post_type as post_type,
        p.language as language,
        s.content_item_id as shared_item_id,
        count(*) filter (where not p.is_repost and not p.is_reply) as posts,
        count(*) filter (where p.is_repost) as reposts_made
    from core.post as p
    join core.account as a on a.account_key = p.account_key
    left join mart.content_item as c on c.post_key = p.post_key
    left join shared as s on s.content_item_id = c.content_item_id
    where p.is_repost or not p.is_reply
    group by p.published_on, p.platform, a.account_id, p.post_type, p.language, s.content_item_id
)
select * from counted

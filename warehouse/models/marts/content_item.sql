-- Posts of different platforms that carry the same text within seven days, one row a post; the earliest names the item.
with twins as (
    select
        p.post_key,
        o.platform || ':' || o.platform_post_id as item,
        row_number() over (partition by p.post_key order by o.published_at nulls last, o.platform nulls last, o.platform_post_id nulls last) as rank
    from core.post as p
    join core.post as o on o.text_key = p.text_key
    where
        (o.platform <> p.platform or o.post_key = p.post_key)
        and abs(days_between(p.published_on, o.published_on)) <= 7
),
named as (
    select
        post_key as post_key,
        item as content_item_id
    from twins
    where rank = 1
)
select * from named

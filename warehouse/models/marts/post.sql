-- Posts of the mandate's accounts, one row a post; replies to somebody else and reposts are marked and hold no text.
with seen as (
    select
        post_key,
        max(confirmed_at) as last_seen_at
    from core.open_reading
    group by post_key
),
described as (
    select
        p.post_key as post_key,
        p.platform || ':' || p.platform_post_id as post_id,
        a.account_id as account_id,
        p.platform as platform,
        p.platform_post_id as platform_post_id,
        p.published_at as published_at,
        p.published_on as published_on,
        p.post_type as post_type,
        p.text as text,
        p.language as language,
        coalesce(c.content_item_id, p.platform || ':' || p.platform_post_id) as content_item_id,
        p.permalink as permalink,
        p.hashtags as hashtags,
        p.links as links,
        p.is_repost as is_repost,
        p.is_reply as is_reply,
        p.is_quote as is_quote,
        p.is_promoted as is_promoted,
        s.source as source,
        p.first_seen_at as first_seen_at,
        seen.last_seen_at as last_seen_at,
        p.deleted_on as deleted_on
    from core.post as p
    join core.account as a on a.account_key = p.account_key
    join core.source as s on s.source_key = p.source_key
    left join seen on seen.post_key = p.post_key
    left join mart.content_item as c on c.post_key = p.post_key
)
select * from described

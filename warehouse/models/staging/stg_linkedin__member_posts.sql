-- Posts of a LinkedIn member with their counters, one row a post and capture. What they say comes from export files.
select
    load_key as load_key,
    id as platform_post_id,
    instant_of(published_at) as published_at,
    'https://www.linkedin.com/feed/update/' || id || '/' as permalink,
    cast(false as boolean) as is_repost,
    cast(false as boolean) as is_reply,
    id as lookup_id,
    'reach;impressions;reactions;comments;shares' as asked,
    'reach=' || reach_status || ';impressions=' || impressions_status || ';reactions=' || reactions_status || ';comments=' || comments_status || ';shares=' || reshares_status as exceptions,
    reach as reach,
    impressions as impressions,
    reactions as reactions,
    comments as comments,
    reshares as shares
from landing.linkedin__member_posts

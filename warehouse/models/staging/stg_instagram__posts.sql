-- Posts of Instagram with their counters, one row a post and capture. Likes are organic ones.
select
    load_key as load_key,
    id as platform_post_id,
    instant_of(published_at) as published_at,
    case
        when is_gone then cast(null as string)
        when product_type = 'REELS' then 'short'
        when media_type = 'CAROUSEL_ALBUM' then 'album'
        when media_type = 'VIDEO' then 'video'
        when media_type = 'IMAGE' then 'image'
        else 'other'
    end as post_type,
    text as text,
    permalink as permalink,
    hashtags as hashtags,
    case when not coalesce(is_gone, false) then cast(false as boolean) end as is_repost,
    case when not coalesce(is_gone, false) then cast(false as boolean) end as is_reply,
    aliases as aliases,
    id as lookup_id,
    coalesce(is_gone, false) as is_gone,
    'reach;views;reactions;reactions__like;comments;shares;saves;engagements' as asked,
    case
        when insights_status = 'ok' then ''
        else 'reach=' || insights_status || ';views=' || insights_status || ';shares=' || insights_status || ';saves=' || insights_status || ';engagements=' || insights_status
    end as exceptions,
    insights.reach as reach,
    insights.views as views,
    coalesce(insights.likes, like_count) as reactions,
    coalesce(insights.likes, like_count) as reactions__like,
    coalesce(insights.comments, comment_count) as comments,
    insights.shares as shares,
    insights.saved as saves,
    insights.total_interactions as engagements
from landing.instagram__posts

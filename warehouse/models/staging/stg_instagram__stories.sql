-- Stories of Instagram with their counters, one row a post and capture.
select
    load_key as load_key,
    id as platform_post_id,
    instant_of(published_at) as published_at,
    case
        when is_gone then cast(null as string)
        when product_type = 'STORY' then 'story'
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
    'reach;views;shares;engagements;followers_gained;profile_visits' as asked,
    case
        when insights_status = 'ok' then ''
        else 'reach=' || insights_status || ';views=' || insights_status || ';shares=' || insights_status || ';engagements=' || insights_status || ';followers_gained=' || insights_status || ';profile_visits=' || insights_status
    end as exceptions,
    insights.reach as reach,
    insights.views as views,
    insights.shares as shares,
    insights.total_interactions as engagements,
    insights.follows as followers_gained,
    insights.profile_visits as profile_visits
from landing.instagram__stories

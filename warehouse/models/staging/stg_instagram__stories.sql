-- Stories of Instagram with their counters, one row a story and capture. They are listed for a day and never looked up.
select
    load_key as load_key,
    id as platform_post_id,
    instant_of(published_at) as published_at,
    'story' as post_type,
    text as text,
    permalink as permalink,
    hashtags as hashtags,
    cast(false as boolean) as is_repost,
    cast(false as boolean) as is_reply,
    aliases as aliases,
    id as lookup_id,
    cast(false as boolean) as is_gone,
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

-- Followers that a LinkedIn page gained by day, the unfollows taken off by the platform.
select
    load_key as load_key,
    'followers_gained' as metric,
    1 as window_days,
    cast(on_date as date) as on_date,
    organic + paid as value,
    'ok' as status,
    'followerGains' as platform_metric
from landing.linkedin__follower_gains

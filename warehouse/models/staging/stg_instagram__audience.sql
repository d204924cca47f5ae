-- Followers of an Instagram account by age, gender or country, one row a class and capture.
select
    load_key as load_key,
    'followers' as population,
    metric as dimension,
    category as category,
    captured_on as on_date,
    cast(value as double) as value,
    'count' as unit,
    coalesce(status, 'ok') as status,
    'follower_demographics' as platform_metric
from landing.instagram__audience

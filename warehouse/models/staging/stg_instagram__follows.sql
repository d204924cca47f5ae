-- Who came and went on Instagram in the days until a date: rolling windows, which are never summed.
select
    load_key as load_key,
    case metric when 'follows' then 'followers_gained' else 'followers_lost' end as metric,
    cast(window_days as int) as window_days,
    cast(on_date as date) as on_date,
    value as value,
    'ok' as status,
    'follows_and_unfollows' as platform_metric
from landing.instagram__follows

-- Days of an Instagram account, one row a day and metric.
select
    load_key as load_key,
    case metric
        when 'total_interactions' then 'engagements'
        when 'likes' then 'reactions'
        when 'profile_links_taps' then 'link_clicks'
        else metric
    end as metric,
    1 as window_days,
    cast(on_date as date) as on_date,
    value as value,
    'ok' as status,
    metric as platform_metric
from landing.instagram__account_days

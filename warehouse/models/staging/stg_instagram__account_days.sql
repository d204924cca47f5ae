-- Days of an Instagram account, one row a day and metric. A metric that is refused is a row on the day of asking.
select
    load_key as load_key,
    case metric
        when 'total_interactions' then 'engagements'
        when 'likes' then 'reactions'
        when 'profile_links_taps' then 'link_clicks'
        else metric
    end as metric,
    1 as window_days,
    coalesce(cast(on_date as date), captured_on) as on_date,
    value as value,
    coalesce(status, 'ok') as status,
    metric as platform_metric
from landing.instagram__account_days

-- Views of a LinkedIn page itself by day.
select
    load_key as load_key,
    'page_views' as metric,
    1 as window_days,
    cast(on_date as date) as on_date,
    page_views as value,
    'ok' as status,
    'allPageViews' as platform_metric
from landing.linkedin__page_views

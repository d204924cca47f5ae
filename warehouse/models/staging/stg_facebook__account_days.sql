-- Days of a Facebook page, one row a day and metric; the platform's day is a Pacific one and ends with it. A metric that
-- is refused is a row on the day of asking.
select
    load_key as load_key,
    case metric
        when 'page_follows' then 'followers'
        when 'page_daily_follows_unique' then 'followers_gained'
        when 'page_daily_unfollows_unique' then 'followers_lost'
        when 'page_media_view' then 'views'
        when 'page_total_media_view_unique' then 'reach'
        when 'page_post_engagements' then 'engagements'
        when 'page_views_total' then 'page_views'
        when 'page_video_views' then 'video_views'
    end as metric,
    case metric when 'page_follows' then 0 else 1 end as window_days,
    coalesce(local_date(instant_of(ended_at), 'America/Los_Angeles') - 1, captured_on) as on_date,
    value as value,
    coalesce(status, 'ok') as status,
    metric as platform_metric
from landing.facebook__account_days

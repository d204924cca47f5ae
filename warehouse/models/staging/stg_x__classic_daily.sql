-- Days of X's classic export as flows of an account, one row a day, metric and file.
with long as (
    select
        d.load_key,
        d.date,
        m.metric,
        case m.metric
            when 'posts' then d.tweets_published
            when 'impressions' then d.impressions
            when 'engagements' then d.engagements
            when 'reactions' then d.likes
            when 'comments' then d.replies
            when 'shares' then d.retweets
            when 'link_clicks' then d.url_clicks
            when 'profile_clicks' then d.user_profile_clicks
            when 'followers_gained' then d.follows
        end as value
    from landing.x__classic_daily as d
    cross join (
        values ('posts'), ('impressions'), ('engagements'), ('reactions'), ('comments'), ('shares'), ('link_clicks'), ('profile_clicks'), ('followers_gained')
    ) as m(metric)
)
select
    load_key as load_key,
    metric as metric,
    1 as window_days,
    cast(date as date) as on_date,
    value as value,
    case when value is null then 'not_offered' else 'ok' end as status
from long

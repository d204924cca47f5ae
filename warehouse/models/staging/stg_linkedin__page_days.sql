-- Days of a LinkedIn page as flows, one row a day and metric. Instant reposts are not in a day's shares.
with long as (
    select
        d.load_key,
        d.on_date,
        m.metric,
        case m.metric
            when 'impressions' then d.impressionCount
            when 'reach' then d.uniqueImpressionsCount
            when 'clicks' then d.clickCount
            when 'reactions' then d.likeCount
            when 'comments' then d.commentCount
            when 'shares' then d.shareCount
        end as value
    from landing.linkedin__page_days as d
    cross join (values ('impressions'), ('reach'), ('clicks'), ('reactions'), ('comments'), ('shares')) as m(metric)
)
select
    load_key as load_key,
    metric as metric,
    1 as window_days,
    cast(on_date as date) as on_date,
    value as value,
    case when value is null then 'not_offered' else 'ok' end as status
from long

-- Hours since each metric of an account was last read with a value, one row an account and metric: nightly reads warn
-- after 26 and are stale after 50 hours, imported files after 100 and 190 days.
with newest as (
    select
        account_id,
        platform,
        metric,
        min(case source when 'api' then 1 else 2 end) as way,
        max(seen_at) as seen_at
    from mart.metric_seen
    group by account_id, platform, metric
),
aged as (
    select
        n.account_id,
        n.platform,
        n.metric,
        n.way,
        k.as_of_on,
        ratio(seconds_between(n.seen_at, k.as_of_at), 3600) as hours
    from newest as n
    cross join clock as k
),
judged as (
    select
        'day' as period,
        as_of_on as period_start,
        as_of_on as period_end,
        platform as platform,
        account_id as account_id,
        'metric' as dimension,
        metric as category,
        hours as value,
        cast(1 as bigint) as n,
        case
            when way = 1 and hours > 50 or way = 2 and hours > 4560 then 'stale'
            else 'ok'
        end as status,
        case
            when way = 1 and hours > 50 or way = 2 and hours > 4560 then cast(null as string)
            when way = 1 and hours > 26 or way = 2 and hours > 2400 then 'warn'
        end as note
    from aged
)
select * from judged

-- Share of the expected nightly snapshots that were read, one row a period, account and metric: followers by their values,
-- posts by the nights on which the account's posts were read to the end, a page's or a member's. Files are not expected on
-- any day.
with read_days as (
    select distinct
        account_id,
        platform,
        'followers' as metric,
        on_date
    from mart.account_metric
    where metric = 'followers' and window_days = 0 and source = 'api' and value is not null
    union all
    select distinct
        account_id,
        platform,
        'posts' as metric,
        captured_on as on_date
    from meta.load
    where source = 'api' and stream in ('posts', 'member_posts') and is_complete
),
spans as (
    select
        account_id,
        platform,
        min(on_date) as first_on
    from read_days
    group by account_id, platform
),
expected as (
    select
        s.account_id,
        s.platform,
        m.metric,
        c.period,
        c.period_start,
        c.period_end,
        c.on_date
    from spans as s
    cross join (values ('followers'), ('posts')) as m(metric)
    join mart.calendar_day as c on c.on_date >= s.first_on
    where c.period in ('month', 'quarter', 'year')
),
counted as (
    select
        e.period,
        e.period_start,
        e.period_end,
        e.platform,
        e.account_id,
        e.metric,
        count(r.on_date) as found,
        count(*) as wanted
    from expected as e
    left join read_days as r on r.account_id = e.account_id and r.metric = e.metric and r.on_date = e.on_date
    group by e.period, e.period_start, e.period_end, e.platform, e.account_id, e.metric
),
shared as (
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        account_id as account_id,
        'metric' as dimension,
        metric as category,
        ratio(found, wanted) as value,
        cast(found as double) as numerator,
        cast(wanted as double) as denominator,
        wanted as n,
        'ok' as status
    from counted
)
select * from shared

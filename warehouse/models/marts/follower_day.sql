-- Followers of each account on each day: the last observation on or before it, one row an account and day. Where the
-- platform's definition changed since the observation before, the difference between the two is a step and no growth.
with observed as (
    select
        account_id,
        platform,
        on_date,
        value,
        definition_id,
        lag(value) over (partition by account_id order by on_date nulls last) as value_before,
        lag(definition_id) over (partition by account_id order by on_date nulls last) as definition_before
    from mart.account_metric
    where metric = 'followers' and window_days = 0 and value is not null
),
spans as (
    select
        account_id,
        platform,
        min(on_date) as first_on
    from observed
    group by account_id, platform
),
days as (
    select
        s.account_id,
        s.platform,
        c.on_date
    from spans as s
    join mart.calendar_day as c on c.on_date >= s.first_on
    where c.period = 'day'
),
last_seen as (
    select
        d.account_id,
        d.platform,
        d.on_date,
        max(o.on_date) over (
            partition by d.account_id
            order by d.on_date nulls last
            rows between unbounded preceding and current row
        ) as observed_on
    from days as d
    left join observed as o on o.account_id = d.account_id and o.on_date = d.on_date
),
valued as (
    select
        l.account_id as account_id,
        l.platform as platform,
        l.on_date as on_date,
        l.observed_on as observed_on,
        days_between(l.observed_on, l.on_date) as days_since,
        o.value as value,
        o.definition_id as definition_id,
        case when l.observed_on = l.on_date and o.definition_before <> o.definition_id then o.value - o.value_before end as step
    from last_seen as l
    join observed as o on o.account_id = l.account_id and o.on_date = l.observed_on
)
select * from valued

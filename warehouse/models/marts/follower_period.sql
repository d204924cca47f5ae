-- Followers at the two ends of each period, one row a period and account. A month, quarter or year starts with the last
-- day before it, so that periods add up; a named range and all start on their first day. An account that was first known
-- after that starts with its first observation. `step` is what changes of the definition inside the period made of it, and
-- `joined_on` the day of an account's first observation where that is more than a week after the start, or after the end.
with periods as (
    select distinct
        c.period,
        c.period_start,
        c.period_end,
        least(c.period_end, k.as_of_on) as to_on,
        case when c.period in ('range', 'all', 'day') then c.period_start else c.period_start - 1 end as from_on
    from mart.calendar_day as c
    cross join clock as k
    where c.period <> 'week'
),
accounts as (
    select
        account_id,
        platform,
        min(on_date) as first_on
    from mart.follower_day
    group by account_id, platform
),
starts as (
    select
        p.period,
        p.period_start,
        p.period_end,
        p.from_on,
        p.to_on,
        a.account_id,
        a.platform,
        greatest(p.from_on, a.first_on) as start_on,
        case when a.first_on > least(p.from_on + 7, p.to_on) then a.first_on end as joined_on
    from periods as p
    cross join accounts as a
),
steps as (
    select
        p.period,
        p.period_start,
        p.period_end,
        d.account_id,
        cast(sum(d.step) as bigint) as step,
        max(d.on_date) as stepped_on
    from periods as p
    join mart.follower_day as d on d.on_date > p.from_on and d.on_date <= p.to_on
    where d.step is not null
    group by p.period, p.period_start, p.period_end, d.account_id
),
ended as (
    select
        p.period as period,
        p.period_start as period_start,
        p.period_end as period_end,
        p.platform as platform,
        p.account_id as account_id,
        s.value as start_value,
        greatest(s.days_since, s.on_date - p.from_on) as start_days,
        e.value as end_value,
        e.days_since as end_days,
        e.definition_id as definition_id,
        t.step as step,
        t.stepped_on as stepped_on,
        p.joined_on as joined_on
    from starts as p
    left join mart.follower_day as s
        on s.account_id = p.account_id
        and s.on_date = p.start_on
        and s.on_date <= p.to_on
    left join mart.follower_day as e on e.account_id = p.account_id and e.on_date = p.to_on
    left join steps as t
        on t.period = p.period
        and t.period_start = p.period_start
        and t.period_end = p.period_end
        and t.account_id = p.account_id
)
select * from ended

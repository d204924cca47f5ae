-- Which bases an account's posts of a period stand on, one row a day of the period, account and basis: 28 days of age, or
-- the latest where fewer than four in five of the posts that are old enough have a reading at that age; and 7 days where
-- they have.
with days as (
    select
        c.on_date,
        c.period,
        c.period_start,
        c.period_end,
        d.account_id,
        d.basis,
        cast(sum(d.aged) as bigint) as aged,
        cast(sum(d.mature) as bigint) as mature
    from mart.changed_calendar_day as c
    join mart.day_total as d on d.on_date = c.on_date
    where d.basis <> 'latest'
    group by c.on_date, c.period, c.period_start, c.period_end, d.account_id, d.basis
),
judged as (
    select
        *,
        sum(aged) over (partition by period, period_start, period_end, account_id, basis) * 5
            >= sum(mature) over (partition by period, period_start, period_end, account_id, basis) * 4 as is_read
    from days
),
decided as (
    select
        on_date as on_date,
        period as period,
        period_start as period_start,
        period_end as period_end,
        account_id as account_id,
        case when is_read then basis else 'latest' end as basis
    from judged
    where is_read or basis = 'age_28'
)
select * from decided

-- Which periods each day falls into, one row a day and period, from the first day that is known to the day of the build,
-- or to the last day that files speak of where nothing is read nightly.
with bounds as (
    select
        least(
            (select min(published_on) from core.post),
            (select min(on_date) from core.account_reading),
            (select min(from_on) from mart.account_coverage)
        ) as first_on,
        case
            when exists (select 1 as found from mart.account_coverage where source = 'api') then c.as_of_on
            else least(c.as_of_on, (select max(to_on) from mart.account_coverage))
        end as last_on
    from clock as c
),
days as (
    select
        b.first_on + cast(r.n as int) as on_date,
        b.first_on as first_on,
        b.last_on as last_on
    from bounds as b
    cross join range(0, 36600) as r(n)
    where b.first_on + cast(r.n as int) <= b.last_on
),
ranges as (
    select distinct
        from_on,
        to_on
    from mart.named_range
),
periods as (
    select on_date as on_date, 'day' as period, on_date as period_start, on_date as period_end from days
    union all
    select on_date as on_date, 'week' as period, week_of(on_date) as period_start, week_of(on_date) + 6 as period_end from days
    union all
    select on_date as on_date, 'month' as period, month_of(on_date) as period_start, last_day(on_date) as period_end from days
    union all
    select on_date as on_date, 'quarter' as period, quarter_of(on_date) as period_start, months_from(quarter_of(on_date), 3) - 1 as period_end from days
    union all
    select on_date as on_date, 'year' as period, year_of(on_date) as period_start, months_from(year_of(on_date), 12) - 1 as period_end from days
    union all
    select on_date as on_date, 'all' as period, first_on as period_start, last_on as period_end from days
    union all
    select d.on_date as on_date, 'range' as period, r.from_on as period_start, r.to_on as period_end
    from days as d
    join ranges as r on d.on_date between r.from_on and r.to_on
)
select * from periods

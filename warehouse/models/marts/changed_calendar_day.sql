-- The days of the periods that are built in this run, one row a day and period.
select
    c.on_date as on_date,
    c.period as period,
    c.period_start as period_start,
    c.period_end as period_end
from mart.calendar_day as c
join changed_period as p
    on p.period = c.period
    and p.period_start = c.period_start
    and p.period_end = c.period_end

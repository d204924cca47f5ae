-- Followers at the end less followers at the start of a period, and gains and losses where the platform counts them, one
-- row a period, platform, account and part.
with net as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        start_value,
        end_value,
        coalesce(start_days <= 7 and end_days <= 7, false) as is_measurable
    from mart.follower_scope
    where period <> 'day'
),
flows as (
    select
        c.period,
        c.period_start,
        c.period_end,
        m.platform,
        m.account_id,
        case m.metric when 'followers_gained' then 'gained' else 'lost' end as part,
        cast(sum(m.value) as double) as value
    from mart.account_metric as m
    join mart.calendar_day as c on c.on_date = m.on_date
    where m.metric in ('followers_gained', 'followers_lost') and m.window_days = 1 and c.period not in ('day', 'week') and m.value is not null
    group by grouping sets (
        (c.period, c.period_start, c.period_end, m.platform, m.metric),
        (c.period, c.period_start, c.period_end, m.platform, m.account_id, m.metric)
    )
),
parts as (
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        account_id as account_id,
        'net' as part,
        case when is_measurable then cast(end_value - start_value as double) end as value,
        case when is_measurable then cast(end_value as double) end as numerator,
        case when is_measurable then cast(start_value as double) end as denominator,
        case when is_measurable then 'ok' else 'not_measurable' end as status,
        case when not is_measurable then 'no observation within 7 days of an end of the period' end as note
    from net
    union all
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        account_id as account_id,
        part as part,
        value as value,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        'ok' as status,
        cast(null as string) as note
    from flows
)
select * from parts

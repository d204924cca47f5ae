-- Followers at the end less followers at the start of a period, and gains and losses where the platform counts them, one
-- row a period, platform, account and part. The step that a change of definition or an added account made is taken off and
-- named.
with net as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        start_value,
        end_value,
        step,
        stepped_on,
        added,
        added_on,
        definition_id,
        coalesce(start_days <= 7 and end_days <= 7, false) as is_measurable
    from mart.follower_scope
    where period <> 'day'
),
noted as (
    select
        *,
        'without a step of ' || cast(step as string) || ' on ' || cast(stepped_on as string) || ', where the definition changed' as step_note,
        'without the ' || cast(added as string) || ' of accounts when they were added, last on ' || cast(added_on as string) as added_note
    from net
),
lengths as (
    select
        period,
        period_start,
        period_end,
        count(*) as days
    from mart.calendar_day
    where period not in ('day', 'week')
    group by period, period_start, period_end
),
flows as (
    select
        c.period,
        c.period_start,
        c.period_end,
        m.platform,
        m.account_id,
        case m.metric when 'followers_gained' then 'gained' else 'lost' end as part,
        m.definition_id,
        cast(sum(m.value) as double) as value,
        count(distinct m.on_date) as days
    from mart.account_metric as m
    join mart.calendar_day as c on c.on_date = m.on_date
    where m.metric in ('followers_gained', 'followers_lost') and m.window_days = 1 and c.period not in ('day', 'week') and m.value is not null
    group by grouping sets (
        (c.period, c.period_start, c.period_end, m.platform, m.metric, m.definition_id),
        (c.period, c.period_start, c.period_end, m.platform, m.account_id, m.metric, m.definition_id)
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
        case when is_measurable then cast(end_value - start_value - coalesce(step, 0) - coalesce(added, 0) as double) end as value,
        case when is_measurable then cast(end_value as double) end as numerator,
        case when is_measurable then cast(start_value as double) end as denominator,
        case when is_measurable then 'ok' else 'not_measurable' end as status,
        case
            when not is_measurable then 'no observation within 7 days of an end of the period'
            when step is not null and added is not null then step_note || '; ' || added_note
            when step is not null then step_note
            else added_note
        end as note,
        definition_id as definition_id
    from noted
    union all
    select
        f.period as period,
        f.period_start as period_start,
        f.period_end as period_end,
        f.platform as platform,
        f.account_id as account_id,
        f.part as part,
        f.value as value,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        'ok' as status,
        case when f.days < l.days then 'counted on ' || cast(f.days as string) || ' of ' || cast(l.days as string) || ' days' end as note,
        f.definition_id as definition_id
    from flows as f
    join lengths as l
        on l.period = f.period
        and l.period_start = f.period_start
        and l.period_end = f.period_end
)
select * from parts

-- Net growth of followers in percent of those at the start, one row a period, platform and account; none across a change of
-- what the platform counts, nor of whose followers are counted.
with judged as (
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
        added_on,
        definition_id,
        case
            when not coalesce(start_days <= 7 and end_days <= 7, false) then 'not_measurable'
            when step is not null or added_on is not null then 'not_measurable'
            when start_value < 100 then 'gated'
            else 'ok'
        end as status
    from mart.follower_scope
    where period <> 'day'
),
grown as (
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        account_id as account_id,
        case when status = 'ok' then ratio(100 * (end_value - start_value), start_value) end as value,
        case when status <> 'not_measurable' then cast(end_value - start_value as double) end as numerator,
        case when status <> 'not_measurable' then cast(start_value as double) end as denominator,
        status as status,
        case
            when status = 'gated' then 'fewer than 100 followers at the start'
            when status = 'not_measurable' and step is not null then 'the definition changed on ' || cast(stepped_on as string)
            when status = 'not_measurable' and added_on is not null then 'an account was added on ' || cast(added_on as string)
            when status = 'not_measurable' then 'no observation within 7 days of an end of the period'
        end as note,
        definition_id as definition_id
    from judged
)
select * from grown

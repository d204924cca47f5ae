-- The same for an account and for all accounts of a platform (account NULL), one row a period, platform and account; a
-- platform's figure is unknown where that of one of its accounts is, and goes by no definition where they go by several. An
-- account that was first observed later is not missed before: the platform's start is without it, and what it had on its
-- first day is `added`.
with judged as (
    select
        period,
        period_start,
        period_end,
        platform,
        start_value,
        start_days,
        end_value,
        end_days,
        definition_id,
        step,
        stepped_on,
        joined_on,
        joined_on is null as is_starting,
        coalesce(joined_on <= period_end, true) as is_ending
    from mart.follower_period
),
together as (
    select
        period,
        period_start,
        period_end,
        platform,
        count(*) filter (where is_starting) > 0 as is_known,
        count(*) filter (where is_starting and start_value is null) = 0 as is_started,
        count(*) filter (where is_ending and end_value is null) = 0 as is_ended,
        cast(sum(start_value) filter (where is_starting) as bigint) as start_value,
        max(start_days) filter (where is_starting) as start_days,
        cast(sum(end_value) filter (where is_ending) as bigint) as end_value,
        max(end_days) filter (where is_ending) as end_days,
        case when min(definition_id) = max(definition_id) then max(definition_id) end as definition_id,
        cast(sum(step) as bigint) as step,
        max(stepped_on) as stepped_on,
        cast(sum(start_value) filter (where not is_starting and is_ending) as bigint) as added,
        max(joined_on) filter (where is_ending) as added_on
    from judged
    group by period, period_start, period_end, platform
),
scoped as (
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        cast(null as string) as account_id,
        case when is_started then start_value end as start_value,
        case when is_started then start_days end as start_days,
        case when is_ended then end_value end as end_value,
        case when is_ended then end_days end as end_days,
        definition_id as definition_id,
        step as step,
        stepped_on as stepped_on,
        case when is_known then added end as added,
        case when is_known then added_on end as added_on
    from together
    union all
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        account_id as account_id,
        start_value as start_value,
        start_days as start_days,
        end_value as end_value,
        end_days as end_days,
        definition_id as definition_id,
        step as step,
        stepped_on as stepped_on,
        cast(null as bigint) as added,
        cast(null as date) as added_on
    from mart.follower_period
)
select * from scoped

-- The same for an account and for all accounts of a platform (account NULL), one row a period, platform and account; a
-- platform's figure is unknown where that of one of its accounts is, and goes by no definition where they go by several.
with scoped as (
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        account_id as account_id,
        case when count(start_value) = count(*) then cast(sum(start_value) as bigint) end as start_value,
        case when count(start_days) = count(*) then max(start_days) end as start_days,
        case when count(end_value) = count(*) then cast(sum(end_value) as bigint) end as end_value,
        case when count(end_days) = count(*) then max(end_days) end as end_days,
        case when min(definition_id) = max(definition_id) then max(definition_id) end as definition_id,
        cast(sum(step) as bigint) as step,
        max(stepped_on) as stepped_on
    from mart.follower_period
    group by grouping sets (
        (period, period_start, period_end, platform),
        (period, period_start, period_end, platform, account_id)
    )
)
select * from scoped

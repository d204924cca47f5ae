-- Followers as at the end of a period, one row a period, platform and account (NULL: all of the platform's, as follows).
select
    period as period,
    period_start as period_start,
    period_end as period_end,
    platform as platform,
    account_id as account_id,
    cast(end_value as double) as value,
    cast(end_days as bigint) as n,
    case when end_value is null then 'not_measurable' when end_days > 7 then 'stale' else 'ok' end as status,
    case when end_days > 7 then 'last observation ' || cast(end_days as string) || ' days before the date' end as note,
    definition_id as definition_id
from mart.follower_scope

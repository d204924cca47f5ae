-- Reactions, comments and shares together, one row a period, platform, account, post and basis.
select
    period as period,
    period_start as period_start,
    period_end as period_end,
    platform as platform,
    account_id as account_id,
    dimension as dimension,
    category as category,
    basis as basis,
    value as value,
    n as n,
    status as status,
    note as note,
    definition_id as definition_id
from mart.metric_total
where metric = 'engagements'

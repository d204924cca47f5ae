-- Reactions by kind (part NULL: all), one row a period, platform, account, post, basis and kind.
select
    period as period,
    period_start as period_start,
    period_end as period_end,
    platform as platform,
    account_id as account_id,
    dimension as dimension,
    category as category,
    basis as basis,
    part as part,
    value as value,
    n as n,
    status as status,
    note as note,
    definition_id as definition_id
from mart.metric_total
where metric = 'reactions' and basis <> 'age_7'

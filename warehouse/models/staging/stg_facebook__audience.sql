-- Followers of a Facebook page by country, one row a country and capture; a refusal is a row without a country.
select
    load_key as load_key,
    'followers' as population,
    'country' as dimension,
    country as category,
    coalesce(local_date(instant_of(ended_at), 'America/Los_Angeles') - 1, captured_on) as on_date,
    cast(value as double) as value,
    'count' as unit,
    coalesce(status, 'ok') as status,
    metric as platform_metric
from landing.facebook__audience

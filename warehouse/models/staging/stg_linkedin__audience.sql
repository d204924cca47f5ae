-- Followers of a LinkedIn page by what the platform knows of them, one row a class and capture. Facets never add up.
select
    load_key as load_key,
    'followers' as population,
    case dimension
        when 'AssociationType' then 'association'
        when 'Seniority' then 'seniority'
        when 'Industry' then 'industry'
        when 'Function' then 'function'
        when 'StaffCountRange' then 'company_size'
        when 'GeoCountry' then 'country'
    end as dimension,
    coalesce(name, industry, category) as category,
    captured_on as on_date,
    cast(value as double) as value,
    'count' as unit,
    'ok' as status,
    dimension as platform_metric
from landing.linkedin__audience

-- What a LinkedIn organisation says of itself, one row a capture.
select
    load_key as load_key,
    vanity_name as handle,
    name as display_name,
    'https://www.linkedin.com/company/' || vanity_name as url
from landing.linkedin__organisation

-- What a Facebook page says of itself and its followers, one row a capture.
select
    load_key as load_key,
    username as handle,
    name as display_name,
    link as url,
    followers_count as followers
from landing.facebook__account

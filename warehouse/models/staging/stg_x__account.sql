-- What an X account says of itself and its followers, one row a capture.
select
    load_key as load_key,
    username as handle,
    name as display_name,
    'https://x.com/' || username as url,
    followers_count as followers
from landing.x__account

-- What an Instagram account says of itself and its followers, one row a capture.
select
    load_key as load_key,
    username as handle,
    coalesce(name, username) as display_name,
    'https://www.instagram.com/' || username || '/' as url,
    followers_count as followers
from landing.instagram__account

-- Followers of a LinkedIn page, one row a capture.
select
    load_key as load_key,
    followers as followers
from landing.linkedin__account

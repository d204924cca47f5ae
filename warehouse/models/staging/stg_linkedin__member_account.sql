-- Followers of a LinkedIn member, one row a capture.
select
    load_key as load_key,
    followers as followers
from landing.linkedin__member_account

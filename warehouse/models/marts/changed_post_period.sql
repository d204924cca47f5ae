-- The rows of post_period whose period is built in this run, one row a post and period.
select
    p.post_id as post_id,
    p.post_key as post_key,
    p.period as period,
    p.period_start as period_start,
    p.period_end as period_end,
    p.platform as platform,
    p.account_id as account_id,
    p.post_type as post_type,
    p.language as language,
    p.content_item_id as content_item_id,
    p.is_repost as is_repost,
    p.is_reply as is_reply
from mart.post_period as p
join changed_period as c
    on c.period = p.period
    and c.period_start = p.period_start
    and c.period_end = p.period_end

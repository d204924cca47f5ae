-- Which post falls into which day, week, month, quarter, year, range and all, one row a post and period.
select
    p.post_id as post_id,
    p.post_key as post_key,
    c.period as period,
    c.period_start as period_start,
    c.period_end as period_end,
    p.platform as platform,
    p.account_id as account_id,
    p.post_type as post_type,
    p.language as language,
    p.content_item_id as content_item_id,
    p.is_repost as is_repost,
    p.is_reply as is_reply
from mart.post as p
join mart.calendar_day as c on c.on_date = p.published_on

-- Posts, content items and reposts of a period, one row a period, platform, account, type, language and part; a period
-- that an account's data of posts cover without a post is zero.
with told as (
    select
        c.period,
        c.period_start,
        c.period_end,
        p.*
    from mart.changed_calendar_day as c
    join mart.post_count as p on p.on_date = c.on_date
    where c.period not in ('day', 'week')
),
covered as (
    select distinct
        c.period,
        c.period_start,
        c.period_end,
        a.platform,
        a.account_id
    from changed_period as c
    join mart.account_coverage as a on a.from_on <= c.period_end and a.to_on >= c.period_start
    where a.gives_posts and c.period not in ('day', 'week')
),
counted as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        post_type,
        language,
        cast(sum(posts) as bigint) as posts,
        cast(coalesce(sum(posts) filter (where shared_item_id is null), 0) as bigint)
            + count(distinct shared_item_id) filter (where posts > 0) as content_items,
        cast(sum(reposts_made) as bigint) as reposts_made
    from told
    group by grouping sets (
        (period, period_start, period_end),
        (period, period_start, period_end, platform),
        (period, period_start, period_end, platform, account_id),
        (period, period_start, period_end, platform, post_type),
        (period, period_start, period_end, platform, language),
        (period, period_start, period_end, platform, account_id, post_type, language)
    )
    having
        grouping(post_type) = 1 and grouping(language) = 1
        or grouping(post_type) = 0 and grouping(language) = 1 and sum(posts) > 0 and post_type is not null
        or grouping(post_type) = 1 and grouping(language) = 0 and sum(posts) > 0 and language is not null
        or grouping(account_id) = 0 and grouping(post_type) = 0 and sum(posts) > 0 and post_type is not null and language is not null
),
empty as (
    select period, period_start, period_end, cast(null as string) as platform, cast(null as string) as account_id from covered
    union
    select period, period_start, period_end, platform, cast(null as string) as account_id from covered
    union
    select period, period_start, period_end, platform, account_id from covered
),
filled as (
    select period, period_start, period_end, platform, account_id, post_type, language, posts, content_items, reposts_made
    from counted
    union all
    select
        e.period, e.period_start, e.period_end, e.platform, e.account_id,
        cast(null as string) as post_type, cast(null as string) as language, 0 as posts, 0 as content_items, 0 as reposts_made
    from empty as e
    anti join counted as c
        on c.period = e.period
        and c.period_start = e.period_start
        and c.period_end = e.period_end
        and c.platform is not distinct from e.platform
        and c.account_id is not distinct from e.account_id
        and c.post_type is null
        and c.language is null
),
parts as (
    select
        f.period as period,
        f.period_start as period_start,
        f.period_end as period_end,
        f.platform as platform,
        f.account_id as account_id,
        f.post_type as post_type,
        f.language as language,
        p.part as part,
        cast(case p.part when 'posts' then f.posts when 'content_items' then f.content_items else f.reposts_made end as double) as value,
        f.posts as n,
        'ok' as status
    from filled as f
    cross join (values ('posts'), ('content_items'), ('reposts_made')) as p(part)
    where p.part <> 'reposts_made' or (f.post_type is null and f.language is null)
)
select * from parts

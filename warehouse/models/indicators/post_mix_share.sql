-- Share of posts by type and by language, one row a period, platform and class; posts of unknown class are a class.
with told as (
    select
        c.period,
        c.period_start,
        c.period_end,
        p.platform,
        coalesce(p.post_type, 'unknown') as post_type,
        coalesce(p.language, 'unknown') as language,
        p.posts
    from mart.changed_calendar_day as c
    join mart.post_count as p on p.on_date = c.on_date
    where p.posts > 0 and c.period not in ('day', 'week')
),
counted as (
    select
        period,
        period_start,
        period_end,
        platform,
        post_type,
        language,
        cast(sum(posts) as bigint) as posts
    from told
    group by grouping sets (
        (period, period_start, period_end, platform, post_type),
        (period, period_start, period_end, platform, language)
    )
),
totals as (
    select
        period,
        period_start,
        period_end,
        platform,
        cast(sum(posts) as bigint) as posts
    from told
    group by period, period_start, period_end, platform
),
shared as (
    select
        c.period as period,
        c.period_start as period_start,
        c.period_end as period_end,
        c.platform as platform,
        c.post_type as post_type,
        c.language as language,
        ratio(c.posts, t.posts) as value,
        cast(c.posts as double) as numerator,
        cast(t.posts as double) as denominator,
        t.posts as n,
        'ok' as status
    from counted as c
    join totals as t
        on t.period = c.period
        and t.period_start = c.period_start
        and t.period_end = c.period_end
        and t.platform = c.platform
)
select * from shared

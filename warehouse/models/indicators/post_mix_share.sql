-- Share of posts by type and by language, one row a period, platform and class; posts of unknown class are a class.
with told as (
    select
        period,
        period_start,
        period_end,
        platform,
        coalesce(post_type, 'unknown') as post_type,
        coalesce(language, 'unknown') as language
    from mart.changed_post_period
    where not is_repost and not is_reply and period not in ('day', 'week')
),
counted as (
    select
        period,
        period_start,
        period_end,
        platform,
        post_type,
        language,
        count(*) as posts
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
        count(*) as posts
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

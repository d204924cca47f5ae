-- Engagements per time shown, one row a period, platform, account, post, basis and part: pooled (a ratio of sums over the
-- posts that have both) beside the median of the posts with the order-statistic interval of at least 90 % coverage.
with rated as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        case when period = 'day' then post_id end as day_post,
        basis,
        status,
        read_on,
        shown_definition_id as definition_id,
        case when shown is not null then reactions + comments + shares end as engagements,
        case when reactions + comments + shares is not null then shown end as shown,
        case when shown >= 100 then ratio(reactions + comments + shares, shown) end as rate
    from mart.post_value
),
scoped as (
    select period, period_start, period_end, platform, cast(null as string) as account_id, basis, definition_id, status, read_on, engagements, shown, rate
    from rated
    union all
    select period, period_start, period_end, platform, account_id, basis, definition_id, status, read_on, engagements, shown, rate
    from rated
),
pooled as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        definition_id,
        cast(sum(engagements) as bigint) as engagements,
        cast(sum(shown) as bigint) as shown,
        count(shown) as measured,
        count(rate) as rated,
        median(rate) as median_rate,
        count(*) as posts,
        count(*) filter (where status = 'not_mature') as waiting,
        max(read_on) as read_on
    from scoped
    group by period, period_start, period_end, platform, account_id, basis, definition_id
),
placed as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        definition_id,
        rate,
        row_number() over (
            partition by period, period_start, period_end, platform, account_id, basis, definition_id
            order by rate nulls last
        ) as place
    from scoped
    where rate is not null
),
bounds as (
    select
        p.period,
        p.period_start,
        p.period_end,
        p.platform,
        p.account_id,
        p.basis,
        p.definition_id,
        max(p.rate) filter (where p.place = r.rank) as lower,
        max(p.rate) filter (where p.place = t.rated - r.rank + 1) as upper
    from placed as p
    join pooled as t
        on t.period = p.period
        and t.period_start = p.period_start
        and t.period_end = p.period_end
        and t.platform = p.platform
        and t.account_id is not distinct from p.account_id
        and t.basis = p.basis
        and t.definition_id = p.definition_id
    join mart.median_rank as r on r.n = t.rated
    group by p.period, p.period_start, p.period_end, p.platform, p.account_id, p.basis, p.definition_id
),
parts as (
    select
        period, period_start, period_end, platform, account_id, cast(null as string) as dimension, cast(null as string) as category,
        basis, definition_id, 'pooled' as part, ratio(engagements, shown) as rate, cast(null as double) as lower, cast(null as double) as upper,
        engagements, shown, measured, posts, waiting, read_on, shown < 100 as is_gated
    from pooled
    union all
    select
        t.period, t.period_start, t.period_end, t.platform, t.account_id, cast(null as string) as dimension, cast(null as string) as category,
        t.basis, t.definition_id, 'median_post' as part, t.median_rate as rate, b.lower, b.upper,
        cast(null as bigint) as engagements, cast(null as bigint) as shown, t.rated as measured, t.posts, t.waiting, t.read_on, t.rated < 5 as is_gated
    from pooled as t
    left join bounds as b
        on b.period = t.period
        and b.period_start = t.period_start
        and b.period_end = t.period_end
        and b.platform = t.platform
        and b.account_id is not distinct from t.account_id
        and b.basis = t.basis
        and b.definition_id = t.definition_id
    union all
    select
        period, period_start, period_end, platform, account_id, 'post' as dimension, day_post as category,
        basis, definition_id, cast(null as string) as part, ratio(engagements, shown) as rate, cast(null as double) as lower, cast(null as double) as upper,
        engagements, shown, case when shown is not null then 1 else 0 end as measured, 1 as posts, case when status = 'not_mature' then 1 else 0 end as waiting, read_on, shown < 100 as is_gated
    from rated
    where day_post is not null
),
judged as (
    select
        period as period,
        period_start as period_start,
        period_end as period_end,
        platform as platform,
        account_id as account_id,
        dimension as dimension,
        category as category,
        basis as basis,
        part as part,
        case when measured > 0 and not is_gated then rate end as value,
        case when measured > 0 and not is_gated then lower end as lower,
        case when measured > 0 and not is_gated then upper end as upper,
        cast(engagements as double) as numerator,
        cast(shown as double) as denominator,
        cast(measured as bigint) as n,
        case
            when measured = 0 and waiting = posts then 'not_mature'
            when measured = 0 then 'not_measurable'
            when is_gated then 'gated'
            else 'ok'
        end as status,
        case
            when measured > 0 and is_gated and part = 'median_post' then 'too few posts, n = ' || cast(measured as string)
            when measured > 0 and is_gated then 'shown fewer than 100 times'
            when measured > 0 and basis = 'latest' then 'as read on ' || cast(read_on as string)
            when measured > 0 and waiting > 0 then cast(waiting as string) || ' of ' || cast(posts as string) || ' posts not yet mature'
        end as note,
        definition_id as definition_id
    from parts
)
select * from judged

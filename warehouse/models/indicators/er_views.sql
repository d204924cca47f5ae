-- Engagements per time shown, one row a period, platform, account, post, basis, part and definitions: pooled (a ratio of
-- sums over the posts that have both) beside the median of the posts with the order-statistic interval of at least 90 %
-- coverage.
with totals as (
    select
        *,
        case
            when rated_posts > 0
                then reactions_definition_id || ' + ' || comments_definition_id || ' + ' || shares_definition_id || ' / ' || shown_definition_id
        end as definition_id
    from mart.period_total
),
summed as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        definition_id,
        cast(sum(rated_engagements) as bigint) as engagements,
        cast(sum(rated_shown) as bigint) as shown,
        cast(sum(rated_posts) as bigint) as measured,
        cast(sum(posts) as bigint) as own_posts,
        cast(sum(waiting) as bigint) as own_waiting,
        max(rated_read_on) as read_on
    from totals
    where dimension is null
    group by period, period_start, period_end, platform, account_id, basis, definition_id
),
compared as (
    select
        *,
        cast(sum(own_posts) over (partition by period, period_start, period_end, platform, account_id, basis) as bigint) as posts,
        cast(sum(own_waiting) over (partition by period, period_start, period_end, platform, account_id, basis) as bigint) as waiting,
        cast(sum(measured) over (partition by period, period_start, period_end, platform, account_id, basis) as bigint) as all_measured
    from summed
),
pooled as (
    select
        *
    from compared
    where measured > 0 or all_measured = 0
),
rates as (
    select
        b.period,
        b.period_start,
        b.period_end,
        r.platform,
        r.account_id,
        r.basis,
        r.definition_id,
        r.rate
    from mart.period_basis as b
    join mart.post_rate as r on r.on_date = b.on_date and r.account_id = b.account_id and r.basis = b.basis
),
scoped as (
    select period, period_start, period_end, platform, cast(null as string) as account_id, basis, definition_id, rate
    from rates
    union all
    select period, period_start, period_end, platform, account_id, basis, definition_id, rate
    from rates
),
medians as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        definition_id,
        median(rate) as median_rate,
        count(*) as rated
    from scoped
    group by period, period_start, period_end, platform, account_id, basis, definition_id
),
ranked as (
    select
        m.*,
        r.rank
    from medians as m
    join mart.median_rank as r on r.n = m.rated
),
placed as (
    select
        m.*,
        s.rate,
        row_number() over (
            partition by m.period, m.period_start, m.period_end, m.platform, m.account_id, m.basis, m.definition_id
            order by s.rate nulls last
        ) as place
    from ranked as m
    join scoped as s
        on s.period = m.period
        and s.period_start = m.period_start
        and s.period_end = m.period_end
        and s.platform = m.platform
        and s.account_id is not distinct from m.account_id
        and s.basis = m.basis
        and s.definition_id = m.definition_id
),
bounds as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        definition_id,
        max(rate) filter (where place = rank) as lower,
        max(rate) filter (where place = rated - rank + 1) as upper
    from placed
    where place in (rank, rated - rank + 1)
    group by period, period_start, period_end, platform, account_id, basis, definition_id
),
parts as (
    select
        period, period_start, period_end, platform, account_id, cast(null as string) as dimension, cast(null as string) as category,
        basis, definition_id, 'pooled' as part, ratio(engagements, shown) as rate, cast(null as double) as lower, cast(null as double) as upper,
        engagements, shown, measured, posts, waiting, all_measured - measured as others, read_on, shown < 100 as is_gated
    from pooled
    union all
    select
        t.period, t.period_start, t.period_end, t.platform, t.account_id, cast(null as string) as dimension, cast(null as string) as category,
        t.basis, t.definition_id, 'median_post' as part, m.median_rate as rate, b.lower, b.upper,
        cast(null as bigint) as engagements, cast(null as bigint) as shown, coalesce(m.rated, 0) as measured, t.posts, t.waiting, t.all_measured - t.measured as others, t.read_on, coalesce(m.rated, 0) < 5 as is_gated
    from pooled as t
    left join medians as m
        on m.period = t.period
        and m.period_start = t.period_start
        and m.period_end = t.period_end
        and m.platform = t.platform
        and m.account_id is not distinct from t.account_id
        and m.basis = t.basis
        and m.definition_id = t.definition_id
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
        period, period_start, period_end, platform, account_id, dimension, category,
        basis, definition_id, cast(null as string) as part, ratio(rated_engagements, rated_shown) as rate, cast(null as double) as lower, cast(null as double) as upper,
        rated_engagements as engagements, rated_shown as shown, rated_posts as measured, posts, waiting, cast(0 as bigint) as others, read_on, rated_shown < 100 as is_gated
    from totals
    where dimension = 'post'
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
            when measured > 0 and (basis = 'latest' or waiting > 0 or others > 0) then concat_ws(', ',
                case when basis = 'latest' then 'as read on ' || cast(read_on as string) end,
                case when waiting > 0 then cast(waiting as string) || ' of ' || cast(posts as string) || ' posts not yet mature' end,
                case when others > 0 then cast(others as string) || ' of ' || cast(posts as string) || ' posts counted by another definition' end
            )
        end as note,
        definition_id as definition_id
    from parts
)
select * from judged

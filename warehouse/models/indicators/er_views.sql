-- Engagements per time shown, one row a period, platform, account, post, basis, part and definitions: pooled (a ratio of
-- sums over the posts that have both) beside the median of the posts with the order-statistic interval of at least 90 %
-- coverage.
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
        case
            when shown is not null and reactions + comments + shares is not null
                then reactions_definition_id || ' + ' || comments_definition_id || ' + ' || shares_definition_id || ' / ' || shown_definition_id
        end as definition_id,
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
summed as (
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
        count(*) as own_posts,
        count(*) filter (where status = 'not_mature') as own_waiting,
        max(read_on) as read_on
    from scoped
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
        ) as place,
        count(*) over (partition by period, period_start, period_end, platform, account_id, basis, definition_id) as rated
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
        max(p.rate) filter (where p.place = p.rated - r.rank + 1) as upper
    from placed as p
    join mart.median_rank as r on r.n = p.rated and p.place in (r.rank, p.rated - r.rank + 1)
    group by p.period, p.period_start, p.period_end, p.platform, p.account_id, p.basis, p.definition_id
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
        t.basis, t.definition_id, 'median_post' as part, t.median_rate as rate, b.lower, b.upper,
        cast(null as bigint) as engagements, cast(null as bigint) as shown, t.rated as measured, t.posts, t.waiting, t.all_measured - t.measured as others, t.read_on, t.rated < 5 as is_gated
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
        engagements, shown, case when shown is not null then 1 else 0 end as measured, 1 as posts, case when status = 'not_mature' then 1 else 0 end as waiting, 0 as others, read_on, shown < 100 as is_gated
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

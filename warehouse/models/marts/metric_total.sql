-- The totals of period_total in long form, one row a period, platform, account, post, basis, metric, part and definition:
-- what a platform counted in two ways is never added up. A total that no post has is one row with the definition that it
-- would go by; parts that none has are left out.
with measures as (
    select
        *
    from (values
        ('views', cast(null as string), 'shown'),
        ('reactions', cast(null as string), 'reactions'),
        ('reactions', 'like', 'reactions__like'),
        ('reactions', 'love', 'reactions__love'),
        ('reactions', 'care', 'reactions__care'),
        ('reactions', 'haha', 'reactions__haha'),
        ('reactions', 'wow', 'reactions__wow'),
        ('reactions', 'sad', 'reactions__sad'),
        ('reactions', 'angry', 'reactions__angry'),
        ('reactions', 'celebrate', 'reactions__celebrate'),
        ('reactions', 'support', 'reactions__support'),
        ('reactions', 'insightful', 'reactions__insightful'),
        ('reactions', 'funny', 'reactions__funny'),
        ('comments', cast(null as string), 'comments'),
        ('comments', 'first_level', 'comments__first_level'),
        ('comments', 'reply', 'comments__reply'),
        ('shares', cast(null as string), 'shares'),
        ('shares', 'repost', 'shares__repost'),
        ('shares', 'quote', 'shares__quote'),
        ('shares', 'send', 'shares__send'),
        ('saves', cast(null as string), 'saves'),
        ('engagements', cast(null as string), 'engagements')
    ) as m(metric, part, source_column)
),
long as (
    select
        t.period,
        t.period_start,
        t.period_end,
        t.platform,
        t.account_id,
        t.dimension,
        t.category,
        t.basis,
        case m.metric
            when 'views' then t.shown_definition_id
            when 'reactions' then t.reactions_definition_id
            when 'comments' then t.comments_definition_id
            when 'shares' then t.shares_definition_id
            when 'saves' then t.saves_definition_id
            when 'engagements' then t.reactions_definition_id || ' + ' || t.comments_definition_id || ' + ' || t.shares_definition_id
        end as definition_id,
        t.posts,
        t.waiting,
        t.read_on,
        m.metric,
        m.part,
        case m.source_column
            when 'shown' then t.shown
            when 'reactions' then t.reactions
            when 'reactions__like' then t.reactions__like
            when 'reactions__love' then t.reactions__love
            when 'reactions__care' then t.reactions__care
            when 'reactions__haha' then t.reactions__haha
            when 'reactions__wow' then t.reactions__wow
            when 'reactions__sad' then t.reactions__sad
            when 'reactions__angry' then t.reactions__angry
            when 'reactions__celebrate' then t.reactions__celebrate
            when 'reactions__support' then t.reactions__support
            when 'reactions__insightful' then t.reactions__insightful
            when 'reactions__funny' then t.reactions__funny
            when 'comments' then t.comments
            when 'comments__first_level' then t.comments__first_level
            when 'comments__reply' then t.comments__reply
            when 'shares' then t.shares
            when 'shares__repost' then t.shares__repost
            when 'shares__quote' then t.shares__quote
            when 'shares__send' then t.shares__send
            when 'saves' then t.saves
            when 'engagements' then t.engagements
        end as total,
        case m.source_column
            when 'shown' then t.shown_posts
            when 'reactions' then t.reactions_posts
            when 'reactions__like' then t.reactions__like_posts
            when 'reactions__love' then t.reactions__love_posts
            when 'reactions__care' then t.reactions__care_posts
            when 'reactions__haha' then t.reactions__haha_posts
            when 'reactions__wow' then t.reactions__wow_posts
            when 'reactions__sad' then t.reactions__sad_posts
            when 'reactions__angry' then t.reactions__angry_posts
            when 'reactions__celebrate' then t.reactions__celebrate_posts
            when 'reactions__support' then t.reactions__support_posts
            when 'reactions__insightful' then t.reactions__insightful_posts
            when 'reactions__funny' then t.reactions__funny_posts
            when 'comments' then t.comments_posts
            when 'comments__first_level' then t.comments__first_level_posts
            when 'comments__reply' then t.comments__reply_posts
            when 'shares' then t.shares_posts
            when 'shares__repost' then t.shares__repost_posts
            when 'shares__quote' then t.shares__quote_posts
            when 'shares__send' then t.shares__send_posts
            when 'saves' then t.saves_posts
            when 'engagements' then t.engagements_posts
        end as measured
    from mart.period_total as t
    cross join measures as m
),
defined as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        dimension,
        category,
        basis,
        metric,
        part,
        case when measured > 0 then coalesce(definition_id, platform || ':' || metric) end as definition_id,
        definition_id as lacking_id,
        total,
        measured,
        posts,
        waiting,
        read_on
    from long
    where part is null or measured > 0
),
scopes as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        cast(sum(posts) as bigint) as posts,
        cast(sum(waiting) as bigint) as waiting
    from mart.period_total
    where dimension is null
    group by period, period_start, period_end, platform, account_id, basis
),
summed as (
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        metric,
        part,
        definition_id,
        max(lacking_id) as lacking_id,
        cast(sum(total) as bigint) as total,
        cast(sum(measured) as bigint) as measured,
        max(read_on) filter (where measured > 0) as read_on
    from defined
    where dimension is null
    group by period, period_start, period_end, platform, account_id, basis, metric, part, definition_id
),
compared as (
    select
        s.*,
        cast(null as string) as dimension,
        cast(null as string) as category,
        cast(sum(s.measured) over (partition by s.period, s.period_start, s.period_end, s.platform, s.account_id, s.basis, s.metric, s.part) as bigint) as all_measured,
        a.posts,
        a.waiting
    from summed as s
    join scopes as a
        on a.period = s.period
        and a.period_start = s.period_start
        and a.period_end = s.period_end
        and a.platform = s.platform
        and a.account_id is not distinct from s.account_id
        and a.basis = s.basis
    union all
    select
        period,
        period_start,
        period_end,
        platform,
        account_id,
        basis,
        metric,
        part,
        definition_id,
        lacking_id,
        total,
        measured,
        read_on,
        dimension,
        category,
        measured as all_measured,
        posts,
        waiting
    from defined
    where dimension is not null
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
        coalesce(definition_id, lacking_id) as definition_id,
        metric as metric,
        part as part,
        cast(total as double) as value,
        measured as n,
        case
            when measured > 0 then 'ok'
            when waiting = posts then 'not_mature'
            else 'not_measurable'
        end as status,
        case
            when measured = 0 or measured = posts and basis <> 'latest' then cast(null as string)
            else concat_ws(', ',
                case when basis = 'latest' then 'as read on ' || cast(read_on as string) end,
                case when waiting > 0 then cast(waiting as string) || ' of ' || cast(posts as string) || ' posts not yet mature' end,
                case when all_measured > measured then cast(all_measured - measured as string) || ' of ' || cast(posts as string) || ' posts counted by another definition' end,
                case when all_measured + waiting < posts then cast(posts - all_measured - waiting as string) || ' of ' || cast(posts as string) || ' posts not measured' end
            )
        end as note
    from compared
    where measured > 0 or all_measured = 0 and part is null
)
select * from judged

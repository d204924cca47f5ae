-- Which definition of each metric a post's reading goes by, one row a platform, source and stretch of days in which none
-- begins. One that has ended holds until the next begins: what is read in between has no value.
with beginnings as (
    select distinct
        platform,
        valid_from as from_on
    from mart.metric_definition
    where subject = 'post'
),
stretches as (
    select
        platform,
        from_on,
        coalesce(lead(from_on) over (partition by platform order by from_on nulls last) - 1, date '9999-12-31') as to_on
    from beginnings
),
begun as (
    select
        t.platform,
        s.source_key,
        t.from_on,
        t.to_on,
        d.metric,
        d.definition_id,
        d.valid_from
    from stretches as t
    cross join core.source as s
    left join mart.metric_definition as d
        on d.platform = t.platform
        and d.subject = 'post'
        and (d.source is null or d.source = s.source)
        and d.valid_from <= t.from_on
),
wide as (
    select
        platform,
        source_key,
        from_on,
        to_on,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'reach') as reach,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'views') as views,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'impressions') as impressions,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'reactions') as reactions,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'comments') as comments,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'shares') as shares,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'saves') as saves,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'clicks') as clicks,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'video_views') as video_views,
        max_by(definition_id, valid_from) filter (where definition_id is not null and metric = 'engagements') as engagements
    from begun
    group by platform, source_key, from_on, to_on
),
numbered as (
    select
        cast(row_number() over (order by platform nulls last, source_key nulls last, from_on nulls last) as int) as span_key,
        platform as platform,
        cast(source_key as int) as source_key,
        from_on as from_on,
        to_on as to_on,
        reach as reach,
        views as views,
        impressions as impressions,
        reactions as reactions,
        comments as comments,
        shares as shares,
        saves as saves,
        clicks as clicks,
        video_views as video_views,
        engagements as engagements
    from wide
)
select * from numbered

-- Posts of LinkedIn pages with their counters, one row a post and capture. Reactions are the sum of their kinds where
-- these were asked for, else what the statistics call likes; a kind that is missing is none.
with told as (
    select
        *,
        case when reactions_status = 'ok' then coalesce(part_of(reactions.kinds, 'LIKE'), 0) end as like_kind,
        case when reactions_status = 'ok' then coalesce(part_of(reactions.kinds, 'PRAISE'), 0) end as praise_kind,
        case when reactions_status = 'ok' then coalesce(part_of(reactions.kinds, 'EMPATHY'), 0) end as empathy_kind,
        case when reactions_status = 'ok' then coalesce(part_of(reactions.kinds, 'INTEREST'), 0) end as interest_kind,
        case when reactions_status = 'ok' then coalesce(part_of(reactions.kinds, 'APPRECIATION'), 0) end as appreciation_kind,
        case when reactions_status = 'ok' then coalesce(part_of(reactions.kinds, 'ENTERTAINMENT'), 0) end as entertainment_kind
    from landing.linkedin__posts
)
select
    load_key as load_key,
    id as platform_post_id,
    instant_of(published_at) as published_at,
    case when is_repost then 'repost' else post_type end as post_type,
    case when not is_repost then text end as text,
    'https://www.linkedin.com/feed/update/' || id || '/' as permalink,
    hashtags as hashtags,
    links as links,
    is_repost as is_repost,
    case when not coalesce(is_gone, false) then cast(false as boolean) end as is_reply,
    is_quote as is_quote,
    id as lookup_id,
    coalesce(is_gone, false) as is_gone,
    'reach;impressions;reactions;reactions__like;reactions__celebrate;reactions__love;reactions__insightful;reactions__support;reactions__funny;comments;comments__first_level;shares;clicks;video_views' as asked,
    case
        when statistics_status = 'ok' then ''
        else 'reach=' || statistics_status || ';impressions=' || statistics_status || ';comments=' || statistics_status || ';shares=' || statistics_status || ';clicks=' || statistics_status
    end || case
        when reactions_status = 'ok' then ''
        else ';reactions=' || reactions_status || ';comments__first_level=' || reactions_status || ';reactions__like=' || reactions_status || ';reactions__celebrate=' || reactions_status || ';reactions__love=' || reactions_status || ';reactions__insightful=' || reactions_status || ';reactions__support=' || reactions_status || ';reactions__funny=' || reactions_status
    end || case when video_status in ('ok', 'not_offered') then '' else ';video_views=' || video_status end as exceptions,
    statistics.uniqueImpressionsCount as reach,
    statistics.impressionCount as impressions,
    coalesce(case when reactions_status = 'ok' then reactions.total end, statistics.likeCount) as reactions,
    like_kind as reactions__like,
    praise_kind as reactions__celebrate,
    empathy_kind as reactions__love,
    interest_kind as reactions__insightful,
    appreciation_kind as reactions__support,
    entertainment_kind as reactions__funny,
    other_parts(reactions.kinds, 'reactions', 'LIKE;PRAISE;EMPATHY;INTEREST;APPRECIATION;ENTERTAINMENT') as other_parts,
    statistics.commentCount as comments,
    reactions.first_level_comments as comments__first_level,
    statistics.shareCount as shares,
    statistics.clickCount as clicks,
    video as video_views
from told

-- Posts of Facebook pages with their counters, one row a post and capture. Reactions by kind leave out a kind of none.
-- Plays of reels, which count every start and not three seconds watched, are no video views.
select
    load_key as load_key,
    text_found(id, '_([^_]+)$', 1) as platform_post_id,
    instant_of(published_at) as published_at,
    case
        when is_gone then cast(null as string)
        when text_matches(permalink, '/reel/') then 'short'
        when media_type = 'video' or text_starts(attachment_type, 'video') or status_type = 'added_video' then 'video'
        when media_type = 'album' or picture_count > 1 then 'album'
        when media_type = 'photo' or status_type = 'added_photos' then 'image'
        when media_type = 'event' or status_type = 'created_event' then 'event'
        when media_type = 'link' or attachment_type = 'share' or status_type = 'shared_story' then 'link'
        when attachment_type is null and media_type is null then 'text'
        else 'other'
    end as post_type,
    text as text,
    permalink as permalink,
    hashtags as hashtags,
    links as links,
    case when not coalesce(is_gone, false) then cast(false as boolean) end as is_repost,
    case when not coalesce(is_gone, false) then cast(false as boolean) end as is_reply,
    id as lookup_id,
    coalesce(is_gone, false) as is_gone,
    'reach;views;reactions;reactions__like;reactions__love;reactions__care;reactions__haha;reactions__wow;reactions__sad;reactions__angry;comments;shares;clicks;clicks__link;video_views;watch_seconds;followers_gained' as asked,
    case
        when insights_status = 'ok' then ''
        else 'reach=' || insights_status || ';views=' || insights_status || ';clicks=' || insights_status || ';clicks__link=' || insights_status || ';video_views=' || insights_status || ';reactions__like=' || insights_status || ';reactions__love=' || insights_status || ';reactions__care=' || insights_status || ';reactions__haha=' || insights_status || ';reactions__wow=' || insights_status || ';reactions__sad=' || insights_status || ';reactions__angry=' || insights_status
    end
    || case
        when coalesce(summaries_status, 'ok') = 'ok' then ''
        else ';reactions=' || summaries_status || ';comments=' || summaries_status
    end
    || case
        when coalesce(video_status, 'not_offered') in ('ok', 'not_offered') then ''
        else ';watch_seconds=' || video_status || ';followers_gained=' || video_status
    end as exceptions,
    insights.post_total_media_view_unique as reach,
    insights.post_media_view as views,
    reaction_count as reactions,
    part_of(insights.post_reactions_by_type_total, 'like') as reactions__like,
    part_of(insights.post_reactions_by_type_total, 'love') as reactions__love,
    part_of(insights.post_reactions_by_type_total, 'care') as reactions__care,
    part_of(insights.post_reactions_by_type_total, 'haha') as reactions__haha,
    part_of(insights.post_reactions_by_type_total, 'wow') as reactions__wow,
    part_of(insights.post_reactions_by_type_total, 'sorry') as reactions__sad,
    part_of(insights.post_reactions_by_type_total, 'anger') as reactions__angry,
    other_parts(insights.post_reactions_by_type_total, 'reactions', 'like;love;care;haha;wow;sorry;anger') as other_parts,
    comment_count as comments,
    share_count as shares,
    insights.post_clicks as clicks,
    case when insights.post_clicks_by_type is not null then coalesce(insights.post_clicks_by_type.link_clicks, 0) end as clicks__link,
    insights.post_video_views as video_views,
    quotient(coalesce(video.post_video_view_time, video.total_video_view_total_time), 1000) as watch_seconds,
    video.post_video_followers as followers_gained
from landing.facebook__posts

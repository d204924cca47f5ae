-- Posts of X with their public and, while they exist, private counters, one row a post and capture.
select
    load_key as load_key,
    first_id as platform_post_id,
    instant_of(published_at) as published_at,
    case
        when is_gone then cast(null as string)
        when is_repost then 'repost'
        when list_size(media_types) > 1 then 'album'
        when sorted_text(media_types) = 'photo' then 'image'
        when sorted_text(media_types) in ('video', 'animated_gif') then 'video'
        when list_size(media_types) = 1 then 'other'
        when has_poll then 'poll'
        when list_size(links) > 0 then 'link'
        else 'text'
    end as post_type,
    text as text,
    nullif(lang, 'und') as language,
    'https://x.com/i/status/' || id as permalink,
    hashtags as hashtags,
    links as links,
    is_repost as is_repost,
    is_reply as is_reply,
    is_quote as is_quote,
    other_ids as aliases,
    id as lookup_id,
    coalesce(is_gone, false) as is_gone,
    'impressions;reactions;reactions__like;comments;shares;shares__repost;shares__quote;saves;engagements;clicks__link;clicks__profile' as asked,
    case private_status
        when 'expired' then 'engagements=expired;clicks__link=expired;clicks__profile=expired'
        else 'engagements=not_permitted;clicks__link=not_permitted;clicks__profile=not_permitted'
    end as exceptions,
    public_metrics.impression_count as impressions,
    public_metrics.like_count as reactions,
    public_metrics.like_count as reactions__like,
    public_metrics.reply_count as comments,
    public_metrics.retweet_count + public_metrics.quote_count as shares,
    public_metrics.retweet_count as shares__repost,
    public_metrics.quote_count as shares__quote,
    public_metrics.bookmark_count as saves,
    non_public_metrics.engagements as engagements,
    non_public_metrics.url_link_clicks as clicks__link,
    non_public_metrics.user_profile_clicks as clicks__profile
from landing.x__posts

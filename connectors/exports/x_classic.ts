/** Columns that both classic files of X count alike: of a post, and of a day. */
export const classicCounters = {
  impressions: ["impressions"],
  engagements: ["engagements"],
  retweets: ["retweets"],
  replies: ["replies"],
  likes: ["likes", "favorites"],
  user_profile_clicks: ["user profile clicks"],
  url_clicks: ["url clicks"],
  hashtag_clicks: ["hashtag clicks"],
  detail_expands: ["detail expands"],
  permalink_clicks: ["permalink clicks"],
  follows: ["follows"],
  media_views: ["media views"]
};

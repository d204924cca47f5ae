import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {tokens} from "../../connectors/sandbox/instagram.ts";
import {type Own, started} from "./instagram-client.ts";
import {ask, form} from "./sandbox-client.ts";

const documentation = "https://developers.facebook.com/docs/graph-api";
const unknown = "17900000000000001";
const mediaMetrics =
  "impressions, reach, replies, saved, likes, comments, shares, total_interactions, follows, profile_visits, profile_activity, navigation, ig_reels_video_view_total_time, ig_reels_avg_watch_time, views, reels_skip_rate, reposts, facebook_views, crossposted_views, total_views, total_likes, total_comments, link_clicks";
const accountMetrics = expect.stringMatching(
  /^\(#100\) metric\[0\] must be one of the following values: reach, follower_count, online_followers, accounts_engaged, (?!.*profile_views)/
);

let own: Own;
/** Media of each kind, by the words that stand for them in a path. */
let known: Record<string, string>;

beforeAll(async () => {
  own = await started({faults: ["stories"]});
  const {items} = await own.all<{id: string; media_type: string; media_product_type: string}>(
    "/{id}/media?fields=media_type,media_product_type"
  );
  const first = (type: string, product: string): string =>
    items.find(({media_type, media_product_type}) => media_type === type && media_product_type === product)!.id;
  const album = first("CAROUSEL_ALBUM", "FEED");
  const {data: pictures} = await own.read<{data: {id: string}[]}>(`/${album}/children`);
  const {data: stories} = await own.read<{data: {id: string}[]}>("/{id}/stories");
  known = {
    "{image}": first("IMAGE", "FEED"),
    "{video}": first("VIDEO", "FEED"),
    "{reel}": first("VIDEO", "REELS"),
    "{album}": album,
    "{picture}": pictures[0]!.id,
    "{story}": stories[0]!.id,
    "{early}": items.at(-1)!.id
  };
});
afterAll(() => own.sandbox.close());

function refused(message: unknown, code = 100, type = "OAuthException", more: object = {}): object {
  return {error: {message, type, code, ...more, fbtrace_id: expect.any(String)}};
}

function notThere(id: string): object {
  const message = `Unsupported get request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at ${documentation}`;
  return refused(message, 100, "GraphMethodException", {error_subcode: 33});
}

const beforeConversion = refused("Invalid parameter", 100, "OAuthException", {
  error_data: {blame_field_specs: [[""]]},
  error_subcode: 2108006,
  is_transient: false,
  error_user_title: "Media posted before business account conversion",
  error_user_msg:
    "The media was posted before the most recent time that the user's account was converted to a business account from a personal account."
});

function notForProduct(metrics: string): object {
  return refused(`(#100) The Media Insights API does not support the ${metrics} metric for this media product type.`);
}

const seconds = (time: string): number => Date.parse(time) / 1000;
const now = seconds("2020-11-30T23:59:59Z");
const number = "metric_type=total_value&period=day";
const demographics = "metric=follower_demographics&metric_type=total_value";

interface Case {
  what: string;
  /** Where the answer comes from: a document, a recording or a report of it; or nowhere. */
  basis: "documented" | "assumed";
  path: string;
  /** Empty: none. */
  token?: string;
  status?: number;
  body: unknown;
}

const cases: Case[] = [
  {
    what: "a page of 101",
    basis: "assumed",
    path: "/{id}/media?limit=101",
    body: refused("(#100) The 'limit' parameter should not exceed 100")
  },
  {
    what: "51 ids",
    basis: "assumed",
    path: `/?ids=${Array.from({length: 51}, (_, index) => index + 1)}`,
    body: refused("(#100) Too many IDs. Maximum: 50. Provided: 51.")
  },
  {
    what: "media that nobody has",
    basis: "documented",
    path: `/${unknown}?fields=id`,
    body: notThere(unknown)
  },
  {
    what: "media that nobody has, among others",
    basis: "assumed",
    path: `/?ids={image},${unknown}&fields=id`,
    body: notThere(unknown)
  },
  {
    what: "an unknown field of media",
    basis: "documented",
    path: "/{id}/media?fields=id,views",
    body: refused("(#100) Tried accessing nonexisting field (views) on node type (IGMedia)")
  },
  {
    what: "an unknown field of the account",
    basis: "documented",
    path: "/{id}?fields=id,likes",
    body: refused("(#100) Tried accessing nonexisting field (likes) on node type (IGUser)")
  },
  {
    what: "an unknown edge",
    basis: "assumed",
    path: "/{id}/published_posts",
    body: refused("(#100) Tried accessing nonexisting field (published_posts) on node type (IGUser)")
  },
  {
    what: "fields with a brace too few",
    basis: "assumed",
    path: "/{id}/media?fields=id,children{id",
    body: refused(
      'Syntax error "Expected "}" instead of end of string." at character 14: id,children{id',
      2500,
      "OAuthException"
    )
  },
  {
    what: "no token",
    basis: "documented",
    path: "/{id}?fields=id",
    token: "",
    body: refused("An access token is required to request this resource.", 104)
  },
  {
    what: "a token that nobody issued",
    basis: "documented",
    path: "/{id}?fields=id",
    token: "EAAguessed",
    body: refused("Invalid OAuth access token - Cannot parse access token", 190)
  },
  {
    what: "a token whose time is over",
    basis: "documented",
    path: "/{id}?fields=id",
    token: tokens.expired.secret,
    body: refused(
      expect.stringMatching(
        /^Error validating access token: Session has expired on \w+, \d\d-\w{3}-\d\d [\d:]+ P[DS]T\. The current time is /
      ),
      190,
      "OAuthException",
      {error_subcode: 463}
    )
  },
  {
    what: "insights with a token that has no permission for them",
    basis: "documented",
    path: "/{image}/insights?metric=reach",
    token: tokens.basic.secret,
    body: refused("(#10) Application does not have permission for this action", 10)
  },
  {
    what: "insights without a metric",
    basis: "documented",
    path: "/{image}/insights",
    body: refused("(#100) The parameter metric is required")
  },
  {
    what: "a metric that never was one",
    basis: "documented",
    path: "/{image}/insights?metric=reach,popularity",
    body: refused(`(#100) metric[1] must be one of the following values: ${mediaMetrics}`)
  },
  {
    what: "engagement, which was removed in 2023",
    basis: "documented",
    path: "/{image}/insights?metric=engagement",
    body: refused(`(#100) metric[0] must be one of the following values: ${mediaMetrics}`)
  },
  {
    what: "video_views, which were removed in 2025",
    basis: "documented",
    path: "/{video}/insights?metric=video_views",
    body: refused(`(#100) metric[0] must be one of the following values: ${mediaMetrics}`)
  },
  {
    what: "plays of a reel, which were removed in 2025",
    basis: "documented",
    path: "/{reel}/insights?metric=views,plays",
    body: refused(`(#100) metric[1] must be one of the following values: ${mediaMetrics}`)
  },
  {
    what: "impressions of a reel",
    basis: "documented",
    path: "/{reel}/insights?metric=impressions",
    body: notForProduct("impressions")
  },
  {
    what: "profile visits and follows of a reel",
    basis: "documented",
    path: "/{reel}/insights?metric=reach,profile_visits,follows",
    body: notForProduct("profile_visits, follows")
  },
  {
    what: "the watch time of what is no reel",
    basis: "documented",
    path: "/{video}/insights?metric=reach,ig_reels_avg_watch_time",
    body: notForProduct("ig_reels_avg_watch_time")
  },
  {
    what: "likes of a story",
    basis: "documented",
    path: "/{story}/insights?metric=reach,likes",
    body: notForProduct("likes")
  },
  {
    what: "replies to a post",
    basis: "documented",
    path: "/{image}/insights?metric=replies",
    body: notForProduct("replies")
  },
  {
    what: "views on Facebook of a reel that was not shared there",
    basis: "assumed",
    path: "/{reel}/insights?metric=views,crossposted_views",
    body: notForProduct("crossposted_views")
  },
  {
    what: "a metric that is wrong for one medium of a listing",
    basis: "documented",
    path: "/{id}/media?fields=id,insights.metric(reach,ig_reels_avg_watch_time)&limit=50",
    body: notForProduct("ig_reels_avg_watch_time")
  },
  {
    what: "a breakdown that a metric of media does not have",
    basis: "documented",
    path: "/{image}/insights?metric=reach&breakdown=follow_type",
    body: refused("(#100) Incompatible breakdowns (follow_type) for metric (reach)")
  },
  {
    what: "a breakdown that is none",
    basis: "assumed",
    path: "/{image}/insights?metric=profile_activity&breakdown=weekday",
    body: refused(
      "(#100) breakdown[0] must be one of the following values: action_type, follow_type, story_navigation_action_type, surface_type"
    )
  },
  {
    what: "insights of a picture of an album",
    basis: "assumed",
    path: "/{picture}/insights?metric=reach",
    body: notThere("{picture}")
  },
  {
    what: "insights of media from before the conversion",
    basis: "documented",
    path: "/{early}/insights?metric=reach",
    body: beforeConversion
  },
  {
    what: "a whole listing with insights, for the sake of two early media",
    basis: "documented",
    path: "/{id}/media?fields=id,insights.metric(reach,views)&limit=100",
    body: beforeConversion
  },
  {
    what: "31 days",
    basis: "documented",
    path: `/{id}/insights?metric=reach&period=day&since=${now - 31 * 86_400}&until=${now}`,
    body: refused("(#100) There cannot be more than 30 days (2592000 s) between since and until")
  },
  {
    what: "a window that ends before it begins",
    basis: "assumed",
    path: `/{id}/insights?metric=reach&period=day&since=${now}&until=${now - 86_400}`,
    body: refused("(#100) Invalid parameter: param since must be before param until")
  },
  {
    what: "numbers without metric_type",
    basis: "documented",
    path: "/{id}/insights?metric=reach,views,likes&period=day",
    body: refused(
      "(#100) The following metrics (views,likes) should be specified with parameter metric_type=total_value"
    )
  },
  {
    what: "views as a series",
    basis: "documented",
    path: "/{id}/insights?metric=views&period=day&metric_type=time_series",
    body: refused("(#100) The following metric (views) is incompatible with the metric type (time_series)")
  },
  {
    what: "new followers as a number",
    basis: "documented",
    path: `/{id}/insights?metric=follower_count&${number}`,
    body: refused("(#100) The following metric (follower_count) is incompatible with the metric type (total_value)")
  },
  {
    what: "new followers of two months ago",
    basis: "documented",
    path: `/{id}/insights?metric=follower_count&period=day&since=${now - 60 * 86_400}&until=${now - 50 * 86_400}`,
    body: refused(
      "(#100) (follower_count) metric only supports querying data for the last 30 days excluding the current day"
    )
  },
  {
    what: "follows and unfollows of one day",
    basis: "assumed",
    path: `/{id}/insights?metric=follows_and_unfollows&${number}&breakdown=follow_type&since=${now - 86_400}&until=${now}`,
    body: refused("(#100) The follows_and_unfollows metric has missing buckets between since and until")
  },
  {
    what: "a metric of the account without a period",
    basis: "assumed",
    path: "/{id}/insights?metric=reach",
    body: refused("(#100) The parameter period is required")
  },
  {
    what: "reach of a lifetime",
    basis: "assumed",
    path: "/{id}/insights?metric=reach&period=lifetime",
    body: refused("(#100) The following metric (reach) is incompatible with the period (lifetime)")
  },
  {
    what: "a period that is none",
    basis: "assumed",
    path: "/{id}/insights?metric=reach&period=year",
    body: refused(
      "(#100) period must be one of the following values: day, week, days_28, month, lifetime, total_over_range"
    )
  },
  {
    what: "profile views, which were removed in 2025",
    basis: "documented",
    path: `/{id}/insights?metric=profile_views&${number}`,
    body: refused(accountMetrics)
  },
  {
    what: "impressions of the account, which were removed in 2025",
    basis: "documented",
    path: "/{id}/insights?metric=impressions&period=day",
    body: refused(accountMetrics)
  },
  {
    what: "a metric of media where one of the account is wanted",
    basis: "documented",
    path: `/{id}/insights?metric=saved&${number}`,
    body: refused(accountMetrics)
  },
  {
    what: "likes by who follows",
    basis: "documented",
    path: `/{id}/insights?metric=likes&${number}&breakdown=follow_type`,
    body: refused("(#100) Incompatible breakdowns (follow_type) for metric (likes)")
  },
  {
    what: "who the followers are, by day",
    basis: "assumed",
    path: `/{id}/insights?${demographics}&period=day&timeframe=this_month&breakdown=age`,
    body: refused("(#100) The following metric (follower_demographics) is incompatible with the period (day)")
  },
  {
    what: "who the followers are, without a timeframe",
    basis: "assumed",
    path: `/{id}/insights?${demographics}&period=lifetime&breakdown=age`,
    body: refused("(#100) The parameter timeframe is required")
  },
  {
    what: "who the followers are, without metric_type",
    basis: "documented",
    path: "/{id}/insights?metric=follower_demographics&period=lifetime&timeframe=this_month&breakdown=age",
    body: refused(
      "(#100) The following metrics (follower_demographics) should be specified with parameter metric_type=total_value"
    )
  },
  {
    what: "age and gender crossed",
    basis: "assumed",
    path: `/{id}/insights?${demographics}&period=lifetime&timeframe=this_month&breakdown=age,gender`,
    body: refused("(#100) Incompatible breakdowns (age, gender) for metric (follower_demographics)")
  },
  {
    what: "who did something in the last ninety days",
    basis: "assumed",
    path: `/{id}/insights?${demographics.replace("follower", "engaged_audience")}&period=lifetime&timeframe=last_90_days&breakdown=age`,
    body: refused(
      "(#100) The following metric (engaged_audience_demographics) is incompatible with the timeframe (last_90_days)"
    )
  },
  {
    what: "a timeframe that is none",
    basis: "assumed",
    path: `/{id}/insights?${demographics}&period=lifetime&timeframe=ever&breakdown=age`,
    body: refused(
      "(#100) timeframe must be one of the following values: last_14_days, last_30_days, last_90_days, prev_month, this_month, this_week"
    )
  },
  {
    what: "insights by a path that is too long",
    basis: "documented",
    path: "/{id}/insights/reach/day/1",
    body: refused("Unknown path components: /reach/day/1", 2500, "OAuthException")
  }
];

/** A path, or an expected body, with media in the place of the words that stand for them. */
function filled<T>(template: T): T {
  if (typeof template === "string") {
    return Object.entries(known).reduce((text: string, [word, id]) => text.replaceAll(word, id), template) as T;
  }
  return template;
}

describe("Instagram in the sandbox refuses", () => {
  it.each(cases)("$what ($basis)", async ({path, token, status = 400, body}) => {
    const reply = await own.ask(filled(path), token);
    const text = JSON.stringify(reply.body).replaceAll(known["{picture}"]!, "{picture}");
    expect({status: reply.status, body: JSON.parse(text)}).toEqual({status, body});
  });

  it("impressions of media from after 1 July 2024, which older media still have (documented)", async () => {
    await using recent = await started({posts: 40, night: "2025-06-30"});
    const {items} = await recent.all<{id: string; media_type: string; timestamp: string}>(
      "/{id}/media?fields=media_type,timestamp"
    );
    const pictures = items.filter(({media_type}) => media_type !== "VIDEO");
    const newer = pictures.filter(({timestamp}) => timestamp >= "2024-07-02");
    expect(newer.length).toBeGreaterThan(5);
    expect(newer.length).toBeLessThan(pictures.length);
    expect((await recent.ask(`/${newer.at(-1)!.id}/insights?metric=reach,impressions`)).body).toEqual(
      refused(
        "(#100) Starting from version v22.0 and above, the impressions metric is no longer supported for the queried media."
      )
    );
    expect((await recent.ask(`/${pictures.at(-1)!.id}/insights?metric=reach,impressions`)).status).toBe(200);
  });

  it("a story that four people saw, in the code of a missing permission (documented)", async () => {
    await using quiet = await started({night: "2020-02-05", faults: ["stories"]});
    const {data} = await quiet.read<{data: {id: string}[]}>("/{id}/stories");
    const words = refused("(#10) Not enough viewers for the media to show insights", 10);
    expect(await quiet.ask(`/${data[0]!.id}/insights?metric=reach`)).toMatchObject({status: 400, body: words});
    expect(await quiet.ask("/{id}/stories?fields=id,insights.metric(reach)")).toMatchObject({status: 400, body: words});
  });

  it("a batch of 51, and one whose items are no list (documented, assumed)", async () => {
    const items = Array.from({length: 51}, () => ({method: "GET", relative_url: own.id}));
    const send = (batch: string) =>
      ask(own.sandbox, "/v25.0/", "nobody", form({access_token: tokens.user.secret, batch}));
    expect(await send(JSON.stringify(items))).toMatchObject({
      status: 400,
      body: refused("Maximum batch size is 50", 3, "GraphBatchException")
    });
    expect(await send("{}")).toMatchObject({status: 400, body: refused("(#100) param batch must be an array.")});
  });

  it("a version that is over (assumed)", async () => {
    const reply = await ask(own.sandbox, `/v3.2/${own.id}?access_token=${tokens.user.secret}`, "nobody");
    expect(reply).toMatchObject({status: 400, body: {error: {code: 2500}}});
  });

  it("takes the page's token, and a token in the header (documented)", async () => {
    expect((await own.ask("/{id}?fields=id", tokens.page.secret)).status).toBe(200);
    const way = {authorization: `Bearer ${tokens.user.secret}`};
    expect((await ask(own.sandbox, `/v25.0/${own.id}?fields=id`, way)).status).toBe(200);
  });
});

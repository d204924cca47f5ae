import {existsSync, readdirSync, readFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import type {Account, Connector, LandedRecord} from "../../connectors/connector.ts";
import {
  ConfigError,
  GoneError,
  type MegaphoneError,
  MetricError,
  PartError,
  ShapeError
} from "../../connectors/errors.ts";
import {type Extracted, extractAccount} from "../../connectors/extract.ts";
import {facebook} from "../../connectors/facebook.ts";
import {errorOf} from "../../connectors/http.ts";
import {instagram} from "../../connectors/instagram.ts";
import {parseJson} from "../../connectors/json.ts";
import {client, recorded, sendJson, serve} from "./loopback.ts";
import {plannedCall} from "./night.ts";

/** Recordings of Meta's answers, kept beside the repository. */
const samples = new URL("../../../shared/samples/", import.meta.url);

type Kind = abstract new (...given: never[]) => MegaphoneError;

/** A call of ours that could have been answered so. */
interface Called {
  connector: Connector;
  stream: string;
  how: "snapshot" | "series" | "list" | "lookup";
  /** Fields that the recorded request did not ask for and ours does, put into each record. */
  added?: object;
}

type Row = {file: string} & (
  | (Called & {
      /** The records, by some of their fields, or how many there are. */
      records: LandedRecord[] | number;
      next?: string;
    })
  | (Called & {
      error: Kind;
      /** A part of its message. */
      says: string;
    })
  | {
      /** The answer of a part, as it is read. */
      part: [connector: Connector, stream: string, part: string];
      values: object;
    }
  | {
      /** What the items of a batch are. */
      items: (Kind | object)[];
    }
  | {notCalled: string}
);

const posts = {connector: facebook, stream: "posts", how: "list"} as const;
const media = {connector: instagram, stream: "posts", how: "list"} as const;
const days = {connector: facebook, stream: "account_days", how: "series"} as const;
const link = {permalink_url: "https://www.facebook.com/4/posts/1"};
const feed = {media_product_type: "FEED"};

const rows: Row[] = [
  {file: "facebook/fbgraph2_error_2500.json", ...posts, error: ConfigError, says: "2500"},
  {file: "facebook/restfb_batch_first_error.json", items: [GoneError, {id: "123456789", name: "Tester"}]},
  {
    file: "facebook/restfb_batch_simple.json",
    items: [
      {id: "123456789", name: "Tester"},
      {id: "4", name: "Mark Zuckerberg"}
    ]
  },
  {file: "facebook/restfb_insight_page_2.json", connector: facebook, stream: "audience", how: "snapshot", records: 45},
  {file: "facebook/restfb_insight_page_3.json", ...days, records: 0},
  {
    file: "facebook/restfb_insight_page_fans_city.json",
    connector: facebook,
    stream: "audience",
    how: "snapshot",
    // Of two days the last.
    records: 45
  },
  {
    file: "facebook/restfb_page_with_nested_insights.json",
    notCalled: "insights nested in the Page; the Page's own are asked for by themselves"
  },
  {file: "facebook/restfb_photo_with_nested_insights.json", notCalled: "a photo, which is no post"},
  {
    file: "facebook/restfb_post_with_nested_insights.json",
    ...posts,
    how: "lookup",
    added: {...link, created_time: "2023-03-08T08:00:00+0000"},
    records: [{id: "1234567_98765432", insights: {post_engaged_users: 0}, published_at: "2023-03-08T08:00:00.000Z"}]
  },
  {
    file: "facebook/restfb_post_with_nested_insights.json",
    ...posts,
    how: "lookup",
    error: ShapeError,
    says: "created_time"
  },
  {
    file: "facebook/restfb_post_with_reactions.json",
    ...posts,
    how: "lookup",
    added: {...link, created_time: "2016-04-12T08:00:00+0000", comments: {summary: {total_count: 0}}},
    records: [{id: "100002241334695_980648432019859", reaction_count: 1, comment_count: 0, share_count: 0}]
  },
  {
    file: "facebook/restfb_video_with_video_insights.json",
    part: [facebook, "posts", "video"],
    values: {
      total_video_views: 6,
      total_video_views_unique: 2,
      total_video_view_time_by_distribution_type: {page_owned: 85597}
    }
  },
  {file: "facebook/sns_error_100_permission.json", ...posts, error: PartError, says: "lacks a permission"},
  {file: "facebook/sns_error_100_ppca.json", ...days, error: MetricError, says: "100"},
  {file: "facebook/sns_page_posts_p1.json", ...posts, error: ShapeError, says: "data.0.permalink_url"},
  // Such a next page is told by time; without a cursor the rest of the posts would be left out unseen.
  {file: "facebook/sns_page_posts_p1.json", ...posts, added: link, error: ShapeError, says: "paging.cursors.after"},
  {file: "facebook/sns_page_posts_p2.json", ...posts, added: link, records: 5},
  {
    file: "facebook/sns_page_single_fields.json",
    connector: facebook,
    stream: "account",
    how: "snapshot",
    error: ShapeError,
    says: "followers_count"
  },
  {
    file: "instagram/airbyte_follower_demographics_city_excerpt.json",
    connector: instagram,
    stream: "audience",
    how: "snapshot",
    records: 10
  },
  {
    file: "instagram/airbyte_media_insights_reels.json",
    part: [instagram, "posts", "insights"],
    values: {
      comments: 7,
      ig_reels_avg_watch_time: 12549,
      ig_reels_video_view_total_time: 30017581,
      likes: 108,
      plays: 2385,
      reach: 2006,
      saved: 7,
      shares: 1,
      ig_reels_aggregated_all_plays_count: 383,
      clips_replays_count: 102
    }
  },
  {file: "instagram/restfb_error_2500_igapi.json", ...media, error: ConfigError, says: "2500"},
  {file: "instagram/restfb_media_boost.json", notCalled: "advertisements of a medium"},
  {file: "instagram/restfb_navigation_breakdown.json", notCalled: "a metric alone, of stories, by what was tapped"},
  {file: "instagram/restfb_webhook_story_insights.json", notCalled: "a webhook"},
  {file: "instagram/sns_media_children.json", notCalled: "the pictures of an album"},
  {
    file: "instagram/sns_media_insights_old.json",
    part: [instagram, "posts", "insights"],
    values: {impressions: 8, reach: 5, saved: 0}
  },
  {
    file: "instagram/sns_stories_p1.json",
    ...media,
    stream: "stories",
    added: {media_product_type: "STORY", timestamp: "2020-10-14T08:00:00+0000"},
    records: [
      {id: "18168273289049440", product_type: "STORY"},
      {id: "17876166859931045", product_type: "STORY"}
    ],
    next: "after"
  },
  {
    file: "instagram/sns_stories_p2.json",
    ...media,
    stream: "stories",
    added: {media_product_type: "STORY", timestamp: "2020-10-14T08:00:00+0000"},
    records: [{id: "17967354091336995"}]
  },
  {
    file: "instagram/sns_stories_p2.json",
    ...media,
    stream: "stories",
    error: ShapeError,
    says: "data.0.media_product_type"
  },
  {
    file: "instagram/sns_user_fields.json",
    connector: instagram,
    stream: "account",
    how: "snapshot",
    records: [
      {
        id: "17841407673135339",
        username: "facebookfordevelopers",
        name: "Facebook for Developers",
        followers_count: 64363
      }
    ]
  },
  {
    file: "instagram/sns_user_insights_timeseries.json",
    connector: instagram,
    stream: "account_days",
    how: "series",
    error: ShapeError,
    says: "data.0.total_value"
  },
  {
    file: "instagram/sns_user_insights_total_value.json",
    connector: instagram,
    stream: "account_days",
    how: "series",
    // The parts come to more than the whole, which alone is read.
    records: [{metric: "reach", value: 14516883, on_date: "2020-11-29"}]
  },
  {
    file: "instagram/sns_user_media_p1.json",
    ...media,
    added: feed,
    records: [
      {id: "17895731045244887", media_type: "IMAGE", like_count: 0, comment_count: 0, insights: null},
      {id: "17896622936197745", media_type: "IMAGE", like_count: 2, comment_count: 6, insights: null}
    ],
    next: "after"
  },
  {file: "instagram/sns_user_media_p1.json", ...media, error: ShapeError, says: "data.0.media_product_type"},
  {
    file: "instagram/sns_user_media_p2.json",
    ...media,
    added: feed,
    records: [
      {id: "17896129349106152", media_type: "CAROUSEL_ALBUM", text: "ALBUM", like_count: 1},
      {id: "17893085207160254", media_type: "IMAGE", text: "Peach new", like_count: 1}
    ]
  }
];

const nothing = {code: 400, body: JSON.stringify({error: {message: "", code: 100, error_subcode: 2108006}})};

function recordingOf(file: string): unknown {
  return parseJson(readFileSync(new URL(file, samples), "utf8"));
}

/** The answer with what the recorded request did not ask for. */
function completed(body: unknown, added: object): unknown {
  const {data} = body as {data?: object[]};
  if (data === undefined) return {...added, ...(body as object)};
  return {...(body as object), data: data.map(record => ({...added, ...record}))};
}

function accountAt(connector: Connector, baseUrl: string): Account {
  const {platform, apiVersion} = connector;
  return {platform, kind: "page", id: "4", aliases: [], name: "mandate", apiVersion, baseUrl, auth: {token: "a-token"}};
}

/** What a stream makes of a recording that a server on loopback plays; a listing ends after that page. */
async function read({file, connector, stream, how, added = {}}: Row & Called): Promise<Extracted> {
  const body = completed(recordingOf(file), added);
  const status = "error" in (body as object) ? 400 : 200;
  await using server = await serve((response, index, {method}) => {
    if (how === "lookup") sendJson(response, 200, [{code: status, body: JSON.stringify(body)}]);
    // What is read of the records by batch has nothing to do with the recording.
    else if (method === "POST") sendJson(response, 200, [nothing, nothing]);
    else sendJson(response, status, index === 0 || status !== 200 ? body : {data: []});
  });
  const account = accountAt(connector, server.url);
  const to = new Date("2020-11-29");
  // With what the recording holds of the two parts that may be nested.
  const nested = {summaries: "reactions", insights: "insights"};
  const parts = Object.entries(nested).flatMap(([part, field]) => (field in (body as object) ? [part] : []));
  const ask = {account, parts, metrics: ["one", "another"], size: 100, ids: ["1"], from: to, to};
  const call = plannedCall(stream, how, how === "list" ? {account, parts: [], metrics: [], size: 100} : ask);
  const clock = () => ({now: new Date("2020-11-30"), today: "2020-11-30"});
  const http = client(account, recorded(), {connector});
  return (await extractAccount(connector, [call], new Map(), http, clock))[0]!;
}

describe.skipIf(!existsSync(samples))("Meta's recorded answers", () => {
  it("stand in the table, each of them", () => {
    const files = ["facebook", "instagram"].flatMap(platform =>
      readdirSync(new URL(`${platform}/`, samples)).map(file => `${platform}/${file}`)
    );
    expect([...new Set(rows.map(({file}) => file))].sort()).toEqual(files.sort());
  });

  it.each(rows.filter(row => "records" in row))("$file is read by $stream", async row => {
    const {error, records, cursor} = await read(row);
    expect(error?.message).toBeUndefined();
    expect(cursor).toBeDefined();
    if (typeof row.records === "number") expect(records).toHaveLength(row.records);
    else expect(records).toEqual(row.records.map(record => expect.objectContaining(record)));
    if (row.how === "list") {
      const {lists, answer} = row.connector.streams[row.stream]!;
      expect(lists![0]!.next(answer.parse(completed(recordingOf(row.file), row.added ?? {})))).toBe(row.next);
    }
    expect(JSON.stringify(records)).not.toMatch(/Some User|access_token|ikroskun|cdninstagram/);
  });

  it.each(rows.filter(row => "error" in row))("$file is an error that says $says", async row => {
    const {error, records, cursor} = await read(row);
    expect(error).toBeInstanceOf(row.error);
    expect(error!.message).toContain(row.says);
    expect(records).toEqual([]);
    expect(cursor).toBeUndefined();
  });

  it.each(rows.filter(row => "values" in row))("$file is read as a part", ({file, part, values}) => {
    const [connector, stream, name] = part;
    const {answer, values: read} = connector.streams[stream]!.parts![name]!.read!;
    const body = recordingOf(file) as {video_insights?: unknown};
    const ask = {account: accountAt(connector, ""), parts: [], metrics: [], size: 1, ids: ["1"]};
    expect(read(answer.parse(body.video_insights ?? body), ask)).toEqual(new Map([["1", values]]));
  });

  it.each(rows.filter(row => "items" in row))("$file is a batch", ({file, items}) => {
    const {unpack} = facebook.batch!;
    const answers = unpack(recordingOf(file)).map(
      item => errorOf(facebook, "who", item!.status, item!.body) ?? item!.body
    );
    expect(answers).toEqual(items.map(item => (typeof item === "function" ? expect.any(item) : item)));
  });
});

import {describe, expect, it} from "vitest";
import type {Account, Connector} from "../../connectors/connector.ts";
import {ShapeError} from "../../connectors/errors.ts";
import {facebook} from "../../connectors/facebook.ts";
import {instagram} from "../../connectors/instagram.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import {x} from "../../connectors/x.ts";
import {daysAgo, share, post as shared} from "./linkedin-server.ts";
import {sendJson, serve} from "./loopback.ts";
import {night, streamOf} from "./night.ts";

const canary = "canary-5Rw";

/** What one stream makes of a platform that has one answer, with a token that no message may hold. */
async function readAll(connector: Connector, stream: string, answer: unknown) {
  await using server = await serve(response => sendJson(response, 200, answer));
  const account: Account = {
    ...{platform: connector.platform, kind: "page", id: "7", aliases: [], name: "mandate"},
    ...{apiVersion: connector.apiVersion, baseUrl: server.url, auth: {token: canary}}
  };
  const alone = {...connector, streams: {[stream]: connector.streams[stream]!}};
  return streamOf(await night(alone, account), stream);
}

const posting = {id: "7_1", created_time: "", permalink_url: "https://www.facebook.com/7/posts/1"};
const media = {
  ...{id: "1", media_type: "IMAGE", media_product_type: "FEED", permalink: "https://www.instagram.com/p/1/"},
  ...{shortcode: "1", timestamp: "soon", like_count: 0, comments_count: 0}
};
const post = {
  ...{id: "1", author_id: "7", created_at: "2020-11-20T10:00:00.000Z", text: "Out"},
  public_metrics: {retweet_count: 0, reply_count: 0, like_count: 0, quote_count: 0}
};
const daily = (end_time: string) => ({
  data: [{name: "page_media_view", period: "day", values: [{value: 4, end_time}]}]
});
const gains = {organicFollowerGain: 1, paidFollowerGain: 0};

describe("a time that cannot be one", () => {
  it.each([
    ["a Facebook post's", facebook, "posts", {data: [posting]}, "data.0.created_time"],
    ["the end of a Facebook day", facebook, "account_days", daily("yesterday"), "data.0.values.0.end_time"],
    ["an Instagram post's", instagram, "posts", {data: [media]}, "data.0.timestamp"],
    [
      "a LinkedIn post's",
      linkedin,
      "posts",
      {elements: [{...shared(share(1), daysAgo(1)), publishedAt: 9e15}], paging: {start: 0, count: 100, links: []}},
      "elements.0.publishedAt"
    ],
    [
      "a LinkedIn day",
      linkedin,
      "follower_gains",
      {elements: [{timeRange: {start: 9e15}, followerGains: gains}]},
      "elements.0.timeRange.start"
    ],
    ["an X post's", x, "posts", {data: [{...post, created_at: "soon"}]}, "data.0.created_at"],
    [
      "an X post's id",
      x,
      "posts",
      {data: [{...post, edit_history_tweet_ids: ["one", "1"]}]},
      "data.0.edit_history_tweet_ids.0"
    ],
    [
      "an X post's long id",
      x,
      "posts",
      {data: [{...post, edit_history_tweet_ids: ["9".repeat(30), "1"]}]},
      "data.0.edit_history_tweet_ids.0"
    ]
  ])("such as %s ends its stream with the field's name", async (_title, connector, stream, answer, field) => {
    const {error, records, cursor} = await readAll(connector, stream, answer);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toContain(`mandate ${stream}: ${field} is not as documented`);
    expect([records, cursor]).toEqual([[], undefined]);
  });
});

describe("an answer that passes its schema and cannot be read", () => {
  const account = x.streams.account!;
  const records = () => {
    throw new RangeError(`Invalid time value ${canary}`);
  };
  const careless = {...x, streams: {account: {...account, records}, posts: x.streams.posts!}};

  it("ends its stream alone, and the message names the endpoint and nothing of the answer", async () => {
    const user = {data: {id: "7", name: "The mandate", username: "mandate", public_metrics: {followers_count: 1}}};
    await using server = await serve((response, index) => sendJson(response, 200, index === 0 ? user : {data: [post]}));
    const results = await night(careless, {
      ...{platform: "x", kind: "account", id: "7", aliases: [], name: "mandate"},
      ...{apiVersion: x.apiVersion, baseUrl: server.url, auth: {token: canary}}
    });
    const {error} = streamOf(results, "account");
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toMatch(
      /^mandate account: an answer of \/2\/users\/\S+ cannot be read \(RangeError\); look for a newer version of Megaphone$/
    );
    expect(streamOf(results, "posts").records).toMatchObject([{id: "1"}]);
  });
});

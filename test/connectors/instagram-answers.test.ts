import {inspect} from "node:util";
import {describe, expect, it} from "vitest";
import {ShapeError} from "../../connectors/errors.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {instagram} from "../../connectors/instagram.ts";
import {sendJson, serve} from "./loopback.ts";
import {night, outcome, recordsOf, streamOf} from "./night.ts";
import {paths, without} from "./required.ts";

const canary = "EAAcanary4Kd";
const user = {id: "17841", username: "mandate", name: "The mandate", followers_count: 120};
const media = {
  id: "17900",
  media_type: "IMAGE",
  media_product_type: "FEED",
  caption: "Guidelines out #SOGI",
  permalink: "https://www.instagram.com/p/CSgf9BChwVq/",
  shortcode: "CSgf9BChwVq",
  timestamp: "2020-11-20T10:00:00+0000",
  like_count: 4,
  comments_count: 0,
  insights: {data: [{name: "reach", period: "lifetime", values: [{value: 44}]}]}
};
const total = {data: [{name: "reach", period: "day", total_value: {value: 90}}]};
const parts = (...results: [string, number][]) => ({
  data: [
    {
      name: "any",
      total_value: {
        breakdowns: [{results: results.map(([name, value]) => ({dimension_values: [name], value}))}]
      }
    }
  ]
});
const follows = parts(["FOLLOWER", 7], ["NON_FOLLOWER", 2], ["UNKNOWN", 1]);
const ages = parts(["25-34", 70]);

interface Answers {
  user?: unknown;
  media?: unknown;
  days?: unknown;
  follows?: unknown;
  ages?: unknown;
}

async function read(answers: Answers): Promise<Extracted[]> {
  await using server = await serve((response, _, request) => {
    const url = new URL(request.url!, "http://graph");
    const metric = url.searchParams.get("metric");
    if (url.pathname.endsWith("/media")) sendJson(response, 200, answers.media ?? {data: [media]});
    else if (url.pathname.endsWith("/stories")) sendJson(response, 200, {data: []});
    else if (metric === "follows_and_unfollows") sendJson(response, 200, answers.follows ?? follows);
    else if (metric === "follower_demographics") sendJson(response, 200, answers.ages ?? ages);
    else if (metric !== null) sendJson(response, 200, answers.days ?? total);
    else sendJson(response, 200, answers.user ?? user);
  });
  const {apiVersion} = instagram;
  const auth = {token: canary};
  const results = await night(instagram, {
    platform: "instagram",
    kind: "professional",
    id: "17841",
    aliases: [],
    name: "mandate",
    apiVersion,
    baseUrl: server.url,
    auth
  });
  expect(inspect([results, server.requests], {depth: null})).not.toContain(canary);
  return results;
}

function refusal(results: Extracted[], stream: string, path: string): void {
  const {error, records, cursor} = streamOf(results, stream);
  expect(error).toBeInstanceOf(ShapeError);
  expect(error!.message).toContain(`mandate ${stream}: ${path} is not as documented`);
  expect(error!.message).not.toContain("Guidelines");
  expect(records).toEqual([]);
  expect(cursor).toBeUndefined();
}

describe("an answer of Instagram that lacks a field", () => {
  it("is read when nothing lacks", async () => {
    const results = await read({});
    expect(results.map(({stream, error}) => [stream, error?.message])).toEqual(
      Object.keys(instagram.streams).map(stream => [stream, undefined])
    );
    expect(recordsOf(results)).toEqual([expect.objectContaining({id: "17900", insights: {reach: 44}})]);
  });

  // What the owner may hide, what a medium may have none of, and the parts of a metric by kind.
  const optional = /^(caption|permalink|shortcode|like_count|comments_count|insights)$|period$|value\./;

  it.each(paths(media).filter(path => !optional.test(path)))(
    "of a medium is a ShapeError that names it: %s",
    async path => {
      refusal(await read({media: {data: [without(media, path)]}}), "posts", `data.0.${path}`);
    }
  );

  it.each(["id", "username", "followers_count"])("of the account is a ShapeError that names it: %s", async path => {
    refusal(await read({user: without(user, path)}), "account", path);
  });

  it.each(paths(total).filter(path => !path.endsWith("period")))(
    "of its days is a ShapeError that names it: %s",
    async path => {
      refusal(await read({days: without(total, path)}), "account_days", path);
    }
  );

  it.each(paths(follows).filter(path => !/name|results$/.test(path)))(
    "of who came and went is a ShapeError that names it: %s",
    async path => {
      refusal(await read({follows: without(follows, path)}), "follows", path);
    }
  );

  it("ends with a ShapeError where the next page has no cursor, instead of leaving older posts out", async () => {
    const next = `https://graph.facebook.com/v25.0/17841/media?access_token=${canary}`;
    refusal(await read({media: {data: [media], paging: {next}}}), "posts", "paging.cursors.after");
  });
});

describe("what Instagram's answers hold beside", () => {
  it("advertisements are no posts of the account", async () => {
    const results = await read({media: {data: [media, {...media, id: "17901", media_product_type: "AD"}]}});
    expect(recordsOf(results).map(({id}) => id)).toEqual(["17900"]);
  });

  it("a kind of follows that nobody knew is not counted as either", async () => {
    const landed = recordsOf(await read({}), "follows").map(({metric, value, window_days}) => [
      metric,
      value,
      window_days
    ]);
    expect(landed).toEqual([
      ["follows", 7, 7],
      ["unfollows", 2, 7]
    ]);
  });

  it("followers without any class are none that was measured", async () => {
    const results = await read({ages: {data: [{name: "any", total_value: {breakdowns: [{dimension_keys: ["age"]}]}}]}});
    expect(outcome(results, "audience")).toBe("ok");
    expect(recordsOf(results, "audience")).toEqual([]);
  });

  it("hidden likes and comments are unknown, not zero", async () => {
    const {like_count: _, comments_count: __, insights: ___, ...hidden} = media;
    expect(recordsOf(await read({media: {data: [hidden]}}))[0]).toMatchObject({
      like_count: null,
      comment_count: null,
      insights: null
    });
  });
});

import {afterAll, afterEach, beforeAll, describe, expect, it} from "vitest";
import type {KnownPost} from "../../connectors/connector.ts";
import {MegaphoneError, ShapeError, WithdrawnError} from "../../connectors/errors.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import {memberPostUrns} from "../../connectors/sandbox/linkedin-member.ts";
import {faultsOf, type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {answerBy, daysAgo, share, streamFrom} from "./linkedin-server.ts";
import {
  accountOf,
  callsOf,
  known,
  type NightOptions,
  night as nightOf,
  outcome,
  plan,
  recordsOf,
  stateOf,
  streamOf
} from "./night.ts";

let demo: Sandbox;
beforeAll(async () => {
  demo = await startSandbox({only: ["linkedin"]});
});
afterAll(() => demo.close());
afterEach(() => demo.setFaults([]));

const account = () => accountOf(linkedin, demo.otherAccounts[0]!);
const night = (options: NightOptions = {}) => nightOf(linkedin, account(), options);

/** Posts that are due, known by no more than their URN. */
function due(urns: readonly string[]): KnownPost[] {
  const {stub, publishedAt} = linkedin.streams.member_posts!;
  return urns.map(urn => known(urn, publishedAt!(stub!(urn))!));
}

/** A share and a video of the member's. */
const [aShare, aVideo] = [memberPostUrns[0]!, memberPostUrns[3]!];
const states = () => stateOf("member_posts", {due: due([aShare, aVideo])});

describe("a member's night", () => {
  it("reads the followers, and five counters a post in five calls, as planned", async () => {
    expect([aShare, aVideo].map(urn => urn.split(":")[2])).toEqual(["share", "ugcPost"]);
    const steps = plan(linkedin, account(), {states: states()});
    expect(steps.map(({stream, how, part, httpCalls, bound}) => [stream, how, part, httpCalls, bound])).toEqual([
      ["member_account", "snapshot", undefined, 1, "exact"],
      ...["impressions", "reach", "reshares", "reactions", "comments"].map(part => [
        "member_posts",
        "part",
        part,
        2,
        "exact"
      ])
    ]);
    demo.resetRequests();
    const results = await night({states: states()});
    expect(results.map(({error}) => error)).toEqual([undefined, undefined]);
    expect(recordsOf(results, "member_account")).toEqual([{followers: expect.any(Number)}]);
    expect(callsOf(results, "member_posts")).toBe(10);
    expect(demo.requests()).toHaveLength(11);
    const entities = demo.requests().flatMap(({query}) => query.entity ?? []);
    expect(new Set(entities)).toEqual(new Set([`(share:${aShare})`, `(ugc:${aVideo})`]));
    const records = recordsOf(results, "member_posts");
    expect(records.map(({id}) => id)).toEqual([aShare, aVideo]);
    for (const record of records) {
      for (const part of ["impressions", "reach", "reshares", "reactions", "comments"]) {
        expect(record).toMatchObject({[part]: expect.any(Number), [`${part}_status`]: "ok"});
      }
      expect(Object.keys(record)).not.toContain("text");
    }
  });

  it("dates a post by the time that its URN holds", async () => {
    const [record] = recordsOf(await night({states: states()}), "member_posts");
    expect(record!.published_at).toBe("2019-09-02T09:30:00.000Z");
  });

  it("asks nothing of a page, nor a page of it", async () => {
    const page = plan(linkedin, accountOf(linkedin, demo.accounts[0]!)).map(({stream}) => stream);
    const member = plan(linkedin, account(), {states: states()}).map(({stream}) => stream);
    expect(page.filter(stream => stream.startsWith("member"))).toEqual([]);
    expect(member.filter(stream => !stream.startsWith("member"))).toEqual([]);
  });

  it("reads nothing by the URN of an activity", async () => {
    const activity = "urn:li:activity:6574221715046400500";
    const given = stateOf("member_posts", {due: due([activity])});
    expect(plan(linkedin, account(), {states: given}).map(({stream}) => stream)).toEqual(["member_account"]);
    const mixed = stateOf("member_posts", {due: due([aShare, activity])});
    const results = await night({states: mixed});
    expect(callsOf(results, "member_posts")).toBe(5);
    expect(recordsOf(results, "member_posts").map(({id}) => id)).toEqual([aShare]);
  });

  it("reads on where one post is no longer there", async () => {
    const gone = share(1);
    const results = await night({states: stateOf("member_posts", {due: due([gone, aShare])})});
    expect(outcome(results, "member_posts")).toBe("ok");
    expect(recordsOf(results, "member_posts")).toMatchObject([
      {id: gone, impressions: null, impressions_status: "expired", comments_status: "expired"},
      {id: aShare, impressions_status: "ok", comments_status: "ok"}
    ]);
  });

  it("goes on without a metric that is retired, and leaves it for a month", async () => {
    demo.setFaults(["retired-metric"]);
    const results = await night({states: states()});
    const {error, records, cursor} = streamOf(results, "member_posts");
    expect(error).toBeUndefined();
    for (const record of records) {
      expect(record).toMatchObject({reshares_status: "not_offered", reactions_status: "ok", comments_status: "ok"});
      expect(record.reshares).toBeUndefined();
    }
    expect(cursor).toMatchObject({refused: {RESHARE: "2020-11-30"}});
    const next = stateOf("member_posts", {cursor: cursor!, due: due([aShare, aVideo])});
    expect(plan(linkedin, account(), {states: next}).map(({part}) => part)).not.toContain("reshares");
    const again = await night({states: next});
    expect(callsOf(again, "member_posts")).toBe(8);
    expect(recordsOf(again, "member_posts")).toMatchObject([
      {reshares_status: "not_offered", reach_status: "ok"},
      {reshares_status: "not_offered", reach_status: "ok"}
    ]);
  });

  it("says that the product's upgraded tier is missing, and stops asking", async () => {
    demo.setFaults(["member-tier-missing"]);
    demo.resetRequests();
    const results = await night({states: states()});
    expect(results.map(({error}) => error)).toEqual([expect.any(WithdrawnError), expect.any(WithdrawnError)]);
    for (const {error} of results) {
      expect(error!.message).toContain("upgraded tier of the Community Management product");
    }
    expect(demo.requests()).toHaveLength(2);
  });

  it("reads the same where the metric's name comes nested", async () => {
    const plain = await night({states: states()});
    demo.setFaults(["nested-counts"]);
    const nested = await night({states: states()});
    expect(recordsOf(nested, "member_posts")).toEqual(recordsOf(plain, "member_posts"));
    expect(recordsOf(nested, "member_account")).toEqual(recordsOf(plain, "member_account"));
  });
});

describe("a fault", () => {
  const both = (kind: string): string[] => [kind, kind];
  const outcomes: Record<string, string[]> = {
    "http-503-always": both("RetryableError"),
    "html-200": both("ShapeError"),
    "bad-json": both("ShapeError"),
    "gzip-bomb": both("ShapeError"),
    "redirect-foreign": both("ShapeError"),
    "echo-token": both("ConfigError"),
    "day-limit": both("RetryableError"),
    "token-expired": ["AuthError", "unread"],
    "token-revoked": ["AuthError", "unread"],
    "version-sunset": ["AuthError", "unread"],
    // Of the posts each counter lands as not permitted.
    "no-permission": ["PartError", "ok"],
    unprocessable: both("ConfigError"),
    "member-tier-missing": both("WithdrawnError"),
    "wrong-shape": ["ok", "ShapeError"]
  };

  it.each(Object.keys(faultsOf("linkedin")).filter(fault => fault !== "refresh-lost"))(
    "%s leaves the streams as the table says, else ok",
    async fault => {
      demo.setFaults([fault]);
      const results = await nightOf(linkedin, account(), {states: states(), timeout: 1000});
      const found = ["member_account", "member_posts"].map(stream => outcome(results, stream));
      expect(found).toEqual(outcomes[fault] ?? ["ok", "ok"]);
      const {token} = account().auth!;
      for (const {error, records} of results) {
        expect(JSON.stringify([records, error?.message, error?.stack])).not.toContain(token);
        if (error !== undefined) expect(error).toBeInstanceOf(MegaphoneError);
      }
    }
  );

  it("no-permission is the reason why the counters are missing", async () => {
    demo.setFaults(["no-permission"]);
    for (const record of recordsOf(await night({states: states()}), "member_posts")) {
      expect(record).toMatchObject({reach: null, reach_status: "not_permitted", comments_status: "not_permitted"});
    }
  });
});

describe("a member's answer", () => {
  const posts = {due: [known(share(1), daysAgo(1))]};

  it.each([
    ["count", {elements: [{value: 3, metricType: "REACTION"}]}, "elements.0.count"],
    ["elements", {paging: {}}, "elements"]
  ])("without %s is a ShapeError that names it", async (_field, body, path) => {
    await using server = await answerBy(() => body);
    const {error, records} = await streamFrom(server, "member_posts", posts, {kind: "member"});
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toContain(`mandate member_posts: ${path} is not as documented`);
    expect(records).toMatchObject([{id: share(1), impressions_status: "failed", comments_status: "failed"}]);
  });

  it.each([
    ["memberFollowersCount", {elements: [{followers: 3}]}, "elements.0.memberFollowersCount"],
    ["elements", {paging: {}}, "elements"],
    ["an element", {elements: []}, "elements"]
  ])("about followers without %s is a ShapeError that names it", async (_field, body, path) => {
    await using server = await answerBy(() => body);
    const {error, records} = await streamFrom(server, "member_account", {}, {kind: "member"});
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toContain(`mandate member_account: ${path} is not as documented`);
    expect(records).toEqual([]);
  });

  it("with no element is no zero", async () => {
    await using server = await answerBy(() => ({elements: []}));
    const {error, records} = await streamFrom(server, "member_posts", posts, {kind: "member"});
    expect(error).toBeUndefined();
    expect(records).toMatchObject([{impressions: null, impressions_status: "not_offered"}]);
  });

  it("of zero is zero", async () => {
    await using server = await answerBy(() => ({elements: [{count: 0}]}));
    const {records} = await streamFrom(server, "member_posts", posts, {kind: "member"});
    expect(records).toMatchObject([{impressions: 0, impressions_status: "ok"}]);
  });
});

import {afterAll, afterEach, beforeAll, describe, expect, it} from "vitest";
import {RetryableError} from "../../connectors/errors.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {contentItems} from "../../connectors/sandbox/world.ts";
import {daysAgo, pageOf, post, postsOn, raw, share, shown, streamFrom, textsIn} from "./linkedin-server.ts";
import {sendJson, serve} from "./loopback.ts";
import {accountOf, known, type NightOptions, night as nightOf, plan, recordsOf, stateOf, streamOf} from "./night.ts";

let demo: Sandbox;
beforeAll(async () => {
  demo = await startSandbox({only: ["linkedin"]});
});
afterAll(() => demo.close());
afterEach(() => {
  demo.setFaults([]);
  demo.setNight("2020-11-30");
});

const account = () => accountOf(linkedin, demo.accounts[0]!);
const night = (options: NightOptions = {}) => nightOf(linkedin, account(), options);

describe("counters of posts", () => {
  it("are asked for with each type of URN in a parameter of its own", async () => {
    demo.resetRequests();
    await night();
    const asked = demo.requests().filter(({query}) => query.shares !== undefined || query.ugcPosts !== undefined);
    const urns = (name: string) => asked.flatMap(({query}) => textsIn(query[name]));
    expect(urns("shares").length).toBeGreaterThan(10);
    expect(urns("ugcPosts").length).toBeGreaterThan(1);
    expect(urns("shares").filter(urn => !urn.startsWith("urn:li:share:"))).toEqual([]);
    expect(urns("ugcPosts").filter(urn => !urn.startsWith("urn:li:ugcPost:"))).toEqual([]);
  });

  it("that are left out are unknown where the reactions or the comments are", async () => {
    const none = {count: 0, topLevelCount: 0};
    const posts = [post(share(1), daysAgo(1)), post(share(2), daysAgo(2)), post(share(3), daysAgo(3))];
    await using server = await postsOn(posts, {
      organizationalEntityShareStatistics: () => ({elements: []}),
      socialMetadata: () => ({
        results: {
          [share(2)]: {reactionSummaries: {}, commentSummary: none},
          [share(3)]: {reactionSummaries: {}}
        }
      })
    });
    const {records} = await streamFrom(server, "posts");
    expect(records.map(({id, reactions_status, statistics}) => [id, reactions_status, statistics])).toEqual([
      [share(1), "failed", null],
      [share(2), "ok", shown(0)],
      [share(3), "ok", null]
    ]);
  });

  it("that are left out are zeros of a young post that never had any, and else unknown", async () => {
    const posts = [1, 2, 3, 4].map(number => post(share(number), daysAgo(number)));
    const old = post(share(5), daysAgo(370));
    await using server = await postsOn([...posts, old], {
      organizationalEntityShareStatistics: url => ({
        elements: textsIn(url.searchParams.get("shares"))
          .filter(id => id === share(4))
          .map(id => ({share: id, totalShareStatistics: shown(9)}))
      }),
      socialMetadata: url => ({
        results: Object.fromEntries(
          textsIn(url.searchParams.get("ids")).map(id => [
            id,
            {
              reactionSummaries: id === share(3) ? {LIKE: {count: 2}} : {},
              commentSummary: {count: 0, topLevelCount: 0}
            }
          ])
        )
      })
    });
    const counted = new Set([share(2)]);
    const {records, error} = await streamFrom(server, "posts", {counted});
    expect(error).toBeUndefined();
    expect(records.map(({id, statistics, statistics_status}) => [id, statistics, statistics_status])).toEqual([
      [share(1), shown(0), "ok"],
      [share(2), null, "failed"],
      [share(3), null, "failed"],
      [share(4), shown(9), "ok"],
      [share(5), undefined, "expired"]
    ]);
    const asked = server.requests
      .filter(({url}) => url.includes("ShareStatistics"))
      .map(({url}) => decodeURIComponent(url));
    expect(asked.filter(url => url.includes(share(5)))).toEqual([]);
  });

  it("below zero stay below zero", async () => {
    const results = await night();
    const likes = recordsOf(results).map(({statistics}) => (statistics as {likeCount: number} | null)?.likeCount);
    expect(likes.filter(count => count !== undefined && count < 0)).toEqual([-1]);
  });

  it("that the platform retired are not offered, and not asked for again the next night", async () => {
    demo.setFaults(["retired-metric"]);
    const results = await night();
    const {error, cursor, records} = streamOf(results, "posts");
    expect(error).toBeUndefined();
    expect(cursor).toMatchObject({refused: {VIDEO_VIEW: "2020-11-30"}});
    const videos = records.filter(({post_type}) => post_type === "video");
    expect(videos.length).toBeGreaterThan(1);
    for (const record of videos) {
      expect(record).toMatchObject({video_status: "not_offered", reactions_status: "ok"});
      expect(record.video ?? null).toBeNull();
    }
    const videosBefore = videos.map(({id, published_at}) =>
      known(id as string, new Date(published_at as string), "video")
    );
    const states = stateOf("posts", {cursor: cursor!, known: videosBefore});
    expect(plan(linkedin, account(), {states}).filter(({part}) => part === "video")).toEqual([]);
    demo.resetRequests();
    const again = recordsOf(await night({states}));
    expect(again.filter(({video_status}) => video_status !== "not_offered")).toEqual([]);
    expect(demo.requests().filter(({path}) => path.endsWith("videoAnalytics"))).toEqual([]);
  });

  it("go on without reactions where these are not permitted", async () => {
    await using server = await postsOn([post(share(1), daysAgo(1))], {socialMetadata: () => 403});
    const {records, error, cursor} = await streamFrom(server, "posts");
    expect(error).toBeUndefined();
    expect(cursor).toBeDefined();
    expect(records).toMatchObject([
      {reactions: null, reactions_status: "not_permitted", statistics: shown(1), statistics_status: "ok"}
    ]);
  });

  it("are failed, not zero, where a batch says 429 of one of them", async () => {
    demo.setFaults(["partial-429"]);
    const records = recordsOf(await night());
    const failed = records.filter(({reactions_status}) => reactions_status !== "ok");
    // The first of each list of fifty.
    expect(failed).toHaveLength(Math.ceil(records.length / 50));
    expect(failed[0]).toBe(records[0]);
    for (const record of failed) expect(record).toMatchObject({reactions: null, reactions_status: "failed"});
  });

  it("of a post that statistics leave out though people reacted are failed", async () => {
    demo.setFaults(["missing-elements"]);
    const failed = recordsOf(await night()).filter(({statistics_status}) => statistics_status === "failed");
    expect(failed.length).toBeGreaterThan(0);
    for (const record of failed) expect(record).toMatchObject({statistics: null, reactions_status: "ok"});
  });

  it("that the day's limit cuts off are failed, and read the next night", async () => {
    let isSpent = true;
    const words = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.";
    await using server = await serve((response, _index, request) => {
      if (request.url!.startsWith("/rest/posts")) {
        sendJson(response, 200, pageOf([post(share(1), daysAgo(1))]));
      } else if (isSpent) sendJson(response, 429, {status: 429, serviceErrorCode: 101, message: words});
      else if (request.url!.includes("socialMetadata")) {
        sendJson(response, 200, {results: {[share(1)]: {reactionSummaries: {LIKE: {count: 1}}}}});
      } else sendJson(response, 200, {elements: [{share: share(1), totalShareStatistics: shown(4)}]});
    });
    const cut = await streamFrom(server, "posts");
    expect(cut.error).toBeInstanceOf(RetryableError);
    expect(cut.error!.message).toContain("day-limit");
    expect(cut).toMatchObject({
      cursor: undefined,
      records: [{reactions_status: "failed", statistics_status: "failed"}]
    });
    expect(server.requests).toHaveLength(2);
    isSpent = false;
    const next = await streamFrom(server, "posts");
    expect(next.error).toBeUndefined();
    expect(next.records).toMatchObject([{reactions: {total: 1}, statistics: shown(4)}]);
  });
});

describe("posts that are read again", () => {
  it("are marked as gone where they are, and left alone where the platform asks to wait", async () => {
    await using server = await postsOn([], {
      posts: url =>
        url.searchParams.get("q") === null
          ? {
              results: {[share(1)]: post(share(1), daysAgo(90))},
              statuses: {[share(1)]: 200, [share(2)]: 404, [share(3)]: 429},
              errors: {[share(2)]: {status: 404, message: "no"}, [share(3)]: {status: 429, message: "wait"}}
            }
          : pageOf([])
    });
    const due = [1, 2, 3].map(number => known(share(number), daysAgo(90)));
    const {records, error} = await streamFrom(server, "posts", {cursor: {read_at: daysAgo(1).toISOString()}, due});
    expect(error).toBeUndefined();
    expect(records.map(({id, is_gone}) => [id, is_gone])).toEqual([
      [share(1), undefined],
      [share(2), true]
    ]);
  });
});

describe("what lands of posts", () => {
  it("is none of the advertisements that only a target group saw", async () => {
    const body = await raw(
      demo,
      `/rest/posts?author=urn%3Ali%3Aorganization%3A${demo.accounts[0]!.id}&q=author&count=100`
    );
    const dark = body.filter(({adContext}) => adContext !== undefined);
    expect(dark).toHaveLength(1);
    const records = recordsOf(await night());
    expect(records.map(({id}) => id)).not.toContain(dark[0]!.id);
    expect(records).toHaveLength(body.length - 1);
  });

  it("is none that is not published, or in no feed", async () => {
    const posts = [
      post(share(1), daysAgo(1), {lifecycleState: "DRAFT", publishedAt: undefined}),
      post(share(2), daysAgo(1), {lifecycleState: "PUBLISH_REQUESTED", publishedAt: undefined}),
      post(share(3), daysAgo(1), {distribution: {feedDistribution: "NONE"}}),
      post(share(4), daysAgo(1), {adContext: {isDsc: true}}),
      post(share(5), daysAgo(1), {adContext: {isDsc: false}})
    ];
    await using server = await postsOn(posts);
    const {records, error} = await streamFrom(server, "posts");
    expect(error).toBeUndefined();
    expect(records.map(({id}) => id)).toEqual([share(5)]);
  });

  it("is the text as people read it", async () => {
    const commentary = String.raw`\[blog\] By @[R Consortium](urn:li:organization:36080541) \(16:00\) a\_b {hashtag|\#|RStats} \#no`;
    await using server = await postsOn([post(share(1), daysAgo(1), {commentary})]);
    const {records} = await streamFrom(server, "posts");
    expect(records[0]).toMatchObject({
      text: "[blog] By R Consortium (16:00) a_b #RStats #no",
      hashtags: ["RStats", "no"]
    });
  });

  it("is the demo's very words", async () => {
    const texts = new Set(recordsOf(await night()).map(({text}) => text));
    const own = contentItems.filter(({platforms}) => platforms.includes("linkedin")).map(({text}) => text);
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter(text => !texts.has(text))).toEqual([]);
  });

  it("tells a repost from a quote, and holds no word of whom they share", async () => {
    const reshareContext = {parent: share(9), root: share(9)};
    await using server = await postsOn([
      post(share(1), daysAgo(1), {commentary: "Worth reading \\[again\\].", reshareContext}),
      post(share(2), daysAgo(2), {commentary: "", reshareContext})
    ]);
    const {records} = await streamFrom(server, "posts");
    expect(records.map(({text, is_repost, is_quote}) => [text, is_repost, is_quote])).toEqual([
      ["Worth reading [again].", false, true],
      ["", true, false]
    ]);
    expect(JSON.stringify(records)).not.toContain(share(9));
    demo.setNight("2020-04-16");
    const at = new Date("2020-04-16T23:59:59Z");
    const landed = recordsOf(await night({at}));
    expect(landed.filter(({is_repost}) => is_repost)).toHaveLength(2);
    expect(JSON.stringify(landed)).not.toMatch(/somebody else|reshareContext|author|urn:li:person/);
  });

  it.each([
    ["text", undefined],
    ["image", {media: {id: "urn:li:image:A"}}],
    ["video", {media: {id: "urn:li:video:A"}}],
    ["document", {media: {id: "urn:li:document:A"}}],
    ["other", {media: {id: "urn:li:hologram:A"}}],
    ["album", {multiImage: {images: []}}],
    ["album", {carousel: {cards: []}}],
    ["link", {article: {source: "https://example.org/report"}}],
    ["poll", {poll: {question: "?"}}],
    ["event", {reference: {id: "urn:li:event:1"}}],
    ["text", {celebration: {}}]
  ])("has the type %s by its content", async (type, content) => {
    await using server = await postsOn([post(share(1), daysAgo(1), {content})]);
    const {records, error} = await streamFrom(server, "posts");
    expect(error).toBeUndefined();
    expect(records[0]).toMatchObject({
      post_type: type,
      links: type === "link" ? ["https://example.org/report"] : [],
      // Of a share no views of videos are documented.
      video_status: "not_offered"
    });
    expect(server.requests.filter(({url}) => url.includes("videoAnalytics"))).toEqual([]);
  });
});

describe("a video that is a share", () => {
  it("is planned without a call for its views, because none is documented", async () => {
    await using server = await postsOn([post(share(1), daysAgo(1), {content: {media: {id: "urn:li:video:A"}}})]);
    const {cursor} = await streamFrom(server, "posts");
    const state = {cursor, known: [known(share(1), daysAgo(1), "video")]};
    const account = {...accountOf(linkedin, demo.accounts[0]!), baseUrl: server.url};
    const planned = plan(linkedin, account, {states: stateOf("posts", state)}).filter(({stream}) => stream === "posts");
    const before = server.requests.length;
    await streamFrom(server, "posts", state);
    expect(server.requests.length - before).toBe(planned.reduce((sum, {httpCalls}) => sum + httpCalls, 0));
  });
});

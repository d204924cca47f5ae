import {describe, expect, it} from "vitest";
import {everyPost, type Insight, type Summary} from "./facebook-client.ts";
import {type GraphClient, startedGraph} from "./graph-client.ts";

const day = 86_400_000;
const summaries =
  "shares,reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count),likes.limit(0).summary(total_count)";

describe("the counters of the demo's posts", () => {
  const metrics = [
    "post_media_view",
    "post_total_media_view_unique",
    "post_clicks",
    "post_clicks_by_type",
    "post_reactions_by_type_total",
    "post_reactions_like_total",
    "post_activity_by_action_type"
  ];

  it("hold the toy values on P1 and P2 at 28 days, and stay", async () => {
    await using own = await startedGraph("facebook", {night: "2020-07-16"});
    const fields = `${summaries},insights.metric(${metrics}).period(lifetime)`;
    const read = async () => {
      const posts = await everyPost(own, `created_time,${fields}`);
      const toys = posts.filter(({created_time}) => created_time === "2020-06-18T10:00:00+0000");
      return toys
        .map(post => ({
          ...Object.fromEntries(post.insights.data.map(({name, values}) => [name, values[0]!.value])),
          counted: [post.reactions.summary.total_count, post.comments.summary.total_count, post.shares?.count]
        }))
        .reverse();
    };
    const values = await read();
    expect(values).toEqual([
      {
        post_media_view: 1500,
        post_total_media_view_unique: 1200,
        post_clicks: 36,
        post_clicks_by_type: {"other clicks": 11, "photo view": 25},
        post_reactions_by_type_total: {like: 60, love: 30, care: 6, haha: 1, wow: 1, sorry: 1, anger: 1},
        post_reactions_like_total: 60,
        post_activity_by_action_type: {like: 100, comment: 12, share: 24},
        counted: [100, 12, 24]
      },
      {
        post_media_view: 1260,
        post_total_media_view_unique: 900,
        post_clicks: 18,
        post_clicks_by_type: {"other clicks": 6, "video play": 12},
        post_reactions_by_type_total: {like: 40, love: 10, sorry: 2, anger: 2},
        post_reactions_like_total: 40,
        post_activity_by_action_type: {like: 54, comment: 6, share: 9},
        counted: [54, 6, 9]
      }
    ]);
    own.sandbox.setNight("2020-11-30");
    expect(await read()).toEqual(values);
  });

  it("gain 40 55 35 60 45 50 38 52 in the weeks before the launch, 190 in its own, wherever a Thursday is cut", async () => {
    await using own = await startedGraph("facebook");
    const launch = Date.parse("2020-06-18");
    for (const offset of [-1, 0]) {
      const totals: number[] = [];
      for (let week = -8; week <= 1; week++)
        totals.push(total(await engagements(own, launch + (7 * week + offset) * day)));
      const gains = totals.slice(1).map((count, index) => count - totals[index]!);
      expect(gains.slice(0, 8)).toEqual(
        offset === 0 ? [40, 55, 35, 60, 45, 50, 38, expect.any(Number)] : [40, 55, 35, 60, 45, 50, 38, 52]
      );
      if (offset === -1) expect(gains[8]).toBe(190);
    }
  });

  it("gain in those weeks on posts of at most 28 days alone, and nothing else in the week of the launch", async () => {
    await using own = await startedGraph("facebook");
    const launch = Date.parse("2020-06-18");
    for (let week = -8; week <= 0; week++) {
      const from = launch + (7 * week - 1) * day;
      const [before, after] = [await engagements(own, from), await engagements(own, from + 7 * day)];
      const gaining = [...after].filter(([id, {count}]) => count > (before.get(id)?.count ?? 0));
      for (const [, {at}] of gaining) expect(from - at).toBeLessThan(28 * day);
      if (week === 0) expect(gaining.map(([, {at}]) => at)).toEqual(Array(2).fill(Date.parse("2020-06-18T10:00:00Z")));
    }
  });

  it("hold 190 together on 24 and on 25 June, and 205 on 16 July", async () => {
    await using own = await startedGraph("facebook");
    const together = async (night: string): Promise<number> => {
      const all = await engagements(own, Date.parse(night));
      return total(new Map([...all].filter(([, {at}]) => at === Date.parse("2020-06-18T10:00:00Z"))));
    };
    expect(await together("2020-06-17")).toBe(0);
    expect(await together("2020-06-18")).toBeGreaterThan(30);
    expect(await together("2020-06-24")).toBe(190);
    expect(await together("2020-06-25")).toBe(190);
    expect(await together("2020-06-26")).toBeGreaterThan(190);
    expect(await together("2020-07-15")).toBeLessThanOrEqual(205);
    expect(await together("2020-07-16")).toBe(205);
  });

  it("never fall, are complete at 28 days, and stay below the reach", async () => {
    await using own = await startedGraph("facebook");
    let before = new Map<string, number[]>();
    for (let at = Date.parse("2020-04-01"); at <= Date.parse("2020-08-31"); at += 3 * day) {
      own.sandbox.setNight(dateOf(at));
      const fields = `created_time,${summaries},insights.metric(post_media_view,post_total_media_view_unique,post_clicks).period(lifetime)`;
      const posts = await everyPost(own, fields);
      const now = new Map(
        posts.map(({id, shares, reactions, comments, insights}) => [
          id,
          [
            shares?.count ?? 0,
            reactions.summary.total_count,
            comments.summary.total_count,
            ...insights.data.map(({values}) => Number(values[0]!.value))
          ]
        ])
      );
      for (const {id, created_time} of posts) {
        const [counters, earlier] = [now.get(id)!, before.get(id)];
        const [shares = 0, reactions = 0, comments = 0, views = 0, reach = 0] = counters;
        expect(shares + reactions + comments).toBeLessThanOrEqual(reach);
        expect(reach).toBeLessThanOrEqual(views);
        if (earlier === undefined) continue;
        expect(counters.every((count, index) => count >= earlier[index]!)).toBe(true);
        const isGrown = at - 3 * day - Date.parse(created_time) > 28 * day;
        if (isGrown) expect(counters).toEqual(earlier);
      }
      before = now;
    }
  });

  it("leave out shares of a post never shared, and kinds of reactions that nobody chose", async () => {
    await using own = await startedGraph("facebook");
    const posts = await everyPost(
      own,
      `shares,reactions.limit(0).summary(total_count),insights.metric(post_reactions_by_type_total).period(lifetime)`
    );
    expect(posts.filter(({shares}) => shares === undefined).length).toBeGreaterThan(3);
    expect(posts.every(({shares}) => shares === undefined || shares.count > 0)).toBe(true);
    const kinds = posts.map(({insights}) => insights.data[0]!.values[0]!.value as Record<string, number>);
    expect(new Set(kinds.flatMap(Object.keys))).toEqual(
      new Set(["like", "love", "care", "wow", "haha", "sorry", "anger"])
    );
    expect(kinds.some(kind => !("anger" in kind))).toBe(true);
    kinds.forEach((kind, index) => {
      const sum = Object.values(kind).reduce((all, count) => all + count, 0);
      expect(sum).toBe(posts[index]!.reactions.summary.total_count);
    });
  });

  it("come twice without period=lifetime, the one of the day being 0", async () => {
    await using own = await startedGraph("facebook");
    const [post] = await everyPost(own, "insights.metric(post_media_view,post_clicks_by_type)");
    const {data} = post!.insights;
    expect(data.map(({name, period}) => `${name} ${period}`)).toEqual([
      "post_media_view lifetime",
      "post_media_view day",
      "post_clicks_by_type lifetime",
      "post_clicks_by_type day"
    ]);
    expect(data[0]!.values[0]!.value).toBeGreaterThan(0);
    expect(data[1]!.values).toEqual([{value: 0}]);
    expect(data[0]!.id).toBe(`${post!.id}/insights/post_media_view/lifetime`);
  });

  it("can be told by the kind of reaction, and list comments without their authors", async () => {
    await using own = await startedGraph("facebook");
    const p1 = `${own.id}_122091592474400055`;
    const fields = "reactions.type(SAD).limit(0).summary(total_count).as(sad),comments.limit(2).summary(true)";
    const body = await own.read<{sad: Summary; comments: Summary & {data: object[]}}>(`/${p1}?fields=${fields}`);
    expect(body.sad).toEqual({data: [], summary: {total_count: 1}});
    expect(body.comments.summary).toEqual({order: "ranked", total_count: 12, can_comment: true});
    expect(body.comments.data.map(comment => Object.keys(comment))).toEqual(
      Array(2).fill(["created_time", "message", "id"])
    );
    const comments = await own.pages<object>(`/${p1}/comments?limit=5`);
    expect(comments.map(({data}) => data.length)).toEqual([5, 5, 2]);
  });

  it("part views by followers and by advertisements", async () => {
    await using own = await startedGraph("facebook");
    const read = async (breakdown: string) =>
      (
        await own.read<{data: Insight[]}>(
          `/${own.id}_122091592474400055/insights?metric=post_media_view&period=lifetime&breakdown=${breakdown}`
        )
      ).data[0]!.values;
    expect(await read("is_from_followers")).toEqual([
      {value: 600, is_from_followers: "0"},
      {value: 900, is_from_followers: "1"}
    ]);
    expect(await read("is_from_ads")).toEqual([{value: 1500, is_from_ads: "0"}]);
  });
});

/** Reactions, comments and shares of each post at the end of a night, by its id. */
async function engagements(own: GraphClient, night: number): Promise<Map<string, {at: number; count: number}>> {
  own.sandbox.setNight(dateOf(night));
  const posts = await everyPost(own, `created_time,${summaries}`);
  return new Map(
    posts.map(({id, created_time, shares, reactions, comments}) => [
      id,
      {
        at: Date.parse(created_time),
        count: (shares?.count ?? 0) + reactions.summary.total_count + comments.summary.total_count
      }
    ])
  );
}

function total(all: ReadonlyMap<string, {count: number}>): number {
  return [...all.values()].reduce((sum, {count}) => sum + count, 0);
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

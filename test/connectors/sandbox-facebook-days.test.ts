import {describe, expect, it} from "vitest";
import {followersOn} from "../../connectors/sandbox/world.ts";
import type {Insight, Post} from "./facebook-client.ts";
import {type GraphClient, startedGraph} from "./graph-client.ts";

const day = 86_400_000;

describe("the demo's Page by day", () => {
  const series = async (own: GraphClient, query: string) =>
    (await own.read<{data: Insight[]; paging: {previous: string; next: string}}>(`/${own.id}/insights?${query}`)).data;
  const numbers = ({values}: Insight): number[] => values.map(({value}) => Number(value));

  it("gives days that end at midnight in Los Angeles, the first at the end of the first day asked for", async () => {
    await using own = await startedGraph("facebook");
    const ends = async (since: string, until: string) =>
      (await series(own, `metric=page_follows&period=day&since=${since}&until=${until}`))[0]!.values.map(
        ({end_time}) => end_time
      );
    expect(await ends("2020-03-07", "2020-03-10")).toEqual([
      "2020-03-08T08:00:00+0000",
      "2020-03-09T07:00:00+0000",
      "2020-03-10T07:00:00+0000"
    ]);
    expect(await ends("2020-10-31", "2020-11-02")).toEqual(["2020-11-01T07:00:00+0000", "2020-11-02T08:00:00+0000"]);
    expect(await ends("2020-09-03", "2020-12-02")).toHaveLength(88);
    expect((await ends("2020-08-25", "2020-11-23")).length).toBe(90);
  });

  it("totals its followers by day, and parts the change into follows and unfollows", async () => {
    await using own = await startedGraph("facebook");
    const metrics = "page_follows,page_daily_follows,page_daily_follows_unique,page_daily_unfollows_unique";
    const [totals, follows, unique, unfollows] = await series(
      own,
      `metric=${metrics}&period=day&since=2020-06-01&until=2020-08-20`
    );
    const dates = totals!.values.map(({end_time}) => dateOf(Date.parse(end_time!) - day));
    expect(numbers(totals!)).toEqual(dates.map(date => followersOn("facebook", date)));
    const net = numbers(follows!).map((count, index) => count - numbers(unfollows!)[index]!);
    expect(net.slice(1)).toEqual(
      numbers(totals!)
        .slice(1)
        .map((count, index) => count - numbers(totals!)[index]!)
    );
    expect(numbers(unique!)).toEqual(numbers(follows!));
    expect(numbers(unfollows!).some(count => count > 0)).toBe(true);
  });

  it("rolls weeks and 28 days, in which the same viewers count once", async () => {
    await using own = await startedGraph("facebook");
    const query = "metric=page_media_view,page_total_media_view_unique&since=2020-06-01&until=2020-07-01";
    const all = await series(own, query);
    expect(all.map(({name, period}) => `${name} ${period}`)).toEqual(
      ["page_media_view", "page_total_media_view_unique"].flatMap(name =>
        ["day", "week", "days_28"].map(period => `${name} ${period}`)
      )
    );
    const sum = (insight: Insight, days: number) =>
      numbers(insight)
        .slice(-days)
        .reduce((total, value) => total + value, 0);
    expect(numbers(all[1]!).at(-1)).toBe(sum(all[0]!, 7));
    expect(numbers(all[2]!).at(-1)).toBe(sum(all[0]!, 28));
    expect(numbers(all[5]!).at(-1)).toBeLessThan(sum(all[3]!, 28));
    expect(await series(own, "metric=page_media_view&period=lifetime")).toMatchObject([{values: [{value: 0}]}]);
    expect(await series(own, "metric=page_follows&period=week")).toEqual([]);
  });

  it("adds reactions up to those of its posts", async () => {
    await using own = await startedGraph("facebook", {night: "2020-06-30"});
    const [reactions, engaged] = await series(
      own,
      "metric=page_actions_post_reactions_total,page_post_engagements&period=day&since=2020-06-18&until=2020-06-25"
    );
    const sum = reactions!.values.flatMap(({value}) => Object.values(value)).reduce((total, count) => total + count, 0);
    const [p1, p2] = await Promise.all(
      [55, 56].map(number =>
        own.read<Post>(`/${own.id}_1220915924744000${number}?fields=reactions.limit(0).summary(total_count)`)
      )
    );
    expect(sum).toBeLessThan(p1!.reactions.summary.total_count + p2!.reactions.summary.total_count);
    expect(sum).toBeGreaterThan(130);
    expect(numbers(engaged!).reduce((total, count) => total + count, 0)).toBeGreaterThan(190);
  });

  it("goes back two years and up to the last day that is over", async () => {
    await using own = await startedGraph("facebook");
    expect(
      (await series(own, "metric=page_views_total&period=day&since=2018-11-01&until=2019-01-01"))[0]!.values
    ).toHaveLength(30);
    const [last] = await series(own, "metric=page_follows&period=day");
    expect(last!.values.map(({end_time}) => end_time)).toEqual([
      "2020-11-29T08:00:00+0000",
      "2020-11-30T08:00:00+0000"
    ]);
  });

  it("takes the metric from the path, and links the windows before and after", async () => {
    await using own = await startedGraph("facebook");
    const body = await own.read<{data: Insight[]; paging: {previous: string; next: string}}>(
      `/${own.id}/insights/page_follows/day?since=2020-06-01&until=2020-06-08`
    );
    expect(body.data.map(({id}) => id)).toEqual([`${own.id}/insights/page_follows/day`]);
    const next = new URL(body.paging.next);
    expect(next.searchParams.get("since")).toBe(String(Date.parse("2020-06-08T07:00:00Z") / 1000));
    expect(next.searchParams.get("access_token")).toBe(own.sandbox.accounts[0]!.auth.token);
    const following = (await own.ask(next.pathname.slice("/facebook".length) + next.search, "")).body as typeof body;
    expect(following.data[0]!.values[0]!.end_time).toBe("2020-06-09T07:00:00+0000");
  });

  it("says nothing to a token without read_insights", async () => {
    await using own = await startedGraph("facebook");
    const {limited} = own.sandbox.accounts[0]!.otherAuth;
    const {status, body} = await own.ask("/v25.0/{id}/insights?metric=page_follows", limited!.token);
    expect([status, (body as {data: unknown[]}).data]).toEqual([200, []]);
  });
});

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

import {describe, expect, it} from "vitest";
import {contentItems, followersOn} from "../../connectors/sandbox/world.ts";
import {type GraphClient, startedGraph} from "./graph-client.ts";

const day = 86_400_000;
const summaries =
  "shares,reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count),likes.limit(0).summary(total_count)";

interface Summary {
  data: object[];
  summary: {total_count: number};
}

interface Insight {
  name: string;
  period: string;
  values: {value: number | Record<string, number>; end_time?: string}[];
  id: string;
}

interface Post {
  id: string;
  message: string;
  created_time: string;
  permalink_url: string;
  status_type: string;
  is_published: boolean;
  full_picture?: string;
  from: {id: string};
  shares?: {count: number};
  reactions: Summary;
  comments: Summary;
  attachments?: {data: {media_type: string; type: string; target: {id?: string}; subattachments?: {data: object[]}}[]};
  insights: {data: Insight[]};
}

describe("the demo's Page", () => {
  it("has the Page itself with its followers at both ends", async () => {
    await using own = await startedGraph("facebook", {night: "2019-08-31"});
    const read = () => own.read(`/${own.id}?fields=id,name,username,link,followers_count`);
    const page = {id: own.id, name: "IE SOGI (demo)", username: "IESOGI.demo"};
    const link = "https://www.facebook.com/IESOGI.demo";
    expect(await read()).toEqual({...page, link, followers_count: 4100});
    own.sandbox.setNight("2020-11-30");
    expect(await read()).toEqual({...page, link, followers_count: 6120});
    expect(await own.read("/me")).toEqual({name: page.name, id: own.id});
    expect(await own.read("/IESOGI.demo?fields=id")).toEqual({id: own.id});
  });

  it("lists every item that goes out on Facebook, newest first, with ids above 2^53", async () => {
    await using own = await startedGraph("facebook");
    const posts = await everyPost(own, "id,message,created_time");
    const items = contentItems.filter(({platforms}) => platforms.includes("facebook"));
    expect(posts).toHaveLength(86);
    expect(new Set(posts.map(({message}) => message))).toEqual(new Set(items.map(({text}) => text)));
    const times = posts.map(({created_time}) => created_time);
    expect(times).toEqual([...times].sort().reverse());
    expect(times[0]).toMatch(/^2020-11-\d\dT\d\d:\d\d:\d\d\+0000$/);
    for (const {id} of posts) {
      const [page, number] = id.split("_");
      expect(page).toBe(own.id);
      expect(number).toMatch(/^\d{15,18}$/);
      expect(Number(number)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    }
    expect(new Set(posts.map(({id}) => id)).size).toBe(86);
  });

  it("gives what is asked for, in that order, and three fields when nothing is", async () => {
    await using own = await startedGraph("facebook");
    const [plain] = (await own.read<{data: object[]}>(`/${own.id}/published_posts?limit=1`)).data;
    expect(Object.keys(plain!)).toEqual(["created_time", "message", "id"]);
    const asked = "permalink_url,shares.as(shared),attachments{media_type},is_published";
    const pages = await own.pages<object>(`/${own.id}/published_posts?fields=${asked}&limit=100`);
    const keys = pages.flatMap(({data}) => data).map(post => Object.keys(post).join());
    expect(new Set(keys)).toEqual(
      new Set([
        "permalink_url,shared,attachments,is_published,id",
        "permalink_url,shared,is_published,id",
        "permalink_url,attachments,is_published,id",
        "permalink_url,is_published,id"
      ])
    );
  });

  it("shows each type of item as Facebook shows it", async () => {
    await using own = await startedGraph("facebook");
    const posts = await everyPost(
      own,
      "message,status_type,permalink_url,full_picture,attachments{media_type,type,target,subattachments}"
    );
    const shown = new Set(
      posts.map(({message, status_type, permalink_url, full_picture, attachments}) => {
        const {type} = contentItems.find(({text}) => text === message)!;
        const [part] = attachments?.data ?? [];
        const parts = part?.subattachments?.data.length ?? 0;
        const kind = permalink_url.split("/")[permalink_url.includes("/reel/") ? 3 : 4];
        return [type, status_type, part?.media_type, part?.type, parts, kind, full_picture !== undefined].join(" ");
      })
    );
    expect([...shown].sort()).toEqual([
      "album added_photos album album 4 posts true",
      "gif added_video video animated_image_share 0 posts true",
      "image added_photos photo photo 0 posts true",
      "link shared_story link share 0 posts true",
      "poll mobile_status_update   0 posts false",
      "text mobile_status_update   0 posts false",
      "video added_video video video_inline 0 reel true",
      "video added_video video video_inline 0 videos true"
    ]);
    const [profile] = new Set(posts.flatMap(({permalink_url}) => /\/(\d+)\/posts\//.exec(permalink_url)?.[1] ?? []));
    expect(profile).not.toBe(own.id);
  });

  it("lists videos and reels with the posts that they stand in", async () => {
    await using own = await startedGraph("facebook");
    const list = async (edge: string) =>
      (
        await own.pages<{id: string; post_id: string; permalink_url: string; length: number}>(
          `/${own.id}/${edge}?fields=id,created_time,permalink_url,post_id,length`
        )
      ).flatMap(({data}) => data);
    const videos = await list("videos");
    const reels = await list("video_reels");
    expect(reels).toEqual(videos.filter(({permalink_url}) => permalink_url.startsWith("/reel/")));
    expect(reels.length).toBeGreaterThan(2);
    expect(videos.length - reels.length).toBeGreaterThan(2);
    for (const {id, post_id, length} of videos) {
      const post = await own.read<Post>(`/${post_id}?fields=attachments{target},status_type`);
      expect(post.attachments!.data[0]!.target.id).toBe(id);
      expect(Number.isInteger(length)).toBe(false);
    }
    const counted = async (id: string, metrics = "") =>
      (await own.read<{data: Insight[]}>(`/${id}/video_insights${metrics}`)).data.map(({name}) => name);
    const reelMetrics = ["blue_reels_play_count", "fb_reels_total_plays", "post_video_avg_time_watched"];
    expect(await counted(reels[0]!.id, `?metric=${reelMetrics}`)).toEqual(reelMetrics);
    const video = videos.find(({permalink_url}) => !permalink_url.startsWith("/reel/"))!;
    expect(await counted(video.id, `?metric=${reelMetrics}`)).toEqual([]);
    expect(await counted(video.id)).toContain("total_video_views");
    expect(await own.read(`/${video.id}`)).toMatchObject({id: video.id, updated_time: expect.any(String)});
  });

  it("narrows a listing by time, in seconds, dates of Los Angeles and times", async () => {
    await using own = await startedGraph("facebook");
    const list = async (query: string) =>
      (await own.read<{data: Post[]}>(`/${own.id}/published_posts?limit=100&${query}`)).data;
    const may = await list("since=2020-05-01&until=2020-06-01");
    expect(may.map(({created_time}) => created_time.slice(0, 7))).toEqual(Array(6).fill("2020-05"));
    expect(await list("since=1588316400&until=1590994800")).toEqual(may);
    expect(await list("since=2020-05-01T07:00:00%2B0000&until=2020-06-01T07:00:00Z")).toEqual(may);
    expect(await list("until=2019-09-01")).toEqual([]);
    expect((await list("since=-7 days")).length).toBe(1);
  });

  it("has visitors' posts and an unpublished one in its feed alone", async () => {
    await using own = await startedGraph("facebook");
    const feed = (await own.pages<Post>(`/${own.id}/feed?fields=from{id},is_published&limit=50`)).flatMap(
      ({data}) => data
    );
    expect(feed).toHaveLength(89);
    expect(feed.filter(({from}) => from.id !== own.id)).toHaveLength(2);
    expect(feed.filter(({is_published}) => !is_published)).toHaveLength(1);
    const posts = (await own.pages<Post>(`/${own.id}/posts?fields=is_published&limit=50`)).flatMap(({data}) => data);
    expect(posts.map(({is_published}) => is_published)).toEqual(Array(86).fill(true));
  });

  it("tells a person's token who it is, and which Page it may read", async () => {
    await using own = await startedGraph("facebook");
    const {auth, otherAuth} = own.sandbox.accounts[0]!;
    const {body} = await own.ask("/v25.0/me/accounts?fields=id,access_token,tasks", otherAuth.user!.token);
    expect(body).toMatchObject({
      data: [{id: own.id, access_token: auth.token, tasks: expect.arrayContaining(["ANALYZE"])}]
    });
    expect((await own.ask("/v25.0/me?fields=id", otherAuth.user!.token)).body).not.toEqual({id: own.id});
  });
});

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

async function everyPost(own: GraphClient, fields: string): Promise<Post[]> {
  return (await own.pages<Post>(`/${own.id}/published_posts?limit=100&fields=${fields}`)).flatMap(({data}) => data);
}

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

describe("a Page of made-up posts", () => {
  it("holds so many over three years, one in twenty a video or a reel, not strictly by date", async () => {
    await using own = await startedGraph("facebook", {posts: 1000});
    const posts = await everyPost(
      own,
      "id,created_time,permalink_url,insights.metric(post_media_view).period(lifetime)"
    );
    expect(new Set(posts.map(({id}) => id)).size).toBe(1000);
    const times = posts.map(({created_time}) => created_time);
    const misplaced = times.filter((time, index) => index > 0 && time > times[index - 1]!).length;
    expect(misplaced).toBe(25);
    expect([...times].sort().at(-1)).toBe("2020-11-30T16:59:59+0000");
    expect([...times].sort()[0]!.slice(0, 7)).toBe("2017-12");
    for (const time of times) expect(Number(time.slice(11, 13))).toSatisfy((hour: number) => hour >= 8 && hour < 18);
    const videos = (await own.pages<object>(`/${own.id}/videos?limit=100`)).flatMap(({data}) => data);
    expect(videos).toHaveLength(50);
    expect((await own.read<{data: object[]}>(`/${own.id}/video_reels?limit=100`)).data).toHaveLength(25);
    const page = await own.read(`/${own.id}?fields=followers_count`);
    expect(page).toEqual({followers_count: 5000, id: own.id});
  });

  it("gives about 600 posts a year by /posts and /feed, and all by /published_posts", async () => {
    await using own = await startedGraph("facebook", {posts: 2400, night: "2020-12-31"});
    const count = async (edge: string) =>
      (await own.pages(`/${own.id}/${edge}?fields=id&limit=100`)).flatMap(({data}) => data).length;
    expect(await count("published_posts")).toBe(2400);
    expect(await count("posts")).toBe(1800);
    expect(await count("feed")).toBe(1800);
  });
});

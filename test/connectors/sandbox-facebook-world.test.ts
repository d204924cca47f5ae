import {describe, expect, it} from "vitest";
import {contentItems} from "../../connectors/sandbox/world.ts";
import {everyPost, type Insight, type Post} from "./facebook-client.ts";
import {startedGraph} from "./graph-client.ts";

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
    const targets = await everyPost(own, "attachments{media_type,target{id},media{image}}");
    for (const {attachments} of targets) {
      const {media_type, target} = attachments?.data[0] ?? {media_type: "link", target: {}};
      expect("id" in target || ["link", "video"].includes(media_type)).toBe(true);
    }
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

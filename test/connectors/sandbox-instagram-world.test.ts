import {describe, expect, it} from "vitest";
import {contentItems, demoNights, followersOn} from "../../connectors/sandbox/world.ts";
import {type Own, started} from "./instagram-client.ts";

const day = 86_400_000;
const common = "views,reach,likes,comments,saved,shares,total_interactions,reposts";

interface Insight {
  name: string;
  period: string;
  id: string;
  values?: {value: number; end_time?: string}[];
  total_value?: {
    value?: number;
    breakdowns?: {dimension_keys: string[]; results: {dimension_values: string[]; value: number}[]}[];
  };
}

interface Media {
  id: string;
  timestamp: string;
  media_type: string;
  media_product_type: string;
  caption?: string;
  permalink: string;
  shortcode: string;
  like_count?: number;
  comments_count?: number;
  children?: {data: Media[]};
  insights?: {data: Insight[]};
}

const fields = "id,media_type,media_product_type,caption,timestamp,permalink,shortcode,like_count,comments_count";

/** The single values of insights by name. */
function valuesOf(insights: Insight[]): Record<string, number | undefined> {
  return Object.fromEntries(insights.map(({name, values}) => [name, values?.[0]?.value]));
}

/** The parts of a number by name. */
function partsOf(insight: Insight | undefined): Record<string, number> {
  const results = insight?.total_value?.breakdowns?.[0]?.results ?? [];
  return Object.fromEntries(results.map(({dimension_values, value}) => [dimension_values.join(), value]));
}

function accountInsights(own: Own, query: string): Promise<{data: Insight[]}> {
  return own.read(`/{id}/insights?${query}`);
}

const at = (time: string): number => Date.parse(time) / 1000;

describe("the demo's Instagram account", () => {
  it("serves every content item that goes out on Instagram, newest first, and no story among them", async () => {
    await using own = await started();
    const {items, pages} = await own.all<Media>(`/{id}/media?fields=${fields}&limit=10`);
    const expected = contentItems.filter(({platforms}) => platforms.includes("instagram")).reverse();
    expect(pages).toBe(Math.ceil(expected.length / 10));
    expect(items.map(({caption}) => caption)).toEqual(expected.map(({text}) => text));
    expect(items.map(({timestamp}) => timestamp)).toEqual(
      expected.map(({publishedAt}) => publishedAt.replace(".000Z", "+0000"))
    );
    const types = {image: "IMAGE", album: "CAROUSEL_ALBUM", video: "VIDEO", gif: "VIDEO"};
    expect(items.map(({media_type}) => media_type)).toEqual(
      expected.map(({type}) => types[type as keyof typeof types])
    );
    expect(new Set(items.map(({media_product_type}) => media_product_type))).toEqual(new Set(["FEED", "REELS"]));
    expect(await own.read("/{id}?fields=media_count")).toEqual({media_count: expected.length, id: own.id});
  });

  it("gives ids and short codes that are unique, and addresses that follow from them", async () => {
    await using own = await started();
    const {items} = await own.all<Media>(`/{id}/media?fields=${fields},children{id,shortcode}`);
    const everything = items.flatMap(media => [media, ...(media.children?.data ?? [])]);
    expect(new Set(everything.map(({id}) => id)).size).toBe(everything.length);
    expect(new Set(everything.map(({shortcode}) => shortcode)).size).toBe(everything.length);
    for (const {id, shortcode} of everything) {
      expect(id).toMatch(/^\d{17,18}$/);
      expect(shortcode).toMatch(/^[A-Za-z0-9_-]{11}$/);
    }
    for (const {media_product_type, permalink, shortcode} of items) {
      const folder = media_product_type === "REELS" ? "reel" : "p";
      expect(permalink).toBe(`https://www.instagram.com/${folder}/${shortcode}/`);
    }
  });

  it("gives P4 and P6 their counters at 28 days, less before and no more after", async () => {
    await using own = await started({night: "2020-07-24"});
    const toys = async () => {
      const path = `/{id}/media?fields=${fields},insights.metric(${common})&since=2020-06-01&until=2020-07-01`;
      const {data} = await own.read<{data: Media[]}>(path);
      return data.map(({insights, ...media}) => ({...media, ...(valuesOf(insights!.data) as {views: number})}));
    };
    const atLast = [
      {
        media_type: "VIDEO",
        media_product_type: "FEED",
        timestamp: "2020-06-26T12:00:00+0000",
        like_count: 27,
        comments_count: 0,
        ...{views: 450, reach: 300, likes: 27, comments: 0, saved: 3, shares: 0, total_interactions: 30}
      },
      {
        media_type: "CAROUSEL_ALBUM",
        media_product_type: "FEED",
        timestamp: "2020-06-22T12:00:00+0000",
        like_count: 66,
        comments_count: 3,
        ...{views: 780, reach: 600, likes: 66, comments: 3, saved: 10, shares: 5, total_interactions: 84}
      }
    ];
    expect(await toys()).toMatchObject(atLast);
    own.sandbox.setNight("2020-07-01");
    const [p6, p4] = await toys();
    expect(p4!.views).toBeGreaterThan(600);
    expect(p4!.views).toBeLessThan(780);
    expect(p6!.views).toBeLessThan(450);
    own.sandbox.setNight(demoNights.last);
    expect(await toys()).toMatchObject(atLast);
  });

  it("gives the pictures of an album by field and by edge, without counts", async () => {
    await using own = await started({night: "2020-06-22"});
    const asked = "id,media_type,permalink,shortcode,timestamp,like_count";
    const {data} = await own.read<{data: Media[]}>(`/{id}/media?fields=id,children{${asked}}&limit=1`);
    const album = data[0]!;
    expect(album.children!.data).toHaveLength(4);
    expect(Object.keys(album.children!.data[0]!)).toEqual(["id", "media_type", "permalink", "shortcode", "timestamp"]);
    expect(await own.read(`/${album.id}/children?fields=${asked}`)).toEqual(album.children);
    const ids = album.children!.data.map(({id}) => id);
    expect(await own.read(`/${ids[0]}?fields=media_type`)).toEqual({media_type: "IMAGE", id: ids[0]});
  });

  it("answers only the fields that are asked for, and the id", async () => {
    await using own = await started();
    const {data} = await own.read<{data: Media[]}>("/{id}/media?limit=1");
    expect(Object.keys(data[0]!)).toEqual(["id"]);
    expect(await own.read("/{id}")).toEqual({id: own.id});
    const asked = "username,name,followers_count,follows_count,media_count,biography";
    expect(await own.read(`/{id}?fields=${asked}`)).toEqual({
      username: "iesogi.demo",
      name: "IE SOGI (demo)",
      followers_count: 1920,
      follows_count: 87,
      media_count: 37,
      biography: "A made-up account for trying software.",
      id: own.id
    });
    const {data: pictures} = await own.read<{data: Media[]}>("/{id}/media?fields=media_type,thumbnail_url,alt_text");
    for (const one of pictures) {
      expect("thumbnail_url" in one).toBe(one.media_type === "VIDEO");
      expect("alt_text" in one).toBe(one.media_type === "IMAGE");
    }
  });

  it("leaves insights out for two early media: a listing with insights fails whole, a plain one and a batch do not", async () => {
    await using own = await started({night: "2019-10-31"});
    const plain = await own.read<{data: Media[]}>("/{id}/media?fields=id&limit=100");
    expect((await own.ask(`/{id}/media?fields=id,insights.metric(${common})&limit=100`)).status).toBe(400);
    const answers = await own.batch(plain.data.map(({id}) => `${id}/insights?metric=reach`));
    expect(answers.map(item => item!.code)).toEqual([200, 200, 400, 400]);
    expect(JSON.parse(answers[3]!.body)).toMatchObject({error: {code: 100, error_subcode: 2108006}});
  });

  it.each([
    ["2019-08-31", 800],
    ["2020-06-30", 1548],
    ["2020-09-30", 1775],
    ["2020-11-30", 1920]
  ])("has the followers of %s: %i", async (night, followers) => {
    await using own = await started({night});
    expect(await own.read("/{id}?fields=followers_count")).toEqual({followers_count: followers, id: own.id});
  });

  it("lets followers come and go so that the difference is the change of their number", async () => {
    await using own = await started({night: "2020-11-30"});
    const query = "metric=follows_and_unfollows&metric_type=total_value&period=day&breakdown=follow_type";
    for (const [first, last] of [
      ["2020-11-01", "2020-11-30"],
      ["2020-10-05", "2020-10-06"],
      ["2020-09-20", "2020-10-19"]
    ] as const) {
      const window = `since=${at(`${first}T00:00:00Z`)}&until=${at(`${last}T23:59:59Z`)}`;
      const [insight] = (await accountInsights(own, `${query}&${window}`)).data;
      const {FOLLOWER, NON_FOLLOWER} = partsOf(insight) as {FOLLOWER: number; NON_FOLLOWER: number};
      const before = new Date(Date.parse(first) - day).toISOString().slice(0, 10);
      expect(FOLLOWER - NON_FOLLOWER).toBe(followersOn("instagram", last) - followersOn("instagram", before));
      expect(NON_FOLLOWER).toBeGreaterThanOrEqual(0);
      expect(insight!.total_value).not.toHaveProperty("value");
    }
    const unbroken = await accountInsights(own, `${query.replace(/&breakdown.*/, "")}&since=${at("2020-11-01")}`);
    expect(unbroken.data[0]).not.toHaveProperty("total_value");
  });

  it("gives new followers by Pacific day, up to the day before", async () => {
    await using own = await started({night: "2020-11-20"});
    const window = `since=${at("2020-11-10T08:00:00Z")}&until=${at("2020-11-20T08:00:00Z")}`;
    const {data} = await accountInsights(own, `metric=follower_count&period=day&${window}`);
    expect(data[0]!.id).toBe(`${own.id}/insights/follower_count/day`);
    expect(data[0]!.values!.map(({end_time}) => end_time)).toEqual(
      Array.from({length: 10}, (_, index) => `2020-11-${11 + index}T08:00:00+0000`)
    );
    const gross = data[0]!.values!.reduce((sum, {value}) => sum + value, 0);
    expect(gross).toBeGreaterThanOrEqual(
      followersOn("instagram", "2020-11-19") - followersOn("instagram", "2020-11-09")
    );
  });
});

describe("what Instagram knows of the followers", () => {
  const query = "metric=follower_demographics&period=lifetime&metric_type=total_value&timeframe=this_month";
  const by = async (own: Own, breakdown: string) =>
    partsOf((await accountInsights(own, `${query}&breakdown=${breakdown}`)).data[0]);

  it("is age and gender, apart, at the demo's end", async () => {
    await using own = await started();
    expect(await by(own, "age")).toEqual({
      ...{"13-17": 24, "18-24": 590, "25-34": 885, "35-44": 281, "45-54": 80, "55-64": 45, "65+": 15}
    });
    expect(await by(own, "gender")).toEqual({F: 854, M: 832, U: 234});
    const {data} = await accountInsights(own, `${query}&breakdown=gender`);
    expect(data[0]).toMatchObject({period: "lifetime", id: `${own.id}/insights/follower_demographics/lifetime`});
    expect(Object.keys(data[0]!.total_value!)).toEqual(["breakdowns"]);
  });

  it.each([
    ["2020-06-30", 1548, {"13-17": 19, "18-24": 476, "25-34": 714, "35-44": 227, "45-54": 64, "55-64": 36, "65+": 12}],
    ["2020-09-30", 1775, {"13-17": 22, "18-24": 545, "25-34": 818, "35-44": 260, "45-54": 74, "55-64": 42, "65+": 14}]
  ])("is scaled to the followers of %s by largest remainder", async (night, total, ages) => {
    await using own = await started({night});
    expect(await by(own, "age")).toEqual(ages);
    for (const breakdown of ["age", "gender"]) {
      const counts = Object.values(await by(own, breakdown));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
    }
  });

  it("leaves people out of countries and cities", async () => {
    await using own = await started();
    for (const breakdown of ["country", "city"]) {
      const counts = Object.values(await by(own, breakdown));
      const sum = counts.reduce((all, count) => all + count, 0);
      expect(sum).toBeGreaterThan(300);
      expect(sum).toBeLessThan(1920);
      expect(counts.length).toBeLessThanOrEqual(45);
      expect(counts).toEqual([...counts].sort((a, b) => b - a));
    }
  });

  it("is known of those who did something, when a hundred did", async () => {
    await using own = await started({night: "2020-06-30"});
    const engaged = async (timeframe: string) => {
      const path = `metric=engaged_audience_demographics&period=lifetime&metric_type=total_value&timeframe=${timeframe}&breakdown=age`;
      return (await accountInsights(own, path)).data;
    };
    expect(Object.keys(partsOf((await engaged("this_month"))[0]))).toContain("25-34");
    own.sandbox.setNight("2019-08-31");
    expect(await engaged("this_week")).toEqual([]);
  });
});

describe("insights of media and account", () => {
  it("give a reel its own metrics, in milliseconds and percent", async () => {
    await using own = await started();
    const {items} = await own.all<Media>("/{id}/media?fields=media_product_type");
    const reel = items.find(({media_product_type}) => media_product_type === "REELS")!;
    const metrics = "views,ig_reels_avg_watch_time,ig_reels_video_view_total_time,reels_skip_rate";
    const {data} = await own.read<{data: Insight[]}>(`/${reel.id}/insights?metric=${metrics}`);
    const values = valuesOf(data) as Record<string, number>;
    expect(values.ig_reels_video_view_total_time).toBe(values.views! * values.ig_reels_avg_watch_time!);
    expect(values.reels_skip_rate).toBeLessThan(100);
    expect(data[1]).toMatchObject({period: "lifetime", id: `${reel.id}/insights/ig_reels_avg_watch_time/lifetime`});
  });

  it("give what people did on the profile as a value and by action", async () => {
    await using own = await started();
    const {data: media} = await own.read<{data: Media[]}>("/{id}/media?fields=id&limit=1");
    const path = `/${media[0]!.id}/insights?metric=profile_activity&breakdown=action_type`;
    const [insight] = (await own.read<{data: Insight[]}>(path)).data;
    const sum = Object.values(partsOf(insight)).reduce((all, count) => all + count, 0);
    expect(insight!.values).toEqual([{value: sum}]);
    expect(insight!.total_value!.value).toBe(sum);
  });

  it("give several media at once, and by batch", async () => {
    await using own = await started();
    const {data} = await own.read<{data: Media[]}>("/{id}/media?fields=id&limit=50");
    const ids = data.slice(0, 30).map(({id}) => id);
    const at30 = await own.read<Record<string, Media>>(`/?ids=${ids}&fields=insights.metric(reach,views)`);
    expect(Object.keys(at30).sort()).toEqual([...ids].sort());
    expect(at30[ids[0]!]!.insights!.data.map(({name}) => name)).toEqual(["reach", "views"]);
    const answers = await own.batch(["{id}?fields=followers_count", `${ids[0]}?fields=media_type`]);
    expect(answers.map(item => item!.code)).toEqual([200, 200]);
    expect(JSON.parse(answers[0]!.body)).toEqual({followers_count: 1920, id: own.id});
  });

  it("count for the account what its media gained between two moments", async () => {
    await using own = await started({night: "2020-07-24", faults: ["stories"]});
    const window = `since=${at("2020-06-25T00:00:00Z")}&until=${at("2020-07-24T23:59:59Z")}`;
    const names = "likes,comments,saves,shares,total_interactions,views,reach,accounts_engaged,replies,reposts";
    const query = `metric=${names}&metric_type=total_value&period=day&${window}`;
    const {data} = await accountInsights(own, query);
    const totals = Object.fromEntries(data.map(({name, total_value}) => [name, total_value!.value!]));
    const {likes, comments, saves, shares, replies} = totals as Record<string, number>;
    expect(totals.total_interactions).toBe(likes! + comments! + saves! + shares! + replies!);
    expect(totals.reach).toBeLessThan(totals.views!);
    const split = await accountInsights(own, `${query.replace(names, "likes")}&breakdown=media_product_type`);
    expect(partsOf(split.data[0])).toMatchObject({STORY: 0});
    expect(Object.values(partsOf(split.data[0])).reduce((sum, count) => sum + count, 0)).toBe(likes);
  });

  it("give reach by Pacific day, and less for all days together", async () => {
    await using own = await started({night: "2020-07-10"});
    const window = `since=${at("2020-06-22T07:00:00Z")}&until=${at("2020-07-02T07:00:00Z")}`;
    const series = await accountInsights(own, `metric=reach&period=day&${window}`);
    const values = series.data[0]!.values!;
    expect(values.map(({end_time}) => end_time!.slice(0, 16))).toEqual(
      Array.from({length: 10}, (_, index) =>
        new Date(Date.parse("2020-06-23T07:00Z") + index * day).toISOString().slice(0, 16)
      )
    );
    const total = await accountInsights(own, `metric=reach&metric_type=total_value&period=day&${window}`);
    const summed = values.reduce((sum, {value}) => sum + value, 0);
    expect(total.data[0]!.total_value!.value).toBeLessThan(summed);
    const follow = await accountInsights(
      own,
      `metric=reach&metric_type=total_value&period=day&breakdown=follow_type&${window}`
    );
    expect(Object.keys(partsOf(follow.data[0]))).toEqual(["FOLLOWER", "NON_FOLLOWER"]);
  });

  it("are kept for ninety days, and then empty", async () => {
    await using own = await started();
    const window = `since=${at("2020-06-20T00:00:00Z")}&until=${at("2020-06-30T00:00:00Z")}`;
    expect((await accountInsights(own, `metric=likes&metric_type=total_value&period=day&${window}`)).data).toEqual([]);
  });
});

describe("stories", () => {
  it("can be read for a day, with metrics of their own", async () => {
    await using own = await started({faults: ["stories"]});
    const {data} = await own.read<{data: Media[]}>("/{id}/stories?fields=id,media_product_type,timestamp");
    expect(data.map(({media_product_type, timestamp}) => [media_product_type, timestamp])).toEqual([
      ["STORY", "2020-11-30T15:00:00+0000"]
    ]);
    const metrics = "views,reach,replies,navigation,shares,follows,profile_visits,link_clicks,total_interactions";
    const story = data[0]!.id;
    const insights = await own.read<{data: Insight[]}>(`/${story}/insights?metric=${metrics}`);
    expect(valuesOf(insights.data).reach).toBeGreaterThan(50);
    const path = `/${story}/insights?metric=navigation&breakdown=story_navigation_action_type`;
    const [navigation] = (await own.read<{data: Insight[]}>(path)).data;
    const sum = Object.values(partsOf(navigation)).reduce((all, count) => all + count, 0);
    expect(navigation).toMatchObject({values: [{value: sum}], total_value: {value: sum}});
    own.sandbox.setNight("2020-12-01");
    expect(await own.read("/{id}/stories")).toEqual({data: []});
    expect((await own.ask(`/${story}`)).body).toMatchObject({error: {code: 100, error_subcode: 33}});
  });

  it("come on a handful of nights", async () => {
    await using own = await started({faults: ["stories"]});
    let stories = 0;
    for (let at = Date.parse(demoNights.first); at <= Date.parse(demoNights.last); at += day) {
      own.sandbox.setNight(new Date(at).toISOString().slice(0, 10));
      stories += (await own.read<{data: Media[]}>("/{id}/stories")).data.length;
    }
    expect(stories).toBe(9);
  });
});

describe("a world of made-up posts on Instagram", () => {
  it("holds so many over three years, one in twenty a reel, in ten calls with their insights", async () => {
    await using own = await started({posts: 1000});
    const path = `/{id}/media?fields=${fields},insights.metric(${common})&limit=100`;
    const {items, pages} = await own.all<Media>(path);
    expect(pages).toBe(10);
    expect(new Set(items.map(({id}) => id)).size).toBe(1000);
    expect(items.filter(({media_product_type}) => media_product_type === "REELS")).toHaveLength(50);
    expect(items.filter(({media_type}) => media_type === "VIDEO")).toHaveLength(50);
    expect(items.every(({insights}) => insights!.data.length === 8)).toBe(true);
    expect(items[0]!.timestamp).toBe("2020-11-30T16:59:59+0000");
    expect(items.at(-1)!.timestamp.slice(0, 7)).toBe("2017-12");
    const hours = items.map(({timestamp}) => Number(timestamp.slice(11, 13)));
    expect([Math.min(...hours), Math.max(...hours)]).toEqual([8, 16]);
    expect(await own.read("/{id}?fields=followers_count,media_count")).toMatchObject({
      followers_count: 5000,
      media_count: 1000
    });
  });

  it("lists only the newest 10,000", async () => {
    await using own = await started({posts: 10_100});
    expect((await own.all("/{id}/media?limit=100")).items).toHaveLength(10_000);
  }, 30_000);
});

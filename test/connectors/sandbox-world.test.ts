import {describe, expect, it} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {contentItems, demoNights, followersOn} from "../../connectors/sandbox/world.ts";
import {ask} from "./sandbox-client.ts";

const day = 86_400_000;
const fields = "tweet.fields=created_at,lang,public_metrics,non_public_metrics";

interface Post {
  id: string;
  text: string;
  created_at: string;
  lang: string;
  edit_history_tweet_ids: string[];
  public_metrics: Record<string, number>;
  non_public_metrics?: Record<string, number>;
  note_tweet?: {text: string};
  referenced_tweets?: {type: string; id: string}[];
  in_reply_to_user_id?: string;
  author_id?: string;
  entities?: Record<string, Record<string, string | number>[]>;
  attachments?: {media_keys?: string[]; poll_ids?: string[]};
}

interface Body {
  data?: Post[];
  includes?: Record<string, Record<string, unknown>[]>;
  errors?: Record<string, string>[];
  meta: {result_count: number; next_token?: string; previous_token?: string; newest_id?: string};
}

describe("the demo mandate's world", () => {
  it("holds ninety content items, six a month, in 49 English, 32 Spanish and 9 French texts", () => {
    const tally = (of: (item: (typeof contentItems)[number]) => string) => {
      const keys = contentItems.map(of);
      return Object.fromEntries([...new Set(keys)].map(key => [key, keys.filter(other => other === key).length]));
    };
    expect(contentItems).toHaveLength(90);
    expect(tally(({language}) => language)).toEqual({en: 49, es: 32, fr: 9});
    expect(Object.values(tally(({publishedAt}) => publishedAt.slice(0, 7)))).toEqual(Array.from({length: 15}, () => 6));
    expect(new Set(contentItems.map(({text}) => text)).size).toBe(90);
    const hours = contentItems.map(({publishedAt}) => new Date(publishedAt).getUTCHours());
    expect(Math.min(...hours)).toBeGreaterThanOrEqual(8);
    expect(Math.max(...hours)).toBeLessThanOrEqual(17);
  });

  it("puts June 2020's six items on one platform each and every other item on X", () => {
    const june = contentItems.filter(({toy}) => toy !== undefined);
    expect(june.map(({toy, platforms, publishedAt}) => [toy, ...platforms, publishedAt.slice(0, 10)])).toEqual([
      ["P1", "facebook", "2020-06-18"],
      ["P2", "facebook", "2020-06-18"],
      ["P3", "x", "2020-06-19"],
      ["P4", "instagram", "2020-06-22"],
      ["P5", "linkedin", "2020-06-24"],
      ["P6", "instagram", "2020-06-26"]
    ]);
    expect(contentItems.filter(({toy, platforms}) => toy === undefined && platforms.includes("x"))).toHaveLength(84);
  });

  it.each([
    ["2019-08-31", 3900],
    ["2020-11-24", 6230],
    ["2020-11-30", 6240]
  ])("has the followers of %s on X: %i", async (night, followers) => {
    expect(followersOn("x", night)).toBe(followers);
    await using own = await started({night});
    const user = await ask(own.sandbox, "/2/users/me?user.fields=public_metrics");
    expect(user.body).toMatchObject({data: {public_metrics: {followers_count: followers}}});
  });

  it("ends at the followers of the four platforms, 15,290 together", () => {
    const all = (["facebook", "x", "instagram", "linkedin"] as const).map(name => followersOn(name, demoNights.last));
    expect(all).toEqual([6120, 6240, 1920, 1010]);
  });

  it("gives P3 its counters at 28 days, less before and no more after", async () => {
    await using own = await started({night: "2020-07-17"});
    const p3 = async (asked = fields) => {
      const path = `/2/users/${own.id}/tweets?start_time=2020-06-19T00:00:00Z&end_time=2020-06-20T00:00:00Z&${asked}`;
      return ((await ask(own.sandbox, path)).body as Body).data![0]!;
    };
    const at28 = await p3();
    expect(at28).toMatchObject({
      lang: "en",
      created_at: "2020-06-19T12:00:00.000Z",
      public_metrics: {
        impression_count: 4000,
        like_count: 80,
        reply_count: 10,
        retweet_count: 30,
        quote_count: 6,
        bookmark_count: 4
      },
      non_public_metrics: {impression_count: 4000, url_link_clicks: 20}
    });
    own.sandbox.setNight("2020-06-26");
    const at7 = (await p3()).public_metrics.impression_count!;
    expect(at7).toBeLessThan(4000);
    expect(at7).toBeGreaterThan(3000);
    own.sandbox.setNight("2020-11-30");
    expect((await p3("tweet.fields=public_metrics")).public_metrics).toEqual(at28.public_metrics);
  });

  it("lets every counter of a post grow for 28 days and stand still from 35 on, but for two likes taken back", async () => {
    await using own = await started();
    const history = new Map<string, Record<string, number>>();
    let falls = 0;
    for (let at = Date.parse(demoNights.first); at <= Date.parse(demoNights.last); at += day) {
      const night = new Date(at).toISOString().slice(0, 10);
      own.sandbox.setNight(night);
      const path = `/2/users/${own.id}/tweets?max_results=100&tweet.fields=created_at,public_metrics`;
      for (const post of ((await ask(own.sandbox, path)).body as Body).data ?? []) {
        const before = history.get(post.id);
        const age = (at + day - Date.parse(post.created_at)) / day;
        for (const [name, count] of Object.entries(post.public_metrics)) {
          const change = count - (before?.[name] ?? count);
          expect(Number.isInteger(count)).toBe(true);
          if (change < 0) falls += 1;
          if (age > 36) expect(change).toBe(0);
        }
        history.set(post.id, post.public_metrics);
      }
    }
    expect(falls).toBe(2);
    const engaged = [...history.values()]
      .filter(({impression_count}) => impression_count! > 0)
      .map(metrics => {
        const {impression_count, like_count, reply_count, retweet_count, quote_count} = metrics as Record<
          string,
          number
        >;
        return (like_count! + reply_count! + retweet_count! + quote_count!) / impression_count!;
      });
    expect(Math.min(...engaged)).toBeGreaterThan(0.01);
    expect(Math.max(...engaged)).toBeLessThan(0.06);
  });
});

describe("the demo's X account", () => {
  it("lists what was published, newest first, with ids that hold their time", async () => {
    await using own = await started();
    const posts = (await everyPage(own, "tweet.fields=created_at")).flatMap(({data}) => data ?? []);
    expect(posts).toHaveLength(84 + 1 + 3 + 3 - 1);
    const times = posts.map(({created_at}) => Date.parse(created_at));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(posts.map(({id}) => Number(BigInt(id) >> 22n) + 1_288_834_974_657)).toEqual(times);
    const kinds = Object.keys(posts[0]!).sort();
    expect(kinds).toEqual(["created_at", "edit_history_tweet_ids", "id", "text"]);
  });

  it("tells reposts, replies to others, a thread, a quote, an edit, a long text, media and polls apart", async () => {
    await using own = await started();
    const asked =
      "tweet.fields=author_id,referenced_tweets,in_reply_to_user_id,note_tweet,attachments,entities,public_metrics&expansions=attachments.media_keys,attachments.poll_ids,author_id,referenced_tweets.id&media.fields=type,public_metrics&poll.fields=voting_status&user.fields=public_metrics";
    const pages = await everyPage(own, asked);
    const posts = pages.flatMap(({data}) => data ?? []);
    const ofType = (type: string) => posts.filter(post => post.referenced_tweets?.[0]?.type === type);
    const reposts = ofType("retweeted");
    expect(reposts).toHaveLength(3);
    for (const {text, public_metrics} of reposts) {
      expect(text).toMatch(/^RT @example_demo: /);
      expect(public_metrics).toMatchObject({like_count: 0, reply_count: 0, quote_count: 0, impression_count: 0});
      expect(public_metrics.retweet_count).toBeGreaterThan(0);
    }
    const replies = ofType("replied_to");
    expect(replies.filter(post => post.in_reply_to_user_id !== post.author_id).map(({text}) => text[0])).toEqual([
      "@",
      "@",
      "@"
    ]);
    expect(replies.filter(post => post.in_reply_to_user_id === post.author_id)).toHaveLength(1);
    expect(ofType("quoted")).toHaveLength(1);
    const [edited] = posts.filter(post => post.edit_history_tweet_ids.length > 1);
    expect(edited!.edit_history_tweet_ids.at(-1)).toBe(edited!.id);
    const [older] = ((await ask(own.sandbox, `/2/tweets?ids=${edited!.edit_history_tweet_ids[0]}`)).body as Body).data!;
    expect(older!.text).not.toBe(edited!.text);
    const long = posts.filter(post => post.note_tweet !== undefined);
    expect(long.map(({text, note_tweet}) => [text.endsWith("…"), note_tweet!.text.length > 280])).toEqual([
      [true, true]
    ]);
    const included = (name: string) => pages.flatMap(({includes}) => includes?.[name] ?? []);
    expect(new Set(included("media").map(({type}) => type))).toEqual(new Set(["photo", "video", "animated_gif"]));
    expect(included("polls").length).toBeGreaterThan(2);
    expect(included("tweets").length).toBeGreaterThan(3);
    expect(included("users")[0]).toMatchObject({username: "IESOGI_demo", public_metrics: {followers_count: 6240}});
  });

  it("marks links, hashtags and mentions where they stand in the text", async () => {
    await using own = await started();
    const posts = (await everyPage(own, "tweet.fields=entities")).flatMap(({data}) => data ?? []);
    const marked = posts.flatMap(({text, entities}) =>
      Object.entries(entities ?? {}).flatMap(([name, items]) =>
        items.map(item => {
          const part = [...text].slice(Number(item.start), Number(item.end)).join("");
          return [part, {urls: item.url, hashtags: `#${item.tag}`, mentions: `@${item.username}`}[name]];
        })
      )
    );
    expect(marked.length).toBeGreaterThan(50);
    for (const [part, expected] of marked) expect(part).toBe(expected);
  });

  it("no longer lists a deleted post, and says so by its id", async () => {
    await using own = await started({night: "2020-04-18"});
    const before = (await everyPage(own, "")).flatMap(({data}) => data ?? []).map(({id}) => id);
    own.sandbox.setNight("2020-04-30");
    const after = (await everyPage(own, "")).flatMap(({data}) => data ?? []).map(({id}) => id);
    const gone = before.filter(id => !after.includes(id));
    expect(gone).toHaveLength(1);
    expect((await ask(own.sandbox, `/2/tweets?ids=${gone[0]},${after[0]}`)).body).toMatchObject({
      data: [{id: after[0]}],
      errors: [{resource_id: gone[0], title: "Not Found Error"}]
    });
  });

  it("gives private counters to the owner for 30 days, and leaves out posts whose counters it withholds", async () => {
    await using own = await started({night: "2020-05-20"});
    const asked = `max_results=100&${fields}&start_time=2020-04-01T00:00:00Z`;
    const {data, errors} = (await ask(own.sandbox, `/2/users/${own.id}/tweets?${asked}`)).body as Body;
    const first = Date.parse("2020-05-20T23:59:59Z") - 30 * day;
    for (const post of data!) {
      expect(Date.parse(post.created_at)).toBeGreaterThan(first);
      expect(post.non_public_metrics).toMatchObject({impression_count: post.public_metrics.impression_count});
    }
    const withheld = new Set(errors!.map(({resource_id}) => resource_id));
    expect(errors).toHaveLength(3 * withheld.size);
    const all = (
      (await ask(own.sandbox, `/2/users/${own.id}/tweets?max_results=100&start_time=2020-04-01T00:00:00Z`)).body as Body
    ).data!;
    expect(all).toHaveLength(data!.length + withheld.size);
    const texts = all.filter(({id}) => withheld.has(id)).map(({text}) => text);
    expect(texts.some(text => text.startsWith("RT @"))).toBe(true);
  });

  it("narrows a listing by time, by id and by kind", async () => {
    await using own = await started();
    const list = async (query: string) =>
      (
        (await ask(own.sandbox, `/2/users/${own.id}/tweets?max_results=100&tweet.fields=created_at&${query}`))
          .body as Body
      ).data ?? [];
    const may = await list("start_time=2020-05-01T00:00:00Z&end_time=2020-06-01T00:00:00Z");
    expect(new Set(may.map(({created_at}) => created_at.slice(0, 7)))).toEqual(new Set(["2020-05"]));
    const between = await list(`since_id=${may.at(-1)!.id}&until_id=${may[0]!.id}`);
    expect(between).toEqual(may.slice(1, -1));
    const originals = await list(
      "exclude=retweets,replies&start_time=2020-05-01T00:00:00Z&end_time=2020-06-01T00:00:00Z"
    );
    expect(may.length - originals.length).toBe(1);
    const none = await ask(own.sandbox, `/2/users/${own.id}/tweets?end_time=2018-01-01T00:00:00Z`);
    expect(none.body).toEqual({meta: {result_count: 0}});
  });
});

describe("a world of made-up posts", () => {
  it("holds so many over three years, in pages of which some are one short, back and forth", async () => {
    await using own = await started({posts: 1000});
    const pages = await everyPage(own, "tweet.fields=created_at");
    const posts = pages.flatMap(({data}) => data ?? []);
    expect(new Set(posts.map(({id}) => id)).size).toBe(1000);
    expect(pages.map(({meta}) => meta.result_count)).toEqual([100, 99, 100, 100, 99, 100, 100, 99, 100, 100, 3]);
    expect(posts[0]!.created_at).toBe("2020-11-30T16:59:59.000Z");
    expect(posts.at(-1)!.created_at.slice(0, 7)).toBe("2017-12");
    const back = pages[1]!.meta.previous_token!;
    const path = `/2/users/${own.id}/tweets?max_results=100&tweet.fields=created_at&pagination_token=${back}`;
    expect(((await ask(own.sandbox, path)).body as Body).data).toEqual(pages[0]!.data);
  });

  it("lists only the newest 3,200", async () => {
    await using own = await started({posts: 3300});
    const posts = (await everyPage(own, "")).flatMap(({data}) => data ?? []);
    expect(posts).toHaveLength(3200);
  });

  it("ends at the night it was started on, and stays when the clock moves", async () => {
    await using own = await started({posts: 10, night: "2020-02-29"});
    const first = (await everyPage(own, "tweet.fields=created_at")).flatMap(({data}) => data ?? []);
    expect(first[0]!.created_at).toBe("2020-02-29T16:59:59.000Z");
    own.sandbox.setNight("2020-03-31");
    expect((await everyPage(own, "tweet.fields=created_at")).flatMap(({data}) => data ?? [])).toEqual(first);
  });
});

async function started(options: {night?: string; posts?: number} = {}) {
  const sandbox = await startSandbox({...options, only: ["x"]});
  return {sandbox, id: sandbox.accounts[0]!.id, [Symbol.asyncDispose]: () => sandbox.close()};
}

async function everyPage(own: Awaited<ReturnType<typeof started>>, query: string): Promise<Body[]> {
  const pages: Body[] = [];
  for (let token: string | undefined = ""; token !== undefined; token = pages.at(-1)!.meta.next_token) {
    const page = token === "" ? "" : `&pagination_token=${token}`;
    const path = `/2/users/${own.id}/tweets?max_results=100${query === "" ? "" : `&${query}`}${page}`;
    pages.push((await ask(own.sandbox, path)).body as Body);
  }
  return pages;
}

import {describe, expect, it} from "vitest";
import {storedPosts} from "../../warehouse/known.ts";
import {Landing} from "../../warehouse/landing.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {account, build, emptyWarehouse, folder, land, load, marts, xPost} from "./warehouse-fixture.ts";

const page = accountOf("facebook", "1");
const organisation = accountOf("linkedin", "5", "organisation");
const unconfigured = accountOf("x", "mandate");

/** A row of X's classic export. */
const tweet = (id: string) => ({
  tweet_id: id,
  permalink: `https://twitter.com/mandate/status/${id}`,
  published_at: "2020-06-01T10:00:00.000Z",
  text: `Post ${id}`,
  is_reply: false,
  impressions: 5,
  engagements: 1,
  retweets: 0,
  replies: 0,
  likes: 1
});

function accountOf(platform: string, id: string, kind = "page") {
  return {account_id: `${platform}:${id}`, platform, platform_account_id: id, name: id, kind, handle: null};
}

/** An empty landing zone and warehouse, for as long as the callback runs. */
async function withStore(use: (landing: Landing, warehouse: Warehouse) => Promise<void>): Promise<void> {
  using dir = folder();
  await using warehouse = await emptyWarehouse();
  await use(Landing.open(dir.path), warehouse);
}

describe("the followers of a day", () => {
  const followers =
    "select on_date, value, status, source from mart.account_metric where metric = 'followers' order by on_date";

  it("are not stored for a stream that does not tell them", () =>
    withStore(async (landing, warehouse) => {
      await land(landing, "organisation", "2020-06-02", [{name: "N", vanity_name: "v"}], {account: organisation});
      await load(warehouse, landing);
      expect(await warehouse.rows(followers)).toEqual([]);
      expect(await warehouse.rows("select handle from mart.account")).toEqual([{handle: "v"}]);
    }));

  it("are those of a file where the API gave no value", () =>
    withStore(async (landing, warehouse) => {
      const refused = {refused: {page_follows: "2020-06-02"}};
      await land(landing, "account_days", "2020-06-02", [], {account: page, cursor: refused});
      await load(warehouse, landing);
      expect(await warehouse.rows(followers)).toEqual([
        {on_date: "2020-06-02", value: null, status: "not_offered", source: "api"}
      ]);
      await warehouse.exec(`insert into core.account_reading by name
        select * replace (2 as source_key, 1010 as value, 'ok' as status) from core.account_reading`);
      expect(await warehouse.rows(followers)).toEqual([
        {on_date: "2020-06-02", value: "1010", status: "ok", source: "export"}
      ]);
    }));

  it("are the snapshot's where a series tells the same day later", () =>
    withStore(async (landing, warehouse) => {
      const snapshot = {id: "1", name: "n", username: "u", link: "l", followers_count: 1000};
      const follows = (day: string, value: number) => ({
        metric: "page_follows",
        ended_at: `${day}T07:00:00.000Z`,
        value
      });
      await land(landing, "account", "2020-06-10", [snapshot], {account: page});
      await land(landing, "account_days", "2020-06-12", [follows("2020-06-10", 990), follows("2020-06-11", 1047)], {
        account: page
      });
      await load(warehouse, landing);
      await land(landing, "account_days", "2020-06-13", [follows("2020-06-11", 1048)], {account: page});
      await load(warehouse, landing);
      expect(await warehouse.rows(followers)).toEqual([
        {on_date: "2020-06-09", value: "990", status: "ok", source: "api"},
        {on_date: "2020-06-10", value: "1000", status: "ok", source: "api"}
      ]);
    }));
});

describe("the audience of a day", () => {
  const audience = "select category, value, status from mart.audience_breakdown order by 1";
  const early = {run: "early", time: "01:30"};
  const late = {run: "late", time: "09:00"};
  const country = (category: string, value: number, name?: string) => ({
    dimension: "GeoCountry",
    category,
    value,
    ...(name === undefined ? {name_status: "failed"} : {name, name_status: "ok"})
  });
  const refused = {metric: "page_follows_country", status: "not_offered"};
  const measured = {metric: "page_follows_country", country: "CH", value: 40, ended_at: "2020-06-30T07:00:00.000Z"};

  it("has the classes of the newest file alone, under whatever names", () =>
    withStore(async (landing, warehouse) => {
      const numbers = [country("103644278", 400), country("106693272", 30)];
      await land(landing, "audience", "2020-06-30", numbers, {account: organisation, ...early, cursor: null});
      await load(warehouse, landing);
      const names = [country("103644278", 401, "US")];
      await land(landing, "audience", "2020-06-30", names, {account: organisation, ...late});
      await load(warehouse, landing);
      expect(await warehouse.rows(audience)).toEqual([{category: "US", value: 401, status: "ok"}]);
    }));

  it("has one row where it is refused again and again", () =>
    withStore(async (landing, warehouse) => {
      for (const time of [early, late]) {
        await land(landing, "audience", "2020-06-29", [refused], {account: page, ...time});
        await load(warehouse, landing);
      }
      expect(await warehouse.rows(audience)).toEqual([{category: null, value: null, status: "not_offered"}]);
    }));

  it.each([
    ["before", [refused, measured]],
    ["after", [measured, refused]]
  ])("keeps what was measured, also when it is refused %s that", (_, records) =>
    withStore(async (landing, warehouse) => {
      for (const [index, time] of [early, late].entries()) {
        await land(landing, "audience", "2020-06-29", [records[index]!], {account: page, ...time});
        await load(warehouse, landing);
      }
      expect(await warehouse.rows(audience)).toEqual([{category: "CH", value: 40, status: "ok"}]);
    })
  );
});

/** A post of a Facebook page; without insights it says why. */
function pagePost(reactions: number, insights: Record<string, unknown> | string): Record<string, unknown> {
  const told =
    typeof insights === "string" ? {insights: null, insights_status: insights} : {insights, insights_status: "ok"};
  return {
    id: "1_2",
    published_at: "2020-06-01T10:00:00.000Z",
    permalink: "https://www.facebook.com/1/posts/2",
    media_type: "photo",
    picture_count: 1,
    reaction_count: reactions,
    comment_count: 1,
    share_count: 1,
    summaries_status: "ok",
    video_status: "not_offered",
    ...told
  };
}

describe("a second reading of a day", () => {
  const early = {account: page, run: "early", time: "01:30"};
  const late = {account: page, run: "late", time: "09:00"};
  const whole = {
    post_media_view: 1500,
    post_total_media_view_unique: 1200,
    post_reactions_by_type_total: {like: 4, pride: 1}
  };
  const day = "2020-06-29";
  const seen = `select captured_on, confirmed_on, metric, kind, value, status from mart.post_metric
    where (metric in ('views', 'reach', 'clicks') and kind is null)
      or (metric = 'reactions' and coalesce(kind, 'pride') = 'pride') order by captured_on, metric, kind nulls first`;
  const row = (metric: string, kind: string | null, value: string | null, status = "ok") => ({
    captured_on: day,
    confirmed_on: day,
    metric,
    kind,
    value,
    status
  });

  it("keeps what the first measured where its parts fail, and the reasons that go with it", () =>
    withStore(async (landing, warehouse) => {
      for (const [post, time] of [
        [pagePost(5, whole), early],
        [pagePost(6, "not_permitted"), late]
      ] as const) {
        await land(landing, "posts", day, [post], time);
        await load(warehouse, landing);
      }
      await build(warehouse, day);
      expect(await warehouse.rows(seen)).toEqual([
        row("clicks", null, null, "not_offered"),
        row("reach", null, "1200"),
        row("reactions", null, "6"),
        row("reactions", "pride", "1"),
        row("views", null, "1500")
      ]);
      expect(await warehouse.rows("select views, reach, reactions from mart.post_at_age_28")).toEqual([
        {views: "1500", reach: "1200", reactions: "6"}
      ]);
    }));

  it("takes away a kind of reactions that is none by then", () =>
    withStore(async (landing, warehouse) => {
      await land(landing, "posts", day, [pagePost(5, whole)], early);
      await land(landing, "posts", day, [pagePost(4, {post_reactions_by_type_total: {like: 4}})], late);
      await load(warehouse, landing);
      expect(await warehouse.rows(seen)).toEqual([
        row("clicks", null, null, "not_offered"),
        row("reach", null, "1200"),
        row("reactions", null, "4"),
        row("views", null, "1500")
      ]);
    }));

  it("that lacks what the first measured and tells nothing new only confirms it", () =>
    withStore(async (landing, warehouse) => {
      await land(landing, "posts", "2020-06-28", [pagePost(5, whole)], {account: page});
      await land(landing, "posts", day, [pagePost(5, whole)], early);
      await land(landing, "posts", day, [pagePost(5, "failed")], late);
      await land(landing, "posts", "2020-06-30", [pagePost(5, whole)], {account: page});
      await load(warehouse, landing);
      expect(
        await warehouse.rows("select captured_on, confirmed_on, views, confirmed_before from core.open_reading")
      ).toEqual([{captured_on: "2020-06-28", confirmed_on: "2020-06-30", views: "1500", confirmed_before: day}]);
      expect(await warehouse.rows("select * from core.reading")).toEqual([]);
    }));
});

describe("a post at an age", () => {
  it.each([7, 28])("has the reading that was confirmed after an outage over day %i", days =>
    withStore(async (landing, warehouse) => {
      const day = (age: number) => new Date(Date.UTC(2020, 5, 1 + age)).toISOString().slice(0, 10);
      await land(landing, "posts", day(days - 6), [xPost("1", {like_count: 5})]);
      await load(warehouse, landing);
      await build(warehouse, day(days - 6));
      await build(warehouse, day(days + 3));
      await land(landing, "posts", day(days + 4), [xPost("1", {like_count: 5})]);
      await load(warehouse, landing);
      await build(warehouse, day(days + 4));
      expect(await warehouse.rows(`select status, reactions, read_on from mart.post_at_age_${days}`)).toEqual([
        {status: "ok", reactions: "5", read_on: day(days - 6)}
      ]);
    })
  );
});

describe("an edited post that the platform no longer finds", () => {
  const edited = xPost("10", {}, {id: "11", other_ids: ["11"]});
  const gone = {id: "11", first_id: "11", is_gone: true};
  const deleted = "select platform_post_id, deleted_on from core.post";

  it.each([
    ["night by night", true],
    ["at once", false]
  ])("is deleted from the day on which its newest id was not found, loaded %s", (_, isNightly) =>
    withStore(async (landing, warehouse) => {
      for (const [index, post] of [edited, gone, edited, gone, gone].entries()) {
        await land(landing, "posts", `2020-06-0${index + 2}`, [post]);
        if (isNightly) await load(warehouse, landing);
      }
      await load(warehouse, landing);
      expect(await warehouse.rows(deleted)).toEqual([{platform_post_id: "10", deleted_on: "2020-06-05"}]);
    })
  );

  it("is there again when it is found again", () =>
    withStore(async (landing, warehouse) => {
      for (const [index, post] of [edited, gone, edited].entries()) {
        await land(landing, "posts", `2020-06-0${index + 2}`, [post]);
      }
      await load(warehouse, landing);
      expect(await warehouse.rows(deleted)).toEqual([{platform_post_id: "10", deleted_on: null}]);
    }));
});

describe("an account", () => {
  const owners = `select platform_post_id as id, account_id from core.post join core.account using (account_key)
    order by 1`;

  it("has the posts that a file gave under a name before it was configured, once the API or a newer file gives them", () =>
    withStore(async (landing, warehouse) => {
      const file = {source: "export"} as const;
      await land(landing, "classic_tweets", "2020-06-20", ["10", "12", "13"].map(tweet), {
        ...file,
        account: unconfigured
      });
      await land(landing, "posts", "2020-06-30", [xPost("10"), xPost("11")]);
      await land(landing, "classic_tweets", "2020-07-01", [tweet("12")], file);
      await load(warehouse, landing);
      expect(await warehouse.rows(owners)).toEqual([
        {id: "10", account_id: "x:7"},
        {id: "11", account_id: "x:7"},
        {id: "12", account_id: "x:7"},
        {id: "13", account_id: "x:mandate"}
      ]);
      const stored = await storedPosts(warehouse, ["x:7"], "2020-06-01", []);
      expect(stored.map(({id}) => id).sort()).toEqual(["10", "11", "12"]);
    }));

  it("keeps a post of the API's that a later file gives under a name", () =>
    withStore(async (landing, warehouse) => {
      await land(landing, "posts", "2020-06-30", [xPost("10")]);
      await land(landing, "classic_tweets", "2020-07-01", [tweet("10")], {source: "export", account: unconfigured});
      await load(warehouse, landing);
      expect(await warehouse.rows(owners)).toEqual([{id: "10", account_id: "x:7"}]);
    }));

  it("is called what the newest file calls it", () =>
    withStore(async (landing, warehouse) => {
      await land(landing, "posts", "2020-06-30", [xPost("10")]);
      await load(warehouse, landing);
      await land(landing, "posts", "2020-07-01", [], {account: {...account, name: "new", kind: "member"}});
      await load(warehouse, landing);
      expect(await warehouse.rows("select account_id, name, kind from mart.account")).toEqual([
        {account_id: "x:7", name: "new", kind: "member"}
      ]);
    }));
});

describe("a rebuild", () => {
  it("gives what the nights gave through an outage of nine days, a rerun whose parts fail and what changes hands", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    await using nightly = await emptyWarehouse();
    const dayOf = (night: number) => `2020-06-${String(night).padStart(2, "0")}`;
    const facebook = pagePost(5, {post_media_view: 150, post_total_media_view_unique: 120});
    const follows = (ended: string, value: number) => ({
      metric: "page_follows",
      ended_at: `${ended}T07:00:00.000Z`,
      value
    });
    const country = (category: string) => ({dimension: "GeoCountry", category: "1", value: 400, name: category});
    const snapshot = {id: "1", name: "n", username: "u", link: "l", followers_count: 1000};

    await land(landing, "classic_tweets", dayOf(1), [tweet("10"), tweet("12")], {
      account: unconfigured,
      source: "export"
    });
    for (let night = 2; night <= 16; night++) {
      const day = dayOf(night);
      const isOut = night > 3 && night < 13;
      const newest = night < 8 ? xPost("10") : xPost("10", {}, {id: "11", other_ids: ["11"]});
      const gone = {id: "11", first_id: "11", is_gone: true};
      const x = night < 10 ? account : {...account, name: "renamed", kind: "member"};
      await land(landing, "posts", day, [night < 14 ? newest : gone, xPost("13", {like_count: night})], {account: x});
      if (!isOut) {
        await land(landing, "posts", day, [facebook], {account: page});
        await land(landing, "account", day, [snapshot], {account: page});
        await land(landing, "account_days", day, [follows(dayOf(night - 1), 900 + night)], {account: page});
        await land(landing, "organisation", day, [{name: "N", vanity_name: "v"}], {account: organisation});
        await land(landing, "audience", day, [country("1"), country("2")], {account: organisation});
      }
      if (night === 14) {
        const again = {account: page, run: "again", time: "22:00"};
        await land(landing, "posts", day, [pagePost(6, "failed")], {...again, cursor: null});
        await land(landing, "account_days", day, [], {...again, cursor: {refused: {page_views_total: day}}});
        await land(landing, "audience", day, [country("US")], {...again, account: organisation});
      }
      await load(nightly, landing);
      if (!isOut || night === 9) await build(nightly, day);
    }
    await using rebuilt = await emptyWarehouse();
    await load(rebuilt, Landing.open(dir.path));
    await build(rebuilt, dayOf(16), true);
    expect(await marts(nightly)).toEqual(await marts(rebuilt));
    const told = {
      ages: "select status, reactions, views from mart.post_at_age_7 where platform = 'facebook'",
      deleted: "select post_id, account_id, deleted_on from mart.post where deleted_on is not null",
      followers: "select count(*) as days from mart.account_metric where metric = 'followers' and value = 1000"
    };
    expect(await rebuilt.rows(told.ages)).toEqual([{status: "ok", reactions: "5", views: "150"}]);
    expect(await rebuilt.rows(told.deleted)).toEqual([{post_id: "x:10", account_id: "x:7", deleted_on: dayOf(14)}]);
    expect(await rebuilt.rows(told.followers)).toEqual([{days: "6"}]);
  });
});

import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type LandedAccount, Landing} from "../../warehouse/landing.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {marts} from "../pipelines/marts.ts";
import {
  account,
  build,
  emptyWarehouse,
  folder,
  type LandOptions,
  land,
  load,
  marts as martsOf,
  xPost
} from "./warehouse-fixture.ts";

/** What one account gives on one day, as a night unless said otherwise. */
interface Given {
  of?: string;
  posts: object[];
  followers?: number;
  /** Of a backfill: the days that it reads, which end before the day on which it does. */
  covers?: [from: string, to: string];
}

const home = folder();
const [nightly, rebuilt] = [join(home.path, "nightly.duckdb"), join(home.path, "rebuilt.duckdb")];
const post = (id: string, day: string, likes: number) =>
  xPost(id, {like_count: likes}, {published_at: `${day}T10:00:00.000Z`});

/** Lands what one account gives on a day and builds, as a night does. */
async function night(warehouse: Warehouse, landing: Landing, day: string, given: Given): Promise<void> {
  const {of = "7", posts, followers, covers} = given;
  const captured_at = `${day}T20:00:00.000Z`;
  const whose: LandedAccount = {...account, account_id: `x:${of}`, platform_account_id: of, name: `mandate ${of}`};
  const captured = {
    run_id: `run-${day}`,
    platform: "x",
    source: "api" as const,
    account: whose,
    captured_at,
    captured_on: day,
    cursor: covers === undefined ? {read_at: captured_at} : null,
    covers_from: covers?.[0] ?? day,
    covers_to: covers?.[1] ?? day
  };
  const profile = {id: of, name: "The mandate", username: "mandate", followers_count: followers};
  await landing.append(
    [
      {batch: {...captured, stream: "posts"}, records: posts},
      ...(followers === undefined ? [] : [{batch: {...captured, stream: "account"}, records: [profile]}])
    ],
    new Date(`${day}T20:00:01Z`)
  );
  await load(warehouse, landing);
  await build(warehouse, day);
}

/** Posts of an account in each month of a period, as the built indicator has them. */
async function monthsOf(file: string, of: string): Promise<Record<string, number>> {
  await using warehouse = await Warehouse.open(file, {readOnly: true});
  const rows = await warehouse.rows<{month: string; value: number}>(`
    select strftime(period_start, '%Y-%m') as month, value from indicator.posts_published
    where period = 'month' and part = 'posts' and account_id = 'x:${of}' and post_type is null and language is null
    order by 1`);
  return Object.fromEntries(rows.map(({month, value}) => [month, value]));
}

describe("nights on which the past grows", () => {
  beforeAll(async () => {
    const landing = Landing.open(home.path);
    await using warehouse = await emptyWarehouse(nightly);
    const own = (likes: number) => [post("1", "2020-06-01", likes), post("2", "2020-06-02", likes)];
    await night(warehouse, landing, "2020-06-02", {posts: own(3), followers: 3900});
    await night(warehouse, landing, "2020-06-09", {posts: own(4), followers: 3910});
    await night(warehouse, landing, "2020-06-20", {posts: own(4), followers: 3920});
    // The first account is out for two months, in which another one joins.
    await night(warehouse, landing, "2020-07-10", {of: "8", posts: [post("20", "2020-07-08", 1)], followers: 500});
    await night(warehouse, landing, "2020-08-01", {of: "8", posts: [post("20", "2020-07-08", 2)], followers: 520});
    await night(warehouse, landing, "2020-09-03", {of: "8", posts: [post("20", "2020-07-08", 2)], followers: 530});
    await night(warehouse, landing, "2020-09-10", {posts: own(4), followers: 4000});
    const covers: [string, string] = ["2020-01-01", "2020-06-01"];
    await night(warehouse, landing, "2020-09-12", {posts: [post("3", "2020-01-05", 9)], covers});
    await night(warehouse, landing, "2020-09-20", {of: "9", posts: [post("30", "2019-11-03", 7)], followers: 80});
    await night(warehouse, landing, "2020-09-21", {posts: own(5), followers: 4010});
    await using whole = await emptyWarehouse(rebuilt);
    await load(whole, Landing.open(home.path));
    await build(whole, "2020-09-21", true);
  }, 120_000);
  afterAll(() => home[Symbol.dispose]());

  it("give zeros of the months that an older post, an account that is added or the end of an outage opens", async () => {
    const months = {"2020-01": 1, "2020-02": 0, "2020-03": 0, "2020-04": 0, "2020-05": 0, "2020-06": 2};
    expect(await monthsOf(nightly, "7")).toEqual({...months, "2020-07": 0, "2020-08": 0, "2020-09": 0});
    expect(Object.keys(await monthsOf(nightly, "9"))).toHaveLength(11);
  });

  it("give every mart and indicator as a rebuild does", async () => {
    expect(await marts(nightly)).toEqual(await marts(rebuilt));
  });
});

/** What is landed before a build. */
type Landings = [stream: string, records: object[], options?: LandOptions][];

const page: LandedAccount = {...account, account_id: "facebook:1", platform: "facebook", platform_account_id: "1"};
const pagePost = (id: string, day: string, text: string) => ({
  id: `1_${id}`,
  published_at: `${day}T10:00:00.000Z`,
  text,
  insights_status: "not_permitted"
});
/** A row of X's classic export, which counts otherwise than the API did. */
const daily = (day: string) => ({on_date: day, impressions: 9});
const tweet = (id: string, day: string) => ({
  tweet_id: id,
  published_at: `${day}T10:00:00.000Z`,
  text: `Post ${id}`,
  is_reply: false,
  impressions: 77,
  likes: 9
});

describe("nights on which the past changes", () => {
  const june = xPost("1", {}, {published_at: "2020-06-30T10:00:00.000Z", text: "Text"});
  const july: Landings[number] = [
    "posts",
    [pagePost("2", "2020-07-02", "Text"), pagePost("3", "2020-07-03", "Text")],
    {account: page}
  ];
  const file: LandOptions = {source: "export", run: "import"};

  it.each<[what: string, nights: Record<string, Landings>]>([
    [
      "a post that two of another month share their text with gets another text",
      {"2020-07-10": [["posts", [june]], july], "2020-09-01": [], "2020-09-02": [["posts", [{...june, text: "Else"}]]]}
    ],
    [
      "a post gets the text that two of another month have",
      {"2020-07-10": [["posts", [{...june, text: "Else"}]], july], "2020-09-01": [], "2020-09-02": [["posts", [june]]]}
    ],
    [
      "the first of all posts turns out to be of a later month",
      {
        "2020-07-10": [["posts", [post("1", "2020-01-31", 4), post("2", "2020-03-03", 4), post("3", "2020-07-01", 4)]]],
        "2020-07-11": [["posts", [post("1", "2020-06-01", 4)]]]
      }
    ],
    [
      "posts of a file cover months of which a file of days has told",
      {
        "2020-07-20": [["classic_daily", [daily("2020-04-01")], {...file, covers: ["2020-04-01", "2020-06-30"]}]],
        "2020-07-25": [["classic_tweets", [tweet("1", "2020-06-01")], {...file, covers: ["2020-04-01", "2020-06-30"]}]]
      }
    ],
    [
      "the API confirms its numbers after a file told others",
      {
        "2020-07-20": [["posts", [post("1", "2020-06-01", 4)]]],
        "2020-07-25": [["classic_tweets", [tweet("1", "2020-06-01")], file]],
        "2020-07-27": [["posts", [post("1", "2020-06-01", 4)]]]
      }
    ]
  ])("give what a rebuild gives where %s", async (_, nights) => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    await using nightly = await emptyWarehouse();
    for (const [day, landings] of Object.entries(nights)) {
      for (const [stream, records, options] of landings) await land(landing, stream, day, records, options);
      await load(nightly, landing);
      await build(nightly, day);
    }
    await using whole = await emptyWarehouse();
    await load(whole, landing);
    await build(whole, Object.keys(nights).at(-1)!, true);
    expect(await martsOf(nightly)).toEqual(await martsOf(whole));
  });
});

describe("an account that is added to a platform", () => {
  it("leaves the followers of months before as they were, and brings no growth but its own", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await night(warehouse, landing, "2020-02-29", {posts: [], followers: 990});
    await night(warehouse, landing, "2020-03-31", {posts: [], followers: 1000});
    await night(warehouse, landing, "2020-04-15", {of: "8", posts: [], followers: 900});
    await night(warehouse, landing, "2020-04-29", {of: "8", posts: [], followers: 980});
    await night(warehouse, landing, "2020-04-30", {posts: [], followers: 1020});
    const rows = await warehouse.rows(`
      select s.period_start, s.value as size, s.status, n.value as growth, p.value as percent, p.status as percent_status
      from indicator.audience_size as s
      join indicator.audience_net_growth as n using (period, period_start, platform)
      join indicator.audience_growth_pct as p using (period, period_start, platform)
      where s.period = 'month' and n.part = 'net' and s.account_id is null and n.account_id is null and p.account_id is null
      order by 1`);
    expect(rows.slice(1)).toEqual([
      {period_start: "2020-03-01", size: 1000, status: "ok", growth: 10, percent: 100 / 99, percent_status: "ok"},
      {
        period_start: "2020-04-01",
        size: 2000,
        status: "ok",
        growth: 100,
        percent: null,
        percent_status: "not_measurable"
      }
    ]);
  }, 60_000);
});

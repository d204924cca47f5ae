import {afterAll, beforeAll, describe, expect, it} from "vitest";
import type {Account} from "../../connectors/connector.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import {Ledger} from "../../pipelines/ledger.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {emptyWarehouse} from "../warehouse/warehouse-fixture.ts";

const refresh = {daily: 14, weekly: 90, monthly: 365, audience: 7};
const calendar = {now: new Date("2020-11-30T23:00:00Z"), today: "2020-11-30", timezone: "UTC"};
const urn = (number: number): string => `urn:li:share:${7_000_000_000_000_000_000n + BigInt(number)}`;

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await emptyWarehouse();
});
afterAll(() => warehouse[Symbol.asyncDispose]());

/** A post of the account with this key that was read on these days; of each reading the likes, or null. */
async function addPost(
  key: number,
  account: number,
  publishedOn: string,
  readings: [on: string, likes: number | null][]
) {
  await warehouse.exec(`
    insert into core.post by name select ${key} as post_key, ${account} as account_key, 'linkedin' as platform,
      '${urn(key)}' as platform_post_id, '${urn(key)}' as lookup_id, timestamptz '${publishedOn} 10:00:00+00' as published_at,
      date '${publishedOn}' as published_on, false as is_repost, false as is_reply, 1 as source_key`);
  for (const [index, [on, likes]] of readings.entries()) {
    const table = index === readings.length - 1 ? "open_reading" : "reading";
    await warehouse.exec(`
      insert into core.${table} by name select ${key} as post_key, 1 as source_key, date '${on}' as captured_on,
        date '${on}' as confirmed_on, ${likes} as reactions`);
  }
}

function accountOf(kind: string, id: string, posts: string[] = []): Account {
  return {platform: "linkedin", kind, id, aliases: [], name: id, apiVersion: "202609", posts};
}

describe("the ledger of a warehouse", () => {
  it("remembers that a post was counted once, though its last reading failed", async () => {
    await warehouse.exec("insert into core.account by name select 1 as account_key, 'linkedin:page' as account_id");
    await addPost(1, 1, "2020-11-20", [
      ["2020-11-28", 4],
      ["2020-11-29", null]
    ]);
    await addPost(2, 1, "2020-11-21", [["2020-11-29", 0]]);
    const page = accountOf("page", "page");
    await warehouse.exec(`insert into core.cursor by name select 'linkedin:page' as account_id, 'posts' as stream,
      '{"read_at":"2020-11-29T23:00:00Z"}' as cursor`);
    const ledger = await Ledger.read(warehouse, [page], refresh, calendar.today);
    const {known, counted} = ledger.states(linkedin, page, refresh, calendar).get("posts")!;
    expect(known.map(({id}) => id)).toEqual([urn(2), urn(1)]);
    expect(counted).toEqual(new Set([urn(1)]));
  });

  it("remembers what was counted though the posts were never read to their end, and beyond the refresh by age", async () => {
    await warehouse.exec("insert into core.account by name select 3 as account_key, 'linkedin:broken' as account_id");
    await addPost(7, 3, "2020-11-20", [["2020-11-29", 4]]);
    await addPost(8, 3, "2020-02-20", [["2020-03-01", 4]]);
    await addPost(9, 3, "2020-11-21", [["2020-11-29", null]]);
    const page = accountOf("page", "broken");
    const short = {...refresh, weekly: 30, monthly: 60};
    const ledger = await Ledger.read(warehouse, [page], short, calendar.today);
    expect(ledger.states(linkedin, page, short, calendar).get("posts")).toEqual({
      ...{cursor: undefined, due: [], known: []},
      counted: new Set([urn(7), urn(8)])
    });
  });

  it("reads no post again that is beyond the refresh by age", async () => {
    await warehouse.exec("insert into core.account by name select 4 as account_key, 'linkedin:short' as account_id");
    // Tomorrow its statistics can be had no more.
    await addPost(10, 4, "2019-12-02", [["2020-03-01", 4]]);
    await warehouse.exec(`insert into core.cursor by name select 'linkedin:short' as account_id, 'posts' as stream,
      '{"read_at":"2020-11-29T23:00:00Z"}' as cursor`);
    const page = accountOf("page", "short");
    const due = async (often: typeof refresh) => {
      const ledger = await Ledger.read(warehouse, [page], often, calendar.today);
      return ledger
        .states(linkedin, page, often, calendar)
        .get("posts")!
        .due.map(({id}) => id);
    };
    expect(await due(refresh)).toEqual([urn(10)]);
    expect(await due({...refresh, weekly: 30, monthly: 60})).toEqual([]);
  });

  it("reads a post that the configuration names by its age, and once where it is too old for that", async () => {
    await warehouse.exec("insert into core.account by name select 2 as account_key, 'linkedin:member' as account_id");
    await addPost(3, 2, "2019-01-01", [["2020-06-01", 1]]);
    await addPost(4, 2, "2020-10-01", [["2020-11-25", 1]]);
    await addPost(5, 2, "2020-10-01", [["2020-11-23", 1]]);
    const member = accountOf("member", "member", [3, 4, 5, 6].map(urn));
    const ledger = await Ledger.read(warehouse, [member], refresh, calendar.today);
    const {due} = ledger.states(linkedin, member, refresh, calendar).get("member_posts")!;
    expect(new Set(due.map(({id}) => id))).toEqual(new Set([urn(5), urn(6)]));
  });

  it("takes a stream that was read past midnight for one of the night on which its posts were read", async () => {
    await warehouse.exec("insert into core.account by name select 5 as account_key, 'linkedin:late' as account_id");
    await addPost(11, 5, "2020-11-20", [["2020-11-29", 4]]);
    const page = accountOf("page", "late");
    await warehouse.exec(`insert into core.cursor by name select 'linkedin:late' as account_id, 'posts' as stream,
      '{"read_at":"2020-11-30T00:10:00Z","read_on":"2020-11-29"}' as cursor`);
    const ledger = await Ledger.read(warehouse, [page], refresh, calendar.today);
    const {known, due} = ledger.states(linkedin, page, refresh, calendar).get("posts")!;
    expect([known.map(({id}) => id), due]).toEqual([[urn(11)], []]);
  });
});

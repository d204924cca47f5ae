import {describe, expect, it} from "vitest";
import {Landing} from "../../warehouse/landing.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {emptyWarehouse, folder, land, load} from "./warehouse-fixture.ts";

const page = accountOf("facebook", "1");
const organisation = accountOf("linkedin", "5", "organisation");

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
});

/** A warehouse built from what nights of a connector gave, as the pipeline lands and loads it. */
import type {Account} from "../../connectors/connector.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {Landing} from "../../warehouse/landing.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {build, emptyWarehouse, folder, load} from "../warehouse/warehouse-fixture.ts";

/** Lands each night's streams under its date, loads them and builds every model as of the last. */
export async function staged(account: Account, nights: Map<string, Extracted[]>): Promise<Warehouse> {
  using data = folder();
  const landing = Landing.open(data.path);
  const {platform, id, name, kind} = account;
  const landed = {account_id: `${platform}:${id}`, platform, platform_account_id: id, name, kind, handle: null};
  for (const [date, results] of nights) {
    const batches = results.map(({stream, records, cursor}) => ({
      batch: {
        run_id: date,
        platform,
        stream,
        source: "api" as const,
        account: landed,
        captured_at: `${date}T23:59:59.000Z`,
        captured_on: date,
        cursor: cursor === undefined ? null : {...cursor},
        covers_from: date,
        covers_to: date
      },
      records
    }));
    landing.append(batches, new Date(`${date}T23:59:59Z`));
  }
  const warehouse = await emptyWarehouse();
  await load(warehouse, landing);
  await build(warehouse, [...nights.keys()].at(-1)!, true);
  return warehouse;
}

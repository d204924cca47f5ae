/** A warehouse for the benchmark, as the commands open it. */
import {createCore} from "../../warehouse/core.ts";
import {installFunctions} from "../../warehouse/functions/functions.ts";
import {Landing} from "../../warehouse/landing.ts";
import {loadLanded} from "../../warehouse/load.ts";
import {buildModels, type Model, readModels, stagingModels} from "../../warehouse/models.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";

export const models = readModels();

export async function openStore(path: string): Promise<Warehouse> {
  const warehouse = await Warehouse.open(path, {tempDirectory: `${path}.spill`});
  await installFunctions(warehouse);
  await createCore(warehouse);
  if ((await warehouse.row("select 1 from core.setting")) === undefined) {
    await warehouse.exec("insert into core.setting values ('Europe/Zurich', null, null, null)");
  }
  return warehouse;
}

export async function loadAll(warehouse: Warehouse, dataDir: string): Promise<void> {
  await loadLanded(warehouse, Landing.open(dataDir), stagingModels(models));
}

export async function build(warehouse: Warehouse, built: Model[], day: string, full = false): Promise<void> {
  await buildModels(warehouse, built, {runId: "bench", asOfOn: day, asOfAt: `${day}T20:00:00Z`, ranges: {}}, full);
}

/** Seconds that a piece of work takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Loading landed records beside DuckDB's plain `read_json` of the same files. */
import {join} from "node:path";
import {literal, Warehouse} from "../../warehouse/warehouse.ts";
import type {Figure} from "./bench.ts";
import {loadAll, models, openStore, seconds} from "./store.ts";
import {dayOf, landPosts, xPosts} from "./world.ts";

/** A million posts in ten files, read once. */
export async function load(folder: string, scale: number): Promise<Figure[]> {
  const rows = 1_000_000 * scale;
  const files = 10;
  const writer = await Warehouse.open(":memory:");
  for (let part = 1; part <= files; part++) {
    const from = (rows / files) * (part - 1);
    await landPosts(writer, folder, dayOf(4000), "run", part, xPosts(from, from + rows / files, 0), rows / files);
  }
  writer.close();
  const columns = Object.entries(models.find(({name}) => name === "stg_x__posts")!.twin.columns!);
  const plain = await Warehouse.open(join(folder, "plain.duckdb"));
  const reference = await seconds(() =>
    plain.exec(`create table plain as select * from read_json(${literal(join(folder, "landing/x/posts/*.ndjson.gz"))},
      format = 'newline_delimited', columns = {${columns.map(([name, type]) => `${literal(name)}: ${literal(type)}`).join(", ")}})`)
  );
  plain.close();
  const store = await openStore(join(folder, "warehouse.duckdb"));
  const taken = await seconds(() => loadAll(store, folder));
  store.close();
  return [
    {
      figure: `load: ${rows} landed records, times plain read_json`,
      value: taken / reference,
      unit: "x",
      aim: "at most 3"
    },
    {figure: "load: records a second", value: rows / taken, unit: "records/s", aim: "-"},
    {figure: "load: plain read_json", value: rows / reference, unit: "records/s", aim: "-"}
  ];
}

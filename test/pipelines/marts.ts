/** What a warehouse gives to readers, so that two can be told to be equal. */
import {Warehouse} from "../../warehouse/warehouse.ts";

/** What the contract promises of `mart` and `indicator` to every reader, so far as it is built. */
export const contracted = [
  "mart.account",
  "mart.account_metric",
  "mart.audience_breakdown",
  "mart.metric_definition",
  "mart.post",
  "mart.post_alias",
  "mart.post_latest",
  "mart.post_metric",
  "indicator.catalogue",
  "indicator.value"
];

/** Each relation of `mart` and `indicator` in a DuckDB file: its number of rows, and a hash over them in order. */
export async function marts(file: string): Promise<Record<string, string>> {
  // The long view of all metrics at once needs more than the default.
  await using warehouse = await Warehouse.open(file, {readOnly: true, memoryLimit: "2GB"});
  const relations = await warehouse.rows<{relation: string; columns: string}>(
    `select table_schema || '.' || table_name as relation,
       string_agg('"' || column_name || '"', ', ' order by ordinal_position) as columns
     from information_schema.columns
     where table_schema in ('mart', 'indicator')
       and column_name not in ('run_id', 'post_key') -- each run has an id of its own; posts are numbered as they are loaded
     group by all order by all`
  );
  const hashes: Record<string, string> = {};
  for (const {relation, columns} of relations) {
    const row = await warehouse.row<{rows: string}>(
      `select count(*) || ' rows ' || coalesce(md5(string_agg(line, chr(10) order by line)), '') as rows
       from (select cast((${columns}, 0) as varchar) as line from ${relation})`
    );
    hashes[relation] = row!.rows;
  }
  return hashes;
}

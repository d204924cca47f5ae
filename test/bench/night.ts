/** A night on a store with years behind it, beside its rebuild. */
import {join} from "node:path";
import {publish} from "../../warehouse/publish.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import type {Figure} from "./bench.ts";
import {buildAll, loadAll, models, openStore, seconds} from "./store.ts";
import {dayOf, landPosts, xPosts} from "./world.ts";

const posts = 200_000;
/** The night reads every tenth post and changes every hundredth: the newest ones, as a refresh by age does. */
const read = 20_000;

/** 2 and 20 million readings of 200,000 posts. */
export async function night(folder: string, scale: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const nights: number[] = [];
  for (const millions of [2, 20]) {
    const readings = millions * 1_000_000 * scale;
    const result = await measure(
      join(folder, String(millions)),
      posts * scale,
      readings / (posts * scale),
      read * scale
    );
    nights.push(result.night);
    figures.push(
      {
        figure: `night: ${readings} readings, rebuild by night`,
        value: result.rebuild / result.night,
        unit: "x",
        aim: "at least 20"
      },
      {figure: `night: ${readings} readings`, value: result.night, unit: "s", aim: "-"},
      {figure: `night: ${readings} readings, rebuild`, value: result.rebuild, unit: "s", aim: "-"},
      {
        figure: "night: publication a million readings",
        value: result.publication / (readings / 1e6),
        unit: "s",
        aim: "at most 0.15"
      }
    );
  }
  figures.push({
    figure: "night: on ten times the readings",
    value: nights[1]! / nights[0]!,
    unit: "x",
    aim: "flat, about 1"
  });
  return figures;
}

async function measure(folder: string, count: number, times: number, tonight: number) {
  const writer = await Warehouse.open(":memory:");
  const first = 4000;
  const scaled = (select: string) => select.replaceAll("// 1000000", `// ${count}`);
  for (let step = 0; step < times; step++) {
    await landPosts(writer, folder, dayOf(first + step), `run${step}`, 1, scaled(xPosts(0, count, step)), count);
  }
  const path = join(folder, "warehouse.duckdb");
  let store = await openStore(path);
  const rebuild = await seconds(async () => {
    await loadAll(store, folder);
    await buildAll(store, dayOf(first + times - 1), true);
  });
  const next = first + times;
  const select = scaled(xPosts(count - tonight, count, times - 1))
    .replace("from range", "from range")
    .replaceAll(
      `cast(case when n % 1 = 0 then ${times - 1} else 0 end as bigint)`,
      `cast(case when n % 10 = 0 then ${times + 5} else ${times - 1} end as bigint)`
    );
  await landPosts(writer, folder, dayOf(next), "tonight", 1, select, tonight);
  writer.close();
  store.close();
  store = await openStore(path);
  const night = await seconds(async () => {
    await loadAll(store, folder);
    await buildAll(store, dayOf(next));
  });
  const publication = await seconds(() =>
    publish(store, models, folder, {
      organisation: "bench",
      timezone: "Europe/Zurich",
      asOfOn: dayOf(next),
      publishedAt: `${dayOf(next)}T20:00:00Z`,
      runId: "tonight",
      periods: "{}"
    })
  );
  store.close();
  return {rebuild, night, publication};
}

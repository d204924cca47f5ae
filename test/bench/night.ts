/** A night on a store with years behind it, beside its rebuild. */
import {copyFileSync} from "node:fs";
import {join} from "node:path";
import {publish} from "../../warehouse/publish.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import type {Figure} from "./bench.ts";
import {build, loadAll, models, openStore, seconds} from "./store.ts";
import {dayOf, landPosts, xPosts} from "./world.ts";

const posts = 200_000;
/** The night reads every tenth post and changes every hundredth: the newest ones, as a refresh by age does. */
const read = 20_000;

/** What a night makes: marts (and one small indicator, without which no build goes), or all; a post has ten rows of these. */
const built = {
  marts: models.filter(({layer, name}) => layer !== "indicators" || name === "audience_size"),
  indicators: models
};
type Built = keyof typeof built;
const kinds = Object.keys(built) as Built[];

/** 2 and 20 million readings of 200,000 posts. */
export async function night(folder: string, scale: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const nights: number[] = [];
  const publications: number[] = [];
  for (const millions of [2, 20]) {
    const readings = millions * 1_000_000 * scale;
    const {rebuild, tonight, publication} = await measure(
      join(folder, String(millions)),
      posts * scale,
      readings / (posts * scale),
      read * scale
    );
    nights.push(tonight.marts);
    publications.push(publication);
    for (const kind of kinds) {
      const to = `night: ${readings} readings, landing to checked ${kind}`;
      figures.push(
        {
          figure: `${to}, rebuild by night`,
          value: rebuild[kind] / tonight[kind],
          unit: "x",
          aim: kind === "marts" ? "at least 20" : "-"
        },
        {figure: to, value: tonight[kind], unit: "s", aim: "-"},
        {figure: `${to}, rebuild`, value: rebuild[kind], unit: "s", aim: "-"}
      );
    }
    figures.push({
      figure: `night: ${readings} readings, publication a million`,
      value: publication / (readings / 1e6),
      unit: "s",
      aim: "at most 0.15"
    });
  }
  figures.push(
    {
      figure: "night: publication, each further million readings of the same posts",
      value: (publications[1]! - publications[0]!) / (18 * scale),
      unit: "s",
      aim: "-"
    },
    {
      figure: "night: marts on ten times the readings",
      value: nights[1]! / nights[0]!,
      unit: "x",
      aim: "flat, about 1"
    }
  );
  return figures;
}

async function measure(folder: string, count: number, times: number, changing: number) {
  const writer = await Warehouse.open(":memory:");
  const first = 4000;
  const scaled = (select: string) => select.replaceAll("// 1000000", `// ${count}`);
  for (let step = 0; step < times; step++) {
    await landPosts(writer, folder, dayOf(first + step), `run${step}`, 1, scaled(xPosts(0, count, step)), count);
  }
  const paths = {marts: join(folder, "marts.duckdb"), indicators: join(folder, "warehouse.duckdb")};
  const loading = await seconds(() => within(paths.marts, store => loadAll(store, folder)));
  copyFileSync(paths.marts, paths.indicators);
  const rebuild = {marts: 0, indicators: 0};
  for (const kind of kinds) {
    rebuild[kind] =
      loading +
      (await seconds(() => within(paths[kind], store => build(store, built[kind], dayOf(first + times - 1), true))));
  }
  const next = first + times;
  const select = scaled(xPosts(count - changing, count, times - 1)).replaceAll(
    `cast(case when n % 1 = 0 then ${times - 1} else 0 end as bigint)`,
    `cast(case when n % 10 = 0 then ${times + 5} else ${times - 1} end as bigint)`
  );
  await landPosts(writer, folder, dayOf(next), "tonight", 1, select, changing);
  writer.close();
  const tonight = {marts: 0, indicators: 0};
  for (const kind of kinds) {
    tonight[kind] = await seconds(() =>
      within(paths[kind], async store => {
        await loadAll(store, folder);
        await build(store, built[kind], dayOf(next));
      })
    );
  }
  const publication = await seconds(() =>
    within(paths.indicators, store =>
      publish(store, models, folder, {
        organisation: "bench",
        timezone: "Europe/Zurich",
        asOfOn: dayOf(next),
        publishedAt: `${dayOf(next)}T20:00:00Z`,
        runId: "tonight",
        periods: "{}"
      })
    )
  );
  return {rebuild, tonight, publication};
}

/** A store for a piece of work, opened and closed. */
async function within(path: string, work: (store: Warehouse) => Promise<void>): Promise<void> {
  await using store = await openStore(path);
  await work(store);
}

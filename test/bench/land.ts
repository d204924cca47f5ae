/** Validating and landing records beside bare JSON.parse and gzip. */
import {gzipSync} from "node:zlib";
import {x} from "../../connectors/x.ts";
import {Landing} from "../../warehouse/landing.ts";
import type {Figure} from "./bench.ts";
import {account} from "./world.ts";

/** Pages of 100 posts as X answers them: parse, check the shape, strip, and land in files of 10,000. */
export async function land(folder: string, scale: number): Promise<Figure[]> {
  const pages = Math.round(2000 * scale);
  const texts = Array.from({length: pages}, (_, page) => JSON.stringify(answer(page)));
  const records = pages * 100;
  const bareStart = performance.now();
  for (let start = 0; start < pages; start += 100) {
    const lines = texts.slice(start, start + 100).flatMap(text => (JSON.parse(text) as {data: object[]}).data);
    gzipSync(lines.map(line => `${JSON.stringify(line)}\n`).join(""), {level: 1});
  }
  const bare = performance.now() - bareStart;
  const landing = Landing.open(folder);
  const {posts} = x.streams as {posts: NonNullable<(typeof x.streams)[string]>};
  const ownStart = performance.now();
  for (let start = 0; start < pages; start += 100) {
    const lines = texts.slice(start, start + 100).flatMap(text =>
      posts.records(posts.answer.parse(JSON.parse(text)), {
        account: {...account, id: "7", aliases: [], apiVersion: "2"},
        parts: [],
        metrics: [],
        size: 100
      })
    );
    await landing.append(
      [
        {
          batch: {
            run_id: "run",
            platform: "x",
            stream: "posts",
            source: "api",
            account,
            captured_at: "2026-01-01T00:00:00.000Z",
            captured_on: "2026-01-01",
            cursor: null,
            covers_from: "2026-01-01",
            covers_to: "2026-01-01"
          },
          records: lines
        }
      ],
      new Date(0)
    );
  }
  const own = performance.now() - ownStart;
  return [
    {figure: `land: ${records} records, times bare parse and gzip`, value: own / bare, unit: "x", aim: "-"},
    {figure: "land: records a second", value: records / (own / 1000), unit: "records/s", aim: "-"}
  ];
}

function answer(page: number): object {
  const data = Array.from({length: 100}, (_, index) => ({
    id: String(1_000_000_000_000_000_000n + BigInt(page * 100 + index)),
    author_id: "7",
    created_at: "2020-06-19T10:00:00.000Z",
    text: `Statement number ${page * 100 + index} of the mandate on protection against violence and discrimination`,
    lang: "en",
    edit_history_tweet_ids: [String(1_000_000_000_000_000_000n + BigInt(page * 100 + index))],
    entities: {
      hashtags: [{start: 0, end: 4, tag: "SOGI"}],
      urls: [{start: 5, end: 9, url: "https://t.co/a", expanded_url: "https://example.org/report"}]
    },
    public_metrics: {
      retweet_count: 3,
      reply_count: 1,
      like_count: 20,
      quote_count: 0,
      bookmark_count: 1,
      impression_count: 1000 + index
    }
  }));
  return {data, meta: {result_count: 100, next_token: `t${page}`}};
}

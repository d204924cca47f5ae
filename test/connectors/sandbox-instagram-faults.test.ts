import {readFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import {instagram} from "../../connectors/sandbox/instagram.ts";
import {type Own, started} from "./instagram-client.ts";

interface Media {
  id: string;
  timestamp?: string;
  like_count?: number;
  total_like_count?: number;
  comments_count?: number;
  insights?: {data: {name: string; values: {value: number}[]}[]};
}

interface Page {
  data: Media[];
  paging?: {next?: string};
}

const fields = "id,timestamp,like_count,comments_count,total_like_count";
const page = `/{id}/media?fields=${fields}&limit=5`;
const nested = "/{id}/media?fields=id,insights.metric(reach,likes,total_interactions)&limit=5";

function error(code: number, more: object = {}): object {
  return {error: expect.objectContaining({code, ...more})};
}

async function idsOf(own: Own): Promise<string[]> {
  return (await own.read<Page>(page)).data.map(({id}) => id);
}

describe("a fault in Instagram's words", () => {
  it("rate-limit strikes once, rate-limit-account for an hour", async () => {
    await using own = await started({faults: ["rate-limit"]});
    expect((await own.ask(page)).body).toEqual(error(4, {message: "(#4) Application request limit reached"}));
    expect((await own.ask(page)).status).toBe(200);
    own.sandbox.setFaults(["rate-limit-account"]);
    const {body, headers} = await own.ask(page);
    expect(body).toEqual(error(80002));
    expect(JSON.parse(headers.get("x-business-use-case-usage")!)).toEqual({
      [own.id]: [expect.objectContaining({type: "instagram", call_count: 100, estimated_time_to_regain_access: 60})]
    });
    expect((await own.ask(page)).body).toEqual(error(80002));
  });

  it.each([
    ["token-expired", 190, 463],
    ["token-invalidated", 190, 467]
  ])("%s refuses every token", async (fault, code, error_subcode) => {
    await using own = await started({faults: [fault]});
    expect((await own.ask(page)).body).toEqual(error(code, {error_subcode}));
  });

  it("transient-once passes, null-item leaves one item of a batch out", async () => {
    await using own = await started({faults: ["transient-once", "null-item"]});
    expect(await own.ask(page)).toMatchObject({status: 500, body: error(2, {is_transient: true})});
    const items = [own.id, own.id];
    expect(await own.batch(items)).toEqual([expect.objectContaining({code: 200}), null]);
    expect(await own.batch(items)).toEqual([expect.anything(), expect.anything()]);
  });

  it("legacy-gone refuses several ids at once", async () => {
    await using own = await started();
    expect((await own.ask("/?ids={id}&fields=id")).status).toBe(200);
    own.sandbox.setFaults(["legacy-gone"]);
    const message = "(#12) GET /?ids= is deprecated for versions v26.0 and higher";
    expect((await own.ask("/?ids={id}&fields=id")).body).toEqual(error(12, {message}));
  });

  it("too-much-data refuses large listings, permission-lost insights, empty-insights empties them", async () => {
    await using own = await started({faults: ["too-much-data"]});
    expect(await own.ask("/{id}/media?limit=26")).toMatchObject({status: 500, body: error(1)});
    expect((await own.ask("/{id}/media?limit=25")).status).toBe(200);
    own.sandbox.setFaults(["permission-lost"]);
    const words = {message: "(#10) Application does not have permission for this action"};
    expect((await own.ask(nested)).body).toEqual(error(10, words));
    expect((await own.ask("/{id}/insights?metric=reach&period=day")).body).toEqual(error(10, words));
    expect((await own.ask(page)).status).toBe(200);
    own.sandbox.setFaults(["empty-insights"]);
    const {data} = await own.read<Page>(nested);
    expect(data.map(({insights}) => insights)).toEqual(data.map(() => ({data: []})));
  });

  it("few-followers empties what needs a hundred of them", async () => {
    await using own = await started({faults: ["few-followers"]});
    const numbers = "metric_type=total_value&";
    for (const query of [
      `metric=follower_demographics&${numbers}period=lifetime&timeframe=this_week&breakdown=country`,
      `metric=follows_and_unfollows&${numbers}period=day&breakdown=follow_type&since=2020-11-20&until=2020-11-25`,
      "metric=follower_count&period=day"
    ]) {
      expect(await own.read(`/{id}/insights?${query}`)).toMatchObject({data: []});
    }
  });

  it("wrong-shape leaves timestamp out, hidden-likes the likes of a listing, one-more-like changes one counter", async () => {
    await using own = await started({faults: ["wrong-shape"]});
    expect(Object.keys((await own.read<Page>(page)).data[0]!)).not.toContain("timestamp");
    own.sandbox.setFaults([]);
    const plain = (await own.read<Page>(page)).data;
    const before = (await own.read<Page>(nested)).data;
    own.sandbox.setFaults(["hidden-likes"]);
    const bare = plain.map(({like_count, total_like_count, ...rest}) => rest);
    expect((await own.read<Page>(page)).data).toEqual(bare);
    expect(await own.read(`/${plain[0]!.id}?fields=${fields}`)).toEqual(plain[0]);
    own.sandbox.setFaults(["one-more-like"]);
    const [first, ...rest] = plain;
    const more = {like_count: first!.like_count! + 1, total_like_count: first!.total_like_count! + 1};
    expect((await own.read<Page>(page)).data).toEqual([{...first, ...more}, ...rest]);
    const values = ({insights}: Media) => insights!.data.map(({values}) => values[0]!.value);
    const after = (await own.read<Page>(nested)).data;
    const [reach, likes, interactions] = values(before[0]!) as [number, number, number];
    expect(values(after[0]!)).toEqual([reach, likes + 1, interactions + 1]);
    expect(after.slice(1)).toEqual(before.slice(1));
  });

  it("duplicate-posts repeats a medium, missing-posts deletes two", async () => {
    await using own = await started();
    const plain = await idsOf(own);
    own.sandbox.setFaults(["duplicate-posts"]);
    expect(await idsOf(own)).toEqual([...plain, plain[0]]);
    own.sandbox.setFaults(["missing-posts"]);
    expect((await idsOf(own)).slice(0, 3)).toEqual(plain.slice(2));
    expect((await own.ask(`/${plain[0]}`)).body).toEqual(error(100, {error_subcode: 33}));
    expect((await own.ask(`/${plain[2]}`)).status).toBe(200);
    expect(await own.read("/{id}?fields=media_count")).toMatchObject({media_count: 35});
  });

  it("same-page-token leads back to the first page for ever, foreign-next to another host", async () => {
    await using own = await started({faults: ["same-page-token"]});
    const first = await own.read<Page>(page);
    expect(await (await fetch(first.paging!.next!)).json()).toEqual(first);
    own.sandbox.setFaults(["foreign-next"]);
    expect((await own.read<Page>(page)).paging!.next).toMatch(/^http:\/\/127\.0\.0\.2/);
  });

  it("retired-metric removes one metric of media and one of the account, until it is switched off", async () => {
    await using own = await started();
    const [id] = await idsOf(own);
    const paths = [`/${id}/insights?metric=reach,saved`, "/{id}/media?fields=insights.metric(saved)&limit=5"];
    paths.push("/{id}/insights?metric=accounts_engaged&metric_type=total_value&period=day");
    for (const path of paths) expect((await own.ask(path)).status).toBe(200);
    own.sandbox.setFaults(["retired-metric"]);
    for (const path of paths) {
      const message = expect.stringMatching(/^\(#100\) metric\[[01]\] must be one of the following values: /);
      expect((await own.ask(path)).body).toEqual(error(100, {message}));
    }
    expect((await own.ask(`/${id}/insights?metric=reach`)).status).toBe(200);
  });

  it("media-without-insights strikes three of a thousand, on three pages, each alone in a batch", async () => {
    await using own = await started({posts: 1000, faults: ["media-without-insights"]});
    const {items} = await own.all<Media>("/{id}/media?fields=id&limit=100");
    const refused: number[] = [];
    for (let start = 0; start < items.length; start += 50) {
      const ids = items.slice(start, start + 50).map(({id}) => id);
      const answers = await own.batch(ids.map(id => `${id}/insights?metric=reach,views`));
      answers.forEach((item, index) => {
        if (item!.code === 200) return;
        refused.push(start + index);
        expect(JSON.parse(item!.body)).toEqual(error(100, {error_subcode: 2108006}));
      });
    }
    expect(refused).toHaveLength(3);
    expect(new Set(refused.map(index => Math.floor(index / 100))).size).toBe(3);
    const page = `/{id}/media?fields=id,insights.metric(reach)&limit=100`;
    expect((await own.ask(page)).status).toBe(200);
    expect((await own.ask("/{id}/media?fields=id,insights.metric(reach)&limit=1")).status).toBe(200);
    await expect(own.all(page)).rejects.toThrow("2108006");
    own.sandbox.setFaults([]);
    expect((await own.all(page)).items).toHaveLength(1000);
  });
});

describe("docs/sandbox-instagram.md", () => {
  const text = readFileSync(new URL("../../docs/sandbox-instagram.md", import.meta.url), "utf8");

  it.each(Object.entries(instagram.faults))("explains the switch %s", (name, {what}) => {
    expect(text).toContain(`| \`${name}\` | ${what} |`);
  });
});

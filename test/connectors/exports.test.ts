import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {fileURLToPath} from "node:url";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import type {Account} from "../../connectors/connector.ts";
import {ConfigError} from "../../connectors/errors.ts";
import {findKinds, normalise, type ReadOptions, readExport} from "../../connectors/exports/exports.ts";

const shared = fileURLToPath(new URL("../../../shared/exports/", import.meta.url));
const now = new Date("2026-11-25T12:00:00Z");
const tweetHeader = "Tweet id,Tweet permalink,Tweet text,time,impressions,engagements,retweets,replies,likes";
const dailyHeader = "Date,Tweets published,impressions,engagements,retweets,replies,likes";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "megaphone-exports-"));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

/** Puts a file into the test's folder; returns its path. */
function file(content: string | Buffer, name = "export.csv"): string {
  const path = join(mkdtempSync(join(folder, "file-")), name);
  writeFileSync(path, content);
  return path;
}

const read = (content: string | Buffer, more: Partial<ReadOptions> = {}) =>
  readExport(file(content), {accounts: [], now, ...more});

/** What is said of a file that cannot be read at all. */
async function refusal(content: string | Buffer, more: Partial<ReadOptions> = {}): Promise<string> {
  const error = await read(content, more).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as Error).message;
}

/** An id whose time is 2021-06-07 18:51:30 UTC, plus `more`. */
const idAt = (more: number) => String(((1623091890000n - 1288834974657n) << 22n) + BigInt(more));
const tweet = (id: string, cells = '"Report out",2021-06-07 18:51 +0000,1938.0,12.0,3.0,0,9', handle = "mandate") =>
  `${id},https://twitter.com/${handle}/status/${id},${cells}`;

const account = (more: Partial<Account> = {}): Account => ({
  platform: "x",
  kind: "page",
  id: "7001",
  aliases: [],
  name: "OURS",
  apiVersion: "default",
  ...more
});

describe.skipIf(!existsSync(shared))("files as X gave them", () => {
  const [head, ...lines] = existsSync(shared)
    ? readFileSync(`${shared}expected.csv`, "utf8").trimEnd().split("\n")
    : [""];
  const names = head!.split(",");
  const expected = lines
    .map(line => {
      const cells = line.match(/("[^"]*"|[^,]*)(,|$)/g)!.map(cell => cell.replace(/,$/, ""));
      return Object.fromEntries(names.map((name, place) => [name, cells[place] ?? ""]));
    })
    .filter(row => row.kind?.startsWith("x_classic"));

  it("are four with expected totals", () => {
    expect(expected).toHaveLength(4);
  });

  it.each(expected.map(row => [row.file!, row] as const))(
    "%s has the expected sums, ids and times",
    async (name, row) => {
      const found = await readExport(`${shared}files/${name}`, {accounts: [], account: "BanklessDAO", now});
      const records = found.batches.flatMap(batch => batch.records);
      const sum = (column: string) => records.reduce((total, record) => total + (record[column] as number), 0);
      expect(`x_${found.kind}`).toBe(row.kind);
      expect(found.rejected).toEqual([]);
      expect(found.batches).toHaveLength(1);
      expect(records).toHaveLength(Number(row.post_or_record_rows));
      expect(new Set(records.map(record => record.tweet_id ?? record.date)).size).toBe(Number(row.distinct_ids));
      expect({
        impressions: sum("impressions"),
        engagements: sum("engagements"),
        likes: sum("likes"),
        replies: sum("replies"),
        retweets: sum("retweets"),
        url_clicks: sum("url_clicks"),
        follows: sum("follows")
      }).toEqual({
        impressions: Number(row.impressions),
        engagements: Number(row.engagements),
        likes: Number(row.reactions_or_likes),
        replies: Number(row.comments),
        retweets: Number(row.shares),
        url_clicks: Number(row.link_clicks),
        follows: Number(row.followers_gained)
      });
      for (const [, column, value] of row.other_checks!.matchAll(/([a-z ]+)=(\d+);/g)) {
        const own = column!.trim().replaceAll(" ", "_");
        if (own in records[0]!) expect(sum(own), own).toBe(Number(value));
      }
      const minutes = records.map(record => ((record.published_at ?? record.date) as string).slice(0, 16)).sort();
      expect([minutes[0], minutes.at(-1)]).toEqual([
        (row.min_publish_utc || row.min_publish_as_exported!).slice(0, 16),
        (row.max_publish_utc || row.max_publish_as_exported!).slice(0, 16)
      ]);
    }
  );

  it("name their account, keep no word of a reply and note the rows that X had not counted yet", async () => {
    const path = `${shared}files/x/classic_banklessDAO_20210508_20210608_en.csv`;
    const {batches, notes, stream, platform} = await readExport(path, {accounts: [], now});
    expect({platform, stream}).toEqual({platform: "x", stream: "classic_tweets"});
    expect(batches[0]!.account).toEqual({
      platform: "x",
      platformAccountId: "banklessdao",
      name: "banklessDAO",
      handle: "banklessDAO"
    });
    const replies = batches[0]!.records.filter(record => record.is_reply);
    expect(replies.length).toBeGreaterThan(0);
    expect(replies.every(record => record.text === null)).toBe(true);
    expect(JSON.stringify(batches[0]!.records)).not.toContain("&amp;");
    expect(notes).toEqual([expect.stringContaining("more engagements than impressions")]);
  });

  it("of another kind are refused, and what is known is listed", async () => {
    const path = `${shared}files/x/premium_overview_koe_2025-08.csv`;
    await expect(readExport(path, {accounts: [], now})).rejects.toThrow(/classic export of posts from X/);
  });
});

describe("a file is opened safely", () => {
  it.each([
    ["an empty one", "", /is empty; export it again/],
    ["a header alone", `${tweetHeader}\n`, /holds a header and no row/],
    ["a zip archive", Buffer.from("PK\x03\x04\0\0\0\0", "latin1"), /is no text file/],
    ["cp1251", Buffer.concat([Buffer.from(`${tweetHeader}\n`), Buffer.from([0xcf, 0xf0, 0xe8])]), /unknown encoding/]
  ])("%s is refused with what to do", async (_, content, message) => {
    expect(await refusal(content)).toMatch(message);
  });

  it("a link and a folder are refused", async () => {
    const target = file(`${tweetHeader}\n${tweet(idAt(1))}\n`);
    const link = join(folder, "link.csv");
    symlinkSync(target, link);
    await expect(readExport(link, {accounts: [], now})).rejects.toThrow(/it is a link/);
    const inner = join(folder, "inner.csv");
    mkdirSync(inner);
    await expect(readExport(inner, {accounts: [], now})).rejects.toThrow(/is no regular file/);
  });

  it("its name says nothing: one named *.csv is that file alone", async () => {
    const path = file(`${tweetHeader}\n${tweet(idAt(1))}\n`, "*.csv");
    expect((await readExport(path, {accounts: [], now})).batches[0]!.records).toHaveLength(1);
  });
});

describe("a file is decoded and split by what it holds", () => {
  const text = `${tweetHeader}\n${tweet(idAt(1), '"Informe número 3 📰",2021-06-07 18:51 +0000,5,1,0,0,1')}\n`;
  const wide = (mark: number[], bytes: Buffer) => Buffer.concat([Buffer.from(mark), bytes]);

  it.each([
    ["UTF-8", text],
    ["UTF-8 with a byte-order mark", `\ufeff${text}`],
    ["UTF-16LE", wide([0xff, 0xfe], Buffer.from(text, "utf16le"))],
    ["UTF-16BE", wide([0xfe, 0xff], Buffer.from(text, "utf16le").swap16())],
    ["semicolons", text.replaceAll(",", ";")],
    ["tabs", text.replaceAll(",", "\t")],
    ["a sep= line", `sep=;\r\n${text.replaceAll(",", ";")}`],
    ["CRLF line ends", text.replaceAll("\n", "\r\n")],
    ["no line end at the end", text.trimEnd()]
  ])("%s gives the same record", async (_, content) => {
    expect((await read(content)).batches[0]!.records).toEqual([
      expect.objectContaining({tweet_id: idAt(1), text: "Informe número 3 📰", impressions: 5})
    ]);
  });

  it("header words match whatever their case, blanks and soft hyphens", () => {
    expect(normalise("\ufeff Im\u00adpres\u00adsio\u00adnen  ge samt ")).toBe("impressionen ge samt");
  });

  it("a ragged row is rejected with its line, also below a text of several lines", async () => {
    const {rejected, batches} = await read(
      `${tweetHeader}\n${tweet(idAt(1), '"one\ntwo\nthree",2021-06-07 18:51 +0000,5,1,0,0,1')}\n1,2,3\n${tweet(idAt(2))}\n`
    );
    expect(rejected).toEqual([{row: 5, reason: expect.stringContaining("has 3 cells where the header has 9")}]);
    expect(batches[0]!.records.map(record => record.text)).toEqual(["one\ntwo\nthree", "Report out"]);
  });

  it("an unclosed quotation mark is rejected, and what stands before it is kept", async () => {
    const {rejected, batches} = await read(
      `${tweetHeader}\n${tweet(idAt(1))}\n${tweet(idAt(2), '"open,2021,1,1,1,1,1')}\n`
    );
    expect(rejected).toEqual([{row: 3, reason: expect.stringContaining("a quotation mark is never closed")}]);
    expect(batches[0]!.records).toHaveLength(1);
  });
});

/** How a row below a good one is rejected. */
const rejection = async (row: string) => (await read(`${tweetHeader}\n${tweet(idAt(9))}\n${row}\n`)).rejected[0];

describe("a classic export of posts", () => {
  const one = async (cells: string, id = idAt(1)) =>
    (await read(`${tweetHeader}\n${tweet(id, cells)}\n`)).batches[0]!.records[0]!;

  it("takes the exact time from the id", async () => {
    expect(await one('"Report out",2021-06-07 18:51 +0000,5,1,0,0,1')).toMatchObject({
      published_at: "2021-06-07T18:51:30.000Z"
    });
  });

  it("takes the time of the file, with a note, where the id says another", async () => {
    const {batches, notes} = await read(`${tweetHeader}\n${tweet(idAt(1), "a,2021-06-07 17:51 +0000,5,1,0,0,1")}\n`);
    expect(batches[0]!.records[0]).toMatchObject({published_at: "2021-06-07T17:51:00.000Z"});
    expect(notes).toEqual([expect.stringContaining("its time and its id disagree")]);
  });

  it("takes the time of the file where the id is older than such ids", async () => {
    const {batches, notes} = await read(`${tweetHeader}\n${tweet("9021", "a,2009-03-01 10:00 +0000,5,1,0,0,1")}\n`);
    expect(batches[0]!.records[0]).toMatchObject({tweet_id: "9021", published_at: "2009-03-01T10:00:00.000Z"});
    expect(notes).toEqual([]);
  });

  it.each(["", "-", "--", "NAN", "undefined", "N/A", "Infinity"])(
    "reads a count of %j as unknown, never 0",
    async cell => {
      expect(await one(`a,2021-06-07 18:51 +0000,${cell},1,0,0,1`)).toMatchObject({impressions: null, retweets: 0});
    }
  );

  it.each(["1938.5", "-3", "9007199254740993", "1.2E+3", "3,4"])(
    "rejects a count of %s and names the column",
    async cell => {
      expect(await rejection(tweet(idAt(1), `a,2021-06-07 18:51 +0000,"${cell}",1,0,0,1`))).toMatchObject({
        row: 3,
        column: "impressions",
        reason: expect.stringContaining(cell)
      });
    }
  );

  it("recovers an id that a spreadsheet has damaged from the permalink", async () => {
    const {batches} = await read(`${tweetHeader}\n${tweet(idAt(1)).replace(/^\d+/, "6.49E+17")}\n`);
    expect(batches[0]!.records[0]).toMatchObject({tweet_id: idAt(1)});
  });

  it("rejects a damaged id without a permalink", async () => {
    expect(await rejection("6.49E+17,,a,2021-06-07 18:51 +0000,5,1,0,0,1")).toMatchObject({row: 3});
  });

  it.each(["07/06/2021 18:51", "", "2021-06-07 18:51 +0200"])(
    "rejects a time of %j and names the column",
    async time => {
      expect(await rejection(tweet(idAt(1), `a,${time},5,1,0,0,1`))).toMatchObject({row: 3, column: "time"});
    }
  );

  it("decodes what X escapes once, and keeps line breaks", async () => {
    expect(
      await one('"a &amp;lt; b &gt; c\n&quot;d&quot; &#39;e&#39; &eacute;",2021-06-07 18:51 +0000,5,1,0,0,1')
    ).toMatchObject({
      text: "a &lt; b > c\n\"d\" 'e' &eacute;",
      is_reply: false
    });
  });

  it("keeps no word of a reply to somebody else", async () => {
    expect(await one("@somebody thank you,2021-06-07 18:51 +0000,5,1,0,0,1")).toMatchObject({
      is_reply: true,
      text: null
    });
  });

  it("knows a promoted post by a figure and leaves the rates out", async () => {
    const header = `${tweetHeader},engagement rate,promoted impressions`;
    const {batches} = await read(`${header}\n${tweet(idAt(1))},0.1,-\n${tweet(idAt(2))},Infinity,40\n`);
    expect(batches[0]!.records.map(record => record.is_promoted)).toEqual([false, true]);
    expect(Object.keys(batches[0]!.records[0]!)).not.toContain("engagement_rate");
  });

  it("reads the older word favorites as likes", async () => {
    const {batches} = await read(`${tweetHeader.replace("likes", "favorites")}\n${tweet(idAt(1))}\n`);
    expect(batches[0]!.records[0]).toMatchObject({likes: 9});
  });

  it("notes rows with more engagements than impressions and leaves them as exported", async () => {
    const {batches, notes} = await read(`${tweetHeader}\n${tweet(idAt(1), "a,2021-06-07 18:51 +0000,5,11,0,0,1")}\n`);
    expect(batches[0]!.records[0]).toMatchObject({impressions: 5, engagements: 11});
    expect(notes).toEqual([expect.stringMatching(/^1 row: more engagements than impressions/)]);
  });

  it("takes the first of two rows of one post, and rejects the second when it says otherwise", async () => {
    const {batches, rejected} = await read(
      `${tweetHeader}\n${tweet(idAt(1))}\n${tweet(idAt(1))}\n${tweet(idAt(1), "a,2021-06-07 18:51 +0000,6,1,0,0,1")}\n`
    );
    expect(batches[0]!.records).toEqual([expect.objectContaining({impressions: 1938})]);
    expect(rejected).toEqual([{row: 4, reason: expect.stringContaining("twice with different figures")}]);
  });

  it("is refused when no row of it can be read, with the first reason", async () => {
    expect(await refusal(`${tweetHeader}\n1,2,3\n`)).toMatch(/no row of it can be read; line 2: has 3 cells/);
  });
});

describe("an account", () => {
  it("is a batch of its own, made from the permalink", async () => {
    const {batches} = await read(`${tweetHeader}\n${tweet(idAt(1))}\n${tweet(idAt(2), undefined, "Other")}\n`);
    expect(batches.map(batch => [batch.account.platformAccountId, batch.account.name, batch.records.length])).toEqual([
      ["mandate", "mandate", 1],
      ["other", "Other", 1]
    ]);
  });

  it.each([
    ["id", account({id: "Mandate"})],
    ["name", account({name: "MANDATE"})],
    ["alias", account({aliases: ["@Mandate"]})]
  ])("is the configured one that goes by the handle as its %s", async (_, configured) => {
    const {batches} = await read(`${tweetHeader}\n${tweet(idAt(1))}\n`, {
      accounts: [account({platform: "y"}), configured]
    });
    expect(batches[0]!.account).toMatchObject({platformAccountId: configured.id, name: configured.name});
  });

  it("is asked for where the file names none, and the configured ones are listed", async () => {
    const days = `${dailyHeader}\n2021-05-08,22,96461,4852,39,31,353\n`;
    expect(await refusal(days, {accounts: [account()]})).toMatch(/names no account.*--account NAME.*OURS/);
    const told = await read(days, {accounts: [account()], account: "ours"});
    expect(told.batches[0]!.account).toMatchObject({platformAccountId: "7001", name: "OURS"});
    const made = await read(days, {account: "@Mandate"});
    expect(made.batches[0]!.account).toMatchObject({platformAccountId: "mandate", name: "Mandate", handle: "Mandate"});
  });

  it("that the file names is not changed by --account", async () => {
    const {batches} = await read(`${tweetHeader}\n${tweet(idAt(1))}\n`, {account: "another"});
    expect(batches[0]!.account.platformAccountId).toBe("mandate");
  });
});

describe("a classic export of days", () => {
  it("gives a record a UTC day, with what is blank unknown", async () => {
    const {kind, batches} = await read(`${dailyHeader}\n2021-05-09,10,60573,2774,16,20,-\n2021-05-08,22,0,0,0,0,0\n`, {
      account: "mandate"
    });
    expect(kind).toBe("classic_daily");
    expect(batches[0]).toMatchObject({coversFrom: "2021-05-08", coversTo: "2021-05-09"});
    expect(batches[0]!.records[0]).toMatchObject({
      date: "2021-05-09",
      tweets_published: 10,
      likes: null,
      follows: null
    });
    expect(batches[0]!.records[1]).toMatchObject({impressions: 0});
  });

  it("rejects a row whose day is written another way", async () => {
    const {rejected} = await read(`${dailyHeader}\n2021-05-09,1,1,1,1,1,1\n08/05/2021,1,1,1,1,1,1\n`, {account: "m"});
    expect(rejected).toEqual([{row: 3, column: "Date", reason: expect.stringContaining("2021-05-08")}]);
  });
});

describe("the time of a reading", () => {
  const at = async (modified: string, clock = now) => {
    const path = file(`${tweetHeader}\n${tweet(idAt(1))}\n`);
    utimesSync(path, new Date(modified), new Date(modified));
    return (await readExport(path, {accounts: [], now: clock})).batches[0]!.capturedAt.toISOString();
  };

  it("is when the file was last written", async () => {
    expect(await at("2021-06-10T08:00:00Z")).toBe("2021-06-10T08:00:00.000Z");
  });

  it("is no earlier than the newest post and no later than now", async () => {
    expect(await at("1980-01-01T00:00:00Z")).toBe("2021-06-07T18:51:30.000Z");
    expect(await at("2031-01-01T00:00:00Z")).toBe(now.toISOString());
  });
});

describe("kinds", () => {
  it("are found in the folder, each with columns for what it needs", async () => {
    const kinds = await findKinds();
    expect(kinds.map(({platform, kind}) => `${platform}:${kind}`)).toEqual(["x:classic_daily", "x:classic_tweets"]);
    for (const {columns, needs} of kinds) {
      expect(needs.filter(need => columns[need] === undefined)).toEqual([]);
      for (const words of Object.values(columns)) expect(words).toEqual(words.map(normalise));
    }
  });

  it("the same bytes have the same hash under any name", async () => {
    const content = `${tweetHeader}\n${tweet(idAt(1))}\n`;
    const [first, second] = await Promise.all([read(content), readExport(file(content, "b.csv"), {accounts: [], now})]);
    expect(first.sha256).toBe(second.sha256);
    expect(second.file).toBe("b.csv");
  });
});

describe("a file that was changed or mistaken", () => {
  it("a time that does not exist rejects its row and not the run", async () => {
    expect(await rejection(tweet(idAt(1), "a,2021-13-01 10:00 +0000,5,1,0,0,1"))).toMatchObject({
      row: 3,
      column: "time"
    });
    expect(await rejection(tweet(idAt(1), "a,2021-02-30 10:00 +0000,5,1,0,0,1"))).toMatchObject({
      row: 3,
      column: "time"
    });
  });

  it("a day that does not exist rejects its row", async () => {
    const {rejected} = await read(`${dailyHeader}\n2021-02-28,1,1,1,1,1,1\n2021-02-30,1,1,1,1,1,1\n`, {account: "m"});
    expect(rejected).toMatchObject([{row: 3, column: "Date"}]);
  });

  it("an id rounded to 15 figures by a spreadsheet is the permalink's", async () => {
    const rounded = idAt(1).slice(0, 15).padEnd(idAt(1).length, "0");
    const {batches} = await read(`${tweetHeader}\n${tweet(idAt(1)).replace(/^\d+/, rounded)}\n`);
    expect(batches[0]!.records[0]).toMatchObject({tweet_id: idAt(1)});
  });

  it("an id and a permalink of different posts are rejected", async () => {
    expect(await rejection(tweet(idAt(1)).replace(/^\d+/, idAt(4_000_000)))).toMatchObject({column: "Tweet id"});
  });

  it("a permalink without a handle makes no account named i", async () => {
    const row = tweet(idAt(1), undefined, "i");
    expect(await refusal(`${tweetHeader}\n${row}\n`)).toMatch(/--account/);
    expect((await read(`${tweetHeader}\n${row}\n`, {account: "ours"})).batches[0]!.account.name).toBe("ours");
  });

  it("a rejection repeats no words of a row that has slipped", async () => {
    const slipped = await rejection(tweet(idAt(1), "a,2021-06-07 18:51 +0000,@somebody hello,1,0,0,1"));
    expect(slipped).toMatchObject({column: "impressions"});
    expect(JSON.stringify(slipped)).not.toContain("somebody");
  });

  it("a refusal repeats no cell of a file that is no export", async () => {
    expect(await refusal("Jane Doe,jane@example.org\nJohn,john@example.org\n")).not.toMatch(/jane/i);
  });

  it("a typing error in --account makes no new account beside configured ones", async () => {
    const days = `${dailyHeader}\n2021-05-08,22,96461,4852,39,31,353\n`;
    expect(await refusal(days, {accounts: [account()], account: "ORUS"})).toMatch(/no x account is called ORUS.*OURS/);
  });

  it("an account of the file that is not configured is noted", async () => {
    const {notes} = await read(`${tweetHeader}\n${tweet(idAt(1))}\n`, {accounts: [account()]});
    expect(notes).toEqual([expect.stringContaining("mandate is not configured")]);
  });

  it("lines swallowed by a stray quotation mark are named", async () => {
    const {rejected} = await read(
      `${tweetHeader}\n${tweet(idAt(1))}\n${tweet(idAt(2), '"open,2021,1,1,1,1,1')}\n${tweet(idAt(3), "a,2021-06-07 18:51 +0000,1,1,1,1,1")}\n`
    );
    expect(rejected).toMatchObject([{row: 3, reason: expect.stringMatching(/the lines to 5 cannot be told apart/)}]);
  });

  it("a stray quotation mark in the header is named as such", async () => {
    expect(await refusal(`"${tweetHeader}\n${tweet(idAt(1))}\n`)).toMatch(/line 1: a quotation mark/);
  });

  it("a file of mixed line ends loses no row", async () => {
    const {batches, rejected} = await read(
      `${tweetHeader}\n"${idAt(1)}",${tweet(idAt(1)).split(",").slice(1).join(",")}\r\n${tweet(idAt(2))}\n`
    );
    expect(rejected).toEqual([]);
    expect(batches[0]!.records).toHaveLength(2);
  });

  it("rows of nothing but separators, as spreadsheets add them, are no rejections", async () => {
    expect((await read(`${tweetHeader}\n${tweet(idAt(1))}\n,,,,,,,,\n`)).rejected).toEqual([]);
  });

  it("a column that stands twice is refused, not picked", async () => {
    expect(await refusal(`${tweetHeader},favorites\n${tweet(idAt(1))},4\n`)).toMatch(/"likes" stands in it 2 times/);
  });

  it("two equal rows are taken once with a note", async () => {
    const {notes} = await read(`${tweetHeader}\n${tweet(idAt(1))}\n${tweet(idAt(1))}\n`);
    expect(notes).toEqual(["1 row: stands in the file twice alike and is taken once"]);
  });

  it("what the file does not tell is unknown: promotion, a blank text", async () => {
    const {batches} = await read(`${tweetHeader}\n${tweet(idAt(1), ",2021-06-07 18:51 +0000,5,1,0,0,1")}\n`);
    expect(batches[0]!.records[0]).toMatchObject({is_promoted: null, text: null});
  });

  it("a text that is one of the words for nothing is still a text", async () => {
    const {batches} = await read(`${tweetHeader}\n${tweet(idAt(1), "N/A,2021-06-07 18:51 +0000,5,1,0,0,1")}\n`);
    expect(batches[0]!.records[0]).toMatchObject({text: "N/A"});
  });

  it("a row of today does not put its reading after now", async () => {
    const path = file(`${dailyHeader}\n2026-11-25,1,1,1,1,1,1\n`);
    utimesSync(path, new Date("2026-11-25T11:00:00Z"), new Date("2026-11-25T11:00:00Z"));
    const {batches} = await readExport(path, {accounts: [], account: "m", now});
    expect(batches[0]!.capturedAt.toISOString()).toBe("2026-11-25T11:00:00.000Z");
  });

  it("options that change nothing are said to", async () => {
    const {notes} = await read(`${tweetHeader}\n${tweet(idAt(1))}\n`, {timezone: "Europe/Zurich", year: 2021});
    expect(notes).toHaveLength(2);
  });
});

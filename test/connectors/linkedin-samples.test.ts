import {existsSync, readdirSync, readFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import {AuthError, ConfigError, type MegaphoneError, PartError, ShapeError} from "../../connectors/errors.ts";
import {type Extracted, extractAccount} from "../../connectors/extract.ts";
import {parseJson} from "../../connectors/json.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import type {PlannedCall} from "../../connectors/plan.ts";
import {pageOf} from "./linkedin-server.ts";
import {accountAt, client, recorded, sendJson, serve} from "./loopback.ts";
import {plannedCall} from "./night.ts";

/** Recordings of LinkedIn's answers, kept beside the repository. */
const samples = new URL("../../../shared/samples/linkedin/", import.meta.url);

type Kind = abstract new (...given: never[]) => MegaphoneError;

type Row = {file: string} & (
  | {
      /** Which stream reads it, and by which of its calls. */
      stream: string;
      how: "snapshot" | "series" | "list" | "lookup";
      /** Most samples hold one element of an answer, or one post. */
      within?: (sample: unknown) => object;
      /** What is landed of it, or how many records. */
      records: object[] | number;
      next?: string;
    }
  | {
      stream: string;
      how: "snapshot" | "series" | "list" | "lookup";
      within?: (sample: unknown) => object;
      error: Kind;
      /** A part of its message. */
      says: string;
    }
  | {notCalled: string}
);

const element = (sample: unknown): object => ({elements: [sample]});

const rows: Row[] = [
  {file: "airbyte_network_size.json", stream: "account", how: "snapshot", records: [{followers: 0}]},
  {
    // The page's total for good, which we do not ask for, has neither a day nor a post.
    file: "airbyte_share_statistics_zero.json",
    stream: "page_days",
    how: "series",
    within: element,
    error: ShapeError,
    says: "elements.0.timeRange"
  },
  {
    file: "ebx_follower_statistics.json",
    stream: "audience",
    how: "snapshot",
    within: element,
    records: [
      {dimension: "AssociationType", category: "OTHER", value: 1412, name_status: "not_offered"},
      {dimension: "Seniority", category: "2", value: 1, name: "Training", name_status: "ok"},
      {dimension: "Seniority", category: "3", value: 2502, name: "Entry"},
      {dimension: "Seniority", category: "8", value: 3, name: "CXO"},
      {dimension: "Seniority", category: "9", value: 1, name: "Partner"},
      {dimension: "Function", category: "22", value: 1662, name: "Quality Assurance"},
      {dimension: "Function", category: "11", value: 21, name: "Healthcare Services"},
      {dimension: "Function", category: "12", value: 3, name: "Human Resources"},
      {dimension: "Function", category: "13", value: 674, name: "Information Technology"},
      {dimension: "Function", category: "25", value: 62, name: "Sales"},
      {dimension: "Function", category: "15", value: 1, name: "Marketing"},
      {dimension: "Function", category: "16", value: 5, name: "Media and Communication"},
      {dimension: "Function", category: "17", value: 10, name: "Military and Protective Services"},
      {dimension: "Function", category: "8", value: 1255, name: "Engineering"},
      {dimension: "Function", category: "10", value: 22, name: "Finance"},
      {dimension: "StaffCountRange", category: "SIZE_1", value: 6},
      {dimension: "StaffCountRange", category: "SIZE_2_TO_10", value: 29}
    ]
  },
  {
    file: "ebx_organization.json",
    stream: "organisation",
    how: "snapshot",
    records: [{name: "LinkedIn", vanity_name: "linkedin"}]
  },
  {
    file: "ebx_page_statistics.json",
    stream: "page_views",
    how: "series",
    within: element,
    error: ShapeError,
    says: "elements.0.timeRange"
  },
  {
    file: "ebx_post_video_dsc.json",
    stream: "posts",
    how: "lookup",
    within: sample => ({results: {[(sample as {id: string}).id]: sample}, statuses: {}, errors: {}}),
    records: []
  },
  {file: "ebx_ugcpost.json", notCalled: "the older ugcPosts, which /rest/posts replaced"},
  {file: "idx_error_401_expired.json", stream: "account", how: "snapshot", error: AuthError, says: "sign in again"},
  {
    file: "idx_page_statistics_day.json",
    stream: "page_views",
    how: "series",
    records: [{on_date: "2026-09-15", page_views: 17}]
  },
  {file: "issue_error_400_illegal_argument.json", stream: "posts", how: "lookup", error: ConfigError, says: "400"},
  {file: "issue_error_400_query.json", stream: "audience", how: "snapshot", error: ConfigError, says: "400"},
  {file: "issue_error_403_access_denied.json", stream: "posts", how: "list", error: PartError, says: "a permission"},
  {file: "issue_error_403_old.json", stream: "posts", how: "list", error: PartError, says: "a permission"},
  {
    file: "ropensci_posts_finder_p1.json",
    stream: "posts",
    how: "list",
    records: 10,
    next: "10"
  }
];

/** A sample as it came: with the status that its body names, and whole. */
function recordingOf(row: Row): {status: number; body: object} {
  const sample = parseJson(readFileSync(new URL(row.file, samples), "utf8")) as {status?: number};
  const within = "within" in row ? row.within : undefined;
  return {status: sample.status ?? 200, body: within?.(sample) ?? sample};
}

/** What a stream makes of a recording that a server on loopback plays; a listing ends after that page. */
async function read(row: Row & {stream: string; how: PlannedCall["how"]}): Promise<Extracted> {
  const {status, body} = recordingOf(row);
  await using server = await serve((response, index, request) => {
    if (index === 0 || status !== 200) sendJson(response, status, body);
    else if (request.url!.startsWith("/rest/posts")) sendJson(response, 200, pageOf([]));
    else sendJson(response, 403, {status: 403});
  });
  const account = {...accountAt(server.url, {token: "app-token"}), platform: "linkedin", kind: "page"};
  const days = row.how === "series" ? {from: new Date(0), to: new Date(0)} : {};
  const ask = {account, parts: [], metrics: [], size: 100, ids: ["1"], ...days};
  const call = plannedCall(row.stream, row.how, ask);
  const clock = () => ({now: new Date("2026-11-25T12:00:00Z"), today: "2026-11-25"});
  const http = client(account, recorded(), {connector: linkedin});
  return (await extractAccount(linkedin, [call], new Map(), http, clock))[0]!;
}

describe.skipIf(!existsSync(samples))("LinkedIn's recorded answers", () => {
  it("stand in the table, each of them", () => {
    expect(rows.map(({file}) => file).sort()).toEqual(readdirSync(samples).sort());
  });

  it.each(rows.filter(row => "records" in row))("$file is read", async row => {
    const {error, records} = await read(row);
    expect(error).toBeUndefined();
    if (typeof row.records === "number") expect(records).toHaveLength(row.records);
    else expect(records).toMatchObject(row.records);
    if (row.how !== "list") return;
    const {paging} = recordingOf(row).body as {paging: {start: number; count: number; links: []}};
    expect(linkedin.streams.posts!.lists![0]!.next({paging} as never)).toBe(row.next);
    for (const {id, published_at: at, text, hashtags} of records) {
      // The number of a URN holds the time of its post.
      const number = BigInt(String(id).split(":").at(-1)!);
      expect(Math.abs(Number(number >> 22n) - Date.parse(at as string))).toBeLessThan(60_000);
      expect(text).not.toMatch(/\\[[(#_]|\{hashtag|urn:li:/);
      expect(hashtags).toContain("RStats");
    }
  });

  it.each(rows.filter(row => "error" in row))("$file is an error that says $says", async row => {
    const {error, records, cursor} = await read(row);
    expect(error).toBeInstanceOf(row.error);
    expect(error!.message).toContain(row.says);
    expect(records).toEqual([]);
    expect(cursor).toBeUndefined();
  });
});

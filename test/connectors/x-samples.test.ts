import {existsSync, readdirSync, readFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import type {LandedRecord} from "../../connectors/connector.ts";
import {
  AuthError,
  ConfigError,
  GoneError,
  type MegaphoneError,
  RetryableError,
  ShapeError
} from "../../connectors/errors.ts";
import {type Extracted, extractAccount} from "../../connectors/extract.ts";
import {ruleFor} from "../../connectors/http.ts";
import {parseJson} from "../../connectors/json.ts";
import type {PlannedCall} from "../../connectors/plan.ts";
import {x} from "../../connectors/x.ts";
import {accountAt, client, recorded, serve} from "./loopback.ts";
import {plannedCall} from "./night.ts";

/** Recordings of X's answers, kept beside the repository. */
const samples = new URL("../../../shared/samples/x/", import.meta.url);

interface Recording {
  status: number;
  body: unknown;
}

type Kind = abstract new (...given: never[]) => MegaphoneError;

type Row = {file: string} & (
  | {
      /** Which stream reads it, and by which of its calls. */
      stream: "account" | "posts";
      how: "snapshot" | "list" | "lookup";
      /** Ids of the records, or how many there are. */
      ids: string[] | number;
      next?: string;
      gone?: number;
    }
  | {
      stream: "account" | "posts";
      how: "snapshot" | "list" | "lookup";
      error: Kind;
      /** A part of its message. */
      says: string;
    }
  | {
      /** A fault of a single field or post: the tail of its type, and what the table says to do. */
      problem: string;
      means: string;
    }
  | {notCalled: string}
);

const rows: Row[] = [
  {file: "academictwitteR-counts-next-token.json", notCalled: "counts of a search"},
  {file: "academictwitteR-data-retweets-2.json", stream: "posts", how: "list", ids: 25},
  {file: "academictwitteR-data-retweets.json", stream: "posts", how: "list", ids: 5},
  {file: "academictwitteR-lookup-all-missing-200.json", stream: "posts", how: "lookup", ids: 15, gone: 15},
  {file: "academictwitteR-lookup-partial-a.json", stream: "posts", how: "lookup", ids: 15, gone: 14},
  {file: "academictwitteR-search-401.json", stream: "posts", how: "list", error: AuthError, says: "401"},
  {
    file: "academictwitteR-timeline-errors-only.json",
    stream: "posts",
    how: "list",
    error: GoneError,
    says: "Not Found Error"
  },
  {
    file: "academictwitteR-timeline-next-token.json",
    stream: "posts",
    how: "list",
    ids: 99,
    next: "7140dibdnow9c7btw3w4sp2kq4wpgzoib1w43dhc456pe"
  },
  {file: "academictwitteR-users-400.json", stream: "account", how: "snapshot", error: ConfigError, says: "400"},
  {file: "dart-lookup_by_id_with_media.json", stream: "posts", how: "list", error: ShapeError, says: "data is not"},
  {file: "dart-lookup_by_id_with_polls.json", stream: "posts", how: "list", error: ShapeError, says: "data is not"},
  {file: "dart-lookup_tweets.json", stream: "posts", how: "lookup", error: ShapeError, says: "data.0.author_id"},
  {
    file: "dart-rate_limit_exceeded_error.json",
    stream: "posts",
    how: "list",
    error: RetryableError,
    says: "asks to wait"
  },
  {file: "doc-429-rate-limit-about-blank.json", stream: "posts", how: "list", error: RetryableError, says: "429"},
  {file: "emulator-playground/429.json", stream: "account", how: "snapshot", error: RetryableError, says: "429"},
  {file: "emulator-playground/create-post.json", notCalled: "writes a post"},
  {file: "emulator-playground/no-auth.json", stream: "posts", how: "lookup", error: AuthError, says: "401"},
  {file: "emulator-playground/tweets-analytics.json", notCalled: "analytics need another level of access"},
  {
    file: "emulator-playground/tweets-lookup-post.fields.json",
    stream: "posts",
    how: "lookup",
    error: ShapeError,
    says: "data.0.author_id"
  },
  {file: "emulator-playground/user-not-found.json", stream: "account", how: "snapshot", error: GoneError, says: "404"},
  {file: "emulator-playground/user-tweets-page1.json", stream: "posts", how: "list", error: ConfigError, says: "400"},
  {file: "emulator-playground/users-me.json", stream: "account", how: "snapshot", ids: ["0"]},
  {file: "issue-ethernal1324-402-headers.json", stream: "posts", how: "list", error: AuthError, says: "buy credits"},
  {file: "issue-node432-not-authorized-for-field.json", problem: "not-authorized-for-field", means: "drop the metric"},
  {
    file: "issue-twitterv2-26-not-authorized-for-resource.json",
    stream: "posts",
    how: "lookup",
    error: AuthError,
    says: "Authorization Error"
  },
  {file: "issue-xdk25-429-UsageCapExceeded.json", stream: "posts", how: "list", error: AuthError, says: "monthly cap"},
  {file: "openapi-2.167-xdevplatform-docs.json", notCalled: "the description of the API, no answer"},
  {file: "python-twitter-model-media.json", notCalled: "a medium alone, which no answer is"},
  {file: "python-twitter-model-poll.json", notCalled: "a poll alone, which no answer is"},
  {file: "python-twitter-tweets_counts_recent_resp.json", notCalled: "counts of a search"},
  {
    file: "python-twitter-tweets_resp.json",
    stream: "posts",
    how: "lookup",
    error: ShapeError,
    says: "data.0.public_metrics"
  },
  {file: "python-twitter-usage_tweets_resp.json", notCalled: "the app's use"},
  {
    file: "tweepy-test_client_get_me.json",
    stream: "account",
    how: "snapshot",
    error: ShapeError,
    says: "data.public_metrics"
  },
  {file: "tweepy-test_client_get_recent_tweets_count.json", notCalled: "counts of a search"},
  {
    file: "tweepy-test_client_get_tweets.json",
    stream: "posts",
    how: "lookup",
    error: ShapeError,
    says: "data.0.author_id"
  },
  {
    file: "tweepy-test_client_search_recent_tweets.json",
    stream: "posts",
    how: "list",
    error: ShapeError,
    says: "data.0.author_id"
  }
];

/** The first answer of a file: recorded with its request, with a status beside it, as posts in a list, or bare. */
function recordingOf(file: string): Recording {
  const whole = parseJson(readFileSync(new URL(file, samples), "utf8"));
  if (Array.isArray(whole) && !("response" in (whole[0] as object))) return {status: 200, body: {data: whole}};
  const first = (Array.isArray(whole) ? whole[0] : whole) as Record<string, unknown>;
  const {response} = first as {response?: {status: {code: number}; body: unknown}};
  if (response !== undefined) {
    const {body} = response;
    return {
      status: response.status.code,
      body: typeof body === "string" && body.startsWith("{") ? parseJson(body) : body
    };
  }
  if (typeof first.status === "number" && "body" in first) return {status: first.status, body: first.body};
  return {status: typeof first.status === "number" ? first.status : 200, body: first};
}

/** What a stream makes of a recording that a server on loopback plays; a listing ends after that page. */
async function read(recording: Recording, stream: "account" | "posts", how: PlannedCall["how"]): Promise<Extracted> {
  await using server = await serve((response, index) => {
    const {status, body} = index > 0 && recording.status === 200 && how === "list" ? after(recording) : recording;
    response.writeHead(status, {"content-type": "application/json"});
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  const account = accountAt(server.url, {token: "app-token"});
  const ask = {account, parts: [], metrics: [], size: 100, ids: ["1"]};
  const call = plannedCall(stream, how, ask);
  const clock = () => ({now: new Date(), today: "2026-11-25"});
  return (await extractAccount(x, [call], new Map(), client(account, recorded()), clock))[0]!;
}

/** The last page of a listing; a fault lasts. */
function after(recording: Recording): Recording {
  const hasNext = JSON.stringify(recording.body).includes("next_token");
  return hasNext ? {status: 200, body: {meta: {result_count: 0}}} : recording;
}

function nextOf({body}: Recording): string | undefined {
  const {posts} = x.streams;
  return posts!.lists![0]!.next(posts!.answer.parse(body));
}

const isGone = (record: LandedRecord): boolean => record.is_gone === true;

describe.skipIf(!existsSync(samples))("X's recorded answers", () => {
  it("stand in the table, each of them", () => {
    const files = readdirSync(samples, {recursive: true, encoding: "utf8"}).filter(file => file.endsWith(".json"));
    expect(rows.map(({file}) => file).sort()).toEqual(files.sort());
  });

  it.each(rows.filter(row => "ids" in row))("$file is read", async ({file, stream, how, ids, next, gone = 0}) => {
    const recording = recordingOf(file);
    const {error, records, cursor} = await read(recording, stream, how);
    expect(error).toBeUndefined();
    expect(cursor).toBeDefined();
    const found = records.map(({id}) => id as string);
    if (typeof ids === "number") expect(found).toHaveLength(ids);
    else expect(found).toEqual(ids);
    expect(found.filter(id => !/^\d+$/.test(id))).toEqual([]);
    expect(new Set(found).size).toBe(found.length);
    expect(records.filter(isGone)).toHaveLength(gone);
    if (how === "list") expect(nextOf(recording)).toBe(next);
    const reposts = records.filter(record => record.is_repost === true);
    for (const repost of reposts) expect(repost).toMatchObject({text: null, hashtags: [], links: []});
    expect(JSON.stringify(records)).not.toMatch(/author_id|in_reply_to_user_id|mentions/);
  });

  it.each(rows.filter(row => "error" in row))("$file is an error that says $says", async row => {
    const {error, records, cursor} = await read(recordingOf(row.file), row.stream, row.how);
    expect(error).toBeInstanceOf(row.error);
    expect(error!.message).toContain(row.says);
    expect(records).toEqual([]);
    expect(cursor).toBeUndefined();
  });

  it.each(rows.filter(row => "problem" in row))("$file tells to $means", ({file, problem, means}) => {
    const problems = x.problems(recordingOf(file).body);
    expect(problems.map(({type}) => type)).toEqual([problem]);
    expect(problems.map(given => ruleFor(x, given)?.then)).toEqual([means]);
  });
});

import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {ask, form, signed, type Way} from "./sandbox-client.ts";

const problem = "https://api.twitter.com/2/problems";
const p3 = "1273948643128246329";
const old = "/2/tweets?tweet.fields=non_public_metrics&ids=";

let sandbox: Sandbox;
let id: string;

beforeAll(async () => {
  sandbox = await startSandbox({only: ["x"]});
  id = sandbox.accounts[0]!.id;
});
afterAll(() => sandbox.close());

/** The body of a 400 for one parameter. */
function invalid(parameter: string, values: string[], message: unknown): object {
  return {
    errors: [{parameters: {[parameter]: values}, message}],
    title: "Invalid Request",
    detail: "One or more parameters to your request was invalid.",
    type: `${problem}/invalid-request`
  };
}

function missing(resource: string, parameter: string, value: string): object {
  return {
    value,
    detail: `Could not find ${resource} with ${parameter}: [${value}].`,
    title: "Not Found Error",
    resource_type: resource,
    parameter,
    resource_id: value,
    type: `${problem}/resource-not-found`
  };
}

const unauthorized = {title: "Unauthorized", type: "about:blank", status: 401, detail: "Unauthorized"};

function forbiddenField(counter: string, post: string): object {
  return expect.objectContaining({
    field: `non_public_metrics.${counter}`,
    title: "Field Authorization Error",
    detail: `Sorry, you are not authorized to access 'non_public_metrics.${counter}' on the Tweet with ids : [${post}].`,
    type: `${problem}/not-authorized-for-field`
  });
}

interface Case {
  what: string;
  /** Where the answer comes from: a document, a recording or a report of it; or nowhere. */
  basis: "documented" | "assumed";
  path: string;
  way?: Way;
  method?: string;
  status: number;
  body: unknown;
}

const timeline = "/2/users/{id}/tweets";
const cases: Case[] = [
  {
    what: "a page of 101",
    basis: "documented",
    path: `${timeline}?max_results=101`,
    status: 400,
    body: invalid("max_results", ["101"], "The `max_results` query parameter value [101] is not between 5 and 100")
  },
  {
    what: "a page of 4",
    basis: "documented",
    path: `${timeline}?max_results=4`,
    status: 400,
    body: invalid("max_results", ["4"], "The `max_results` query parameter value [4] is not between 5 and 100")
  },
  {
    what: "a page of ten, in letters",
    basis: "assumed",
    path: `${timeline}?max_results=ten`,
    status: 400,
    body: invalid("max_results", ["ten"], "The `max_results` query parameter value [ten] is not a valid integer")
  },
  {
    what: "a page size twice",
    basis: "documented",
    path: `${timeline}?max_results=5&max_results=6`,
    status: 400,
    body: invalid("max_results", ["5", "6"], "Duplicate parameters are not allowed: the `max_results` query parameter")
  },
  {
    what: "101 ids",
    basis: "documented",
    path: `/2/tweets?ids=${Array.from({length: 101}, (_, index) => index + 1).join()}`,
    status: 400,
    body: invalid(
      "ids",
      [Array.from({length: 101}, (_, index) => index + 1).join()],
      "The number of values in the `ids` query parameter list [101] is not between 1 and 100"
    )
  },
  {
    what: "no ids at all",
    basis: "documented",
    path: "/2/tweets",
    status: 400,
    body: invalid("ids", [], "The `ids` query parameter can not be empty")
  },
  {
    what: "an empty list of ids",
    basis: "documented",
    path: "/2/tweets?ids=",
    status: 400,
    body: invalid("ids", [""], "The `ids` query parameter can not be empty")
  },
  {
    what: "ids that are NA",
    basis: "documented",
    path: "/2/users?ids=NA,NA,NA",
    status: 400,
    body: invalid("ids", ["NA,NA,NA"], "The `ids` query parameter value [NA] does not match ^[0-9]{1,19}$")
  },
  {
    what: "a name where the path wants an id",
    basis: "documented",
    path: "/2/users/IESOGI_demo/tweets",
    status: 400,
    body: invalid("id", ["IESOGI_demo"], "The `id` query parameter value [IESOGI_demo] is not valid")
  },
  {
    what: "a user name that cannot be one",
    basis: "documented",
    path: "/2/users/by/username/much_too_long_name",
    status: 400,
    body: invalid(
      "username",
      ["much_too_long_name"],
      "The `username` query parameter value [much_too_long_name] does not match ^[A-Za-z0-9_]{1,15}$"
    )
  },
  {
    what: "a wrong token",
    basis: "documented",
    path: timeline,
    way: {authorization: "Bearer AAAA"},
    status: 401,
    body: unauthorized
  },
  {what: "no token", basis: "documented", path: timeline, way: "nobody", status: 401, body: unauthorized},
  {
    what: "an unknown field of posts",
    basis: "documented",
    path: `${timeline}?tweet.fields=id,views`,
    status: 400,
    body: invalid(
      "tweet.fields",
      ["id,views"],
      expect.stringMatching(
        /^The `tweet\.fields` query parameter value \[views\] is not one of \[id,text,.*,note_tweet\]$/
      )
    )
  },
  {
    what: "an unknown field of users",
    basis: "documented",
    path: "/2/users/me?user.fields=followers",
    status: 400,
    body: invalid("user.fields", ["followers"], expect.stringMatching(/value \[followers\] is not one of \[id,name,/))
  },
  {
    what: "a field of media that is none",
    basis: "documented",
    path: `${timeline}?media.fields=size`,
    status: 400,
    body: invalid("media.fields", ["size"], expect.stringMatching(/value \[size\] is not one of \[media_key,type,/))
  },
  {
    what: "an unknown expansion",
    basis: "documented",
    path: `${timeline}?expansions=foo`,
    status: 400,
    body: invalid(
      "expansions",
      ["foo"],
      expect.stringMatching(/value \[foo\] is not one of \[edit_history_tweet_ids,author_id,/)
    )
  },
  {
    what: "an unknown exclusion",
    basis: "assumed",
    path: `${timeline}?exclude=foo`,
    status: 400,
    body: invalid("exclude", ["foo"], "The `exclude` query parameter value [foo] is not one of [replies,retweets]")
  },
  {
    what: "an unknown parameter",
    basis: "documented",
    path: `${timeline}?count=20`,
    status: 400,
    body: invalid(
      "count",
      ["20"],
      expect.stringMatching(/^The query parameter \[count\] is not one of \[id,max_results,.*\]$/)
    )
  },
  {
    what: "a page token that nobody gave",
    basis: "documented",
    path: `${timeline}?pagination_token=7140dibdnow9c7btw3w4`,
    status: 400,
    body: invalid(
      "pagination_token",
      ["7140dibdnow9c7btw3w4"],
      "The `pagination_token` query parameter value [7140dibdnow9c7btw3w4] is not valid"
    )
  },
  {
    what: "a time before the platform's first",
    basis: "assumed",
    path: `${timeline}?start_time=2009-01-01T00:00:00Z`,
    status: 400,
    body: invalid(
      "start_time",
      ["2009-01-01T00:00:00Z"],
      "Invalid 'start_time':'2009-01-01T00:00Z'. 'start_time' must be on or after 2010-11-06T00:00Z"
    )
  },
  {
    what: "a day where a time is wanted",
    basis: "assumed",
    path: `${timeline}?end_time=2020-01-01`,
    status: 400,
    body: invalid(
      "end_time",
      ["2020-01-01"],
      "The `end_time` query parameter value [2020-01-01] is not a valid RFC3339 date-time"
    )
  },
  {
    what: "a window that ends before it begins",
    basis: "assumed",
    path: `${timeline}?start_time=2020-02-01T00:00:00Z&end_time=2020-01-01T00:00:00Z`,
    status: 400,
    body: invalid(
      "end_time",
      ["2020-01-01T00:00:00Z"],
      "Invalid 'end_time':'2020-01-01T00:00Z'. 'end_time' must be after 'start_time':'2020-02-01T00:00Z'"
    )
  },
  {
    what: "a since_id that is a date",
    basis: "assumed",
    path: `${timeline}?since_id=2020-01-01`,
    status: 400,
    body: invalid(
      "since_id",
      ["2020-01-01"],
      "The `since_id` query parameter value [2020-01-01] does not match ^[0-9]{1,19}$"
    )
  },
  {what: "a path that does not exist", basis: "documented", path: "/2/users/{id}/posts", status: 404, body: undefined},
  {
    what: "analytics, which the sandbox does not serve",
    basis: "documented",
    path: "/2/tweets/analytics?ids=1&start_time=2020-01-01T00:00:00Z&end_time=2020-01-02T00:00:00Z",
    status: 403,
    body: {title: "Forbidden", type: "about:blank", status: 403, detail: "Forbidden"}
  },
  {
    what: "private counters by the app alone",
    basis: "documented",
    path: `${old}${p3}`,
    way: "app",
    status: 200,
    body: {
      errors: [
        forbiddenField("impression_count", p3),
        forbiddenField("url_link_clicks", p3),
        forbiddenField("user_profile_clicks", p3)
      ]
    }
  },
  {
    what: "private counters of a post of five months",
    basis: "assumed",
    path: `${old}${p3}`,
    status: 200,
    body: {
      errors: [
        forbiddenField("impression_count", p3),
        forbiddenField("url_link_clicks", p3),
        forbiddenField("user_profile_clicks", p3)
      ]
    }
  },
  {
    what: "who the app itself is",
    basis: "documented",
    path: "/2/users/me",
    way: "app",
    status: 403,
    body: {
      title: "Unsupported Authentication",
      detail:
        "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
      type: `${problem}/unsupported-authentication`,
      status: 403
    }
  },
  {
    what: "the app's use, by a user",
    basis: "documented",
    path: "/2/usage/tweets",
    status: 403,
    body: expect.objectContaining({title: "Unsupported Authentication", type: `${problem}/unsupported-authentication`})
  },
  {
    what: "91 days of use",
    basis: "assumed",
    path: "/2/usage/tweets?days=91",
    way: "app",
    status: 400,
    body: invalid("days", ["91"], "The `days` query parameter value [91] is not between 1 and 90")
  },
  {
    what: "a POST to a listing",
    basis: "assumed",
    path: timeline,
    way: "app",
    method: "POST",
    status: 405,
    body: {title: "Method Not Allowed", type: "about:blank", status: 405, detail: "Method Not Allowed"}
  },
  {
    what: "the posts of a user who is not there",
    basis: "documented",
    path: "/2/users/1405327120163872777/tweets",
    status: 200,
    body: {errors: [missing("user", "id", "1405327120163872777")]}
  },
  {
    what: "a name that nobody has",
    basis: "assumed",
    path: "/2/users/by/username/nobody_here",
    status: 200,
    body: {errors: [missing("user", "username", "nobody_here")]}
  },
  {
    what: "ids that are all missing",
    basis: "documented",
    path: "/2/tweets?ids=1,2",
    status: 200,
    body: {errors: [missing("tweet", "ids", "1"), missing("tweet", "ids", "2")]}
  },
  {
    what: "one post that is not there",
    basis: "assumed",
    path: "/2/tweets/1",
    status: 200,
    body: {errors: [missing("tweet", "id", "1")]}
  }
];

describe("X in the sandbox refuses", () => {
  it.each(cases)("$what ($basis)", async ({path, way, method, status, body}) => {
    const reply = await ask(sandbox, path.replace("{id}", id), way, method === undefined ? {} : {method});
    expect({status: reply.status, body: reply.body}).toEqual({status, body});
  });

  it("a page token of another query (documented)", async () => {
    const page = `/2/users/${id}/tweets?max_results=5`;
    const {meta} = (await ask(sandbox, page)).body as {meta: {next_token: string}};
    const token = meta.next_token;
    expect((await ask(sandbox, `${page}&pagination_token=${token}`)).status).toBe(200);
    const other = await ask(sandbox, `/2/users/${id}/tweets?max_results=6&pagination_token=${token}`);
    expect(other.status).toBe(400);
    expect(other.body).toEqual(
      invalid("pagination_token", [token], `The \`pagination_token\` query parameter value [${token}] is not valid`)
    );
  });

  it("a wrong signature, a time far off and a nonce used before (documented: 401)", async () => {
    const now = Math.floor(Date.now() / 1000);
    const path = `/2/users/${id}?user.fields=public_metrics`;
    const good = signed(sandbox, path, {nonce: "once", timestamp: now});
    expect((await ask(sandbox, path, good)).status).toBe(200);
    const bad = [
      good,
      signed(sandbox, path, {nonce: "late", timestamp: now - 3600}),
      signed(sandbox, path, {nonce: "wrong", timestamp: now}, {token_secret: "guessed"}),
      signed(sandbox, "/2/users/me", {nonce: "elsewhere", timestamp: now}),
      signed(sandbox, path, {nonce: "stranger", timestamp: now}, {consumer_key: "another"})
    ];
    for (const headers of bad) {
      expect(await ask(sandbox, path, headers)).toMatchObject({status: 401, body: unauthorized});
    }
  });

  it("a refresh token used before, in the token endpoint's words (reported)", async () => {
    const {client_id, client_secret, refresh_token} = sandbox.accounts[0]!.otherAuth.oauth2 as Record<string, string>;
    const basic = {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(client_id!)}:${encodeURIComponent(client_secret!)}`).toString("base64")}`
    };
    const exchange = (token: string) =>
      ask(sandbox, "/2/oauth2/token", basic, form({grant_type: "refresh_token", refresh_token: token}));
    const first = await exchange(refresh_token!);
    expect(first).toMatchObject({status: 200, body: {token_type: "bearer", expires_in: 7200}});
    const tokens = first.body as {access_token: string; refresh_token: string};
    const owner = {authorization: `Bearer ${tokens.access_token}`};
    expect(await ask(sandbox, "/2/users/me", owner)).toMatchObject({status: 200, body: {data: {id}}});
    expect(await exchange(refresh_token!)).toMatchObject({
      status: 400,
      body: {error: "invalid_request", error_description: "Value passed for the token was invalid."}
    });
    expect((await exchange(tokens.refresh_token)).status).toBe(200);
    const stranger = form({grant_type: "refresh_token", refresh_token: tokens.refresh_token, client_id: "another"});
    expect(await ask(sandbox, "/2/oauth2/token", "nobody", stranger)).toMatchObject({
      status: 401,
      body: {error: "unauthorized_client", error_description: "Missing valid authorization header"}
    });
  });

  it("the 76th question who one is, until the next night or quarter of an hour (documented)", async () => {
    await using own = await startedSandbox();
    for (let call = 0; call < 75; call++) expect((await ask(own.sandbox, "/2/users/me")).status).toBe(200);
    const {status, body, headers} = await ask(own.sandbox, "/2/users/me");
    expect(status).toBe(429);
    expect(body).toEqual({title: "Too Many Requests", detail: "Too Many Requests", type: "about:blank", status: 429});
    expect(headers.get("x-rate-limit-remaining")).toBe("0");
    own.sandbox.setNight("2020-11-29");
    expect((await ask(own.sandbox, "/2/users/me")).status).toBe(200);
  });
});

async function startedSandbox(night = "2020-11-30") {
  const started = await startSandbox({night, only: ["x"]});
  return {sandbox: started, [Symbol.asyncDispose]: () => started.close()};
}

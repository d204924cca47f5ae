import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type GraphClient, startedGraph} from "./graph-client.ts";
import {form} from "./sandbox-client.ts";

const p1 = "104250831157904_122091592474400055";
const unknown = "104250831157904_122091592474400999";
const listing = "/v25.0/{id}/published_posts";
const insights = "/v25.0/{id}/insights";
const help = "Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api";
const aggregated = "deprecate_post_aggregated_fields_for_attachement";

let own: GraphClient;

beforeAll(async () => {
  own = await startedGraph("facebook");
});
afterAll(() => own[Symbol.asyncDispose]());

function oauth(code: number, message: unknown, more: object = {}): object {
  return {error: {message, type: "OAuthException", code, ...more, fbtrace_id: expect.stringMatching(/^A[\w-]{22}$/)}};
}

function bad(words: string): object {
  return oauth(100, `(#100) ${words}`);
}

function absent(id: string, method = "get"): object {
  const words = `Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation.`;
  const message = `Unsupported ${method} request. ${words} ${help}`;
  return {
    error: {message, type: "GraphMethodException", code: 100, error_subcode: 33, fbtrace_id: expect.any(String)}
  };
}

interface Case {
  what: string;
  /** Where the answer comes from: a document, a recording or a report of it; or nowhere. */
  basis: "documented" | "assumed";
  path: string;
  /** "" for none, `{name}` for another of the account's; the Page's own unless told. */
  token?: string;
  init?: RequestInit;
  status?: number;
  body: unknown;
}

const ids = (count: number): string => Array.from({length: count}, (_, index) => index + 1).join();
const cases: Case[] = [
  {
    what: "a page of 101",
    basis: "documented",
    path: `${listing}?limit=101`,
    body: bad("The 'limit' parameter should not exceed 100")
  },
  {
    what: "a page of less than none",
    basis: "documented",
    path: `${listing}?limit=-1`,
    body: bad("param limit must be non-negative")
  },
  {
    what: "a page of ten, in letters",
    basis: "assumed",
    path: `${listing}?limit=ten`,
    body: bad("param limit must be an integer.")
  },
  {
    what: "101 comments of each post",
    basis: "assumed",
    path: `${listing}?fields=comments.limit(101)`,
    body: bad("The 'limit' parameter should not exceed 100")
  },
  {
    what: "51 ids",
    basis: "documented",
    path: `/v25.0/?ids=${ids(51)}`,
    body: bad("Too many IDs. Maximum: 50. Provided: 51.")
  },
  {
    what: "insights of 51 ids",
    basis: "documented",
    path: `/v25.0/insights?ids=${ids(51)}&metric=post_clicks`,
    body: bad("Too many IDs. Maximum: 50. Provided: 51.")
  },
  {
    what: "ids of which one is not there",
    basis: "assumed",
    path: `/v25.0/?ids=${p1},${unknown}`,
    body: absent(unknown)
  },
  {
    what: "ids at the root of v26.0",
    basis: "documented",
    path: `/v26.0/?ids=${p1}`,
    body: oauth(12, "(#12) GET /?ids= is deprecated for versions v26.0 and higher")
  },
  {
    what: "a form of dates in v26.0",
    basis: "documented",
    path: `/v26.0/${p1}?date_format=U`,
    body: oauth(12, "(#12) date_format is deprecated for versions v26.0 and higher")
  },
  {
    what: "a batch of 51",
    basis: "documented",
    path: "/v25.0/",
    init: form({batch: JSON.stringify(Array(51).fill({method: "GET", relative_url: "me"}))}),
    body: {
      error: {
        message: "Maximum batch size is 50",
        type: "GraphBatchException",
        code: 3,
        fbtrace_id: expect.any(String)
      }
    }
  },
  {
    what: "a batch that is no list",
    basis: "assumed",
    path: "/v25.0/",
    init: form({batch: '{"method":"GET"}'}),
    body: bad("param batch must be an array.")
  },
  {
    what: "91 days of insights",
    basis: "documented",
    path: `${insights}?metric=page_follows&since=2020-01-01&until=2020-04-01`,
    body: bad("There cannot be more than 90 days (7776000 s) between since and until")
  },
  {
    what: "insights that end before they begin",
    basis: "assumed",
    path: `${insights}?metric=page_follows&since=2020-04-01&until=2020-03-01`,
    body: bad("Invalid parameter: param since must be before param until")
  },
  ...[
    "page_impressions",
    "page_fans",
    "page_impressions_unique",
    "page_posts_impressions",
    "page_video_views_unique"
  ].map(
    (metric): Case => ({
      what: `${metric}, a retired metric`,
      basis: "documented",
      path: `${insights}?metric=page_follows,${metric}&period=day`,
      body: bad("The value must be a valid insights metric")
    })
  ),
  ...["post_impressions", "post_impressions_unique", "post_engaged_users"].map(
    (metric): Case => ({
      what: `${metric}, a retired metric of posts`,
      basis: "documented",
      path: `${listing}?fields=id,insights.metric(post_media_view,${metric}).period(lifetime)`,
      body: bad("The value must be a valid insights metric")
    })
  ),
  ...["page_follows_country", "page_follows_city"].map(
    (metric): Case => ({
      what: `${metric}, which the demo does without`,
      basis: "assumed",
      path: `${insights}?metric=${metric}`,
      body: bad("The value must be a valid insights metric")
    })
  ),
  {
    what: "an unknown metric",
    basis: "documented",
    path: `/v25.0/${p1}/insights?metric=post_media_view,post_saves`,
    body: bad("The value must be a valid insights metric")
  },
  {
    what: "a metric of the Page of a post",
    basis: "assumed",
    path: `/v25.0/${p1}/insights?metric=page_follows`,
    body: bad("The value must be a valid insights metric")
  },
  {
    what: "insights without a metric",
    basis: "documented",
    path: `${insights}?period=day`,
    body: oauth(3001, "(#3001) Invalid query", {
      error_subcode: 1504028,
      is_transient: false,
      error_user_title: "No Metric Specified",
      error_user_msg:
        "No metric was specified to be fetched. Please specify one or more metrics to be fetched and try again."
    })
  },
  {
    what: "an unknown period",
    basis: "assumed",
    path: `${insights}?metric=page_follows&period=year`,
    body: bad("period must be one of the following values: day, week, days_28, month, lifetime, total_over_range")
  },
  {
    what: "a breakdown of a metric that has none",
    basis: "assumed",
    path: `${insights}?metric=page_follows&breakdown=is_from_ads`,
    body: bad("The breakdown is_from_ads is not supported for the metric page_follows")
  },
  {
    what: "insights of the Page with a person's token",
    basis: "documented",
    path: `${insights}?metric=page_follows`,
    token: "{user}",
    body: oauth(190, "(#190) This method must be called with a Page Access Token")
  },
  {
    what: "no token",
    basis: "documented",
    path: listing,
    token: "",
    body: oauth(104, "An access token is required to request this resource.")
  },
  {
    what: "who is asking, without a token",
    basis: "documented",
    path: "/v25.0/me",
    token: "",
    body: oauth(2500, "An active access token must be used to query information about the current user.")
  },
  {
    what: "a wrong token",
    basis: "documented",
    path: listing,
    token: "EAAguessed",
    body: oauth(190, "Invalid OAuth access token - Cannot parse access token")
  },
  {
    what: "an expired token",
    basis: "documented",
    path: listing,
    token: "{expired}",
    body: oauth(
      190,
      expect.stringMatching(
        /^Error validating access token: Session has expired on Monday, 01-Jun-26 03:00:00 PDT\. The current time is \w+, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} P[DS]T\.$/
      ),
      {error_subcode: 463}
    )
  },
  {
    what: "the token of somebody who logged out",
    basis: "documented",
    path: listing,
    token: "{loggedOut}",
    body: oauth(190, "Error validating access token: The session is invalid because the user logged out.", {
      error_subcode: 467
    })
  },
  {
    what: "comments without the permission for them",
    basis: "documented",
    path: `${listing}?fields=id,comments.limit(0).summary(total_count)`,
    token: "{limited}",
    body: oauth(
      10,
      expect.stringMatching(/^\(#10\) This endpoint requires the 'pages_read_user_content' permission or /)
    )
  },
  {
    what: "v20.0, whose time is over",
    basis: "assumed",
    path: "/v20.0/{id}",
    body: oauth(2500, expect.stringMatching(/^Unknown path components: \/v20\.0\/\d+$/))
  },
  {
    what: "a version that is none",
    basis: "documented",
    path: "/v99.0/me",
    body: oauth(2500, "Unknown path components: /v99.0/me")
  },
  {
    what: "a path that goes too far",
    basis: "documented",
    path: `${insights}/page_follows/day/all`,
    body: oauth(2500, "Unknown path components: /page_follows/day/all")
  },
  {
    what: "an unknown field of the Page",
    basis: "documented",
    path: "/v25.0/{id}?fields=id,followers",
    body: bad("Tried accessing nonexisting field (followers) on node type (Page)")
  },
  {
    what: "an unknown field of posts",
    basis: "documented",
    path: `${listing}?fields=id,views`,
    body: bad("Tried accessing nonexisting field (views) on node type (Post)")
  },
  {
    what: "a field that every JavaScript object has",
    basis: "documented",
    path: `${listing}?fields=constructor`,
    body: bad("Tried accessing nonexisting field (constructor) on node type (Post)")
  },
  {
    what: "an unknown field of attachments",
    basis: "documented",
    path: `${listing}?fields=attachments{media_type,size}`,
    body: bad("Tried accessing nonexisting field (size) on node type (StoryAttachment)")
  },
  ...["type", "link", "description"].map(
    (field): Case => ({
      what: `${field} of a post, from before v3.3`,
      basis: "documented",
      path: `/v25.0/${p1}?fields=message,${field}`,
      body: oauth(12, `(#12) ${aggregated} is deprecated for versions v3.3 and higher`)
    })
  ),
  {
    what: "an unknown edge",
    basis: "documented",
    path: "/v25.0/{id}/tweets",
    body: bad("Tried accessing nonexisting field (tweets) on node type (Page)")
  },
  {
    what: "insights of a bare video",
    basis: "documented",
    path: "/v25.0/{video}/insights?metric=post_media_view",
    body: bad("Tried accessing nonexisting field (insights) on node type (Video)")
  },
  {
    what: "insights within a list of videos",
    basis: "documented",
    path: "/v25.0/{id}/videos?fields=id,insights.metric(post_media_view)",
    body: bad("Tried accessing nonexisting field (insights) on node type (Video)")
  },
  {
    what: "a retired metric of a video",
    basis: "documented",
    path: "/v25.0/{video}/video_insights?metric=total_video_impressions",
    body: bad("The value must be a valid insights metric")
  },
  {what: "a post that is not there", basis: "documented", path: `/v25.0/${unknown}`, body: absent(unknown)},
  {
    what: "the number of a post without its Page's",
    basis: "assumed",
    path: `/v25.0/${p1.split("_")[1]}`,
    body: absent(p1.split("_")[1]!)
  },
  {
    what: "a post of tomorrow",
    basis: "assumed",
    path: "/v25.0/104250831157904_122091999999999999/insights?metric=post_clicks",
    body: absent("104250831157904_122091999999999999")
  },
  {
    what: "a field expression that does not end",
    basis: "documented",
    path: `${listing}?fields=id,comments.limit(0`,
    body: oauth(2500, 'Syntax error "Expected ")" instead of end of string." at character 19: id,comments.limit(0')
  },
  {
    what: "a brace too many",
    basis: "documented",
    path: `${listing}?fields=id,message}`,
    body: oauth(2500, 'Syntax error "Expected end of string instead of "}"." at character 10: id,message}')
  },
  {
    what: "a field without a name",
    basis: "documented",
    path: `${listing}?fields=id,`,
    body: oauth(2500, 'Syntax error "Expected name." at character 3: id,')
  },
  {
    what: "a field twice",
    basis: "documented",
    path: `${listing}?fields=id,message,message`,
    body: oauth(
      2500,
      'Syntax error "Field specified more than once. This is only possible before version 2.1" at character 18: id,message,message'
    )
  },
  {
    what: "a since that is no time",
    basis: "assumed",
    path: `${listing}?since=last Sunday week`,
    body: bad("Invalid parameter: param since must be a unix timestamp or a date that strtotime understands")
  },
  {
    what: "an until in the thirteenth month",
    basis: "assumed",
    path: `${insights}?metric=page_follows&until=2020-13-01`,
    body: bad("Invalid parameter: param until must be a unix timestamp or a date that strtotime understands")
  },
  {
    what: "a cursor that nobody gave",
    basis: "assumed",
    path: `${listing}?after=QVFIUmd`,
    body: oauth(2642, "(#2642) Invalid cursors values")
  },
  {
    what: "a POST to a listing",
    basis: "documented",
    path: "/v25.0/me/published_posts",
    init: form({message: "A post"}),
    body: absent("me", "post")
  },
  {
    what: "the deletion of a post",
    basis: "assumed",
    path: `/v25.0/${p1}`,
    init: {method: "DELETE"},
    body: absent(p1, "delete")
  },
  {
    what: "nothing at all",
    basis: "documented",
    path: "/v25.0/",
    body: {
      error: {
        message: `Unsupported get request. ${help}`,
        type: "GraphMethodException",
        code: 100,
        fbtrace_id: expect.any(String)
      }
    }
  },
  {
    what: "an unknown type of reactions",
    basis: "assumed",
    path: `/v25.0/${p1}/reactions?type=SORRY&summary=total_count`,
    body: bad(
      "type must be one of the following values: NONE, LIKE, LOVE, WOW, HAHA, SAD, ANGRY, THANKFUL, PRIDE, CARE, FIRE, HUNDRED"
    )
  },
  {
    what: "what a token is, without the token",
    basis: "assumed",
    path: "/v25.0/debug_token",
    body: bad("The parameter input_token is required")
  }
];

describe("Facebook in the sandbox refuses", () => {
  let video: string;

  beforeAll(async () => {
    const {data} = await own.read<{data: {id: string}[]}>(`/${own.id}/videos?limit=1`);
    video = data[0]!.id;
  });

  it.each(cases)("$what ($basis)", async ({path, token, init, status = 400, body}) => {
    const {otherAuth} = own.sandbox.accounts[0]!;
    const secret = token?.replace(/^\{(\w+)\}$/, (_, name: string) => otherAuth[name]!.token!);
    const reply = await own.ask(path.replace("{video}", video), secret, init);
    expect({status: reply.status, body: reply.body}).toEqual({status, body});
  });

  it("with the reason in a header (recorded)", async () => {
    const {headers} = await own.ask("/v25.0/me", "EAAguessed");
    expect(headers.get("www-authenticate")).toBe(
      'OAuth "Facebook Platform" "invalid_token" "Invalid OAuth access token - Cannot parse access token"'
    );
  });
});

describe("the Graph API in the sandbox", () => {
  it("lives in six versions, and answers without one as the oldest", async () => {
    for (const version of ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"]) {
      const {status, headers} = await own.ask(`/${version}/me`);
      expect([status, headers.get("facebook-api-version")]).toEqual([200, version]);
    }
    expect((await own.ask("/me")).headers.get("facebook-api-version")).toBe("v21.0");
  });

  it("takes the token from the query, from the form and from the Authorization header", async () => {
    const {auth} = own.sandbox.accounts[0]!;
    const headers = {authorization: `Bearer ${auth.token}`};
    expect((await own.ask("/v25.0/me", "", {headers})).body).toEqual({name: "IE SOGI (demo)", id: own.id});
    expect((await own.batch([{method: "GET", relative_url: "me"}])).status).toBe(200);
    const wrong = await own.ask("/v25.0/me", "EAAguessed", {headers});
    expect(wrong.status).toBe(400);
  });

  it("links the next page with the token in it, whichever way it came, and ends without a next one", async () => {
    const {auth} = own.sandbox.accounts[0]!;
    const headers = {authorization: `Bearer ${auth.token}`};
    const {body} = await own.ask(`${listing}?fields=id&limit=2`, "", {headers});
    const {next, cursors} = (body as {paging: {next: string; cursors: {after: string}}}).paging;
    const url = new URL(next);
    expect(url.pathname).toBe(`/facebook/v25.0/${own.id}/published_posts`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      access_token: auth.token,
      fields: "id",
      limit: "2",
      after: cursors.after
    });
    const pages = await own.pages<{id: string}>(`/${own.id}/published_posts?fields=id&limit=30`);
    expect(pages.map(({data}) => data.length)).toEqual([30, 30, 26]);
    const last = pages.at(-1)!.paging!;
    expect(Object.keys(last)).toEqual(["cursors", "previous"]);
    const beyond = await own.read(`/${own.id}/published_posts?limit=30&after=${last.cursors!.after}`);
    expect(beyond).toEqual({data: []});
    const back = await own.ask(new URL(last.previous!).pathname.slice(9) + new URL(last.previous!).search, "");
    expect((back.body as {data: object[]}).data).toEqual(pages[1]!.data);
  });

  it("answers each item of a batch by itself", async () => {
    const items = [
      {method: "GET", relative_url: "me?fields=id"},
      {method: "GET", relative_url: `/v26.0/${p1}?fields=id`},
      {method: "GET", relative_url: `v25.0/${unknown}`},
      {method: "GET", relative_url: "v20.0/me"}
    ];
    const {status, body} = await own.batch(items);
    const answers = body as {code: number; headers: {name: string; value: string}[]; body: string}[];
    expect(status).toBe(200);
    expect(answers.map(({code}) => code)).toEqual([200, 200, 400, 400]);
    expect(answers.slice(0, 2).map(({body}) => JSON.parse(body))).toEqual([{id: own.id}, {id: p1}]);
    expect(JSON.parse(answers[2]!.body)).toEqual(absent(unknown));
    expect(answers[1]!.headers).toContainEqual({name: "facebook-api-version", value: "v26.0"});
    const bare = (await own.batch(items, {include_headers: "false"})).body as object[];
    expect(bare.map(item => Object.keys(item))).toEqual(Array(4).fill(["code", "body"]));
    const fifty = (await own.batch(Array(50).fill(items[0]))).body as object[];
    expect(fifty).toHaveLength(50);
  });

  it("counts every item of a batch and every id as a call", async () => {
    await using fresh = await startedGraph("facebook");
    const used = async (): Promise<number> => {
      const usage = (await fresh.ask("/v25.0/me")).headers.get("x-business-use-case-usage")!;
      const [shares] = (JSON.parse(usage) as Record<string, {type: string; call_count: number}[]>)[fresh.id]!;
      expect(shares!.type).toBe("pages");
      return shares!.call_count;
    };
    expect(await used()).toBe(0);
    const item = {method: "GET", relative_url: `?ids=${Array(50).fill(p1)}&fields=id`};
    await fresh.batch(Array(40).fill(item));
    expect(await used()).toBe(1);
  });

  it("answers several ids by id", async () => {
    const body = await own.read(`/?ids=${p1},${own.id}&fields=id`);
    expect(body).toEqual({[p1]: {id: p1}, [own.id]: {id: own.id}});
    const counted = await own.read<Record<string, {data: object[]}>>(
      `/insights?ids=${p1}&metric=post_media_view&period=lifetime`
    );
    expect(counted[p1]!.data).toHaveLength(1);
  });

  it("tells what a token is, on the real clock", async () => {
    const {auth, otherAuth} = own.sandbox.accounts[0]!;
    const debug = async (token: string) =>
      (await own.read<{data: Record<string, unknown>}>(`/debug_token?input_token=${token}`)).data;
    const ownToken = await debug(auth.token!);
    expect(ownToken).toMatchObject({type: "PAGE", is_valid: true, expires_at: 0, profile_id: own.id});
    expect(ownToken.scopes).toContain("read_insights");
    expect(Number(ownToken.data_access_expires_at) - Date.now() / 1000).toBeGreaterThan(89 * 86_400);
    const user = await debug(otherAuth.user!.token!);
    expect(Number(user.expires_at) - Date.now() / 1000).toBeGreaterThan(59 * 86_400);
    expect(await debug(otherAuth.expired!.token!)).toMatchObject({is_valid: false, error: {code: 190, subcode: 463}});
    expect(await debug(otherAuth.loggedOut!.token!)).toMatchObject({is_valid: false, error: {code: 190, subcode: 467}});
    expect(await debug("EAAguessed")).toEqual({
      error: {code: 190, message: "Invalid OAuth access token - Cannot parse access token"},
      is_valid: false,
      scopes: []
    });
  });
});

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

import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {formerTokens} from "../../connectors/sandbox/linkedin-auth.ts";
import {memberPostUrns} from "../../connectors/sandbox/linkedin-member.ts";
import {type Headers, intervals, list, type Own, organisation, started} from "./sandbox-linkedin-client.ts";

let own: Own;

beforeAll(async () => {
  own = await started();
});
afterAll(() => own.sandbox.close());

const badMessage = "Invalid param. Please see errorDetails for more information.";

/** The body of a 400 for one value, or for names that are not allowed. */
function bad(fieldPath: string, code = "PARAM_INVALID"): object {
  const description =
    code === "PARAM_INVALID" ? {description: "Invalid value for param; wrong type or other syntax error"} : {};
  return {
    errorDetailType: "com.linkedin.common.error.BadRequest",
    message: badMessage,
    errorDetails: {inputErrors: [{...description, input: {inputPath: {fieldPath}}, code}]},
    status: 400
  };
}

const invalidQuery = {serviceErrorCode: 0, message: "Invalid query parameters passed to request", status: 400};
const noResource = {status: 404, code: "RESOURCE_NOT_FOUND", message: "No virtual resource found"};
const unresolved = {
  status: 400,
  code: "ILLEGAL_ARGUMENT",
  message: "Resource method could not be resolved from request parameters."
};
const pathSyntax = {status: 400, code: "ILLEGAL_ARGUMENT", message: "Syntax exception in path variables"};

function denied(method: string): object {
  return {
    status: 403,
    serviceErrorCode: 100,
    code: "ACCESS_DENIED",
    message: `Not enough permissions to access: ${method}.20260901`
  };
}

function unauthorised(serviceErrorCode: number, code: string, message: string): object {
  return {status: 401, serviceErrorCode, code, message};
}

function inactive(version: string): object {
  return {status: 426, code: "NONEXISTENT_VERSION", message: `Requested version ${version} is not active`};
}

function badInterval(start: string, end: string, granularity: string, fault: string): object {
  const range = `timeRange={start=${Date.parse(start)}, end=${Date.parse(end)}}`;
  const message = `Invalid timeIntervals parameter [{timeGranularityType=${granularity}, ${range}}]. ${fault}`;
  return {message, status: 400};
}

interface Case {
  what: string;
  /** Where the answer comes from: a document, a recording or a report of it; or nowhere. */
  basis: "documented" | "assumed";
  path: string;
  headers?: Headers;
  asMember?: boolean;
  init?: RequestInit;
  status: number;
  body: unknown;
}

const posts = `/rest/posts?author=${organisation}&q=author`;
const shares = `/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const followers = `/rest/organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const views = `/rest/organizationPageStatistics?q=organization&organization=${organisation}`;
const analytics = "/rest/memberCreatorPostAnalytics";
const size = `/rest/networkSizes/${organisation}`;
const unknownShare = "urn:li:share:6000000000000000001";
const video = "/rest/videoAnalytics?q=entity";
const raw = "urn:li:organization:990010480";
const other = organisation.replace("990010480", "990010481");

const cases: Case[] = [
  {
    what: "no LinkedIn-Version",
    basis: "documented",
    path: posts,
    headers: {"linkedin-version": undefined},
    status: 400,
    body: {
      status: 400,
      code: "VERSION_MISSING",
      message: "A version must be present. Please specify a version by adding the LinkedIn-Version header."
    }
  },
  {
    what: "a version that was sunset",
    basis: "documented",
    path: posts,
    headers: {"linkedin-version": "202511"},
    status: 426,
    body: inactive("20251101")
  },
  {
    what: "a version that is none",
    basis: "assumed",
    path: posts,
    headers: {"linkedin-version": "latest"},
    status: 426,
    body: inactive("latest")
  },
  {
    what: "a version that is not yet out",
    basis: "assumed",
    path: posts,
    headers: {"linkedin-version": "202712"},
    status: 426,
    body: inactive("20271201")
  },
  {
    what: "no token",
    basis: "documented",
    path: posts,
    headers: {authorization: undefined},
    status: 401,
    body: {message: "Empty oauth2_access_token", serviceErrorCode: 401, status: 401}
  },
  {
    what: "a token that never was",
    basis: "documented",
    path: posts,
    headers: {authorization: "Bearer AQX"},
    status: 401,
    body: unauthorised(65600, "INVALID_ACCESS_TOKEN", "Invalid access token")
  },
  {
    what: "a token that was revoked",
    basis: "documented",
    path: posts,
    headers: {authorization: `Bearer ${formerTokens.revoked}`},
    status: 401,
    body: unauthorised(65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user")
  },
  {
    what: "a token that expired",
    basis: "documented",
    path: posts,
    headers: {authorization: `Bearer ${formerTokens.expired}`},
    status: 401,
    body: unauthorised(65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
  },
  {
    what: "a token without permissions",
    basis: "documented",
    path: posts,
    headers: {authorization: `Bearer ${formerTokens.unprivileged}`},
    status: 403,
    body: denied("posts.FINDER-author")
  },
  {
    what: "the member's token for the page",
    basis: "documented",
    path: size,
    asMember: true,
    status: 403,
    body: denied("networkSizes.GET")
  },
  {
    what: "the page's token for the member",
    basis: "documented",
    path: "/rest/memberFollowersCount?q=me",
    status: 403,
    body: denied("memberFollowersCount.FINDER-me")
  },
  {
    what: "an organisation that the member does not administer",
    basis: "documented",
    path: `/rest/posts?author=${other}&q=author`,
    status: 403,
    body: denied("posts.FINDER-author")
  },
  {
    what: "an organisation that is not there",
    basis: "assumed",
    path: "/rest/organizations/990010481",
    status: 404,
    body: {message: "Could not find entity urn:li:organization:990010481", status: 404}
  },
  {
    what: "an organisation by its name",
    basis: "assumed",
    path: "/rest/organizations/iesogi-demo",
    status: 400,
    body: {message: "NumberFormatException parsing key 'iesogi-demo'", status: 400}
  },
  {
    what: "the followers of an organisation that is not there",
    basis: "assumed",
    path: `/rest/networkSizes/${other}?edgeType=COMPANY_FOLLOWED_BY_MEMBER`,
    status: 404,
    body: {message: "Could not find entity urn:li:organization:990010481", status: 404}
  },
  {
    what: "a URN that is not encoded, in the query",
    basis: "documented",
    path: `/rest/posts?author=${raw}&q=author`,
    status: 400,
    body: invalidQuery
  },
  {
    what: "URNs that are not encoded, in a list",
    basis: "documented",
    path: `${shares}&shares=List(${unknownShare})`,
    status: 400,
    body: invalidQuery
  },
  {
    what: "a URN that is not encoded, in the path",
    basis: "documented",
    path: `/rest/networkSizes/${raw}?edgeType=COMPANY_FOLLOWED_BY_MEMBER`,
    status: 400,
    body: pathSyntax
  },
  {
    what: "a post's URN that is not encoded",
    basis: "documented",
    path: `/rest/posts/${unknownShare}`,
    status: 400,
    body: pathSyntax
  },
  {
    what: "a list without the protocol's header",
    basis: "documented",
    path: `/rest/socialMetadata?ids=${list([unknownShare])}`,
    headers: {"x-restli-protocol-version": undefined},
    status: 400,
    body: invalidQuery
  },
  {
    what: "intervals in brackets without the protocol's header",
    basis: "documented",
    path: `${followers}&timeIntervals=${intervals("2020-10-01", "2020-11-01", "DAY")}`,
    headers: {"x-restli-protocol-version": "1.0.0"},
    status: 400,
    body: invalidQuery
  },
  {
    what: "a list whose brackets are encoded",
    basis: "documented",
    path: `${shares}&shares=${encodeURIComponent(list([unknownShare]))}`,
    status: 400,
    body: bad("shares")
  },
  {
    what: "a list that is not closed",
    basis: "assumed",
    path: `${shares}&shares=List(${encodeURIComponent(unknownShare)}`,
    status: 400,
    body: invalidQuery
  },
  {
    what: "the old form of intervals under the new protocol",
    basis: "documented",
    path: `${shares}&timeIntervals.timeGranularityType=DAY`,
    status: 400,
    body: bad("timeIntervals.timeGranularityType", "QUERY_PARAM_NOT_ALLOWED")
  },
  {
    what: "the old form of a list under the new protocol",
    basis: "documented",
    path: `${shares}&ugcPosts[0]=${encodeURIComponent(unknownShare)}`,
    status: 400,
    body: bad("ugcPosts[0]", "QUERY_PARAM_NOT_ALLOWED")
  },
  {
    what: "intervals that are no record",
    basis: "documented",
    path: `${shares}&timeIntervals=DAY`,
    status: 400,
    body: {message: "Parameter 'timeIntervals' is invalid", status: 400}
  },
  {
    what: "weeks, of which share statistics know nothing",
    basis: "assumed",
    path: `${shares}&timeIntervals=${intervals("2020-10-01", "2020-11-01", "WEEK")}`,
    status: 400,
    body: {message: "Parameter 'timeIntervals' is invalid", status: 400}
  },
  {
    what: "a range under 24 hours",
    basis: "documented",
    path: `${shares}&timeIntervals=${intervals("2020-10-01T00:00:00Z", "2020-10-01T23:59:59Z", "DAY")}`,
    status: 400,
    body: badInterval(
      "2020-10-01T00:00:00Z",
      "2020-10-01T23:59:59Z",
      "DAY",
      "End time must be greater than start time by at least one multiple of the granularity type [DAY]"
    )
  },
  {
    what: "a month that ends a second early",
    basis: "documented",
    path: `${views}&timeIntervals=${intervals("2020-10-01T00:00:00Z", "2020-10-31T23:59:59Z", "MONTH")}`,
    status: 400,
    body: badInterval(
      "2020-10-01T00:00:00Z",
      "2020-10-31T23:59:59Z",
      "MONTH",
      "End time must be greater than start time by at least one multiple of the granularity type [MONTH]"
    )
  },
  {
    what: "a range of fourteen months",
    basis: "documented",
    path: `${followers}&timeIntervals=${intervals("2019-09-01", "2020-11-01", "DAY")}`,
    status: 400,
    body: badInterval("2019-09-01", "2020-11-01", "DAY", "Start time and end time must be less than 14 months apart.")
  },
  {
    what: "a range that begins in the morning",
    basis: "assumed",
    path: `${shares}&timeIntervals=${intervals("2020-10-01T08:00:00Z", "2020-10-04T08:00:00Z", "DAY")}`,
    status: 400,
    body: badInterval(
      "2020-10-01T08:00:00Z",
      "2020-10-04T08:00:00Z",
      "DAY",
      "Start time and end time must be at midnight UTC."
    )
  },
  {
    what: "intervals of single posts",
    basis: "assumed",
    path: `${shares}&shares=${list([unknownShare])}&timeIntervals=${intervals("2020-10-01", "2020-10-04", "DAY")}`,
    status: 400,
    body: bad("timeIntervals")
  },
  {
    what: "a share among ugcPosts",
    basis: "assumed",
    path: `${shares}&ugcPosts=${list([unknownShare])}`,
    status: 400,
    body: bad("ugcPosts")
  },
  {
    what: "an activity among shares",
    basis: "assumed",
    path: `${shares}&shares=${list(["urn:li:activity:6000000000000000001"])}`,
    status: 400,
    body: bad("shares")
  },
  {
    what: "an organisation where a parameter wants one, but a person",
    basis: "assumed",
    path: followers.replace("organization%3A990010480", "person%3Aabc"),
    status: 400,
    body: bad("organizationalEntity")
  },
  {
    what: "statistics of nobody's page",
    basis: "documented",
    path: "/rest/organizationPageStatistics?q=organization",
    status: 400,
    body: {message: "Parameter 'organization' is required", status: 400}
  },
  {
    what: "neither a finder nor a batch",
    basis: "documented",
    path: `/rest/posts?author=${organisation}`,
    status: 400,
    body: unresolved
  },
  {
    what: "a header that names another method",
    basis: "assumed",
    path: posts,
    headers: {"x-restli-method": "BATCH_GET"},
    status: 400,
    body: unresolved
  },
  {what: "a finder that is not there", basis: "documented", path: `${posts}s`, status: 404, body: noResource},
  {what: "a path that is not there", basis: "documented", path: "/rest/shares", status: 404, body: noResource},
  {what: "the old path", basis: "assumed", path: `/v2/networkSizes/${organisation}`, status: 404, body: noResource},
  {
    what: "a filter by date, which there is not",
    basis: "documented",
    path: `${posts}&since=2020-01-01`,
    status: 400,
    body: bad("since", "QUERY_PARAM_NOT_ALLOWED")
  },
  {what: "a page of 101", basis: "assumed", path: `${posts}&count=101`, status: 400, body: bad("count")},
  {what: "a page of none", basis: "assumed", path: `${posts}&count=0`, status: 400, body: bad("count")},
  {what: "a page before the first", basis: "assumed", path: `${posts}&start=-10`, status: 400, body: bad("start")},
  {
    what: "an order that there is not",
    basis: "assumed",
    path: `${posts}&sortBy=LIKES`,
    status: 400,
    body: bad("sortBy")
  },
  {
    what: "the posts of a person",
    basis: "documented",
    path: "/rest/posts?author=urn%3Ali%3Aperson%3AdEm0_m3Mb9&q=author",
    status: 400,
    body: {message: "Member permissions must be used when using member as author", status: 400}
  },
  {
    what: "a post that is not there",
    basis: "assumed",
    path: `/rest/posts/${encodeURIComponent(unknownShare)}`,
    status: 404,
    body: {message: `Could not find entity ${unknownShare}`, status: 404}
  },
  {
    what: "an activity as a post",
    basis: "assumed",
    path: "/rest/posts/urn%3Ali%3Aactivity%3A6000000000000000001",
    status: 400,
    body: bad("key")
  },
  {
    what: "the old spelling of the edge",
    basis: "documented",
    path: `${size}?edgeType=CompanyFollowedByMember`,
    status: 400,
    body: bad("edgeType")
  },
  {
    what: "the size of no network",
    basis: "documented",
    path: size,
    status: 400,
    body: {message: "Parameter 'edgeType' is required", status: 400}
  },
  {
    what: "a video without a type",
    basis: "documented",
    path: `${video}&entity=${encodeURIComponent("urn:li:ugcPost:6000000000000000001")}`,
    status: 400,
    body: {message: "Parameter 'type' is required", status: 400}
  },
  {
    what: "a share as a video",
    basis: "assumed",
    path: `${video}&entity=${encodeURIComponent(unknownShare)}&type=VIDEO_VIEW`,
    status: 400,
    body: bad("entity")
  },
  {
    what: "a place by its URN",
    basis: "assumed",
    path: `/rest/geo?ids=${list(["urn:li:geo:103644278"])}`,
    status: 400,
    body: {message: "NumberFormatException parsing batch key 'urn:li:geo:103644278'", status: 400}
  },
  {
    what: "a query of more than 4,000 characters",
    basis: "documented",
    path: `${shares}&shares=${list(Array.from({length: 101}, (_, index) => `urn:li:share:${6000000000000000000n + BigInt(index)}`))}`,
    status: 414,
    body: {message: "Request URI Too Long", status: 414}
  },
  {
    what: "a new post",
    basis: "documented",
    path: "/rest/posts",
    init: {method: "POST", body: "{}"},
    status: 403,
    body: denied("posts.CREATE")
  },
  {
    what: "members reached by day",
    basis: "assumed",
    path: `${analytics}?q=me&queryType=MEMBERS_REACHED&aggregation=DAILY`,
    asMember: true,
    status: 400,
    body: {message: "DAILY aggregation is not supported for MEMBERS_REACHED", status: 400}
  },
  {
    what: "impressions of one post by day",
    basis: "assumed",
    path: `${analytics}?q=entity&entity=(share:${encodeURIComponent(memberPostUrns[0]!)})&queryType=IMPRESSION&aggregation=DAILY`,
    asMember: true,
    status: 400,
    body: {message: "DAILY aggregation is not supported for IMPRESSION", status: 400}
  },
  {
    what: "an activity as an entity",
    basis: "assumed",
    path: `${analytics}?q=entity&entity=(share:urn%3Ali%3Aactivity%3A6000000000000000001)&queryType=COMMENT`,
    asMember: true,
    status: 400,
    body: bad("entity")
  },
  {
    what: "an entity that is a bare URN",
    basis: "assumed",
    path: `${analytics}?q=entity&entity=${encodeURIComponent(memberPostUrns[0]!)}&queryType=COMMENT`,
    asMember: true,
    status: 400,
    body: bad("entity")
  },
  {
    what: "somebody else's post as an entity",
    basis: "assumed",
    path: `${analytics}?q=entity&entity=(share:${encodeURIComponent(unknownShare)})&queryType=COMMENT`,
    asMember: true,
    status: 404,
    body: {message: `Could not find entity ${unknownShare}`, status: 404}
  },
  {
    what: "a metric under the name of its answer",
    basis: "documented",
    path: `${analytics}?q=me&metricType=IMPRESSION`,
    asMember: true,
    status: 400,
    body: bad("metricType", "QUERY_PARAM_NOT_ALLOWED")
  },
  {
    what: "a metric that there is not",
    basis: "assumed",
    path: `${analytics}?q=me&queryType=constructor`,
    asMember: true,
    status: 400,
    body: bad("queryType")
  },
  {
    what: "a metric that the version does not have yet",
    basis: "documented",
    path: `${analytics}?q=me&queryType=POST_SAVE`,
    headers: {"linkedin-version": "202602"},
    asMember: true,
    status: 400,
    body: bad("queryType")
  },
  {
    what: "a day that there is not",
    basis: "assumed",
    path: "/rest/memberFollowersCount?q=dateRange&dateRange=(start:(day:31,month:2,year:2020),end:(day:2,month:3,year:2020))",
    asMember: true,
    status: 400,
    body: bad("dateRange")
  }
];

describe("LinkedIn in the sandbox refuses", () => {
  it.each(cases)("$what ($basis)", async ({path, headers, asMember, init, status, body}) => {
    const reply = await own[asMember ? "member" : "page"](path, headers, init);
    expect({status: reply.status, body: reply.body}).toEqual({status, body});
  });

  it("a post that was deleted (assumed), and one of somebody else (documented)", async () => {
    await using then = await started({night: "2020-04-20"});
    const {elements} = await then.body<{elements: {id: string; reshareContext?: {parent: string}}[]}>(
      `${posts}&count=50`
    );
    const [gone] = elements.filter(({reshareContext}) => reshareContext);
    then.sandbox.setNight("2020-04-30");
    expect(await then.page(`/rest/posts/${encodeURIComponent(gone!.id)}`)).toMatchObject({
      status: 404,
      body: {message: `Could not find entity ${gone!.id}`, status: 404}
    });
    const original = gone!.reshareContext!.parent;
    const words = "Accessing the UGC resource is forbidden. Please check your permissions for this resource";
    expect(await then.page(`/rest/posts/${encodeURIComponent(original)}`)).toMatchObject({
      status: 403,
      body: {message: words, status: 403}
    });
    const place = "Data Processing Exception while processing fields [/shares[1]]";
    expect(await then.page(`${shares}&shares=${list([unknownShare, original])}`)).toMatchObject({
      status: 403,
      body: {code: "ACCESS_DENIED", message: `Unpermitted fields present in PARAMETER: ${place}`}
    });
    const batch = await then.page(`/rest/posts?ids=${list([gone!.id, original, elements.at(-1)!.id])}`);
    expect(batch).toMatchObject({
      status: 200,
      body: {statuses: {[gone!.id]: 404, [original]: 403, [elements.at(-1)!.id]: 200}}
    });
    expect(Object.keys((batch.body as {results: object}).results)).toEqual([elements.at(-1)!.id]);
  });
});

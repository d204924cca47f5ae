/** The endpoints of LinkedIn's API that are served, each with what it takes and who may ask. */
import type {Scope} from "./linkedin-auth.ts";
import {type Call, found} from "./linkedin-calls.ts";
import {followersCount, type MemberCall, postAnalytics} from "./linkedin-member.ts";
import {namesOf} from "./linkedin-page.ts";
import {createPageCalls, industries, places} from "./linkedin-page-calls.ts";
import {createPostCalls} from "./linkedin-post-calls.ts";
import type {LinkedInWorld} from "./linkedin-posts.ts";
import * as refusals from "./linkedin-refusals.ts";
import type {Answer} from "./platform.ts";

export interface Route {
  /** The resource, as refusals name it. */
  name: string;
  path: RegExp;
  /** Any of them will do; none: every token. */
  scopes: Scope[];
  /** Its finders by `q`, each with its parameters. */
  finders?: Record<string, string[]>;
  /** Whether it takes `ids`. */
  isBatch?: boolean;
  /** Whether it lists all there is. */
  isAll?: boolean;
  /** Parameters beside a key in the path. */
  parameters?: string[];
  handle: (call: Call) => Answer;
}

const social: Scope[] = ["r_organization_social"];
const admin: Scope[] = ["rw_organization_admin"];

/** The routes over a world; `followersOn` gives the organisation's followers at the end of a night. */
export function createRoutes(world: LinkedInWorld, followersOn: (night: string) => number): Route[] {
  const post = createPostCalls(world);
  const page = createPageCalls(followersOn);

  const names = (path: string, kind: "function" | "seniority"): Route => ({
    name: path,
    path: new RegExp(`^/rest/${path}$`),
    scopes: [],
    isAll: true,
    handle: () => found(namesOf(kind))
  });

  return [
    {
      name: "posts",
      path: /^\/rest\/posts(?:\/([^/]+))?$/,
      scopes: social,
      finders: {author: ["author", "sortBy"]},
      isBatch: true,
      handle: post.posts
    },
    {
      name: "socialMetadata",
      path: /^\/rest\/socialMetadata(?:\/([^/]+))?$/,
      scopes: ["r_organization_social_feed", "r_organization_social"],
      isBatch: true,
      handle: post.socialMetadata
    },
    {
      name: "organizationalEntityShareStatistics",
      path: /^\/rest\/organizationalEntityShareStatistics$/,
      scopes: admin,
      finders: {organizationalEntity: ["organizationalEntity", "shares", "ugcPosts", "timeIntervals"]},
      handle: post.shareStatistics
    },
    {
      name: "organizationalEntityFollowerStatistics",
      path: /^\/rest\/organizationalEntityFollowerStatistics$/,
      scopes: admin,
      finders: {organizationalEntity: ["organizationalEntity", "timeIntervals"]},
      handle: page.followerStatistics
    },
    {
      name: "organizationPageStatistics",
      path: /^\/rest\/organizationPageStatistics$/,
      scopes: admin,
      finders: {organization: ["organization", "timeIntervals"]},
      handle: page.pageStatistics
    },
    {
      name: "videoAnalytics",
      path: /^\/rest\/videoAnalytics$/,
      scopes: social,
      finders: {entity: ["entity", "type", "aggregation"]},
      handle: post.videoAnalytics
    },
    {
      name: "networkSizes",
      path: /^\/rest\/networkSizes\/([^/]+)$/,
      scopes: admin,
      parameters: ["edgeType"],
      handle: page.networkSize
    },
    {name: "organizations", path: /^\/rest\/organizations\/([^/]+)$/, scopes: admin, handle: page.organisation},
    {
      name: "organizationAcls",
      path: /^\/rest\/organizationAcls$/,
      scopes: admin,
      finders: {roleAssignee: ["role", "state"]},
      handle: page.access
    },
    {name: "geo", path: /^\/rest\/geo$/, scopes: [], isBatch: true, handle: places},
    names("functions", "function"),
    names("seniorities", "seniority"),
    {
      name: "industries",
      path: /^\/rest\/industryTaxonomyVersions\/DEFAULT\/industries$/,
      scopes: ["r_basicprofile"],
      isAll: true,
      isBatch: true,
      handle: industries
    },
    {
      name: "memberCreatorPostAnalytics",
      path: /^\/rest\/memberCreatorPostAnalytics$/,
      scopes: ["r_member_postAnalytics"],
      finders: {
        entity: ["entity", "queryType", "aggregation", "dateRange"],
        me: ["queryType", "aggregation", "dateRange"]
      },
      handle: call => ofMember(call, postAnalytics)
    },
    {
      name: "memberFollowersCount",
      path: /^\/rest\/memberFollowersCount$/,
      scopes: ["r_member_profileAnalytics"],
      finders: {me: [], dateRange: ["dateRange"]},
      handle: call => ofMember(call, followersCount)
    }
  ];
}

function ofMember({query, version, moment}: Call, answer: (call: MemberCall) => Answer): Answer {
  const {strikes, now} = moment;
  if (strikes("member-tier-missing")) return refusals.noVirtualResource();
  const isNested = strikes("nested-counts");
  const isRetired = strikes("retired-metric");
  return answer({query, version, now, isMisshapen: strikes("wrong-shape"), isNested, isRetired});
}

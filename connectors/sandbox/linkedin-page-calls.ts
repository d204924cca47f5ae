/** The calls of LinkedIn's endpoints about the page: the organisation, its followers and views, names of URNs. */
import {organisationUrn} from "./linkedin-answers.ts";
import {batch, type Call, found, inBuckets, ok, refusedOrganisation} from "./linkedin-calls.ts";
import {member} from "./linkedin-member.ts";
import * as page from "./linkedin-page.ts";
import {organisation} from "./linkedin-posts.ts";
import * as refusals from "./linkedin-refusals.ts";
import {textsOf} from "./linkedin-restli.ts";
import type {Answer} from "./platform.ts";

/** The calls about the page; `followersOn` gives its followers at the end of a night. */
export function createPageCalls(followersOn: (night: string) => number) {
  const followerStatistics = (call: Call): Answer => {
    const {query, moment} = call;
    const refusal = refusedOrganisation("organizationalEntity", call);
    if (refusal !== undefined) return refusal;
    if (query.timeIntervals === undefined) {
      return found([page.followerFacets(followersOn(moment.night), moment.strikes("no-facets"))]);
    }
    return inBuckets(query.timeIntervals, ["DAY", "WEEK", "MONTH"], moment.now, bucket => [
      page.followerGains(bucket, moment.now, followersOn)
    ]);
  };

  const pageStatistics = (call: Call): Answer => {
    const {query, moment} = call;
    if (moment.strikes("retired-metric")) return refusals.noVirtualResource();
    const refusal = refusedOrganisation("organization", call);
    if (refusal !== undefined) return refusal;
    if (query.timeIntervals === undefined) return found([page.pageStatistics(moment.now)]);
    return inBuckets(query.timeIntervals, ["DAY", "MONTH"], moment.now, bucket => [
      page.pageStatisticsBetween(bucket, moment.now)
    ]);
  };

  const networkSize = ({query, key, moment}: Call): Answer => {
    if (query.edgeType === undefined) return refusals.required("edgeType");
    if (query.edgeType !== "COMPANY_FOLLOWED_BY_MEMBER") return refusals.badValue("edgeType");
    if (!/^urn:li:organization:\d+$/.test(key)) return refusals.badValue("key");
    if (key !== organisationUrn) return refusals.notFound(`Could not find entity ${key}`);
    return ok({firstDegreeSize: followersOn(moment.night)});
  };

  const organisationByKey = ({key}: Call): Answer => {
    if (!/^\d+$/.test(key)) return refusals.plain(`NumberFormatException parsing key '${key}'`);
    return key === organisation.id
      ? ok(page.organisationBody())
      : refusals.notFound(`Could not find entity urn:li:organization:${key}`);
  };

  const access = ({query: {role = "ADMINISTRATOR", state = "APPROVED"}}: Call): Answer => {
    const own = {
      role: "ADMINISTRATOR",
      state: "APPROVED",
      roleAssignee: `urn:li:person:${member.id}`,
      organization: organisationUrn
    };
    return found(role === own.role && state === own.state ? [own] : []);
  };

  return {followerStatistics, pageStatistics, networkSize, organisation: organisationByKey, access};
}

/** The names of places, by lists of their numbers. */
export function places(call: Call): Answer {
  return byNumbers(call, "geo", page.geoBody);
}

/** The names of industries: all of them, or those by a list of their numbers. */
export function industries(call: Call): Answer {
  if (call.query.ids === undefined) return found(page.namesOf("industry"));
  return byNumbers(call, "industry", page.industryBody);
}

function byNumbers({query, moment}: Call, kind: string, bodyOf: (id: string) => object | undefined): Answer {
  const ids = textsOf(query.ids);
  const stranger = ids?.find(id => !/^\d+$/.test(id));
  if (stranger !== undefined) return refusals.plain(`NumberFormatException parsing batch key '${stranger}'`);
  if (ids === undefined) return refusals.badValue("ids");
  const find = (id: string): Answer => {
    const body = bodyOf(id);
    return body === undefined ? refusals.notFound(`Could not find entity urn:li:${kind}:${id}`) : ok(body);
  };
  return batch(ids, find, moment);
}

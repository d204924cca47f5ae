/** The calls of LinkedIn's endpoints about posts: one and many, the listing, statistics, views of videos. */
import * as answers from "./linkedin-answers.ts";
import {batch, type Call, defaultPage, found, inBuckets, ok, refusedOrganisation} from "./linkedin-calls.ts";
import {isThere, type LinkedInPost, type LinkedInWorld, lastModified} from "./linkedin-posts.ts";
import * as refusals from "./linkedin-refusals.ts";
import {textsOf, wholeNumber} from "./linkedin-restli.ts";
import {windowStart} from "./linkedin-time.ts";
import type {Answer, Moment} from "./platform.ts";

const largestPage = 100;
/** Every so many entries of the listing, one is there but cannot be shown: the page is one short and not the last. */
const hole = {first: 14, every: 100};

const urnPattern = /^urn:li:(share|ugcPost):\d{1,19}$/;

/** The calls about a world's posts. */
export function createPostCalls(world: LinkedInWorld) {
  const hidden = (moment: Moment): LinkedInPost[] =>
    moment.strikes("missing-posts") ? world.posts.filter(post => isThere(post, moment.now)).slice(0, 2) : [];

  /** The organisation's posts that exist, latest first. */
  const there = (moment: Moment): LinkedInPost[] => {
    const deleted = hidden(moment);
    return world.posts.filter(post => isThere(post, moment.now) && !deleted.includes(post));
  };

  const bentOf = (moment: Moment): answers.Bent => ({
    likedMore: moment.strikes("one-more-like") ? there(moment)[0] : undefined,
    isMisshapen: moment.strikes("wrong-shape"),
    isUnsettled: moment.strikes("unsettled-days")
  });

  /** A post by its URN, or why not. */
  const postOf = (urn: string, moment: Moment): LinkedInPost | Answer => {
    const post = world.byUrn.get(urn);
    const isGone = post === undefined || !isThere(post, moment.now) || hidden(moment).includes(post);
    if (isGone) return refusals.notFound(`Could not find entity ${urn}`);
    return post.isStrangers === true ? refusals.forbiddenPost() : post;
  };

  /** One by its key, or a batch by `ids`. */
  const byKey =
    (body: (post: LinkedInPost, moment: Moment) => object) =>
    ({key, query, moment}: Call): Answer => {
      const find = (urn: string): Answer => {
        const post = postOf(urn, moment);
        return "urn" in post ? ok(body(post, moment)) : post;
      };
      if (key !== "") return urnPattern.test(key) ? find(key) : refusals.badValue("key");
      const ids = textsOf(query.ids);
      if (ids === undefined || !ids.every(id => urnPattern.test(id))) return refusals.badValue("ids");
      return batch(ids, find, moment);
    };

  const postsByKey = byKey((post, {now}) => answers.postBody(post, now));

  const listing = (call: Call): Answer => {
    const {query, moment} = call;
    const {author = "", sortBy = "LAST_MODIFIED", start = "0", count = String(defaultPage)} = query;
    if (typeof author === "string" && author.startsWith("urn:li:person:")) {
      return refusals.plain("Member permissions must be used when using member as author");
    }
    const stranger = refusedOrganisation("author", call);
    if (stranger !== undefined) return stranger;
    if (sortBy !== "LAST_MODIFIED" && sortBy !== "CREATED") return refusals.badValue("sortBy");
    const first = wholeNumber(start);
    const size = wholeNumber(count);
    if (first === undefined) return refusals.badValue("start");
    if (size === undefined || size < 1 || size > largestPage) return refusals.badValue("count");
    const {now} = moment;
    const sorted = there(moment);
    if (sortBy === "LAST_MODIFIED") sorted.sort((a, b) => lastModified(b, now) - lastModified(a, now));
    const entries = withHoles(sorted);
    const elements = entries.slice(first, first + size).flatMap(post => (post ? [answers.postBody(post, now)] : []));
    if (elements[0] !== undefined && moment.strikes("duplicate-posts")) elements.push(elements[0]);
    const link = (rel: string, from: number) => {
      const sort = query.sortBy === undefined ? "" : `&sortBy=${sortBy}`;
      const path = `/rest/posts?q=author&author=${encodeURIComponent(String(author))}&start=${from}&count=${size}${sort}`;
      const isForeign = rel === "next" && moment.strikes("foreign-next");
      return {type: "application/json", rel, href: isForeign ? `http://127.0.0.2:9${path}` : path};
    };
    const next = moment.strikes("same-page-token") ? 0 : first + size;
    const links = [
      ...(first > 0 ? [link("prev", Math.max(0, first - size))] : []),
      ...(next < entries.length ? [link("next", next)] : [])
    ];
    return ok({paging: {start: first, count: size, links, total: entries.length}, elements});
  };

  const shareStatistics = (call: Call): Answer => {
    const {query, moment} = call;
    const {now} = moment;
    const refusal = refusedOrganisation("organizationalEntity", call);
    if (refusal !== undefined) return refusal;
    const bent = bentOf(moment);
    const isByPost = query.shares !== undefined || query.ugcPosts !== undefined;
    if (query.timeIntervals !== undefined) {
      if (isByPost) return refusals.badValue("timeIntervals");
      const from = windowStart(now);
      const posts = there(moment);
      return inBuckets(query.timeIntervals, ["DAY", "MONTH"], now, bucket =>
        bucket.start < from ? [] : [answers.statisticsBetween(posts, bucket, now, bent)]
      );
    }
    if (!isByPost) return found([answers.organisationStatistics(there(moment), now, bent)]);
    const asked: LinkedInPost[] = [];
    for (const [name, type] of [
      ["shares", "share"],
      ["ugcPosts", "ugcPost"]
    ] as const) {
      const urns = query[name] === undefined ? [] : textsOf(query[name]);
      const isOfType = urns?.every(urn => urnPattern.exec(urn)?.[1] === type);
      if (urns === undefined || !isOfType) return refusals.badValue(name);
      const strange = urns.findIndex(urn => world.byUrn.get(urn)?.isStrangers);
      if (strange >= 0) return refusals.unpermittedField(`${name}[${strange}]`);
      asked.push(...new Set(urns.flatMap(urn => world.byUrn.get(urn) ?? [])));
    }
    const deleted = hidden(moment);
    const counted = asked.filter(post => answers.isCounted(post, now) && !deleted.includes(post));
    const shown = counted.flatMap(post => answers.postStatistics(post, now, bent) ?? []);
    return found(moment.strikes("missing-elements") ? shown.slice(1) : shown);
  };

  const videoAnalytics = ({query, moment}: Call): Answer => {
    const {entity = "", type = "", aggregation = "ALL"} = query;
    if (entity === "") return refusals.required("entity");
    if (type === "") return refusals.required("type");
    const kind = answers.videoTypes.find(one => one === type);
    const isRetired = kind === "VIDEO_VIEW" && moment.strikes("retired-metric");
    if (kind === undefined || isRetired) return refusals.badValue("type");
    if (aggregation !== "ALL") return refusals.badValue("aggregation");
    if (typeof entity !== "string" || !/^urn:li:ugcPost:\d+$/.test(entity)) return refusals.badValue("entity");
    const post = postOf(entity, moment);
    return "urn" in post ? found(answers.videoAnalytics(post, kind, moment.now)) : post;
  };

  return {
    /** `/rest/posts`. */
    posts: (call: Call): Answer => (call.query.q === undefined ? postsByKey(call) : listing(call)),
    /** `/rest/socialMetadata`. */
    socialMetadata: byKey((post, moment) => answers.socialMetadata(post, moment.now, bentOf(moment))),
    shareStatistics,
    videoAnalytics
  };
}

/** A listing with the entries that cannot be shown. */
function withHoles(posts: readonly LinkedInPost[]): (LinkedInPost | undefined)[] {
  const entries: (LinkedInPost | undefined)[] = [];
  for (const post of posts) {
    if (entries.length % hole.every === hole.first) entries.push(undefined);
    entries.push(post);
  }
  return entries;
}

/**
 * Instagram's API with Facebook Login as documented (Graph API v25.0) and as recorded: the account, its media and stories
 * and their insights. What the platform would refuse is refused in its words (`instagram-refusals.ts` and the Graph
 * API's); `docs/sandbox-instagram.md` says which of it is documented and which assumed.
 */
import {graphApi, graphFaults} from "./graph.ts";
import {noPermission, noSuchObject, tooMuchData} from "./graph-errors.ts";
import {type EdgeRequest, type GraphNode, readNode} from "./graph-fields.ts";
import {type Call, type GraphToken, limitOf, pageOfNodes} from "./graph-paging.ts";
import {graphTime, momentOf} from "./graph-time.ts";
import {accountInsights, retiredAccountMetric} from "./instagram-account.ts";
import {createAudience} from "./instagram-audience.ts";
import {
  type Counters,
  countersAt,
  demoWorld,
  farApart,
  isThere,
  type Media,
  type MediaWorld,
  madeUpWorld,
  owner
} from "./instagram-media.ts";
import {mediaInsights, retiredMediaMetric} from "./instagram-metrics.ts";
import {type Answer, type Asked, type Moment, platformSandbox, type World} from "./platform.ts";

/** Only the newest so many are reachable. */
const reachable = 10_000;
const follows = 87;
/** With the fault `too-much-data`. */
const dataLimit = 25;
const day = 86_400_000;
const person = "122100000000000919";
const insightsScope = "instagram_manage_insights";
const scopes = ["instagram_basic", insightsScope, "pages_read_engagement", "pages_show_list"];

/** The demo's tokens: two that are taken, one whose time is over, and one without the permission for insights. */
export const tokens = {
  user: {secret: "EAAsandboxInstagramUser7Qm", type: "USER", expiresAt: Date.now() + 60 * day, scopes},
  page: {secret: "EAAsandboxInstagramPage3Zt", type: "PAGE", scopes},
  expired: {secret: "EAAsandboxInstagramExpired5Rw", type: "USER", expiresAt: Date.now() - day, scopes},
  basic: {secret: "EAAsandboxInstagramBasic9Kp", type: "USER", scopes: scopes.filter(one => one !== insightsScope)}
} satisfies Record<string, Omit<GraphToken, "id" | "userId">>;

export const instagram = platformSandbox({
  platform: "instagram",
  accounts: [
    {
      platform: "instagram",
      kind: "professional",
      id: owner.id,
      name: "IESOGI",
      aliases: [owner.username],
      auth: {token: tokens.user.secret},
      otherAuth: {page: {token: tokens.page.secret}}
    }
  ],
  faults: {
    ...graphFaults,
    "too-much-data": {what: `listings of more than ${dataLimit} items are refused with 500: reduce the amount of data`},
    "permission-lost": {what: "insights are refused with the error 10: a permission is missing"},
    "empty-insights": {what: "insights come without data, as they do when they are not available"},
    "few-followers": {
      what: "followers are too few for demographics, new followers, and follows and unfollows: all empty"
    },
    "wrong-shape": {what: "media come without timestamp"},
    "duplicate-posts": {what: "the first medium of a listing stands there twice"},
    "missing-posts": {what: "the two newest media are deleted"},
    "one-more-like": {what: "the newest medium has one like more than its age gives it"},
    "retired-metric": {
      what: `${retiredMediaMetric} of media and ${retiredAccountMetric} of the account are refused as removed metrics are`
    },
    "media-without-insights": {
      what: "three media, far apart, have no insights, as if they were older than the professional account"
    },
    stories: {what: "nine stories come besides the posts, on eight nights"},
    "hidden-likes": {what: "like counts are hidden: listings come without them"}
  },
  open
});

function open(world: World): (asked: Asked, moment: Moment) => Answer {
  const account = world.posts === undefined ? demoWorld() : madeUpWorld(world.posts, world.firstNight);
  const audience = createAudience(world.posts !== undefined);
  const view = createView(account);
  const every = [...account.media, ...account.stories];

  const insights = (call: Call, read: () => object): object => {
    if (!call.token.scopes.includes(insightsScope) || call.moment.strikes("permission-lost")) {
      throw noPermission(10, "Application does not have permission for this action");
    }
    const body = read();
    return call.moment.strikes("empty-insights") ? {data: []} : body;
  };

  const user = (call: Call): GraphNode => ({
    id: owner.id,
    type: "IGUser",
    defaults: [],
    fields: {
      ig_id: () => owner.igId,
      username: () => owner.username,
      name: () => owner.name,
      biography: () => owner.biography,
      website: () => "https://example.org/",
      profile_picture_url: () => "https://pictures.example.org/profile.jpg",
      followers_count: () => audience.followers(call.moment.night),
      follows_count: () => follows,
      media_count: () => view(call.moment).media.length
    },
    edges: {
      media: request => listing(view(call.moment).media.slice(0, reachable), request, call),
      stories: request => listing(view(call.moment).stories, request, call),
      insights: request => insights(call, () => accountInsights({media: countedOf(call), audience}, request, call))
    }
  });

  const countedOf = ({moment}: Call): readonly Media[] => (moment.strikes("stories") ? every : account.media);

  const listing = (media: readonly Media[], request: EdgeRequest, call: Call): object => {
    const {now, strikes} = call.moment;
    if (strikes("too-much-data") && limitOf(request) > dataLimit) throw tooMuchData();
    const since = momentOf("since", request.parameters.get("since"), now) ?? Number.NEGATIVE_INFINITY;
    const until = momentOf("until", request.parameters.get("until"), now) ?? Number.POSITIVE_INFINITY;
    const within = media.filter(({at}) => at >= since && at <= until);
    const page = pageOfNodes(
      within.map(one => node(one, call, false)),
      request,
      call
    );
    const [first] = page.data;
    return first !== undefined && strikes("duplicate-posts") ? {...page, data: [...page.data, first]} : page;
  };

  const countersOf = (media: Media, {moment}: Call): Counters => {
    const counters = countersAt(media, moment.now);
    const isNewest = media === view(moment).media[0];
    return isNewest && moment.strikes("one-more-like") ? {...counters, likes: counters.likes + 1} : counters;
  };

  /** Worked out only when it is read, because a listing of thousands shows a hundred of them. */
  const node = (media: Media, call: Call, isDirect: boolean): GraphNode => ({
    id: media.id,
    type: "IGMedia",
    defaults: [],
    get fields() {
      return fieldsOf(media, call, isDirect);
    },
    edges: {
      children: ({fields}) => childrenOf(media, fields, call),
      insights: request => insights(call, () => insightsOf(media, request, call))
    }
  });

  /** Hidden likes are kept from listings alone, and the counts of an album's pictures from everybody. */
  const fieldsOf = (media: Media, call: Call, isDirect: boolean): GraphNode["fields"] => {
    const {strikes} = call.moment;
    const counters = countersOf(media, call);
    const isLikesHidden = !isDirect && strikes("hidden-likes");
    const count =
      (value: number, isHidden = false) =>
      () =>
        media.isChild || isHidden ? undefined : value;
    const file = `https://media.example.org/${media.id}`;
    const isVideo = media.type === "VIDEO";
    return {
      media_type: () => media.type,
      media_product_type: () => (media.isChild ? undefined : media.product),
      caption: () => (media.caption === "" ? undefined : media.caption),
      permalink: () => media.permalink,
      shortcode: () => media.shortcode,
      timestamp: () => (strikes("wrong-shape") ? undefined : graphTime(media.at)),
      username: () => owner.username,
      owner: () => ({id: owner.id}),
      media_url: () => `${file}.${isVideo ? "mp4" : "jpg"}`,
      thumbnail_url: () => (isVideo ? `${file}.jpg` : undefined),
      alt_text: () => (media.type === "IMAGE" ? "A made-up picture" : undefined),
      is_comment_enabled: () => true,
      is_shared_to_feed: () => (media.product === "REELS" ? true : undefined),
      like_count: count(counters.likes, isLikesHidden),
      comments_count: count(counters.comments),
      shares_count: count(counters.shares),
      saved_count: count(counters.saved),
      reposts_count: count(counters.reposts),
      total_like_count: count(counters.likes, isLikesHidden),
      total_comments_count: count(counters.comments),
      total_views_count: count(counters.views),
      // A field in listings that only albums have, and an edge by its path.
      children: ({fields}) => (media.children.length === 0 ? undefined : childrenOf(media, fields, call))
    };
  };

  const insightsOf = (media: Media, request: EdgeRequest, call: Call): object => {
    if (media.isChild) throw noSuchObject(media.id);
    const isWithout = media.isBeforeConversion || view(call.moment).struck.has(media.id);
    const isRetired = call.moment.strikes("retired-metric");
    return mediaInsights({media, counters: countersOf(media, call), isWithout, isRetired}, request);
  };

  const childrenOf = (media: Media, fields: EdgeRequest["fields"], call: Call): object => ({
    data: media.children.map(child => readNode(node(child, call, false), fields))
  });

  const find = (id: string, call: Call): GraphNode | undefined => {
    if (id === owner.id) return user(call);
    const media = account.byId.get(id);
    if (media === undefined || (media.product === "STORY" && !call.moment.strikes("stories"))) return undefined;
    const isVisible = isThere(media, call.moment.now) && !view(call.moment).hidden.has(media);
    return isVisible ? node(media, call, true) : undefined;
  };

  return graphApi({
    tokens: Object.values(tokens).map(token => ({...token, id: person, userId: person})),
    usage: {account: owner.id, type: "instagram", code: 80002, calls: 48_000},
    find
  });
}

interface View {
  /** Newest first, without stories. */
  media: readonly Media[];
  stories: readonly Media[];
  /** Those that a fault deleted. */
  hidden: ReadonlySet<Media>;
  /** The ids of those whose insights a fault took. */
  struck: ReadonlySet<string>;
}

/** What exists at a moment; worked out once a night. */
function createView(world: MediaWorld): (moment: Moment) => View {
  let night = "";
  let media: readonly Media[] = [];
  let stories: readonly Media[] = [];
  return ({night: asked, now, strikes}) => {
    if (night !== asked) {
      night = asked;
      media = world.media.filter(one => isThere(one, now));
      stories = world.stories.filter(one => isThere(one, now));
    }
    const deleted = strikes("missing-posts") ? 2 : 0;
    return {
      media: deleted === 0 ? media : media.slice(deleted),
      stories: strikes("stories") ? stories : [],
      hidden: new Set(media.slice(0, deleted)),
      struck: strikes("media-without-insights") ? farApart(media) : new Set()
    };
  };
}

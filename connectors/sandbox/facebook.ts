/**
 * Facebook Pages in the sandbox as documented (Graph API v25.0) and as recorded: the Page, its posts, videos and reels,
 * and their insights. What Facebook would refuse is refused in its words (`graph-errors.ts`);
 * `docs/sandbox-facebook.md` says which of it is documented and which assumed.
 */
import {insightsScope, retired} from "./facebook-metrics.ts";
import {postNode, type Shown, videoNode} from "./facebook-nodes.ts";
import {createPageInsights} from "./facebook-page.ts";
import {countersAt, demoPosts, type FacebookPost, madeUpPosts, page} from "./facebook-posts.ts";
import {graphApi, graphFaults} from "./graph.ts";
import {tooMuchData} from "./graph-errors.ts";
import {type EdgeRequest, type GraphNode, pick} from "./graph-fields.ts";
import {type Call, type GraphToken, limitOf, pageOf, pageOfNodes} from "./graph-paging.ts";
import {momentOf} from "./graph-time.ts";
import {type Answer, type Asked, type Moment, platformSandbox, type World} from "./platform.ts";
import {followersOn} from "./world.ts";

const day = 86_400_000;
const madeUpFollowers = 5000;
/** Those who like the Page beside following it. */
const fanShare = 0.95;
/** `/feed` and `/posts` give about so many a year. */
const mostOfYear = 600;
const dataLimit = 25;
const person = {id: "122094310000000451", name: "A made-up person"};
const scopes = ["pages_show_list", "pages_read_engagement", "pages_read_user_content", insightsScope];

const secrets = {
  page: "EAAsandboxFacebookPage4Vd",
  user: "EAAsandboxFacebookUser8Lx",
  limited: "EAAsandboxFacebookLimited2Hc",
  expired: "EAAsandboxFacebookExpired6Yt",
  loggedOut: "EAAsandboxFacebookLoggedOut1Bn"
};
const ofPage = {type: "PAGE", id: page.id, userId: person.id} as const;
const tokens: GraphToken[] = [
  {...ofPage, secret: secrets.page, scopes},
  {...ofPage, secret: secrets.limited, scopes: scopes.slice(0, 2)},
  {...ofPage, secret: secrets.expired, scopes, expiresAt: Date.parse("2026-06-01T10:00:00Z")},
  {...ofPage, secret: secrets.loggedOut, scopes, isInvalidated: true},
  {secret: secrets.user, type: "USER", id: person.id, userId: person.id, scopes, expiresAt: Date.now() + 60 * day}
];

export const facebook = platformSandbox({
  platform: "facebook",
  accounts: [
    {
      platform: "facebook",
      kind: "page",
      id: page.id,
      name: "IESOGI",
      aliases: [page.username],
      auth: {token: secrets.page},
      otherAuth: {
        user: {token: secrets.user},
        limited: {token: secrets.limited},
        expired: {token: secrets.expired},
        loggedOut: {token: secrets.loggedOut}
      }
    }
  ],
  faults: {
    ...graphFaults,
    "too-much-data": {what: `listings of more than ${dataLimit} items are refused with 500: reduce the amount of data`},
    "permission-lost": {what: "comments and reactions are refused with the error 10: a permission is missing"},
    "empty-insights": {what: "insights come without data, as they do without the permission for them"},
    "wrong-shape": {what: "summaries come without total_count"},
    "duplicate-posts": {what: "the first post of a listing stands there twice"},
    "missing-posts": {what: "the two newest posts are deleted"},
    "unlisted-reel": {what: "the newest reel is left out of published_posts"},
    "one-more-like": {what: "the newest post has one like more than its age gives it"},
    "retired-metric": {
      what: `${retired.post} of posts and ${retired.page} of the Page are refused as removed metrics are`
    },
    "serve-demographics": {what: "page_follows_country is served instead of refused"}
  },
  open
});

function open(world: World): (asked: Asked, moment: Moment) => Answer {
  const {posts, others} = world.posts === undefined ? demoPosts() : madeUpPosts(world.posts, world.firstNight);
  const followers = (date: string): number =>
    world.posts === undefined ? followersOn("facebook", date) : madeUpFollowers;
  const insights = createPageInsights({posts, followers});
  const byId = new Map(
    [...posts, ...others].flatMap(post => [post.id, post.video?.id ?? post.id].map(id => [id, post]))
  );

  const feed = others.length === 0 ? posts : [...posts, ...others].sort((a, b) => b.at - a.at);
  const byDate = [...posts].sort((a, b) => b.at - a.at);

  const createView = ({moment}: Call) => {
    const newest = byDate.filter(({at}) => at <= moment.now).slice(0, 2);
    const hidden = moment.strikes("missing-posts") ? newest : [];
    const isLiked = moment.strikes("one-more-like");
    const isThere = (post: FacebookPost): boolean => post.at <= moment.now && !hidden.includes(post);
    const shown = (post: FacebookPost): Shown => {
      const counters = countersAt(post, moment.now);
      if (!isLiked || post !== newest[0]) return {post, counters};
      const byKind = {...counters.byKind, like: (counters.byKind.like ?? 0) + 1};
      return {post, counters: {...counters, byKind, reactions: counters.reactions + 1}};
    };
    return {isThere, shown};
  };

  const listing = (
    from: readonly FacebookPost[],
    node: (shown: Shown, call: Call) => GraphNode,
    request: EdgeRequest,
    call: Call,
    isRanked = false
  ): object => {
    const {now, strikes} = call.moment;
    const limit = limitOf(request);
    if (limit > dataLimit && strikes("too-much-data")) throw tooMuchData();
    const since = momentOf("since", request.parameters.get("since"), now) ?? Number.NEGATIVE_INFINITY;
    const until = momentOf("until", request.parameters.get("until"), now) ?? Number.POSITIVE_INFINITY;
    const {isThere, shown} = createView(call);
    const there = from.filter(isThere);
    const reachable = isRanked ? mostOfEachYear(there) : there;
    const asked = reachable.filter(({at}) => at >= since && at <= until);
    const idOf = ({id}: FacebookPost): string => id;
    const body = pageOf(asked, idOf, post => node(shown(post), call), request, call);
    const [first] = body.data;
    if (first !== undefined && strikes("duplicate-posts")) body.data.push(first);
    return body;
  };

  const pageNode = (call: Call): GraphNode => {
    const {night, now, strikes} = call.moment;
    const reels = byDate.filter(({type, at}) => type === "reel" && at <= now);
    const listed = strikes("unlisted-reel") ? posts.filter(post => post !== reels[0]) : posts;
    const username = page.username;
    const link = `https://www.facebook.com/${username}`;
    const ofVideos = (isWanted: (post: FacebookPost) => boolean) => (request: EdgeRequest) =>
      listing(posts.filter(isWanted), videoNode, request, call);
    const ofPosts = (from: readonly FacebookPost[], isRanked: boolean) => (request: EdgeRequest) =>
      listing(from, postNode, request, call, isRanked);
    return {
      id: page.id,
      type: "Page",
      defaults: ["name"],
      fields: {
        name: () => page.name,
        username: () => username,
        link: () => link,
        followers_count: () => followers(night),
        fan_count: () => Math.floor(followers(night) * fanShare),
        about: () => "A made-up Page for trying software.",
        category: () => "Non-governmental organization (NGO)",
        category_list: () => [{id: "2235", name: "Non-governmental organization (NGO)"}],
        website: () => "https://example.org/",
        verification_status: () => "not_verified",
        is_published: () => true,
        has_transitioned_to_new_page_experience: () => true,
        talking_about_count: () => 31,
        new_like_count: () => 0,
        picture: wanted => ({
          data: pick(
            {url: "https://scontent.example.org/page.jpg", is_silhouette: false},
            wanted,
            "ProfilePictureSource"
          )
        }),
        instagram_business_account: () => undefined,
        access_token: () => secrets.page,
        tasks: () => ["ANALYZE", "CREATE_CONTENT"]
      },
      edges: {
        published_posts: ofPosts(listed, false),
        posts: ofPosts(posts, true),
        feed: ofPosts(feed, true),
        videos: ofVideos(({video}) => video !== undefined),
        video_reels: ofVideos(({type}) => type === "reel"),
        insights: request => insights(page.id, request, call)
      }
    };
  };

  const personNode = (call: Call): GraphNode => ({
    id: person.id,
    type: "User",
    defaults: ["name"],
    fields: {name: () => person.name},
    edges: {
      accounts: request =>
        pageOfNodes([{...pageNode(call), defaults: ["access_token", "category", "name", "tasks"]}], request, call)
    }
  });

  return graphApi({
    tokens,
    usage: {account: page.id, type: "pages", code: 80001, calls: 4800 * 40},
    find: (id, call) => {
      if (id === page.id || id === page.username) return pageNode(call);
      if (id === person.id) return personNode(call);
      const post = byId.get(id);
      const {isThere, shown} = createView(call);
      if (post === undefined || !isThere(post)) return undefined;
      return id === post.id ? postNode(shown(post), call) : videoNode(shown(post), call);
    }
  });
}

/** The first so many of each calendar year, in the same order. */
function mostOfEachYear(posts: readonly FacebookPost[]): FacebookPost[] {
  const counts = new Map<number, number>();
  return posts.filter(({at}) => {
    const year = new Date(at).getUTCFullYear();
    const count = (counts.get(year) ?? 0) + 1;
    counts.set(year, count);
    return count <= mostOfYear;
  });
}

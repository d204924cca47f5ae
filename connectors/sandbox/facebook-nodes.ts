/** Objects of Facebook's graph: posts with what is attached to them, comments and reactions, and videos. */
import {attachmentsOf, permalinkOf, pictureOf, pictures} from "./facebook-attachments.ts";
import {type Engagement, type EngagementKind, type ReactionKind, reactionKinds} from "./facebook-growth.ts";
import {postInsights, videoInsights, videoViews} from "./facebook-metrics.ts";
import {type Counters, type FacebookPost, page} from "./facebook-posts.ts";
import {badParameter, deprecatedSince, noPermission} from "./graph-errors.ts";
import {type EdgeRequest, type GraphNode, pick, readNode} from "./graph-fields.ts";
import {type Call, pageOf} from "./graph-paging.ts";
import {graphTime} from "./graph-time.ts";

/** The permission for what people did under posts. */
const contentScope = "pages_read_user_content";

/** Fields that aggregate attachments, refused since v3.3. */
const aggregated = Object.fromEntries(
  ["caption", "description", "link", "name", "object_id", "source", "type"].map(name => [name, refuseAggregated])
);
/** Fields that a post may have, and none here has. */
const absent = Object.fromEntries(
  "story story_tags message_tags parent_id place event properties call_to_action to via scheduled_publish_time backdated_time application coordinates targeting feed_targeting child_attachments icon"
    .split(" ")
    .map(name => [name, () => undefined])
);
/** Types of reactions as `reactions` names them, by the kinds of insights. */
const reactionTypes: Record<string, string> = {sorry: "SAD", anger: "ANGRY"};

/** A post with what it has gathered until now. */
export type Shown = {post: FacebookPost; counters: Counters};

/** A post of the Page. */
export function postNode(shown: Shown, call: Call): GraphNode {
  const {post, counters} = shown;
  const {at, text, type, author} = post;
  const attachments = (wanted: Pick<EdgeRequest, "fields">): object[] =>
    attachmentsOf(post).map(node => readNode(node, wanted.fields));
  const people = (kinds: (kind: EngagementKind) => boolean, count: number) => (request: EdgeRequest) =>
    engaged(shown, kinds, count, request, call);
  const isReaction = (kind: EngagementKind): boolean => kind !== "comment" && kind !== "share";
  const picture = type === "text" ? undefined : pictureOf(post.number);
  return {
    id: post.id,
    type: "Post",
    defaults: ["created_time", "message"],
    fields: {
      ...absent,
      ...aggregated,
      message: () => text,
      created_time: () => graphTime(at),
      updated_time: () => graphTime(lastComment(post, call.moment.now) ?? at),
      permalink_url: () => permalinkOf(post),
      status_type: () => statusOf(post),
      is_published: () => post.isPublished,
      is_hidden: () => false,
      is_expired: () => false,
      is_popular: () => false,
      is_eligible_for_promotion: () => true,
      promotable_id: () => post.id,
      full_picture: () => picture,
      picture: () => picture,
      from: wanted => pick({name: author.name, id: author.id}, wanted, "Page"),
      privacy: wanted =>
        pick({allow: "", deny: "", description: "Public", friends: "", value: "EVERYONE"}, wanted, "Privacy"),
      shares: () => (counters.shares > 0 ? {count: counters.shares} : undefined),
      attachments: wanted => (type === "text" ? undefined : {data: attachments(wanted)})
    },
    edges: {
      attachments: request => ({data: attachments(request)}),
      comments: people(kind => kind === "comment", counters.comments),
      reactions: request => {
        const wanted = request.parameters.get("type");
        if (wanted === undefined) return people(isReaction, counters.reactions)(request);
        const kind = kindOf(wanted);
        return people(one => one === kind, counters.byKind[kind] ?? 0)(request);
      },
      likes: people(isReaction, counters.reactions),
      insights: request => postInsights(shown, request, call)
    }
  };
}

/** The video of a post. It has no `insights`; `video_insights` it has. */
export function videoNode(shown: Shown, call: Call): GraphNode {
  const {post} = shown;
  const {video} = post;
  const {comments, likes, reactions} = postNode(shown, call).edges;
  return {
    id: video?.id ?? "",
    type: "Video",
    defaults: ["updated_time", "description"],
    fields: {
      title: () => undefined,
      description: () => post.text,
      created_time: () => graphTime(post.at),
      updated_time: () => graphTime(post.at),
      permalink_url: () => new URL(permalinkOf(post)).pathname,
      post_id: () => post.id,
      length: () => video?.seconds,
      views: () => videoViews(shown),
      published: () => post.isPublished,
      source: () => `${pictures}/${video?.id}.mp4`,
      picture: () => pictureOf(post.number),
      status: wanted => pick({video_status: "ready"}, wanted, "VideoStatus"),
      from: wanted => pick({name: page.name, id: page.id}, wanted, "Page")
    },
    edges: {
      comments: comments!,
      likes: likes!,
      reactions: reactions!,
      video_insights: request => videoInsights(shown, request, call)
    }
  };
}

function statusOf({type}: FacebookPost): string {
  if (type === "text") return "mobile_status_update";
  if (type === "link") return "shared_story";
  return type === "image" || type === "album" ? "added_photos" : "added_video";
}

/** Comments, reactions or likes: who they are of is not told, how many there are is. */
function engaged(
  {post}: Shown,
  isWanted: (kind: EngagementKind) => boolean,
  count: number,
  request: EdgeRequest,
  call: Call
): object {
  mayReadContent(call);
  const there = post.engagements.filter(({kind, at}) => isWanted(kind) && at <= call.moment.now);
  const named = there.map((one, index) => ({...one, id: `${post.number}_${index + 1}`}));
  const body = pageOf(named, ({id}) => id, engagementNode, request, call);
  const summary = summaryOf(request, count, call);
  return {...body, ...(summary === undefined ? {} : {summary})};
}

function engagementNode({id, kind, at}: Engagement & {id: string}): GraphNode {
  if (kind === "comment") {
    const fields = {created_time: () => graphTime(at), message: () => "A made-up comment."};
    return {id, type: "Comment", defaults: ["created_time", "message"], fields, edges: {}};
  }
  return {id, type: "Profile", defaults: ["type"], fields: {type: () => typeOf(kind)}, edges: {}};
}

function summaryOf({parameters, path}: EdgeRequest, count: number, call: Call): object | undefined {
  const text = parameters.get("summary");
  if (text === undefined || text === "0" || text === "false") return undefined;
  const isComments = path.endsWith("/comments");
  const all: Record<string, unknown> = {
    ...(isComments ? {order: "ranked"} : {}),
    total_count: count,
    ...(isComments ? {can_comment: true} : {viewer_reaction: "NONE"})
  };
  if (call.moment.strikes("wrong-shape")) delete all.total_count;
  if (text === "1" || text === "true") return all;
  const names = text.split(",").map(name => name.trim());
  const stranger = names.find(
    name => !["order", "total_count", "can_comment", "can_like", "has_liked", "viewer_reaction"].includes(name)
  );
  if (stranger !== undefined) throw badParameter(`Unknown summary field: ${stranger}`);
  return Object.fromEntries(names.filter(name => name in all).map(name => [name, all[name]]));
}

function refuseAggregated(): never {
  throw deprecatedSince("deprecate_post_aggregated_fields_for_attachement", "v3.3");
}

function mayReadContent({token, moment}: Call): void {
  if (token.scopes.includes(contentScope) && !moment.strikes("permission-lost")) return;
  const words = `This endpoint requires the '${contentScope}' permission or the 'Page Public Content Access' feature. Refer to https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages and https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details.`;
  throw noPermission(10, words);
}

function typeOf(kind: string): string {
  return reactionTypes[kind] ?? kind.toUpperCase();
}

function kindOf(type: string): ReactionKind {
  const kind = reactionKinds.find(one => typeOf(one) === type);
  if (kind !== undefined) return kind;
  throw badParameter(
    "type must be one of the following values: NONE, LIKE, LOVE, WOW, HAHA, SAD, ANGRY, THANKFUL, PRIDE, CARE, FIRE, HUNDRED"
  );
}

function lastComment({engagements}: FacebookPost, now: number): number | undefined {
  return engagements.findLast(({kind, at}) => kind === "comment" && at <= now)?.at;
}

/** Objects of Facebook's graph: posts with what is attached to them, comments and reactions, and videos. */
import {type EngagementKind, type ReactionKind, reactionKinds} from "./facebook-growth.ts";
import {postInsights, videoInsights, videoViews} from "./facebook-metrics.ts";
import {type Counters, type FacebookPost, page} from "./facebook-posts.ts";
import {badParameter, deprecatedSince, noPermission} from "./graph-errors.ts";
import {type EdgeRequest, type GraphNode, pick, readNode} from "./graph-fields.ts";
import {type Call, pageOfNodes} from "./graph-paging.ts";
import {graphTime} from "./graph-time.ts";

const site = "https://www.facebook.com";
const pictures = "https://scontent.example.org";
/** The permission for what people did under posts. */
const contentScope = "pages_read_user_content";

/** Fields that aggregate attachments: refused since v3.3. */
const aggregated = ["caption", "description", "link", "name", "object_id", "source", "type"];
/** Fields that a post may have, and none here has. */
const absent = [
  "story",
  "story_tags",
  "message_tags",
  "parent_id",
  "place",
  "event",
  "properties",
  "call_to_action",
  "to",
  "via",
  "scheduled_publish_time",
  "backdated_time",
  "application",
  "coordinates",
  "targeting",
  "feed_targeting",
  "child_attachments"
];
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
  const picture = type === "text" ? undefined : `${pictures}/${post.number}.jpg`;
  const refused = aggregated.map((name): [string, () => never] => [
    name,
    () => {
      throw deprecatedSince("deprecate_post_aggregated_fields_for_attachement", "v3.3");
    }
  ]);
  return {
    id: post.id,
    type: "Post",
    defaults: ["created_time", "message"],
    fields: {
      ...Object.fromEntries(absent.map(name => [name, () => undefined])),
      ...Object.fromEntries(refused),
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
      icon: () => undefined,
      from: wanted => pick({name: author.name, id: author.id}, wanted, "Page"),
      privacy: wanted =>
        pick({allow: "", deny: "", description: "Public", friends: "", value: "EVERYONE"}, wanted, "Privacy"),
      shares: () => {
        mayReadContent(call);
        return counters.shares > 0 ? {count: counters.shares} : undefined;
      },
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
      picture: () => `${pictures}/${post.number}.jpg`,
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

function permalinkOf({type, video, number}: FacebookPost): string {
  if (type === "reel") return `${site}/reel/${video?.id}/`;
  return type === "video"
    ? `${site}/${page.profileId}/videos/${video?.id}/`
    : `${site}/${page.profileId}/posts/${number}`;
}

function statusOf({type}: FacebookPost): string {
  if (type === "text") return "mobile_status_update";
  if (type === "link") return "shared_story";
  return type === "image" || type === "album" ? "added_photos" : "added_video";
}

function attachmentsOf({type, text, number, video, at}: FacebookPost): GraphNode[] {
  const photo = (turn: number): Attached => {
    const id = `9${number.slice(5)}${turn}`;
    const url = `${site}/photo.php?fbid=${id}`;
    return {type: "photo", mediaType: "photo", url, target: {id, url}, text, picture: `${number}-${turn}`};
  };
  const report = `https://example.org/reports/${Math.floor(at / 86_400_000)}`;
  const film = `${site}/${page.profileId}/videos/${video?.id}/`;
  const shim = `https://l.facebook.com/l.php?u=${encodeURIComponent(report)}`;
  const kinds: Record<FacebookPost["type"], () => GraphNode[]> = {
    text: () => [],
    image: () => [attachment(photo(1))],
    album: () => [attachment({...photo(1), type: "album", mediaType: "album", parts: [1, 2, 3, 4].map(photo)})],
    link: () => [
      attachment({
        type: "share",
        mediaType: "link",
        url: shim,
        plainUrl: report,
        target: {url: shim},
        text,
        title: "A report",
        picture: number
      })
    ],
    video: () => [
      attachment({
        type: "video_inline",
        mediaType: "video",
        url: film,
        target: {id: video?.id, url: film},
        text,
        picture: number
      })
    ],
    reel: () => {
      const url = `${site}/reel/${video?.id}/`;
      return [
        attachment({type: "video_inline", mediaType: "video", url, target: {id: video?.id, url}, text, picture: number})
      ];
    },
    gif: () => {
      const url = "https://example.org/animation.gif";
      return [
        attachment({type: "animated_image_share", mediaType: "video", url, target: {url}, text, picture: number})
      ];
    }
  };
  return kinds[type]();
}

interface Attached {
  type: string;
  mediaType: string;
  /** As Facebook links it, by way of itself where it leads outside. */
  url: string;
  plainUrl?: string;
  target: Record<string, unknown>;
  text: string;
  title?: string;
  picture: string;
  parts?: Attached[];
}

function attachment({type, mediaType, url, plainUrl, target, text, title, picture, parts}: Attached): GraphNode {
  const image = {height: 720, src: `${pictures}/${picture}.jpg`, width: 1280};
  return {
    type: "StoryAttachment",
    defaults: ["description", "media", "subattachments", "target", "title", "type", "url"],
    fields: {
      type: () => type,
      media_type: () => mediaType,
      title: () => title,
      description: () => text,
      description_tags: () => undefined,
      url: () => url,
      unshimmed_url: () => plainUrl ?? url,
      target: wanted => pick(target, wanted, "StoryAttachmentTarget"),
      media: wanted => pick({image}, wanted, "StoryAttachmentMedia"),
      subattachments: wanted => parts && {data: parts.map(part => readNode(attachment(part), wanted.fields))}
    },
    edges: {}
  };
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
  const nodes = there.map(({kind, at}, index): GraphNode => {
    const id = `${post.number}_${index + 1}`;
    if (kind !== "comment") {
      return {id, type: "Profile", defaults: ["type"], fields: {type: () => typeOf(kind)}, edges: {}};
    }
    const fields = {created_time: () => graphTime(at), message: () => "A made-up comment."};
    return {id, type: "Comment", defaults: ["created_time", "message"], fields, edges: {}};
  });
  const summary = summaryOf(request, count, call);
  return {...pageOfNodes(nodes, request, call), ...(summary === undefined ? {} : {summary})};
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

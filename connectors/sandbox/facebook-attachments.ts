/** What is attached to Facebook's posts, and where posts, videos and reels are linked. */
import {type FacebookPost, page} from "./facebook-posts.ts";
import {type GraphNode, pick, readNode} from "./graph-fields.ts";

const site = "https://www.facebook.com";
export const pictures = "https://scontent.example.org";
const day = 86_400_000;

/** Where a post is seen; a video's is the video's own, a reel's tells that it is one. */
export function permalinkOf({type, video, number}: FacebookPost): string {
  if (type === "reel") return `${site}/reel/${video?.id}/`;
  if (type === "video") return `${site}/${page.profileId}/videos/${video?.id}/`;
  return `${site}/${page.profileId}/posts/${number}`;
}

/** The address of a picture. */
export function pictureOf(name: string): string {
  return `${pictures}/${name}.jpg`;
}

/** The attachments of a post: one, but for texts, which have none. */
export function attachmentsOf(post: FacebookPost): GraphNode[] {
  const attached = attachedTo(post);
  return attached === undefined ? [] : [attachment(attached, post)];
}

interface Attached {
  type: string;
  mediaType: string;
  /** As Facebook links it, by way of itself where it leads outside. */
  url: string;
  plainUrl?: string;
  /** Undefined for what is not on Facebook. */
  id?: string | undefined;
  title?: string;
  picture: string;
  parts?: Attached[];
}

function attachedTo(post: FacebookPost): Attached | undefined {
  const {number, video, at} = post;
  const photo = (turn: number): Attached => {
    const id = `9${number.slice(5)}${turn}`;
    return {type: "photo", mediaType: "photo", url: `${site}/photo.php?fbid=${id}`, id, picture: `${number}-${turn}`};
  };
  switch (post.type) {
    case "text":
      return undefined;
    case "image":
      return photo(1);
    case "album":
      return {...photo(1), type: "album", mediaType: "album", parts: [1, 2, 3, 4].map(photo)};
    case "link": {
      const plainUrl = `https://example.org/reports/${Math.floor(at / day)}`;
      const url = `https://l.facebook.com/l.php?u=${encodeURIComponent(plainUrl)}`;
      return {type: "share", mediaType: "link", url, plainUrl, title: "A report", picture: number};
    }
    case "gif": {
      const url = "https://example.org/animation.gif";
      return {type: "animated_image_share", mediaType: "video", url, picture: number};
    }
    default:
      return {type: "video_inline", mediaType: "video", url: permalinkOf(post), id: video?.id, picture: number};
  }
}

function attachment(attached: Attached, post: FacebookPost): GraphNode {
  const {type, mediaType, url, plainUrl, id, title, picture, parts} = attached;
  const image = {height: 720, src: pictureOf(picture), width: 1280};
  return {
    type: "StoryAttachment",
    defaults: ["description", "media", "subattachments", "target", "title", "type", "url"],
    fields: {
      type: () => type,
      media_type: () => mediaType,
      title: () => title,
      description: () => post.text,
      description_tags: () => undefined,
      url: () => url,
      unshimmed_url: () => plainUrl ?? url,
      target: wanted => pick({id, url}, wanted, "StoryAttachmentTarget"),
      media: wanted => pick({image}, wanted, "StoryAttachmentMedia"),
      subattachments: wanted => parts && {data: parts.map(part => readNode(attachment(part, post), wanted.fields))}
    },
    edges: {}
  };
}

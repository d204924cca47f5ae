/**
 * X's posts of a world: the demo's content items and what only X has (reposts, replies, a thread, an edit), or made-up
 * ones, each with what of it never changes, and its counters as a function of its age.
 */
import {byDay, type ContentItem, chance, contentItems, grownAt, type ItemType} from "./world.ts";

const day = 86_400_000;
/** Ids hold their time: `(id >> 22)` milliseconds from here (Snowflake). */
const epoch = 1_288_834_974_657;
/** More than this is cut, and whole in `note_tweet` alone. */
const longestText = 280;
const madeUpDays = 1095;

/** Items that are more than a plain post on X, by number. */
const special = {quote: 38, threadReply: 20, edited: 68, deleted: 45, unliked: [12, 74]} as const;

export interface Counters {
  views: number;
  likes: number;
  replies: number;
  reposts: number;
  quotes: number;
  bookmarks: number;
  linkClicks: number;
  profileClicks: number;
}

export interface XUser {
  id: string;
  username: string;
  name: string;
  createdAt: string;
}

export interface XMedia {
  key: string;
  type: "photo" | "video" | "animated_gif";
}

export interface XPost {
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  author: XUser;
  /** What never changes, under the names of the prose documentation. */
  fixed: Record<string, unknown>;
  media: XMedia[];
  pollId: string | undefined;
  reference: {type: "retweeted" | "quoted" | "replied_to"; id: string} | undefined;
  /** Counters once it is grown. */
  final: Counters;
  /** A like is taken back at this age in days. */
  unlikedAt: number | undefined;
  /** From then on it is deleted, or replaced by an edit. */
  goneAt: number | undefined;
}

export interface XWorld {
  /** The account's own, newest first. */
  posts: XPost[];
  /** These, older versions of edited ones, and the posts of others that they refer to. */
  byId: Map<string, XPost>;
}

export const owner: XUser = {
  id: snowflake(Date.parse("2018-01-15T09:00:00Z"), 7),
  username: "IESOGI_demo",
  name: "IE SOGI (demo)",
  createdAt: "2018-01-15T09:00:00.000Z"
};
const stranger: XUser = {
  id: snowflake(Date.parse("2017-05-02T10:00:00Z"), 3),
  username: "example_demo",
  name: "An example (demo)",
  createdAt: "2017-05-02T10:00:00.000Z"
};

/** The demo mandate's account. */
export function demoWorld(): XWorld {
  const items = contentItems.filter(item => item.platforms.includes("x"));
  const others = quotedAndReposted();
  const posts = items.flatMap(item => ofItem(item, items, others));
  return worldOf([...posts, ...onlyOnX(others)], others);
}

/** So many posts over the three years that end with a night, all of them by day. */
export function madeUpWorld(count: number, lastNight: string): XWorld {
  const end = Date.parse(`${lastNight}T23:59:59Z`);
  const types: ItemType[] = ["text", "link", "image", "video", "album", "gif", "poll"];
  const posts = Array.from({length: count}, (_, index) => {
    const at = byDay(end - (index * madeUpDays * day) / count);
    const text = `Made-up post ${count - index}`;
    const sequence = 4095 - (index % 4096);
    return made({at, sequence, text, lang: "en", type: types[index % types.length]!, seed: `made ${index}`});
  });
  return worldOf(posts, []);
}

/** The counters of a post at a moment. A repost carries the original's reposts and nothing else (recorded). */
export function countersAt(post: XPost, now: number): Counters {
  if (post.reference?.type === "retweeted") return {...none, reposts: post.final.reposts};
  const age = (now - post.at) / day;
  const share = grownAt(age);
  // A tiny addend, so that 0.9999… of a whole number is not cut to the one below.
  const grown = (final: number): number => Math.floor(final * share + 1e-9);
  const {final} = post;
  return {
    views: grown(final.views),
    likes: grown(final.likes) - (post.unlikedAt !== undefined && age >= post.unlikedAt ? 1 : 0),
    replies: grown(final.replies),
    reposts: grown(final.reposts),
    quotes: grown(final.quotes),
    bookmarks: grown(final.bookmarks),
    linkClicks: grown(final.linkClicks),
    profileClicks: grown(final.profileClicks)
  };
}

/** Whether a post exists at a moment. */
export function isThere(post: XPost, now: number): boolean {
  return post.at <= now && (post.goneAt === undefined || post.goneAt > now);
}

const none: Counters = {
  views: 0,
  likes: 0,
  replies: 0,
  reposts: 0,
  quotes: 0,
  bookmarks: 0,
  linkClicks: 0,
  profileClicks: 0
};

/** P3 of the toy data. */
const toyP3: Counters = {
  views: 4000,
  likes: 80,
  replies: 10,
  reposts: 30,
  quotes: 6,
  bookmarks: 4,
  linkClicks: 20,
  profileClicks: 9
};

function worldOf(posts: XPost[], others: XPost[]): XWorld {
  const sorted = posts.sort((a, b) => b.at - a.at);
  const isCurrent = (post: XPost): boolean =>
    !(post.fixed.edit_history_tweet_ids as string[]).slice(0, -1).includes(post.id);
  return {
    posts: sorted.filter(isCurrent),
    byId: new Map([...sorted, ...others].map(post => [post.id, post]))
  };
}

/** An item's post on X, with its older version where it was edited. */
function ofItem(item: ContentItem, items: ContentItem[], others: XPost[]): XPost[] {
  const at = Date.parse(item.publishedAt);
  const plain: Draft = {
    at,
    sequence: item.number,
    text: item.text,
    lang: item.language,
    type: item.type,
    seed: `item ${item.number}`,
    ...(item.toy === "P3" ? {final: toyP3} : {}),
    ...(special.unliked.some(number => number === item.number) ? {unlikedAt: 33} : {})
  };
  switch (item.number) {
    case special.threadReply: {
      const head = items.find(({number}) => number === item.number - 1)!;
      const headId = snowflake(Date.parse(head.publishedAt), head.number);
      return [made({...plain, reference: {type: "replied_to", id: headId}, repliesTo: owner})];
    }
    case special.quote:
      return [made({...plain, reference: {type: "quoted", id: others[0]!.id}})];
    case special.deleted:
      return [made({...plain, goneAt: at + 7 * day})];
    case special.edited: {
      const editedAt = at + 15 * 60_000;
      const history = [snowflake(at, item.number), snowflake(editedAt, item.number)];
      const first = {...plain, text: `${item.text} (1/2)`, history, final: {...none, views: 37, likes: 1}};
      return [made({...plain, at: editedAt, history}), made(first)];
    }
    default:
      return [made(plain)];
  }
}

/** Posts of somebody else: one that is quoted, three that are reposted. */
function quotedAndReposted(): XPost[] {
  const [quoted] = contentItems.filter(({number}) => number === special.quote);
  const times = [quoted!.publishedAt, "2019-11-14T08:10:00Z", "2020-05-17T08:20:00Z", "2020-11-12T09:05:00Z"];
  return times.map((time, index) => {
    const at = Date.parse(time) - 3 * 3_600_000;
    const text = `Example ${index + 1}: a post of somebody else about human rights #HumanRights`;
    return made({at, sequence: 900 + index, text, lang: "en", type: "text", seed: `other ${index}`, author: stranger});
  });
}

/** Reposts, and replies to somebody else: no content item of the mandate. */
function onlyOnX(others: XPost[]): XPost[] {
  const reposts = others.slice(1).map((original, index) => {
    const text = `RT @${stranger.username}: ${original.fixed.text}`;
    const reference = {type: "retweeted" as const, id: original.id};
    const at = original.at + 2 * 3_600_000;
    return made({
      at,
      sequence: 800 + index,
      text,
      lang: "en",
      type: "text",
      seed: "repost",
      reference,
      final: original.final
    });
  });
  const replies = ["2020-01-21T11:30:00Z", "2020-07-09T14:10:00Z", "2020-10-15T10:45:00Z"].map((time, index) => {
    const at = Date.parse(time);
    const text = `@${stranger.username} Thank you for your question; the answer is on our page.`;
    const reference = {type: "replied_to" as const, id: snowflake(at - 3_600_000, 700 + index)};
    return made({
      at,
      sequence: 750 + index,
      text,
      lang: "en",
      type: "text",
      seed: `reply ${index}`,
      reference,
      repliesTo: stranger
    });
  });
  return [...reposts, ...replies];
}

interface Draft {
  at: number;
  sequence: number;
  text: string;
  lang: string;
  type: ItemType;
  /** What its counters are drawn from, unless `final` gives them. */
  seed: string;
  final?: Counters;
  author?: XUser;
  reference?: XPost["reference"];
  repliesTo?: XUser;
  history?: string[];
  unlikedAt?: number;
  goneAt?: number;
}

/** A post with all that never changes of it, so that serving one is no work. */
function made(draft: Draft): XPost {
  const id = snowflake(draft.at, draft.sequence);
  const author = draft.author ?? owner;
  const media = mediaOf(draft);
  const pollId = draft.type === "poll" ? snowflake(draft.at - 1000, draft.sequence) : undefined;
  const links = linksOf(draft, id, media);
  const shown = [draft.text, ...new Set(links.map(({url}) => url))].join(" ");
  const isLong = [...draft.text].length > longestText;
  const text = isLong ? `${[...draft.text].slice(0, longestText - 1).join("")}…` : shown;
  const attachments = {
    ...(media.length > 0 ? {media_keys: media.map(({key}) => key)} : {}),
    ...(pollId === undefined ? {} : {poll_ids: [pollId]})
  };
  const fixed: Record<string, unknown> = {
    id,
    text,
    edit_history_tweet_ids: draft.history ?? [id],
    author_id: author.id,
    created_at: new Date(draft.at).toISOString(),
    lang: draft.lang,
    conversation_id: draft.repliesTo === undefined ? id : draft.reference?.id,
    possibly_sensitive: false,
    reply_settings: "everyone",
    ...(draft.repliesTo === undefined ? {} : {in_reply_to_user_id: draft.repliesTo.id}),
    ...(draft.reference === undefined ? {} : {referenced_tweets: [draft.reference]}),
    ...(Object.keys(attachments).length > 0 ? {attachments} : {}),
    ...withEntities("entities", text, links),
    ...(isLong ? {note_tweet: {text: shown, ...withEntities("entities", shown, links)}} : {})
  };
  return {
    id,
    at: draft.at,
    author,
    fixed,
    media,
    pollId,
    reference: draft.reference,
    final: draft.final ?? finalOf(draft.seed),
    unlikedAt: draft.unlikedAt,
    goneAt: draft.goneAt
  };
}

/** Counters of a grown post: likes 1.2 to 3.2 % of its views, the rest after them. */
function finalOf(seed: string): Counters {
  const views = 600 + Math.floor(4200 * chance(seed, "views") ** 2);
  const likes = Math.floor(views * (0.012 + 0.02 * chance(seed, "likes")));
  const part = (name: string, of: number, least: number, most: number): number =>
    Math.floor(of * (least + (most - least) * chance(seed, name)));
  return {
    views,
    likes,
    replies: part("replies", likes, 0, 0.12),
    reposts: part("reposts", likes, 0.2, 0.45),
    quotes: part("quotes", likes, 0, 0.08),
    bookmarks: part("bookmarks", likes, 0, 0.1),
    linkClicks: part("links", views, 0, 0.008),
    profileClicks: part("profiles", views, 0, 0.004)
  };
}

const mediaKinds: Partial<Record<ItemType, {type: XMedia["type"]; prefix: number; count: number}>> = {
  image: {type: "photo", prefix: 3, count: 1},
  album: {type: "photo", prefix: 3, count: 4},
  video: {type: "video", prefix: 13, count: 1},
  gif: {type: "animated_gif", prefix: 16, count: 1}
};

function mediaOf({type, at, sequence}: Draft): XMedia[] {
  const kind = mediaKinds[type];
  if (kind === undefined) return [];
  return Array.from({length: kind.count}, (_, index) => ({
    key: `${kind.prefix}_${snowflake(at - 60_000 - index, sequence)}`,
    type: kind.type
  }));
}

interface Link {
  url: string;
  expanded_url: string;
  display_url: string;
  media_key?: string;
}

/** A post's own link, and the one that X adds for its media: one address, once for each. */
function linksOf({type, at}: Draft, id: string, media: XMedia[]): Link[] {
  const short = `https://t.co/${Math.floor(at / 60_000).toString(36)}`;
  const part = media[0]?.type === "photo" ? "photo" : "video";
  const address = `https://x.com/${owner.username}/status/${id}/${part}/1`;
  const display_url = `pic.x.com/${Math.floor(at / 60_000).toString(36)}`;
  const own = media.map(({key}) => ({url: `${short}m`, expanded_url: address, display_url, media_key: key}));
  if (type !== "link" && type !== "document") return own;
  const page = `example.org/reports/${Math.floor(at / day)}`;
  return [{url: `${short}a`, expanded_url: `https://${page}`, display_url: page}];
}

/** The links, hashtags and mentions of a text, counted in code points; no field when there is none. */
function withEntities(name: string, text: string, links: Link[]): Record<string, unknown> {
  const place = (match: RegExpExecArray) => {
    const start = [...text.slice(0, match.index)].length;
    return {start, end: start + [...match[0]].length};
  };
  const hashtags = [...text.matchAll(/#([\p{L}\d_]+)/gu)].map(match => ({...place(match), tag: match[1]!}));
  const mentions = [...text.matchAll(/@(\w{1,15})/g)].map(match => ({
    ...place(match),
    username: match[1]!,
    id: stranger.id
  }));
  const urls = [...text.matchAll(/https:\/\/t\.co\/\w+/g)].flatMap(match =>
    links.filter(({url}) => url === match[0]).map(link => ({...place(match), ...link}))
  );
  const entities = {
    ...(urls.length > 0 ? {urls} : {}),
    ...(hashtags.length > 0 ? {hashtags} : {}),
    ...(mentions.length > 0 ? {mentions} : {})
  };
  return Object.keys(entities).length > 0 ? {[name]: entities} : {};
}

function snowflake(at: number, sequence: number): string {
  return String((BigInt(at - epoch) << 22n) | BigInt(sequence));
}

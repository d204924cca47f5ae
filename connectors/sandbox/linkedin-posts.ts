/**
 * LinkedIn's posts of a world: the demo's content items and what only LinkedIn has (two reshares, a dark ad), or made-up
 * ones, each as the Posts API gives it, and its counters as a function of its age.
 */
import {byDay, type ContentItem, chance, contentItems, grownAt, type ItemType} from "./world.ts";

const day = 86_400_000;
const madeUpDays = 1095;
/** One made-up post in so many is a video. */
const videoTurn = 20;

/** Items that are more than a plain post on LinkedIn, by number; a like is taken back on one that had none. */
const special = {edited: 28, unliked: 30} as const;
const unlikedAge = 33;

export const organisation = {id: "990010480", vanityName: "iesogi-demo", name: "IE SOGI (demo)"};
const stranger = {id: "990020771", name: "An example (demo)"};

export const reactionKinds = ["LIKE", "PRAISE", "EMPATHY", "INTEREST", "APPRECIATION", "ENTERTAINMENT"] as const;
export type ReactionKind = (typeof reactionKinds)[number];

/** How a post's reactions are spread over the kinds. */
const kindShares: Record<ReactionKind, number> = {
  LIKE: 0.6,
  PRAISE: 0.15,
  EMPATHY: 0.1,
  INTEREST: 0.08,
  APPRECIATION: 0.05,
  ENTERTAINMENT: 0.02
};

export interface Counters {
  impressions: number;
  uniqueImpressions: number;
  clicks: number;
  reactions: Record<ReactionKind, number>;
  /** The sum of the reactions, or one less when a like was taken back from a share that had none. */
  likes: number;
  comments: number;
  shares: number;
}

export interface LinkedInPost {
  urn: string;
  /** Milliseconds since 1970. */
  at: number;
  /** What of it never changes, as the API names it. */
  fixed: Record<string, unknown>;
  isVideo: boolean;
  /** Counters once it is grown. */
  final: Counters;
  editedAt?: number;
  /** From then on it is deleted. */
  goneAt?: number;
  /** A like is taken back at this age in days. */
  unlikedAge?: number;
  isStrangers?: boolean;
}

export interface LinkedInWorld {
  /** The organisation's own, latest first. */
  posts: LinkedInPost[];
  /** These, and one of somebody else. */
  byUrn: Map<string, LinkedInPost>;
}

/** The demo mandate's organisation. */
export function demoWorld(): LinkedInWorld {
  const items = contentItems.filter(item => item.platforms.includes("linkedin")).map(ofItem);
  const original = made({
    at: Date.parse("2020-04-14T06:20:00Z"),
    sequence: 901,
    text: "Example: a post of somebody else about human rights #HumanRights",
    type: "text",
    author: stranger.id
  });
  return worldOf([...items, darkAd(), ...reshares(original.urn)], {...original, isStrangers: true});
}

/** So many posts over the three years that end with a night, all of them by day, one in twenty a video. */
export function madeUpWorld(count: number, lastNight: string): LinkedInWorld {
  const end = Date.parse(`${lastNight}T23:59:59Z`);
  const types: ItemType[] = ["text", "link", "image", "album", "document", "poll", "gif"];
  const posts = Array.from({length: count}, (_, index) => {
    const at = byDay(end - (index * madeUpDays * day) / count);
    const type = index % videoTurn === videoTurn - 1 ? "video" : types[index % types.length]!;
    const sequence = count - index;
    return made({at, sequence, text: `Made-up post ${sequence}`, type, final: finalOf(`linkedin made ${index}`)});
  });
  return worldOf(posts);
}

/** Posts of the member, whom the demo does without: a made-up one every three weeks of the demo's fifteen months. */
export function memberPosts(author: string): LinkedInPost[] {
  const first = Date.parse("2019-09-02T09:30:00Z");
  return Array.from({length: 21}, (_, index) => {
    const type: ItemType = index % 5 === 3 ? "video" : index % 5 === 1 ? "image" : "text";
    const at = first + index * 21 * day;
    const text = `Made-up post ${index + 1} of a member`;
    return made({at, sequence: 500 + index, text, type, author, final: finalOf(`linkedin member ${index}`)});
  });
}

/** Whether a post exists at a moment. */
export function isThere(post: LinkedInPost, now: number): boolean {
  return post.at <= now && (post.goneAt === undefined || post.goneAt > now);
}

/** The counters of a post at a moment. */
export function countersAt(post: LinkedInPost, now: number): Counters {
  const age = (now - post.at) / day;
  const share = grownAt(age);
  // A tiny addend, so that 0.9999… of a whole number is not cut to the one below.
  const grown = (final: number): number => Math.floor(final * share + 1e-9);
  const {final} = post;
  const reactions = byKind(kind => grown(final.reactions[kind]));
  return {
    impressions: grown(final.impressions),
    uniqueImpressions: grown(final.uniqueImpressions),
    clicks: grown(final.clicks),
    reactions,
    likes: sum(reactions) - (post.unlikedAge !== undefined && age >= post.unlikedAge ? 1 : 0),
    comments: grown(final.comments),
    shares: grown(final.shares)
  };
}

/** When a post was last touched, as far as a moment knows. */
export function lastModified(post: LinkedInPost, now: number): number {
  return post.editedAt !== undefined && post.editedAt <= now ? post.editedAt : post.at + 21_250;
}

/** A record of the kinds of reactions. */
export function byKind<T>(value: (kind: ReactionKind) => T): Record<ReactionKind, T> {
  return Object.fromEntries(reactionKinds.map(kind => [kind, value(kind)])) as Record<ReactionKind, T>;
}

function sum(reactions: Record<ReactionKind, number>): number {
  return Object.values(reactions).reduce((all, one) => all + one, 0);
}

function worldOf(posts: LinkedInPost[], ...others: LinkedInPost[]): LinkedInWorld {
  const sorted = posts.sort((a, b) => b.at - a.at);
  return {posts: sorted, byUrn: new Map([...sorted, ...others].map(post => [post.urn, post]))};
}

/** P5 of the toy data. */
const toyP5: Counters = counters({impressions: 500, reach: 400, clicks: 30, reactions: 20, comments: 4, shares: 2});
const none: Counters = counters({impressions: 0, reach: 0, clicks: 0, reactions: 0, comments: 0, shares: 0});

function ofItem(item: ContentItem): LinkedInPost {
  const {number, text, type} = item;
  const at = Date.parse(item.publishedAt);
  const final = item.toy === "P5" ? toyP5 : finalOf(`linkedin item ${number}`);
  const plain = made({at, sequence: number, text, type, final});
  switch (number) {
    case special.edited:
      return {...plain, editedAt: Date.parse("2020-10-21T10:15:00Z")};
    case special.unliked:
      return {...plain, final: {...final, reactions: none.reactions, likes: 0}, unlikedAge};
    default:
      return plain;
  }
}

/** An advertisement that was never on the page: nothing organic is counted for it. */
function darkAd(): LinkedInPost {
  const text = "Example: an advertisement that only its target group saw";
  const ad = made({at: Date.parse("2020-05-12T09:05:00Z"), sequence: 700, text, type: "image"});
  const adContext = {
    dscStatus: "ACTIVE",
    dscAdType: "STANDARD",
    isDsc: true,
    dscAdAccount: "urn:li:sponsoredAccount:990030001"
  };
  const distribution = {feedDistribution: "NONE", thirdPartyDistributionChannels: []};
  return {...ad, fixed: {...ad.fixed, distribution, adContext}};
}

/** Two reshares of somebody else's post, without a word: one that nobody saw, one that was deleted after a week. */
function reshares(original: string): LinkedInPost[] {
  const reshareContext = {parent: original, root: original};
  const [kept, deleted] = ["2020-04-14T08:40:00Z", "2020-04-15T09:10:00Z"].map((time, index) => {
    const plain = made({at: Date.parse(time), sequence: 800 + index, text: "", type: "text"});
    return {...plain, fixed: {...plain.fixed, reshareContext}};
  });
  return [kept!, {...deleted!, final: finalOf("linkedin reshare"), goneAt: deleted!.at + 7 * day}];
}

interface Draft {
  at: number;
  sequence: number;
  text: string;
  type: ItemType;
  /** None unless told. */
  final?: Counters;
  /** An organisation's id, or a member's URN; the demo's organisation unless told. */
  author?: string;
}

/** A post with all that never changes of it, so that serving one is no work. */
function made({at, sequence, text, type, final, author = organisation.id}: Draft): LinkedInPost {
  const isUgc = type === "video" || type === "document";
  const urn = `urn:li:${isUgc ? "ugcPost" : "share"}:${snowflake(at, sequence)}`;
  const content = contentOf(type, at, text);
  const fixed: Record<string, unknown> = {
    id: urn,
    author: author.startsWith("urn:") ? author : `urn:li:organization:${author}`,
    commentary: littleText(text),
    ...(content === undefined ? {} : {content}),
    createdAt: at,
    publishedAt: at,
    lifecycleState: "PUBLISHED",
    visibility: "PUBLIC",
    distribution: {feedDistribution: "MAIN_FEED", thirdPartyDistributionChannels: []},
    isReshareDisabledByAuthor: false
  };
  return {urn, at, fixed, isVideo: type === "video", final: final ?? none};
}

/** Signs that mean something in "little text" have a backslash before them, and hashtags stand in a template. */
function littleText(text: string): string {
  return text
    .replace(/[\\|{}@[\]()<>*_~]/g, sign => `\\${sign}`)
    .replace(/#([\p{L}\d]+)/gu, (_, name: string) => `{hashtag|\\#|${name}}`);
}

function contentOf(type: ItemType, at: number, text: string): object | undefined {
  const asset = (part: number): string => `D4D${Math.floor(at / 1000 + part).toString(36)}AQ`;
  const picture = (part: number) => ({id: `urn:li:image:${asset(part)}`, altText: "A made-up picture"});
  switch (type) {
    case "text":
      return undefined;
    case "image":
    case "gif":
      return {media: picture(0)};
    case "video":
      return {media: {title: text.slice(0, 40), id: `urn:li:video:${asset(0)}`}};
    case "document":
      return {media: {title: text.slice(0, 40), id: `urn:li:document:${asset(0)}`}};
    case "album":
      return {multiImage: {images: [0, 1, 2, 3].map(picture)}};
    case "link": {
      const source = `https://example.org/reports/${Math.floor(at / day)}`;
      return {article: {source, title: "A made-up report", description: "", thumbnail: picture(0).id}};
    }
    case "poll": {
      const options = ["Yes", "No"].map(label => ({text: label}));
      return {poll: {question: "Do you agree?", options, settings: {duration: "SEVEN_DAYS"}}};
    }
  }
}

/** Counters of a grown post: reach 65 to 85 % of its impressions, reactions 2 to 5 % of them, the rest after these. */
function finalOf(seed: string): Counters {
  const part = (name: string, of: number, least: number, most: number): number =>
    Math.floor(of * (least + (most - least) * chance(seed, name)));
  const impressions = 180 + Math.floor(900 * chance(seed, "impressions") ** 2);
  const reactions = part("reactions", impressions, 0.02, 0.05);
  return counters({
    impressions,
    reach: part("reach", impressions, 0.65, 0.85),
    clicks: part("clicks", impressions, 0.01, 0.06),
    reactions,
    comments: part("comments", reactions, 0, 0.25),
    shares: part("shares", reactions, 0, 0.3)
  });
}

function counters(of: {
  impressions: number;
  reach: number;
  clicks: number;
  reactions: number;
  comments: number;
  shares: number;
}): Counters {
  const reactions = byKind(kind => Math.floor(of.reactions * kindShares[kind] + 1e-9));
  reactions.LIKE += of.reactions - sum(reactions);
  const {impressions, reach, clicks, comments, shares} = of;
  return {impressions, uniqueImpressions: reach, clicks, reactions, likes: of.reactions, comments, shares};
}

/** Ids hold their time: `id >> 22` milliseconds since 1970. */
function snowflake(at: number, sequence: number): string {
  return String((BigInt(at) << 22n) | BigInt(sequence));
}

/**
 * Instagram's media of a world: the demo's content items that go out there and a handful of stories, or made-up posts,
 * each with what of it never changes, and its counters as a function of its age.
 */
import {byDay, type ContentItem, chance, contentItems, grownAt, type ItemType} from "./world.ts";

const day = 86_400_000;
const madeUpDays = 1095;
/** One made-up post in so many is a reel. */
const reelEvery = 20;
const albumPictures = 4;
/** The account became a professional one here; what is older has no insights. */
const convertedAt = Date.parse("2019-10-01T00:00:00Z");
/** Stories can be read for a day. */
const storyAge = day;
/** With fewer viewers a story has no insights. */
export const fewestViewers = 5;
/** Where in a listing the fault `media-without-insights` strikes: far apart, so that several pages are hit. */
const struckShares = [0.15, 0.45, 0.75];

export type MediaType = "IMAGE" | "VIDEO" | "CAROUSEL_ALBUM";
export type ProductType = "FEED" | "REELS" | "STORY";

export interface Counters {
  reach: number;
  views: number;
  likes: number;
  comments: number;
  saved: number;
  shares: number;
  reposts: number;
  follows: number;
  profileVisits: number;
  bioLinkClicks: number;
  /** Of stories alone. */
  replies: number;
  linkClicks: number;
  tapsForward: number;
  tapsBack: number;
  exits: number;
}

export interface Media {
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  type: MediaType;
  product: ProductType;
  caption: string;
  shortcode: string;
  permalink: string;
  /** The pictures of an album. */
  children: Media[];
  isChild: boolean;
  /** Posted while the account was a personal one. */
  isBeforeConversion: boolean;
  /** Counters once it is grown. */
  final: Counters;
}

export interface MediaWorld {
  /** Newest first, without stories. */
  media: Media[];
  /** Newest first. */
  stories: Media[];
  /** These, and the pictures of albums. */
  byId: Map<string, Media>;
}

export const owner = {
  id: "17841400000000919",
  /** The account's number in Instagram's older API. */
  igId: 5551920007,
  username: "iesogi.demo",
  name: "IE SOGI (demo)",
  biography: "A made-up account for trying software."
};

/** The demo mandate's account. */
export function demoWorld(): MediaWorld {
  const items = contentItems.filter(item => item.platforms.includes("instagram"));
  return worldOf(items.map(ofItem), demoStories());
}

/** So many posts over the three years that end with a night, all of them by day; one in twenty is a reel. */
export function madeUpWorld(count: number, lastNight: string): MediaWorld {
  const end = Date.parse(`${lastNight}T23:59:59Z`);
  const posts = Array.from({length: count}, (_, index) => {
    const isReel = index % reelEvery === reelEvery / 2;
    const type: MediaType = isReel ? "VIDEO" : index % 3 === 0 ? "CAROUSEL_ALBUM" : "IMAGE";
    return made({
      at: byDay(end - (index * madeUpDays * day) / count),
      sequence: count - index,
      caption: `Made-up post ${count - index}`,
      type,
      product: isReel ? "REELS" : "FEED",
      seed: `instagram made ${index}`
    });
  });
  return worldOf(posts, []);
}

/** The counters of a medium at a moment: a post's grow for 28 days, a story's for one. */
export function countersAt(media: Media, now: number): Counters {
  const age = (now - media.at) / day;
  const share = media.product === "STORY" ? Math.sqrt(Math.min(1, Math.max(0, age))) : grownAt(age);
  // A tiny addend, so that 0.9999… of a whole number is not cut to the one below.
  const grown = Object.entries(media.final).map(([name, final]) => [name, Math.floor(final * share + 1e-9)]);
  return Object.fromEntries(grown) as Counters;
}

/** Likes, comments, saves and shares of a post; replies and shares of a story (assumed). */
export function interactionsOf({likes, comments, saved, shares, replies}: Counters): number {
  return likes + comments + saved + shares + replies;
}

/** Whether a medium exists at a moment; a story does for a day. */
export function isThere(media: Media, now: number): boolean {
  return media.at <= now && (media.product !== "STORY" || now - media.at < storyAge);
}

/** Three of the media at hand, far apart: those that the fault `media-without-insights` strikes. */
export function farApart(media: readonly Media[]): Set<string> {
  return new Set(struckShares.flatMap(share => media[Math.floor(media.length * share)]?.id ?? []));
}

const none: Counters = {
  reach: 0,
  views: 0,
  likes: 0,
  comments: 0,
  saved: 0,
  shares: 0,
  reposts: 0,
  follows: 0,
  profileVisits: 0,
  bioLinkClicks: 0,
  replies: 0,
  linkClicks: 0,
  tapsForward: 0,
  tapsBack: 0,
  exits: 0
};

/** What the toy posts hold once grown. */
const toys: Partial<Record<NonNullable<ContentItem["toy"]>, Partial<Counters>>> = {
  P4: {reach: 600, views: 780, likes: 66, comments: 3, saved: 10, shares: 5, follows: 4, profileVisits: 21},
  P6: {reach: 300, views: 450, likes: 27, comments: 0, saved: 3, shares: 0, follows: 1, profileVisits: 8}
};

const mediaTypes: Partial<Record<ItemType, MediaType>> = {
  image: "IMAGE",
  album: "CAROUSEL_ALBUM",
  video: "VIDEO",
  gif: "VIDEO"
};

/** A video is a reel when its number is even; P6, and a moving picture, is a video of the feed. */
function ofItem(item: ContentItem): Media {
  const isReel = item.type === "video" && item.toy === undefined && item.number % 2 === 0;
  const toy = item.toy === undefined ? undefined : toys[item.toy];
  return made({
    at: Date.parse(item.publishedAt),
    sequence: item.number,
    caption: item.text,
    type: mediaTypes[item.type]!,
    product: isReel ? "REELS" : "FEED",
    seed: `instagram item ${item.number}`,
    ...(toy === undefined ? {} : {final: {...none, ...toy}})
  });
}

/** Stories are no content items, so they come by a switch alone. Two of them were seen by next to nobody. */
function demoStories(): Media[] {
  const stories: [at: string, type: MediaType, reach: number][] = [
    ["2019-10-08T15:20:00Z", "IMAGE", 41],
    ["2019-12-10T10:05:00Z", "IMAGE", 67],
    ["2020-02-05T16:40:00Z", "VIDEO", 4],
    ["2020-05-17T09:30:00Z", "IMAGE", 88],
    ["2020-06-18T11:15:00Z", "IMAGE", 120],
    ["2020-06-18T11:20:00Z", "VIDEO", 97],
    ["2020-09-22T13:45:00Z", "IMAGE", 3],
    ["2020-11-20T14:10:00Z", "VIDEO", 139],
    ["2020-11-30T15:00:00Z", "IMAGE", 146]
  ];
  return stories.map(([at, type, reach], index) =>
    made({
      at: Date.parse(at),
      sequence: 900 + index,
      caption: "",
      type,
      product: "STORY",
      seed: `instagram story ${index}`,
      final: {
        ...none,
        reach,
        views: Math.floor(reach * 1.2),
        shares: Math.floor(reach / 50),
        replies: Math.floor(reach / 60),
        follows: Math.floor(reach / 70),
        profileVisits: Math.floor(reach / 20),
        linkClicks: Math.floor(reach / 30),
        tapsForward: Math.floor(reach * 0.7),
        tapsBack: Math.floor(reach * 0.1),
        exits: Math.floor(reach * 0.15)
      }
    })
  );
}

function worldOf(media: Media[], stories: Media[]): MediaWorld {
  const newestFirst = (a: Media, b: Media): number => b.at - a.at;
  const all = [...media, ...stories].flatMap(one => [one, ...one.children]);
  return {
    media: media.sort(newestFirst),
    stories: stories.sort(newestFirst),
    byId: new Map(all.map(one => [one.id, one]))
  };
}

interface Draft {
  at: number;
  /** Below 100,000, and another for each medium. */
  sequence: number;
  caption: string;
  type: MediaType;
  product: ProductType;
  /** What its counters are drawn from, unless `final` gives them. */
  seed: string;
  final?: Counters;
}

/** A medium with all that never changes of it. Ids do not follow time, as Instagram's do not. */
function made(draft: Draft, child = 0): Media {
  const {at, caption, type, product, seed} = draft;
  const random = String(Math.floor(1e9 * chance(seed, "id", child))).padStart(9, "0");
  const id = `17${random}${String(draft.sequence * 10 + child).padStart(6, "0")}`;
  const shortcode = shortcodeOf(id);
  const folder = product === "REELS" ? "reel" : "p";
  const pictures = type === "CAROUSEL_ALBUM" ? albumPictures : 0;
  return {
    id,
    at,
    type,
    product,
    caption,
    shortcode,
    permalink:
      product === "STORY"
        ? `https://www.instagram.com/stories/${owner.username}/${id}`
        : `https://www.instagram.com/${folder}/${shortcode}/`,
    children: Array.from({length: pictures}, (_, index) =>
      made({...draft, type: "IMAGE", caption: "", final: none}, index + 1)
    ),
    isChild: child > 0,
    isBeforeConversion: seed.startsWith("instagram item") && at < convertedAt,
    final: draft.final ?? finalOf(seed)
  };
}

/** Counters of a grown post: likes 5 to 12 % of its reach, the rest after them. */
function finalOf(seed: string): Counters {
  const reach = 220 + Math.floor(700 * chance(seed, "reach") ** 2);
  const part = (name: string, of: number, least: number, most: number): number =>
    Math.floor(of * (least + (most - least) * chance(seed, name)));
  const likes = part("likes", reach, 0.05, 0.12);
  const profileVisits = part("visits", reach, 0.01, 0.05);
  return {
    ...none,
    reach,
    views: reach + part("views", reach, 0.2, 0.6),
    likes,
    comments: part("comments", likes, 0, 0.08),
    saved: part("saved", likes, 0, 0.18),
    shares: part("shares", likes, 0, 0.12),
    reposts: part("reposts", likes, 0, 0.06),
    follows: part("follows", profileVisits, 0, 0.3),
    profileVisits,
    bioLinkClicks: part("bio", profileVisits, 0, 0.4)
  };
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Eleven letters that stand for an id. */
function shortcodeOf(id: string): string {
  let rest = BigInt(id);
  let code = "";
  while (rest > 0n) {
    code = letters[Number(rest % 64n)]! + code;
    rest /= 64n;
  }
  return code.padStart(11, "B");
}

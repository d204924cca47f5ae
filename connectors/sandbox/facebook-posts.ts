/**
 * The posts of a world's Page: the demo's content items and what only a Page's feed has (visitors' posts, one that is
 * not published), or made-up ones.
 */
import {
  type Engagement,
  engagementsOf,
  type Kinds,
  launchTimes,
  naturalTimes,
  scheduledTimes,
  usualCount,
  usualKinds
} from "./facebook-growth.ts";
import {byDay, type ContentItem, chance, contentItems, grownAt, type ItemType} from "./world.ts";

const day = 86_400_000;
const madeUpDays = 1095;
/** One made-up post in so many is a video, every second of these a reel. */
const videoEvery = 20;
/** One made-up post in so many stands some places lower than its date: the listing is ranked. */
const misplacedEvery = 40;
const misplacedBy = 3;

/** The ids that links carry: New Pages show another than the API does. */
export const page = {
  id: "104250831157904",
  profileId: "100064210487653",
  username: "IESOGI.demo",
  name: "IE SOGI (demo)"
};
const visitor = {id: "6104250831157911", name: "A made-up visitor"};

export type PostType = "text" | "link" | "image" | "album" | "video" | "reel" | "gif";

export interface FacebookVideo {
  id: string;
  seconds: number;
}

export interface FacebookPost {
  /** `{page}_{number}`. */
  id: string;
  number: string;
  at: number;
  text: string;
  type: PostType;
  video: FacebookVideo | undefined;
  author: {id: string; name: string};
  isPublished: boolean;
  /** Counters once it is grown, beside its engagements. */
  final: {reach: number; views: number; clicks: number};
  /** Oldest first. */
  engagements: Engagement[];
}

/** What a post has gathered until a moment. */
export interface Counters {
  reach: number;
  views: number;
  clicks: number;
  /** Every reaction, whatever its kind. */
  reactions: number;
  comments: number;
  shares: number;
  /** Kinds that nobody chose are missing. */
  byKind: Kinds;
}

/** The demo mandate's Page. */
export function demoPosts(): {posts: FacebookPost[]; others: FacebookPost[]} {
  const items = contentItems.filter(item => item.platforms.includes("facebook"));
  const keyed = items.map(item => ({key: item.number, at: Date.parse(item.publishedAt)}));
  const scheduled = scheduledTimes(keyed.filter(({key}) => !isLaunch(key)));
  const launched = launchTimes(
    items.flatMap(({number, publishedAt, toy}) => {
      const given = toysOf(toy);
      return given === undefined ? [] : [{key: number, at: Date.parse(publishedAt), count: totalOf(given.kinds)}];
    })
  );
  const posts = items.map(item => {
    const toy = toysOf(item.toy);
    const times = launched.get(item.number) ?? scheduled.get(item.number);
    return made({
      at: Date.parse(item.publishedAt),
      sequence: item.number,
      text: item.text,
      type: typeOf(item),
      seed: `item ${item.number}`,
      ...(times === undefined ? {} : {times}),
      ...(toy === undefined ? {} : toy)
    });
  });
  return {posts: newestFirst(posts), others: onlyInFeed()};
}

/** So many posts over the three years that end with a night, all of them by day; one in twenty is a video or a reel. */
export function madeUpPosts(count: number, lastNight: string): {posts: FacebookPost[]; others: FacebookPost[]} {
  const end = Date.parse(`${lastNight}T23:59:59Z`);
  const types: PostType[] = ["text", "link", "image", "album"];
  const posts = Array.from({length: count}, (_, index) => {
    const isVideo = index % videoEvery === videoEvery - 1;
    const video = index % (2 * videoEvery) === videoEvery - 1 ? "video" : "reel";
    return made({
      at: byDay(end - (index * madeUpDays * day) / count),
      sequence: index,
      text: `Made-up post ${count - index}`,
      type: isVideo ? video : types[index % types.length]!,
      seed: `made ${index}`
    });
  });
  return {posts: misplaced(newestFirst(posts)), others: []};
}

/** What a post has gathered until a moment. */
export function countersAt({at, final, engagements}: FacebookPost, now: number): Counters {
  const share = grownAt((now - at) / day);
  // A tiny addend, so that 0.9999… of a whole number is not cut to the one below.
  const grown = (number: number): number => Math.floor(number * share + 1e-9);
  const byKind: Kinds = {};
  for (const {kind, at: moment} of engagements) {
    if (moment > now) break;
    byKind[kind] = (byKind[kind] ?? 0) + 1;
  }
  const {comment = 0, share: shares = 0, ...reactions} = byKind;
  return {
    reach: grown(final.reach),
    views: grown(final.views),
    clicks: grown(final.clicks),
    reactions: totalOf(reactions),
    comments: comment,
    shares,
    byKind: reactions
  };
}

/** All kinds together. */
export function totalOf(kinds: Kinds): number {
  return Object.values(kinds).reduce((sum, count) => sum + count, 0);
}

interface Draft {
  at: number;
  sequence: number;
  text: string;
  type: PostType;
  /** What its counters are drawn from, unless the rest gives them. */
  seed: string;
  times?: number[];
  kinds?: Kinds;
  final?: FacebookPost["final"];
  author?: FacebookPost["author"];
  isPublished?: boolean;
}

type Toy = Required<Pick<Draft, "kinds" | "final">>;

/** P1 and P2 of the toy data. */
const toys: Record<string, Toy> = {
  P1: {
    kinds: {like: 60, love: 30, care: 6, haha: 1, wow: 1, sorry: 1, anger: 1, comment: 12, share: 24},
    final: {reach: 1200, views: 1500, clicks: 36}
  },
  P2: {
    kinds: {like: 40, love: 10, sorry: 2, anger: 2, comment: 6, share: 9},
    final: {reach: 900, views: 1260, clicks: 18}
  }
};

function toysOf(toy: ContentItem["toy"]): Toy | undefined {
  return toy === undefined ? undefined : toys[toy];
}

function isLaunch(number: number): boolean {
  return toysOf(contentItems[number - 1]?.toy) !== undefined;
}

/** A Page has neither polls nor documents; every second video of the demo is a reel, but no toy post. */
function typeOf({type, number, toy}: ContentItem): PostType {
  const types: Record<ItemType, PostType> = {
    text: "text",
    link: "link",
    image: "image",
    album: "album",
    video: toy === undefined && number % 2 === 0 ? "reel" : "video",
    gif: "gif",
    poll: "text",
    document: "link"
  };
  return types[type];
}

function made(draft: Draft): FacebookPost {
  const {at, sequence, seed} = draft;
  const count = draft.times?.length ?? totalOf(draft.kinds ?? {});
  const kinds = draft.kinds ?? usualKinds(seed, count > 0 ? count : usualCount(seed));
  const total = totalOf(kinds);
  const number = `12209${Math.floor(at / 1000)}${String(sequence % 1000).padStart(3, "0")}`;
  const isVideo = draft.type === "video" || draft.type === "reel";
  return {
    id: `${page.id}_${number}`,
    number,
    at,
    text: draft.text,
    type: draft.type,
    video: isVideo ? {id: `7${number.slice(5)}1`, seconds: 20 + 70 * chance(seed, "seconds")} : undefined,
    author: draft.author ?? page,
    isPublished: draft.isPublished ?? true,
    final: draft.final ?? usualFinal(seed, total),
    engagements: engagementsOf(draft.times ?? naturalTimes(at, total), kinds)
  };
}

/** Some 5 to 12 % of those reached engage, some 2 to 4 % click; a view is counted more than once for some. */
function usualFinal(seed: string, engagements: number): FacebookPost["final"] {
  const reach = Math.floor(engagements * (8 + 12 * chance(seed, "reach")));
  const views = Math.floor(reach * (1.2 + 0.3 * chance(seed, "views")));
  return {reach, views, clicks: Math.floor(reach * (0.02 + 0.02 * chance(seed, "clicks")))};
}

/** Two posts of visitors, and one of the Page that is kept back. */
function onlyInFeed(): FacebookPost[] {
  const posts = ["2019-12-12T09:30:00Z", "2020-08-20T15:05:00Z"].map((time, index) =>
    made({
      at: Date.parse(time),
      sequence: 900 + index,
      text: "A made-up visitor asks when the next report comes out.",
      type: "text",
      seed: `visitor ${index}`,
      author: visitor
    })
  );
  const at = Date.parse("2020-10-05T11:00:00Z");
  const draft = made({at, sequence: 910, text: "A draft", type: "text", seed: "draft", isPublished: false});
  return [...posts, {...draft, engagements: [], final: {reach: 0, views: 0, clicks: 0}}];
}

function newestFirst(posts: FacebookPost[]): FacebookPost[] {
  return posts.sort((a, b) => b.at - a.at || b.id.localeCompare(a.id));
}

function misplaced(posts: FacebookPost[]): FacebookPost[] {
  const places = posts.map((post, index) => ({
    post,
    place: index % misplacedEvery === misplacedEvery / 2 ? index + misplacedBy + 0.5 : index
  }));
  return places.sort((a, b) => a.place - b.place).map(({post}) => post);
}

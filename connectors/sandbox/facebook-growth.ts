/**
 * When posts of the demo's Page are reacted to, commented on and shared. A post's engagements are a list of moments, so
 * that its counters only grow; most follow its age, those around the campaign's launch follow a schedule of weekly gains.
 */
import {apportion} from "./graph-apportion.ts";
import {chance, grownAt} from "./world.ts";

const day = 86_400_000;
const grownDays = 28;

/** Reactions under the names of `post_reactions_by_type_total`, and the two other engagements. */
export const reactionKinds = ["like", "love", "care", "wow", "haha", "sorry", "anger"] as const;
export type ReactionKind = (typeof reactionKinds)[number];
export type EngagementKind = ReactionKind | "comment" | "share";
export type Kinds = Partial<Record<EngagementKind, number>>;

/** Somebody reacted, commented or shared. */
export interface Engagement {
  at: number;
  kind: EngagementKind;
}

/** The day on which the campaign starts, a Thursday. */
const launch = Date.parse("2020-06-18T00:00:00Z");
/** Engagements that all posts together gain in the weeks before it, oldest first. */
const weeklyGains = [40, 55, 35, 60, 45, 50, 38, 52];
const firstWeek = launch - weeklyGains.length * 7 * day;
/** The campaign's two posts have so many of their engagements in its first week, and none on the day after it. */
const launchGains = 190;
const launchEnd = launch + 7 * day;
const launchRest = launchEnd + day;

/** The moments of so many engagements that follow a post's age as `grownAt` does. */
export function naturalTimes(at: number, count: number, share = 1): number[] {
  return Array.from({length: count}, (_, index) => at + ageAt((share * (index + 1)) / count) * day);
}

/**
 * The moments of engagements of posts that live in the weeks before the launch, by the key of each. What they gain
 * together in a week is scheduled; nothing happens on Thursdays, so that weeks cut on that day at any hour gain the same.
 */
export function scheduledTimes(posts: readonly {key: number; at: number}[]): Map<number, number[]> {
  const living = posts.filter(({at}) => at < launch && at + grownDays * day > firstWeek);
  const times = new Map(
    living.map(({key, at}) => [key, naturalTimes(at, usualCount(`item ${key}`)).filter(time => time < firstWeek)])
  );
  weeklyGains.forEach((gain, week) => {
    const start = firstWeek + week * 7 * day;
    const spans = living.map(({at}) => ({
      from: Math.max(start + day, at),
      to: Math.min(start + 7 * day, at + grownDays * day)
    }));
    const weights = living.map(({at}, index) => {
      const {from, to} = spans[index]!;
      // A square root, so that a week without a new post falls to more than the newest.
      return to > from ? Math.sqrt(grownAt((to - at) / day) - (from > at ? grownAt((from - at) / day) : 0)) : 0;
    });
    apportion(gain, weights).forEach((count, index) => {
      const {from, to} = spans[index]!;
      for (let turn = 0; turn < count; turn++) {
        const place = (turn + 0.5) / count;
        times.get(living[index]!.key)?.push(Math.floor(from + place ** 2 * (to - from)));
      }
    });
  });
  return times;
}

/** The moments of engagements of the campaign's posts: together 190 in the first week, the rest until they are grown. */
export function launchTimes(posts: readonly {key: number; at: number; count: number}[]): Map<number, number[]> {
  const early = apportion(
    launchGains,
    posts.map(({count}) => count)
  );
  return new Map(
    posts.map(({key, at, count}, index) => {
      const before = early[index]!;
      const reached = grownAt((launchEnd - at) / day - 0.1);
      const late = naturalTimes(at, 1000)
        .filter(time => time > launchRest)
        .map((time, place, all) => ({time, rank: Math.floor((place * (count - before)) / all.length)}));
      const after = late.filter(({rank}, place) => late[place - 1]?.rank !== rank).map(({time}) => time);
      return [key, [...naturalTimes(at, before, reached), ...after]];
    })
  );
}

/** How many engagements a grown post has, unless something else says so. */
export function usualCount(seed: string): number {
  return 22 + Math.floor(44 * chance(seed, "engagements") ** 1.3);
}

/** How so many engagements part into kinds. Some posts are never shared, most draw no anger. */
export function usualKinds(seed: string, count: number): Kinds {
  const part = (name: string, least: number, most: number): number =>
    Math.floor(count * Math.max(0, least + (most - least) * chance(seed, name)));
  const others = {
    comment: part("comments", 0.02, 0.16),
    share: part("shares", -0.05, 0.22),
    love: part("love", 0.05, 0.2),
    care: part("care", -0.02, 0.06),
    wow: part("wow", -0.02, 0.04),
    haha: part("haha", -0.02, 0.04),
    sorry: part("sorry", -0.02, 0.05),
    anger: part("anger", -0.04, 0.04)
  };
  return {like: count - Object.values(others).reduce((sum, number) => sum + number, 0), ...others};
}

/** Engagements at given moments, with their kinds mixed evenly. There are as many moments as the kinds add up to. */
export function engagementsOf(times: readonly number[], kinds: Kinds): Engagement[] {
  const mixed = Object.entries(kinds).flatMap(([kind, count]) =>
    Array.from({length: count}, (_, index) => ({kind: kind as EngagementKind, place: (index + 0.5) / count}))
  );
  mixed.sort((a, b) => a.place - b.place);
  const sorted = [...times].sort((a, b) => a - b);
  return mixed.map(({kind}, index) => ({kind, at: sorted[index]!}));
}

/** The age in days at which a post has a share of its final counters: `grownAt` backwards. */
function ageAt(share: number): number {
  if (share >= 1) return grownDays;
  return Math.max(0, -3.5 * Math.log(1 - share * (1 - Math.exp(-28.6 / 3.5))) - 0.6);
}

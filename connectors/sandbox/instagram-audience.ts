/**
 * The account's followers on Instagram: how many come and go in a day, and what is known of them. Age and gender come
 * apart and never crossed; the numbers at the demo's end are given, and scaled to the followers of any other night.
 */
import {apportion} from "./graph-apportion.ts";
import {chance, demoNights, followersOn} from "./world.ts";

const day = 86_400_000;
/** Followers of an account with made-up posts, who do not change. */
const madeUpFollowers = 5000;
/** No more classes of a breakdown than these are given. */
const mostClasses = 45;
/** At noon UTC the same day is on the calendar in Greenwich and on the Pacific coast. */
const noon = 12 * 3_600_000;

export type Demographic = "age" | "gender" | "country" | "city";

/** Followers when the demo ends, 1,920 of them, by what Instagram knows. Country and city are not known of everybody. */
const atEnd: Record<Demographic, Record<string, number>> = {
  age: {"13-17": 24, "18-24": 590, "25-34": 885, "35-44": 281, "45-54": 80, "55-64": 45, "65+": 15},
  gender: {F: 854, M: 832, U: 234},
  country: {
    ...{US: 512, MX: 184, CO: 142, AR: 127, ES: 118, GB: 103, IN: 92, BR: 88, PE: 57, CL: 51, CR: 46, FR: 44},
    ...{DE: 41, CA: 39, KE: 36, ZA: 33, PH: 31, EC: 26, NG: 24, IT: 22}
  },
  city: {
    "Mexico City, Distrito Federal": 61,
    "Bogotá, Distrito Especial": 58,
    "New York, New York": 54,
    "Buenos Aires, Ciudad Autónoma de Buenos Aires": 49,
    "London, England": 47,
    "Geneva, Canton of Geneva": 43,
    "Madrid, Comunidad de Madrid": 38,
    "San José, San José Province": 31,
    "Lima, Lima Region": 28,
    "Nairobi, Nairobi County": 22
  }
};
const endTotal = followersOn("instagram", demoNights.last);

export interface Audience {
  /** At the end of a night. */
  followers: (night: string) => number;
  /** Who came and who left on a day. */
  changes: (day: string) => {follows: number; unfollows: number};
  /** The same over the days whose noon lies in a time, until the simulated now. */
  changesBetween: (from: number, to: number) => {follows: number; unfollows: number};
}

/** The followers of the demo, or those of an account with made-up posts. */
export function createAudience(isMadeUp: boolean): Audience {
  const followers = (night: string): number => (isMadeUp ? madeUpFollowers : followersOn("instagram", night));
  const changes = (night: string): {follows: number; unfollows: number} => {
    const net = followers(night) - followers(dateOf(Date.parse(night) - day));
    const unfollows = Math.floor(3 * chance("instagram unfollows", night));
    return {follows: unfollows + net, unfollows};
  };
  return {
    followers,
    changes,
    changesBetween(from, to) {
      const total = {follows: 0, unfollows: 0};
      const first = Math.floor((from - noon + day - 1) / day) * day;
      for (let at = first; at + noon <= to; at += day) {
        const {follows, unfollows} = changes(dateOf(at));
        total.follows += follows;
        total.unfollows += unfollows;
      }
      return total;
    }
  };
}

/** The classes of so many followers, largest first; age and gender add up to them, country and city to fewer. */
export function followersBy(demographic: Demographic, total: number): [name: string, count: number][] {
  const classes = atEnd[demographic];
  const isWhole = demographic === "age" || demographic === "gender";
  const scaled = isWhole
    ? scaledTo(total, classes)
    : Object.entries(classes).map(([name, count]): [string, number] => [name, Math.floor((count * total) / endTotal)]);
  return scaled
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostClasses);
}

/** Shares a total out in the proportions of the counts. */
function scaledTo(total: number, counts: Record<string, number>): [name: string, count: number][] {
  const parts = apportion(total, Object.values(counts));
  return Object.keys(counts).map((name, index) => [name, parts[index]!]);
}

/** The date of a moment in Greenwich. */
function dateOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}

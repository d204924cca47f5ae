/**
 * What exists on a night: the demo mandate's ninety content items on their platforms, and its followers. Everything is a
 * pure function of the night, so that any night can be served again.
 */

export const demoNights = {first: "2019-08-31", last: "2020-11-30"} as const;

export type Platform = "facebook" | "x" | "instagram" | "linkedin";

export interface ContentItem {
  number: number;
  /** ISO, UTC; on the platforms the item goes out within the same hour. */
  publishedAt: string;
  language: "en" | "es" | "fr";
  type: "text" | "link" | "image" | "video" | "album" | "poll" | "document";
  text: string;
  platforms: Platform[];
  /** The toy post that it is, `P1` to `P6`, with the counters given for it. */
  toy?: "P1" | "P2" | "P3" | "P4" | "P5" | "P6";
}

const day = 86_400_000;

/** Followers by platform at the two ends of the demo. */
const followers: Record<Platform, [start: number, end: number]> = {
  facebook: [4100, 6120],
  x: [3900, 6240],
  instagram: [800, 1920],
  linkedin: [640, 1010]
};

/** Followers of an account on a night: linear to ten short of the end on 24 November 2020, then to the end. */
export function followersOn(platform: Platform, night: string): number {
  const [start, end] = followers[platform];
  const bend = "2020-11-24";
  const [from, to, a, b] =
    night <= bend ? [demoNights.first, bend, start, end - 10] : [bend, demoNights.last, end - 10, end];
  const share = Math.min(1, Math.max(0, (Date.parse(night) - Date.parse(from)) / (Date.parse(to) - Date.parse(from))));
  return Math.floor(a + (b - a) * share + 0.5);
}

const subjects = {
  en: [
    "Our call for inputs to the next report to the Human Rights Council is open",
    "The report on practices of so-called conversion therapy is out",
    "Statement on protection against violence and discrimination",
    "Findings of the country visit will be presented this week",
    "Inclusion begins with data that do no harm",
    "Join the online dialogue with civil society"
  ],
  es: [
    "Está abierta la convocatoria de contribuciones al próximo informe",
    "Ya está disponible el informe sobre las prácticas de conversión",
    "Declaración sobre la protección contra la violencia y la discriminación",
    "Presentaremos esta semana las conclusiones de la visita"
  ],
  fr: [
    "L’appel à contributions au prochain rapport est ouvert",
    "Déclaration sur la protection contre la violence et la discrimination"
  ]
} as const;

const toys: Omit<ContentItem, "number">[] = [
  {
    toy: "P1",
    publishedAt: "2020-06-18T10:00:00.000Z",
    language: "en",
    type: "image",
    platforms: ["facebook"],
    text: "The ASPIRE guidelines are out: six principles for a pandemic response that leaves no one behind"
  },
  {
    toy: "P2",
    publishedAt: "2020-06-18T10:00:00.000Z",
    language: "es",
    type: "video",
    platforms: ["facebook"],
    text: "Ya están las directrices ASPIRE: seis principios para una respuesta sin exclusiones"
  },
  {
    toy: "P3",
    publishedAt: "2020-06-19T12:00:00.000Z",
    language: "en",
    type: "text",
    platforms: ["x"],
    text: "Acknowledge, support, protect, indirect discrimination, representation, evidence: that is ASPIRE"
  },
  {
    toy: "P4",
    publishedAt: "2020-06-22T12:00:00.000Z",
    language: "en",
    type: "album",
    platforms: ["instagram"],
    text: "Six principles, six pictures: the ASPIRE guidelines"
  },
  {
    toy: "P5",
    publishedAt: "2020-06-24T12:00:00.000Z",
    language: "en",
    type: "document",
    platforms: ["linkedin"],
    text: "The ASPIRE guidelines as a document for your team"
  },
  {
    toy: "P6",
    publishedAt: "2020-06-26T12:00:00.000Z",
    language: "es",
    type: "video",
    platforms: ["instagram"],
    text: "ASPIRE en un minuto"
  }
];

/** Six items a month from September 2019 to November 2020: 49 in English, 32 in Spanish, 9 in French. */
export const contentItems: readonly ContentItem[] = makeItems();

function makeItems(): ContentItem[] {
  const items: ContentItem[] = [];
  // Of the 84 items beside the toys: 45 in English, 30 in Spanish, 9 in French, spread evenly.
  const quota = {en: 45, es: 30, fr: 9};
  const given = {en: 0, es: 0, fr: 0};
  const days = [3, 8, 12, 17, 22, 27];
  const types: ContentItem["type"][] = [
    "link",
    "image",
    "text",
    "link",
    "video",
    "image",
    "text",
    "album",
    "link",
    "poll"
  ];
  let free = 0;
  for (let month = 0; month < 15; month++) {
    const start = new Date(Date.UTC(2019, 8 + month, 1));
    if (start.toISOString().startsWith("2020-06")) {
      for (const toy of toys) items.push({...toy, number: items.length + 1});
      continue;
    }
    for (const [slot, date] of days.entries()) {
      free += 1;
      const language = (["en", "es", "fr"] as const).reduce((best, next) =>
        (quota[next] * free) / 84 - given[next] > (quota[best] * free) / 84 - given[best] ? next : best
      );
      given[language] += 1;
      const texts = subjects[language];
      const at = new Date(
        start.getTime() + (date - 1 + ((month + slot) % 2)) * day + (9 + ((month * 5 + slot * 3) % 8)) * 3_600_000
      );
      items.push({
        number: items.length + 1,
        publishedAt: at.toISOString(),
        language,
        type: types[(month * 6 + slot) % types.length]!,
        text: `${texts[free % texts.length]} (${items.length + 1})`,
        platforms: ["facebook", "x", "instagram", "linkedin"]
      });
    }
  }
  return items;
}

/** A number between 0 and 1 that is always the same for the same words. */
export function chance(...words: (string | number)[]): number {
  let hash = 2166136261;
  for (const letter of words.join("|")) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822519);
  hash ^= hash >>> 13;
  return (hash >>> 0) / 2 ** 32;
}

/** How much of its final counters a post has at an age in days: most in a week, all at 28 days. */
export function grownAt(days: number): number {
  if (days >= 28) return 1;
  return days < 0 ? 0 : (1 - Math.exp(-(days + 0.6) / 3.5)) / (1 - Math.exp(-28.6 / 3.5));
}

/**
 * What exists on a night: the ninety content items of the demo mandate on their platforms, its followers, and how
 * counters grow. Everything is a pure function of the night, so that any night can be served again.
 */

export const demoNights = {first: "2019-08-31", last: "2020-11-30"} as const;

export type Platform = "facebook" | "x" | "instagram" | "linkedin";
export type Language = "en" | "es" | "fr";
export type ItemType = "text" | "link" | "image" | "album" | "video" | "gif" | "poll" | "document";

export interface ContentItem {
  /** 1 to 90, in the order of publication. */
  number: number;
  /** ISO, UTC, by day. */
  publishedAt: string;
  language: Language;
  type: ItemType;
  /** The same words on every platform. */
  text: string;
  platforms: Platform[];
  /** The toy post that it is, with counters given for it. */
  toy?: "P1" | "P2" | "P3" | "P4" | "P5" | "P6";
}

const day = 86_400_000;
const months = 15;
/** The month whose six items are the toy posts. */
const campaignMonth = "2020-06";

/** Followers by platform at the two ends of the demo. */
const followers: Record<Platform, [start: number, end: number]> = {
  facebook: [4100, 6120],
  x: [3900, 6240],
  instagram: [800, 1920],
  linkedin: [640, 1010]
};
const bend = "2020-11-24";

/** Followers of an account at the end of a night: linear to ten short of the end on 24 November 2020, then to the end. */
export function followersOn(platform: Platform, night: string): number {
  const [start, end] = followers[platform];
  const [from, to, a, b] =
    night <= bend ? [demoNights.first, bend, start, end - 10] : [bend, demoNights.last, end - 10, end];
  const share = Math.min(1, Math.max(0, (Date.parse(night) - Date.parse(from)) / (Date.parse(to) - Date.parse(from))));
  return Math.floor(a + (b - a) * share + 0.5);
}

/** How much of its final counters a post has at an age in days: nearly all in two weeks, all at 28 days. */
export function grownAt(days: number): number {
  if (days >= 28) return 1;
  return days < 0 ? 0 : (1 - Math.exp(-(days + 0.6) / 3.5)) / (1 - Math.exp(-28.6 / 3.5));
}

/** A number from 0 to below 1 that is always the same for the same words. */
export function chance(...words: (string | number)[]): number {
  let hash = 2166136261;
  for (const letter of words.join("|")) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489917);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Squeezes the 24 hours of a moment's day into 08:00 to 17:00 UTC, whole seconds, in the same order. */
export function byDay(moment: number): number {
  const hour = 3_600_000;
  const midnight = Math.floor(moment / day) * day;
  return midnight + 8 * hour + Math.floor(((moment - midnight) * 9) / 24 / 1000) * 1000;
}

/** Sentences and what they are about: each pair is one item, so that no two items say the same. */
const wording: Record<Language, {topics: string[]; sentences: string[]}> = {
  en: {
    topics: [
      "so-called conversion therapy",
      "access to health care",
      "the right to education",
      "data that do no harm",
      "decriminalization"
    ],
    sentences: [
      "Call for inputs: tell us until the end of the month what you know about {}. Everyone may contribute.",
      "New report: what States, experts and organisations told us about {}, and 12 recommendations.",
      "What does international human rights law say about {}? The answer in one page.",
      "Today in the dialogue with Member States: {}, and what protects people.",
      "Thank you to all who sent submissions on {}. We read every one of them.",
      "Statement: protection against violence and discrimination begins with {}. #SOGI",
      "How we collect evidence on {}, and why names stay out of it.",
      "Recording of the public consultation on {}, with captions and sign language. #HumanRights",
      "Country visit, end of mission: preliminary findings on {} are online."
    ]
  },
  es: {
    topics: [
      "las llamadas terapias de conversión",
      "el acceso a la salud",
      "el derecho a la educación",
      "los datos que no hacen daño",
      "la despenalización"
    ],
    sentences: [
      "Convocatoria de contribuciones: cuéntenos hasta fin de mes qué sabe sobre {}.",
      "Nuevo informe: lo que Estados, personas expertas y organizaciones nos dijeron sobre {}.",
      "¿Qué dice el derecho internacional de los derechos humanos sobre {}? La respuesta en una página.",
      "Gracias a quienes enviaron contribuciones sobre {}. Leemos todas.",
      "Declaración: la protección contra la violencia y la discriminación empieza por {}. #SOGI",
      "Grabación de la consulta pública sobre {}, con subtítulos."
    ]
  },
  fr: {
    topics: ["les thérapies dites de conversion", "l’accès à la santé", "le droit à l’éducation"],
    sentences: [
      "Appel à contributions : dites-nous d’ici la fin du mois ce que vous savez sur {}.",
      "Nouveau rapport : ce que les États et les organisations nous ont dit sur {}.",
      "Enregistrement de la consultation publique sur {}, avec sous-titres."
    ]
  }
};

const typesInTurn: ItemType[] = [
  ...(["link", "image", "text", "link", "video", "album", "text", "image", "link", "poll"] as const),
  ...(["text", "video", "link", "image", "gif", "text", "link"] as const)
];

/** One item whose text is longer than some platforms show at once. */
const longItem = {
  number: 31,
  text: "Statement: everyone, whatever their sexual orientation or gender identity, has the right to live free from violence and discrimination. States that keep criminal laws on their books expose people to arrest, blackmail and torture, and keep them away from doctors, schools, courts and work. Repealing such laws is the first step, and it is never the last. #SOGI"
};

/** June 2020's items; what each holds at 28 days stands in its platform's sandbox. */
const toys: Omit<ContentItem, "number">[] = [
  {
    toy: "P1",
    publishedAt: "2020-06-18T10:00:00.000Z",
    language: "en",
    type: "image",
    platforms: ["facebook"],
    text: "The ASPIRE guidelines are out: six principles for a response to the pandemic that leaves no one behind."
  },
  {
    toy: "P2",
    publishedAt: "2020-06-18T10:00:00.000Z",
    language: "es",
    type: "video",
    platforms: ["facebook"],
    text: "Ya están las directrices ASPIRE: seis principios para una respuesta sin exclusiones."
  },
  {
    toy: "P3",
    publishedAt: "2020-06-19T12:00:00.000Z",
    language: "en",
    type: "text",
    platforms: ["x"],
    text: "Acknowledge, support, protect, avoid indirect discrimination, represent, gather evidence: that is ASPIRE."
  },
  {
    toy: "P4",
    publishedAt: "2020-06-22T12:00:00.000Z",
    language: "en",
    type: "album",
    platforms: ["instagram"],
    text: "Six principles, six pictures: the ASPIRE guidelines."
  },
  {
    toy: "P5",
    publishedAt: "2020-06-24T12:00:00.000Z",
    language: "en",
    type: "document",
    platforms: ["linkedin"],
    text: "The ASPIRE guidelines as a document for your team."
  },
  {
    toy: "P6",
    publishedAt: "2020-06-26T12:00:00.000Z",
    language: "es",
    type: "video",
    platforms: ["instagram"],
    text: "ASPIRE en un minuto."
  }
];

/** Six items a month from September 2019 to November 2020: 49 in English, 32 in Spanish, 9 in French. */
export const contentItems: readonly ContentItem[] = makeItems();

function makeItems(): ContentItem[] {
  const items: ContentItem[] = [];
  const next = languagesInTurn();
  for (let month = 0; month < months; month++) {
    const first = new Date(Date.UTC(2019, 8 + month, 1));
    if (first.toISOString().startsWith(campaignMonth)) {
      for (const toy of toys) items.push({...toy, number: items.length + 1});
      continue;
    }
    for (let slot = 0; slot < 6; slot++) {
      const number = items.length + 1;
      const date = 3 + slot * 5 + Math.floor(3 * chance("date", number)) - 1;
      const minute = 8 * 60 + Math.floor(9 * 60 * chance("time", number));
      const type = typesInTurn[(number * 5 + month) % typesInTurn.length]!;
      items.push({
        number,
        publishedAt: new Date(first.getTime() + (date - 1) * day + minute * 60_000).toISOString(),
        ...next(),
        ...(number === longItem.number ? {text: longItem.text} : {}),
        type,
        platforms: platformsOf(type, number)
      });
    }
  }
  return items;
}

/** The items beside the toys take languages and wordings in turn: 45 in English, 30 in Spanish, 9 in French. */
function languagesInTurn(): () => {language: Language; text: string} {
  const quota = {en: 45, es: 30, fr: 9};
  const given = {en: 0, es: 0, fr: 0};
  let all = 0;
  return () => {
    all += 1;
    const behind = (language: Language): number => (quota[language] * all) / 84 - given[language];
    const language = (["en", "es", "fr"] as const).reduce((best, other) =>
      behind(other) > behind(best) ? other : best
    );
    const {topics, sentences} = wording[language];
    const turn = given[language]++;
    const sentence = sentences[turn % sentences.length]!;
    return {language, text: sentence.replace("{}", topics[Math.floor(turn / sentences.length)]!)};
  };
}

/** Instagram takes pictures alone; every other item goes to LinkedIn too. */
function platformsOf(type: ItemType, number: number): Platform[] {
  const isPicture = ["image", "album", "video", "gif"].includes(type);
  return [
    "facebook",
    "x",
    ...(isPicture ? (["instagram"] as const) : []),
    ...(number % 2 === 0 ? (["linkedin"] as const) : [])
  ];
}

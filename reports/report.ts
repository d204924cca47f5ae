export class PeriodError extends Error {}
export function periodOf(text: string, _b: {today: string; from: string | null; to: string | null}) {
  return {key: text, start: null as string | null, end: null as string | null, label: text};
}
export async function writeReport(o: {
  query: (sql: string, p?: Record<string, unknown>) => Promise<Record<string, unknown>[]>;
  out: string;
  edition: string;
  period: object;
  languages: string[];
  formats: string[];
}) {
  await o.query("select 1 as a");
  return {index: `${o.out}/index.html`, files: [] as string[]};
}

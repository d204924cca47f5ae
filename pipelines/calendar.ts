/** Days of a time zone: the calendar of every indicator is that of the settings. */

/** By zone: making a format takes longer than using it a thousand times. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The calendar day of an instant in an IANA zone, as YYYY-MM-DD. */
export function dayIn(zone: string, at: Date): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", {timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit"});
    formats.set(zone, format);
  }
  return format.format(at);
}

/** Days from one day to another; both YYYY-MM-DD. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}

/** The instant of a day's evening (22:00) in a zone: what `--as-of DATE` sets the clock to. */
export function eveningOf(zone: string, day: string): Date {
  const asUtc = new Date(`${day}T22:00:00Z`);
  const shown = new Date(
    `${new Intl.DateTimeFormat("sv-SE", {timeZone: zone, dateStyle: "short", timeStyle: "medium"}).format(asUtc).replace(" ", "T")}Z`
  );
  return new Date(asUtc.getTime() - (shown.getTime() - asUtc.getTime()));
}

/** The instant at which a day begins in a zone. */
export function startOf(zone: string, day: string): Date {
  const evening = eveningOf(zone, plusDays(day, -1));
  return new Date(evening.getTime() + 2 * 3_600_000);
}

/** The day that many days after another; both YYYY-MM-DD. */
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

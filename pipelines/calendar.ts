/** Days of a time zone: the calendar of every indicator is that of the settings. */

const dayMilliseconds = 86_400_000;

/** By zone and form: making a format takes longer than using it a thousand times. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string, form: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${Object.keys(form).join(" ")}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat("sv-SE", {timeZone: zone, ...form});
  formats.set(key, format);
  return format;
}

/** The calendar day of an instant in an IANA zone, as YYYY-MM-DD. */
export function dayIn(zone: string, at: Date): string {
  return formatOf(zone, {year: "numeric", month: "2-digit", day: "2-digit"}).format(at);
}

/** Days from one day to another; both YYYY-MM-DD. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMilliseconds);
}

/** The instant of a day's evening (22:00) in a zone: what `--as-of DATE` sets the clock to. */
export function eveningOf(zone: string, day: string): Date {
  return instantOf(zone, day, "22:00");
}

/** The instant at which a day begins in a zone. */
export function startOf(zone: string, day: string): Date {
  return instantOf(zone, day, "00:00");
}

/** When the clocks of a zone show a time: the first time that they do, or the end of the gap where they skip it. */
function instantOf(zone: string, day: string, time: string): Date {
  const shown = Date.parse(`${day}T${time}:00Z`);
  // A day before and a day after, so that both offsets are tried where the clocks change about then.
  const [earlier, later] = [-dayMilliseconds, dayMilliseconds]
    .map(step => shown - offsetOf(zone, shown + step))
    .sort((a, b) => a - b) as [number, number];
  return new Date(earlier + offsetOf(zone, earlier) >= shown ? earlier : later);
}

/** How far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
function offsetOf(zone: string, at: number): number {
  const shown = formatOf(zone, {dateStyle: "short", timeStyle: "medium"}).format(at).replace(" ", "T");
  return Date.parse(`${shown}Z`) - at;
}

/** The day that many days after another; both YYYY-MM-DD. */
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMilliseconds).toISOString().slice(0, 10);
}

/** Days as the API writes them: "2026-11-21". They are the owner's days, whatever zone this browser is in. */

const DAY_MS = 86_400_000;

/** The day that it is in a time zone; an unknown zone is read as this browser's own. */
export function dayIn(zone: string | undefined, now_ms: number = Date.now()): string {
  const parts = Object.fromEntries(
    dayFormat(zone)
      .formatToParts(now_ms)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}`;
}

function dayFormat(timeZone: string | undefined): Intl.DateTimeFormat {
  const options = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  try {
    return new Intl.DateTimeFormat("en-CA", { ...options, ...(timeZone ? { timeZone } : {}) });
  } catch {
    return new Intl.DateTimeFormat("en-CA", options);
  }
}

/** Whether it is a day that the calendar has. */
export function isDay(text: unknown): text is string {
  if (typeof text !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(text);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days there are from one to the other, both counted. */
export function countDays(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

export function firstOfMonth(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

/** "Nov 21", with the year where it is another than this one. */
export function formatDay(day: string, today: string): string {
  const isThisYear = day.slice(0, 4) === today.slice(0, 4);
  return format(day, {
    month: "short",
    day: "numeric",
    ...(isThisYear ? {} : { year: "numeric" }),
  });
}

/** "November 2026". */
export function formatMonth(day: string): string {
  return format(day, { month: "long", year: "numeric" });
}

function format(day: string, options: Intl.DateTimeFormatOptions): string {
  return new Date(day).toLocaleDateString(undefined, { ...options, timeZone: "UTC" });
}

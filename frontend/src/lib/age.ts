const UNITS: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago that was, in its largest unit: "3 hours ago"; "just now" within a minute, and for the future. */
export function formatAge(time: string, now_ms: number = Date.now()): string {
  const seconds = (now_ms - Date.parse(time)) / 1000;
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? [null, 1];
  if (unit === null) return "just now";
  return new Intl.RelativeTimeFormat(undefined, { numeric: "always" }).format(
    -Math.floor(seconds / size),
    unit,
  );
}

/**
 * "Nov 21, 2026, 3:50 PM", as the reader's language writes it: in this browser's zone, or in the one that is named.
 * A zone that the browser does not know is read as its own.
 */
export function formatMoment(time: string, timeZone?: string): string {
  const date = new Date(time);
  try {
    return date.toLocaleString(undefined, timeZone ? { ...MOMENT, timeZone } : MOMENT);
  } catch {
    return date.toLocaleString(undefined, MOMENT);
  }
}

const MOMENT = { dateStyle: "medium", timeStyle: "short" } as const;

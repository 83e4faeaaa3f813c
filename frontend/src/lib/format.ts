/** What stands where a value is not known. Never 0: nothing is not the same as unknown. */
export const UNKNOWN = "–";

/**
 * US dollars, exact: every digit that the server sent, at least two decimals, never rounded.
 * `null` is an unknown cost.
 */
export function formatUsd(usd: number | null): string {
  if (usd === null) return UNKNOWN;
  const sign = usd < 0 ? "-" : "";
  const [whole = "0", decimals = ""] = plainDecimal(Math.abs(usd)).split(".");
  return `${sign}$${groupThousands(whole)}.${decimals.padEnd(2, "0")}`;
}

/**
 * The same to cents, or to a few digits below a dollar, for where many stand side by side. What is not nothing never
 * reads as nothing; the exact figure stands in a tip or a list beside it.
 */
export function formatUsdShort(usd: number | null, digits = 3): string {
  if (usd === null) return UNKNOWN;
  const size = Math.abs(usd);
  const rounded = size >= 1 || size === 0 ? size.toFixed(2) : size.toPrecision(digits);
  return formatUsd(Math.sign(usd) * Number(rounded));
}

/** 0.4321 -> "$0.43"; less than a cent is said to be that. */
export function formatCents(usd: number): string {
  return usd > 0 && usd < 0.01 ? "<$0.01" : formatUsd(Number(usd.toFixed(2)));
}

/** The shortest decimal that reads back as the same number, without an exponent. */
function plainDecimal(value: number): string {
  const text = String(value);
  const [mantissa = "0", exponent] = text.split("e");
  if (exponent === undefined) return text;
  const [whole = "0", decimals = ""] = mantissa.split(".");
  const shift = Number(exponent);
  const digits = whole + decimals;
  const point = whole.length + shift;
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + "0".repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A price per 1,000,000 tokens: "free" when it is nothing. */
export function formatPrice(usdPerMillion: number | null): string {
  return usdPerMillion === 0 ? "free" : formatUsd(usdPerMillion);
}

export function formatCount(count: number | null): string {
  return count === null ? UNKNOWN : groupThousands(String(count));
}

/** 200000 -> "200K", 1048576 -> "1M": context windows are named this way by everyone. */
export function formatContext(tokens: number | null): string {
  if (tokens === null) return UNKNOWN;
  if (tokens < 1000) return String(tokens);
  if (tokens < 999_500) return `${Math.round(tokens / 1000)}K`;
  return `${Math.round(tokens / 100_000) / 10}M`;
}

/** 1234567 -> "1.23M": counts whose last digits nobody compares. */
export function formatCountShort(count: number): string {
  if (count < 10_000) return formatCount(Math.round(count));
  const [unit, size] = COUNT_UNITS.find(([, least]) => count >= least * 0.9995) ?? ["K", 1e3];
  return `${Number((count / size).toPrecision(3))}${unit}`;
}

const COUNT_UNITS: readonly (readonly [unit: string, size: number])[] = [
  ["T", 1e12],
  ["B", 1e9],
  ["M", 1e6],
  ["K", 1e3],
];

/** 0.1234 -> "12%"; what is not nothing never reads as nothing. */
export function formatShare(share: number | null): string {
  if (share === null) return UNKNOWN;
  if (share > 0 && share < 0.001) return "<0.1%";
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent)}%`;
}

/** 412 -> "0.41 s", 12034 -> "12 s", 94000 -> "1 min 34 s". */
export function formatDuration(duration_ms: number | null): string {
  if (duration_ms === null) return UNKNOWN;
  const seconds = duration_ms / 1000;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return rest === 0 ? `${(whole - rest) / 60} min` : `${(whole - rest) / 60} min ${rest} s`;
}

/** A wait in whole seconds: 4 -> "4 s", 94 -> "1 min 34 s", 7500 -> "2 h 5 min". */
export function formatWait(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return formatDuration(seconds * 1000);
  const minutes = Math.round(seconds / 60);
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${(minutes - rest) / 60} h ${rest} min`;
}

export function formatRate(tokensPerSecond: number | null): string {
  if (tokensPerSecond === null) return UNKNOWN;
  const shown =
    tokensPerSecond < 100 ? tokensPerSecond.toFixed(1) : formatCount(Math.round(tokensPerSecond));
  return `${shown} tok/s`;
}

/** 900 -> "900 bytes", 12_345_678 -> "12.3 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return plural(bytes, "byte");
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length);
  const value = bytes / 1000 ** power;
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[power - 1]}`;
}

const BYTE_UNITS = ["kB", "MB", "GB", "TB"];

export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

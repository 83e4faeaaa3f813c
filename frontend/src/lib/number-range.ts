export interface NumberRange {
  min: number;
  max: number;
  /** `min` itself is outside. */
  above?: true;
  whole?: true;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^[+-]?\d+$/;

/** What is wrong with a number as it was typed, or null. */
export function numberProblem(text: string, range: NumberRange): string | null {
  const typed = text.trim();
  if (range.whole && !WHOLE.test(typed)) return "Must be a whole number.";
  if (!DECIMAL.test(typed)) return "Must be a number, such as 0.7.";
  return isInside(typed, range) ? null : `Must be ${describeRange(range)}.`;
}

/** "0 to 2", "above 0, at most 1". */
export function describeRange({ min, max, above }: NumberRange): string {
  return above ? `above ${spell(min)}, at most ${spell(max)}` : `${spell(min)} to ${spell(max)}`;
}

function isInside(typed: string, { min, max, above, whole }: NumberRange): boolean {
  if (whole) {
    // A double would round what is just outside to the limit itself.
    const value = BigInt(typed.replace(/^\+/, ""));
    return value >= BigInt(min) && value <= BigInt(max);
  }
  const value = Number(typed);
  return (above ? value > min : value >= min) && value <= max;
}

function spell(limit: number): string {
  return limit.toLocaleString("en-US").replace("-", "−");
}

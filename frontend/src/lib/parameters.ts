import type { NumberRange } from "./number-range";

/** What the API takes for each parameter; a test compares this with the OpenAPI document. */
export const RANGES = {
  temperature: { min: 0, max: 2 },
  max_tokens: { min: 1, max: 1_000_000, whole: true },
  top_p: { min: 0, max: 1, above: true },
  top_k: { min: 0, max: 1_000_000, whole: true },
  min_p: { min: 0, max: 1 },
  top_a: { min: 0, max: 1 },
  frequency_penalty: { min: -2, max: 2 },
  presence_penalty: { min: -2, max: 2 },
  repetition_penalty: { min: 0, max: 2, above: true },
  // The API takes 64 bits; a number here is exact up to these.
  seed: { min: -(2 ** 53), max: 2 ** 53, whole: true },
} as const satisfies Record<string, NumberRange>;

export type NumberParameter = keyof typeof RANGES;

export const MAX_SYSTEM_PROMPT = 200_000;

/** The length of a text as the API counts it: in characters, not in UTF-16 units. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export function systemPromptProblem(text: string): string | null {
  return characters(text) > MAX_SYSTEM_PROMPT ? "Must be at most 200,000 characters." : null;
}

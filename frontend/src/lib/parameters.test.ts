import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type NumberRange, describeRange, numberProblem } from "./number-range";
import { RANGES } from "./parameters";

interface Limits {
  type?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

const DOCUMENT = join(import.meta.dirname, "../../../backend/docs/openapi.json");
const { components } = JSON.parse(readFileSync(DOCUMENT, "utf8"));
const properties: Record<string, { anyOf: Limits[] }> = components.schemas.Parameters.properties;

const EXACT = 2 ** 53;

/** Limits of 64 bits, brought to the integers that a number of this language holds. */
function exact(limits?: Limits) {
  const bring = (limit: unknown) =>
    typeof limit === "number" ? Math.max(-EXACT, Math.min(limit, EXACT)) : limit;
  return Object.fromEntries(
    Object.entries(limits ?? {}).map(([name, limit]) => [name, bring(limit)]),
  );
}

describe("the ranges", () => {
  it.each(Object.entries(RANGES) as [string, NumberRange][])(
    "of %s are those of the API, as far as a number here is exact",
    (name, range) => {
      const [limits] = properties[name]?.anyOf ?? [];
      expect(exact(limits)).toEqual({
        type: range.whole ? "integer" : "number",
        maximum: range.max,
        [range.above ? "exclusiveMinimum" : "minimum"]: range.min,
      });
    },
  );
});

describe("a typed number", () => {
  it.each([
    ["0", RANGES.temperature],
    [" 2 ", RANGES.temperature],
    [".5", RANGES.top_p],
    ["1e-3", RANGES.top_p],
    ["1000000", RANGES.max_tokens],
    ["-9007199254740992", RANGES.seed],
  ])("%s is taken", (text, range) => {
    expect(numberProblem(text, range)).toBeNull();
  });

  it.each([
    ["2.01", RANGES.temperature, "Must be 0 to 2."],
    ["-0.1", RANGES.temperature, "Must be 0 to 2."],
    ["0", RANGES.top_p, "Must be above 0, at most 1."],
    ["0", RANGES.max_tokens, "Must be 1 to 1,000,000."],
    ["1.5", RANGES.max_tokens, "Must be a whole number."],
    ["", RANGES.temperature, "Must be a number, such as 0.7."],
    ["0,7", RANGES.temperature, "Must be a number, such as 0.7."],
    ["0x10", RANGES.temperature, "Must be a number, such as 0.7."],
    ["Infinity", RANGES.temperature, "Must be a number, such as 0.7."],
  ])("%s is refused", (text, range, problem) => {
    expect(numberProblem(text, range)).toBe(problem);
  });

  it("is compared exactly where a double would round", () => {
    expect(numberProblem("9007199254740993", RANGES.seed)).toMatch(/^Must be/);
  });
});

it("spells ranges for people", () => {
  expect(describeRange(RANGES.presence_penalty)).toBe("−2 to 2");
});

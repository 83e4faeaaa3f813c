import { describe, expect, it } from "vitest";
import { storedProfile } from "@/testing/stored";
import {
  NEW_DRAFT,
  type ProfileDraft,
  bodyOf,
  draftOf,
  fieldOf,
  problemsOf,
  rebase,
} from "./profile-draft";
import { formatStop, parseStop } from "./stop-sequences";

const draft = (change: Partial<ProfileDraft>): ProfileDraft => ({
  ...NEW_DRAFT,
  name: "Reviewer",
  ...change,
});

describe("a profile", () => {
  it("comes back from its form as it was", () => {
    const profile = storedProfile({
      system_prompt: "Be brief.",
      temperature: 0,
      max_tokens: 1,
      model: "openai/gpt-5",
      reasoning: { effort: "high" },
      openrouter_preset: "house-style",
      params: {
        top_p: 0.5,
        top_k: 0,
        seed: -7,
        stop: ["\n\n", "a\\n b "],
        provider: { sort: "price" },
      },
      tools: [{ type: "function", function: { name: "get_time" } }],
      is_default: true,
    });
    const { id: _, revision: ___, created_at, updated_at, ...body } = profile;
    expect([created_at, updated_at]).not.toContain(undefined);
    expect(bodyOf(draftOf(profile))).toEqual(body);
  });

  it("shows what is really sent where a parameter stands in two places", () => {
    const profile = storedProfile({
      temperature: 0.7,
      params: { temperature: 0.1, max_tokens: 5, reasoning_effort: "low" },
    });
    expect(draftOf(profile)).toMatchObject({ temperature: "0.1", max_tokens: "5", effort: "low" });
    expect(bodyOf(draftOf(profile))).toMatchObject({
      temperature: 0.1,
      max_tokens: 5,
      reasoning: { effort: "low" },
      params: {},
    });
  });

  it("keeps what is said of reasoning beside the effort", () => {
    const profile = storedProfile({ reasoning: { max_tokens: 2000, exclude: true } });
    expect(bodyOf(draftOf(profile)).reasoning).toEqual({ max_tokens: 2000, exclude: true });
    expect(bodyOf({ ...draftOf(profile), effort: "low" }).reasoning).toEqual({
      effort: "low",
      exclude: true,
    });
  });

  it("sends nothing for a parameter that is left empty", () => {
    expect(bodyOf(draft({ top_p: " ", seed: "" })).params).toEqual({});
  });
});

describe("a draft is refused", () => {
  it.each([
    ["name", { name: "  " }, "A profile needs a name."],
    ["name", { name: "x".repeat(121) }, "Must be at most 120 characters."],
    ["temperature", { temperature: "2.1" }, "Must be 0 to 2."],
    ["temperature", { temperature: "" }, "Must be a number, such as 0.7."],
    ["max_tokens", { max_tokens: "0" }, "Must be 1 to 1,000,000."],
    ["top_p", { top_p: "0" }, "Must be above 0, at most 1."],
    ["openrouter_preset", { openrouter_preset: "my preset" }, "Must be letters"],
    ["stop", { stop: "a\nb\nc\nd\ne" }, "Must be at most 4 lines."],
    ["stop", { stop: "x".repeat(501) }, "Each line must be at most 500 characters."],
    ["system_prompt", { system_prompt: "x".repeat(200_001) }, "Must be at most 200,000"],
  ] as const)("for its %s: %o", (field, change, problem) => {
    const problems = problemsOf(draft(change));
    expect(Object.keys(problems)).toEqual([field]);
    expect(problems[field]).toContain(problem);
  });

  it("not for its limits, nor for what is left to the model", () => {
    expect(problemsOf(draft({ name: "😀".repeat(120), top_p: "1", temperature: "2" }))).toEqual({});
  });
});

it("finds the field that a path of the server is about", () => {
  expect(
    ["name", "params.top_p", "params.stop.0", "reasoning.effort", "tools.0", "id"].map(fieldOf),
  ).toEqual(["name", "top_p", "stop", "effort", "tools", null]);
});

it("puts what was changed here on top of what was changed elsewhere", () => {
  const base = draft({ temperature: "0.7", max_tokens: "2048" });
  const mine = { ...base, temperature: "1.1" };
  const theirs = { ...base, temperature: "0.5", max_tokens: "999" };
  expect(rebase(mine, base, theirs)).toEqual({ ...base, temperature: "1.1", max_tokens: "999" });
});

it.each([[["\n"]], [["\\n"]], [[" ", "a\\\\b"]], [[]]])("keeps the stop sequences %j", (stop) => {
  expect(parseStop(formatStop(stop))).toEqual(stop);
});

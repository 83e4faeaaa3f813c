import { expect, it } from "vitest";
import type { Message } from "@/client/api";
import { storedMessage } from "@/testing/stored";
import { keyOf, readToolCalls } from "./tool-calls";

function answer(id: string, calls: Record<string, string>, change: Partial<Message> = {}): Message {
  const parts = Object.entries(calls).map(([call, name]) => ({
    type: "tool_call" as const,
    id: call,
    name,
    arguments: "{}",
  }));
  return storedMessage({ id, parts, finish_reason: "tool_calls", ...change });
}

function results(id: string, ...calls: string[]): Message {
  const parts = calls.map((call) => ({
    type: "tool_result" as const,
    tool_call_id: call,
    content: "5",
  }));
  return storedMessage({ id, role: "tool", parts, generation_id: null });
}

const question = storedMessage({ id: "q", role: "user", generation_id: null });

function openIds(path: Message[]): string[] {
  return readToolCalls(path).open.map(({ id }) => id);
}

it("waits for every call of the newest answer", () => {
  const path = [question, answer("a", { one: "weather", two: "clock" })];
  expect(openIds(path)).toEqual(["one", "two"]);
  expect(readToolCalls(path).openAnswerId).toBe("a");
});

it("waits only for what has no result yet, in however many messages they came", () => {
  const calls = answer("a", { one: "weather", two: "clock", three: "clock" });
  const path = [question, calls, results("r1", "two"), results("r2", "one")];
  const { names, given, open } = readToolCalls(path);
  expect(open.map(({ id }) => id)).toEqual(["three"]);
  expect(names.get(keyOf("r1", "two"))).toBe("clock");
  expect(names.get(keyOf("r2", "one"))).toBe("weather");
  expect([...given]).toEqual([keyOf("a", "two"), keyOf("a", "one")]);
});

it("keeps apart calls of two answers that have the same id", () => {
  const path = [question, answer("a", { call_0: "weather" }), results("r", "call_0")];
  const { names, given, open } = readToolCalls([...path, answer("b", { call_0: "clock" })]);
  expect(open.map(({ name }) => name)).toEqual(["clock"]);
  expect(given.has(keyOf("b", "call_0"))).toBe(false);
  expect(names.get(keyOf("r", "call_0"))).toBe("weather");
});

it("waits for nothing once something else was asked, while an answer runs, or when it failed", () => {
  const calls = { one: "weather" };
  expect(openIds([question, answer("a", calls), question])).toEqual([]);
  expect(openIds([question, answer("a", calls, { status: "running" })])).toEqual([]);
  expect(openIds([question, answer("a", calls, { status: "failed" })])).toEqual([]);
});

it("leaves a result without a name where its answer is on a page that is not loaded", () => {
  const { names, given } = readToolCalls([results("r", "one")]);
  expect([names.size, given.size]).toEqual([0, 0]);
});

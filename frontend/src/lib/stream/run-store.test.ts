// @vitest-environment jsdom
import { beforeEach, expect, it } from "vitest";
import type { Message } from "@/client/api";
import { recordedCase } from "@/testing/fixtures";
import { storedMessage } from "@/testing/stored";
import { EventDecoder } from "./decoder";
import { type Frame, readChannelEvent } from "./frames";
import { cursorsOf, forgetRuns, receiveFrame, seedRun, useRuns } from "./run-store";

const SESSION = "s1";

function framesOf(name: string, generation_id: string): Frame[] {
  return new EventDecoder()
    .push(recordedCase(name).bytes)
    .map(readChannelEvent)
    .flatMap((event) => (event?.type === "frame" ? [{ ...event.frame, generation_id }] : []));
}

function running(generation_id: string, change: Partial<Message> = {}): Message {
  return storedMessage({ session_id: SESSION, generation_id, status: "queued", ...change });
}

function viewOf(generation_id: string) {
  cursorsOf(SESSION);
  return useRuns.getState().runs[generation_id]?.view;
}

beforeEach(() => useRuns.setState({ runs: {} }));

it("builds an answer on the message it belongs to", () => {
  seedRun(running("g1"));
  for (const frame of framesOf("reasoning", "g1")) receiveFrame(frame);
  expect(viewOf("g1")).toEqual(recordedCase("reasoning").message);
});

it("keeps frames that come before their message until it is there", () => {
  const frames = framesOf("plain", "g2");
  for (const frame of frames.slice(0, 4)) receiveFrame(frame);
  expect(viewOf("g2")).toBeUndefined();
  seedRun(running("g2"));
  for (const frame of frames.slice(4)) receiveFrame(frame);
  expect(viewOf("g2")).toEqual(recordedCase("plain").message);
});

it("keeps the old text of a continued answer, whichever comes first", () => {
  const old = running("g3", { content: "Old. ", parts: [{ type: "text", text: "Old. " }] });
  const frames = framesOf("plain", "g3");
  for (const frame of frames) receiveFrame(frame);
  seedRun(old);
  expect(viewOf("g3")?.content).toBe("Old. The capital of France is Paris.");
});

it("goes on from what was stored when the stream repeats it", () => {
  const frames = framesOf("plain", "g4");
  const stored = running("g4", {
    status: "running",
    content: "The capital of France",
    parts: [{ type: "text", text: "The capital of France" }],
    last_seq: 3,
  });
  seedRun(stored);
  for (const frame of frames) receiveFrame(frame);
  expect(viewOf("g4")?.content).toBe("The capital of France is Paris.");
});

it("does not go back to an older stored state", () => {
  seedRun(running("g5"));
  for (const frame of framesOf("plain", "g5").slice(0, 4)) receiveFrame(frame);
  viewOf("g5");
  seedRun(running("g5", { status: "running", last_seq: 2 }));
  expect(viewOf("g5")?.last_seq).toBe(4);
});

it("names cursors for unfinished answers of the session only", () => {
  seedRun(running("g6", { status: "running", last_seq: 3 }));
  seedRun(running("g7", { session_id: "another", status: "running", last_seq: 9 }));
  seedRun(running("g8"));
  for (const frame of framesOf("plain", "g8")) receiveFrame(frame);
  expect(cursorsOf(SESSION)).toEqual(["g6:3"]);
});

it("forgets a run once its message is stored as finished", () => {
  seedRun(running("g9", { status: "running", last_seq: 3 }));
  seedRun(running("g9", { status: "completed", last_seq: 6 }));
  expect(viewOf("g9")).toBeUndefined();
});

it("shows the end of an answer at once", () => {
  seedRun(running("g10"));
  for (const frame of framesOf("plain", "g10")) receiveFrame(frame);
  expect(useRuns.getState().runs.g10?.view.status).toBe("completed");
});

it("keeps how the conversation was cut, apart from the answer", () => {
  seedRun(running("g-cut"));
  const context = {
    limit_tokens: 8000,
    reserved_tokens: 1000,
    estimated_tokens: 6900,
    dropped_messages: 4,
    first_kept_id: "m5",
    strategy: "drop_oldest" as const,
    summary_id: null,
  };
  receiveFrame({ generation_id: "g-cut", seq: 2, event: "context", data: context });
  expect(viewOf("g-cut")?.parts).toEqual([]);
  expect(cursorsOf(SESSION)).toEqual(["g-cut:2"]);
  expect(useRuns.getState().runs["g-cut"]?.context).toEqual(context);
});

it("forgets all of it when the store is another one", () => {
  seedRun(running("g-old"));
  receiveFrame({ generation_id: "g-waits", seq: 1, event: "token", data: { text: "a" } });
  forgetRuns();
  expect(useRuns.getState().runs).toEqual({});
  seedRun(running("g-waits"));
  expect(viewOf("g-waits")?.content).toBe("");
});

import { expect, it } from "vitest";
import type { Message } from "@/client/api";
import { storedMessage } from "@/testing/stored";
import { messagesOf, withTurn } from "./message-cache";

/** A path of messages, each below the one before, in pages as they are loaded: the newest page first. */
function loaded(...pages: string[][]) {
  const path = pages.toReversed().flat();
  const message = (id: string): Message =>
    storedMessage({ id, parent_id: path[path.indexOf(id) - 1] ?? null });
  return {
    pages: pages.map((ids, index) => ({
      items: ids.map(message),
      next_cursor: index < pages.length - 1 ? `c${index}` : null,
    })),
    pageParams: pages.map((_, index) => (index === 0 ? null : `c${index - 1}`)),
  };
}

function turn(question: string, parent_id: string | null): [Message, Message] {
  return [
    storedMessage({ id: question, parent_id }),
    storedMessage({ id: "new", parent_id: question }),
  ];
}

function idsAfter(data: ReturnType<typeof loaded> | undefined, question: Message, answer: Message) {
  return messagesOf(withTurn(data, question, answer)).map(({ id }) => id);
}

it("begins a conversation", () => {
  expect(idsAfter(undefined, ...turn("u1", null))).toEqual(["u1", "new"]);
});

it("puts a new turn at the end", () => {
  expect(idsAfter(loaded(["u1", "a1"]), ...turn("u2", "a1"))).toEqual(["u1", "a1", "u2", "new"]);
});

it("puts a regenerated answer in the place of the one before", () => {
  expect(idsAfter(loaded(["u1", "a1"]), ...turn("u1", null))).toEqual(["u1", "new"]);
});

it("hides what stood below an answer that is regenerated in an older page", () => {
  const data = loaded(["u3", "a3"], ["u2", "a2"], ["u1", "a1"]);
  const [question, answer] = turn("u2", "a1");
  const next = withTurn(data, question, answer);
  expect(messagesOf(next).map(({ id }) => id)).toEqual(["u1", "a1", "u2", "new"]);
  expect(next.pageParams).toEqual([null, "c1"]);
  expect(next.pages.map(({ next_cursor }) => next_cursor)).toEqual(["c1", null]);
});

it("cuts below the parent when a turn starts another branch", () => {
  expect(idsAfter(loaded(["u1", "a1", "u2", "a2"]), ...turn("u2b", "a1"))).toEqual([
    "u1",
    "a1",
    "u2b",
    "new",
  ]);
});

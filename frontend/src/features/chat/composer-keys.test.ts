import { expect, it } from "vitest";
import { composerKey } from "./composer-keys";

type Key = Parameters<typeof composerKey>[0];

function press(key: string, change: Partial<Key> = {}): Key {
  return {
    key,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isComposing: false,
    keyCode: 13,
    ...change,
  };
}

const desk = { sendKey: "enter", isTouch: false } as const;

it("sends with Enter and makes a new line with Shift+Enter", () => {
  expect(composerKey(press("Enter"), desk)).toBe("send");
  expect(composerKey(press("Enter", { shiftKey: true }), desk)).toBeNull();
});

it("never sends while an input method is composing a word", () => {
  expect(composerKey(press("Enter", { isComposing: true }), desk)).toBeNull();
  // Safari ends the composition first and then reports the key as 229.
  expect(composerKey(press("Enter", { keyCode: 229 }), desk)).toBeNull();
});

it("makes a new line with Enter on an on-screen keyboard", () => {
  expect(composerKey(press("Enter"), { ...desk, isTouch: true })).toBeNull();
});

it("can be set to send with Ctrl or Cmd and Enter only", () => {
  const inverted = { sendKey: "mod_enter", isTouch: false } as const;
  expect(composerKey(press("Enter"), inverted)).toBeNull();
  expect(composerKey(press("Enter", { ctrlKey: true }), inverted)).toBe("send");
  expect(composerKey(press("Enter", { metaKey: true }), inverted)).toBe("send");
});

it("leaves every other key alone", () => {
  expect(composerKey(press("a"), desk)).toBeNull();
});

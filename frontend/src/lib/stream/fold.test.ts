import { describe, expect, it } from "vitest";
import { recordedCase, recordedCases } from "@/testing/fixtures";
import { EventDecoder } from "./decoder";
import { emptyAnswer, fold } from "./fold";
import { type Frame, readChannelEvent } from "./frames";

function framesOf(bytes: Uint8Array): Frame[] {
  return new EventDecoder()
    .push(bytes)
    .map(readChannelEvent)
    .flatMap((event) => (event?.type === "frame" ? [event.frame] : []));
}

describe.each(recordedCases)("recorded frames: $name", ({ bytes, message }) => {
  const frames = framesOf(bytes);

  it("folds to the recorded message", () => {
    expect(frames.reduce(fold, emptyAnswer)).toEqual(message);
  });

  it("folds to the same message when every frame before a snapshot arrives twice", () => {
    const twice = frames.flatMap((frame): Frame[] =>
      frame.event === "snapshot" ? [frame] : [frame, frame],
    );
    expect(twice.reduce(fold, emptyAnswer)).toEqual(message);
  });

  it("folds to the same message when it is replayed from any point", () => {
    for (let from = 0; from < frames.length; from += 1) {
      const again = [...frames, ...frames.slice(from).filter(({ event }) => event !== "snapshot")];
      expect(again.reduce(fold, emptyAnswer)).toEqual(message);
    }
  });
});

it("returns the very same view for a frame it already has", () => {
  const [start, token] = framesOf(recordedCase("plain").bytes);
  if (!start || !token) throw new Error("The recording is empty.");
  const view = [start, token].reduce(fold, emptyAnswer);
  expect(fold(view, token)).toBe(view);
});

it("goes on from a stored message without repeating a character", () => {
  const { bytes, message } = recordedCase("unicode");
  const frames = framesOf(bytes);
  for (let cut = 1; cut < frames.length; cut += 1) {
    const stored = frames.slice(0, cut).reduce(fold, emptyAnswer);
    expect(frames.reduce(fold, stored)).toEqual(message);
  }
});

it("keeps the cursor moving over events it does not know", () => {
  const frames = framesOf(recordedCase("heartbeats").bytes);
  expect(frames.map(({ event }) => event)).toContain("unknown");
  expect(frames.reduce(fold, emptyAnswer).last_seq).toBe(frames.at(-1)?.seq);
});

it("keeps citations last, and does not split a text where they come early", () => {
  const frames: Frame[] = [
    { generation_id: "g", seq: 1, event: "token", data: { text: "a" } },
    { generation_id: "g", seq: 2, event: "annotation", data: { type: "url_citation" } },
    { generation_id: "g", seq: 3, event: "token", data: { text: "b" } },
    { generation_id: "g", seq: 4, event: "reasoning", data: { text: "hm" } },
  ];
  expect(frames.reduce(fold, emptyAnswer).parts).toEqual([
    { type: "text", text: "ab" },
    { type: "reasoning", text: "hm" },
    { type: "annotation", annotation: { type: "url_citation" } },
  ]);
});

it("does not split a text where a signature comes late", () => {
  const frame = (seq: number, event: "token" | "reasoning", text: string): Frame => ({
    generation_id: "g",
    seq,
    event,
    data: { text },
  });
  const frames = [
    frame(1, "reasoning", "hm"),
    frame(2, "token", "a"),
    frame(3, "reasoning", ""),
    frame(4, "token", "b"),
  ];
  const view = frames.reduce(fold, emptyAnswer);
  expect(view.parts).toEqual([
    { type: "reasoning", text: "hm" },
    { type: "text", text: "ab" },
  ]);
  expect(view.last_seq).toBe(4);
});

it("shows a picture where it came, before the answer has ended", () => {
  const image = {
    type: "image",
    url: "data:image/png;base64,AA==",
    name: null,
    mime: "image/png",
  } as const;
  const frame = (seq: number, data: { text: string; images?: (typeof image)[] }): Frame => ({
    generation_id: "g",
    seq,
    event: "token",
    data,
  });
  const frames = [
    frame(1, { text: "Here:" }),
    frame(2, { text: "", images: [image] }),
    frame(3, { text: "", images: [image] }),
    frame(4, { text: "Done." }),
  ];
  const view = frames.reduce(fold, emptyAnswer);
  expect(view.parts).toEqual([
    { type: "text", text: "Here:" },
    image,
    image,
    { type: "text", text: "Done." },
  ]);
  expect(view.content).toBe("Here:Done.");
});

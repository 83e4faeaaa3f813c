import { describe, expect, it } from "vitest";
import { grammarCases } from "@/testing/eventsource";
import { recordedCases } from "@/testing/fixtures";
import { randomPieces, seededRandom } from "@/testing/random";
import { EventDecoder, type ServerEvent } from "./decoder";

const SPLITS = 50_000;

function decode(pieces: Uint8Array[]): ServerEvent[] {
  const decoder = new EventDecoder();
  return pieces.flatMap((piece) => decoder.push(piece));
}

function cutAt(whole: Uint8Array, ...at: number[]): Uint8Array[] {
  const [first = 0, second = 0] = at.toSorted((a, b) => a - b);
  return [whole.subarray(0, first), whole.subarray(first, second), whole.subarray(second)];
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe.each(recordedCases)("recorded frames: $name", ({ bytes: recorded, events }) => {
  const expected = events.map(({ generation_id, seq, event, data }) => ({
    event,
    id: generation_id === null ? null : `${generation_id}:${seq}`,
    data,
  }));

  it("decodes to the recorded events", () => {
    const decoded = decode([recorded]).map((event) => ({ ...event, data: JSON.parse(event.data) }));
    expect(decoded).toEqual(expected);
  });

  it(`decodes the same in ${SPLITS} random splits`, { timeout: 60_000 }, () => {
    const whole = JSON.stringify(decode([recorded]));
    const random = seededRandom(recorded.length);
    const differing: number[] = [];
    for (let split = 1; split <= SPLITS; split += 1) {
      const pieces =
        split % 100 === 0
          ? randomPieces(recorded, 40, random)
          : cutAt(recorded, random() * recorded.length, random() * recorded.length);
      if (JSON.stringify(decode(pieces)) !== whole) differing.push(split);
    }
    expect(differing).toEqual([]);
  });
});

/** Events with the last id seen, as the standard counts ids: an event without one keeps the one before. */
function withLastId(events: ServerEvent[]): { event: string; lastId: string; data: string }[] {
  let lastId = "";
  return events.map(({ event, id, data }) => {
    lastId = id ?? lastId;
    return { event, lastId, data };
  });
}

describe("the grammar, case by case", () => {
  it.each(grammarCases)("$name", ({ bytes: stream, events }) => {
    expect(withLastId(decode([stream]))).toEqual(events);
    const single = Array.from(stream, (byte) => Uint8Array.of(byte));
    expect(withLastId(decode(single))).toEqual(events);
    const step = stream.length > 5000 ? Math.floor(stream.length / 100) : 1;
    for (let at = 0; at <= stream.length; at += step) {
      const halves = [stream.subarray(0, at), stream.subarray(at)];
      expect(withLastId(decode(halves)), `cut at ${at}`).toEqual(events);
    }
  });
});

it("says which events carry no id of their own", () => {
  const read = decode([bytes("id: 1\ndata: a\n\ndata: b\n\n")]);
  expect(read.map(({ id }) => id)).toEqual(["1", null]);
});

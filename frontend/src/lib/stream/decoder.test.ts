import { describe, expect, it } from "vitest";
import { recordedCases } from "@/testing/fixtures";
import { randomPieces, seededRandom } from "@/testing/random";
import { EventDecoder, type ServerEvent } from "./decoder";

function decode(pieces: Uint8Array[]): ServerEvent[] {
  const decoder = new EventDecoder();
  return pieces.flatMap((piece) => decoder.push(piece));
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

  it("decodes the same however the bytes are split", () => {
    const whole = decode([recorded]);
    for (let seed = 1; seed <= 20; seed += 1) {
      const pieces = randomPieces(recorded, seed % 2 ? 3 : 40, seededRandom(seed));
      expect(decode(pieces), `seed ${seed}`).toEqual(whole);
    }
  });
});

it("takes CR, LF and CRLF as line ends, split between them too", () => {
  const text = "event: a\r\ndata: 1\r\n\r\nevent: b\rdata: 2\r\revent: c\ndata: 3\n\n";
  const pieces = Array.from(bytes(text), (byte) => Uint8Array.of(byte));
  expect(decode(pieces).map(({ event, data }) => [event, data])).toEqual([
    ["a", "1"],
    ["b", "2"],
    ["c", "3"],
  ]);
});

it("joins data lines and ignores a byte order mark", () => {
  expect(decode([bytes("\ufeffdata: one\ndata: two\n\n")])).toEqual([
    { event: "message", id: null, data: "one\ntwo" },
  ]);
});

it("does not dispatch what has no end yet", () => {
  expect(decode([bytes("data: half\n")])).toEqual([]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The grammar cases that the backend's decoder is held to as well; their README says what the fields mean. */
const FILE = join(import.meta.dirname, "../../../backend/tests/fixtures/eventsource/cases.json");

type Pieces = string | (string | { hex: string } | { repeat: string; times: number })[];

interface Written {
  name: string;
  stream: Pieces;
  events: { data: Pieces; event?: string; id?: string }[];
}

export interface GrammarCase {
  name: string;
  bytes: Uint8Array;
  events: { event: string; lastId: string; data: string }[];
}

export const grammarCases: GrammarCase[] = (
  JSON.parse(readFileSync(FILE, "utf8")) as Written[]
).map(({ name, stream, events }) => ({
  name,
  bytes: bytesOf(stream),
  events: events.map(({ data, event = "message", id = "" }) => ({
    event,
    lastId: id,
    data: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(data)),
  })),
}));

function bytesOf(pieces: Pieces): Uint8Array {
  const parts = (typeof pieces === "string" ? [pieces] : pieces).map((piece) => {
    if (typeof piece === "string") return Buffer.from(piece, "utf8");
    if ("hex" in piece) return Buffer.from(piece.hex, "hex");
    return Buffer.from(piece.repeat.repeat(piece.times), "utf8");
  });
  return new Uint8Array(Buffer.concat(parts));
}

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { AnswerView } from "@/lib/stream/fold";

/** The frames that the backend's tests read too. */
const FOLDER = join(import.meta.dirname, "../../../backend/tests/fixtures/frames");

export interface RecordedEvent {
  generation_id: string | null;
  seq: number | null;
  event: string;
  data: unknown;
}

export interface RecordedCase {
  name: string;
  bytes: Uint8Array;
  events: RecordedEvent[];
  message: AnswerView;
}

export const recordedCases: RecordedCase[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".sse"))
  .map((file) => {
    const name = file.slice(0, -".sse".length);
    const json = (kind: string): unknown =>
      JSON.parse(readFileSync(join(FOLDER, `${name}.${kind}.json`), "utf8"));
    return {
      name,
      bytes: new Uint8Array(readFileSync(join(FOLDER, file))),
      events: json("events") as RecordedEvent[],
      message: json("message") as AnswerView,
    };
  });

export function recordedCase(name: string): RecordedCase {
  const found = recordedCases.find((recorded) => recorded.name === name);
  if (!found) throw new Error(`No recorded frames are called ${name}.`);
  return found;
}

import type {
  AnnotationPart,
  ContextUse,
  DoneData,
  ImagePart,
  Message,
  RetryData,
  StartData,
  StreamError,
  ToolCallData,
  Usage,
} from "@/client/api";
import type { ServerEvent } from "./decoder";

/** What a generation says. An event that this page does not know still moves its cursor. */
export type Payload =
  | { event: "start"; data: StartData }
  | { event: "retry"; data: RetryData }
  | { event: "context"; data: ContextUse }
  | { event: "token"; data: { text: string; images?: readonly ImagePart[] } }
  | { event: "reasoning"; data: { text: string } }
  | { event: "tool_call"; data: ToolCallData }
  | { event: "annotation"; data: AnnotationPart["annotation"] }
  | { event: "usage"; data: Usage }
  | { event: "error"; data: StreamError }
  | { event: "done"; data: DoneData }
  | { event: "snapshot"; data: { generation_id: string; message: Message; last_seq: number } }
  | { event: "unknown"; data: null };

export type Frame = Payload & { generation_id: string; seq: number };

export interface Change {
  kind: string;
  id: string;
  session_id?: string;
  op: "put" | "delete";
  revision: number;
}

export type ChannelEvent =
  | { type: "hello"; epoch: string; version: string }
  | { type: "changed"; change: Change }
  | { type: "frame"; frame: Frame };

const KNOWN: ReadonlySet<string> = new Set([
  "start",
  "retry",
  "context",
  "token",
  "reasoning",
  "tool_call",
  "annotation",
  "usage",
  "error",
  "done",
  "snapshot",
]);

/** Reads one event of the console dialect; null for one that says nothing to this page. */
export function readChannelEvent({ event, id, data }: ServerEvent): ChannelEvent | null {
  if (id !== null) {
    const frame = readFrame(event, id, data);
    return frame && { type: "frame", frame };
  }
  const value = parse(data);
  if (value === null) return null;
  if (event === "changed") return { type: "changed", change: value as Change };
  if (event === "hello") return { type: "hello", ...(value as { epoch: string; version: string }) };
  return null;
}

function readFrame(event: string, id: string, data: string): Frame | null {
  const colon = id.lastIndexOf(":");
  const seq = Number(id.slice(colon + 1));
  if (colon < 1 || !Number.isSafeInteger(seq)) return null;
  const at = { generation_id: id.slice(0, colon), seq };
  const value = KNOWN.has(event) ? parse(data) : null;
  if (value === null) return { ...at, event: "unknown", data: null };
  return { ...at, event, data: value } as Frame;
}

function parse(data: string): object | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

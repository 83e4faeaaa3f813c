import type { Message, Part, Status, StreamError, Usage } from "@/client/api";
import type { Frame } from "./frames";

/** An answer as far as its frames tell it. */
export interface AnswerView {
  status: Status;
  content: string;
  parts: readonly Part[];
  finish_reason: string | null;
  usage: Usage | null;
  error: StreamError | null;
  /** The newest frame in this view: the cursor to resume from. */
  last_seq: number;
}

export const emptyAnswer: AnswerView = {
  status: "queued",
  content: "",
  parts: [],
  finish_reason: null,
  usage: null,
  error: null,
  last_seq: 0,
};

export function isTerminal(status: Status): boolean {
  return status !== "queued" && status !== "running" && status !== "stopping";
}

export function viewOfMessage(message: Message): AnswerView {
  const { status, content, parts, finish_reason, usage, error, last_seq } = message;
  return { status, content, parts, finish_reason, usage, error, last_seq };
}

/** Adds one frame. A frame at or below the cursor changes nothing, so replays are harmless. */
export function fold(view: AnswerView, frame: Frame): AnswerView {
  if (frame.event === "snapshot") {
    return { ...viewOfMessage(frame.data.message), last_seq: frame.data.last_seq };
  }
  if (frame.seq <= view.last_seq) return view;
  const next = { ...view, last_seq: frame.seq };
  switch (frame.event) {
    case "start":
      return { ...next, status: "running" };
    case "token": {
      const { text, images = [] } = frame.data;
      const parts = text === "" ? view.parts : appendText(view.parts, "text", text);
      return { ...next, content: view.content + text, parts: images.reduce(add, parts) };
    }
    case "reasoning":
      // Only the provider's opaque pieces, which are not sent here: what is being written goes on.
      if (frame.data.text === "") return next;
      return { ...next, parts: appendText(view.parts, "reasoning", frame.data.text) };
    case "tool_call": {
      const { id, name, arguments: args } = frame.data;
      return { ...next, parts: add(view.parts, { type: "tool_call", id, name, arguments: args }) };
    }
    case "annotation":
      return { ...next, parts: [...view.parts, { type: "annotation", annotation: frame.data }] };
    case "usage":
      return { ...next, usage: frame.data };
    case "error":
      return { ...next, error: frame.data };
    case "done":
      return { ...next, status: frame.data.status, finish_reason: frame.data.finish_reason };
    case "retry":
    case "context":
    case "unknown":
      return next;
  }
}

function appendText(
  parts: readonly Part[],
  type: "text" | "reasoning",
  text: string,
): readonly Part[] {
  const at = endOf(parts) - 1;
  const last = parts[at];
  if (last?.type !== type) return add(parts, { type, text });
  return parts.with(at, { ...last, text: last.text + text });
}

function add(parts: readonly Part[], part: Part): readonly Part[] {
  return parts.toSpliced(endOf(parts), 0, part);
}

/** Where the next part goes: annotations stand last, whenever they come. */
function endOf(parts: readonly Part[]): number {
  return parts.findLastIndex(({ type }) => type !== "annotation") + 1;
}

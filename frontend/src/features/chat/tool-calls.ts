import type { Message, Part } from "@/client/api";

export type ToolCallPart = Extract<Part, { type: "tool_call" }>;

/** What of a path its tool calls and their results tell of each other. Ids are unique within one answer only. */
export interface ToolCalls {
  /** What a result is the result of, by `keyOf` its own message; unknown where the answer is not loaded. */
  names: ReadonlyMap<string, string>;
  /** The calls that have a result, by `keyOf` their answer. */
  given: ReadonlySet<string>;
  /** The calls at the end of the path that have no result yet, and the answer that made them. */
  open: readonly ToolCallPart[];
  openAnswerId: string | null;
}

export function keyOf(message_id: string, call_id: string): string {
  return `${message_id}\n${call_id}`;
}

/** Results stand below the answer that made the calls, with nothing but other results between. */
export function readToolCalls(path: readonly Message[]): ToolCalls {
  const names = new Map<string, string>();
  const given = new Set<string>();
  let open: ToolCallPart[] = [];
  let answer: Message | null = null;
  for (const message of path) {
    if (message.role === "assistant") {
      answer = message;
      open = message.status === "completed" ? message.parts.filter(isCall) : [];
    } else if (message.role === "tool" && answer) {
      for (const part of message.parts) {
        if (part.type !== "tool_result") continue;
        const id = part.tool_call_id;
        const call = answer.parts.filter(isCall).find((made) => made.id === id);
        if (!call) continue;
        names.set(keyOf(message.id, id), call.name);
        given.add(keyOf(answer.id, id));
        open = open.filter((made) => made.id !== id);
      }
    } else {
      answer = null;
      open = [];
    }
  }
  return { names, given, open, openAnswerId: answer?.id ?? null };
}

function isCall(part: Part): part is ToolCallPart {
  return part.type === "tool_call";
}

import type { Message } from "@/client/api";

/** A stored answer, complete unless the change says otherwise. */
export function storedMessage(change: Partial<Message> = {}): Message {
  return {
    id: "m-answer",
    session_id: "s1",
    parent_id: "m-question",
    role: "assistant",
    content: "",
    parts: [],
    status: "completed",
    model: "openai/gpt-5-mini",
    generation_id: "g-answer",
    last_seq: 0,
    finish_reason: null,
    error: null,
    usage: null,
    siblings: ["m-answer"],
    created_at: "2026-01-02T03:04:05.678Z",
    completed_at: null,
    ...change,
  };
}

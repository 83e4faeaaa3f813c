import type { Message, Session } from "@/client/api";

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

/** A stored session of today. */
export function storedSession(change: Partial<Session> = {}): Session {
  const now = new Date().toISOString();
  return {
    id: "s1",
    session_type: "chat",
    title: "A chat",
    profile_id: null,
    model: null,
    active_leaf_id: null,
    running_generation_id: null,
    pinned: false,
    archived: false,
    tags: [],
    revision: 3,
    created_at: now,
    updated_at: now,
    totals: {
      messages: 0,
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      cost_usd: 0,
      unknown_calls: 0,
    },
    ...change,
  };
}

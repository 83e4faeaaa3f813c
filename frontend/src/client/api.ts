/** The shapes that the page reads and writes. Times are ISO-8601 in UTC, money is US dollars. */

export type Status =
  | "queued"
  | "running"
  | "stopping"
  | "completed"
  | "stopped"
  | "failed"
  | "truncated"
  | "interrupted";

export type Part =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string; duration_ms?: number | null }
  | { type: "tool_call"; id: string; name: string; arguments: string }
  | { type: "tool_result"; tool_call_id: string; content: string }
  | { type: "image" | "file"; document_id?: string; url?: string; name: string; mime: string };

export interface Usage {
  prompt_tokens: number | null;
  completion_tokens: number | null;
  total_tokens: number | null;
  cached_tokens: number | null;
  reasoning_tokens: number | null;
  /** Null when the cost is not known; `cost_state` says why. */
  cost_usd: number | null;
  cost_state: string;
  model: string | null;
  provider: string | null;
  upstream_id: string | null;
  latency_ms: number | null;
  first_token_ms: number | null;
  tokens_per_second: number | null;
  finish_reason: string | null;
}

export interface StreamError {
  error_code: string;
  message: string;
  retryable: boolean;
  hint: string;
  request_id: string | null;
}

export interface Message {
  id: string;
  session_id: string;
  parent_id: string | null;
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  parts: Part[];
  status: Status;
  model: string | null;
  generation_id: string | null;
  last_seq: number;
  finish_reason: string | null;
  error: StreamError | null;
  usage: Usage | null;
  siblings: string[];
  created_at: string;
  completed_at: string | null;
}

export interface Totals {
  messages: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cost_usd: number;
  unknown_calls: number;
}

export interface Session {
  id: string;
  session_type: "chat" | "code" | "documents" | "playground";
  title: string;
  profile_id: number | null;
  model: string | null;
  active_leaf_id: string | null;
  running_generation_id: string | null;
  pinned: boolean;
  archived: boolean;
  tags: string[];
  revision: number;
  created_at: string;
  updated_at: string;
  totals: Totals;
}

export interface Generation {
  id: string;
  session_id: string;
  user_message_id: string;
  message_id: string;
  status: Status;
  last_seq: number;
}

export interface Profile {
  id: number;
  name: string;
  system_prompt: string | null;
  model: string | null;
  is_default: boolean;
  revision: number;
}

/** Prices are US dollars per 1,000,000 tokens. */
export interface Model {
  id: string;
  name: string;
  context_length: number | null;
  pricing: { prompt: number | null; completion: number | null };
  modalities: { input: string[]; output: string[] };
  is_reasoning: boolean;
  provider: string | null;
  removed_at: string | null;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Health {
  status: string;
  version: string;
  demo: boolean;
}

export interface Settings {
  /** The model that answers where neither the request nor its profile names one. */
  model: string;
  theme: "system" | "light" | "dark";
  send_key: "enter" | "mod_enter";
}

export interface Draft {
  text: string;
  parts: Part[];
}

export interface Turn {
  generation: Generation;
  session: Session;
  user_message: Message;
  assistant_message: Message;
}

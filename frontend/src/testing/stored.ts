import type {
  AccessToken,
  Backup,
  BackupSchedule,
  Message,
  Model,
  ModelDetail,
  Profile,
  Session,
} from "@/client/api";

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
    pinned: false,
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

/** A stored profile, as the API makes one from nothing but a name. */
export function storedProfile(change: Partial<Profile> = {}): Profile {
  return {
    id: 1,
    name: "Reviewer",
    system_prompt: "",
    temperature: 0.7,
    max_tokens: 2048,
    openrouter_preset: null,
    model: null,
    reasoning: null,
    params: {},
    tools: [],
    is_default: false,
    revision: 1,
    created_at: "2026-01-02T03:04:05.678Z",
    updated_at: "2026-01-02T03:04:05.678Z",
    ...change,
  };
}

/** A model on offer; `prices` are US dollars per 1,000,000 tokens, in and out. */
export function storedModel(
  id: string,
  change: Partial<Model> = {},
  prices: [number | null, number | null] = [1, 2],
): Model {
  const [prompt, completion] = prices;
  return {
    id,
    openrouter_id: id,
    canonical_slug: null,
    name: id,
    description: "",
    context_length: 128_000,
    usable_context: 128_000,
    max_output_tokens: null,
    pricing: {
      prompt,
      completion,
      request: null,
      image: null,
      cache_read: null,
      cache_write: null,
      reasoning: null,
      cache_write_1h: null,
      image_token: null,
      image_output: null,
      audio: null,
      audio_output: null,
      audio_cache: null,
      web_search: null,
    },
    pricing_prompt: null,
    pricing_completion: null,
    price_tiers: [],
    price_version: 1,
    modalities: { input: ["text"], output: ["text"] },
    is_reasoning: false,
    is_toggleable: false,
    reasoning: null,
    supported_parameters: [],
    default_parameters: {},
    per_request_limits: null,
    is_moderated: null,
    tokenizer: null,
    family: id.split("/")[0] ?? "",
    provider: "openrouter",
    knowledge_cutoff: null,
    expiration_date: null,
    created_at: "2025-01-02T00:00:00.000Z",
    removed_at: null,
    ...change,
  };
}

/** A model with what is known of who serves it: nothing unless the change says so. */
export function storedModelDetail(id: string, change: Partial<ModelDetail> = {}): ModelDetail {
  return {
    ...storedModel(id),
    endpoints: null,
    endpoints_fetched_at: null,
    endpoints_problem: null,
    parameters: { union: [], intersection: null, by_provider: {} },
    capabilities: {
      tools: null,
      parallel_tools: null,
      json_mode: null,
      structured_outputs: null,
      reasoning: false,
      toggleable_reasoning: false,
      images: null,
      files: null,
      audio: null,
      video: null,
      image_output: null,
      audio_output: null,
      logprobs: null,
      prompt_caching: false,
    },
    price_history: [],
    ...change,
  };
}

/** A backup that was made by hand and checked. */
export function storedBackup(change: Partial<Backup> = {}): Backup {
  return {
    name: "console_backup_2026-01-02_03-04-05.db",
    kind: "manual",
    size_bytes: 1_234_567,
    created_at: "2026-01-02T03:04:05.678Z",
    schema_version: 6,
    counts: { sessions: 12, messages: 340, profiles: 1 },
    sha256: "0".repeat(64),
    verified_at: "2026-01-02T03:04:06.000Z",
    ...change,
  };
}

/** A token of a program that may chat, never used. */
export function storedToken(change: Partial<AccessToken> = {}): AccessToken {
  return {
    id: "t1",
    name: "Editor",
    scopes: ["chat"],
    budget_usd: null,
    spent_usd: 0,
    reserved_usd: 0,
    created_at: "2026-01-02T03:04:05.678Z",
    last_used_at: null,
    revoked_at: null,
    ...change,
  };
}

/** A schedule that has made nothing yet. */
export function storedSchedule(change: Partial<BackupSchedule> = {}): BackupSchedule {
  return {
    every: "day",
    keep_daily: 7,
    keep_weekly: 4,
    last_at: null,
    next_at: "2999-01-02T03:04:05.678Z",
    failure: null,
    ...change,
  };
}

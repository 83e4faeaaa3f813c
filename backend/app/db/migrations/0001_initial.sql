CREATE TABLE models (
    id TEXT PRIMARY KEY,
    openrouter_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    context_length INTEGER,
    max_output_tokens INTEGER,
    prompt_picousd INTEGER,
    completion_picousd INTEGER,
    request_picousd INTEGER,
    image_picousd INTEGER,
    cache_read_picousd INTEGER,
    cache_write_picousd INTEGER,
    reasoning_picousd INTEGER,
    pricing_prompt REAL GENERATED ALWAYS AS (prompt_picousd / 1e12) VIRTUAL,
    pricing_completion REAL GENERATED ALWAYS AS (completion_picousd / 1e12) VIRTUAL,
    input_modalities TEXT NOT NULL DEFAULT '["text"]',
    output_modalities TEXT NOT NULL DEFAULT '["text"]',
    supported_parameters TEXT NOT NULL DEFAULT '[]',
    is_reasoning INTEGER NOT NULL DEFAULT 0 CHECK (is_reasoning IN (0, 1)),
    family TEXT NOT NULL DEFAULT '',
    provider TEXT NOT NULL DEFAULT 'openrouter',
    created_at TEXT NOT NULL,
    removed_at TEXT
);

CREATE TABLE profiles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    system_prompt TEXT NOT NULL DEFAULT '',
    temperature REAL NOT NULL DEFAULT 0.7,
    max_tokens INTEGER NOT NULL DEFAULT 2048,
    openrouter_preset TEXT,
    model TEXT,
    reasoning TEXT,
    params TEXT NOT NULL DEFAULT '{}',
    tools TEXT NOT NULL DEFAULT '[]',
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    revision INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX profiles_default ON profiles (is_default) WHERE is_default = 1;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    session_type TEXT NOT NULL CHECK (session_type IN ('chat', 'code', 'documents', 'playground')),
    title TEXT NOT NULL DEFAULT '',
    profile_id INTEGER REFERENCES profiles (id) ON DELETE SET NULL,
    model TEXT,
    active_leaf_id TEXT,
    pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
    tags TEXT NOT NULL DEFAULT '[]',
    draft TEXT NOT NULL DEFAULT '{"text":"","parts":[]}',
    revision INTEGER NOT NULL DEFAULT 1,
    message_count INTEGER NOT NULL DEFAULT 0,
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    total_tokens INTEGER NOT NULL DEFAULT 0,
    cost_picousd INTEGER NOT NULL DEFAULT 0,
    unknown_calls INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX sessions_recent ON sessions (updated_at, id);
CREATE INDEX sessions_profile ON sessions (profile_id) WHERE profile_id IS NOT NULL;

-- No foreign key on parent_id: a chain of thousands of messages would exceed SQLite's trigger depth when its
-- session goes, and the session's own cascade takes them all.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    parent_id TEXT,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    content TEXT NOT NULL DEFAULT '',
    parts TEXT NOT NULL DEFAULT '[]',
    status TEXT NOT NULL DEFAULT 'completed',
    model TEXT,
    generation_id TEXT,
    finish_reason TEXT,
    error TEXT,
    usage TEXT,
    created_at TEXT NOT NULL,
    completed_at TEXT
);
CREATE INDEX messages_session ON messages (session_id, id);
CREATE INDEX messages_parent ON messages (session_id, parent_id, id);

CREATE TABLE generations (
    id TEXT PRIMARY KEY,
    session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
    user_message_id TEXT,
    message_id TEXT NOT NULL,
    request_id TEXT,
    status TEXT NOT NULL CHECK (
        status IN ('queued', 'running', 'stopping', 'completed', 'stopped', 'failed', 'truncated', 'interrupted')
    ),
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    params TEXT NOT NULL DEFAULT '{}',
    last_seq INTEGER NOT NULL DEFAULT 0,
    attempts TEXT NOT NULL DEFAULT '[]',
    upstream_id TEXT,
    usage TEXT,
    error TEXT,
    stop_requested_at TEXT,
    created_at TEXT NOT NULL,
    first_token_at TEXT,
    ended_at TEXT
);
CREATE INDEX generations_running ON generations (session_id, id) WHERE ended_at IS NULL;
CREATE INDEX generations_session ON generations (session_id);
CREATE INDEX generations_message ON generations (user_message_id, id);
CREATE INDEX generations_ended ON generations (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE generation_events (
    generation_id TEXT NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    last_seq INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (generation_id, last_seq)
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    request_id TEXT PRIMARY KEY,
    body_hash TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- The ledger outlives what it paid for: session, profile and model are plain values here, never foreign keys.
CREATE TABLE usage_logs (
    id TEXT PRIMARY KEY,
    session_id TEXT,
    profile_id INTEGER,
    model_id TEXT,
    generation_id TEXT,
    purpose TEXT NOT NULL DEFAULT 'chat',
    state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'reconciled', 'estimated', 'unknown')),
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_provider TEXT,
    upstream_id TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    total_tokens INTEGER,
    cached_tokens INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens INTEGER,
    cost_picousd INTEGER,
    cost_usd REAL GENERATED ALWAYS AS (cost_picousd / 1e12) VIRTUAL,
    cost_text TEXT,
    reserved_picousd INTEGER,
    latency_ms INTEGER,
    first_token_ms INTEGER,
    tokens_per_second REAL,
    finish_reason TEXT,
    created_at TEXT NOT NULL,
    settled_at TEXT
);
CREATE INDEX usage_logs_recent ON usage_logs (created_at, id);
CREATE INDEX usage_logs_session ON usage_logs (session_id, id);
CREATE UNIQUE INDEX usage_logs_generation ON usage_logs (generation_id) WHERE generation_id IS NOT NULL;
CREATE INDEX usage_logs_unknown ON usage_logs (id) WHERE state = 'unknown';

CREATE TABLE usage_days (
    day TEXT NOT NULL,
    model TEXT NOT NULL,
    calls INTEGER NOT NULL DEFAULT 0,
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    total_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost_picousd INTEGER NOT NULL DEFAULT 0,
    reserved_picousd INTEGER NOT NULL DEFAULT 0,
    unknown_calls INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, model)
) WITHOUT ROWID;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

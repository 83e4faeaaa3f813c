-- Named tokens that the owner gave to programs. The secret itself is nowhere; `hash` is keyed with a file beside the store.
CREATE TABLE access_tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    budget_picousd INTEGER,
    spent_picousd INTEGER NOT NULL DEFAULT 0,
    held_picousd INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    revoked_at TEXT
);

-- Whose call it was: a named token's, or the owner's own.
ALTER TABLE usage_logs ADD COLUMN token_id TEXT;
CREATE INDEX usage_logs_token ON usage_logs (token_id, id) WHERE token_id IS NOT NULL;

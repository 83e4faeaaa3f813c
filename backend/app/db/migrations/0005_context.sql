-- How a conversation was fitted to its model, as JSON.
ALTER TABLE generations ADD COLUMN context TEXT;

-- A pinned message is never left out of what is sent.
ALTER TABLE messages ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));

-- How many tokens a model takes for one that is guessed, learned from its calls.
CREATE TABLE token_ratios (
    model TEXT PRIMARY KEY,
    ratio REAL NOT NULL,
    samples INTEGER NOT NULL,
    updated_at TEXT NOT NULL
);

-- Summaries that are sent in place of the messages up to one; the messages themselves stay as they are.
CREATE TABLE compactions (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    through_message_id TEXT NOT NULL,
    message_count INTEGER NOT NULL,
    summary TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    usage_id TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX compactions_session ON compactions (session_id, id);

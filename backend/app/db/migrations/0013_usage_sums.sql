-- Sums of closed calls, by day, month and what they were for; open calls are few and are read from their rows.
-- `grain`: 'day' and 'month' have one row for each combination, 'total' one for a whole day (and one for manual rows).

ALTER TABLE usage_logs ADD COLUMN is_failed INTEGER NOT NULL DEFAULT 0 CHECK (is_failed IN (0, 1));
UPDATE usage_logs SET is_failed = 1 WHERE generation_id IN (
    SELECT id FROM generations WHERE status IN ('failed', 'truncated', 'interrupted'));

CREATE TABLE usage_sums (
    grain TEXT NOT NULL CHECK (grain IN ('total', 'day', 'month')),
    period TEXT NOT NULL,
    model TEXT NOT NULL,
    profile_id INTEGER NOT NULL,
    provider TEXT NOT NULL,
    purpose TEXT NOT NULL,
    calls INTEGER NOT NULL DEFAULT 0,
    failed_calls INTEGER NOT NULL DEFAULT 0,
    unknown_calls INTEGER NOT NULL DEFAULT 0,
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    total_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost_picousd INTEGER NOT NULL DEFAULT 0,
    first_token_ms INTEGER NOT NULL DEFAULT 0,
    first_token_calls INTEGER NOT NULL DEFAULT 0,
    speed INTEGER NOT NULL DEFAULT 0,
    speed_calls INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (grain, period, model, profile_id, provider, purpose)
) WITHOUT ROWID;

CREATE INDEX sessions_cost ON sessions (cost_picousd, id);

-- Days are the owner's, which SQL cannot tell: without a zone the next start counts the rows.
UPDATE owner_zone SET zone = '' WHERE EXISTS (SELECT 1 FROM usage_logs);
DROP TABLE usage_days;

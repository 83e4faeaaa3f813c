-- When the provider was last asked what a call of unknown cost has cost, and what the owner decided of it.
ALTER TABLE usage_logs ADD COLUMN asked_at TEXT;
ALTER TABLE usage_logs ADD COLUMN decision TEXT CHECK (decision IN ('cost', 'write_off'));

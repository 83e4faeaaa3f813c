-- Who answered, in the provider's own name for it: another model than the one asked for where that failed or chose.
ALTER TABLE usage_logs ADD COLUMN served_model TEXT;

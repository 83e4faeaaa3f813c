-- Calls under way, so that a start finds at once those whose process is gone.
CREATE INDEX usage_logs_open ON usage_logs (id) WHERE state = 'reserved';

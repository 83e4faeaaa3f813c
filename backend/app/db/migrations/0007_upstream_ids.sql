-- A call is looked up by the provider's name for it, too.
CREATE INDEX usage_logs_upstream ON usage_logs (upstream_id) WHERE upstream_id IS NOT NULL;

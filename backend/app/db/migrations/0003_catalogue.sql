ALTER TABLE models ADD COLUMN canonical_slug TEXT;
ALTER TABLE models ADD COLUMN usable_context INTEGER;
ALTER TABLE models ADD COLUMN tokenizer TEXT;
ALTER TABLE models ADD COLUMN is_moderated INTEGER CHECK (is_moderated IN (0, 1));
ALTER TABLE models ADD COLUMN reasoning TEXT;
ALTER TABLE models ADD COLUMN is_toggleable INTEGER NOT NULL DEFAULT 0 CHECK (is_toggleable IN (0, 1));
ALTER TABLE models ADD COLUMN default_parameters TEXT NOT NULL DEFAULT '{}';
ALTER TABLE models ADD COLUMN per_request_limits TEXT;
ALTER TABLE models ADD COLUMN knowledge_cutoff TEXT;
ALTER TABLE models ADD COLUMN expiration_date TEXT;
ALTER TABLE models ADD COLUMN prices TEXT NOT NULL DEFAULT '{}';
ALTER TABLE models ADD COLUMN price_version INTEGER;
ALTER TABLE models ADD COLUMN average_picousd INTEGER;
ALTER TABLE models ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
ALTER TABLE models ADD COLUMN listing TEXT NOT NULL DEFAULT '{}';
CREATE INDEX models_canonical ON models (canonical_slug) WHERE canonical_slug IS NOT NULL;

-- What a model cost from when on; a row of the ledger names the version it was reserved at.
CREATE TABLE model_prices (
    model_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    prices TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (model_id, version)
);

-- Whose list the rows of `models` are from; the models of a provider that is not current are not on offer.
CREATE TABLE model_lists (
    provider TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    is_current INTEGER NOT NULL DEFAULT 1 CHECK (is_current IN (0, 1)),
    synced_at TEXT NOT NULL
);
INSERT INTO model_lists (provider, source, synced_at) SELECT provider, '', max(created_at) FROM models GROUP BY provider;

ALTER TABLE usage_logs ADD COLUMN price_version INTEGER;

-- The provider's own order by a figure that its list does not carry.
CREATE TABLE model_ranks (
    sort TEXT NOT NULL,
    model_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (sort, model_id)
);

-- Who serves a model, as last told.
CREATE TABLE model_endpoints (
    model_id TEXT PRIMARY KEY,
    endpoints TEXT NOT NULL,
    fetched_at TEXT NOT NULL
);

UPDATE models SET usable_context = context_length, search_text = lower(id || ' ' || name || ' ' || description),
    average_picousd = prompt_picousd / 2 + completion_picousd / 2;

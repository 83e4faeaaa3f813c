-- What calls may cost in a day, a week or a month of the owner's; money in whole picodollars, `warn_ppm` of the limit.
CREATE TABLE budgets (
    id TEXT PRIMARY KEY,
    name TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('all', 'profile', 'model', 'session', 'token', 'purpose')),
    subject TEXT,
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    limit_picousd INTEGER NOT NULL,
    warn_ppm INTEGER,
    is_hard INTEGER NOT NULL CHECK (is_hard IN (0, 1)),
    revision INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL
);

-- The sums of one period of each budget, over the calls that started in it. One that is not there is made from the rows.
CREATE TABLE budget_sums (
    budget_id TEXT PRIMARY KEY REFERENCES budgets (id) ON DELETE CASCADE,
    zone TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    spent_picousd INTEGER NOT NULL,
    held_picousd INTEGER NOT NULL
);

-- What waits beside the text of a draft, as a JSON list: pictures, results of tools. Apart from its session, whose row
-- is written with every answer.
CREATE TABLE draft_parts (
    session_id TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    parts TEXT NOT NULL
);

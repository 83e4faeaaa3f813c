"""Rules that a store must keep, whatever happened to the console that wrote it."""

from __future__ import annotations

from typing import Any

from tests.harness.stored import Stored


def ids(conn: Stored, sql: str) -> set[Any]:
    """The first column of a query."""
    return {row[0] for row in conn.execute(sql)}


def broken_rules(conn: Stored) -> dict[str, list[Any]]:
    """Everything in the file that contradicts itself, by rule; empty when it is sound and nothing runs."""
    found = {name: [tuple(row) for row in conn.execute(sql)] for name, sql in _RULES.items()}
    return {name: rows for name, rows in found.items() if rows} | damage(conn)


def damage(conn: Stored) -> dict[str, list[Any]]:
    """What SQLite finds wrong with the file; empty when it is whole."""
    found = {
        "integrity": [row[0] for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"],
        "references": [tuple(row) for row in conn.execute("PRAGMA foreign_key_check")],
    }
    return {name: rows for name, rows in found.items() if rows}


_RUNNING = "('queued', 'running', 'stopping')"
_RULES = {
    "a generation runs": f"SELECT id, status FROM generations WHERE ended_at IS NULL OR status IN {_RUNNING}",  # noqa: S608
    "a message is being written": f"SELECT id, status FROM messages WHERE status IN {_RUNNING}",  # noqa: S608
    "a ledger row is open": "SELECT id FROM usage_logs WHERE state = 'reserved'",
    "a generation has not exactly one ledger row": """
        SELECT id FROM generations g WHERE 1 <> (SELECT count(*) FROM usage_logs u WHERE u.generation_id = g.id)
    """,
    "a ledger row without a generation": """
        SELECT id FROM usage_logs
        WHERE purpose IN ('chat', 'regenerate', 'continue', 'endpoint')
            AND generation_id NOT IN (SELECT id FROM generations)
    """,
    "an unknown cost has a figure": "SELECT id FROM usage_logs WHERE (state = 'unknown') <> (cost_picousd IS NULL)",
    "an answer and its generation disagree": """
        SELECT g.id, g.status, m.status FROM generations g LEFT JOIN messages m ON m.id = g.message_id
        WHERE g.session_id IS NOT NULL
            AND (m.generation_id IS NOT g.id OR m.status <> g.status OR m.session_id <> g.session_id)
    """,
    "an answer without a question": """
        SELECT id FROM messages m WHERE role = 'assistant'
            AND NOT EXISTS (SELECT 1 FROM messages p WHERE p.id = m.parent_id AND p.session_id = m.session_id)
    """,
    "a journal has a gap or an overlap": """
        SELECT generation_id FROM generation_events GROUP BY generation_id
        HAVING sum(json_array_length(events)) <> max(last_seq)
    """,
    "a journal does not end where its generation does": """
        SELECT g.id, g.last_seq, max(e.last_seq) FROM generations g JOIN generation_events e ON e.generation_id = g.id
        GROUP BY g.id HAVING max(e.last_seq) <> g.last_seq
    """,
    "a session counts wrong": """
        SELECT s.id FROM sessions s WHERE message_count <> (SELECT count(*) FROM messages WHERE session_id = s.id)
            OR cost_picousd <> (SELECT COALESCE(sum(cost_picousd), 0) FROM usage_logs
                WHERE session_id = s.id AND purpose <> 'manual')
            OR total_tokens <> (SELECT COALESCE(sum(total_tokens), 0) FROM usage_logs
                WHERE session_id = s.id AND purpose <> 'manual')
            OR unknown_calls <> (
                SELECT count(*) FROM usage_logs WHERE session_id = s.id AND state = 'unknown')
    """,
    "a day counts wrong": """
        SELECT s.period FROM usage_sums s WHERE s.grain = 'total' AND
            (calls, failed_calls, prompt_tokens, completion_tokens, total_tokens, cost_picousd, unknown_calls) <> (
                SELECT count(*), COALESCE(sum(is_failed), 0), COALESCE(sum(prompt_tokens), 0),
                    COALESCE(sum(completion_tokens), 0), COALESCE(sum(total_tokens), 0),
                    COALESCE(sum(cost_picousd), 0), COALESCE(sum(state = 'unknown'), 0)
                FROM usage_logs u WHERE u.state <> 'reserved' AND (u.purpose = 'manual') = (s.purpose = 'manual')
                    AND owner_day(u.created_at, (SELECT zone FROM owner_zone)) = s.period)
    """,
    "a day is not counted": """
        SELECT u.id FROM usage_logs u WHERE u.state <> 'reserved' AND NOT EXISTS (
            SELECT 1 FROM usage_sums s
            WHERE s.grain = 'total' AND s.period = owner_day(u.created_at, (SELECT zone FROM owner_zone)))
    """,
    "a month and its days disagree": """
        SELECT m.period, m.model FROM usage_sums m WHERE m.grain = 'month' AND (m.calls, m.cost_picousd) <> (
            SELECT COALESCE(sum(d.calls), 0), COALESCE(sum(d.cost_picousd), 0) FROM usage_sums d
            WHERE d.grain = 'day' AND substr(d.period, 1, 7) = m.period AND d.model = m.model
                AND d.profile_id = m.profile_id AND d.provider = m.provider AND d.purpose = m.purpose)
    """,
}

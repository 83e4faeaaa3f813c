"""What stands in a composer: text and parts, each replaced by itself."""

from __future__ import annotations

from app.db.types import Conn
from app.repo import drafts, sessions
from tests.repo.test_sessions import add

PICTURE = {"type": "image", "url": "data:image/png;base64,AA=="}


def test_a_draft_is_kept_apart(conn: Conn) -> None:
    """It changes neither revision nor order of its session, and goes with it."""
    add(conn, "s")
    assert drafts.get(conn, "s") == {"text": "", "parts": []}
    assert drafts.change(conn, "s", text="x", parts=[PICTURE])
    assert drafts.get(conn, "s") == {"text": "x", "parts": [PICTURE]}
    session = sessions.get(conn, "s")
    assert session is not None
    assert (session.revision, session.updated_at) == (1, "t")
    assert sessions.delete(conn, "s")
    assert conn.execute("SELECT count(*) AS n FROM draft_parts").fetchone() == {"n": 0}


def test_what_is_not_given_stays(conn: Conn) -> None:
    add(conn, "s")
    drafts.change(conn, "s", text="x", parts=[PICTURE])
    drafts.change(conn, "s", text="y", parts=None)
    assert drafts.get(conn, "s") == {"text": "y", "parts": [PICTURE]}
    drafts.change(conn, "s", text=None, parts=[])
    assert drafts.get(conn, "s") == {"text": "y", "parts": []}


def test_an_older_draft_has_its_parts_beside_the_text(conn: Conn) -> None:
    """They stay until other parts take their place."""
    add(conn, "s")
    conn.execute('UPDATE sessions SET draft = \'{"text":"x","parts":[{"type":"text"}]}\'')
    drafts.change(conn, "s", text="y", parts=None)
    assert drafts.get(conn, "s") == {"text": "y", "parts": [{"type": "text"}]}
    drafts.change(conn, "s", text=None, parts=[])
    assert drafts.get(conn, "s") == {"text": "y", "parts": []}


def test_an_unknown_session_has_no_draft(conn: Conn) -> None:
    assert drafts.get(conn, "t") is None
    assert not drafts.change(conn, "t", text="x", parts=[PICTURE])

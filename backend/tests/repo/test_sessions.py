"""Lists of sessions: any text is a legal filter, and pages meet without gaps."""

from __future__ import annotations

from typing import Any

import pytest

from app.db.types import Conn
from app.repo import sessions

FILTERS: dict[str, Any] = {"session_type": None, "text": None, "tag": None, "archived": None}
TITLES = {
    "plain": "Plain words",
    "percent": "100% sure",
    "underscore": "snake_case",
    "backslash": "C:\\temp",
    "quote": 'it\'s "quoted"',
    "umlaut": "Ärger über Öl",
    "cjk": "日本語のテスト",
    "emoji": "🙂 hello",
}


def add(conn: Conn, session_id: str, title: str = "", *, tags: list[str] | None = None, at: str = "t") -> None:
    sessions.insert(
        conn,
        session_id=session_id,
        session_type="chat",
        title=title,
        profile_id=None,
        model=None,
        tags=tags or [],
        now=at,
    )


def found(conn: Conn, **filters: Any) -> set[str]:
    """The ids that match; the count agrees with the page."""
    page = sessions.list_page(conn, limit=100, before=None, **(FILTERS | filters))
    assert sessions.count(conn, **(FILTERS | filters)) == len(page)
    return {session.id for session in page}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", {"plain"}),
        ("PLAIN W", {"plain"}),
        ("%", {"percent"}),
        ("_", {"underscore"}),
        ("\\", {"backslash"}),
        ("'s \"", {"quote"}),
        ("Ärger", {"umlaut"}),
        ("Öl", {"umlaut"}),
        ("über", {"umlaut"}),
        ("日本", {"cjk"}),
        ("🙂", {"emoji"}),
        ("nothing", set()),
        ("", set(TITLES)),
    ],
)
def test_titles_are_found_by_any_text(conn: Conn, text: str, expected: set[str]) -> None:
    """As written, and without regard to case where the letters are ASCII; no character is special."""
    for session_id, title in TITLES.items():
        add(conn, session_id, title)
    assert found(conn, text=text) == expected


def test_tags_are_found_whole(conn: Conn) -> None:
    """Not by a part of them, whatever they contain."""
    for session_id, tags in {"a": ["work", "x"], "b": ["working"], "c": ['q"uote', "%"], "d": []}.items():
        add(conn, session_id, tags=tags)
    assert found(conn, tag="work") == {"a"}
    assert found(conn, tag='q"uote') == {"c"}
    assert found(conn, tag="%") == {"c"}
    assert found(conn, tag="ork") == set()


def test_pages_meet(conn: Conn) -> None:
    """Most recent first, also among those of one instant."""
    for number in range(10):
        add(conn, f"s{number}", at=f"t{number // 4}")
    seen: list[str] = []
    before: tuple[str, str] | None = None
    while page := sessions.list_page(conn, limit=3, before=before, **FILTERS):
        seen += [session.id for session in page]
        before = (page[-1].updated_at, page[-1].id)
    assert seen == [f"s{number}" for number in reversed(range(10))]


def test_only_what_a_client_may_set_is_set(conn: Conn) -> None:
    """Other names are passed over; each update steps the revision."""
    add(conn, "s")
    sessions.update(conn, "s", {"title": "new", "pinned": True, "tags": ["x"], "cost_picousd": 9, "id": "t"}, now="u")
    session = sessions.get(conn, "s")
    assert session is not None
    assert (session.title, session.pinned, session.tags, session.revision, session.updated_at) == (
        "new",
        True,
        ["x"],
        2,
        "u",
    )
    assert session.totals.cost_usd == 0

"""The tree of messages: paths, leaves, siblings, against a plain reading of it."""

from __future__ import annotations

import random

import pytest

from app.db.types import Conn
from app.repo import messages, sessions
from app.schemas.parts import TextPart

Tree = dict[str, str | None]


def grown(conn: Conn, session_id: str, seed: int, size: int = 40) -> Tree:
    """A session with a random tree; ids sort in the order they were made."""
    sessions.insert(
        conn, session_id=session_id, session_type="chat", title="", profile_id=None, model=None, tags=[], now="t"
    )
    chance = random.Random(seed)  # noqa: S311 - a shape, not a secret
    tree: Tree = {}
    for number in range(size):
        parent = chance.choice([*list(tree)[-5:], None]) if number % 7 else None
        message_id = f"{session_id}-{number:03d}"
        tree[message_id] = parent
        row = messages.new_row(
            message_id=message_id, session_id=session_id, parent_id=parent, role="user", content=message_id, parts=[],
            status="completed", now="t",
        )  # fmt: skip
        messages.insert(conn, row)
    return tree


def path_of(tree: Tree, message_id: str | None) -> list[str]:
    found: list[str] = []
    while message_id is not None:
        found.append(message_id)
        message_id = tree[message_id]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_path_leads_to_the_root(conn: Conn, seed: int) -> None:
    """Leaf first, cut at the limit; never into another session."""
    tree = grown(conn, "s", seed)
    grown(conn, "other", seed)
    for message_id in tree:
        expected = path_of(tree, message_id)
        for limit in (1, 2, 100):
            rows = messages.path_up(conn, "s", message_id, limit=limit)
            assert [row["id"] for row in rows] == expected[:limit]
        assert messages.path_up(conn, "other", message_id, limit=9) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_newest_leaf_below_takes_the_newest_child_each_time(conn: Conn, seed: int) -> None:
    tree = grown(conn, "s", seed)
    for message_id in tree:
        leaf = message_id
        while children := [child for child, parent in tree.items() if parent == leaf]:
            leaf = max(children)
        assert messages.leaf_below(conn, "s", message_id) == leaf
    assert messages.leaf_below(conn, "s", "nothing") == "nothing"


@pytest.mark.parametrize("seed", range(3))
def test_siblings_share_their_parent(conn: Conn, seed: int) -> None:
    """In order; those without a parent are siblings too."""
    tree = grown(conn, "s", seed)
    grown(conn, "other", seed)
    found = messages.siblings(conn, "s", set(tree.values()))
    for parent in set(tree.values()):
        assert found[parent] == sorted(child for child, of in tree.items() if of == parent)


def test_all_messages_come_page_by_page(conn: Conn) -> None:
    """Newest first, of every branch, of one session."""
    tree = grown(conn, "s", 1)
    grown(conn, "other", 2)
    seen: list[str] = []
    before: str | None = None
    while rows := messages.all_before(conn, "s", before, limit=7):
        seen += [row["id"] for row in rows]
        before = seen[-1]
    assert seen == sorted(tree, reverse=True)
    assert messages.count(conn, "s") == len(tree)


def test_messages_go_with_their_session(conn: Conn) -> None:
    """However deep the tree is."""
    sessions.insert(conn, session_id="s", session_type="chat", title="", profile_id=None, model=None, tags=[], now="t")
    parent: str | None = None
    for number in range(2000):
        row = messages.new_row(
            message_id=str(number), session_id="s", parent_id=parent, role="user", content="", parts=[],
            status="completed", now="t",
        )  # fmt: skip
        messages.insert(conn, row)
        parent = str(number)
    assert sessions.delete(conn, "s")
    assert messages.get(conn, "0") is None
    assert not sessions.delete(conn, "s")


def test_a_new_row_is_as_it_is_read(conn: Conn) -> None:
    """What is sent of a message does not depend on whether it was stored a moment ago."""
    sessions.insert(conn, session_id="s", session_type="chat", title="", profile_id=None, model=None, tags=[], now="t")
    row = messages.new_row(
        message_id="m", session_id="s", parent_id=None, role="user", content="Hi", parts=[TextPart(text="Hi")],
        status="completed", now="t",
    )  # fmt: skip
    messages.insert(conn, row)
    assert messages.get(conn, "m") == {name: value for name, value in row.items() if name != "chain"}

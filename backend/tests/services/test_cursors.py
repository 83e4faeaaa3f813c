"""Cursors come back as they were made, and nothing else is accepted."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadCursor
from app.services.cursors import decode_cursor, encode_cursor
from app.services.turns.replay import parse_cursor
from tests.core.properties import MANY, SOME

STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
KEYS = st.lists(STORABLE | st.integers(0, 2**63 - 1), min_size=1, max_size=3)


@SOME
@given(STORABLE, KEYS)
def test_a_cursor_holds_its_key(name: str, key: list[str | int]) -> None:
    """Any key of any list survives, in characters that need no escape in a query."""
    cursor = encode_cursor(name, *key)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(name, cursor, *(type(item) for item in key)) == key


def made(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BAD = {
    "empty": "",
    "not base64": "!!!!",
    "blanks": made('["a","k"]') + " ",
    "not ASCII": "ü",
    "cut": made('["a","k"]')[:-2],
    "not JSON": made("a,k"),
    "no list": made('{"a":"k"}'),
    "a number": made("7"),
    "null": made("null"),
    "a text": made('"ak"'),
    "an empty list": made("[]"),
    "another list": made('["b","k"]'),
    "too short": made('["a"]'),
    "too long": made('["a","k","l"]'),
    "another type": made('["a",7]'),
    "a boolean": made('["a",true]'),
    "a NUL": made('["a","\\u0000"]'),
    "a lone surrogate": made('["a","\\ud800"]'),
    "bad UTF-8": base64.urlsafe_b64encode(b'["a","\xff"]').decode(),
}


@pytest.mark.parametrize("form", BAD)
def test_what_the_list_did_not_make_is_refused(form: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor("a", BAD[form], str)


@pytest.mark.parametrize("number", ["-1", str(2**63), "1.0", "true", "1e3", str(2**80)])
def test_a_number_that_no_column_holds_is_refused(number: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor("a", made(f'["a",{number}]'), int)


@MANY
@given(st.text(max_size=40))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    """Never another error."""
    try:
        decode_cursor("a", text, str)
    except BadCursor:
        return
    raise AssertionError("accepted")


@MANY
@given(st.text(min_size=1), st.integers(0, 10**15 - 1))
def test_an_event_cursor_reads_back(generation_id: str, seq: int) -> None:
    """Ids may hold colons; the last one counts."""
    assert parse_cursor(f"{generation_id}:{seq}") == (generation_id, seq)


@pytest.mark.parametrize(
    "cursor", ["", ":", "g", "g:", ":1", "g:-1", "g:+1", "g: 1", "g:x", "g:１", "g:²", "g:1_0", "g:" + "1" * 16]
)
def test_what_is_no_event_cursor_is_none(cursor: str) -> None:
    assert parse_cursor(cursor) is None

"""The ledger as a file: every row that matches, exact, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from app.core.clock import stamp
from app.db.types import Conn
from app.services.usage.export import COLUMNS, PAGE_ROWS, cell
from emulator import Emulator
from tests.harness import Console, ConsoleClient

EXPORT = "/api/usage/export"


async def test_a_file_has_the_rows_of_the_list(client: ConsoleClient, emulator: Emulator) -> None:
    """In both formats, with the same figures to the last digit."""
    for text in ("one", "two"):
        await client.answer(text)
    await client.answer("other", model="openai/gpt-4o")
    rows = await client.every("/api/usage")
    lines = await client.ask("GET", EXPORT, params={"format": "jsonl"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line, parse_float=Decimal) for line in lines.text.splitlines()] == rows
    table = await client.ask("GET", EXPORT)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"].startswith('attachment; filename="usage_first_')
    read = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert list(read[0]) == list(COLUMNS)
    assert [row["id"] for row in read] == [row["id"] for row in rows]
    assert sum(Decimal(row["cost_usd"]) for row in read) == emulator.ledger.total_usd
    one = await client.ask("GET", EXPORT, params={"model": "openai/gpt-4o", "from": rows[0]["created_at"][:10]})
    assert len(one.text.splitlines()) == 2


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_the_list_is_given_as_the_same_file(client: ConsoleClient, form: str) -> None:
    """Under the list's own address, with its filters; a file has no pages."""
    await client.answer("one")
    await client.answer("other", model="openai/gpt-4o")
    for filters in ({}, {"model": "openai/gpt-4o"}):
        query = {"format": form, **filters}
        ours, theirs = [await client.ask("GET", path, params=query) for path in ("/api/usage", EXPORT)]
        assert ours.content == theirs.content
        for name in ("content-type", "content-disposition"):
            assert ours.headers[name] == theirs.headers[name]
    assert (await client.ask("GET", "/api/usage", params={"format": form, "limit": "1"})).status_code == 422
    assert (await client.get("/api/usage?format=json"))["items"] == await client.every("/api/usage")


async def test_a_file_of_many_pages_is_whole(console: Console, client: ConsoleClient) -> None:
    """Rows of one instant included; none twice."""
    await client.answer("Hello")
    many = 2 * PAGE_ROWS + 5
    await console.services.store.write(_copy_the_row, many)
    reply = await client.ask("GET", EXPORT, params={"format": "jsonl"})
    ids = [json.loads(line)["id"] for line in reply.text.splitlines()]
    assert len(ids) == len(set(ids)) == many + 1


async def test_an_empty_file_has_its_columns(client: ConsoleClient) -> None:
    reply = await client.ask("GET", EXPORT)
    assert (reply.status_code, reply.text) == (200, ",".join(COLUMNS) + "\r\n")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"model": "nobody/nothing"}, 404),
        ({"format": "xlsx"}, 422),
        ({"from": "2026-01-02", "to": "2026-01-01"}, 422),
        ({"limit": "5"}, 422),
        ({"min_cost": "NaN"}, 422),
    ],
)
async def test_files_nobody_can_ask_for(client: ConsoleClient, query: dict[str, Any], status: int) -> None:
    """Said before anything is sent."""
    reply = await client.ask("GET", EXPORT, params=query)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/json"


async def test_a_ticket_opens_the_file(client: ConsoleClient) -> None:
    """As a link does, which cannot carry a token."""
    ticket = await client.post("/api/admin/tickets", {"path": EXPORT})
    reply = await client.ask("GET", EXPORT, params={"ticket": ticket["ticket"], "format": "csv"})
    assert reply.status_code == 200


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", " =1", "\xa0-1", "＝1", "\tx"],
)
def test_text_that_looks_like_a_formula_is_quoted(text: str) -> None:
    """Models and providers name themselves as they like."""
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (Decimal("0.000000000001"), "0.000000000001"),
        ("a=b", "a=b"),
    ],
)
def test_cells(value: object, text: str) -> None:
    assert cell(value) == text


def _copy_the_row(conn: Conn, times: int) -> None:
    for number in range(times):
        conn.execute(
            """
            INSERT INTO usage_logs (id, purpose, state, model, provider, created_at)
            SELECT :id, purpose, state, model, provider, :at FROM usage_logs WHERE generation_id IS NOT NULL
            """,
            {"id": f"copy-{number:05}", "at": stamp(number // 700 * 10**9)},
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (";=cmd|calc", ";'=cmd|calc"),
        ("a; ＝1;b;\t+2\n@x", "a;' ＝1;b;'\t+2\n'@x"),
        ("author/model-1:free", "author/model-1:free"),
        ("a=b, c+d", "a=b, c+d"),
    ],
)
def test_text_that_would_be_parted_into_a_formula_is_quoted(text: str, expected: str) -> None:
    """Where spreadsheets part cells by semicolons; what is harmless stays as it is."""
    assert cell(text) == expected

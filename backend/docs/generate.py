"""Write the reference documents from the code, so that they cannot drift.

usage: python backend/docs/generate.py [--check]    --check: change nothing, exit 1 naming what has drifted
"""

# ruff: noqa: E402 (run as a file, it has to find the application first)

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BACKEND = Path(__file__).resolve().parents[1]
REPOSITORY = BACKEND.parent
sys.path[:0] = [str(BACKEND), str(BACKEND / "docs")]

from event_page import event_reference
from markdown import page, table
from pydantic import AliasChoices

from app.api.errors import SHARED_ERRORS
from app.api.route_class import classed_routes
from app.core.config import Settings
from app.core.errors import AppError, UpstreamError
from app.core.exposition import CONTENT_TYPE
from app.db.migrate import (
    MIGRATIONS,
    load,
    migrate,
)
from app.db.sqlite import SqliteConnection, open_writer
from app.main import create_app
from app.services.metrics import MOST_MODELS, OTHER, Metrics
from emulator.scenarios import HEADER
from emulator.surface import routes, scenarios

README_BLOCK = re.compile(r"(<!-- settings[^>]*-->\n\n).*?(\n<!-- /settings -->)", re.DOTALL)
ONLY_IN_STREAMS = {"upstream_midstream", "upstream_truncated", "upstream_garbage", "interrupted"}


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = create_app().openapi()
    return document


def openapi() -> str:
    """The OpenAPI document, in the order of the routes and of their fields."""
    return json.dumps(_document(), indent=1, ensure_ascii=False) + "\n"


def api() -> str:
    """Every route: what it does, its success and its own errors."""
    shared = {str(error.status) for error in SHARED_ERRORS}
    by_tag: dict[str, list[list[str]]] = {}
    for path, operations in _document()["paths"].items():
        for method, operation in operations.items():
            statuses = " ".join(sorted(operation["responses"].keys() - shared))
            row = [f"`{method.upper()} {path}`", operation["description"], statuses]
            by_tag.setdefault(operation["tags"][0], []).append(row)
    head = ("route", "what it does", "statuses")
    return page(
        "API",
        f"""
Fields, types and the error codes of each status are in [openapi.json](openapi.json), which a running console shows at
`/docs`. [Errors](errors.md) and the [events of streams](events.md) have pages of their own.

Lists answer `{{items, next_cursor}}` and take `limit` (1 to 200), `cursor`, and `count=1`, which adds `total`. Any
route may also answer {" ".join(sorted(shared))}.""",
        *(f"## {tag.capitalize()}\n\n{table(head, rows)}" for tag, rows in by_tag.items()),
    )


def settings() -> str:
    """The table of settings."""
    return page(
        "Settings",
        """
From flags, the environment or a file `.env`, in the repository's root or in `backend/`. The first name of a row that
has a value wins, the environment over the file. An empty value counts as not set. Relative paths are under the data
folder.""",
        _settings_table(),
    )


def readme() -> str:
    """The README with its table of settings as it is now."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    written, blocks = README_BLOCK.subn(lambda block: block[1] + _settings_table() + block[2], text)
    if blocks != 1:
        raise SystemExit("README.md has lost the markers of its settings table.")
    return written


def errors() -> str:
    """The tree of errors, by where they come from."""
    own = sorted(
        (error for error in AppError.tree() if error.__module__.startswith("app.")),
        key=lambda error: (error.status, error.code),
    )
    streamed = [error for error in own if error.code in ONLY_IN_STREAMS]
    upstream = [error for error in own if issubclass(error, UpstreamError) and error not in streamed]
    console = [error for error in own if not issubclass(error, UpstreamError)]
    return page(
        "Errors",
        """
Under `/api` an error is `{error_code, message, request_id, details, resource_type?, resource_id?}`. `details.hint` says
what to do, `details.fields` of a `validation_failed` where and why. `Retry-After` comes with an error that knows how
long to wait. After the first byte of a stream an error is an `error` event with the same codes, and `done` follows.
A code is never renamed.""",
        f"## Of the console\n\n{_errors_table(console)}",
        f"## Of the provider\n\n{_errors_table(upstream)}",
        f"## Only in streams\n\n{_errors_table(streamed)}",
    )


def emulator() -> str:
    """What the stand-in for OpenRouter offers."""
    return page(
        "Emulator",
        """
`python -m emulator [--port 4861] [--host 127.0.0.1] [--no-auth] [--scenario FILE|TEXT]`, run in `backend/`, is
OpenRouter without a network, a key or a bill: the same routes, shapes, refusals and bad manners, deterministic
answers, a catalogue with real price shapes, and a ledger of its own. Any non-empty key passes; the catalogue needs
none. It keeps everything in memory. Point a client at its base URL, `http://127.0.0.1:4861/api/v1`; what was asked
of it shows at `http://127.0.0.1:4861/__emulator`.""",
        f"## Routes\n\n{table(('route', 'what it does'), _marked(routes()))}",
        f"""## Scenarios

How calls behave, as one line of text: names, names with a value (`rate=60`), or names followed by their parameters
(`drop after=3 form=fin`), parted by `;` or blanks; values are percent-decoded. The more particular place wins item by
item: `--scenario`, `POST /__emulator/scenario` (for all calls, a model, or a reading endpoint), behind `#` in the model
string, the header `{HEADER}`, `[[...]]` in the last user message. A file holds one `target: scenario` per line.

{table(("name", "takes", "what happens"), _marked(scenarios()))}""",
        """## What is refused

400: bodies, ranges and shapes that the API does not take, contradicting parameters, a prompt longer than the context,
schemas that nothing fits, histories that were not sent back as they came (a tool's result without its call, a call
without its result, a repeated `rs_` item, an unsigned or altered thought). 401: no key, or a revoked one. 402: no
credit, or less than `max_tokens` may cost. 403: a key whose own limit is spent. 404: unknown models; models without
tools, pictures or sound when these are asked for; every filter of `provider` that leaves nobody. 413: a body over 32
MiB. `/responses` stores nothing: `previous_response_id`, `store: true` and `background: true` get 400.""",
        """## What is left out

`/completions`, `/messages`, `/rerank`, `/files`, `/videos`, management of keys and workspaces, OAuth, the response
cache, and the platform's own limit on free models, which `error=429 platform` answers on demand. A preset that nobody
saved changes nothing. A schema's `not`, `if`, `contains` and `patternProperties` are not looked at. Of `/responses`:
the items of tools that OpenRouter runs itself (those sent back are passed over), log probabilities, `truncation` and
sound.""",
    )


def access() -> str:
    """Every route, documented in OpenAPI or not, with its class."""
    rows = [
        [f"`{' '.join(sorted(route.methods)) or 'any'} {route.path}`", route.access.route_class, route.access.needs]
        for route in classed_routes(create_app().routes)
    ]
    return page(
        "Access",
        """
On loopback the owner's own programs need no token. From elsewhere, or everywhere with `CONSOLE_AUTH=token`, each
request carries one as `Authorization: Bearer …`. The console's own opens everything; a program is better given one of
its own, with a scope and, if you like, a budget, on the settings page or by command:

```bash
scripts/console token create "notes plugin" --scope chat --budget 5
scripts/console token list
scripts/console token revoke ID
```

Its secret is shown once. `chat` includes `read`, `admin` includes both. Its calls stop when their worst cases would
pass the budget, and all of its requests when it is revoked; every call's row in the ledger names it
([decision 25](decisions/0025-named-tokens.md)).

What each route does, and the scope a named token needs for it; the console's own token is good for all. `public` tells
nothing of the owner's and needs no token, `read` tells what is stored, `write` changes the store and pays nobody,
`spend` may pay a provider, `destructive` removes what cannot be made again. A path that is not
listed leads nowhere.""",
        table(("route", "class", "scope"), sorted(rows, key=lambda row: row[0].partition(" ")[2])),
    )


def metrics() -> str:
    """What `GET /metrics` measures."""
    rows = [
        [f"`{family.name}`", family.kind, " ".join(f"`{label}`" for label in family.labels), family.meaning]
        for family in Metrics().families
    ]
    return page(
        "Metrics",
        f"""
`GET /metrics` answers in the text format of Prometheus, `{CONTENT_TYPE}`. It wants the token wherever the data does.
Everything counts from the start of the process. `provider` is a provider as it is configured, not the company behind
it. The first {MOST_MODELS} models have names of their own, the others count as `{OTHER}`. A route is its pattern; what
no route serves goes by the class of its path, in brackets. No label holds a text, a key or an id.""",
        table(("name", "kind", "labels", "meaning"), rows),
    )


def schema() -> str:
    """The tables of the store as the migrations make them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "schema.db"
        connection = open_writer(path)
        try:
            migrate(connection, path=path)
            sections = [_table_section(connection, name) for name in _names(connection, "table")]
        finally:
            connection.close()
    newest = load(MIGRATIONS)[-1]
    return page(
        "Schema",
        f"""
The SQLite file after migration {newest.version:04}. Times are UTC text of fixed width, `…_picousd` are exact integers
of 1e-12 US dollars; the generated columns beside them are for readers of the file.""",
        *sections,
    )


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "README.md": readme,
    "backend/docs/access.md": access,
    "backend/docs/api.md": api,
    "backend/docs/emulator.md": emulator,
    "backend/docs/errors.md": errors,
    "backend/docs/events.md": event_reference,
    "backend/docs/metrics.md": metrics,
    "backend/docs/openapi.json": openapi,
    "backend/docs/schema.md": schema,
    "backend/docs/settings.md": settings,
}


def drifted(documents: Mapping[str, Callable[[], str]] = DOCUMENTS) -> dict[str, str]:
    """The documents that are not what the code says, with what they should be."""
    found = {}
    for name, written in documents.items():
        path, text = REPOSITORY / name, written()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            found[name] = text
    return found


def main(arguments: Sequence[str], documents: Mapping[str, Callable[[], str]] = DOCUMENTS) -> int:
    """The exit status: 1 when ``--check`` found drift, 2 for other arguments."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: generate.py [--check]\n")
        return 2
    found = drifted(documents)
    if not arguments:
        for name, text in found.items():
            (REPOSITORY / name).write_text(text, encoding="utf-8")
    elif found:
        sys.stderr.write(f"Not what the code says: {', '.join(found)}. Run scripts/docs and commit what it writes.\n")
        return 1
    return 0


def _marked(rows: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    """Rows of which all but the last cell are code."""
    return ([*(f"`{cell}`" for cell in row[:-1]), row[-1]] for row in rows)


def _errors_table(errors: Iterable[type[AppError]]) -> str:
    return table(
        ("code", "status", "try again", "what it says", "what to do"),
        (
            [
                f"`{error.code}`",
                "" if error.code in ONLY_IN_STREAMS else str(error.status),
                "yes" if error.retryable else "no",
                error.text,
                error.hint,
            ]
            for error in errors
        ),
    )


def _settings_table() -> str:
    rows = []
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else [alias]
        default = _default(field.default)
        rows.append(
            [" ".join(f"`{name}`" for name in names), f"`{default}`" if default else "", field.description or ""]
        )
    return table(("variable", "default", "meaning"), rows)


def _default(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, Path) and value.is_relative_to(REPOSITORY):
        return value.relative_to(REPOSITORY).as_posix()
    return str(value)


def _names(connection: SqliteConnection, kind: str) -> list[str]:
    sql = "SELECT name FROM sqlite_schema WHERE type = :kind AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return [row["name"] for row in connection.execute(sql, {"kind": kind}).fetchall()]


def _table_section(connection: SqliteConnection, name: str) -> str:
    references = {
        row["from"]: f"{row['table']}.{row['to']}, on delete {row['on_delete'].lower()}"
        for row in connection.execute(f'PRAGMA foreign_key_list("{name}")').fetchall()
    }
    rows = []
    for column in connection.execute(f'PRAGMA table_xinfo("{name}")').fetchall():
        notes = [
            "primary key" if column["pk"] else "",
            "generated" if column["hidden"] else "",
            references.get(column["name"], ""),
        ]
        rows.append(
            [
                f"`{column['name']}`",
                column["type"].removesuffix(" GENERATED ALWAYS"),
                "" if column["notnull"] or column["pk"] else "yes",
                f"`{column['dflt_value']}`" if column["dflt_value"] is not None else "",
                "; ".join(filter(None, notes)),
            ]
        )
    return f"## {name}\n\n{table(('column', 'type', 'null', 'default', 'notes'), rows)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

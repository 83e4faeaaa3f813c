"""The document says which calls an id is good for."""

from __future__ import annotations

import re
from typing import Any

from app.api.links import IDS_OF_REPLIES, add_links
from tests.harness.document import DOCUMENT


def operation(name: str, *required: str, optional: str | None = None, statuses: tuple[str, ...] = ("200",)) -> Any:
    parameters: list[dict[str, Any]] = [{"name": one, "in": "path", "required": True} for one in required]
    if optional:
        parameters.append({"name": optional, "in": "query"})
    return {"operationId": name, "parameters": parameters, "responses": {status: {} for status in statuses}}


def test_an_id_leads_to_the_calls_that_need_it_and_no_other() -> None:
    """Calls that need more, or nothing, are left out; so are calls that only may take it."""
    document = {
        "paths": {
            "/s": {"post": operation("create_session", statuses=("200", "201", "422")), "get": operation("list")},
            "/s/{session_id}": {"get": operation("get_session", "session_id", optional="after")},
            "/s/{session_id}/c/{compaction_id}": {"delete": operation("forget", "session_id", "compaction_id")},
            "/events": {"get": operation("live", optional="session_id")},
        }
    }
    add_links(document)
    replies = document["paths"]["/s"]["post"]["responses"]
    assert replies["201"]["links"] == {
        "get_session": {"operationId": "get_session", "parameters": {"session_id": "$response.body#/id"}}
    }
    assert "links" not in replies["200"]
    assert "links" not in replies["422"]


def test_every_source_of_ids_is_an_operation_of_the_app() -> None:
    """A renamed route takes its links along; every id that a path names is known under that name."""
    paths = DOCUMENT["paths"]
    linked = {
        one["operationId"]: reply["links"]
        for methods in paths.values()
        for one in methods.values()
        for reply in one["responses"].values()
        if "links" in reply
    }
    assert set(linked) == set(IDS_OF_REPLIES)
    assert all(linked.values())
    reached = {name for links in linked.values() for link in links.values() for name in link["parameters"]}
    assert reached >= set(re.findall(r"{(\w+)}", " ".join(paths)))

"""OpenAPI links: which calls the ids of a reply are good for, so that tools can walk the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STARTED = {
    "generation_id": "$response.body#/generation/id",
    "session_id": "$response.body#/session/id",
    "message_id": "$response.body#/assistant_message/id",
}
IDS_OF_REPLIES: Mapping[str, Mapping[str, str]] = {
    "create_session": {"session_id": "$response.body#/id"},
    "create_message": {"message_id": "$response.body#/id", "session_id": "$response.body#/session_id"},
    "create_generation": _STARTED,
    "regenerate": _STARTED,
    "continue_generation": _STARTED,
    "create_profile": {"profile_id": "$response.body#/id"},
    "import_profiles": {"profile_id": "$response.body#/items/0/id"},
    "compact_session": {"compaction_id": "$response.body#/id", "session_id": "$request.path.session_id"},
    "create_budget": {"budget_id": "$response.body#/id"},
    "create_token": {"token_id": "$response.body#/id"},
    "create_backup": {"name": "$response.body#/name"},
    "list_usage": {"usage_id": "$response.body#/items/0/id"},
    "list_models": {"slug": "$response.body#/items/0/id"},
}
"""By operation: where its reply says an id, under the name that parameters of other operations have for it."""


def add_links(document: dict[str, Any]) -> None:
    """Link every reply that carries ids to every operation whose required parameters they are."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    for operation in operations:
        ids = IDS_OF_REPLIES.get(operation["operationId"])
        if ids is None:
            continue
        replies = operation["responses"]
        replies["201" if "201" in replies else "200"]["links"] = {
            target["operationId"]: {
                "operationId": target["operationId"],
                "parameters": {name: ids[name] for name in sorted(wanted)},
            }
            for target in operations
            if (wanted := _required_parameters(target)) and wanted <= ids.keys()
        }


def _required_parameters(operation: Mapping[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ()) if parameter.get("required")}

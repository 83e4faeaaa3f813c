"""The generated documents are what the code says, and the OpenAPI document is one that tools can read."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openapi_spec_validator import validate

from app.api.paths import Dialect, dialect_of
from app.main import create_app

GENERATE = Path(__file__).resolve().parents[1] / "docs" / "generate.py"

Operation = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The generator, loaded from its file: a folder of documents is no package."""
    spec = importlib.util.spec_from_file_location("docs_generate", GENERATE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document of the application as it is."""
    return create_app().openapi()


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _dialect(name: str) -> Dialect:
    return dialect_of(name.partition(" ")[2])


def test_no_document_has_drifted(generate: ModuleType) -> None:
    """Whoever changes the code runs scripts/docs and commits what it writes."""
    assert sorted(generate.drifted()) == []


def test_drift_is_named_and_mended(generate: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check changes nothing and fails with the name of the document; without it the document is written."""
    document = tmp_path / "settings.md"
    document.write_text("old")
    drifting = {str(document): lambda: "new"}
    assert generate.main(["--check"], drifting) == 1
    assert str(document) in capsys.readouterr().err
    assert document.read_text() == "old"
    assert generate.main([], drifting) == 0
    assert generate.main(["--check"], drifting) == 0
    assert document.read_text() == "new"


def test_other_arguments_are_refused() -> None:
    """A mistyped option must not write anything, and the file runs from any folder."""
    ran = subprocess.run([sys.executable, str(GENERATE), "--chekc"], capture_output=True, cwd="/", check=False)
    assert ran.returncode == 2
    assert b"usage" in ran.stderr


def test_the_openapi_document_is_valid(document: dict[str, Any]) -> None:
    """Every reference resolves and every schema is one."""
    validate(document)


def test_every_operation_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    """Each has a summary, a description, one tag, a success, and its errors in the shape of its door."""
    for name, operation in _operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        assert len(operation["tags"]) == 1, name
        statuses = {int(status) for status in operation["responses"]}
        assert min(statuses) < 300, name
        assert {401, 403, 405, 421, 500} <= statuses, name
        shape = {"openai": "OpenAIError", "typed": "TypedError", "plain": "PlainError"}.get(_dialect(name), "ErrorBody")
        for status in (status for status in statuses if status >= 400):
            response = operation["responses"][str(status)]
            assert response["content"]["application/json"]["schema"] == {"$ref": f"#/components/schemas/{shape}"}, name
            assert "`" in response["description"], f"{name} {status} names no code"


def test_operation_ids_are_the_readable_names_of_functions(document: dict[str, Any]) -> None:
    """Clients made from the document get methods one can guess."""
    names = [operation["operationId"] for _, operation in _operations(document)]
    assert all(name.isidentifier() and name.islower() for name in names)
    assert len(set(names)) == len(names)


def test_routes_that_name_a_stored_thing_document_its_absence(document: dict[str, Any]) -> None:
    """A path with an id can lead nowhere."""
    for name, operation in _operations(document):
        if "{" in name:
            assert "404" in operation["responses"], name


def test_inputs_forbid_unknown_fields(document: dict[str, Any]) -> None:
    """A mistyped field is an error of the client, never silently ignored; OpenAI's door passes it on."""
    schemas = document["components"]["schemas"]
    ours = ((name, operation) for name, operation in _operations(document) if _dialect(name) != "openai")
    for name, operation in ours:
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if media == "application/json":
                schema = content["schema"]
                body = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
                assert body.get("additionalProperties") is False, name


def test_streams_are_documented_as_such(document: dict[str, Any]) -> None:
    """A client made from the document knows what it gets, and that it may have everything already."""
    attaching = {("get", "/api/stream"), ("get", "/api/generations/{generation_id}/events")}
    streaming = attaching | {("post", "/api/stream"), ("get", "/api/events"), ("post", "/api/models/sync")}
    for method, path in streaming:
        responses = document["paths"][path][method]["responses"]
        assert "text/event-stream" in responses["200"]["content"], path
        assert ("204" in responses) == ((method, path) in attaching), path


def test_decisions_are_numbered_one_by_one_and_their_links_lead_somewhere() -> None:
    """Each file's number is its heading's, none is taken twice or left out, and none names a file that is not there."""
    folder = Path(__file__).resolve().parents[1] / "docs" / "decisions"
    files = sorted(folder.glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text()
        assert text.startswith(f"# {int(file.name[:4])}. "), file.name
        linked = re.findall(r"\]\(((?!https?:)[^)#]+)", text)
        assert [link for link in linked if not (folder / link).exists()] == [], file.name

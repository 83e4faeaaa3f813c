"""Schemathesis on a running console: requests drawn from its OpenAPI document, replies compared with it."""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness import ConsoleProcess
from tests.harness.document import DOCUMENT
from tests.harness.environment import server_environment

PROVIDER_REFUSED = 502
"""The provider's own refusal of a request whose parameters are well formed each by itself."""
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"),
    *("response_headers_conformance", "unsupported_method", "use_after_free", "negative_data_rejection"),
)
LEFT_OUT = {
    "ensure_resource_availability": "a 404 may also tell of another id in the body",
    "missing_required_header": "no route requires one",
    "allow_header_conformance": "405 names the methods of one route, several share some paths",
    "ignored_auth, object_level_authorization": "the gate's own tests walk every route without a token",
    "negative_data_rejection of GET": "in a query a blank counts as not given, and 1.0 as 1; bodies are checked",
    "positive_data_acceptance": "rules between fields are told in words, not in the document",
}
"""Checks that are not made, and why."""
SLOW = ("POST /api/admin/backups", "POST /api/admin/backups/{name}/verify", "POST /api/admin/restore")
"""Operations whose every request starts two processes: they get a tenth of the requests."""
_ID_SHARE = 0.5
_CALL_TIMEOUT_S = 30
_STREAM_EVENTS = 20


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What one run did: its own report, replies by status, calls by operation, and every reply of 500 and above."""

    ok: bool
    report: str
    statuses: Counter[int]
    operations: set[str]
    server_errors: list[tuple[str, str]]


async def fuzz(
    console: ConsoleProcess,
    ids: Mapping[str, Sequence[str | int]],
    folder: Path,
    *,
    seed: int,
    phases: str,
    examples: int,
    walks: int,
) -> Fuzzed:
    """Run it in a process of its own.

    Args:
        ids: values that name something, by the parameters of paths that they are for.
        examples: requests for each operation.
        walks: along the document's links.
    """
    config, record = folder / "schemathesis.toml", folder / "calls.ndjson"
    config.write_text(_configuration(ids, examples, walks), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("--config-file", str(config), "run", f"{console.url}/openapi.json", "--no-color"),
        *("--header", f"Authorization: Bearer {console.token}"),
        *("--phases", phases, "--max-examples", str(examples), "--seed", str(seed)),
        *("--report", "ndjson", "--report-ndjson-path", str(record)),
        cwd=folder,
        env=server_environment(PYTHONWARNINGS="ignore"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    fuzzed = Fuzzed(process.returncode == 0, output.decode(), Counter(), set(), [])
    _read(record, fuzzed)
    return fuzzed


def _configuration(ids: Mapping[str, Sequence[str | int]], examples: int, walks: int) -> str:
    """A TOML file; JSON's strings and lists are TOML's."""
    lines = [
        "continue-on-failure = true",
        f"request-timeout = {_CALL_TIMEOUT_S}",
        f"max-stream-events = {_STREAM_EVENTS}",
        # How well requests can be drawn is no matter of the product's.
        'suppress-health-check = ["all"]',
        "warnings = false",
        "[generation]",
        'database = "none"',
        # Named here: those that the command line names are made where an operation says they are not, too.
        "[checks]",
        "enabled = false",
        *(f"{check}.enabled = true" for check in CHECKS),
        f'not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", {PROVIDER_REFUSED}]',
        f'negative_data_rejection.expected-statuses = ["4xx", {PROVIDER_REFUSED}]',
        "[phases.stateful.generation]",
        f"max-examples = {walks}",
        # The live channel has no end, and is silent after its first event where nothing happens.
        "[[operations]]",
        'include-path = "/api/events"',
        "max-stream-events = 1",
        "checks.negative_data_rejection.enabled = false",
        "[[operations]]",
        'include-method = "GET"',
        "checks.negative_data_rejection.enabled = false",
    ]
    for name in SLOW:
        lines += ["[[operations]]", f"include-name = {json.dumps(name)}"]
        lines.append(f"generation.max-examples = {max(examples // 10, 1)}")
    for name, values in ids.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(list(values))}"]
    lines.append("[parameters]")
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = {_ID_SHARE} }}' for name in ids]
    return "\n".join(lines) + "\n"


def _read(record: Path, into: Fuzzed) -> None:
    """Every call of a run, from Schemathesis's own record."""
    for line in record.read_text(encoding="utf-8").splitlines():
        finished = json.loads(line).get("ScenarioFinished")
        if finished is None:
            continue
        into.operations.add(finished["recorder"]["label"])
        for call in finished["recorder"].get("interactions", {}).values():
            if (response := call["response"]) is None:
                continue
            status = response["status_code"]
            into.statuses[status] += 1
            if status >= 500:
                body = b64decode(response["content"]["$base64"]).decode("utf-8", "replace")
                into.server_errors.append((f"{call['request']['method']} {call['request']['uri']} {status}", body))


def documented_operations() -> set[str]:
    """Every operation of the document, as Schemathesis names them."""
    return {f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods}

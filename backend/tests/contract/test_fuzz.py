"""Whatever the OpenAPI document allows, and what it does not, is answered as the document says."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from emulator import Emulator
from tests.contract.fuzz import LEFT_OUT, PROVIDER_REFUSED, documented_operations, fuzz
from tests.faults import audit
from tests.faults.figures import DOCUMENT, Figures
from tests.harness import ConsoleClient, ConsoleProcess
from tests.harness.scale import Scale
from tests.harness.stored import store_of

SHORT_SEED = 20


async def filled(client: ConsoleClient) -> dict[str, list[str | int]]:
    """Something of every kind; the ids by the parameters that take them."""
    await client.post("/api/models/sync")
    profile = await client.post("/api/profiles", {"name": "given"})
    transcript = await client.answer("Hello", profile_id=profile["id"])
    generation = await client.generation(transcript.generation_id)
    await client.answer("And then?", session_id=generation["session_id"])
    compaction = await client.post(f"/api/sessions/{generation['session_id']}/compact", {"keep_turns": 1})
    return {
        "profile_id": [profile["id"]],
        "generation_id": [generation["id"]],
        "session_id": [generation["session_id"]],
        "message_id": [generation["message_id"], generation["user_message_id"]],
        "compaction_id": [compaction["id"]],
    }


@pytest.mark.faults
async def test_requests_drawn_from_the_document_are_answered_as_it_says(
    data: Path, emulator: Emulator, tmp_path: Path, scale: Scale, draw: random.Random
) -> None:
    """No 500, no status, type, header or shape that is not documented; afterwards the store agrees with itself."""
    seed = scale.of(SHORT_SEED, draw.randrange(2**32))
    token = {"CONSOLE_TOKEN": "a-token-for-the-fuzzer", "CONSOLE_LOG_LEVEL": "WARNING"}
    async with ConsoleProcess(data, upstream=emulator.base_url, variables=token) as console:
        await console.start()
        async with console.client() as client:
            ids = await filled(client)
            fuzzed = await fuzz(
                console,
                ids,
                tmp_path,
                seed=seed,
                phases=scale.of("fuzzing,stateful", "coverage,fuzzing,stateful"),
                examples=scale.of(4, 100),
                walks=scale.of(15, 500),
            )
            by_status = ", ".join(f"{count} x {status}" for status, count in sorted(fuzzed.statuses.items()))
            print(f"seed {seed}; replies by status: {by_status}")  # noqa: T201
            for check, reason in LEFT_OUT.items():
                print(f"not checked: {check}, because {reason}")  # noqa: T201
            assert fuzzed.ok, fuzzed.report[-20_000:]
            assert documented_operations() <= fuzzed.operations
            for request, body in fuzzed.server_errors:
                assert request.endswith(str(PROVIDER_REFUSED)), f"{request}: {body}"
                assert re.search(r"upstream_error|upstream_http_error|Invalid request", body), f"{request}: {body}"
            assert fuzzed.statuses[200] > scale.of(50, 1000)
            assert (await client.get("/api/health"))["status"] == "ok"
        assert "Traceback" not in console.errors()
        assert await console.interrupt() == 0
    with store_of(data) as conn:
        # Spend outlives deleted sessions, and embeddings have no generation.
        assert audit.broken_rules(conn).keys() <= {"a ledger row without a generation"}
    Figures(DOCUMENT if scale.is_long else None, seed).tell(
        "Requests drawn from the OpenAPI document",
        f"{fuzzed.statuses.total():,} requests to {len(documented_operations())} operations",
        f"0 replies of 500, 0 undocumented; {by_status}",
    )

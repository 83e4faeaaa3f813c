"""Refusals as they have been seen, and what avoids them (API reference, section 10), row by row."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

from tests.contract.surprises import GOOD, asking, refused, whole
from tests.harness import Json
from tests.services.raw_provider import RawProvider, script


async def test_row_40_more_fallbacks_than_the_provider_takes(data: Path) -> None:
    """Refused before anything is sent or stored; three are taken."""
    async with asking(data, GOOD) as it:
        body: Json = {"content": "hello", "models": ["a/b", "a/c", "a/d", "a/e"]}
        reply = await it.client.ask("POST", "/api/generations", json=body)
        assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
        assert it.provider.calls == []
        assert (await it.client.get("/api/sessions"))["items"] == []
        told = await it.answer(models=["a/b", "a/c", "a/d"])
        assert (told.message["status"], it.provider.calls[0]["models"]) == ("completed", ["a/b", "a/c", "a/d"])


async def test_row_41_no_endpoint_can_do_what_was_asked(data: Path) -> None:
    """The provider's own words say what is in the way; time will not change it, so it is asked once."""
    for number, wish in enumerate(("tool use", "image input", "structured outputs")):
        message = f"No endpoints found that support {wish}. Try disabling it."
        async with asking(data.with_name(f"data-{number}"), refused(404, {"message": message})) as it:
            told = await it.answer()
            assert told.end == ("failed", None, "upstream_model_not_found")
            assert told.error["message"] == message
            assert not told.error["retryable"]
            assert len(it.provider.calls) == 1


async def test_row_42_a_data_policy_that_looks_like_a_missing_model(data: Path) -> None:
    """The message is shown, and where to look."""
    message = "No endpoints available matching your guardrail restrictions and data policy."
    async with asking(data, refused(404, {"message": message})) as it:
        told = await it.answer()
        assert told.end == ("failed", None, "upstream_model_not_found")
        assert told.error["message"].startswith(message)
        assert "privacy settings" in told.error["message"]
        assert len(it.provider.calls) == 1


async def test_row_43_the_credit_check_uses_the_limit(data: Path) -> None:
    """One is always sent; a smaller one that the account can pay is tried, once."""
    poor = refused(
        402,
        {
            "message": "This request requires more credits, or fewer max_tokens. "
            "You requested up to 2048 tokens, but can only afford 500."
        },
    )
    async with asking(data, poor, GOOD) as it:
        assert (await it.answer()).message["content"] == "Hello"
        assert [call["max_tokens"] for call in it.provider.calls] == [2048, 500]
        it.provider.answers, it.provider.calls = [poor], []
        assert (await it.answer()).end == ("failed", None, "upstream_no_credit")
        assert [call["max_tokens"] for call in it.provider.calls] == [2048, 500]


async def test_row_44_no_loop_over_a_bad_key_or_an_empty_account(data: Path) -> None:
    """One call for an answer; after a bad key none for a while, while an account may have been filled since."""
    cases = ((401, "User not found.", "upstream_bad_key", 1), (402, "Insufficient credits.", "upstream_no_credit", 3))
    for status, message, code, calls in cases:
        async with asking(data.with_name(f"data-{status}"), refused(status, {"message": message})) as it:
            for _ in range(3):
                told = await it.answer()
                assert told.end == ("failed", None, code)
                assert (told.row["state"], told.row["cost_usd"]) == ("settled", 0)
            assert len(it.provider.calls) == calls


async def test_row_45_the_daily_limit_of_free_models(data: Path) -> None:
    """Asked once; when to come back is told, from milliseconds since the epoch."""
    reset_ms = round((time.time() + 7200) * 1000)
    headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset_ms)}
    error = {
        "message": "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free requests per day",
        "metadata": {"headers": headers, "provider_name": None},
    }
    async with asking(data, refused(429, error)) as it:
        told = await it.answer()
        assert told.end == ("failed", None, "upstream_rate_limited")
        assert 7_100_000 < told.error["retry_after_ms"] <= 7_200_000
        assert len(it.provider.calls) == 1


async def test_row_46_the_reason_inside_raw(data: Path) -> None:
    """Parsed, also as JSON in a string; named with its provider; asked again with back-off."""
    inner = json.dumps({"error": {"message": "Too many requests, slow down", "type": "tokens"}})
    for number, raw in enumerate((inner, json.loads(inner), "Too many requests, slow down")):
        error = {"message": "Provider returned error", "metadata": {"raw": raw, "provider_name": "Chutes"}}
        async with asking(data.with_name(f"data-{number}"), refused(429, error)) as it:
            told = await it.answer()
            assert told.end == ("failed", None, "upstream_rate_limited")
            assert told.error["message"] == "Chutes: Too many requests, slow down"
            assert len(it.provider.calls) == 3
            waits = [attempt["waited_ms"] for attempt in told.generation["attempts"]]
            assert waits[0] == 0
            assert 0 < waits[1] <= 10
            assert 10 <= waits[2] <= 20


async def test_row_50_parameters_that_may_not_be_ignored(data: Path) -> None:
    """Ones that do not exist are refused here; whoever insists on the others can say so."""
    async with asking(data, GOOD) as it:
        reply = await it.client.ask("POST", "/api/generations", json={"content": "hello", "temprature": 1})
        assert (reply.status_code, it.provider.calls) == (422, [])
        await it.answer(provider={"require_parameters": True}, top_k=40)
        (sent,) = it.provider.calls
        assert (sent["provider"], sent["top_k"]) == ({"require_parameters": True}, 40)


async def test_row_53_images_sometimes_meet_no_endpoint(data: Path) -> None:
    """Asked once more; a model that cannot make text is not."""
    missing = refused(404, {"message": "No endpoints found that support output modalities: image"})
    async with asking(data, missing, GOOD) as it:
        assert (await it.answer(modalities=["image", "text"])).message["content"] == "Hello"
        assert len(it.provider.calls) == 2
        it.provider.answers, it.provider.calls = [missing], []
        assert (await it.answer(modalities=["image", "text"])).error_code == "upstream_model_not_found"
        assert len(it.provider.calls) == 2
        it.provider.calls = []
        assert (await it.answer()).error_code == "upstream_model_not_found"
        assert len(it.provider.calls) == 1


async def test_row_58_the_kinds_of_403(data: Path) -> None:
    """Refused content, a spent key and anything else are told apart by what stands beside the status."""
    flagged = {"reasons": ["violence"], "flagged_input": "how to …", "provider_name": "OpenAI", "model_slug": "a/b"}
    cases: list[tuple[Json, str]] = [
        ({"message": "Your input was flagged", "metadata": flagged}, "upstream_moderated"),
        ({"message": "Blocked by guardrail", "metadata": {"patterns": ["iban"]}}, "upstream_moderated"),
        ({"message": "Only management keys can perform this operation"}, "upstream_error"),
        ({"message": "Key limit exceeded (total limit). Manage it using the settings."}, "upstream_no_credit"),
    ]
    async with asking(data, GOOD) as it:
        for error, code in cases:
            it.provider.answers, it.provider.calls = [refused(403, error)], []
            told = await it.answer()
            assert told.end == ("failed", None, code), error
            assert told.row["cost_usd"] == Decimal(0)
            assert len(it.provider.calls) == 1


async def test_redirects_are_not_followed(data: Path) -> None:
    """The key and the question go to the address that was configured, and nowhere else."""
    async with RawProvider(script(GOOD)) as elsewhere, asking(data, GOOD) as it:
        for status in (301, 302, 303, 307, 308):
            location = f"Location: {elsewhere.base_url}/chat/completions\r\n"
            it.provider.answers, it.provider.calls = [whole({}, f"{status} Moved", extra=location)], []
            told = await it.answer()
            assert told.end == ("failed", None, "upstream_error")
            assert "redirect" in told.error["message"]
            assert len(it.provider.calls) == 1
        assert elsewhere.connections == 0

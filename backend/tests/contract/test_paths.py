"""Which addresses belong to the API and which to the page."""

from __future__ import annotations

import pytest

from app.api.paths import API_PREFIXES
from tests.harness import ConsoleClient
from tests.harness.document import DOCUMENT

NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*", "text/event-stream"])
async def test_unknown_paths_of_the_api_are_json_whatever_is_accepted(client: ConsoleClient, accept: str) -> None:
    """In the dialect of the door; never the page."""
    for prefix in API_PREFIXES:
        reply = await client.ask("GET", f"{prefix}/no/such/thing", headers={"Accept": accept})
        assert reply.status_code == 404, prefix
        assert reply.headers["content-type"] == "application/json", prefix
    openai = (await client.ask("GET", "/v1/nothing")).json()
    assert openai["error"].keys() == {"message", "type", "param", "code"}
    assert (await client.ask("GET", "/chat/nothing")).json().keys() == {"error", "type"}
    assert (await client.ask("GET", "/api/nothing")).json()["error_code"] == "not_found"


async def test_paths_of_nobody_are_json_too(client: ConsoleClient) -> None:
    """What is neither the API's nor the page's is not found, and not a page with status 200."""
    for path in ("/wp-login.php", "/apix", "/application", "/api", "/app.js"):
        reply = await client.ask("GET", path)
        assert (reply.status_code, reply.json()["error_code"]) == (404, "not_found"), path


async def test_the_page_s_addresses_are_the_page(client: ConsoleClient) -> None:
    """Built or not, they answer HTML or say how to build it; the API never does."""
    for path in ("/", "/app", "/app/chat/0198", "/app/models"):
        reply = await client.ask("GET", path, headers=NAVIGATION)
        assert reply.status_code in (200, 503)
        assert reply.headers["content-type"].startswith(("text/html", "text/plain"))
        assert "content-security-policy" in reply.headers


async def test_every_documented_path_is_the_api_s() -> None:
    """The two tables do not overlap."""
    for path in DOCUMENT["paths"]:
        assert path.startswith(API_PREFIXES), path
        assert not path.startswith(("/app/", "/assets/"))


async def test_a_method_that_a_path_does_not_take_is_405(client: ConsoleClient) -> None:
    """In the same shape, with the methods it takes."""
    for method, path in (("DELETE", "/api/sessions"), ("PUT", "/api/messages"), ("POST", "/api/health")):
        reply = await client.ask(method, path)
        assert (reply.status_code, reply.json()["error_code"]) == (405, "method_not_allowed")
        assert reply.headers["allow"]


async def test_a_foreign_host_is_misdirected(client: ConsoleClient) -> None:
    """DNS rebinding finds nothing here."""
    reply = await client.ask("GET", "/api/sessions", headers={"Host": "evil.example"})
    assert (reply.status_code, reply.json()["error_code"]) == (421, "bad_host")


async def test_every_reply_names_its_request(client: ConsoleClient) -> None:
    """The client's own id if it sent one, and errors repeat it."""
    reply = await client.ask("GET", "/api/sessions/nope", headers={"X-Request-ID": "mine-1"})
    assert reply.headers["x-request-id"] == reply.json()["request_id"] == "mine-1"
    assert (await client.ask("GET", "/health")).headers["x-request-id"]

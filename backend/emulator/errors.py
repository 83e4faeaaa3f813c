"""OpenRouter's refusals: one exception that carries the status, the envelope and the headers.

Shapes and texts: API reference, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

USER_ID = "user_2emulator0000000000000000"
CREDITS_URL = "https://openrouter.ai/settings/credits"
KEYS_URL = "https://openrouter.ai/settings/keys"
PRIVACY_URL = "https://openrouter.ai/settings/privacy"
HTML_TITLES = {
    502: "Bad gateway",
    503: "Service Temporarily Unavailable",
    520: "Web server is returning an unknown error",
    522: "Connection timed out",
    524: "A timeout occurred",
}


class ApiError(Exception):
    """A call refused before its first byte; the middleware turns it into the response."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        user_id: str | None = None,
        html: bool = False,
        availability: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.metadata = metadata
        self.headers = dict(headers or {})
        self.user_id = user_id
        self.html = html
        self.availability = availability

    @property
    def content_type(self) -> str:
        return "text/html; charset=UTF-8" if self.html else "application/json"

    def body(self) -> bytes:
        """The response body: the JSON envelope, or the edge's HTML page."""
        if self.html:
            return edge_page(self.status).encode()
        body = envelope(self.status, self.message, self.metadata, self.user_id)
        if self.availability is not None:
            body["error"]["availability"] = self.availability
        return msgspec.json.encode(body)


def envelope(
    code: int | str | None,
    message: str,
    metadata: Mapping[str, Any] | None = None,
    user_id: str | None = None,
) -> dict[str, Any]:
    """``{"error": {code, message, metadata?}, user_id?}``."""
    error: dict[str, Any] = {"message": message, "code": code}
    if metadata is not None:
        error["metadata"] = metadata
    body: dict[str, Any] = {"error": error}
    if user_id is not None:
        body["user_id"] = user_id
    return body


def edge_page(status: int) -> str:
    """What the content network in front of the API answers when the API does not."""
    title = HTML_TITLES.get(status, "Error")
    return (
        '<!DOCTYPE html>\n<html lang="en-US">\n<head>\n'
        f"<title>openrouter.ai | {status}: {title}</title>\n</head>\n"
        f"<body>\n<h1>{title} <span>Error code {status}</span></h1>\n"
        "<p>Ray ID: 8f0000000000demo</p>\n</body>\n</html>\n"
    )


def invalid_request(message: str) -> ApiError:
    return ApiError(400, message, metadata={"error_type": "invalid_request"}, user_id=USER_ID)


def provider_error(status: int, provider: str | None, raw: object) -> ApiError:
    """A failure passed on from the company that serves the model."""
    metadata = {"raw": raw, "provider_name": provider, "is_byok": False}
    return ApiError(status, "Provider returned error", metadata=metadata, user_id=USER_ID)


def missing_key() -> ApiError:
    return ApiError(401, "Missing Authentication header")


def revoked_key() -> ApiError:
    return ApiError(401, "User not found.")


def no_credit() -> ApiError:
    return ApiError(
        402, f"Insufficient credits. Add more using {CREDITS_URL}", metadata={"error_type": "payment_required"}
    )


def key_limit_reached() -> ApiError:
    return ApiError(
        403, f"Key limit exceeded (total limit). Manage it using {KEYS_URL}", metadata={"provider_name": None},
        user_id=USER_ID,
    )  # fmt: skip


def management_key_needed() -> ApiError:
    return ApiError(403, "Only management keys can perform this operation", user_id=USER_ID)


def too_few_credits(requested: int, affordable: int) -> ApiError:
    return ApiError(
        402,
        "This request requires more credits, or fewer max_tokens. You requested up to "
        f"{requested} tokens, but can only afford {affordable}. To increase, visit {CREDITS_URL} "
        "and upgrade to a paid account",
        metadata={"provider_name": None},
        user_id=USER_ID,
    )


def moderated(flagged: str, provider: str, model_slug: str) -> ApiError:
    excerpt = flagged if len(flagged) <= 100 else f"{flagged[:49]}…{flagged[-50:]}"
    return ApiError(
        403,
        'Your chosen model requires moderation and your input was flagged for "violence/graphic". '
        "No credits were charged.",
        metadata={
            "reasons": ["violence/graphic"],
            "flagged_input": excerpt,
            "provider_name": provider,
            "model_slug": model_slug,
        },
        user_id=USER_ID,
    )


def no_endpoints(model: str) -> ApiError:
    return ApiError(404, f"No endpoints found for {model}.", metadata={"error_type": "not_found"}, user_id=USER_ID)


def free_limit(reset_unix_ms: int) -> ApiError:
    """The platform's own 429: the limits stand in real headers and again in the metadata, all as text."""
    limits = {
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(reset_unix_ms),
    }
    return ApiError(
        429,
        "Rate limit exceeded: free-models-per-min. ",
        metadata={"headers": limits, "provider_name": None},
        headers=limits,
        user_id=USER_ID,
    )


PLATFORM_MESSAGES = {
    408: "Operation timed out. Please try again later.",
    413: "Request payload too large",
    422: "Invalid argument",
    500: "Internal Server Error",
    503: "Service temporarily unavailable",
    524: "Provider timed out",
}

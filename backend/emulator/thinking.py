"""How a request's reasoning fields turn into reasoning, and how each model family hands it back.

API reference, sections 2.6, 4.4 and 9.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .catalogue import Family, Model
from .errors import USER_ID, ApiError

FORMATS: Mapping[Family, str] = {
    "openai": "openai-responses-v1",
    "anthropic": "anthropic-claude-v1",
    "google": "google-gemini-v1",
    "xai": "xai-responses-v1",
    "deepseek": "unknown",
    "other": "unknown",
}

_MARK = b"EMU"


@dataclass(frozen=True, slots=True)
class Wish:
    """The reasoning a request gets: none when ``effort`` is empty; hidden ones are billed but not sent."""

    effort: str = ""
    max_tokens: int | None = None
    shown: bool = True


def wish_of(model: Model, body: Mapping[str, Any]) -> Wish:
    """What a validated request asks of a model.

    Raises:
        ApiError: 400 when a model that always reasons is told not to.
    """
    asked = {key: value for key, value in body.get("reasoning", {}).items() if value is not None}
    effort = asked.get("effort") or body.get("reasoning_effort")
    if model.reasoning is None:
        return Wish()
    if asked.get("enabled") is False or effort == "none":
        if model.reasoning.mandatory:
            raise ApiError(
                400,
                "Reasoning is mandatory for this endpoint and cannot be disabled.",
                metadata={"provider_name": None},
                user_id=USER_ID,
            )
        return Wish()
    wanted = bool(effort or asked or body.get("include_reasoning"))
    if not (wanted or model.reasoning.mandatory or model.reasoning.default_enabled):
        return Wish()
    shown = not asked.get("exclude", False) and body.get("include_reasoning") is not False
    return Wish(effort or "medium", asked.get("max_tokens"), shown)


def fragment(family: Family, text: str) -> dict[str, Any]:
    """The keys of a delta that carries a bit of readable reasoning."""
    detail: dict[str, Any] = {"type": "reasoning.text", "text": text}
    if family in ("openai", "xai"):
        detail = {"type": "reasoning.summary", "summary": text}
    return {"reasoning": text, "reasoning_details": [{**detail, "format": FORMATS[family], "index": 0}]}


def closing(family: Family, generation_id: str) -> dict[str, Any] | None:
    """The opaque detail that families who sign their reasoning send after it, in a delta of its own."""
    opaque = sealed(generation_id)
    shape = {"format": FORMATS[family], "index": 0}
    if family == "anthropic":
        detail = {"type": "reasoning.text", "signature": opaque, **shape}
    elif family in ("openai", "xai"):
        detail = {"type": "reasoning.encrypted", "data": opaque, "id": f"rs_{generation_id[-20:]}", **shape}
    elif family == "google":
        detail = {"type": "reasoning.encrypted", "data": opaque, **shape}
    else:
        return None
    return {"reasoning_details": [detail]}


def sealed(generation_id: str) -> str:
    """Opaque text that tells whether it was altered on its way."""
    nonce = hashlib.sha256(generation_id.encode()).digest()[:12]
    return base64.b64encode(_MARK + nonce + _seal_of(nonce)).decode()


def is_altered(opaque: str) -> bool:
    """Whether a text began as one of ours and is not what it was; foreign texts are not judged."""
    if not opaque.startswith(base64.b64encode(_MARK).decode()):
        return False
    try:
        whole = base64.b64decode(opaque, validate=True)
    except ValueError:
        return True
    nonce = whole[len(_MARK) : len(_MARK) + 12]
    return whole != _MARK + nonce + _seal_of(nonce)


def _seal_of(nonce: bytes) -> bytes:
    return hashlib.sha256(_MARK + nonce).digest()[:12]


def whole(family: Family, generation_id: str, text: str) -> dict[str, Any]:
    """``reasoning`` and ``reasoning_details`` of a message that was not streamed."""
    keys = fragment(family, text)
    end = closing(family, generation_id)
    if end is None:
        return keys
    (detail,) = end["reasoning_details"]
    if family == "anthropic":
        keys["reasoning_details"][0]["signature"] = detail["signature"]
    else:
        keys["reasoning_details"].append({**detail, "index": 1 if family == "xai" else 0})
    return keys

"""What clients of OpenRouter look up beside answers, in OpenRouter's shapes (API reference, sections 7.3 and 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from app.schemas.types import Usd

CallId = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[!-~]+$")]


class CallQuery(BaseModel, extra="forbid"):
    id: Annotated[
        CallId, Field(description="`X-Generation-Id`, the `id` of an answer, or the provider's own id of it.")
    ]


@dataclass(slots=True, kw_only=True)
class Count:
    count: int


@dataclass(slots=True, kw_only=True)
class CountReply:
    data: Count


class ToldReply(BaseModel, extra="allow"):
    """The provider's reply as it came."""

    data: Any


@dataclass(slots=True, kw_only=True)
class PaidCallRecord:
    """A paid call as the ledger has it; money in US dollars. What the ledger does not know is null.

    `is_byok`, `origin` and `data_region` are never null in this API, and are false, empty and `global` here.
    """

    id: str
    upstream_id: str | None
    model: str
    provider_name: str | None
    created_at: str
    api_type: str
    finish_reason: str | None
    cancelled: bool | None
    latency: int | None
    tokens_prompt: int | None
    tokens_completion: int | None
    native_tokens_prompt: int | None
    native_tokens_completion: int | None
    native_tokens_cached: int | None
    native_tokens_reasoning: int | None
    usage: Usd
    total_cost: Usd
    is_byok: bool = False
    origin: str = ""
    data_region: str = "global"
    streamed: bool | None = None
    native_finish_reason: str | None = None
    generation_time: int | None = None
    moderation_latency: int | None = None
    native_tokens_completion_images: int | None = None
    num_media_prompt: int | None = None
    num_media_completion: int | None = None
    num_input_audio_prompt: int | None = None
    num_search_results: int | None = None
    num_fetches: int | None = None
    upstream_inference_cost: Usd | None = None
    cache_discount: Usd | None = None
    app_id: int | None = None
    external_user: str | None = None
    http_referer: str | None = None
    user_agent: str | None = None
    router: str | None = None
    preset_id: str | None = None
    session_id: str | None = None
    request_id: str | None = None
    workspace_id: str | None = None
    service_tier: str | None = None
    web_search_engine: str | None = None
    response_cache_source_id: str | None = None
    provider_responses: list[Any] | None = None


@dataclass(slots=True, kw_only=True)
class PaidCallReply:
    data: PaidCallRecord

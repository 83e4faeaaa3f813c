"""What follows from what providers say of a model: who takes which parameter, what it can do. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.repo.model_prices import pricing_of, tiers_of
from app.schemas.model_detail import Capabilities, Endpoint, ParameterAnalysis
from app.schemas.models import Model
from app.services.catalog.rows import stored_prices
from app.services.upstream.outcome import counted
from app.services.upstream.wire import WireEndpoint


def endpoint_of(wire: WireEndpoint) -> Endpoint:
    """An endpoint as we show it."""
    prices = stored_prices(wire.pricing)
    return Endpoint(
        provider_name=wire.provider_name or wire.tag or wire.name or "unknown",
        tag=wire.tag,
        context_length=counted(wire.context_length),
        max_output_tokens=counted(wire.max_completion_tokens),
        max_prompt_tokens=counted(wire.max_prompt_tokens),
        quantization=wire.quantization,
        pricing=pricing_of(prices),
        price_tiers=tiers_of(prices),
        supported_parameters=sorted(set(wire.supported_parameters or ())),
        status=wire.status,
        uptime_last_30m=wire.uptime_last_30m,
        latency_last_30m=wire.latency_last_30m,
        throughput_last_30m=wire.throughput_last_30m,
        supports_implicit_caching=wire.supports_implicit_caching,
    )


def analyse(endpoints: Sequence[Endpoint] | None, listed: Sequence[str]) -> ParameterAnalysis:
    """Who takes which parameter; ``listed`` is the model's own list, which stands in where no endpoints are known.

    A company that serves the model twice is told apart by its tags.
    """
    if not endpoints:
        return ParameterAnalysis(union=sorted(set(listed)), intersection=None, by_provider={})
    times = Counter(endpoint.provider_name for endpoint in endpoints)
    taken = [set(endpoint.supported_parameters) for endpoint in endpoints]
    return ParameterAnalysis(
        union=sorted(set.union(*taken)),
        intersection=sorted(set.intersection(*taken)),
        by_provider={
            one.provider_name if times[one.provider_name] == 1 else f"{one.provider_name} ({one.tag})": (
                one.supported_parameters
            )
            for one in endpoints
        },
    )


def capabilities_of(model: Model) -> Capabilities:
    """What a model can do, as far as its provider says."""
    taken, into, out = model.supported_parameters, model.modalities.input, model.modalities.output
    return Capabilities(
        tools=_in(taken, "tools"),
        parallel_tools=_in(taken, "parallel_tool_calls"),
        json_mode=_in(taken, "response_format"),
        structured_outputs=_in(taken, "structured_outputs"),
        reasoning=model.is_reasoning,
        toggleable_reasoning=model.is_toggleable,
        images=_in(into, "image"),
        files=_in(into, "file"),
        audio=_in(into, "audio"),
        video=_in(into, "video"),
        image_output=_in(out, "image"),
        audio_output=_in(out, "audio"),
        logprobs=_in(taken, "logprobs"),
        prompt_caching=model.pricing.cache_read is not None,
    )


def _in(names: Sequence[str], name: str) -> bool | None:
    return name in names if names else None

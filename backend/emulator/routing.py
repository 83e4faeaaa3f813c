"""Which endpoint serves a call: the request's ``provider`` object as filters and order (API reference, section 2.7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .catalogue import Endpoint, Model
from .errors import PRIVACY_URL, ApiError

# Parameters that an endpoint may or may not understand.
OPTIONAL = frozenset(
    {
        "temperature", "top_p", "top_k", "min_p", "top_a", "frequency_penalty", "presence_penalty",
        "repetition_penalty", "seed", "stop", "logit_bias", "logprobs", "top_logprobs", "tools", "tool_choice",
        "response_format", "structured_outputs", "reasoning", "verbosity", "web_search_options", "prediction",
    }
)  # fmt: skip
_PER_MILLION = ("prompt", "completion")
_VARIANT_SORTS = {"nitro": "throughput", "floor": "price", "exacto": "exacto"}
_NOT_ALLOWED = "No allowed providers are available for the selected model."
_PRIVATE = (
    "No endpoints available matching your guardrail restrictions and data policy. "
    f"Configure: {PRIVACY_URL}"
)  # fmt: skip
_UNABLE = "No endpoints found that can handle the requested parameters."

Test = Callable[[Endpoint], bool]


def needs_of(body: Mapping[str, Any]) -> set[str]:
    """The optional parameters that a request sends."""
    needed = set(OPTIONAL & body.keys())
    if body.get("response_format", {}).get("type") == "json_schema":
        needed.add("structured_outputs")
    return needed


def choose(model: Model, body: Mapping[str, Any], variants: Collection[str] = ()) -> Endpoint:
    """The best of the endpoints that a request leaves.

    Raises:
        ApiError: 404 when its filters leave none, with the filter in ``error.availability`` (section 6.5).
    """
    routing = {key: value for key, value in body.get("provider", {}).items() if value is not None}
    left = list(model.endpoints)
    for field, message, excluded_by, test in _filters(model, routing, body):
        kept = [endpoint for endpoint in left if test(endpoint)]
        if not kept:
            raise _filtered(model, left, message or f"No endpoints found for {model.id}.", field, excluded_by)
        left = kept
    ranked = _ranked(left, routing, variants)
    # Those that cannot hold to a schema come last, and are not excluded (section 2.5).
    wanted = needs_of(body) & {"structured_outputs"}
    ranked.sort(key=lambda endpoint: not wanted <= set(model.parameters_at(endpoint)))
    listed = [endpoint for slug in routing.get("order", ()) for endpoint in ranked if named(endpoint, [slug])]
    return (listed or ranked)[0]


def named(endpoint: Endpoint, slugs: Collection[str]) -> bool:
    """Whether one of the slugs means the endpoint: its tag, its provider, or the provider's name."""
    return not {slug.lower() for slug in slugs}.isdisjoint(
        {endpoint.tag.lower(), endpoint.slug.lower(), endpoint.provider_name.lower()}
    )


def _filters(model: Model, routing: Mapping[str, Any], body: Mapping[str, Any]) -> list[tuple[str, str, str, Test]]:
    only, ignore, order = routing.get("only", ()), routing.get("ignore", ()), routing.get("order", ())
    levels, ceiling = routing.get("quantizations", ()), routing.get("max_price", {})
    needed = needs_of(body)
    is_strict = bool((body.get("response_format", {}).get("json_schema") or {}).get("strict"))
    listed_only = bool(order) and routing.get("allow_fallbacks") is False
    wanted: list[tuple[object, str, str, str, Test]] = [
        ("only" in routing, "provider.only", _NOT_ALLOWED, "allowed_providers", lambda it: named(it, only)),
        (ignore, "provider.ignore", _NOT_ALLOWED, "allowed_providers", lambda it: not named(it, ignore)),
        (listed_only, "provider.order", _NOT_ALLOWED, "allowed_providers", lambda it: named(it, order)),
        (
            routing.get("require_parameters"), "provider.require_parameters", _UNABLE, "require_parameters",
            lambda it: set(needed) <= set(model.parameters_at(it)),
        ),
        (
            is_strict, "response_format.json_schema.strict", _UNABLE, "require_parameters",
            lambda it: "structured_outputs" in model.parameters_at(it),
        ),
        (
            routing.get("data_collection") == "deny", "provider.data_collection", _PRIVATE, "data_policy:training",
            lambda it: not it.trains,
        ),
        (routing.get("zdr"), "provider.zdr", _PRIVATE, "data_policy:zdr", lambda it: not it.retains),
        (
            routing.get("enforce_distillable_text"), "provider.enforce_distillable_text", _PRIVATE,
            "data_policy:training", lambda it: it.distillable,
        ),
        (
            "quantizations" in routing, "provider.quantizations", "", "quantization",
            lambda it: (it.quantization or "unknown") in levels,
        ),
        (ceiling, "provider.max_price", "", "max_price", lambda it: _is_within(model.pricing_at(it), ceiling)),
    ]  # fmt: skip
    return [tuple_[1:] for tuple_ in wanted if tuple_[0]]


def _is_within(pricing: Mapping[str, Any], ceiling: Mapping[str, Any]) -> bool:
    for key, limit in ceiling.items():
        unit = 1_000_000 if key in _PER_MILLION else 1
        if limit is not None and Decimal(pricing.get(key, "0")) * unit > Decimal(str(limit)):
            return False
    return True


def _ranked(endpoints: Sequence[Endpoint], routing: Mapping[str, Any], variants: Collection[str]) -> list[Endpoint]:
    asked = routing.get("sort")
    by = asked.get("by") if isinstance(asked, dict) else asked
    by = by or next((sort for variant, sort in _VARIANT_SORTS.items() if variant in variants), None)
    match by:
        case "price":
            return sorted(endpoints, key=lambda endpoint: Decimal(endpoint.price_factor))
        case "throughput":
            return sorted(endpoints, key=lambda endpoint: -endpoint.tokens_per_s)
        case "latency":
            return sorted(endpoints, key=lambda endpoint: endpoint.first_token_ms)
        case _:
            return list(endpoints)


def _filtered(model: Model, endpoints: Sequence[Endpoint], message: str, field: str, excluded_by: str) -> ApiError:
    is_private = message == _PRIVATE
    availability = {
        "code": "privacy_restricted" if is_private else "constraint_filtered",
        "retryable": False,
        "requested_models": [model.id],
        "affected_providers": [endpoint.provider_name for endpoint in endpoints],
        "excluded_by": [excluded_by],
        "fallback_models": [],
        "constraint": {"field": field, "detail": message},
    }
    return ApiError(404, message, metadata={"error_type": "not_found"}, availability=availability)

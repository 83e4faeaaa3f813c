"""The companies that serve models, and what sets their endpoints apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .catalogue import Endpoint

OPENAI = Endpoint("OpenAI", "openai", stops_on_cancel=True, tokens_per_s=80, distillable=False)
AZURE = Endpoint(
    "Azure", "azure", stops_on_cancel=True, tokens_per_s=110, retains=False, distillable=False, lacks=("prediction",)
)
ANTHROPIC = Endpoint("Anthropic", "anthropic", stops_on_cancel=True, first_token_ms=900, distillable=False)
BEDROCK = Endpoint(
    "Amazon Bedrock", "amazon-bedrock", stops_on_cancel=False, retains=False, distillable=False, lacks=("top_k",)
)
STUDIO = Endpoint("Google AI Studio", "google-ai-studio", stops_on_cancel=False, trains=True, distillable=False)
VERTEX = Endpoint("Google", "google-vertex", stops_on_cancel=False, first_token_ms=450, distillable=False)
XAI = Endpoint("xAI", "xai", stops_on_cancel=True, distillable=False)
DEEPSEEK = Endpoint("DeepSeek", "deepseek", stops_on_cancel=True, quantization="fp8", tokens_per_s=30, trains=True)
DEEPINFRA = Endpoint("DeepInfra", "deepinfra/turbo", stops_on_cancel=True, quantization="fp8", retains=False)
NOVITA = Endpoint("Novita", "novita/fp8", stops_on_cancel=True, quantization="fp8", lacks=("structured_outputs",))
TOGETHER = Endpoint("Together", "together", stops_on_cancel=True, quantization="fp16", tokens_per_s=90, retains=False)
GROQ = Endpoint("Groq", "groq", stops_on_cancel=False, first_token_ms=150, tokens_per_s=400, lacks=("logit_bias",))
MISTRAL = Endpoint("Mistral", "mistral", stops_on_cancel=False)
CHUTES = Endpoint("Chutes", "chutes/bf16", stops_on_cancel=True, quantization="bf16", trains=True, tokens_per_s=20)


def dearer(endpoint: Endpoint, factor: str) -> Endpoint:
    """The same company, at so many times the model's listed price."""
    return replace(endpoint, price_factor=factor)


def as_json(endpoints: Iterable[Endpoint]) -> list[dict[str, Any]]:
    """The ``data`` of ``GET /providers``: each company once, by name."""
    companies = {endpoint.slug: endpoint.provider_name for endpoint in endpoints}
    return [
        {
            "name": name,
            "slug": slug,
            "privacy_policy_url": f"https://example.org/{slug}/privacy",
            "terms_of_service_url": f"https://example.org/{slug}/terms",
            "status_page_url": None,
            "headquarters": None,
            "datacenters": None,
        }
        for slug, name in sorted(companies.items(), key=lambda company: company[1])
    ]

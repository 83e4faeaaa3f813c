"""What models are called together."""

from __future__ import annotations

import pytest

from app.services.catalog.families import ALIASES, LABELS, family_called, family_of, label_of


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gpt", "openai"),
        ("ChatGPT", "openai"),
        ("claude", "anthropic"),
        ("gemini", "google"),
        ("llama", "meta-llama"),
        ("meta", "meta-llama"),
        ("mixtral", "mistralai"),
        ("command", "cohere"),
        ("grok", "x-ai"),
        (" OpenAI ", "openai"),
        ("somebody", "somebody"),
    ],
)
def test_people_s_names(name: str, family: str) -> None:
    assert family_called(name) == family


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("openai/gpt-5", "openai"),
        ("~anthropic/claude-sonnet-latest", "anthropic"),
        ("meta-llama/llama-3.3-70b-instruct:free", "meta-llama"),
        ("vllm/Qwen/qwen3", "qwen"),
        ("llama3.2:3b", "meta-llama"),
        ("gpt-oss:20b", "openai"),
        ("qwen3:8b", "qwen"),
        ("deepseek-r1:14b", "deepseek"),
        ("nomic-embed-text", "ollama"),
    ],
)
def test_families_of_models(name: str, family: str) -> None:
    """By the author, or by how a bare name begins."""
    assert family_of(name, otherwise="ollama") == family


def test_labels() -> None:
    """Every alias leads to a family with a label; others make do with their name."""
    assert set(ALIASES.values()) <= LABELS.keys()
    assert not ALIASES.keys() & LABELS.keys()
    assert label_of("anthropic") == "Anthropic (Claude)"
    assert label_of("some-body_new") == "Some Body New"

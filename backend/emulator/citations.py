"""Annotations: pages found on the web, and files parsed for an answer (API reference, section 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .catalogue import Model
from .scenarios import Citations

RESULTS = 5
MAX_RESULTS = 25
_CONTEXT_RESULTS = {"low": 2, "medium": 3, "high": 5}
_SHORTHANDS = ("openrouter:web_search", "web_search")
_SITES = ("example.org", "example.com", "example.net", "docs.example.org", "news.example.com")


def results_of(model: Model, body: Mapping[str, Any], variants: Collection[str]) -> int:
    """How many pages a request has searched for: by the plugin, a server tool, native options, or ``:online``."""
    for plugin in body.get("plugins", []):
        if plugin["id"] == "web" and plugin.get("enabled") is not False:
            return _bounded(plugin.get("max_results"))
    for tool in body.get("tools", []):
        if tool["type"].startswith(_SHORTHANDS) and body.get("tool_choice") != "none":
            return _bounded((tool.get("parameters") or {}).get("max_results"))
    if "web_search_options" in body and "web_search_options" in model.supported_parameters:
        return _CONTEXT_RESULTS.get(str(body["web_search_options"].get("search_context_size")), 3)
    return RESULTS if "online" in variants else 0


def pages(body: Mapping[str, Any], question: str, text: str, count: int, form: Citations) -> list[dict[str, Any]]:
    """Annotations for so many pages, each with its span of the answer; bare ones have neither title nor span."""
    allowed = _domains(body)
    words = " ".join(question.split()) or "demo"
    found = []
    for at in range(form.n if form.n is not None else count):
        site = allowed[at % len(allowed)]
        page = hashlib.sha256(f"{question}/{at}".encode()).hexdigest()[:8]
        start, end = at * len(text) // max(count, 1), (at + 1) * len(text) // max(count, 1)
        citation = {
            "url": f"https://{site}/{page}",
            "title": f"{words[:40]}, page {at + 1}",
            "content": f"What {site} says about {words[:80]}.",
            "start_index": start,
            "end_index": end,
        }
        if form.form == "bare":
            citation |= {"title": "", "start_index": 0, "end_index": 0}
        found.append({"type": "url_citation", "url_citation": citation})
    return found


def parsed_files(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An annotation per file that the history does not bring already parsed."""
    known = {
        annotation["file"].get("name")
        for message in messages
        for annotation in message.get("annotations") or []
        if annotation.get("type") == "file"
    }
    found = []
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else []:
            if part["type"] != "file" or part["file"].get("filename") in known:
                continue
            name, data = part["file"].get("filename", "document.pdf"), part["file"].get("file_data", "")
            text = {"type": "text", "text": f'<file name="{name}">\n{len(data)} characters\n</file>'}
            digest = hashlib.sha256(data.encode(errors="surrogatepass")).hexdigest()
            found.append({"type": "file", "file": {"hash": digest, "name": name, "content": [text]}})
    return found


def _domains(body: Mapping[str, Any]) -> Sequence[str]:
    sources = [plugin.get("include_domains") for plugin in body.get("plugins", []) if plugin["id"] == "web"]
    sources += [(tool.get("parameters") or {}).get("allowed_domains") for tool in body.get("tools", [])]
    return next((domains for domains in sources if domains), _SITES)


def _bounded(asked: object) -> int:
    return min(max(asked, 1), MAX_RESULTS) if isinstance(asked, int) else RESULTS

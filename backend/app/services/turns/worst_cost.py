"""The most that a call can cost, before it is made: what is reserved in the ledger and held of a budget. Pure.

Every price of the catalogue counts that the call can incur (API reference, sections 5 and 7.2). Where a provider's
work has no price there, its own list price does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.core.money import MAX_CALL_PICOUSD, PICO_PER_USD
from app.db.types import Row
from app.services.catalog.prices import dearest
from app.services.context.tokens import media_tokens_of, most_prompt_tokens
from app.services.upstream.request import output_limit
from app.services.upstream.server_work import ServerWork, server_work

RESULT_PICOUSD: Final = 4 * PICO_PER_USD // 1000
"""A page that a search found: what OpenRouter takes for Exa, its usual engine, by the result."""
SEARCH_PICOUSD: Final = 6 * PICO_PER_USD // 1000
"""A search, where engines charge by the search: five dollars a thousand, and one for more than ten results."""
PAGE_PICOUSD: Final = PICO_PER_USD // 1000
"""A page that is fetched."""
SCANNED_PICOUSD: Final = 2 * PICO_PER_USD // 1000
"""A page of a PDF that is read by ``mistral-ocr`` (section 2.8)."""
MOST_SCANNED: Final = 1000
BYTES_PER_SCANNED: Final = 100
"""Of a PDF: no page is described in fewer."""
PICTURE_TOKENS: Final = 6500
"""A large picture of the dearest kind on record. The limit of an answer may be passed by the picture it ends with."""
MESSAGE_TOKENS: Final = 8
"""What sets a message apart from the next one, and its role."""
MARKS_TOKENS: Final = 2
"""The begin and end of a text that is embedded."""
TOOLS_TOKENS: Final = 500
"""What tells a model that it has tools."""
_FREE_PARSERS: Final = frozenset({"cloudflare-ai", "pdf-text"})
# Where what is written to a cache is paid on top of being read.
_STORAGE_FEES: Final = ("google/", "~google/")


class _Open(Exception):
    """A price is needed that nobody tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """What of a request is billed, in whose unit each price is."""

    prompt_tokens: int
    answer_tokens: int
    images: int = 0
    image_tokens: int = 0
    audio_tokens: int = 0
    scanned: int = 0
    scans_natively: bool = True
    is_kept_long: bool = False
    modalities: frozenset[str] = frozenset()


def worst_cost_picousd(body: Mapping[str, Any], offers: Sequence[Row | None]) -> int | None:
    """The most a call can cost: its prompt at a token a byte, its full limit, and all that it lets its provider do.

    A search that the catalogue does not price counts at the list price of the usual engine. A provider's own tools
    count as often as they may be called, with the conversation read and an answer written each time.

    Args:
        offers: the prices of each model that may answer: the dearest of them counts.

    Returns:
        Picodollars. None when it is open: a model without prices, a price that varies, a preset, or a tool or plugin
        that asks other models.
    """
    work = server_work(body)
    if work is None or not offers:
        return None
    size = _size(body)
    try:
        return max(_worst_of(prices, size, work) for prices in offers)
    except _Open:
        return None


def worst_embedding_picousd(value: object, prices: Row | None) -> int | None:
    """The same for the input of embeddings: texts, token ids, or objects with parts."""
    size = replace(_size({"messages": value}), prompt_tokens=input_tokens(value), answer_tokens=0)
    try:
        return _worst_of(prices, size, ServerWork())
    except _Open:
        return None


def input_tokens(value: object) -> int:
    """The most tokens of what is to be embedded: token ids as they are, text by its bytes."""
    if isinstance(value, list):
        return sum(map(input_tokens, value))
    return 1 if isinstance(value, int) else most_prompt_tokens({"messages": value}) + MARKS_TOKENS


def _worst_of(prices: Row | None, size: _Size, work: ServerWork) -> int:
    if prices is None:
        raise _Open
    native = bool(work.searches and dearest(prices, prompt_tokens=0).get("web_search"))
    times = 1 + (work.native_rounds if native else work.rounds)
    read = size.prompt_tokens + work.tokens + (times - 1) * size.answer_tokens
    room = max((prices.get(name) or 0 for name in ("context_length", "usable_context")), default=0)
    if room:  # no more can be read at once
        read = min(read, room)
    price = _Prices(dearest(prices, prompt_tokens=read))
    total = times * (
        read * _prompt_price(prices, price, size)
        + _media_cost(price, size)
        + price.of("request")
        + _answer_cost(prices, price, size)
    )
    if work.searches:
        total += max(
            work.searches * price.of("web_search"), work.searches * SEARCH_PICOUSD, work.results * RESULT_PICOUSD
        )
    total += work.pages * PAGE_PICOUSD
    if size.scanned and not (size.scans_natively and "file" in (prices.get("input_modalities") or "")):
        total += size.scanned * SCANNED_PICOUSD
    return min(total, MAX_CALL_PICOUSD)


class _Prices:
    """Looks prices up; what is not priced is not charged."""

    def __init__(self, found: Mapping[str, int | None]) -> None:
        self._found = found

    def of(self, name: str) -> int:
        """Raises _Open for a price that varies."""
        price = self._found.get(name, 0)
        if price is None:
            raise _Open
        return price

    def most_of(self, *names: str) -> int:
        return max(map(self.of, names))


def _prompt_price(prices: Row, price: _Prices, size: _Size) -> int:
    """The dearest class that a token of the prompt can be of: plain, read from a cache or written to it."""
    written = price.most_of("cache_write", *(("cache_write_1h",) if size.is_kept_long else ()))
    if str(prices.get("id")).startswith(_STORAGE_FEES):
        return price.most_of("prompt", "cache_read") + written
    return max(price.most_of("prompt", "cache_read"), written)


def _media_cost(price: _Prices, size: _Size) -> int:
    """What pictures and sound cost beyond their tokens at the price of text."""
    if not (size.images or size.audio_tokens):
        return 0
    text = price.of("prompt")
    pictures = size.images * price.of("image") + size.image_tokens * max(price.of("image_token") - text, 0)
    return pictures + size.audio_tokens * max(price.most_of("audio", "audio_cache") - text, 0)


def _answer_cost(prices: Row, price: _Prices, size: _Size) -> int:
    told = prices.get("output_modalities") or ""
    draws, speaks = (kind in size.modalities or f'"{kind}"' in told for kind in ("image", "audio"))
    names = ["completion", "reasoning", *(["image_output"] if draws else []), *(["audio_output"] if speaks else [])]
    tokens = size.answer_tokens + (PICTURE_TOKENS if draws else 0)
    return tokens * price.most_of(*names) if tokens else 0


def _size(body: Mapping[str, Any]) -> _Size:
    images = image_tokens = audio_tokens = scanned = 0
    parser = _pdf_parser(body)
    parts = list(_parts(body.get("messages")))
    for part in parts:
        match part.get("type"):
            case "image_url":
                images += 1
                image_tokens += media_tokens_of(part)
            case "input_audio":
                audio_tokens += media_tokens_of(part)
            case "file" if parser not in _FREE_PARSERS:
                scanned += _scanned(part)
    # What is predicted and not used is paid as well.
    predicted = most_prompt_tokens({"messages": body["prediction"]}) if body.get("prediction") else 0
    modalities = body.get("modalities") or ()
    return _Size(
        prompt_tokens=most_prompt_tokens(body) + _framing(body),
        answer_tokens=(output_limit(body) or 0) + predicted,
        images=images,
        image_tokens=image_tokens,
        audio_tokens=audio_tokens,
        scanned=scanned,
        scans_natively=parser != "mistral-ocr",
        is_kept_long=_is_kept_long((body, *(body.get("tools") or ()), *parts)),
        modalities=frozenset(each for each in modalities if isinstance(each, str)),
    )


def _framing(body: Mapping[str, Any]) -> int:
    """Tokens that providers put around what they are sent."""
    messages = body.get("messages")
    between = len(messages) * MESSAGE_TOKENS if isinstance(messages, list) else 0
    return between + (TOOLS_TOKENS if body.get("tools") else 0)


def _parts(messages: object) -> Iterator[Mapping[str, Any]]:
    """The parts of all messages that are not plain text."""
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, Mapping) else None
        if isinstance(content, list):
            yield from (part for part in content if isinstance(part, Mapping))


def _pdf_parser(body: Mapping[str, Any]) -> str:
    """The engine that a request names for PDFs, empty for none."""
    for plugin in body.get("plugins") or ():
        if isinstance(plugin, Mapping) and plugin.get("id") == "file-parser" and isinstance(plugin.get("pdf"), Mapping):
            return str(plugin["pdf"].get("engine") or "")
    return ""


def _scanned(part: Mapping[str, Any]) -> int:
    """The most pages a file can have; text has none."""
    held = part.get("file")
    data = held.get("file_data") if isinstance(held, Mapping) else None
    if not isinstance(data, str) or not data.startswith("data:"):
        return MOST_SCANNED
    if data.startswith("data:text/"):
        return 0
    return min(len(data) * 3 // 4 // BYTES_PER_SCANNED + 1, MOST_SCANNED)


def _is_kept_long(marked: Iterable[object]) -> bool:
    """Whether one of these is to be cached for an hour, which costs more (section 2.3)."""
    marks = (part.get("cache_control") for part in marked if isinstance(part, Mapping))
    return any(isinstance(mark, Mapping) and mark.get("ttl") == "1h" for mark in marks)

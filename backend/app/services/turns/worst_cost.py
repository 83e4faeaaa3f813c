"""The most that a call can cost, before it is made: what is reserved in the ledger and held of a budget. Pure.

Every price of the catalogue counts that the call can incur (API reference, sections 5 and 7.2). Where a provider's
work has no price there, its own list price does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from app.core.json import encode
from app.core.money import MAX_CALL_PICOUSD, PICO_PER_USD
from app.db.types import Row
from app.services.catalog.prices import dearest
from app.services.turns.most_tokens import PromptSize, is_plain_file, media_parts, most_picture_tokens, prompt_size
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
MARKS_TOKENS: Final = 2
"""The begin and end of a text that is embedded."""
TOOLS_TOKENS: Final = 500
"""What tells a model that it has tools."""
_FREE_PARSERS: Final = frozenset({"cloudflare-ai", "pdf-text"})
# Where what is written to a cache is paid on top of being read.
_STORAGE_FEES: Final = ("google/", "~google/")


class _Open(Exception):
    """A price is needed that nobody tells."""


class _Size(Struct, frozen=True, kw_only=True):
    """What of a request is billed, in whose unit each price is."""

    prompt: PromptSize
    answer_tokens: int
    scanned: int = 0
    scans_natively: bool = True
    is_kept_long: bool = False
    modalities: frozenset[str] = frozenset()


def worst_cost_picousd(body: Mapping[str, Any], offers: Sequence[Row | None]) -> int | None:
    """The most a call can cost: its prompt at a token a byte, its full limit, and all that it lets its provider do.

    Files, sound and films count as all that the model can read: no size of theirs bounds what they hold. A search
    that the catalogue does not price counts at the list price of the usual engine. A provider's own tools count as
    often as they may be called, with the conversation read and an answer written each time.

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
    try:
        return _worst_of_inputs(prices, value)
    except _Open:
        return None


def input_tokens(value: object) -> int:
    """The most tokens of what is to be embedded: token ids as they are, text by its bytes."""
    if isinstance(value, list):
        return sum(map(input_tokens, value))
    return 1 if isinstance(value, int) else len(encode(value)) + MARKS_TOKENS


def _worst_of_inputs(prices: Row | None, value: object) -> int:
    if prices is None:
        raise _Open
    with_parts = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    price = _Prices(dearest(prices, prompt_tokens=input_tokens(value)))
    if not with_parts:
        return min(input_tokens(value) * price.of("prompt") + price.of("request"), MAX_CALL_PICOUSD)
    total = price.of("request")
    for item in with_parts:
        size = prompt_size(item, media_parts([item]))
        read = _read_at_once(prices, size, MARKS_TOKENS)
        total += read * price.of("prompt") + _media_cost(prices, price, size, read)
    return min(total, MAX_CALL_PICOUSD)


def _worst_of(prices: Row | None, size: _Size, work: ServerWork) -> int:
    if prices is None:
        raise _Open
    native = bool(work.searches and dearest(prices, prompt_tokens=0).get("web_search"))
    times = 1 + (work.native_rounds if native else work.rounds)
    read = _read_at_once(prices, size.prompt, work.tokens + (times - 1) * size.answer_tokens)
    price = _Prices(dearest(prices, prompt_tokens=read))
    total = times * (
        read * _prompt_price(prices, price, size)
        + _media_cost(prices, price, size.prompt, read)
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


def _read_at_once(prices: Row, size: PromptSize, more: int) -> int:
    """The tokens of a prompt, no more than the model can read. Raises _Open for what only that bounds, if unknown.

    Not where reading is free: no limit is needed there.
    """
    room = max(prices.get("context_length") or 0, prices.get("usable_context") or 0)
    if size.unbounded and room:
        return room
    if size.unbounded and prices.get("prompt_picousd") != 0:
        raise _Open
    read = size.text_tokens + size.pictures * most_picture_tokens(str(prices.get("id"))) + more
    return min(read, room) if room else read


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


def _media_cost(prices: Row, price: _Prices, size: PromptSize, read: int) -> int:
    """What pictures and sound cost beyond their tokens at the price of text; a film is both, a file holds pictures."""
    if not (size.pictures or size.unbounded):
        return 0
    text, sounds, shows = price.of("prompt"), size.unbounded - {"file"}, size.unbounded - {"input_audio"}
    image_tokens = read if shows else min(size.pictures * most_picture_tokens(str(prices.get("id"))), read)
    beyond = image_tokens * max(price.of("image_token") - text, 0) if image_tokens else 0
    if sounds:
        beyond += read * max(price.most_of("audio", "audio_cache") - text, 0)
    return beyond + (size.pictures * price.of("image") if size.pictures else 0)


def answer_prices(prices: Row, modalities: frozenset[str]) -> tuple[str, ...]:
    """The prices that a token of an answer may be billed at, with the modalities that a request asks for.

    A model that can draw or speak may do so without being asked.
    """
    told = prices.get("output_modalities") or ""
    names = ["completion", "reasoning"]
    names += [f"{kind}_output" for kind in ("image", "audio") if kind in modalities or f'"{kind}"' in told]
    return tuple(names)


def modalities_of(body: Mapping[str, Any]) -> frozenset[str]:
    """What kinds of answer a request asks for."""
    return frozenset(each for each in body.get("modalities") or () if isinstance(each, str))


def _answer_cost(prices: Row, price: _Prices, size: _Size) -> int:
    names = answer_prices(prices, size.modalities)
    tokens = size.answer_tokens + (PICTURE_TOKENS if "image_output" in names else 0)
    return tokens * price.most_of(*names) if tokens else 0


def _size(body: Mapping[str, Any]) -> _Size:
    parser = _pdf_parser(body)
    parts = list(media_parts(body.get("messages")))
    files = [part for part in parts if part.get("type") == "file"] if parser not in _FREE_PARSERS else []
    # What is predicted and not used is paid as well.
    predicted = len(encode(body["prediction"])) if body.get("prediction") else 0
    prompt = prompt_size(body, parts)
    if body.get("tools"):
        prompt = structs.replace(prompt, text_tokens=prompt.text_tokens + TOOLS_TOKENS)
    return _Size(
        prompt=prompt,
        answer_tokens=(output_limit(body) or 0) + predicted,
        scanned=sum(map(_scanned, files)),
        scans_natively=parser != "mistral-ocr",
        is_kept_long=_is_kept_long((body, *(body.get("tools") or ()), *parts)),
        modalities=modalities_of(body),
    )


def _pdf_parser(body: Mapping[str, Any]) -> str:
    """The engine that a request names for PDFs, empty for none."""
    for plugin in body.get("plugins") or ():
        if isinstance(plugin, Mapping) and plugin.get("id") == "file-parser" and isinstance(plugin.get("pdf"), Mapping):
            return str(plugin["pdf"].get("engine") or "")
    return ""


def _scanned(part: Mapping[str, Any]) -> int:
    """The most pages a file can have; text has none."""
    held = part.get("file")
    texts = [text for text in held.values() if isinstance(text, str)] if isinstance(held, Mapping) else []
    data = held.get("file_data") if isinstance(held, Mapping) else None
    if not isinstance(data, str) or data[:5].lower() != "data:":
        return MOST_SCANNED
    if is_plain_file(part):
        return 0
    return min(sum(map(len, texts)) * 3 // 4 // BYTES_PER_SCANNED + 1, MOST_SCANNED)


def _is_kept_long(marked: Iterable[object]) -> bool:
    """Whether one of these is to be cached for an hour, which costs more (section 2.3)."""
    for part in marked:
        if not isinstance(part, Mapping):
            continue
        for mark in (part.get("cache_control"), part.get("prompt_cache_options")):
            if isinstance(mark, Mapping) and mark.get("ttl") not in (None, "5m"):
                return True
    return False

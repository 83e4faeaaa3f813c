"""The models of a provider: what its server lists and what the providers file says of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.core.json import encode
from app.services.providers.provider_file import FileModel, FilePrices, FileProvider
from app.services.upstream.wire import TopProvider, WireModel


def described(live: Iterable[WireModel], entry: FileProvider, *, whole: bool) -> list[WireModel]:
    """The models that can be asked for; the file's word on one goes before its server's.

    Args:
        whole: the file may also name models that the server does not list, as servers at home do.
    """
    found = {model.id: model for model in live if entry.takes(model.id)}
    for name, told in entry.models.items():
        if whole or name in found:
            found[name] = _told(found.get(name) or WireModel(id=name), told)
    return list(found.values())


def _told(model: WireModel, told: FileModel) -> WireModel:
    top = model.top_provider or TopProvider()
    if told.context_length is not None:
        top = msgspec.structs.replace(top, context_length=None)
    if told.max_output_tokens is not None:
        top = msgspec.structs.replace(top, max_completion_tokens=told.max_output_tokens)
    return msgspec.structs.replace(
        model,
        name=told.name or model.name,
        context_length=told.context_length or model.context_length,
        top_provider=top,
        pricing=model.pricing if told.prices is None else _per_token(told.prices),
    )


def _per_token(prices: FilePrices) -> dict[str, msgspec.Raw]:
    """As a provider lists them: dollars for one token (API reference, section 7.2)."""
    stated = {"prompt": prices.prompt, "completion": prices.completion}
    return {name: msgspec.Raw(encode(price.scaleb(-6))) for name, price in stated.items() if price is not None}

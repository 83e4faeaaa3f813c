"""SQL of ``models``, the stored catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.core.json import decode
from app.core.money import to_usd
from app.db.types import Conn, Row
from app.schemas.model_facts import ModelFacts
from app.schemas.models import Modalities, Model, Pricing
from app.schemas.types import Usd

_COLUMNS = """
    id, openrouter_id, name, description, context_length, max_output_tokens, prompt_picousd, completion_picousd,
    request_picousd, image_picousd, cache_read_picousd, cache_write_picousd, reasoning_picousd, input_modalities,
    output_modalities, supported_parameters, is_reasoning, family, provider, created_at, removed_at
"""
_GET = f"SELECT {_COLUMNS} FROM models WHERE id = :id"  # noqa: S608
_UPSERT = """
    INSERT INTO models (id, openrouter_id, name, description, context_length, max_output_tokens, prompt_picousd,
        completion_picousd, request_picousd, image_picousd, cache_read_picousd, cache_write_picousd, reasoning_picousd,
        input_modalities, output_modalities, supported_parameters, is_reasoning, family, provider, created_at)
    VALUES (:id, :id, :name, :description, :context_length, :max_output_tokens, :prompt_picousd,
        :completion_picousd, :request_picousd, :image_picousd, :cache_read_picousd, :cache_write_picousd,
        :reasoning_picousd, :input_modalities, :output_modalities, :supported_parameters, :is_reasoning, :family,
        :provider, :created_at)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
        context_length = excluded.context_length, max_output_tokens = excluded.max_output_tokens,
        prompt_picousd = excluded.prompt_picousd, completion_picousd = excluded.completion_picousd,
        request_picousd = excluded.request_picousd, image_picousd = excluded.image_picousd,
        cache_read_picousd = excluded.cache_read_picousd, cache_write_picousd = excluded.cache_write_picousd,
        reasoning_picousd = excluded.reasoning_picousd, input_modalities = excluded.input_modalities,
        output_modalities = excluded.output_modalities, supported_parameters = excluded.supported_parameters,
        is_reasoning = excluded.is_reasoning, family = excluded.family, provider = excluded.provider,
        removed_at = NULL
"""
# The demo's models go as soon as anybody else's come.
_MARK_ALL_REMOVED = """
    UPDATE models SET removed_at = :now WHERE provider IN (:provider, 'demo') AND removed_at IS NULL
"""
_FACTS = """
    SELECT id, family, context_length, max_output_tokens, supported_parameters, input_modalities, is_reasoning
    FROM models WHERE id IN (:id, :base) ORDER BY length(id) DESC LIMIT 1
"""
_PRICES = "SELECT prompt_picousd, completion_picousd, request_picousd FROM models WHERE id = :id"


def get(conn: Conn, model_id: str) -> Model | None:
    row = conn.execute(_GET, {"id": model_id}).fetchone()
    return _model(row) if row else None


def prices(conn: Conn, model_id: str) -> Row | None:
    """Picodollars per prompt token, per completion token and per request; None for an unknown model."""
    return conn.execute(_PRICES, {"id": model_id}).fetchone()


def facts(conn: Conn, slug: str) -> ModelFacts | None:
    """What is known of a model, by its slug with or without variants and preset; None for an unknown one."""
    base = slug.partition("@")[0].partition(":")[0]
    row = conn.execute(_FACTS, {"id": slug, "base": base}).fetchone()
    if row is None:
        return None
    return ModelFacts(
        id=row["id"],
        family=row["family"],
        context_length=row["context_length"],
        max_output_tokens=row["max_output_tokens"],
        supported_parameters=frozenset(decode(row["supported_parameters"])),
        input_modalities=frozenset(decode(row["input_modalities"])),
        is_reasoning=bool(row["is_reasoning"]),
    )


def replace_all(conn: Conn, provider: str, rows: Iterable[dict[str, Any]], *, now: str) -> None:
    """Take a provider's whole list: known models are updated, new ones added, missing ones marked removed."""
    conn.execute(_MARK_ALL_REMOVED, {"provider": provider, "now": now})
    conn.executemany(_UPSERT, rows)


def list_page(
    conn: Conn,
    *,
    limit: int,
    after: str | None,
    text: str | None,
    reasoning: bool | None,
    free: bool | None,
    min_context: int | None,
) -> list[Model]:
    """Models that the provider still offers, by id."""
    where, values = _filters(text=text, reasoning=reasoning, free=free, min_context=min_context)
    if after is not None:
        where.append("id > :after")
        values["after"] = after
    sql = f"SELECT {_COLUMNS} FROM models WHERE {' AND '.join(where)} ORDER BY id LIMIT :limit"  # noqa: S608
    return [_model(row) for row in conn.execute(sql, {**values, "limit": limit}).fetchall()]


def count(conn: Conn, *, text: str | None, reasoning: bool | None, free: bool | None, min_context: int | None) -> int:
    where, values = _filters(text=text, reasoning=reasoning, free=free, min_context=min_context)
    row = conn.execute(f"SELECT count(*) AS n FROM models WHERE {' AND '.join(where)}", values).fetchone()  # noqa: S608
    return int(row["n"]) if row else 0


def _filters(
    *, text: str | None, reasoning: bool | None, free: bool | None, min_context: int | None
) -> tuple[list[str], dict[str, Any]]:
    where, values = ["removed_at IS NULL"], dict[str, Any]()
    if text is not None:
        where.append(r"(lower(id) LIKE lower(:text) ESCAPE '\' OR lower(name) LIKE lower(:text) ESCAPE '\')")
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["text"] = f"%{escaped}%"
    if reasoning is not None:
        where.append("is_reasoning = :reasoning")
        values["reasoning"] = int(reasoning)
    if free is not None:
        where.append(f"COALESCE(prompt_picousd = 0 AND completion_picousd = 0, 0) = {int(free)}")
    if min_context is not None:
        where.append("context_length >= :min_context")
        values["min_context"] = min_context
    return where, values


def _model(row: Row) -> Model:
    return Model(
        id=row["id"],
        openrouter_id=row["openrouter_id"],
        name=row["name"],
        description=row["description"],
        context_length=row["context_length"],
        max_output_tokens=row["max_output_tokens"],
        pricing=Pricing(
            prompt=_per_million(row["prompt_picousd"]),
            completion=_per_million(row["completion_picousd"]),
            request=_usd(row["request_picousd"]),
            image=_usd(row["image_picousd"]),
            cache_read=_per_million(row["cache_read_picousd"]),
            cache_write=_per_million(row["cache_write_picousd"]),
            reasoning=_per_million(row["reasoning_picousd"]),
        ),
        pricing_prompt=_usd(row["prompt_picousd"]),
        pricing_completion=_usd(row["completion_picousd"]),
        modalities=Modalities(input=decode(row["input_modalities"]), output=decode(row["output_modalities"])),
        is_reasoning=bool(row["is_reasoning"]),
        supported_parameters=decode(row["supported_parameters"]),
        family=row["family"],
        provider=row["provider"],
        created_at=row["created_at"],
        removed_at=row["removed_at"],
    )


def _usd(picousd: int | None) -> Usd | None:
    return None if picousd is None else to_usd(picousd)


def _per_million(picousd: int | None) -> Usd | None:
    return None if picousd is None else to_usd(picousd * 1_000_000)

"""SQL of ``models``, the stored catalogue, and of ``model_lists``, whose lists it is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from app.core.json import decode, encode_text
from app.core.money import to_usd
from app.core.slugs import STATIC_VARIANTS, parse_slug
from app.db.types import Conn, Row
from app.repo import model_prices
from app.repo.model_filters import SORTS, conditions
from app.schemas.model_facts import ModelFacts, ReasoningFacts
from app.schemas.models import Modalities, Model, ModelFilter, ReasoningSupport, Sort
from app.schemas.types import Usd

_WRITTEN = (
    "name", "description", "canonical_slug", "context_length", "usable_context", "max_output_tokens", "prompt_picousd",
    "completion_picousd", "request_picousd", "image_picousd", "cache_read_picousd", "cache_write_picousd",
    "reasoning_picousd", "average_picousd", "prices", "price_version", "input_modalities", "output_modalities",
    "supported_parameters", "default_parameters", "per_request_limits", "is_reasoning", "is_toggleable", "reasoning",
    "is_moderated", "tokenizer", "family", "provider", "knowledge_cutoff", "expiration_date", "search_text", "listing",
    "created_at",
)  # fmt: skip
_BASE_PRICES = ("prompt", "completion", "request", "image", "cache_read", "cache_write", "reasoning")
_SHOWN = [name for name in _WRITTEN if name not in ("search_text", "listing")]
_COLUMNS = f"id, openrouter_id, {', '.join(_SHOWN)}, removed_at"
_GET = f"SELECT {_COLUMNS} FROM models WHERE id = :id"  # noqa: S608
_UPSERT = f"""
    INSERT INTO models (id, openrouter_id, {", ".join(_WRITTEN)})
    VALUES (:id, :id, {", ".join(f":{name}" for name in _WRITTEN)})
    ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN)}, removed_at = NULL
"""  # noqa: S608
_MARK_REMOVED = "UPDATE models SET removed_at = :now WHERE provider = :provider AND removed_at IS NULL"
_PUT_LIST = """
    INSERT INTO model_lists (provider, source, is_current, synced_at) VALUES (:provider, :source, 1, :now)
    ON CONFLICT (provider) DO UPDATE SET source = excluded.source, is_current = 1, synced_at = excluded.synced_at
"""
_HIDE_LISTS = "UPDATE model_lists SET is_current = 0"
_SHOW_LIST = """
    UPDATE model_lists SET is_current = 1, source = :source WHERE provider = :provider AND source IN ('', :source)
"""
_HAS_LIST = "SELECT 1 AS found FROM model_lists WHERE is_current = 1 LIMIT 1"
_IS_PRICE_LIST = """
    SELECT 1 AS found FROM model_lists l WHERE l.provider = :provider AND l.is_current = 1 AND EXISTS (
        SELECT 1 FROM models m
        WHERE m.provider = l.provider AND m.removed_at IS NULL AND m.prompt_picousd IS NOT NULL
    )
"""
_OF_CANONICAL = f"SELECT {_COLUMNS} FROM models WHERE canonical_slug = :name AND id <> :name ORDER BY id"  # noqa: S608
_NAMED = r"""
    SELECT id FROM models
    WHERE lower(id) LIKE lower(:ending) ESCAPE '\' AND provider = :provider AND removed_at IS NULL ORDER BY id LIMIT 2
"""
_NAMES = "SELECT id FROM models WHERE provider = :provider AND removed_at IS NULL ORDER BY id"
_FAMILIES = f"""
    SELECT family, count(*) AS n FROM models WHERE {" AND ".join(conditions(ModelFilter())[0])}
    GROUP BY family ORDER BY family
"""  # noqa: S608
_NAMES_BY_PROVIDER = f"""
    SELECT id, name, provider FROM models WHERE {" AND ".join(conditions(ModelFilter())[0])} ORDER BY id
"""  # noqa: S608


class Known(NamedTuple):
    """What the catalogue tells of a model that a call names; see `facts` and `prices`."""

    facts: ModelFacts | None
    prices: Row | None


UNKNOWN = Known(None, None)


def get(conn: Conn, model_id: str) -> Model | None:
    row = conn.execute(_GET, {"id": model_id}).fetchone()
    return _model(row) if row else None


def find(conn: Conn, slug: str) -> Model | None:
    """The model that a slug names, variants and preset included.

    A variant that is an offer of its own (``:free``) is one only where it is listed.
    """
    wanted = _offers(slug)
    row = next((row for row in _all_found(conn, slug) if not wanted or _offers(row["id"]) == wanted), None)
    return _model(row) if row else None


def known(conn: Conn, slug: str) -> Known:
    """The facts and the prices of the model that a slug names, in one reading."""
    return _known(_find(conn, slug), slug)


def facts(conn: Conn, slug: str) -> ModelFacts | None:
    """What is known of the model that a slug names, variants and preset included; None for an unknown one."""
    return known(conn, slug).facts


def prices(conn: Conn, slug: str) -> Row | None:
    """Picodollars per prompt token, completion token and request of a slug's own offer, with its catalogue id.

    None for an unknown model, and for a variant with prices of its own that are not listed.
    """
    row = _find(conn, slug)
    return None if row is None else _prices(row, slug)


def replace_all(conn: Conn, provider: str, rows: Iterable[Mapping[str, Any]], *, now: str, source: str = "") -> None:
    """Take a provider's whole list: known models are updated, new ones added, missing ones marked removed.

    A model whose prices differ from those stored gets its next price version. ``source`` is where the list is from.
    """
    unique = {row["id"]: dict(row) for row in rows}
    model_prices.number_versions(conn, unique.values(), now=now)
    conn.execute(_PUT_LIST, {"provider": provider, "source": source, "now": now})
    conn.execute(_MARK_REMOVED, {"provider": provider, "now": now})
    conn.executemany(_UPSERT, unique.values())


def offer_only(conn: Conn, sources: Mapping[str, str]) -> None:
    """Offer the stored models of these providers alone, each as long as its list came from where it is now."""
    conn.execute(_HIDE_LISTS)
    conn.executemany(_SHOW_LIST, [{"provider": name, "source": source} for name, source in sources.items()])


def has_list(conn: Conn) -> bool:
    """Whether any provider's list is there and current."""
    return conn.execute(_HAS_LIST).fetchone() is not None


def is_price_list(conn: Conn, provider: str) -> bool:
    """Whether a provider's stored list is current and says what its models cost."""
    return conn.execute(_IS_PRICE_LIST, {"provider": provider}).fetchone() is not None


def offered(conn: Conn, provider: str, slug: str) -> tuple[bool, Known]:
    """Whether a provider lists the model that a slug names, and what is ``known`` of that, in one reading."""
    found = _all_found(conn, slug)
    first = next(found, None)
    rows = () if first is None else chain((first,), found)
    is_listed = any(row["provider"] == provider and row["removed_at"] is None for row in rows)
    return is_listed, _known(first, slug)


def named(conn: Conn, provider: str, short_name: str) -> str | None:
    """The one model on offer called ``short_name`` whoever its author is; None when there is none, or several."""
    escaped = short_name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = conn.execute(_NAMED, {"ending": f"%/{escaped}", "provider": provider}).fetchall()
    return str(found[0]["id"]) if len(found) == 1 else None


def names(conn: Conn, provider: str) -> list[str]:
    """Every model a provider offers, by id."""
    return [row["id"] for row in conn.execute(_NAMES, {"provider": provider}).fetchall()]


def families(conn: Conn) -> list[Row]:
    """``family`` and ``n``, how many models of it are on offer."""
    return conn.execute(_FAMILIES).fetchall()


def names_by_provider(conn: Conn) -> dict[str, dict[str, str]]:
    """For each provider the models it offers, their names by id."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in conn.execute(_NAMES_BY_PROVIDER).fetchall():
        found[row["provider"]][row["id"]] = row["name"]
    return found


def list_page(
    conn: Conn,
    wanted: ModelFilter,
    *,
    sort: Sort,
    limit: int,
    after: tuple[str | int, str] | None = None,
) -> list[tuple[str | int, Model]]:
    """Models on offer in an order, each with its sort key; ``after`` is the key and id of the last one seen."""
    order = SORTS[sort]
    where, values = conditions(wanted)
    if after is not None:
        where.append(order.beyond)
        values |= {"after_key": after[0], "after_id": after[1]}
    sql = f"""
        SELECT {_COLUMNS}, {order.key} AS sort_key FROM models WHERE {" AND ".join(where)}
        ORDER BY {order.by} LIMIT :limit
    """  # noqa: S608
    rows = conn.execute(sql, {**values, "limit": limit}).fetchall()
    return [(row["sort_key"], _model(row)) for row in rows]


def listings(conn: Conn, wanted: ModelFilter, *, sort: Sort, limit: int, offset: int = 0) -> list[str]:
    """The provider's own entries of models on offer, as JSON text in OpenRouter's shape (API reference, 7.1)."""
    where, values = conditions(wanted)
    sql = f"""
        SELECT id, name, listing FROM models WHERE {" AND ".join(where)}
        ORDER BY {SORTS[sort].by} LIMIT :limit OFFSET :offset
    """  # noqa: S608
    return [_listing(row) for row in conn.execute(sql, {**values, "limit": limit, "offset": offset}).fetchall()]


def listing(conn: Conn, model_id: str) -> str | None:
    """The provider's own entry of one model on offer."""
    where, values = conditions(ModelFilter())
    sql = f"SELECT id, name, listing FROM models WHERE id = :id AND {' AND '.join(where)}"  # noqa: S608
    row = conn.execute(sql, {**values, "id": model_id}).fetchone()
    return _listing(row) if row else None


def count(conn: Conn, wanted: ModelFilter) -> int:
    where, values = conditions(wanted)
    row = conn.execute(f"SELECT count(*) AS n FROM models WHERE {' AND '.join(where)}", values).fetchone()  # noqa: S608
    return int(row["n"]) if row else 0


def _known(row: Row | None, slug: str) -> Known:
    return UNKNOWN if row is None else Known(_facts(row), _prices(row, slug))


def _find(conn: Conn, slug: str) -> Row | None:
    return next(_all_found(conn, slug), None)


def _offers(slug: str) -> frozenset[str]:
    return STATIC_VARIANTS.intersection(parse_slug(slug).variants)


def _all_found(conn: Conn, slug: str) -> Iterator[Row]:
    """The rows of a slug's names, the most exact first; each is read when it is asked for."""
    for name in parse_slug(slug).names():
        yield from conn.execute(_GET, {"id": name}).fetchall()
        yield from conn.execute(_OF_CANONICAL, {"name": name}).fetchall()


def _prices(row: Row, slug: str) -> Row | None:
    wanted = parse_slug(slug)
    return None if wanted.has_static_variant and not parse_slug(row["id"]).has_static_variant else row


def _listing(row: Row) -> str:
    """A model that was stored before its entry was kept has what is known of it."""
    return encode_text({"id": row["id"], "name": row["name"]}) if row["listing"] == "{}" else str(row["listing"])


def _facts(row: Row) -> ModelFacts:
    reasoning = decode(row["reasoning"]) if row["reasoning"] else None
    return ModelFacts(
        id=row["id"],
        family=row["family"],
        context_length=row["usable_context"],
        max_output_tokens=row["max_output_tokens"],
        supported_parameters=frozenset(decode(row["supported_parameters"])),
        input_modalities=frozenset(decode(row["input_modalities"])),
        is_reasoning=bool(row["is_reasoning"]),
        reasoning=reasoning
        and ReasoningFacts(
            mandatory=bool(reasoning["mandatory"]),
            default_effort=reasoning["default_effort"],
            supported_efforts=tuple(reasoning["supported_efforts"] or ()),
            default_enabled=reasoning["default_enabled"],
            supports_max_tokens=reasoning["supports_max_tokens"],
        ),
    )


def _model(row: Row) -> Model:
    priced = decode(row["prices"])
    # All there is of a model that was stored before its whole prices were.
    base = {name: row[f"{name}_picousd"] for name in _BASE_PRICES}
    return Model(
        id=row["id"],
        openrouter_id=row["openrouter_id"],
        canonical_slug=row["canonical_slug"],
        name=row["name"],
        description=row["description"],
        context_length=row["context_length"],
        usable_context=row["usable_context"],
        max_output_tokens=row["max_output_tokens"],
        pricing=model_prices.pricing_of(base | priced),
        pricing_prompt=_usd(row["prompt_picousd"]),
        pricing_completion=_usd(row["completion_picousd"]),
        price_tiers=model_prices.tiers_of(priced),
        price_version=row["price_version"],
        modalities=Modalities(input=decode(row["input_modalities"]), output=decode(row["output_modalities"])),
        is_reasoning=bool(row["is_reasoning"]),
        is_toggleable=bool(row["is_toggleable"]),
        reasoning=ReasoningSupport(**decode(row["reasoning"])) if row["reasoning"] else None,
        supported_parameters=decode(row["supported_parameters"]),
        default_parameters=decode(row["default_parameters"]),
        per_request_limits=decode(row["per_request_limits"]) if row["per_request_limits"] else None,
        is_moderated=None if row["is_moderated"] is None else bool(row["is_moderated"]),
        tokenizer=row["tokenizer"],
        family=row["family"],
        provider=row["provider"],
        knowledge_cutoff=row["knowledge_cutoff"],
        expiration_date=row["expiration_date"],
        created_at=row["created_at"],
        removed_at=row["removed_at"],
    )


def _usd(picousd: int | None) -> Usd | None:
    return None if picousd is None else to_usd(picousd)

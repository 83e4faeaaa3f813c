"""SQL of ``model_prices``, what each model cost from when on, and how stored prices are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from app.core.json import decode
from app.core.money import to_usd
from app.db.types import Conn
from app.schemas.models import PriceTier, PriceVersion, Pricing
from app.schemas.types import Usd

_PER_UNIT = frozenset({"request", "image", "web_search"})
_NAMES = tuple(Pricing.__dataclass_fields__)
_NEWEST = "SELECT id, price_version, prices FROM models WHERE price_version IS NOT NULL"
_ADD = "INSERT INTO model_prices (model_id, version, prices, since) VALUES (:id, :price_version, :prices, :now)"
_HISTORY = "SELECT version, prices, since FROM model_prices WHERE model_id = :id ORDER BY version DESC LIMIT 100"


def number_versions(conn: Conn, rows: Iterable[dict[str, Any]], *, now: str) -> None:
    """Set each row's ``price_version``: the stored one while its prices are the same, else the next, which is kept."""
    known = {row["id"]: row for row in conn.execute(_NEWEST).fetchall()}
    changed = []
    for row in rows:
        before = known.get(row["id"])
        row["price_version"] = before["price_version"] if before else 0
        if before is None or before["prices"] != row["prices"]:
            row["price_version"] += 1
            changed.append({name: row[name] for name in ("id", "price_version", "prices")} | {"now": now})
    conn.executemany(_ADD, changed)


def history(conn: Conn, model_id: str) -> list[PriceVersion]:
    """The latest versions of a model's prices, newest first."""
    return [
        PriceVersion(
            version=row["version"],
            since=row["since"],
            pricing=pricing_of(decode(row["prices"])),
            price_tiers=tiers_of(decode(row["prices"])),
        )
        for row in conn.execute(_HISTORY, {"id": model_id}).fetchall()
    ]


def pricing_of(prices: Mapping[str, Any]) -> Pricing:
    """Stored prices, in picodollars per token or unit, as they are shown."""
    return Pricing(**{name: _shown(name, prices.get(name)) for name in _NAMES})


def tiers_of(prices: Mapping[str, Any]) -> list[PriceTier]:
    """The prices that replace the usual ones under conditions."""
    return [
        PriceTier(
            pricing=pricing_of(tier),
            min_prompt_tokens=tier.get("min_prompt_tokens"),
            utc_start=tier.get("utc_start"),
            utc_end=tier.get("utc_end"),
        )
        for tier in prices.get("overrides", ())
    ]


@lru_cache(maxsize=4096)
def _shown(name: str, picousd: int | None) -> Usd | None:
    return None if picousd is None else to_usd(picousd if name in _PER_UNIT else picousd * 1_000_000)

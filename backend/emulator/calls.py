"""What every accepted call has: a row in the ledger, and headers that name it."""

from __future__ import annotations

from .catalogue import Endpoint, Model
from .ledger import ApiType, Row
from .state import State

EXPOSED = "X-Generation-Id, X-Provider-Name, CF-RAY"


def open_row(
    state: State,
    model: Model,
    endpoint: Endpoint,
    digest: str,
    *,
    key: str = "",
    api_type: ApiType = "completions",
    lookup_misses: int | None = None,
) -> Row:
    """Enter a call into the ledger; ``digest`` is that of its body, from which the id is made."""
    created_unix = int(state.clock.unix())
    row = Row(
        id=state.next_generation_id(digest, created_unix),
        model=model,
        endpoint=endpoint,
        created_unix=created_unix,
        key=key,
        api_type=api_type,
        lookup_misses=state.lookup_misses if lookup_misses is None else lookup_misses,
    )
    state.ledger.add(row)
    state.pulse()
    return row


def headers_of(row: Row) -> dict[str, str]:
    """The response headers that name a call and who serves it."""
    return {
        "X-Generation-Id": row.id,
        "X-Provider-Name": row.endpoint.provider_name,
        "CF-RAY": f"{row.id[-16:].lower()}-DEMO",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": EXPOSED,
    }

"""What the provider tells about the key and the account (API reference, section 8.2). Money stays its own text."""

from __future__ import annotations

from msgspec import Raw, Struct

from app.core.errors import UpstreamGarbage
from app.services.upstream.salvage import decimal_text, decode_object
from app.services.upstream.wire import data_of


class KeyInfo(Struct, gc=False):
    """A key's limit and spend in USD; a limit of None is none. Days, weeks and months are UTC."""

    label: str | None = None
    limit: Raw = Raw()
    limit_remaining: Raw = Raw()
    limit_reset: str | None = None
    usage: Raw = Raw()
    usage_daily: Raw = Raw()
    usage_weekly: Raw = Raw()
    usage_monthly: Raw = Raw()
    is_free_tier: bool | None = None
    is_management_key: bool | None = None
    expires_at: str | None = None

    def usd_text(self, name: str) -> str | None:
        """One of the figures as the provider wrote it; None when it said nothing."""
        return decimal_text(getattr(self, name))


class Credits(Struct, gc=False):
    """Bought and spent in USD; the balance is their difference."""

    total_credits: Raw = Raw()
    total_usage: Raw = Raw()

    @property
    def total_credits_text(self) -> str | None:
        """All that was bought, as written."""
        return decimal_text(self.total_credits)

    @property
    def total_usage_text(self) -> str | None:
        """All that was spent, as written."""
        return decimal_text(self.total_usage)


class ActivityItem(Struct, gc=False):
    """What a day's calls of one model at one endpoint have cost, of all keys of the account together."""

    date: str = ""
    model: str = ""
    model_permaslug: str | None = None
    requests: int | None = None
    usage: Raw = Raw()
    byok_usage_inference: Raw = Raw()

    @property
    def usage_text(self) -> str | None:
        """What the account was charged, in USD as written."""
        return decimal_text(self.usage)

    @property
    def byok_text(self) -> str | None:
        """What keys of the owner's own behind the provider were charged, in USD as written."""
        return decimal_text(self.byok_usage_inference)


class _KeyReply(Struct):
    data: KeyInfo | None = None


class _CreditsReply(Struct):
    data: Credits | None = None


class _ActivityReply(Struct):
    data: list[ActivityItem] | None = None


def decode_key_info(data: bytes) -> KeyInfo:
    """The body of ``GET /key``. Raises UpstreamGarbage."""
    return data_of(decode_object(data, _KeyReply).data)


def decode_credits(data: bytes) -> Credits:
    """The body of ``GET /credits``. Raises UpstreamGarbage."""
    return data_of(decode_object(data, _CreditsReply).data)


def decode_activity(data: bytes) -> list[ActivityItem]:
    """The body of ``GET /activity``. Raises UpstreamGarbage."""
    items = decode_object(data, _ActivityReply).data
    if items is None:
        raise UpstreamGarbage("The provider's activity is not readable.")
    return items

"""How often a peer may guess the token: a leaky bucket per peer, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

BURST = 10
REFILL_S = 6.0
MAX_PEERS = 1024
REMEMBERED = 16


@dataclass(slots=True)
class _Bucket:
    free_at_s: float
    """When the bucket is empty again; each wrong guess moves it on by ``REFILL_S``."""
    guesses: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    """Digests of its last wrong tokens."""


class Attempts:
    """Wrong tokens per peer: ``BURST`` at once, then one every ``REFILL_S``.

    Repeating one of the last ``REMEMBERED`` wrong tokens is a stale client, not a guess, and counts once: behind one
    address there may be several of them, and the owner. Neighbours in one IPv6 /64 are one
    peer. When ``MAX_PEERS`` are known the one that failed longest ago is forgotten.
    """

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, peer: str) -> float:
        """Seconds until the peer may try again, 0 when it may now."""
        bucket = self._buckets.get(network_of(peer))
        if bucket is None:
            return 0.0
        return max(0.0, bucket.free_at_s - (BURST - 1) * REFILL_S - self._clock_s())

    def failed(self, peer: str, guess: bytes) -> None:
        """Note that the peer sent a wrong token."""
        network, digest, now_s = network_of(peer), sha256(guess).digest(), self._clock_s()
        bucket = self._buckets.setdefault(network, _Bucket(now_s))
        self._buckets.move_to_end(network)
        if digest not in bucket.guesses:
            bucket.guesses[digest] = None
            bucket.free_at_s = max(bucket.free_at_s, now_s) + REFILL_S
        bucket.guesses.move_to_end(digest)
        if len(bucket.guesses) > REMEMBERED:
            bucket.guesses.popitem(last=False)
        if len(self._buckets) > MAX_PEERS:
            self._buckets.popitem(last=False)

    def __len__(self) -> int:
        return len(self._buckets)


@lru_cache(maxsize=MAX_PEERS)
def network_of(peer: str) -> str:
    """What counts as one peer: an address, or the /64 of an IPv6 one."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return address.packed[:8].hex()
    return peer

"""Leaving alone a provider that keeps failing, so that calls fail at once instead of waiting for it. No I/O.

A breaker counts failures in a row. At the limit it opens: calls are refused for a while. Then one call may try; if it
succeeds the breaker closes, if it fails the breaker opens for twice as long.
"""

from __future__ import annotations

import contextlib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.core.errors import (
    UpstreamBadKey,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
    running_text,
)

State = Literal["closed", "half_open", "open"]
Blame = Literal["provider", "model", "account"]
MOST_MODELS = 64
_CHOOSES = ("models", "provider", "preset")
_ITS_TURN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """``failures`` in a row open a breaker for ``cool_down_s``, longer each time up to ``longest_s``.

    A key that was refused is not used for ``account_s``.
    """

    failures: int = 5
    cool_down_s: float = 15
    longest_s: float = 240
    account_s: float = 15


class Trial:
    """One call that was let through. The first word about it counts; later ones change nothing.

    ``again`` says that the same call was let through before and has failed, which is counted once.
    """

    def __init__(self, breaker: Breaker, *, is_probe: bool, again: bool) -> None:
        self._breaker: Breaker | None = breaker
        self._is_probe, self._again = is_probe, again

    def succeeded(self) -> None:
        """The other side answers."""
        if (breaker := self._settle()) is not None:
            breaker._close()

    def failed(self, error: UpstreamError) -> None:
        """It does not."""
        if (breaker := self._settle()) is not None:
            breaker._fail(error, is_probe=self._is_probe, again=self._again)

    def left(self) -> None:
        """The call ended without telling, such as by a stop."""
        if (breaker := self._settle()) is not None and self._is_probe:
            breaker._probing = False

    def _settle(self) -> Breaker | None:
        breaker, self._breaker = self._breaker, None
        return breaker


class Breaker:
    """What is known of one provider, or of one model.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float]) -> None:
        self._policy, self._clock = policy, clock
        self._failures = 0
        self._openings = 0
        self._open_until: float | None = None
        self._probing = False
        self._cause: UpstreamError | None = None

    @property
    def state(self) -> State:
        """``half_open`` once the next call, or the one under way, decides."""
        if self._open_until is None:
            return "closed"
        return "half_open" if self._probing or self._clock() >= self._open_until else "open"

    def enter(self, *, again: bool = False) -> Trial:
        """Let a call through, for the first time or ``again``.

        Raises UpstreamUnavailable, with when to try again, while none is.
        """
        if self._open_until is None:
            return Trial(self, is_probe=False, again=again)
        wait_s = self._open_until - self._clock()
        if self._probing or wait_s > 0:
            raise self._refusal(max(wait_s, _ITS_TURN_S), again=again)
        self._probing = True
        return Trial(self, is_probe=True, again=again)

    def _close(self) -> None:
        self._failures = self._openings = 0
        self._open_until, self._probing, self._cause = None, False, None

    def _fail(self, error: UpstreamError, *, is_probe: bool, again: bool) -> None:
        if self._open_until is not None and not is_probe:
            return  # it was sent before
        self._failures += not again
        self._cause = error
        if is_probe or self._failures >= self._policy.failures:
            wait_s = min(self._policy.cool_down_s * 2**self._openings, self._policy.longest_s)
            self._openings = min(self._openings + 1, 32)
            self._open_until, self._probing = self._clock() + wait_s, False

    def _refusal(self, wait_s: float, *, again: bool) -> UpstreamUnavailable:
        cause = self._cause or UpstreamUnavailable()
        asked = "It was not asked again" if again else "Nothing was asked"
        return UpstreamUnavailable(
            f"{asked}: {self._failures} calls in a row have failed, so it is left alone for a moment. "
            f"The last: {cause.message}",
            details={"reason": "circuit_open", "cause": cause.code},
            retry_after_s=wait_s,
        )


class _Account:
    """A key that does not work, left alone for a short while under its own reason.

    An account without money is not: it is filled by hand, and the next call must find that out; what costs nothing may
    work meanwhile.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float]) -> None:
        self._policy, self._clock = policy, clock
        self._until = 0.0
        self._cause: UpstreamError | None = None

    @property
    def is_open(self) -> bool:
        return self._cause is not None and self._clock() < self._until

    def enter(self) -> None:
        if self._cause is not None and (wait_s := self._until - self._clock()) > 0:
            cause = self._cause
            details = {name: value for name, value in cause.details.items() if name != "status"}
            again = f"Nothing was asked now: this key is tried again in {math.ceil(wait_s)} s, a new one at once."
            raise type(cause)(
                running_text(cause.message, again), details=details | {"reason": "circuit_open"}, retry_after_s=wait_s
            )

    def refused(self, error: UpstreamError) -> None:
        self._cause, self._until = error, self._clock() + self._policy.account_s

    def accepted(self) -> None:
        self._cause = None


class Circuits:
    """The breakers of one provider and key: of the provider itself, of the models behind it, and of the account.

    What a provider reports of a company behind it is that model's failure; its own is that nobody answers.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float]) -> None:
        self._policy, self._clock = policy, clock
        self._provider = Breaker(policy, clock)
        self._models: OrderedDict[str, Breaker] = OrderedDict()
        self._account = _Account(policy, clock)

    @property
    def state(self) -> State:
        """The provider's own."""
        return self._provider.state

    @property
    def account_is_open(self) -> bool:
        """Whether calls fail because of the key."""
        return self._account.is_open

    @property
    def open_models(self) -> int:
        """How many models are left alone."""
        return sum(breaker.state != "closed" for breaker in self._models.values())

    @contextlib.contextmanager
    def call(self, model: str | None, *, again: bool = False) -> Iterator[Callable[[], None]]:
        """Around one paid call; what it gives says that the answer has begun, and an error that leaves it counts.

        Once for each call: not where it is made ``again`` after a failure. ``model`` as of ``model_of``.

        Raises: UpstreamUnavailable, or UpstreamBadKey, with when to try again, instead of calling.
        """
        self._account.enter()
        trials = self._enter(model, again=again)
        has_begun = False

        def begun() -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                self._succeeded(trials)

        try:
            yield begun
        except UpstreamError as error:
            self._judge(error, *trials)
            raise
        except BaseException:
            for trial in trials:
                trial.left()
            raise
        begun()

    def _enter(self, model: str | None, *, again: bool) -> tuple[Trial, Trial]:
        provider = self._provider.enter(again=again)
        try:
            return provider, self._of(model).enter(again=again)
        except UpstreamError:
            provider.left()
            raise

    def _of(self, name: str | None) -> Breaker:
        if name is None:
            return Breaker(self._policy, self._clock)  # nobody else asks it
        breaker = self._models.get(name)
        if breaker is None:
            breaker = self._models[name] = Breaker(self._policy, self._clock)
        self._models.move_to_end(name)
        while len(self._models) > MOST_MODELS:
            self._models.popitem(last=False)
        return breaker

    def _succeeded(self, trials: tuple[Trial, ...]) -> None:
        self._account.accepted()
        for trial in trials:
            trial.succeeded()

    def _judge(self, error: UpstreamError, provider: Trial, model: Trial) -> None:
        match blame(error):
            case "account":
                self._account.refused(error)
                provider.succeeded()
                model.left()
            case "model":
                provider.succeeded()
                model.failed(error)
            case "provider":
                provider.failed(error)
                model.left()
            case None if "status" in error.details:
                provider.succeeded()
                model.left()
            case None:
                provider.left()
                model.left()


def model_of(body: Mapping[str, Any]) -> str | None:
    """The model whose failures a call may tell of and suffer from.

    None where its failure says nothing of a model for others: the call names fallbacks, a router or a preset, or says
    itself who is to serve it.
    """
    model = body.get("model")
    if not isinstance(model, str) or model.startswith("openrouter/") or "@preset/" in model:
        return None
    return None if any(body.get(name) for name in _CHOOSES) else model


def blame(error: UpstreamError) -> Blame | None:
    """Whose failure an error is; None when nobody's: our own doing, or an answer like any other."""
    details = error.details
    reason, status = details.get("reason"), details.get("status")
    if isinstance(error, UpstreamBadKey):
        # A company that is named has refused the owner's key with it, not the key that is sent to the provider.
        return "account" if status == 401 and not details.get("provider") else None
    if not isinstance(error, UpstreamUnavailable | UpstreamTimeout) or reason == "filtered":
        return None
    if details.get("provider") or details.get("phase") in ("idle", "comments_only"):
        return "model"
    return None if details.get("phase") == "total" else "provider"

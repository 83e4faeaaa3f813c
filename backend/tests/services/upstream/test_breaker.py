"""When a provider is left alone, and how long: the state machine against a plain model of it, and whom it blames."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.core.errors import (
    ContextTooLong,
    UpstreamBadKey,
    UpstreamError,
    UpstreamGarbage,
    UpstreamMidstream,
    UpstreamModelNotFound,
    UpstreamModerated,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
)
from app.services.upstream.breaker import MOST_MODELS, Blame, Breaker, BreakerPolicy, Circuits, Trial, blame, model_of
from tests.core.properties import SOME

POLICY = BreakerPolicy(failures=3, cool_down_s=10, longest_s=35, account_s=20)
DOWN = UpstreamUnavailable("Overloaded.", details={"status": 503})


@dataclass
class Clock:
    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class _Model:
    """What a breaker should know."""

    failures: int = 0
    openings: int = 0
    until_s: float | None = None
    probe: Trial | None = None
    others: list[Trial] = field(default_factory=list)


class BreakerMachine(RuleBasedStateMachine):
    """Calls begin and end in any order while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.known = Clock(), _Model()
        self.breaker = Breaker(POLICY, self.clock)

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule()
    def a_call_comes(self) -> None:
        known = self.known
        refused = known.until_s is not None and (known.probe is not None or self.clock() < known.until_s)
        if refused:
            with pytest.raises(UpstreamUnavailable) as refusal:
                self.breaker.enter()
            assert refusal.value.details["reason"] == "circuit_open"
            assert 1 <= (refusal.value.retry_after_s or 0) <= POLICY.longest_s
            return
        trial = self.breaker.enter()
        if known.until_s is None:
            known.others.append(trial)
        else:
            known.probe = trial

    @precondition(lambda self: self.known.others or self.known.probe)
    @rule(pick=st.integers(0, 100))
    def a_call_succeeds(self, pick: int) -> None:
        self._take(pick)[0].succeeded()
        self.known = _Model(others=self.known.others)

    @precondition(lambda self: self.known.others or self.known.probe)
    @rule(pick=st.integers(0, 100))
    def a_call_fails(self, pick: int) -> None:
        trial, is_probe = self._take(pick)
        trial.failed(DOWN)
        known = self.known
        if known.until_s is not None and not is_probe:
            return
        known.failures += 1
        if is_probe or known.failures >= POLICY.failures:
            known.until_s = self.clock() + min(POLICY.cool_down_s * 2**known.openings, POLICY.longest_s)
            known.openings += 1

    @precondition(lambda self: self.known.others or self.known.probe)
    @rule(pick=st.integers(0, 100))
    def a_call_is_left(self, pick: int) -> None:
        trial, _ = self._take(pick)
        trial.left()
        trial.failed(DOWN)  # told already

    def _take(self, pick: int) -> tuple[Trial, bool]:
        known = self.known
        calls = [*known.others, *([known.probe] if known.probe else [])]
        trial = calls[pick % len(calls)]
        if is_probe := trial is known.probe:
            known.probe = None
        else:
            known.others.remove(trial)
        return trial, is_probe

    @invariant()
    def its_state_is_known(self) -> None:
        known = self.known
        if known.until_s is None:
            assert self.breaker.state == "closed"
        elif known.probe is not None or self.clock() >= known.until_s:
            assert self.breaker.state == "half_open"
        else:
            assert self.breaker.state == "open"


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = SOME


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UpstreamUnavailable(details={"status": 503}), "provider"),
        (UpstreamUnavailable(details={"status": 502, "edge": True}), "provider"),
        (UpstreamUnavailable(details={"reason": "connect"}), "provider"),
        (UpstreamUnavailable(details={"reason": "hung_up"}), "provider"),
        (UpstreamTimeout(details={"phase": "connect"}), "provider"),
        (UpstreamTimeout(details={"phase": "first_byte"}), "provider"),
        (UpstreamTimeout(details={"status": 408}), "provider"),
        (UpstreamUnavailable(details={"status": 502, "provider": "P"}), "model"),
        (UpstreamTimeout(details={"phase": "idle"}), "model"),
        (UpstreamTimeout(details={"phase": "comments_only"}), "model"),
        (UpstreamTimeout(details={"phase": "total"}), None),
        (UpstreamBadKey(details={"status": 401}), "account"),
        (UpstreamBadKey(details={"status": 401, "provider": "P"}), None),
        (UpstreamBadKey(details={"reason": "malformed_key"}), None),
        (UpstreamNoCredit(details={"status": 402}), None),
        (UpstreamNoCredit(details={"status": 403, "reason": "key_limit"}), None),
        (UpstreamNoCredit(details={"status": 402, "affordable_tokens": 9}), None),
        (UpstreamNoCredit(details={"status": 402, "reason": "prompt_limit"}), None),
        (UpstreamUnavailable(details={"status": 503, "reason": "filtered"}), None),
        (UpstreamRateLimited(details={"status": 429}), None),
        (UpstreamModelNotFound(details={"status": 404}), None),
        (UpstreamModerated(details={"status": 403}), None),
        (ContextTooLong(details={"status": 400}), None),
        (UpstreamMidstream(details={"status": 502}), None),
        (UpstreamTruncated(), None),
        (UpstreamGarbage(), None),
        (UpstreamError(details={"reason": "bad_base_url"}), None),
    ],
    ids=lambda value: f"{value.code} {value.details}" if isinstance(value, UpstreamError) else "",
)
def test_whose_failure_it_is(error: UpstreamError, expected: Blame | None) -> None:
    assert blame(error) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"model": "a/b"}, "a/b"),
        ({"model": "a/b:nitro", "provider": {}, "models": [], "preset": None}, "a/b:nitro"),
        ({"model": "a/b", "provider": {"only": ["x"]}}, None),
        ({"model": "a/b", "models": ["c/d"]}, None),
        ({"models": ["c/d"]}, None),
        ({"model": "openrouter/auto"}, None),
        ({"model": "@preset/mine"}, None),
        ({"model": "a/b@preset/mine"}, None),
        ({"model": "a/b", "preset": "mine"}, None),
        ({"model": 5}, None),
        ({}, None),
    ],
)
def test_which_model_a_call_speaks_for(body: dict[str, object], expected: str | None) -> None:
    assert model_of(body) == expected


def call(circuits: Circuits, error: BaseException | None = None, model: str = "a/b") -> None:
    with circuits.call(model):
        if error is not None:
            raise error


def fail(circuits: Circuits, error: BaseException, times: int, model: str = "a/b") -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            call(circuits, error, model)


def test_a_provider_that_is_down_is_left_alone_and_tried_again() -> None:
    """For every model; the refusal tells why and until when, and names no status."""
    clock = Clock()
    circuits = Circuits(POLICY, clock)
    fail(circuits, DOWN, 3)
    clock.now_s += 4
    with pytest.raises(UpstreamUnavailable) as refused:
        call(circuits, model="another/model")
    assert refused.value.retry_after_s == 6
    assert refused.value.details == {"reason": "circuit_open", "cause": "upstream_unavailable"}
    assert "Overloaded." in refused.value.message
    clock.now_s += 6
    call(circuits)
    assert circuits.state == "closed"


def test_an_answer_of_any_kind_shows_that_the_provider_is_there() -> None:
    """Refusals are answers."""
    circuits = Circuits(POLICY, Clock())
    for _ in range(5):
        fail(circuits, DOWN, 2)
        fail(circuits, UpstreamModelNotFound(details={"status": 404}), 1)
    assert circuits.state == "closed"


def test_a_model_whose_company_is_down_is_left_alone_by_itself() -> None:
    """Other models answer."""
    circuits = Circuits(POLICY, Clock())
    down = UpstreamUnavailable(details={"status": 502, "provider": "P"})
    fail(circuits, down, 3, "a/down")
    assert (circuits.state, circuits.open_models) == ("closed", 1)
    with pytest.raises(UpstreamUnavailable, match="in a row"):
        call(circuits, model="a/down")
    call(circuits, model="a/up")


def test_a_model_that_is_left_alone_does_not_use_up_the_provider_s_trial() -> None:
    """The provider may be tried once; a call that its model's own breaker refuses is none."""
    clock = Clock()
    circuits = Circuits(POLICY, clock)
    company_down = UpstreamUnavailable("Overloaded.", details={"status": 503, "provider": "P"})
    fail(circuits, company_down, POLICY.failures)
    clock.now_s += POLICY.cool_down_s
    fail(circuits, company_down, 1)  # for twice as long from now on
    fail(circuits, DOWN, POLICY.failures, model="c/d")
    clock.now_s += POLICY.cool_down_s
    with pytest.raises(UpstreamUnavailable, match="left alone"):
        call(circuits)
    call(circuits, model="c/d")
    assert circuits.state == "closed"


def test_the_first_word_settles_a_call() -> None:
    """What breaks afterwards is another matter."""
    circuits = Circuits(POLICY, Clock())
    for _ in range(5):
        with contextlib.suppress(UpstreamTimeout), circuits.call("a/b") as begun:
            begun()
            raise UpstreamTimeout(details={"phase": "idle"})
    assert circuits.open_models == 0


@pytest.mark.parametrize("left_by", [KeyboardInterrupt(), ValueError()])
def test_a_call_that_was_left_tells_nothing(left_by: BaseException) -> None:
    """Neither failure nor success; the next one may try in its place."""
    clock = Clock()
    circuits = Circuits(POLICY, clock)
    fail(circuits, DOWN, 2)
    fail(circuits, left_by, 1)
    fail(circuits, DOWN, 1)
    with pytest.raises(UpstreamUnavailable, match="in a row"):
        call(circuits)
    clock.now_s += 10
    fail(circuits, left_by, 1)
    call(circuits)
    assert circuits.state == "closed"


def test_a_refused_key_is_not_tried_again_for_a_while() -> None:
    """Row 44: for every model; shortly, because keys are mended by hand. It is said that nothing was asked."""
    error = UpstreamBadKey("User not found", details={"status": 401})
    clock = Clock()
    circuits = Circuits(POLICY, clock)
    fail(circuits, error, 1)
    assert circuits.account_is_open
    clock.now_s += 5.5
    with pytest.raises(UpstreamBadKey) as refused:
        call(circuits, model="another/model")
    assert refused.value.message == (
        "User not found. Nothing was asked now: this key is tried again in 15 s, a new one at once."
    )
    assert (refused.value.retry_after_s, refused.value.details["reason"]) == (14.5, "circuit_open")
    assert "status" not in refused.value.details
    clock.now_s += 14.5
    call(circuits)
    assert not circuits.account_is_open


def test_an_empty_account_is_asked_each_time() -> None:
    """Its owner fills it and tries again; models and calls that cost nothing work meanwhile."""
    circuits = Circuits(POLICY, Clock())
    for model in ("a/b", "a/b:free"):
        fail(circuits, UpstreamNoCredit("Insufficient credits.", details={"status": 402}), POLICY.failures * 2, model)
    call(circuits)
    assert (circuits.state, circuits.open_models, circuits.account_is_open) == ("closed", 0, False)


def test_a_call_that_is_made_again_is_one_call() -> None:
    """However often it fails; also of a model's own breaker."""
    company_down = UpstreamUnavailable(details={"status": 502, "provider": "P"})
    for error in (DOWN, company_down):
        circuits = Circuits(POLICY, Clock())
        for _ in range(POLICY.failures - 1):
            for again in (False, True, True):
                with contextlib.suppress(UpstreamUnavailable), circuits.call("a/b", again=again):
                    raise error
        call(circuits)
        fail(circuits, error, POLICY.failures - 1)
        with contextlib.suppress(UpstreamUnavailable), circuits.call("a/b", again=True):
            raise error
        assert (circuits.state, circuits.open_models) == ("closed", 0)
        fail(circuits, error, 1)
        with pytest.raises(UpstreamUnavailable, match="Nothing was asked"):
            call(circuits)


def test_a_trial_that_is_made_again_decides_all_the_same() -> None:
    """It may be the call that was let through when the time had passed."""
    clock = Clock()
    circuits = Circuits(POLICY, clock)
    fail(circuits, DOWN, POLICY.failures)
    clock.now_s += POLICY.cool_down_s
    with contextlib.suppress(UpstreamUnavailable), circuits.call("a/b", again=True):
        raise DOWN
    assert circuits.state == "open"


def test_models_are_forgotten_in_time() -> None:
    """Clients name as many as they like."""
    circuits = Circuits(POLICY, Clock())
    for number in range(MOST_MODELS * 3):
        call(circuits, model=f"a/{number}")
    with circuits.call(None):
        pass
    assert len(circuits._models) == MOST_MODELS

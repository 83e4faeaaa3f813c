"""The first transaction of a turn: all of it or nothing, once per request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import AppError, GenerationRunning, IdempotencyMismatch, NotFound, NothingToAnswer
from app.core.json import decode, encode
from app.db.store import Store
from app.db.types import Conn
from app.repo import generations, profiles, sessions
from app.repo import settings as settings_repo
from app.schemas.sessions import Session
from app.services.turns import transcript
from app.services.turns.keys import Key, key_of
from app.services.turns.posting import post
from app.services.turns.title import title_of
from app.services.turns.turn_end import end
from app.services.turns.turn_start import (
    Begun,
    newest_answer,
    start_continuation,
    start_new,
    start_or_find,
    start_sibling,
)
from tests.services.turning import (
    answered,
    begin,
    check_sums,
    contents,
    ending,
    plan,
    priced,
    put_models,
    rows_of,
    said,
)

PROFILE: dict[str, Any] = {
    "name": "p", "system_prompt": "be brief", "temperature": 0.0, "max_tokens": 50, "openrouter_preset": None,
    "model": "p/model", "reasoning": None, "params": {}, "tools": [], "is_default": False,
}  # fmt: skip


async def test_everything_is_stored_before_anything_is_sent(store: Store) -> None:
    """One turn's rows: session, two messages, generation, start event, open ledger row, key."""
    await store.write(put_models, priced("a/b", prompt=3, completion=5))
    key = key_of("r-1", "generation", {"content": "Hi"})
    begun = await begin(store, "Hi there", key=key)
    assert begun.start is not None
    stored = await store.read(contents)
    (session,), (user, assistant) = stored["sessions"], stored["messages"]
    (generation,), (ledger,) = stored["generations"], stored["usage_logs"]
    assert session["title"] == "Hi there"
    assert (session["active_leaf_id"], session["message_count"]) == (assistant["id"], 2)
    assert (user["role"], user["status"], user["content"], user["parent_id"]) == ("user", "completed", "Hi there", None)
    assert (assistant["role"], assistant["status"], assistant["parent_id"]) == ("assistant", "queued", user["id"])
    assert assistant["generation_id"] == generation["id"] == begun.start.generation_id
    assert (generation["status"], generation["request_id"], generation["ended_at"]) == ("queued", "r-1", None)
    assert decode(generation["params"]) == {"temperature": 0.7, "max_tokens": 100}
    assert (ledger["state"], ledger["cost_picousd"], ledger["model_id"]) == ("reserved", None, "a/b")
    assert ledger["reserved_picousd"] == 3 * len(encode(begun.body)) + 5 * 100
    assert len(stored["generation_events"]) == len(stored["idempotency_keys"]) == 1
    assert begun.body["messages"] == [{"role": "user", "content": "Hi there"}]
    await store.read(check_sums)


async def test_a_model_that_the_catalogue_does_not_know_is_no_hindrance(store: Store) -> None:
    """Its row has no price and no catalogue id."""
    await begin(store, model="new/model")
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["model"], ledger["model_id"], ledger["reserved_picousd"]) == ("new/model", None, None)


Start = Callable[[Conn], Any]


async def _unchanged_by(store: Store, error: type[AppError], unit: Start) -> None:
    before = await store.read(contents)
    with pytest.raises(error):
        await store.write(unit)
    assert await store.read(contents) == before


async def test_a_start_that_fails_leaves_nothing(store: Store) -> None:
    """Whatever is wrong: unknown session, parent, profile, message; a running parent; another request's key."""
    begun = await begin(store, "Hi", key=key_of("r-1", "generation", {"content": "Hi"}))
    assert begun.start is not None
    run, other = begun.start, (await answered(store)).start
    assert other is not None
    failures: list[tuple[type[AppError], Start]] = [
        (NotFound, lambda conn: start_new(conn, plan(), "nowhere", said("x"))),
        (NotFound, lambda conn: start_new(conn, plan(), run.session_id, said("x", "nothing"))),
        (NotFound, lambda conn: start_new(conn, plan(), run.session_id, said("x", other.user_message_id))),
        (NotFound, lambda conn: start_new(conn, plan(profile_id=99), None, said("x"))),
        (NotFound, lambda conn: start_new(conn, plan(profile_id=99), other.session_id, said("x"))),
        (GenerationRunning, lambda conn: start_new(conn, plan(), run.session_id, said("x"))),
        (GenerationRunning, lambda conn: start_new(conn, plan(), run.session_id, said("x", run.assistant_message_id))),
        (IdempotencyMismatch, lambda conn: start_new(conn, plan(key=Key("r-1", "other")), None, said("x"))),
        (NotFound, lambda conn: start_sibling(conn, plan(), "nothing")),
        (NotFound, lambda conn: start_sibling(conn, plan(), other.user_message_id)),
        (GenerationRunning, lambda conn: start_sibling(conn, plan(), run.assistant_message_id)),
        (NotFound, lambda conn: start_continuation(conn, plan(), "nothing")),
        (GenerationRunning, lambda conn: start_continuation(conn, plan(), run.generation_id)),
        (NotFound, lambda conn: start_or_find(conn, plan(), "nowhere", None)),
        (NotFound, lambda conn: start_or_find(conn, plan(), other.session_id, "nothing")),
        (NotFound, lambda conn: start_or_find(conn, plan(), other.session_id, run.user_message_id)),
        (NotFound, lambda conn: start_or_find(conn, plan(), other.session_id, other.assistant_message_id)),
    ]
    for error, unit in failures:
        await _unchanged_by(store, error, unit)


async def test_the_error_of_a_running_parent_names_what_runs(store: Store) -> None:
    begun = await begin(store)
    assert begun.start is not None
    with pytest.raises(GenerationRunning) as caught:
        await store.write(start_new, plan(), begun.start.session_id, said("x"))
    assert caught.value.details == {"generation_id": begun.start.generation_id}


async def test_the_same_request_again_makes_nothing(store: Store) -> None:
    """Also with other settings meanwhile, and after it has ended: what it made is answered."""
    key = key_of("r-1", "generation", {"content": "Hi"})
    first = await begin(store, "Hi", key=key)
    await store.write(end, ending(first))
    before = await store.read(contents)
    again = await begin(store, "Hi", key=key)
    assert (again.generation_id, again.start, again.replayed) == (first.generation_id, None, True)
    assert await store.read(contents) == before


@pytest.mark.parametrize(("kind", "body"), [("generation", {"content": "Ho"}), ("regenerate", {"content": "Hi"})])
async def test_a_key_serves_one_request_only(store: Store, kind: str, body: dict[str, Any]) -> None:
    await begin(store, "Hi", key=key_of("r-1", "generation", {"content": "Hi"}))
    with pytest.raises(IdempotencyMismatch):
        await begin(store, "Hi", key=key_of("r-1", kind, body))


def test_without_a_request_id_there_is_no_key() -> None:
    assert key_of(None, "generation", {"content": "Hi"}) is None


async def test_a_sibling_leaves_the_first_answer_alone(store: Store) -> None:
    """Both stand below the same user message; the new one is the active leaf, and asks the same question."""
    first = await answered(store, "Hi")
    assert first.start is not None
    second = await store.write(start_sibling, plan(model="c/d"), first.start.assistant_message_id)
    assert second.start is not None
    assert second.start.user_message_id == first.start.user_message_id
    assert second.body["messages"] == [{"role": "user", "content": "Hi"}]
    message = await store.read(transcript.get, second.start.assistant_message_id)
    assert message.siblings == [first.start.assistant_message_id, second.start.assistant_message_id]
    kept = await store.read(transcript.get, first.start.assistant_message_id)
    assert (kept.content, kept.status) == ("Hello", "completed")
    session = await store.read(sessions.get, first.start.session_id)
    assert session is not None
    assert session.active_leaf_id == second.start.assistant_message_id
    assert session.totals.messages == 3


async def test_a_continuation_keeps_the_old_text_first(store: Store) -> None:
    """A new message beside the old one that begins with its text, which the model is given to go on from."""
    first = await begin(store, "Hi")
    await store.write(end, ending(first, text="Once upon", status="interrupted"))
    second = await store.write(start_continuation, plan(), first.generation_id)
    assert second.start is not None
    assert second.body["messages"][-1] == {"role": "assistant", "content": "Once upon"}
    message = await store.read(transcript.get, second.start.assistant_message_id)
    assert (message.content, message.last_seq) == ("Once upon", 1)
    assert second.base == message.parts
    await store.write(end, ending(second, text=" a time", base=second.base))
    message = await store.read(transcript.get, second.start.assistant_message_id)
    assert message.content == "Once upon a time"


def made_session(conn: Conn) -> Session:
    """A session without a message."""
    sessions.insert(
        conn, session_id="s", session_type="chat", title="", profile_id=None, model=None, tags=[], now="2026-01-02"
    )
    session = sessions.get(conn, "s")
    assert session is not None
    return session


async def test_a_stored_message_is_answered_once(store: Store) -> None:
    """The first call starts, every later one finds: running, ended or failed."""
    session = await store.write(made_session)
    with pytest.raises(NothingToAnswer):
        await store.write(start_or_find, plan(), session.id, None)
    user_id = await store.write(lambda conn: post(conn, session, said("Hi"), at="2026-01-02T03:04:05.678Z"))
    assert await store.read(newest_answer, session.id, None) is None
    first: Begun = await store.write(start_or_find, plan(), session.id, None)
    assert first.start is not None
    assert first.start.user_message_id == user_id
    for message_id in (None, user_id):
        found = await store.write(start_or_find, plan(), session.id, message_id)
        assert (found.generation_id, found.start) == (first.generation_id, None)
        assert await store.read(newest_answer, session.id, message_id) == first.generation_id
    await store.write(end, ending(first, status="failed"))
    assert (await store.write(start_or_find, plan(), session.id, None)).start is None
    assert len(await store.read(rows_of, "generations")) == 1


async def test_the_body_is_the_path_to_the_message_alone(store: Store) -> None:
    """Other branches are not sent."""
    first = await answered(store, "one")
    assert first.start is not None
    session_id = first.start.session_id
    await answered(store, "other branch", session_id=session_id, parent_id=first.start.user_message_id)
    begun = await begin(store, "two", session_id=session_id, parent_id=first.start.assistant_message_id)
    assert begun.body["messages"] == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "two"},
    ]


async def test_a_path_of_thousands_is_whole(store: Store) -> None:
    """No depth of the database's limits it."""

    def grow(conn: Conn) -> str:
        session = made_session(conn)
        parent: str | None = None
        for number in range(3000):
            parent = post(conn, session, said(str(number), parent), at="2026-01-02T03:04:05.678Z")
        return session.id

    begun = await begin(store, "last", session_id=await store.write(grow))
    sent = [message["content"] for message in begun.body["messages"]]
    assert sent == [*map(str, range(3000)), "last"]


async def test_who_answers_comes_from_request_session_profile_and_settings(store: Store) -> None:
    """Each level from the store itself: stored settings over the process's, profiles over these."""
    assert (await begin(store, model=None)).body["model"] == "a/default"

    await store.write(settings_repo.put, {"model": "s/stored", "system_prompt": "be stored"}, now="now")
    begun = await begin(store, model=None)
    assert begun.body["model"] == "s/stored"
    assert begun.body["messages"][0] == {"role": "system", "content": "be stored"}

    await store.write(profiles.insert, PROFILE | {"model": "d/model", "is_default": True}, now="now")
    assert (await begin(store, model=None)).body["model"] == "d/model"

    profile_id = await store.write(profiles.insert, PROFILE, now="now")
    begun = await begin(store, model=None, profile_id=profile_id, temperature=1.5)
    assert begun.start is not None
    assert (begun.body["model"], begun.body["temperature"], begun.body["max_tokens"]) == ("p/model", 1.5, 50)
    assert begun.body["messages"][0] == {"role": "system", "content": "be brief"}

    await store.write(end, ending(begun))
    again = await begin(store, model=None, session_id=begun.start.session_id)
    assert (again.body["model"], again.body["temperature"]) == ("p/model", 0.0)
    ledger = await store.read(rows_of, "usage_logs")
    assert [row["profile_id"] for row in ledger[-2:]] == [profile_id, profile_id]


async def test_a_session_keeps_the_model_it_was_made_with(store: Store) -> None:
    first = await answered(store, model="x/y")
    assert first.start is not None
    again = await begin(store, model=None, session_id=first.start.session_id)
    assert again.body["model"] == "x/y"


async def test_a_generation_reads_back(store: Store) -> None:
    begun = await begin(store, seed=7)
    generation = await store.read(generations.get, begun.generation_id)
    assert generation is not None
    assert (generation.status, generation.last_seq, generation.attempts, generation.usage) == ("queued", 1, [], None)
    assert generation.params["seed"] == 7


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n \n  Second line\nthird", "Second line"),
        ("", ""),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 60 + "…"),
        ("word " * 20, "word word word word word word word word word word word word…"),
        ("a" * 50 + ", " + "b" * 50, "a" * 50 + "…"),
        ("🙂" * 80, "🙂" * 60 + "…"),
    ],
)
def test_a_title_is_the_first_line_that_says_something(text: str, title: str) -> None:
    """Cut at a word where there is one."""
    assert title_of(text) == title


async def test_only_a_session_without_a_title_takes_one(store: Store) -> None:
    first = await answered(store, "First")
    assert first.start is not None
    await begin(store, "Second", session_id=first.start.session_id)
    session = await store.read(sessions.get, first.start.session_id)
    assert session is not None
    assert session.title == "First"
    assert session.running_generation_id is not None

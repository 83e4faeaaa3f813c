"""Histories that clients send again and again: every message is stored once, whatever was done to it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from app.core.json import decode, encode_text
from app.db.migrate import MIGRATIONS, migrate
from app.db.sqlite import open_writer
from app.db.store import Store
from app.repo import messages, sessions
from app.schemas.parts import Part, ReasoningPart, TextPart, ToolCallPart
from app.services.doors.door_start import DoorCall, start_call
from app.services.doors.foreign_messages import foreign_message
from app.services.turns.chain import chain_of
from app.services.turns.turn_end import end
from app.services.turns.turn_start import Begun
from tests.core.properties import SOME
from tests.services.turning import check_sums, ending, plan, rows_of

Json = dict[str, Any]
TOOLS = ("weather", "time")


class Message:
    """A message as its client thinks of it; it is written differently each time it is sent."""

    def __init__(self, wire: Json) -> None:
        self.wire = wire

    def written(self, draw: st.DataObject) -> Json:
        wire: Json = decode(encode_text(self.wire))
        text = wire["content"]
        if isinstance(text, str) and text and draw.draw(st.booleans(), "as parts"):
            wire["content"] = [{"type": "text", "text": text}]
            if draw.draw(st.booleans(), "cached"):
                wire["content"][0]["cache_control"] = {"type": "ephemeral"}
        if wire["role"] == "assistant":
            _rewrite_answer(wire, draw)
        return wire


def _rewrite_answer(wire: Json, draw: st.DataObject) -> None:
    if not draw.draw(st.booleans(), "with reasoning"):
        wire.pop("reasoning", None)
        wire.pop("reasoning_details", None)
    if draw.draw(st.booleans(), "as an SDK dumps it"):
        wire |= {"refusal": None, "annotations": [], "audio": None, "function_call": None}
        wire.setdefault("tool_calls", None)
    if not wire["content"]:
        wire["content"] = draw.draw(st.sampled_from([None, ""]), "nothing")
    elif isinstance(wire["content"], str) and draw.draw(st.booleans(), "stripped"):
        wire["content"] = wire["content"].strip()
    for index, call in enumerate(wire.get("tool_calls") or ()):
        arguments = decode(call["function"]["arguments"])
        if draw.draw(st.booleans(), "other order"):
            arguments = dict(reversed(arguments.items()))
        call["function"]["arguments"] = encode_text(arguments).replace(":", ": ")
        call |= {"index": index} if draw.draw(st.booleans(), "with index") else {}


class Clients(RuleBasedStateMachine):
    """One client of a door, which talks, uses tools, edits, asks again, forgets and begins anew."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "console.db"
        self.conn = open_writer(path)
        migrate(self.conn, path=path, migrations=MIGRATIONS)
        self.history: list[Message] = []
        self.count = 0
        self.asked: list[tuple[Message, ...]] = []
        self.stored: set[tuple[Message, ...]] = set()
        self.rows = 0

    def teardown(self) -> None:
        check_sums(self.conn)
        self.conn.close()
        self.folder.cleanup()

    def text(self, draw: st.DataObject) -> str:
        """Unlike any other text of the test."""
        self.count += 1
        return f"{self.count} {draw.draw(st.sampled_from(['', ' ', 'é🙂', chr(10), '<b>', '   end  ']))}"

    @rule(draw=st.data())
    def someone_speaks(self, draw: st.DataObject) -> None:
        if not self.history and draw.draw(st.booleans(), "with a system message"):
            role = draw.draw(st.sampled_from(["system", "developer"]))
            self.history.append(Message({"role": role, "content": self.text(draw)}))
        content: Any = self.text(draw)
        if draw.draw(st.integers(0, 4)) == 0:
            url = f"data:image/png;base64,{self.count:04}"
            content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": {"url": url}}]
        self.history.append(Message({"role": "user", "content": content}))
        self.ask(draw)

    @precondition(lambda self: any(m.wire["role"] == "user" for m in self.history))
    @rule(draw=st.data())
    def a_question_is_changed(self, draw: st.DataObject) -> None:
        users = [at for at, message in enumerate(self.history) if message.wire["role"] == "user"]
        at = draw.draw(st.sampled_from(users))
        self.history = [*self.history[:at], Message({"role": "user", "content": self.text(draw)})]
        self.ask(draw)

    @precondition(lambda self: len(self.history) > 1)
    @rule(draw=st.data())
    def an_answer_is_changed(self, draw: st.DataObject) -> None:
        answers = [at for at, message in enumerate(self.history) if message.wire["role"] == "assistant"]
        at = draw.draw(st.sampled_from(answers))
        changed = Message({"role": "assistant", "content": self.text(draw)})
        question = Message({"role": "user", "content": self.text(draw)})
        self.history = [*self.history[:at], changed, question]
        self.ask(draw)

    @precondition(lambda self: self.asked)
    @rule(draw=st.data())
    def it_is_asked_again(self, draw: st.DataObject) -> None:
        """Any earlier request, as it was."""
        self.history = list(draw.draw(st.sampled_from(self.asked)))
        self.ask(draw)

    @precondition(lambda self: len(self.history) > 3)
    @rule(draw=st.data())
    def the_beginning_is_forgotten(self, draw: st.DataObject) -> None:
        users = [at for at, message in enumerate(self.history) if message.wire["role"] == "user"][1:]
        if users:
            self.history = self.history[draw.draw(st.sampled_from(users)) :]
            self.history.append(Message({"role": "user", "content": self.text(draw)}))
            self.ask(draw)

    @rule()
    def it_begins_anew(self) -> None:
        self.history = []

    def ask(self, draw: st.DataObject) -> None:
        """Send all of the history, and take the answer into it; what is stored is compared with what was sent."""
        known = self.known()
        sent = [message.written(draw) for message in self.history]
        call = DoorCall(messages=sent, params={})
        self.asked.append(tuple(self.history))
        begun = start_call(self.conn, plan(), call, [foreign_message(message) for message in sent])
        self.check_path(begun, sent)
        parts = self.answer(begun, draw)
        assert len(rows_of(self.conn, "messages")) == self.rows + len(sent) - known + 1
        self.rows += len(sent) - known + 1
        echo = Message(echo_of(parts))
        self.history.append(echo)
        self.stored |= {tuple(self.history[:at]) for at in range(1, len(self.history) + 1)}
        calls = echo.wire.get("tool_calls") or ()
        for each in calls:
            self.history.append(Message({"role": "tool", "tool_call_id": each["id"], "content": self.text(draw)}))
        if calls:
            self.ask(draw)

    def known(self) -> int:
        """The longest beginning that is stored, if any of it was answered."""
        beginnings = [tuple(self.history[:at]) for at in range(1, len(self.history) + 1)]
        longest = max((len(each) for each in beginnings if each in self.stored), default=0)
        return longest if any(each in self.asked for each in beginnings[:longest]) else 0

    def check_path(self, begun: Begun, sent: Sequence[Json]) -> None:
        """From the root to the message that is answered: what was sent, in order, and nothing else."""
        assert begun.start is not None
        session = sessions.get(self.conn, begun.start.session_id)
        assert session is not None
        assert (session.tags, session.active_leaf_id) == (["api"], begun.start.assistant_message_id)
        path = messages.path_up(self.conn, session.id, begun.start.user_message_id, limit=10_000)[::-1]
        assert len(path) == len(sent)
        for row, message in zip(path, sent, strict=True):
            expected = foreign_message(message)
            assert row["role"] == expected.role
            for part in expected.parts:
                if isinstance(part, TextPart):
                    assert part.text.strip() in row["content"]
        title = next(row["content"] for row in path if row["role"] == "user")
        assert session.title
        assert session.title in title or session.title.endswith("…") or len(self.asked) > 1

    def answer(self, begun: Begun, draw: st.DataObject) -> list[Part]:
        parts: list[Part] = []
        if draw.draw(st.booleans(), "reasons"):
            parts.append(ReasoningPart(text=self.text(draw), details=[{"type": "reasoning.text"}]))
        if draw.draw(st.booleans(), "says something"):
            parts.append(TextPart(text=self.text(draw)))
        calls = draw.draw(st.integers(0, 2), "calls") if draw.draw(st.integers(0, 2)) == 0 else 0
        for tool in TOOLS[:calls]:
            self.count += 1
            arguments = encode_text({"city": "Oslo", "n": self.count})
            parts.append(ToolCallPart(id=f"call_{self.count}", name=tool, arguments=arguments))
        if not any(isinstance(part, TextPart | ToolCallPart) for part in parts):
            parts.append(TextPart(text=self.text(draw)))
        done = ending(begun)
        done.parts = parts
        end(self.conn, done)
        return parts


def echo_of(parts: Sequence[Part]) -> Json:
    """An answer as its client received it."""
    wire: Json = {"role": "assistant", "content": "".join(p.text for p in parts if isinstance(p, TextPart))}
    if thoughts := [part for part in parts if isinstance(part, ReasoningPart)]:
        wire |= {"reasoning": thoughts[0].text, "reasoning_details": thoughts[0].details}
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    if calls:
        wire["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
    return wire


Clients.TestCase.settings = settings(SOME, stateful_step_count=15, max_examples=40)
TestClients = Clients.TestCase


def asked(*texts: str, role: str = "user") -> DoorCall:
    return DoorCall(messages=[{"role": role, "content": text} for text in texts], params={})


async def start(store: Store, call: DoorCall) -> Begun:
    return await store.write(start_call, plan(), call, [foreign_message(message) for message in call.messages])


async def test_tasks_that_open_alike_are_sessions_of_their_own(store: Store) -> None:
    """A program sends the same instructions and examples each time; only what was answered is one conversation."""
    opening = [
        {"role": "system", "content": "Classify."},
        {"role": "user", "content": "example"},
        {"role": "assistant", "content": "A"},
    ]
    for number in range(3):
        call = DoorCall(messages=[*opening, {"role": "user", "content": f"case {number}"}], params={})
        await store.write(end, ending(await start(store, call)))
    assert len(await store.read(rows_of, "sessions")) == 3
    assert len(await store.read(rows_of, "messages")) == 15


async def test_the_same_question_twice_is_one_message_with_two_answers(store: Store) -> None:
    """Also while the first answer is still being written."""
    first, second = await start(store, asked("Hi")), await start(store, asked("Hi"))
    assert first.start is not None
    assert second.start is not None
    assert first.start.user_message_id == second.start.user_message_id
    assert len(await store.read(rows_of, "messages")) == 3
    (session,) = await store.read(rows_of, "sessions")
    assert session["message_count"] == 3
    assert session["active_leaf_id"] == second.start.assistant_message_id


async def test_an_answer_cut_off_is_recognised_too(store: Store) -> None:
    """What its client saw of it goes on as one conversation; what it did not see makes a branch."""
    begun = await start(store, asked("Hi"))
    await store.write(end, ending(begun, text="Hello the", status="stopped"))
    follow = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello the"}]
    again = await start(store, DoorCall(messages=[*follow, {"role": "user", "content": "Go on"}], params={}))
    assert again.start is not None
    assert begun.start is not None
    assert again.start.session_id == begun.start.session_id
    assert len(await store.read(rows_of, "messages")) == 4
    follow[1]["content"] = "Hello"
    branch = await start(store, DoorCall(messages=[*follow, {"role": "user", "content": "Go on"}], params={}))
    assert branch.start is not None
    assert branch.start.session_id == begun.start.session_id
    assert len(await store.read(rows_of, "messages")) == 7


async def test_what_is_gone_is_stored_anew(store: Store) -> None:
    """A history whose session was deleted begins a new one."""
    begun = await start(store, asked("Hi"))
    await store.write(end, ending(begun))
    assert begun.start is not None
    await store.write(sessions.delete, begun.start.session_id)
    again = await start(store, asked("Hi"))
    assert again.start is not None
    assert again.start.session_id != begun.start.session_id


def test_chains_tell_conversations_apart() -> None:
    """Roles, texts, calls, results and media count, and so does everything before them."""
    base: list[Json] = [{"role": "user", "content": "a"}]
    variants: list[list[Json]] = [
        base,
        [{"role": "system", "content": "a"}],
        [{"role": "user", "content": "a "}],
        [{"role": "user", "content": ["a", "b"] and "ab"}],
        [{"role": "tool", "tool_call_id": "a", "content": "a"}],
        [{"role": "tool", "tool_call_id": "b", "content": "a"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a"}}]}],
        [{"role": "assistant", "content": "a"}],
        [{"role": "assistant", "content": "a", "tool_calls": [call("c", "f", "{}")]}],
        [{"role": "assistant", "content": "a", "tool_calls": [call("d", "f", "{}")]}],
        [{"role": "assistant", "content": "a", "tool_calls": [call("c", "g", "{}")]}],
        [{"role": "assistant", "content": "a", "tool_calls": [call("c", "f", '{"a":1}')]}],
        [*base, *base],
    ]
    links = [chain_of((m.role, m.parts) for m in map(foreign_message, variant))[-1] for variant in variants]
    assert len(set(links)) == len(variants)


def call(call_id: str, name: str, arguments: str) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}

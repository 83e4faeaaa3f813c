"""Clients that keep a console busy and write down what they asked for, what was acknowledged and what they saw."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import httpx

from tests.harness import ConsoleClient, Json, Reading, Transcript
from tests.harness.client import MODEL, EventStream

STREAMS = 8
# Tokens of an answer and tokens per second: some end soon, some outlive every process.
PACES = ((8, 400), (60, 400), (200, 400), (4000, 1000))
LATENCIES_MS = (0, 0, 20, 150)


@dataclass
class Record:
    """What clients asked a console for and what they were told, over the lives of many processes.

    Names are unique, so that what is stored can be told from what nobody asked for. ``asked_answers`` counts, by the
    user message, the answers that were asked for.
    """

    asked_sessions: set[str] = field(default_factory=set)
    asked_messages: set[str] = field(default_factory=set)
    asked_answers: Counter[str] = field(default_factory=Counter)
    sessions: set[str] = field(default_factory=set)
    messages: dict[str, str] = field(default_factory=dict)
    generations: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    transcripts: dict[str, Transcript] = field(default_factory=dict)

    def took(self, started: Json) -> str:
        """A generation was acknowledged with all that belongs to it; its id."""
        generation_id: str = started["generation"]["id"]
        self.generations.add(generation_id)
        self.sessions.add(started["session"]["id"])
        self.messages[started["user_message"]["id"]] = started["user_message"]["content"]
        return generation_id

    def saw(self, transcript: Transcript) -> None:
        """A reader got so far."""
        if not transcript.frames:
            return
        start = transcript.data_of("start")
        self.generations.add(start["generation_id"])
        self.sessions.add(start["session_id"])
        self.messages.setdefault(start["user_message_id"], "")
        self.transcripts[transcript.generation_id] = transcript


class Load:
    """Eight streams and a writer on one console, until its process is gone.

    Each stream starts an answer, reads it and starts the next when it ends; some are stopped on the way. Sessions and
    messages are posted beside them.
    """

    def __init__(self, client: ConsoleClient, record: Record, draw: random.Random, name: str) -> None:
        self._client, self._record, self._draw = client, record, draw
        self.busy = asyncio.Event()
        """An answer was asked for and acknowledged."""
        self._names = (f"{name} {n}" for n in itertools.count())

    async def run(self, to_continue: list[str]) -> None:
        """Begin by continuing ended generations. Returns when the last client has lost its connection."""
        firsts = itertools.islice(itertools.chain(to_continue, itertools.repeat(None)), STREAMS)
        await asyncio.gather(self._write(), *(self._stream(first) for first in firsts))

    async def _stream(self, to_continue: str | None) -> None:
        try:
            if to_continue is not None:
                await self._continue(to_continue)
            while True:
                await self._draw.choice((self._start_and_follow, self._start_streaming))()
        except httpx.TransportError:
            return

    async def _continue(self, generation_id: str) -> None:
        question = (await self._client.generation(generation_id))["user_message_id"]
        content = (await self._client.message(question))["content"]
        self._record.asked_answers[content] += 1
        await self._follow(self._record.took(await self._client.resume(generation_id)))

    async def _start_and_follow(self) -> None:
        generation_id = self._record.took(await self._client.start(self._question()))
        self.busy.set()
        await self._follow(generation_id)

    async def _start_streaming(self) -> None:
        body = {"content": self._question(), "model": MODEL}
        await self._read(Reading(), self._client.stream("/api/stream", body=body))

    async def _follow(self, generation_id: str) -> None:
        reader = Reading()
        clients = [self._read(reader, self._client.events(generation_id))]
        if self._draw.random() < 0.3:
            clients.append(self._stop(reader, generation_id, words=self._draw.randrange(60)))
        for outcome in await asyncio.gather(*clients, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _read(self, reader: Reading, opened: AbstractAsyncContextManager[EventStream]) -> None:
        await reader.run(opened)
        self._record.saw(reader.transcript)
        if reader.broken:
            raise httpx.ReadError("the process is gone")

    async def _stop(self, reader: Reading, generation_id: str, words: int) -> None:
        """Stop an answer once so many words of it are there."""
        if await reader.reached(lambda transcript: len(transcript.text.split()) >= words):
            stopped = await self._client.stop(generation_id)
            if stopped["status"] == "stopped":
                self._record.stopped.add(generation_id)

    async def _write(self) -> None:
        try:
            while True:
                title = next(self._names)
                self._record.asked_sessions.add(title)
                session = await self._client.create_session(title=title)
                self._record.sessions.add(session["id"])
                content = f"by hand in {title}"
                self._record.asked_messages.add(content)
                message = await self._client.post_message(session["id"], content)
                self._record.messages[message["id"]] = content
        except httpx.TransportError:
            return

    def _question(self) -> str:
        tokens, rate = self._draw.choice(PACES)
        question = f"[[tokens={tokens} rate={rate} latency={self._draw.choice(LATENCIES_MS)}]] {next(self._names)}"
        self._record.asked_messages.add(question)
        self._record.asked_answers[question] += 1
        return question

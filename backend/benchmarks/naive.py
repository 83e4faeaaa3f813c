"""The reference: a relay as one writes it first, and honest work.

FastAPI, one shared httpx client, each line of the upstream's stream parsed with ``json`` and sent on as an event of
sse-starlette; session, messages and usage are kept through SQLAlchemy's ORM on aiosqlite. Nothing in it
is slow on purpose:
no client per request, no connection limit below the load, no transaction held open across the upstream.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sse_starlette import EventSourceResponse

Sessions = async_sessionmaker[AsyncSession]
Event = dict[str, str]


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())


class Base(DeclarativeBase):
    """All tables."""


class Session(Base):
    """A conversation."""

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True, default=_new_id)
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now)


class Message(Base):
    """One entry of it."""

    __tablename__ = "messages"
    id: Mapped[str] = mapped_column(primary_key=True, default=_new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    role: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=_now)


class Usage(Base):
    """What one answer used and cost."""

    __tablename__ = "usage_logs"
    id: Mapped[str] = mapped_column(primary_key=True, default=_new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    model: Mapped[str]
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    total_tokens: Mapped[int]
    cost_usd: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=_now)


class StreamIn(BaseModel):
    """A message to be answered; a session is made when none is named."""

    content: str
    model: str
    session_id: str | None = None


async def store_question(sessions: Sessions, body: StreamIn) -> tuple[str, list[dict[str, str]]]:
    """Store the user's message; the session's id and its messages as the upstream wants them."""
    async with sessions() as db:
        session_id = body.session_id
        if session_id is None:
            session = Session(title=body.content[:40])
            db.add(session)
            await db.flush()
            session_id = session.id
        db.add(Message(session_id=session_id, role="user", content=body.content))
        await db.commit()
        history = await db.scalars(select(Message).where(Message.session_id == session_id).order_by(Message.created_at))
        return session_id, [{"role": message.role, "content": message.content} for message in history]


async def store_answer(sessions: Sessions, session_id: str, model: str, answer: str, usage: Any) -> None:
    """Store the answer and what it used, and touch the session."""
    async with sessions() as db:
        db.add(Message(session_id=session_id, role="assistant", content=answer))
        db.add(
            Usage(
                session_id=session_id,
                model=model,
                prompt_tokens=usage["prompt_tokens"],
                completion_tokens=usage["completion_tokens"],
                total_tokens=usage["total_tokens"],
                cost_usd=usage["cost"],
            )
        )
        session = await db.get_one(Session, session_id)
        session.updated_at = _now()
        await db.commit()


async def relay(client: httpx.AsyncClient, sessions: Sessions, body: StreamIn) -> AsyncIterator[Event]:
    """The events of one answer, which is stored when it is complete."""
    session_id, messages = await store_question(sessions, body)
    request = {"model": body.model, "messages": messages, "stream": True, "usage": {"include": True}}
    answer: list[str] = []
    usage = None
    async with client.stream("POST", "chat/completions", json=request) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            chunk = json.loads(line.removeprefix("data: "))
            usage = chunk.get("usage") or usage
            for choice in chunk["choices"]:
                if text := choice["delta"].get("content"):
                    answer.append(text)
                    yield {"event": "token", "data": json.dumps({"text": text})}
    await store_answer(sessions, session_id, body.model, "".join(answer), usage)
    yield {"event": "usage", "data": json.dumps(usage)}
    yield {"event": "done", "data": json.dumps({"done": True})}


def create_engine(path: str) -> AsyncEngine:
    """SQLite in WAL mode, as every guide has it; a writer waits up to 30 s for its turn."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 30})

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def create_app() -> FastAPI:
    """The application; ``NAIVE_DB`` names the database, ``OPENROUTER_BASE_URL`` and ``_API_KEY`` the upstream."""
    engine = create_engine(os.environ["NAIVE_DB"])
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    client = httpx.AsyncClient(
        base_url=os.environ["OPENROUTER_BASE_URL"],
        headers={"Authorization": f"Bearer {os.environ['OPENROUTER_API_KEY']}"},
        timeout=httpx.Timeout(60, pool=None),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with client:
            yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/api/stream")
    async def stream(body: StreamIn) -> EventSourceResponse:
        return EventSourceResponse(relay(client, sessions, body))

    return app

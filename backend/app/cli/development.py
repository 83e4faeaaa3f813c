"""The application as ``scripts/dev`` serves it.

A server of its own, such as uvicorn's reloading one, does not tell its application where it listens; the script gives
it and the settings one address, so that commands find this console as any other.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.main import create_app


def application() -> FastAPI:
    """The product, which says in its data folder that it listens where the settings have it."""
    app = create_app()
    serving = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with serving(app):
            services = app.state.services
            services.lock.write_endpoint(f"http://{services.settings.host}:{services.settings.port}/", os.getpid())
            yield

    app.router.lifespan_context = lifespan
    return app

"""The ASGI application: routes, gate, page. Importing this opens nothing; the lifespan does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from app import __version__
from app.api.admission import Admission
from app.api.document import DocumentedApp
from app.api.errors import install_error_handlers, responses_for
from app.api.gate import Gate
from app.api.middleware import RequestLog
from app.api.route_class import classed_routes
from app.api.route_table import RouteTable
from app.api.routes import (
    account,
    admin,
    budgets,
    chat,
    compactions,
    decisions,
    docs,
    embeddings,
    estimates,
    generations,
    health,
    messages,
    metrics,
    models,
    openai,
    openai_models,
    openrouter_lookups,
    plain_models,
    profiles,
    providers,
    restore,
    sessions,
    stream,
    tickets,
    tokens,
    usage,
    usage_check,
)
from app.api.routes import settings as settings_routes
from app.api.spa import mount_page
from app.bootstrap import Pace, policy_of, running
from app.core.config import REPOSITORY, Settings
from app.core.errors import ShuttingDown
from app.core.logging_config import setup_logging

PAGE_FOLDER = REPOSITORY / "frontend" / "dist"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(settings: Settings | None = None, *, pace: Pace | None = None, page: Path = PAGE_FOLDER) -> FastAPI:
    """The product as one ASGI app. Raises UnclassedRoute for a route that does not say its class.

    Args:
        settings: read from the environment when the lifespan starts if not given.
        pace: time-outs and delays, for tests.
        page: the folder of the built page; without it the API still works, and ``/`` says how to build the page.
    """
    app = DocumentedApp(
        title="LLM Console",
        version=__version__,
        summary="A local-first console for large language models",
        lifespan=lifespan_of(settings, pace),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        responses=responses_for(),
        # The console tells of itself at /metrics; asking for an unconfigured tracer costs every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # Routes are tried in this order, the busiest first.
    for module in (
        *(stream, openai, chat, generations, messages, sessions, profiles, providers, models, usage, decisions),
        *(usage_check, account, budgets, compactions, settings_routes, admin, restore, embeddings, openrouter_lookups),
        *(openai_models, plain_models, estimates, tokens, tickets, health, metrics, docs),
    ):
        app.include_router(module.router)
    mount_page(app, page)
    app.state.routes = routes = RouteTable(classed_routes(app.routes))
    install_error_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(Gate, admission=lambda: _admission(app), routes=routes)
    app.add_middleware(RequestLog, served=lambda *request: _count(app, *request))
    return app


def lifespan_of(given: Settings | None, pace: Pace | None) -> Lifespan:
    """What an app opens before its first request and closes after its last, as `create_app` is given it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = given or Settings()
        if given is None:
            setup_logging(settings.log_level, settings.under_data(settings.log_file) if settings.log_file else None)
        try:
            async with running(settings, pace) as services:
                app.state.admission = Admission(policy_of(services), services.access_tokens, services.tickets)
                app.state.count_request = services.metrics.request
                app.state.services = services
                yield
        except Exception as error:
            # The server only logs it; who started the server wants the reason.
            app.state.failure = error
            raise
        finally:
            app.state.services = None

    return lifespan


def _count(app: FastAPI, method: str, pattern: str, status: int) -> None:
    count: Callable[[str, str, int], None] | None = getattr(app.state, "count_request", None)
    if count is not None:
        count(method, pattern, status)


def _admission(app: FastAPI) -> Admission:
    admission: Admission | None = getattr(app.state, "admission", None)
    if admission is None:
        raise ShuttingDown
    return admission


app = create_app()

"""The page: the built files, and ``index.html`` for every address of its router (contracts, section 6).

Only the page's own paths are answered, so an unknown API path stays a JSON 404 whatever ``Accept`` says.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.api.route_class import route_class

NOT_BUILT = "The page is not built. Run ./scripts/run, or npm run build in frontend/. The API is up; see /docs.\n"


class Assets(StaticFiles):
    """Files whose names carry a hash of their content: a browser need never ask twice."""

    async def check_config(self) -> None:
        """Nothing once and for all: the folder may be made later."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if self.directory is None or not Path(self.directory).is_dir():
            return PlainTextResponse(NOT_BUILT, 503)
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def mount_page(app: FastAPI, folder: Path) -> None:
    """Serve the build in ``folder``, which may be made later: the index is looked for at each request."""
    assets = route_class("public")(Assets(directory=folder / "assets", check_dir=False))
    app.mount("/assets", assets, name="assets")

    @route_class("public")
    async def index() -> Response:
        file = folder / "index.html"
        if not file.is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        return FileResponse(file, headers={"cache-control": "no-cache"})

    for path in ("/", "/app", "/app/{rest:path}"):
        app.add_api_route(path, index, methods=["GET", "HEAD"], include_in_schema=False)

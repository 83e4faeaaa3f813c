# The image is made by the set-up steps of scripts/run, so that those are the only ones there are.

FROM node:22-bookworm-slim AS page
WORKDIR /console
COPY scripts/lib scripts/lib
COPY frontend frontend
RUN bash -euo pipefail -c 'source scripts/lib/setup.sh; build_page'

FROM python:3.13-slim-bookworm
WORKDIR /console
COPY scripts/lib scripts/lib
COPY backend/requirements-runtime.txt backend/
RUN bash -euo pipefail -c 'source scripts/lib/setup.sh; setup_python runtime'
COPY backend/app backend/app
COPY backend/emulator backend/emulator
COPY --from=page /console/frontend/dist frontend/dist
# The volumes take the owner of the folders that they are first mounted on.
RUN backend/.venv/bin/python -m compileall -q backend/app backend/emulator \
    && useradd --system --uid 10001 --home-dir /nonexistent console \
    && install --directory --owner console --mode 0700 backend/data backups

USER console
WORKDIR /console/backend
# All interfaces inside, so always with a token; docker-compose.yml publishes on loopback only.
ENV CONSOLE_HOST=0.0.0.0 CONSOLE_PORT=8000 CONSOLE_AUTH=token PYTHONUNBUFFERED=1
EXPOSE 8000
VOLUME ["/console/backend/data", "/console/backups"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD [".venv/bin/python", "-m", "app.cli.main", "serve", "--no-browser"]

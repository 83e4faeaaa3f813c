"""Logs as JSON lines: ``{ts, level, logger, message, request_id?, …extras, exception?}``, ASCII, one per record.

A line is written whatever the extras hold, and never carries a key, a bearer token or a cookie.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from app.core.clock import stamp

request_id_var: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request being served; tasks it starts inherit it."""

_HANDLER_NAME = "llm-console"
_FILE_BYTES = 10_000_000
_FILES_KEPT = 5
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access")
# They log each call with its URL, or each SQL statement; what matters of it we log ourselves.
_TALKATIVE_LOGGERS = ("uvicorn.access", "httpx", "httpcore", "aiosqlite", "python_multipart")

_NOT_EXTRAS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}

_MASK = "***"
_KEY = re.compile(r"(?i)(?<![a-z0-9])sk-[a-z0-9_-]{6,}")
_NAMED_TOKEN = re.compile(r"llmc_[A-Za-z0-9_-]{6,}")
_BEARER = re.compile(r"(?i)\bbearer(?:\s|%20|[:=+])+[^\s\"',;)]+")
_IN_URL = re.compile(r"(?i)([?&#](?:token|key|api_key|ticket)=)[^&\s\"']+")
_SECRET_NAMES = frozenset(
    {"authorization", "proxy_authorization", "cookie", "set_cookie", "token", "secret", "password"}
)
_SUSPICIOUS = (
    "sk-",
    "llmc_",
    "bearer",
    "authorization",
    "api_key",
    "api-key",
    "cookie",
    "token=",
    "key=",
    "ticket=",
    '"token"',
    '"secret"',
    '"password"',
)


def setup_logging(level: str = "INFO", file: Path | None = None) -> None:
    """Send every logger of the process, uvicorn's included, through one handler; a second call replaces the first.

    ``file`` is rotated at 10 MB, five old ones are kept; without it lines go to standard error.
    Raises ``OSError`` when the file cannot be opened.
    """
    # No line names a thread, a process or the place in the code; finding them takes longer than the rest of a record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="ascii")
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    for old in [found for found in root.handlers if found.get_name() == _HANDLER_NAME]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    for name in _SERVER_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _TALKATIVE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


class JsonFormatter(logging.Formatter):
    """One record as one JSON line without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": stamp(int(record.created * 1e9)),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        request_id = request_id_var.get()
        if request_id is not None:
            line["request_id"] = request_id
        for name, value in record.__dict__.items():
            if name not in _NOT_EXTRAS and name not in line:
                line[name] = value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return _encode(line)


def mask(text: str) -> str:
    """``text`` with everything that looks like a key, a bearer token or a token in a URL blanked."""
    text = _KEY.sub("sk-" + _MASK, text)
    text = _NAMED_TOKEN.sub("llmc_" + _MASK, text)
    text = _BEARER.sub("Bearer " + _MASK, text)
    return _IN_URL.sub(r"\1" + _MASK, text)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  # arguments that do not fit are no reason to lose the line
        return f"{_text(record.msg)} {_text(record.args)}"


_ENCODER = json.JSONEncoder(default=str, allow_nan=False)


def _encode(line: dict[str, Any]) -> str:
    try:
        text = _ENCODER.encode(line)
    except Exception:  # noqa: BLE001  # cycles, NaN, odd keys, a __str__ that raises: write what can be written
        text = json.dumps(_plain(line))
    lowered = text.lower()
    for sign in _SUSPICIOUS:
        if sign in lowered:
            return json.dumps(_masked(_plain(line)))
    return text


def _plain(value: object, depth: int = 0, above: frozenset[int] = frozenset()) -> Any:
    """``value`` in JSON's own types: cycles and depths cut, everything else by its text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return _text(value)
    if depth > 5 or id(value) in above:
        return "…"
    above |= {id(value)}
    if isinstance(value, Mapping):
        return {_text(name): _plain(item, depth + 1, above) for name, item in value.items()}
    return [_plain(item, depth + 1, above) for item in value]


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(name): _MASK if _is_secret(name, item) else _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value


def _is_secret(name: str, value: object) -> bool:
    plain_name = name.lower().replace("-", "_")
    return value is not None and (plain_name in _SECRET_NAMES or plain_name.endswith("api_key"))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # a __str__ that raises
        return f"<{type(value).__name__}>"

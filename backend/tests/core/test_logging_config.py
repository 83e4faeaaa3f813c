"""Log lines: always valid JSON, always written, never a secret."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from app.core.logging_config import JsonFormatter, mask, request_id_var, setup_logging

KEY = "sk-or-v1-" + "0a1b2c3d" * 4
TOUCHED = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "httpx", "httpcore", "aiosqlite", "python_multipart")


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    """Put every logger that ``setup_logging`` touches back."""
    loggers = [logging.getLogger(name) for name in TOUCHED]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    yield
    for handler in [one for one in logging.getLogger().handlers if one.get_name() == "llm-console"]:
        handler.close()
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


def line_of(message: object, *args: object, **extra: object) -> dict[str, Any]:
    record = logging.getLogger("app.test").makeRecord(
        "app.test", logging.INFO, "file.py", 1, message, args, None, extra=extra
    )
    text = JsonFormatter().format(record)
    assert text.isascii()
    assert "\n" not in text
    line = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert isinstance(line, dict)
    return line


def test_a_line_has_the_named_fields_and_the_extras() -> None:
    """ts, level, logger, message, request_id from the context, extras beside them."""
    context = request_id_var.set("req-1")
    try:
        line = line_of("sent %d events", 3, model="a/b", tokens=7)
    finally:
        request_id_var.reset(context)
    assert line.pop("ts")[-1] == "Z"
    assert line == {
        "level": "INFO",
        "logger": "app.test",
        "message": "sent 3 events",
        "request_id": "req-1",
        "model": "a/b",
        "tokens": 7,
    }
    assert "request_id" not in line_of("outside of a request")


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_nothing_in_extras_breaks_a_line() -> None:
    """Cycles, NaN, odd keys, objects whose text raises, lone surrogates, control characters."""
    cycle: list[object] = []
    cycle.append(cycle)
    line = line_of(
        "odd\ud800\n\x1b[31m",
        cycle=cycle,
        nan=float("nan"),
        keys={("a", 1): 1, None: 2},
        hostile=Hostile(),
        data=b"\xff",
        path=Path("x"),
        kinds={1},
    )
    assert line["message"] == "odd\ud800\n\x1b[31m"
    assert line["hostile"] == "<Hostile>"
    assert line["nan"] == "nan"
    assert line["keys"] == {"('a', 1)": 1, "None": 2}
    assert line["kinds"] == [1]


def test_arguments_that_do_not_fit_keep_the_line() -> None:
    """A mistake in a log call is no reason to lose what it wanted to say."""
    assert line_of("%d tokens", "many")["message"] == "%d tokens ('many',)"


def test_extras_cannot_forge_the_fixed_fields() -> None:
    """A record's own level and time win."""
    assert line_of("x", level="DEBUG", ts="never")["level"] == "INFO"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"key {KEY}, again",
        f"at the start of a line\n{KEY}",
        f"Authorization: Bearer {KEY}",
        "Authorization: bearer   abc.def-ghi0",
        "(b'Authorization', b'Bearer abc.def-ghi0')",
        "Authorization=Bearer%20abc.def-ghi0",
        "http://127.0.0.1:8000/#token=abc.def-ghi0",
        "GET /x?limit=1&api_key=abc.def-ghi0 HTTP/1.1",
    ],
)
def test_secrets_are_blanked_wherever_they_stand(text: str) -> None:
    """In the message, in an extra, deep in one, in a key of one, in arguments."""
    for line in (
        line_of(text),
        line_of("%s", text),
        line_of("x", note=text),
        line_of("x", deep={"list": [1, {text: text}]}),
        line_of("x", other=Exception(text)),
    ):
        shown = json.dumps(line)
        assert "0a1b2c3d" not in shown
        assert "abc.def-ghi0" not in shown
        assert "***" in shown


def test_secrets_are_blanked_by_their_name() -> None:
    """A header dictionary shows that there was a token, not which."""
    headers = {"authorization": "Basic dXNlcg==", "Cookie": "a=b", "X-Api-Key": "zzz", "accept": "*/*"}
    line = line_of("x", headers=headers, token="not for you", prompt_tokens=5)
    assert line["headers"] == {"authorization": "***", "Cookie": "***", "X-Api-Key": "***", "accept": "*/*"}
    assert line["token"] == "***"
    assert line["prompt_tokens"] == 5


def test_ordinary_words_are_left_alone() -> None:
    """`task-management-list` holds `sk-` and is no key."""
    text = "task-management-list, desk-lamp-holder, 12 tokens, a risk-averse-model"
    assert mask(text) == text
    assert line_of(text)["message"] == text


def test_tracebacks_are_in_the_line_and_blanked() -> None:
    """One record, one line, with the exception's text masked."""
    try:
        raise RuntimeError(f"refused with {KEY}")
    except RuntimeError:
        record = logging.getLogger("app.test").makeRecord("app.test", 40, "f", 1, "failed", (), sys.exc_info())
    line = json.loads(JsonFormatter().format(record))
    assert "RuntimeError: refused with sk-***" in line["exception"]
    assert "0a1b2c3d" not in json.dumps(line)


def test_lines_go_to_a_rotating_file_when_one_is_named(tmp_path: Path) -> None:
    """10 MB, five old ones; the folder is made; a second set-up adds no second handler."""
    file = tmp_path / "logs" / "console.log"
    setup_logging("INFO", file)
    setup_logging("DEBUG", file)
    logging.getLogger("app.test").debug("hello")
    handlers = [one for one in logging.getLogger().handlers if isinstance(one, RotatingFileHandler)]
    assert [(one.maxBytes, one.backupCount) for one in handlers] == [(10_000_000, 5)]
    assert [json.loads(line)["message"] for line in file.read_text().splitlines()] == ["hello"]


def test_uvicorn_flows_through_the_same_lines_but_not_its_access_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Its handlers are taken off; its access lines, which repeat ours with the query, are silent."""
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())
    logging.getLogger("uvicorn").propagate = False
    setup_logging("INFO")
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[36mStarted"})
    logging.getLogger("uvicorn.access").info("GET /?secret")
    logging.getLogger("httpx").info("GET https://upstream")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["Started"]
    assert "color_message" not in lines[0]

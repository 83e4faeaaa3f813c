"""The command line: what it takes, and how it says no. Starts that succeed are tested with real processes."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.cli import server as serving
from app.cli.main import main
from app.cli.options import flags_given
from app.core.config import Settings

BACKEND = Path(__file__).parents[2]


@pytest.mark.parametrize("arguments", [[], ["cook"], ["serve", "--cook"], ["serve", "extra"]])
def test_what_is_no_command_is_answered_by_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage: llm-console" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1", "eighty", "", "8 0", "٣", "1e3"])
def test_what_is_no_port_is_refused_in_words(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", f"--port={port}"]) == 2
    assert "a port is a number from 0 to 65535" in capsys.readouterr().err


def test_a_setting_that_makes_no_sense_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each on its own, in one line; values are not repeated, they may be secrets."""
    monkeypatch.setenv("CONSOLE_TOKEN", "hush-hush")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    assert main(["serve", "--no-browser", "--port=0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("llm-console: ")
    assert "CONSOLE_TOKEN: " in line
    assert "LOG_LEVEL: " in line
    assert "hush" not in line


def test_a_data_folder_that_cannot_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback, no socket left open."""
    file = tmp_path / "file"
    file.touch()
    assert main(["serve", "--no-browser", "--port=0", f"--data={file}"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert str(file) in line


def test_help_loads_no_server() -> None:
    """What a command needs it imports when it runs: asking for the list of commands waits for none of it."""
    code = (
        "import sys; from app.cli.main import main; main(['--help']); print({'fastapi', 'uvicorn'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=BACKEND, capture_output=True, text=True, check=True).stdout
    assert "serve" in said
    assert said.endswith("\nset()\n")


def test_flags_are_settings() -> None:
    """Only those that were given: the others leave the environment its say."""
    given = flags_given(host="::1", port=0, data_dir=Path("d"))
    assert given == {"host": "::1", "port": 0, "data_dir": Path("d")}
    assert flags_given(host=None, port=None, data_dir=None) == {}
    settings = Settings(**given)
    assert (settings.host, settings.port, settings.data_dir) == ("::1", 0, Path.cwd() / "d")
    assert "port" in settings.model_fields_set


def test_a_busy_port_gives_way_only_when_nobody_named_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The next free one is taken, and it says so; a named one fails with the reason."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = Settings(host="127.0.0.1", port=port)
        with pytest.raises(OSError, match=f"Port {port} of 127.0.0.1 is in use"):
            serving._listen(settings, strict=True)
        with closing(serving._listen(settings, strict=False)) as listener:
            moved_to = listener.getsockname()[1]
            assert port < moved_to < port + serving.PORTS_TRIED
            assert capsys.readouterr().err == f"Port {port} is in use, taking {moved_to}.\n"


def test_an_address_that_is_not_ours_is_an_error_at_once() -> None:
    """No other port would help."""
    with pytest.raises(OSError, match=r"[Cc]annot assign"):
        serving._listen(Settings(host="192.0.2.1", port=0), strict=False)

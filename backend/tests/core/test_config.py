"""Settings: which source wins, what counts as not set, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest
from pydantic import ValidationError

from app.core.config import BACKEND, OPENROUTER_URL, REPOSITORY, Settings, environment, is_placeholder

Sources = dict[str, str]


class Read(Protocol):
    def __call__(self, environment: Sources, file: Sources | None = None, **flags: Any) -> Settings: ...


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Settings from an environment, a ``.env`` file and flags."""

    def read(environment: Sources, file: Sources | None = None, **flags: Any) -> Settings:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        dotenv = tmp_path / ".env"
        dotenv.write_text("".join(f"{name}={value}\n" for name, value in (file or {}).items()))
        return Settings(_env_file=dotenv, **flags)

    return read


ORDER = [
    ({"CONSOLE_X_TITLE": "ours", "OPENROUTER_X_TITLE": "plain", "X_TITLE": "alias"}, {}, "ours"),
    ({"OPENROUTER_X_TITLE": "plain", "X_TITLE": "alias"}, {"CONSOLE_X_TITLE": "file"}, "plain"),
    ({"X_TITLE": "alias"}, {"CONSOLE_X_TITLE": "file", "X_TITLE": "file"}, "alias"),
    ({}, {"CONSOLE_X_TITLE": "ours", "X_TITLE": "alias"}, "ours"),
    ({}, {"X_TITLE": "alias"}, "alias"),
    ({"CONSOLE_X_TITLE": "", "OPENROUTER_X_TITLE": "", "X_TITLE": "alias"}, {}, "alias"),
    ({"X_TITLE": ""}, {"X_TITLE": "file"}, "file"),
    ({"X_TITLE": ""}, {"X_TITLE": ""}, "LLM Console"),
    ({}, {}, "LLM Console"),
]


def test_a_data_folder_named_by_a_file_is_the_same_from_everywhere(read: Read) -> None:
    """From the environment it is meant from where one is."""
    assert read({}, {"CONSOLE_DATA": "mine"}).data_dir == BACKEND / "mine"
    assert read({}, {"CONSOLE_DATA": "/srv/mine"}).data_dir == Path("/srv/mine")
    assert read({"CONSOLE_DATA": "mine"}, {"CONSOLE_DATA": "other"}).data_dir == Path.cwd() / "mine"


@pytest.mark.parametrize(("environment", "file", "expected"), ORDER)
def test_the_strongest_name_wins(read: Read, environment: Sources, file: Sources, expected: str) -> None:
    """``CONSOLE_*``, the plain name, its aliases, ``.env``, the default; an empty variable counts as not set."""
    assert read(environment, file).x_title == expected


@pytest.mark.parametrize("names", [("CONSOLE_PORT",), ("PORT",), ("CONSOLE_PORT", "PORT")])
def test_a_flag_wins_over_everything(read: Read, names: tuple[str, ...]) -> None:
    assert read(dict.fromkeys(names, "1"), dict.fromkeys(names, "2"), port=3).port == 3


def test_an_empty_port_is_not_a_named_one(read: Read) -> None:
    """Only a port that somebody named makes a busy one an error."""
    assert "port" not in read({"PORT": ""}, {"CONSOLE_PORT": ""}).model_fields_set
    assert "port" in read({"PORT": "8001"}).model_fields_set


PLACEHOLDERS = [
    "", "   ", "x", "xxxx", "...", "sk-or-v1-xxxxx", "sk-or-xxx", "sk-or-...", "SK-OR-V1-XXXX", "your-key",
    "your_api_key", "YOUR KEY HERE", "changeme", "<your key>", "sk-or-v1-<key>", "sk-or-v1-your-key-here", " changeme ",
]  # fmt: skip


@pytest.mark.parametrize("key", PLACEHOLDERS)
def test_a_placeholder_is_no_key(read: Read, key: str) -> None:
    """What examples print in a key's place starts the demo, it is never sent to a provider."""
    assert is_placeholder(key)
    assert read({"OPENROUTER_API_KEY": key}).openrouter_api_key is None


@pytest.mark.parametrize("key", ["sk-or-v1-0123abcd", "xa", "a-key", "yours", "0", "sk-or-v1-xxxxx1"])
def test_anything_else_is_a_key(read: Read, key: str) -> None:
    """Keys of other servers have any form; blanks around them are not part of them."""
    assert not is_placeholder(key)
    assert read({"OPENROUTER_API_KEY": f" {key} "}).openrouter_api_key == key


def test_the_key_is_not_shown(read: Read) -> None:
    """A log line that prints the settings gives nothing away."""
    assert "a-secret-key" not in repr(read({"OPENROUTER_API_KEY": "a-secret-key"}))


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", ()),
        (",", ()),
        ("a.example", ("a.example",)),
        (" a.example , ,b.example/ ", ("a.example", "b.example")),
        ("https://a.example/,http://b.example:3000", ("https://a.example", "http://b.example:3000")),
    ],
)
def test_lists_are_comma_separated(read: Read, value: str, names: tuple[str, ...]) -> None:
    settings = read({"CONSOLE_HOSTS": value, "APP_ORIGINS": value})
    assert settings.hosts == settings.app_origins == names


def test_relative_paths_are_under_the_data_folder(read: Read, tmp_path: Path) -> None:
    settings = read({"CONSOLE_DATA": str(tmp_path), "DB_PATH": "store/c.db"})
    assert settings.store_path == tmp_path / "store" / "c.db"
    assert settings.under_data(Path("/elsewhere")) == Path("/elsewhere")


@pytest.mark.parametrize(
    ("url", "kept", "keyless"),
    [
        (OPENROUTER_URL, OPENROUTER_URL, False),
        (OPENROUTER_URL + "/", OPENROUTER_URL, False),
        ("http://127.0.0.1:11434/v1//", "http://127.0.0.1:11434/v1", True),
    ],
)
def test_a_server_of_the_owner_s_own_may_need_no_key(read: Read, url: str, kept: str, keyless: bool) -> None:
    settings = read({"OPENROUTER_BASE_URL": url})
    assert settings.openrouter_base_url == kept
    assert settings.keyless_server is keyless


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONSOLE_PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "eighty"),
        ("CONSOLE_AUTH", "never"),
        ("CONSOLE_TOKEN", "short"),
        ("CONSOLE_DEMO", "on"),
        ("API_TIMEOUT", "0"),
        ("API_TIMEOUT", "nan"),
        ("API_TIMEOUT", "inf"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_what_makes_no_sense_is_refused(read: Read, name: str, value: str) -> None:
    """A setting that cannot be meant stops the start; the error names the variable."""
    with pytest.raises(ValidationError, match=name):
        read({name: value})


def test_settings_do_not_change(read: Read) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read({}).port = 1  # type: ignore[misc]


def test_an_error_does_not_repeat_what_was_given(read: Read) -> None:
    """A token that is too short is a secret all the same."""
    with pytest.raises(ValidationError) as caught:
        read({"CONSOLE_TOKEN": "hush-hush"})
    assert "hush" not in str(caught.value)


def test_the_variables_of_the_environment_go_before_those_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Empty ones count as not set, wherever they stand."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("LAB_A=file\nLAB_B=file\nLAB_C=\n")
    monkeypatch.setitem(Settings.model_config, "env_file", dotenv)
    monkeypatch.setenv("LAB_A", "process")
    monkeypatch.setenv("LAB_D", "")
    found = {name: value for name, value in environment().items() if name.startswith("LAB_")}
    assert found == {"LAB_A": "process", "LAB_B": "file"}


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://host/v1", "file:///etc/passwd", "host/v1", "//host/v1", "https://", "http:///v1", "http://[::1/v1"),
        *("http://host:99999/v1", "http://host:0", "https://user:secret@host/v1", "https://host/v1?key=secret"),
        *("https://host/v1#x", "javascript:alert(1)", "https://host:x/"),
    ],
)
def test_a_base_url_that_is_none_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Not at the first call; the value, which may hold a secret, is not repeated."""
    monkeypatch.setenv("OPENROUTER_BASE_URL", url)
    with pytest.raises(ValidationError, match="http:// or https://") as refused:
        Settings()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:11434/v1", "https://[::1]:8443/api/v1", "HTTPS://Host.Example"])
def test_a_base_url_may_be_any_server(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", f" {url}/ ")
    assert Settings().openrouter_base_url == url


def test_backups_are_beside_the_backend_or_in_a_data_folder_of_ones_own(tmp_path: Path) -> None:
    """With the default data folder, another one, and a folder of their own, relative to the data folder."""
    assert Settings(_env_file=None).backups_path == REPOSITORY / "backups"
    assert Settings(_env_file=None, data_dir=BACKEND / "data").backups_path == REPOSITORY / "backups"
    assert Settings(_env_file=None, data_dir=tmp_path).backups_path == tmp_path / "backups"
    assert Settings(_env_file=None, data_dir=tmp_path, backups_dir=Path("b")).backups_path == tmp_path / "b"
    assert Settings(_env_file=None, data_dir=tmp_path, backups_dir=Path("/b")).backups_path == Path("/b")

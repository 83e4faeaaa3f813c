"""Configuration files: what is read, what is refused, and that every complaint names the line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.config_file import MOST_BYTES, ConfigFileError, read_config_file

TOML = """\
# a comment
first = "x"

[providers.one]
url = "u"
list = [
  1,
  2,
]
text = \"\"\"
url = "not this one"
\"\"\"
[providers.one.models."a:1/b"]
temperature = 1
[providers.two]
models = { z = { t = 1 }, "q r" = {} }
"""
TOML_LINES: list[tuple[tuple[str | int, ...], int]] = [
    (("first",), 2),
    (("providers",), 4),
    (("providers", "one"), 4),
    (("providers", "one", "url"), 5),
    (("providers", "one", "list", 1), 6),
    (("providers", "one", "text"), 10),
    (("providers", "one", "models", "a:1/b"), 13),
    (("providers", "one", "models", "a:1/b", "temperature"), 14),
    (("providers", "two", "models", "q r"), 16),
    (("providers", "two", "missing", "deep"), 15),
    (("missing",), 1),
]


@pytest.mark.parametrize(("place", "line"), TOML_LINES)
def test_a_value_of_a_toml_file_has_a_line(tmp_path: Path, place: tuple[str | int, ...], line: int) -> None:
    """That of its statement; what is missing has the line of what it is missing from."""
    file = tmp_path / "f.toml"
    file.write_text(TOML)
    assert read_config_file(file).line_of(place) == line


def _places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for step, child in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*place, step)
        if isinstance(child, dict | list):
            yield from _places(child, (*place, step))


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _block_yaml(value: Any, indent: str = "") -> str:
    """Block style: every name on a line of its own."""
    if isinstance(value, dict) and value:
        return "".join(
            f"\n{indent}{_quoted(name)}: {_block_yaml(inner, indent + '  ')}" for name, inner in value.items()
        )
    if isinstance(value, list) and value:
        return "".join(f"\n{indent}- {_block_yaml(item, indent + '  ')}" for item in value)
    return _quoted(value)


@settings(deadline=None)
@given(values=st.dictionaries(NAMES, VALUES, max_size=4), style=st.sampled_from([1, 4, "\t", "yaml"]))
def test_every_value_of_a_json_or_yaml_file_has_its_line(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any], style: Any
) -> None:
    """The line on which its name stands; the values are those that were written."""
    text = _block_yaml(values) if style == "yaml" else json.dumps(values, indent=style, ensure_ascii=False)
    file = tmp_path_factory.mktemp("files") / ("f.yaml" if style == "yaml" else "f.json")
    file.write_bytes(text.encode())
    read = read_config_file(file)
    assert read.values == values
    lines = text.split("\n")
    for place in _places(values):
        if isinstance(place[-1], str):
            assert _quoted(place[-1]) in lines[read.line_of(place) - 1], place


REFUSED: list[tuple[str, str | bytes, str]] = [
    ("f.toml", "a = 1\n\na = 2\n", ":3: "),
    ("f.toml", "[a]\n[b]\n[a]\n", ":3: "),
    ("f.toml", "a = 1\nb = [\n", ":"),
    ("f.toml", "a = 1\nb = \n", ":2: "),
    ("f.toml", "a = " + "1" * 5000, ":1: "),
    ("f.toml", "a = " + "[" * 100_000, ": is nested too deeply"),
    ("f.json", '{"a": 1,\n\t"b": {"c": 1,\n\t"c": 2}}', ":3: the name 'c' stands twice"),
    ("f.json", '{"a": 1,\n}', ":2: "),
    ("f.json", '{"a": NaN}', ":1: NaN is no JSON"),
    ("f.json", "[]", ":1: has to be a table"),
    ("f.json", "", ":1: "),
    ("f.json", "[" * 100_000, ": is nested too deeply"),
    ("f.yaml", "a: 1\nb:\n  - x\n a: 1\n", ":4: "),
    ("f.yaml", "a: 1\nb: 2\na: 3\n", ":3: the name 'a' stands twice"),
    ("f.yaml", "a: &x 1\nb: *x\n", ":2: aliases and tags are not taken"),
    ("f.yaml", "a: 1\nb: !!python/name:os.system x\n", ":2: aliases and tags are not taken"),
    ("f.yaml", "a: 1\nb: \x01", ":2: "),
    ("f.yaml", "a: 1\n---\nb: 2\n", ":2: "),
    ("f.yaml", "a: " + "1" * 5000, ":1: holds a number that is too long"),
    ("f.yaml", "[" * 100_000, ": is nested too deeply"),
    ("f.yml", "- a\n", ":1: has to be a table"),
    ("f.yaml", b"a: 1\nb: \xff", ":2: is not UTF-8"),
    ("f.ini", "a = 1", ": is of no known kind"),
    ("f.toml", "#" * (MOST_BYTES + 1), ": is larger than"),
]


@pytest.mark.parametrize(("name", "content", "said"), REFUSED)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigFileError) as refused:
        read_config_file(file)
    assert f"{file}{said}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """So is a folder."""
    for path in (tmp_path / "no.toml", tmp_path):
        with pytest.raises(ConfigFileError, match="cannot be read"):
            read_config_file(path)


@pytest.mark.parametrize("name", ["f.toml", "f.yaml"])
def test_an_empty_file_holds_nothing(tmp_path: Path, name: str) -> None:
    """A byte order mark is no content."""
    file = tmp_path / name
    file.write_bytes(b"\xef\xbb\xbf# nothing yet\n")
    assert read_config_file(file).values == {}


def test_dates_stay_text(tmp_path: Path) -> None:
    """Model names may look like anything."""
    file = tmp_path / "f.yaml"
    file.write_text("a: 2026-99-99\n")
    assert read_config_file(file).values == {"a": "2026-99-99"}

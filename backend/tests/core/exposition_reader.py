"""Reads the text format of Prometheus as strictly as it is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)')
_NUMBER = re.compile(r"[+-]?(?:Inf|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|NaN")
_MEANT = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


@dataclass
class Read:
    """A family: its kind, and its samples by suffix and labels, as text."""

    kind: str
    meaning: str
    samples: dict[tuple[str, frozenset[tuple[str, str]]], str] = field(default_factory=dict)

    def value(self, suffix: str = "", **labels: str) -> str | None:
        return self.samples.get((suffix, frozenset(labels.items())))


def read_exposition(document: bytes) -> dict[str, Read]:
    """The families of a document. Anything out of place, or said twice, fails."""
    assert document.endswith(b"\n")
    families: dict[str, Read] = {}
    name, meaning = "", ""
    for line in document.decode().removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            _, _, name, meaning = line.split(" ", 3)
        elif line.startswith("# TYPE "):
            _, _, typed, kind = line.split(" ")
            assert typed == name
            assert name not in families
            families[name] = Read(kind, meaning)
        else:
            _read_sample(families[name], name, line)
    return families


def _read_sample(family: Read, name: str, line: str) -> None:
    found = _SAMPLE.fullmatch(line)
    assert found, line
    full_name, shown, number = found.groups()
    suffix = full_name.removeprefix(name)
    assert full_name.startswith(name)
    assert suffix in (("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",))
    assert _NUMBER.fullmatch(number), line
    pairs = _PAIR.findall(shown or "")
    assert "".join(f'{label}="{value}",' for label, value in pairs).removesuffix(",") == (shown or "")
    labels = {label: re.sub(r'\\[\\n"]', lambda match: _MEANT[match[0]], value) for label, value in pairs}
    assert len(labels) == len(pairs)
    key = (suffix, frozenset(labels.items()))
    assert key not in family.samples, line
    family.samples[key] = number

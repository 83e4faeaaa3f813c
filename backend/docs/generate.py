"""Write the reference documents from the code, so that they cannot drift.

usage: python backend/docs/generate.py [--check]    --check: change nothing, exit 1 naming what is not what the code says
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[1]
REPOSITORY = BACKEND.parent
sys.path.insert(0, str(BACKEND))

from app.main import create_app  # noqa: E402


def openapi() -> str:
    """The OpenAPI document, in the order of the routes and of their fields."""
    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


DOCUMENTS: Mapping[str, Callable[[], str]] = {"backend/docs/openapi.json": openapi}


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write("usage: generate.py [--check]\n")
        return 2
    drifted = []
    for name, written in DOCUMENTS.items():
        path, text = REPOSITORY / name, written()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        drifted.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if check and drifted:
        sys.stderr.write(f"Not what the code says: {', '.join(drifted)}. Run scripts/docs and commit what it writes.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The packages that the product names are in real use."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]
DECISION = BACKEND / "docs" / "decisions" / "0001-named-packages.md"
USED_BY_FASTAPI = {"python-multipart": "UploadFile"}
NAMED = (
    *("fastapi", "uvicorn", "aiosqlite", "httpx", "pydantic", "pydantic-settings", "python-multipart"),
    *("sse-starlette", "pytest"),
)


def _declared() -> set[str]:
    project = tomllib.loads((BACKEND / "pyproject.toml").read_text())
    requirements = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {re.split(r"[\[><=;~ ]", requirement)[0] for requirement in requirements}


def test_the_decision_names_what_runs() -> None:
    """Nothing is shipped without a reason."""
    text = DECISION.read_text()
    project = tomllib.loads((BACKEND / "pyproject.toml").read_text())
    for requirement in project["project"]["dependencies"]:
        assert re.split(r"[\[><=;~ ]", requirement)[0] in text, requirement


@pytest.mark.parametrize("package", NAMED)
def test_a_named_package_is_declared_and_imported(package: str) -> None:
    """A dependency that nothing imports is none."""
    assert package in _declared()
    folder = BACKEND / ("tests" if package == "pytest" else "app")
    module = USED_BY_FASTAPI.get(package) or package.replace("-", "_")
    used = re.compile(rf"^\s*(from|import)\s.*\b{module}\b", re.MULTILINE)
    assert any(used.search(path.read_text()) for path in folder.rglob("*.py")), package

"""What the document on reliability names is there: files of guards, and the tests that fail without them."""

from __future__ import annotations

import ast
import re

import pytest

from tests.faults.figures import DOCUMENT
from tests.harness.environment import BACKEND

ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in DOCUMENT.read_text(encoding="utf-8").partition("## Guards")[2].splitlines()
    if line.startswith("| ") and "`tests/" in line
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_guard_and_its_test_exist(row: list[str]) -> None:
    """A guard that moves, or a test that is renamed, takes its row along."""
    _, guard, test = row
    assert (BACKEND / guard.strip("`")).is_file()
    for name in re.findall(r"`([^`]+)`", test):
        path, _, function = name.partition("::")
        module = ast.parse((BACKEND / path).read_text(encoding="utf-8"))
        functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in functions, name


def test_the_table_has_rows() -> None:
    """Or the test above would look at nothing."""
    assert len(ROWS) >= 27

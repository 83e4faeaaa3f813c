"""Who may import whom, and where SQL lives: read from the sources, so that nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[1]

# The layers of `app` and what each may import, besides itself.
ALLOWED = {
    "core": set[str](),
    "schemas": {"core"},
    "db": {"core"},
    "repo": {"db", "schemas", "core"},
    "services": {"repo", "db", "schemas", "core"},
    "api": {"services", "schemas", "core"},
    "bootstrap": {"api", "services", "repo", "db", "schemas", "core", "emulator"},
    "main": {"api", "bootstrap", "core"},
    "cli": {"services", "schemas", "core", "bootstrap", "main"},
    "mcp_server": {"services", "schemas", "core", "bootstrap"},
    "emulator": set[str](),
}
# The packages of the services and what each may import, besides itself and the base.
SERVICES = {
    "upstream": set[str](),
    "backups": {"turns", "catalog", "providers", "context", "upstream"},
    "context": {"upstream"},
    "providers": {"upstream"},
    "catalog": {"providers", "upstream"},
    "turns": {"catalog", "providers", "context", "upstream"},
    "usage": {"catalog"},
    "doors": {"turns", "catalog", "providers", "context", "upstream"},
}
SERVICES_BASE = {"changes", "cursors", "metrics"}
SQL_LAYERS = {"repo", "db"}
SQL = re.compile(
    r"^\s*(?:(?:SELECT|WITH)\b[\s\S]*\bFROM\b|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b"
    r"|(?:CREATE|DROP|ALTER)\s+(?:TABLE|INDEX|VIEW|TRIGGER)\b|PRAGMA\s+\w|SAVEPOINT\b|BEGIN IMMEDIATE\b)"
)


def _modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    modules = {}
    for path in sorted((*(BACKEND / "app").rglob("*.py"), *(BACKEND / "emulator").rglob("*.py"))):
        parts = path.relative_to(BACKEND).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


MODULES = _modules()
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def _layer(module: str) -> str:
    """`app.repo.messages` is of `repo`, `emulator.wire` of `emulator`; the bare package `app` is of none."""
    top, *rest = module.split(".")
    return top if top == "emulator" or not rest else rest[0]


def _imports(module: str) -> set[str]:
    """The product's modules that one imports, anywhere in it, also for types alone."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (base, node.module)))
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                found.add(inner if inner in MODULES else source)
    return {name for name in found if name.split(".")[0] in {"app", "emulator"}}


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_layers(module: str) -> None:
    """A module imports its own layer and those below it; `app` itself holds the version alone."""
    if module == "app":
        assert _imports(module) == set()
        return
    layer = _layer(module)
    wrong = {name for name in _imports(module) if _layer(name) not in {"app", layer, *ALLOWED[layer]}}
    assert wrong == set()


def _service(module: str) -> str:
    """`app.services.turns.runs` is of `turns`, `app.services.cursors` is itself."""
    return module.split(".")[2]


@pytest.mark.parametrize("package", SERVICES)
def test_packages_of_services_point_one_way(package: str) -> None:
    """A package of services imports itself, those it stands on, and the few single files that all may use."""
    allowed = {package, *SERVICES[package], *SERVICES_BASE}
    inside = [module for module in MODULES if module.startswith(f"app.services.{package}.")]
    assert inside
    wrong = {
        (module, name)
        for module in inside
        for name in _imports(module)
        if name.startswith("app.services.") and _service(name) not in allowed
    }
    assert wrong == set()


def test_every_package_of_services_has_its_place() -> None:
    """A new package says what it stands on, in the table above."""
    packages = {_service(module) for module in MODULES if module.count(".") > 2 and module.startswith("app.services.")}
    assert packages == set(SERVICES)


def test_every_import_names_a_module() -> None:
    """What is imported from the product exists."""
    assert {name for module in MODULES for name in _imports(module)} <= set(MODULES)


def test_imports_make_no_cycle() -> None:
    """Any module can be read, and loaded, before those that use it."""
    graph = {module: _imports(module) - {module} for module in MODULES}
    while leaves := {module for module, targets in graph.items() if not targets & graph.keys()}:
        for module in leaves:
            del graph[module]
    assert graph == {}


def _strings(tree: ast.Module) -> Iterator[str]:
    """String constants, docstrings and other bare ones left out."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value


def test_sql_lives_in_the_repositories_and_the_store() -> None:
    """A statement elsewhere would be one that no second store knows of."""
    statements = {module: [text for text in _strings(tree) if SQL.search(text)] for module, tree in TREES.items()}
    assert {module: found for module, found in statements.items() if found and _layer(module) not in SQL_LAYERS} == {}
    # The pattern knows the product's own statements.
    assert [module for module, found in statements.items() if found and _layer(module) == "repo"]

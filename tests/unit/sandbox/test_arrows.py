"""The arrows between the sandbox's rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

NAME = "airflow_provider_liveperson.sandbox"
SANDBOX = Path(__file__).resolve().parents[3] / "airflow_provider_liveperson" / "sandbox"

SERVER = {"server", "state", "connections", "command"}
# What a room must not import: rooms of the sandbox, and outside packages.
FORBIDDEN: dict[str, set[str]] = {
    "switches.py": {"apis", "http", "identity", "world", "settings", "starlette"} | SERVER,
    "world.py": {"apis", "http", "identity", "settings", "starlette"} | SERVER,
    # Handlers know neither the web framework nor who verifies credentials.
    "apis": {"identity", "settings", "starlette", "uvicorn", "msgspec"} | SERVER,
    "apis/shapes": {"settings", "starlette", "uvicorn"} | SERVER,
    "identity": {"apis", "server", "command", "connections"},
    "http/settings.py": {"apis", "identity", "settings", "starlette"} | SERVER,
    "settings.py": {"starlette", "graphql", "uvicorn"} | SERVER,
    "command.py": {"starlette", "graphql", "uvicorn", "state"},
}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports at run time; what only a type checker reads does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_typed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in only_typed:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(module: str) -> str:
    """The room of the sandbox, or the outside package, that a module lies in."""
    inside = module.removeprefix(NAME + ".")
    return inside.partition(".")[0]


@pytest.mark.parametrize("part", sorted(FORBIDDEN))
def test_arrows_go_one_way(part: str) -> None:
    place = SANDBOX / part
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert files
    # The server is made by the command when it runs.
    allowed = {"server"} if part == "command.py" else set()
    found = [
        f"{path.relative_to(SANDBOX)} imports {module}"
        for path in files
        for module in imports(path)
        if room(module) in FORBIDDEN[part] - allowed
    ]
    assert found == []


def test_no_module_is_too_long() -> None:
    long = {
        path.relative_to(SANDBOX).as_posix()
        for path in SANDBOX.rglob("*.py")
        if lines(path) > 450 and "Long because" not in path.read_text(encoding="utf-8")
    }
    assert long == set()


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())

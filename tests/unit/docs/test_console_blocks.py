"""What commands print on the pages is what they print.

``UPDATE_DOCS=1`` writes it into the pages. A comment above a block, ``<!-- in: NAME -->``, names the state of affairs
in which its commands run; a line ``…`` in the output stands for lines that are left out.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.sandbox import SandboxServer
from tests.unit.docs.blocks import Block, blocks, blocks_of
from tests.unit.docs.conftest import SETTINGS

OURS = ("python -m airflow_provider_liveperson ", "airflow liveperson ")
LEFT_OUT = "…"


def commands(block: Block) -> list[tuple[str, list[str]]]:
    """Each command of a block, with the lines that follow it."""
    found: list[tuple[str, list[str]]] = []
    lines = iter(block.text.splitlines())
    for line in lines:
        if not line.startswith("$ "):
            found[-1][1].append(line)
            continue
        while line.endswith("\\"):
            line += "\n" + next(lines)
        found.append((line.removeprefix("$ "), []))
    return found


def shown(printed: list[str], before: list[str]) -> list[str]:
    """What of an output stands on a page: all, or what follows the lines that the page leaves out."""
    if LEFT_OUT not in before:
        return printed
    kept = before.index(LEFT_OUT)
    first = before[kept + 1]
    assert first in printed, f"{first!r} is no longer printed; choose another line to go on from"
    return [*printed[:kept], LEFT_OUT, *printed[printed.index(first) :]]


def test_lines_that_are_left_out_stay_so():
    assert shown(["a", "b", "c", "d"], ["a", "…", "d"]) == ["a", "…", "d"]
    assert shown(["a", "b"], ["old"]) == ["a", "b"]


def _refused(sandbox: SandboxServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Nobody may read what Agent Activity has."""
    sandbox.faults.add(kind="status", status=403, match="/status-changes", times=1000)
    return lambda: None


def _differ(sandbox: SandboxServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The App-JWT leads to an account that has changed since."""
    changed = SandboxServer(replace(SETTINGS, activity_auth=frozenset({"oauth1", "app_jwt_v2"})))
    sandbox.configure(activity_auth=frozenset({"oauth1", "app_jwt_v2"}))
    changed.start()
    changed.change("users")
    changed.insert("agent_status_changes", 2, when=datetime(2026, 1, 31, 1, tzinfo=UTC))
    monkeypatch.setenv(
        "AIRFLOW_CONN_LIVEPERSON_APP_JWT", changed.connections()["liveperson_app_jwt"].as_json()
    )
    return changed.stop


def _damaged(sandbox: SandboxServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Three days of the audit trail have landed, and a part of the second is gone."""
    monkeypatch.setenv("COLUMNS", "100")
    with LivePersonHook.for_connection("liveperson_default") as hook:
        for day in (28, 29, 31):
            start = datetime(2026, 1, day, tzinfo=UTC)
            end = start + timedelta(days=1)
            # How small compressed parts become is up to the library.
            hook.land("audit_trail", start=start, end=end, path=f"file://{folder}/lake", compression="none")
    (part,) = folder.glob("lake/audit_trail/*/dt=2026-01-29/*/part-*")
    part.unlink()
    return lambda: None


STATES = {
    "": lambda *_: lambda: None,
    "in: refused": _refused,
    "in: differ": _differ,
    "in: damaged": _damaged,
}


@pytest.mark.parametrize("block", blocks("console"), ids=str)
@pytest.mark.usefixtures("present", "connections")
def test_a_command_prints_what_the_page_shows(
    block: Block,
    sandbox: SandboxServer,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = STATES[block.note](sandbox, folder, monkeypatch)
    capsys.readouterr()
    lines: list[str] = []
    try:
        for command, before in commands(block):
            ours = next(begin for begin in OURS if command.startswith(begin))
            cli.main(shlex.split(command.removeprefix(ours).replace("\\\n", " ")))
            printed = [line.rstrip() for line in capsys.readouterr().out.rstrip().splitlines()]
            lines += [f"$ {command}", *shown(printed, before)]
    finally:
        end()
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_DOCS"):
        _write(block, text)
    else:
        assert block.text == text, f"{block.where} is out of date; run this test with UPDATE_DOCS=1"


def _write(block: Block, text: str) -> None:
    page = block.page.read_text(encoding="utf-8")
    (now,) = (one for one in blocks_of(block.page) if one.number == block.number)
    start, end = now.span
    indent = re.match(" *", page[start:])
    assert indent is not None
    body = "".join(f"{indent[0]}{line}\n" for line in text.splitlines())
    block.page.write_text(page[:start] + body + page[end:], encoding="utf-8")

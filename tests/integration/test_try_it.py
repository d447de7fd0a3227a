"""docs/try-it.md and what quickstarts switch on, command by command: a sandbox, a real Airflow, local files."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from devtools.airflow_home import AirflowHome

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "try-it.md"
DAG_ID = "liveperson_conversations_to_files"


def blocks(language: str, page: Path = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


class Terminal:
    """Runs the page's commands as a reader would, in a home of its own."""

    def __init__(self, airflow: AirflowHome) -> None:
        self.home = airflow.path / "home"
        (self.home / "airflow").mkdir(parents=True)
        # Airflow's own home is where the page has it by default.
        (self.home / "airflow" / "dags").symlink_to(airflow.path / "dags")
        self.environment = airflow.environment() | {
            "HOME": str(self.home),
            # The `python` and `airflow` of the reader's virtual environment.
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        }

    def run(self, command: str) -> str:
        answer = subprocess.run(
            ["/bin/sh", "-c", command],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert answer.returncode == 0, answer.stdout
        return answer.stdout


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    with AirflowHome() as airflow:
        yield Terminal(airflow)


@pytest.fixture(scope="module")
def sandbox(terminal: Terminal) -> Iterator[list[str]]:
    """What the third step prints, while its sandbox runs on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (command,) = (block for block in blocks("bash") if "sandbox --import" in block)
    arguments = [sys.executable, *shlex.split(command)[1:], "--port", str(port)]
    with subprocess.Popen(arguments, env=terminal.environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            lines = [process.stdout.readline() for _ in blocks("text")[0].splitlines()]
            yield [line.replace(f":{port}", ":8765") for line in lines]
        finally:
            process.terminate()


def test_the_sandbox_prints_what_the_page_shows(sandbox):
    assert "".join(sandbox) == blocks("text")[0]


@pytest.mark.usefixtures("sandbox")
def test_every_command_works_and_a_day_lands(terminal):
    check_and_land, look = blocks("bash")[-2:]
    check, examples, test = check_and_land.splitlines()
    assert "liveperson_default: account 70000001, App-JWT V2" in terminal.run(check)
    assert f"{DAG_ID}.py copied" in terminal.run(examples)
    # By a date, so that it never waits: shortly after midnight, LivePerson has not yet all of the day that has ended.
    date = f" {(datetime.now(UTC) - DATASETS['messaging_interactions'].limits.lag).date()}"
    assert "DagRun Finished" in terminal.run(test + date)
    (manifest,) = terminal.home.glob("liveperson/messaging_interactions/**/_manifest.json")
    said = json.loads(manifest.read_text())
    assert said["complete"]
    assert said["counts"]["kept"] > 0
    assert "1 window: 1 complete" in terminal.run(look)
    assert "Nothing new" in terminal.run(test + date)


def test_a_dag_of_the_quickstart_is_switched_on_at_once(terminal):
    """Airflow looks for new files every five minutes, and switching on what it does not know yet is no error."""
    quickstart, readme = (
        [block for block in blocks("bash", page) if "liveperson_conversations_to_s3" in block]
        for page in (ROOT / "docs" / "quickstart.md", ROOT / "README.md")
    )
    assert quickstart == readme
    *_, said = [terminal.run(block) for block in quickstart]
    assert re.search(r"^liveperson_conversations_to_s3 +\| True", said, re.MULTILINE)

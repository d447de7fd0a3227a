"""Tries an installed provider as its users would: found by Airflow, examples parsed, a day pulled.

``python trial.py VERSION`` runs in an environment that has nothing of this repository but the wheel, so it imports only
the standard library and what was installed. ``AIRFLOW_HOME`` is an empty folder. Each step prints a line; the first
that fails ends the trial with exit code 1.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

DISTRIBUTION = "airflow-provider-liveperson"
PACKAGE = "airflow_provider_liveperson"
DATASET = "messaging_interactions"
# What Airflow prints when it finds a provider, but not all is well with it.
TROUBLE = (
    "Exception when importing",
    "Inconsistency",
    "Failed to load CLI commands",
    "not loaded",
    "Traceback",
)
DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)

DAG = f'''\
from datetime import UTC, datetime

from airflow.sdk import DAG
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import LivePersonToObjectStorageOperator

with DAG("trial", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    LivePersonToObjectStorageOperator(
        task_id="pull",
        dataset="{DATASET}",
        start="{DAY.isoformat()}",
        end="{(DAY + timedelta(days=1)).isoformat()}",
        path="file://{{landed}}",
        liveperson_conn_id="liveperson_app_jwt",
    )
'''


class TrialError(Exception):
    """A step did not do what users rely on."""


def require(condition: object, otherwise: str) -> None:
    """Fail unless a condition holds.

    :param condition: the condition.
    :param otherwise: what is wrong.
    :raises TrialError: if it does not hold.
    """
    if not condition:
        raise TrialError(otherwise)


def airflow(*arguments: str) -> str:
    """Run an ``airflow`` command, in whose output nothing must look like trouble.

    :param arguments: such as ``providers``, ``list``.
    :returns: what it printed.
    """
    answer = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    output = answer.stdout + answer.stderr
    require(answer.returncode == 0, f"airflow {' '.join(arguments)}: exit code {answer.returncode}\n{output}")
    found = [trouble for trouble in TROUBLE if trouble in output]
    require(not found, f"airflow {' '.join(arguments)} says {found}\n{output}")
    return answer.stdout


def rows(output: str) -> list[dict[str, str]]:
    """The JSON that ``-o json`` prints, possibly after log lines."""
    found: list[dict[str, str]] = json.loads(output[output.index("[{") :])
    return found


def try_discovery(expected: str) -> str:
    """Airflow lists the provider, with the version of the wheel."""
    installed = Path(__import__(PACKAGE).__file__ or "").resolve()
    require(
        Path(sys.prefix).resolve() in installed.parents,
        f"{installed} is not in this environment: {sys.prefix}",
    )
    require(version(DISTRIBUTION) == expected, f"the wheel's version is {version(DISTRIBUTION)}")
    found = [row for row in rows(airflow("providers", "list", "-o", "json")) if DISTRIBUTION in str(row)]
    require([row["version"] for row in found] == [expected], f"airflow providers list shows {found}")
    return f"airflow providers list: {DISTRIBUTION} {expected}"


def try_hooks() -> str:
    """Airflow can import every connection type's hook."""
    shown = [row for row in rows(airflow("providers", "hooks", "-o", "json")) if DISTRIBUTION in str(row)]
    types = sorted(row["connection_type"] for row in shown)
    require(len(types) == 4, f"airflow providers hooks shows {types}")
    return f"airflow providers hooks: {', '.join(types)}"


def try_examples() -> str:
    """Every example is parsed without an error."""
    # What Airflow's own providers warn about is none of this package's.
    warnings.filterwarnings("ignore", module=r"airflow\.|.*/site-packages/airflow/")
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # Airflow 3.1
        from airflow.models.dagbag import DagBag

    folder = Path(__import__(PACKAGE).__file__ or "").parent / "example_dags"
    files = sorted(folder.glob("liveperson_*.py"))
    require(files, f"there are no examples in {folder}")
    bag = DagBag(dag_folder=str(folder))
    require(not bag.import_errors, f"examples with errors: {bag.import_errors}")
    empty = {file.name for file in files} - {Path(dag.fileloc).name for dag in bag.dags.values()}
    require(empty == _without_dags(), f"examples without DAGs: {sorted(empty)}")
    return f"DAG parse: {len(files)} example files, {len(bag.dags)} DAGs, no errors"


def _without_dags() -> set[str]:
    """The examples that have a DAG only where Airflow has partitions."""
    try:
        from airflow.sdk import CronPartitionTimetable  # noqa: F401
    except ImportError:
        return {"liveperson_conversations_by_partition.py"}
    return set()


@contextmanager
def sandbox(connections: Path) -> Iterator[None]:
    """Run the wheel's sandbox, and write its connections into a file."""
    command = [sys.executable, "-m", PACKAGE, "sandbox", "--json", "--port", "0", "--days", "4"]
    with subprocess.Popen([*command, "--conversations", "400"], stdout=subprocess.PIPE, text=True) as process:
        try:
            connections.write_text(process.stdout.readline() if process.stdout else "", encoding="utf-8")
            yield
        finally:
            process.terminate()


def try_pull(home: Path) -> str:
    """A DAG pulls a day of conversations from the sandbox; its manifest proves what landed."""
    landed, connections = home / "landed", home / "connections.json"
    (home / "dags").mkdir(exist_ok=True)
    (home / "dags" / "trial.py").write_text(DAG.format(landed=landed), encoding="utf-8")
    with sandbox(connections):
        airflow("connections", "import", str(connections))
        airflow("dags", "test", "trial", DAY.date().isoformat())
    manifests = list(landed.rglob("_manifest.json"))
    require(len(manifests) == 1, f"manifests: {manifests}")
    manifest = json.loads(manifests[0].read_bytes())
    require(manifest["complete"] is True, "the manifest does not say complete")
    require(manifest["versions"][PACKAGE] == version(DISTRIBUTION), f"{manifest['versions']}")
    kept, reported = manifest["counts"]["kept"], manifest["counts"]["reported"]
    require(kept > 0, "nothing landed")
    require(kept == sum(part["records"] for part in manifest["parts"]), "the parts do not add up")
    for part in manifest["parts"]:
        content = (manifests[0].parent / part["name"]).read_bytes()
        require(hashlib.sha256(content).hexdigest() == part["sha256"], f"{part['name']} has another SHA-256")
    return f"pull from the sandbox: {kept} of {reported} reported {DATASET}, complete, SHA-256 as in the manifest"


def main() -> int:
    """Run all steps.

    :returns: the exit code.
    """
    home = Path(os.environ["AIRFLOW_HOME"])
    try:
        airflow("db", "migrate")
        print(try_discovery(sys.argv[1]), flush=True)
        print(try_hooks(), flush=True)
        print(try_examples(), flush=True)
        print(try_pull(home), flush=True)
    except TrialError as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""End to end on this machine: ``python -m devtools.demo``, or ``make demo``.

It starts a LivePerson sandbox, a real S3 server and a real Airflow, runs the example DAGs (the audit trail for two
days with each kind of credential, and one day of conversations and users), compares what has landed with the data of
the sandbox, runs them again to show that nothing changes, queries the conversations by DuckDB, shows which days are
missing and has a DAG pull them, lands at least one window of every dataset, and stops everything. The exit code is 0 if
all of it succeeded, else 1.

With ``--keep``, or ``make demo KEEP=1``, all three keep running at the end until Ctrl-C, with Airflow's web pages to
try things out.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from airflow_provider_liveperson.commands.examples import FOLDER as EXAMPLES
from airflow_provider_liveperson.plugins.liveperson import COVERAGE_ROUTE
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from devtools import demo_account, demo_coverage, demo_tables
from devtools.airflow_home import AirflowHome
from devtools.local_airflow import USER, LocalAirflow
from devtools.seaweedfs import SeaweedFS

AUDIT_TRAIL_DAG = "liveperson_audit_trail_to_s3"
CONVERSATIONS_DAG = "liveperson_conversations_to_s3"
BUCKET = "demo"
SEED = 7
# Connection ID, which is also the folder in the bucket, to the credential's name for people.
CREDENTIALS = {
    "liveperson_api_key": "API key (OAuth 1.0)",
    "liveperson_app_jwt": "App-JWT (OAuth 2.0)",
}
KEPT_CONN_ID = "liveperson_app_jwt"
RUN_WITHIN = 300.0
SHOWN_LOG_LINES = 30
SHOWN_ITEMS = 1
SHOWN_CHARACTERS = 60

console = Console(highlight=False)


class DemoError(Exception):
    """The demo found something wrong. The message says what."""


@dataclass(frozen=True)
class Landed:
    """One window as landed in S3.

    :param uri: the manifest's URI.
    :param manifest: the manifest.
    :param records: the records, in the order of the files.
    """

    uri: str
    manifest: dict[str, Any]
    records: list[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """One dataset of one run of an example DAG.

    :param dag_id: the DAG.
    :param conn_id: the LivePerson connection.
    :param dataset: the dataset.
    :param day: the UTC day.
    :param seconds: how long the ``airflow`` command took.
    :param landed: what it landed.
    """

    dag_id: str
    conn_id: str
    dataset: str
    day: date
    seconds: float
    landed: Landed


class Demo:
    """The state that the steps share.

    :param sandbox: the running sandbox.
    :param s3: a client for the S3 server.
    :param airflow: the Airflow that runs the DAG.
    :param log: the file for Airflow's output.
    """

    def __init__(self, sandbox: SandboxServer, s3: Any, airflow: AirflowHome, log: Path) -> None:
        self._sandbox = sandbox
        self._s3 = s3
        self._airflow = airflow
        self._log = log

    def run_dag(self, dag_id: str, conn_id: str, day: date) -> float:
        """Run an example DAG for one day.

        :param dag_id: the DAG.
        :param conn_id: the LivePerson connection.
        :param day: the UTC day to pull.
        :returns: how many seconds it took.
        """
        # A manual run covers the last interval that ended by its date, so the date is the end of the day.
        date = (day + timedelta(days=1)).isoformat()
        return self._run(dag_id, date, {"LIVEPERSON_PREFIX": conn_id, "LIVEPERSON_CONN_ID": conn_id})

    def run_account_dag(self, dag_id: str) -> float:
        """Run an example DAG that lands a part of a whole account.

        :param dag_id: the DAG.
        :returns: how many seconds it took.
        """
        settings = {"LIVEPERSON_PREFIX": demo_account.PREFIX, **demo_account.CONNECTIONS}
        return demo_account.within_a_day(
            lambda now: self._run(dag_id, demo_account.run_date(dag_id, now), settings)
        )

    def _run(self, dag_id: str, date: str, settings: dict[str, str]) -> float:
        started = time.monotonic()
        command = ["dags", "test", dag_id, date]
        environment = {"LIVEPERSON_BUCKET": BUCKET, **settings}
        try:
            answer = self._airflow.run(*command, environment=environment, timeout=RUN_WITHIN)
        except subprocess.TimeoutExpired as error:
            output = error.output or ""
            self._keep(command, output if isinstance(output, str) else output.decode(errors="replace"))
            raise DemoError(f"Airflow did not end within {RUN_WITHIN:.0f} s") from error
        self._keep(command, answer.stdout)
        if answer.returncode:
            conn_id = settings["LIVEPERSON_CONN_ID"]
            raise DemoError(f"Airflow's run of {dag_id} with {conn_id} failed. {_reason(answer.stdout)}")
        return time.monotonic() - started

    def heal(self, conn_id: str, now: datetime) -> float:
        """Run the example DAG that pulls what is missing of the last two weeks.

        :param conn_id: the LivePerson connection.
        :param now: the present, aware, UTC.
        :returns: how many seconds it took.
        """
        settings = {"LIVEPERSON_PREFIX": conn_id, "LIVEPERSON_CONN_ID": conn_id}
        return self._run(demo_coverage.DAG, demo_coverage.run_date(now), settings)

    def coverage(self, prefix: str, now: datetime) -> str:
        """The coverage picture, as text.

        :param prefix: the folder in the bucket.
        :param now: the present, aware, UTC.
        """
        command = demo_coverage.command(f"s3://{BUCKET}/{prefix}", now)
        answer = self._airflow.python(*command, environment=demo_coverage.QUIET)
        self._keep(command, answer.stdout)
        if answer.returncode:
            raise DemoError(f"the coverage of {prefix} could not be read. {_reason(answer.stdout)}")
        return answer.stdout

    def account(self) -> dict[str, demo_account.LandedWindow]:
        """The latest window of each dataset of the whole account, by its manifest."""
        return demo_account.latest(
            self._read(key)
            for key in self.objects()
            if key.startswith(f"{demo_account.PREFIX}/") and key.endswith("/_manifest.json")
        )

    def objects(self) -> dict[str, tuple[str, datetime]]:
        """Every object in the bucket: key to ETag and last modification."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {
            item["Key"]: (item["ETag"], item["LastModified"])
            for page in pages
            for item in page.get("Contents", [])
        }

    def landed(self, conn_id: str, dataset: str, day: date) -> Landed:
        """Read one day back from S3 and check its files against its manifest."""
        partition = f"{conn_id}/{dataset}/account_id={self._sandbox.settings.account_id}/dt={day}/"
        keys = [key for key in self.objects() if key.startswith(partition)]
        manifests = [key for key in keys if key.endswith("/_manifest.json")]
        if len(manifests) != 1:
            raise DemoError(f"s3://{BUCKET}/{partition} has {len(manifests)} manifests instead of one")
        folder = manifests[0].rpartition("/")[0]
        manifest = json.loads(self._read(manifests[0]))
        records: list[dict[str, Any]] = []
        for part in manifest["parts"]:
            stored = self._read(f"{folder}/{part['name']}")
            if (len(stored), hashlib.sha256(stored).hexdigest()) != (part["bytes"], part["sha256"]):
                raise DemoError(f"{part['name']} is not the file that its manifest describes")
            records += [json.loads(line) for line in gzip.decompress(stored).splitlines()]
        strangers = set(keys) - {manifests[0], *(f"{folder}/{part['name']}" for part in manifest["parts"])}
        if strangers:
            raise DemoError(f"there are files that no manifest names: {', '.join(sorted(strangers))}")
        if len(records) != manifest["counts"]["kept"]:
            raise DemoError(
                f"the manifest of {day} says {manifest['counts']['kept']} records, not {len(records)}"
            )
        return Landed(f"s3://{BUCKET}/{manifests[0]}", manifest, records)

    def check(self, run: Run) -> None:
        """Compare the records of a run with the sandbox's data for that day."""
        start = datetime.combine(run.day, clock(), UTC)
        truth = self._sandbox.truth(run.dataset, start, start + timedelta(days=1))
        if not truth:
            raise DemoError(f"the sandbox has no {run.dataset} for {run.day}, so this proves nothing")
        if _sorted(run.landed.records) != _sorted(truth):
            raise DemoError(
                f"{run.dataset}, {run.day}: {len(run.landed.records)} records landed, and they are not the"
                f" {len(truth)} that the sandbox has"
            )

    def run_and_check(self, dag_id: str, conn_id: str, day: date, datasets: Sequence[str]) -> list[Run]:
        """Run an example DAG for one day and compare what it landed with the sandbox's data."""
        seconds = self.run_dag(dag_id, conn_id, day)
        runs = [
            Run(dag_id, conn_id, dataset, day, seconds, self.landed(conn_id, dataset, day))
            for dataset in datasets
        ]
        for run in runs:
            self.check(run)
        return runs

    def _read(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def _keep(self, command: Sequence[str], output: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ airflow {' '.join(command)}\n{output}\n")


def _reason(output: str) -> str:
    """Return the exception that an Airflow log ends with.

    :param output: the log.
    """
    errors = re.findall(r"^\s*(?:\w+\.)*(\w*(?:Error|Exception): .+)$", output, re.MULTILINE)
    return str(errors[-1]) if errors else "See its log above."


def _sorted(records: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(record, sort_keys=True) for record in records)


@contextlib.contextmanager
def _step(text: str) -> Iterator[list[str]]:
    """Print what is being done, then how it went.

    :param text: what is being done.
    :returns: a list to which the caller appends the remark that ends the line.
    """
    remark: list[str] = []
    console.print(f"  {text} … ", end="", soft_wrap=True, markup=False)
    try:
        yield remark
    except BaseException:
        console.print()
        raise
    console.print(remark[0] if remark else "done", soft_wrap=True, markup=False)


def _table(runs: Sequence[Run]) -> Table:
    """A table of what has landed, in 80 columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("dataset", "credential", "UTC day"):
        table.add_column(name, no_wrap=True)
    for name in ("reported", "outside", "landed", "bytes"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        manifest = run.landed.manifest
        counts = manifest["counts"]
        table.add_row(
            run.dataset,
            CREDENTIALS[run.conn_id].partition(" (")[0],
            str(run.day),
            "-" if counts["reported"] is None else str(counts["reported"]),
            str(counts["outside_window"]),
            str(counts["kept"]),
            str(sum(part["bytes"] for part in manifest["parts"])),
        )
    return table


def _shortened(value: Any) -> Any:
    """Shorten a manifest for the screen: lists and long texts to their beginning."""
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        more = len(value) - SHOWN_ITEMS
        return [*map(_shortened, value[:SHOWN_ITEMS]), *([f"… {more} more"] if more > 0 else [])]
    if isinstance(value, str) and len(value) > SHOWN_CHARACTERS:
        return f"{value[: SHOWN_CHARACTERS - 1]}…"
    return value


def _show(runs: Sequence[Run]) -> None:
    console.print()
    console.print(_table(runs))
    console.print()
    console.print("  LivePerson takes whole days, or rounds to ten minutes, so more is requested")
    console.print("  than lands; records outside the window are dropped.")
    console.print()
    console.print("  The manifest of the first of them, shortened:")
    console.print(f"  {runs[0].landed.uri}", soft_wrap=True)
    console.print(
        json.dumps(_shortened(runs[0].landed.manifest), indent=2, ensure_ascii=False),
        soft_wrap=True,
        markup=False,
    )
    console.print()


def _query(s3: Any, prefix: str, *, conversations: int) -> None:
    """Ask DuckDB about the conversations that have landed, through the tables that the package defines.

    :param s3: a client for the S3 server.
    :param prefix: where they have landed.
    :param conversations: how many.
    """
    with _step("Querying them by DuckDB, as `tables --engine duckdb` defines them") as remark:
        with tempfile.TemporaryDirectory(prefix="liveperson-demo-") as folder:
            demo_tables.copy_down(s3, BUCKET, prefix, Path(folder))
            names, rows = demo_tables.answer(Path(folder))
        if (counted := sum(row[names.index("conversations")] for row in rows)) != conversations:
            raise DemoError(f"DuckDB finds {counted} conversations, and {conversations} have landed")
        remark.append(f"{conversations} conversations")
    console.print(f"\n{demo_tables.QUERY}\n", markup=False)
    console.print(demo_tables.table(names, rows))


def _play(log: Path, *, keep: bool) -> str:
    """Run all steps of the demo.

    :param log: the file for Airflow's output.
    :param keep: whether everything keeps running at the end until interrupted.
    :returns: the closing line.
    """
    began = time.monotonic()
    # Taken once: midnight may pass while all this runs.
    now = datetime.now(UTC)
    today = now.date()
    days = [today - timedelta(days=2), today - timedelta(days=1)]
    with contextlib.ExitStack() as stack:
        with _step("Starting the LivePerson sandbox") as remark:
            settings = SandboxSettings(seed=SEED, until=today, conversations=3_000)
            sandbox = stack.enter_context(SandboxServer(settings))
            remark.append(sandbox.url)
        with _step("Starting an S3 server (SeaweedFS)") as remark:
            server = stack.enter_context(SeaweedFS())
            server.create_bucket(BUCKET)
            remark.append(f"{server.endpoint_url}, bucket {BUCKET}")
        connections = {name: made.as_json() for name, made in sandbox.connections().items()}
        version = importlib.metadata.version("apache-airflow")
        with _step(f"Preparing Airflow {version} with a new database"):
            airflow = stack.enter_context(
                AirflowHome(connections={**connections, "aws_default": server.connection()}, one_process=True)
            )
            for dag_id in (AUDIT_TRAIL_DAG, CONVERSATIONS_DAG, demo_coverage.DAG, *demo_account.DAGS):
                airflow.add_dag(EXAMPLES / f"{dag_id}.py")
        console.print(f"\n  Running the DAG {AUDIT_TRAIL_DAG}")
        demo = Demo(sandbox, server.client(), airflow, log)
        runs: list[Run] = []
        for conn_id, label in CREDENTIALS.items():
            for day in days:
                with _step(f"{day} with the {label}") as remark:
                    runs += demo.run_and_check(AUDIT_TRAIL_DAG, conn_id, day, ("audit_trail",))
                    remark.append(
                        f"{len(runs[-1].landed.records)} records, as in the sandbox; {runs[-1].seconds:.0f} s"
                    )
        console.print(f"\n  Running the DAG {CONVERSATIONS_DAG}")
        conn_id, label = "liveperson_app_jwt", CREDENTIALS["liveperson_app_jwt"]
        with _step(f"{days[0]} with the {label}") as remark:
            landed = demo.run_and_check(
                CONVERSATIONS_DAG, conn_id, days[0], ("messaging_interactions", "users")
            )
            runs += landed
            remark.append(
                f"{len(landed[0].landed.records)} conversations and {len(landed[1].landed.records)} users,"
                f"\n    as in the sandbox; {landed[0].seconds:.0f} s"
            )
        _show(runs)
        with _step(f"Running {days[0]} once more") as remark:
            before = demo.objects()
            for dag_id in (AUDIT_TRAIL_DAG, CONVERSATIONS_DAG):
                demo.run_dag(dag_id, conn_id, days[0])
            after = demo.objects()
            if after != before:
                changed = sorted(key for key in before.keys() | after if before.get(key) != after.get(key))
                raise DemoError(f"running a day again changed {', '.join(changed)}")
            remark.append(f"nothing changed in {len(after)} objects")
        _query(server.client(), conn_id, conversations=len(landed[0].landed.records))
        console.print("\n  What has landed of two weeks, by the manifests\n")
        before = demo.coverage(conn_id, now)
        console.print(before, markup=False, soft_wrap=True)
        with _step(f"Running the DAG {demo_coverage.DAG}, which pulls what is missing") as remark:
            remark.append(f"{demo.heal(conn_id, now):.0f} s\n")
        after = demo.coverage(conn_id, now)
        console.print(after, markup=False, soft_wrap=True)
        if wrong := demo_coverage.problem(before, after, landed=len(days)):
            raise DemoError(wrong)
        console.print("\n  Running the DAGs for a whole account")
        for dag_id in demo_account.DAGS:
            with _step(dag_id) as remark:
                remark.append(f"{demo.run_account_dag(dag_id):.0f} s")
        windows = demo.account()
        console.print()
        console.print(demo_account.table(windows))
        console.print()
        if wrong := demo_account.problems(windows):
            raise DemoError("; ".join(wrong))
        total = sum(len(run.landed.records) for run in runs) + sum(window.rows for window in windows.values())
        closing = (
            f"Success: {len(windows)} datasets, {len(CREDENTIALS) + 1} kinds of credential, {total:,} records"
            f" landed,\nnone missing, none twice, in {time.monotonic() - began:.0f} s."
        )
        if keep:
            console.print(f"\n{closing}\n", soft_wrap=True)
            closing = "Stopped; nothing is left running."
            _keep_up(stack, sandbox, server, airflow)
        with _step("Stopping everything"):
            stack.close()
    return closing


def _keep_up(
    stack: contextlib.ExitStack, sandbox: SandboxServer, server: SeaweedFS, airflow: AirflowHome
) -> None:
    """Start Airflow's web pages and its scheduler, print where everything is, and wait for an interruption.

    :param stack: stops everything when it is closed.
    :param sandbox: the LivePerson sandbox.
    :param server: the S3 server.
    :param airflow: the home in which the DAGs have run.
    """
    with _step("Starting Airflow's web pages and scheduler") as remark:
        _import_connections(sandbox, server, airflow)
        pages = stack.enter_context(
            LocalAirflow(
                [],
                home=airflow,
                environment={
                    # Nothing runs unless the user triggers it.
                    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
                    "AIRFLOW__LIVEPERSON__LANDINGS": " ".join(
                        f"s3://aws_default@{BUCKET}/{prefix}"
                        for prefix in (*CREDENTIALS, demo_account.PREFIX)
                    ),
                    "LIVEPERSON_BUCKET": BUCKET,
                    "LIVEPERSON_PREFIX": KEPT_CONN_ID,
                    "LIVEPERSON_CONN_ID": KEPT_CONN_ID,
                },
            )
        )
        remark.append(pages.url)
    console.print(_where(sandbox, server, pages), soft_wrap=True, markup=False)
    # Flushed, because a program that reads this through a pipe waits for it.
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    console.print()


def _where(sandbox: SandboxServer, server: SeaweedFS, pages: LocalAirflow) -> str:
    """The addresses, users and passwords, in 80 columns."""
    person = sandbox.people()["user"]
    return f"""
Airflow     {pages.url}
            user {USER}, password {pages.password}
            The connections are set up; the DAGs are paused until you trigger them.
            What has landed: {pages.url}/plugin/{COVERAGE_ROUTE}

LivePerson  {sandbox.url}
            account {sandbox.settings.account_id}
            user {person.name}, password {person.password}

S3          {server.endpoint_url}/{BUCKET}
            access key {server.access_key}
            secret key {server.secret_key}

All three listen on this machine only, and their data is removed at the end.
Press Ctrl-C to stop them (or, from elsewhere: kill {os.getpid()})."""


def _import_connections(sandbox: SandboxServer, server: SeaweedFS, airflow: AirflowHome) -> None:
    """Put the connections into Airflow's database, so that its pages show them too."""
    path = airflow.path / "connections.json"
    made: dict[str, Any] = {name: made.as_dict() for name, made in sandbox.connections().items()}
    path.touch(mode=0o600)
    path.write_text(json.dumps(made | {"aws_default": json.loads(server.connection())}))
    answer = airflow.run("connections", "import", str(path))
    path.unlink()
    if answer.returncode:
        raise DemoError(f"the connections could not be imported:\n{answer.stdout}")


def _stop_orderly(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo.

    :returns: the exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m devtools.demo", description="Run everything end to end on this machine."
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep the sandbox, S3 and Airflow running at the end, until Ctrl-C",
    )
    options = parser.parse_args()
    # SIGTERM stops everything too.
    signal.signal(signal.SIGTERM, _stop_orderly)
    folder = Path(tempfile.mkdtemp(prefix="liveperson-demo-"))
    log = folder / "airflow.log"
    console.print("From LivePerson to S3, end to end on this machine\n")
    try:
        closing = _play(log, keep=options.keep)
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        console.print("\nStopped; nothing is left running.")
        return 130
    except (DemoError, RuntimeError, OSError) as error:
        if log.exists():
            console.print(f"\nThe last lines of Airflow's log ({log}):", soft_wrap=True, markup=False)
            for line in log.read_text(encoding="utf-8").splitlines()[-SHOWN_LOG_LINES:]:
                console.print(f"  {line}", soft_wrap=True, markup=False)
        console.print(f"\nFailed: {error}", soft_wrap=True, markup=False)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    console.print(f"\n{closing}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command ``check``: what it prints, and how it exits."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.commands.check import progress_text
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics.progress import Progress
from airflow_provider_liveperson.diagnostics.report import Comparison, ConnectionReport
from airflow_provider_liveperson.sandbox.switches import EVERY_CREDENTIAL


class Printed(msgspec.Struct, forbid_unknown_fields=True):
    """What ``--json`` prints."""

    ok: bool
    connection: ConnectionReport
    against: ConnectionReport | None
    comparison: Comparison | None


@pytest.fixture(autouse=True)
def connections(sandbox, waits, monkeypatch):
    """The sandbox's connections as ``old`` (API key) and ``new`` (App-JWT), and one of another account."""
    made = sandbox.connections()
    jwt = made["liveperson_app_jwt"]
    named = {
        "old": made["liveperson_api_key"],
        "new": jwt,
        "foreign": replace(jwt, extra={**jwt.extra, "account_id": "70000002"}),
    }
    for name, connection in named.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", connection.as_json())
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")  # the database is for the integration tests
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def check(capsys):
    """Runs the command and gives its exit code and its two outputs."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["check", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.mark.parametrize(("conn_id", "kind"), [("old", "API key"), ("new", "App-JWT V2")])
def test_one_connection_as_a_table(check, conn_id, kind):
    code, out, _ = check(conn_id)
    assert code == 0
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[0] == f"{conn_id}: account 70000001, {kind}"
    assert re.match(r"services  The Domain API lists \d+ services, including all that are needed", lines[1])
    assert lines[2] == "clock     This machine's clock is correct."
    assert lines[3].startswith(f"token     {kind}: ")
    wide = max(map(len, DATASETS))
    documented = [name for name, dataset in DATASETS.items() if kind in dataset.access.titles]
    assert [name for name in documented if f"{name:<{wide}}  readable  Can be read." not in lines] == []
    readable = sum("  readable  " in line for line in lines)
    assert any(
        line.startswith(f"{readable} of {len(DATASETS)} datasets can be read through {conn_id}")
        for line in lines
    )
    assert max(map(len, lines)) <= 80


def test_what_is_refused_says_what_to_ask_for_and_does_not_fail(sandbox, check):
    sandbox.configure(config_auth={"app_jwt_v2"}, audit_forbidden_status=403)
    code, out, _ = check("old", "--dataset", "users", "--dataset", "audit_trail")
    assert code == 0
    told = " ".join(out.split())
    assert "the API key lacks the permission Administration → Users" in told
    assert "tick" not in told
    assert "1 of 2 datasets can be read through old; 1 refused." in told
    assert "skills" not in told


def test_a_reason_that_many_share_is_said_once(check):
    names = ("users", "actual_handle_time", "net_handle_time", "shift_status")
    chosen = [option for name in names for option in ("--dataset", name)]
    code, out, _ = check("new", *chosen)
    assert code == 0
    said = " ".join(out.split())
    assert "actual_handle_time refused The credential was rejected, or lacks the right" in said
    assert "net_handle_time refused As actual_handle_time." in said
    assert (
        "shift_status refused The credential was rejected, or lacks the right" in said
    )  # for another reason
    assert said.count("not for App-JWT V2.") == 2
    report = json.loads(check("new", "--json", *chosen)[1])["connection"]
    assert sum("not for App-JWT V2." in one["sentence"] for one in report["datasets"]) == 3


def test_a_wrong_secret_is_shown_once_above_the_table(monkeypatch, sandbox, check):
    made = json.loads(os.environ["AIRFLOW_CONN_OLD"])
    monkeypatch.setenv("AIRFLOW_CONN_OLD", json.dumps({**made, "password": "hush" * 8}))
    code, out, _ = check("old")
    assert code == 1
    above, _, table = out.partition("details")
    told = " ".join(above.split())
    assert "refusal LivePerson rejected the credential. The signature is wrong: check the app secret" in told
    assert " ".join(out.split()).count("app secret") == 1
    assert table.count("Rejected; see above.") == len(DATASETS)
    assert "signature" not in table
    assert "401" not in table
    _, out, _ = check("old", "--json")
    report = json.loads(out)["connection"]
    assert "check the app secret" in report["refusal"]
    assert {one["answered"] for one in report["datasets"]} == {401}


def test_nothing_that_can_be_read_fails(sandbox, check):
    sandbox.configure(missing_permission={"oauth1"})
    code, out, _ = check("old")
    assert code == 1
    assert f"None of {len(DATASETS)} datasets can be read through old." in out
    assert "answered 403" not in out  # the sentence says it


def test_a_service_that_fails_is_unknown_and_fails_if_there_is_no_other(sandbox, check):
    sandbox.configure(**{f"{api.prefix}_auth": EVERY_CREDENTIAL for api in sandbox.apis().values()})
    sandbox.faults.add(kind="status", status=500, match="/le-users/users", times=2)
    code, out, _ = check("old")
    assert code == 0
    assert f"{len(DATASETS) - 1} of {len(DATASETS)} datasets can be read through old; 1 unknown." in out
    assert "answered 500" in " ".join(out.split())
    code, out, _ = check("old", "--dataset", "users")
    assert code == 1
    assert "users could not be checked through old." in out


@pytest.mark.parametrize("conn_id", ["old", "new"])
def test_one_connection_as_json_and_nothing_else(check, conn_id):
    code, out, _ = check(conn_id, "--json")
    assert code == 0
    printed = msgspec.json.decode(out, type=Printed)
    assert printed.ok
    assert printed.connection.connection == conn_id
    assert (printed.against, printed.comparison) == (None, None)
    assert set(json.loads(out)["connection"]["datasets"][0]) == {
        "dataset",
        "status",
        "service",
        "has_service",
        "permission",
        "scope",
        "answered",
        "detail",
        "sentence",
    }


def test_two_connections_that_agree(check):
    window = ("--start", "2026-01-30T00:00:00Z", "--end", "2026-01-31T00:00:00Z")
    chosen = ("--dataset", "audit_trail", "--dataset", "users")  # the others are not kept for long
    code, out, _ = check("old", "--against", "new", *window, *chosen)
    assert code == 0
    lines = [line.rstrip() for line in out.splitlines()]
    assert "old against new" in lines
    assert "audit_trail  agree  2026-01-30T00:00:00Z  Both returned the same 60 records." in lines
    assert "                    2026-01-31T00:00:00Z" in lines
    assert lines[-1] == "old and new agree in audit_trail, users."
    assert max(map(len, lines)) <= 80


def test_two_connections_of_which_one_may_read_less(sandbox, check):
    sandbox.configure(activity_auth={"oauth1"})
    code, out, _ = check("old", "--against", "new", "--json", "--dataset", "agent_status_changes")
    assert code == 1
    printed = msgspec.json.decode(out, type=Printed)
    assert not printed.ok
    assert (printed.connection.ok, printed.against.ok) == (True, False)
    (compared,) = printed.comparison.datasets
    assert compared.outcome == "one side"


def test_differences_are_listed(sandbox, check, monkeypatch):
    from airflow_provider_liveperson.diagnostics import record_set

    read = record_set.records

    def described_otherwise(client, *args, **choices):
        for row in read(client, *args, **choices):
            skill = json.loads(row)
            if client.credential.rights == "scope" and skill["id"] == first:
                skill["description"] = "something else"
            yield json.dumps(skill).encode()

    first = sandbox.truth("skills", datetime.min, datetime.max)[0]["id"]
    monkeypatch.setattr(record_set, "records", described_otherwise)
    code, out, _ = check("old", "--against", "new", "--dataset", "skills")
    assert code == 1
    assert "different: " in out
    assert f"different: {first}" in out
    assert "fields: description" in out
    assert "old and new do not agree: they differ in skills." in out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_progress_and_a_pipe_does_not(check, monkeypatch):
    """On standard error, in one line that is cleared at the end."""
    datasets = ("--dataset", "users", "--dataset", "skills")
    _, _, err = check("old", *datasets)
    assert "Checked" not in err
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    code, out, _ = check("old", "--against", "new", *datasets, "--json")
    assert code == 0
    json.loads(out)
    # Airflow 3.1 prints warnings of its own in between.
    shown = terminal.getvalue()
    for line in ("Checked 0 of 4", "Checked 4 of 4", "Compared 2 of 2"):
        assert f"\r\x1b[2K{line}" in shown
    assert shown.endswith("\r\x1b[2K")


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress(step="check", done=0, total=7, current=[]), "Checked 0 of 7"),
        (Progress(step="compare", done=3, total=7, current=["a", "b"]), "Compared 3 of 7: a, b"),
    ],
)
def test_the_line_of_progress(progress, line):
    assert progress_text(progress) == line


def test_different_accounts(check):
    code, out, err = check("old", "--against", "foreign", "--json")
    assert (code, out) == (2, "")
    assert "old belongs to account 70000001 and foreign to account 70000002" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "there is no connection 'nowhere' in Airflow"),
        (["old", "--dataset", "things"], "dataset is 'things'"),
        (["old", "--start", "2026-01-30T00:00:00Z"], "--start and --end need --against"),
        (["old", "--against", "new", "--start", "2026-01-30T00:00:00Z"], "end is missing"),
        (["old", "--against", "new", "--max-records", "0"], "max_records is 0"),
    ],
)
def test_a_bad_argument_is_one_line_on_standard_error(sandbox, check, arguments, said):
    code, out, err = check(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_connection_of_another_type(check, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_WEB", "http://127.0.0.1")
    code, out, err = check("web")
    assert (code, out) == (2, "")
    assert "connection 'web' has the type 'http'" in err


def test_help_says_how_it_exits(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["check", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "exit code is 0 when at least one dataset can be read" in told
    assert "2 when nothing was checked: for a bad argument" in told
    assert "--against OTHER_CONN_ID" in told


def test_no_secret_is_printed(sandbox, check):
    for kind in ([], ["--json"]):
        _, out, err = check("old", "--against", "new", *kind)
        assert [secret for secret in sandbox._state.secrets() if secret in out + err] == []
        assert "eyJ" not in out + err


def test_as_a_process_of_its_own_with_everything_at_debug(sandbox, tmp_path):
    made = sandbox.connections()
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "AIRFLOW_CONN_KEY": made["liveperson_api_key"].as_uri(),
        "AIRFLOW_CONN_JWT": made["liveperson_app_jwt"].as_json(),
    }
    answer = subprocess.run(
        [
            *(sys.executable, "-m", "airflow_provider_liveperson", "check", "key", "--against", "jwt"),
            *("--dataset", "users", "--dataset", "audit_trail", "--json"),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode in (0, 1), answer.stderr
    printed = msgspec.json.decode(answer.stdout, type=Printed)
    assert (printed.connection.connection, printed.against.connection) == ("key", "jwt")
    assert {it.dataset: it.outcome for it in printed.comparison.datasets} == {
        "users": "agree",
        "audit_trail": "agree",
    }
    assert answer.returncode == 0
    said = answer.stdout + answer.stderr
    assert [secret for secret in sandbox._state.secrets() if secret in said] == []

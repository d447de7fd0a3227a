"""The command ``landed``: what it prints, and how it exits."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.window import DAY, Window
from devtools.landed_windows import ACCOUNT, land_window

FIRST = datetime(2026, 1, 30, tzinfo=UTC)
RANGE = ("--from", "2026-01-30T00:00:00Z", "--to", "2026-02-01T00:00:00Z")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")  # the database is for the integration tests
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def lake(tmp_path):
    return ObjectStorageStore(f"file://{tmp_path}")


@pytest.fixture
def landed(capsys, tmp_path):
    """Runs the command and gives its exit code and its two outputs."""

    def run(*arguments: str, uri: str = str(tmp_path)) -> tuple[int, str, str]:
        code = cli.main(["landed", uri, *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def land(lake, days=0, **choices):
    return land_window(
        lake, Window(FIRST + days * DAY, FIRST + (days + 1) * DAY), **{"prefix": "", **choices}
    )


def rows(printed: str) -> list[list[str]]:
    return [line.split() for line in printed.splitlines() if line.startswith("2026-")]


def test_it_lists_windows_with_their_state_and_numbers(lake, landed):
    folder = land(lake, parts=[[b"1", b"2"]])
    (size,) = (entry.size for key, entry in lake.entries(folder).items() if "/part-" in key)
    code, out, err = landed(*RANGE)
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == f"audit_trail, account {ACCOUNT}"
    assert rows(out) == [
        ["2026-01-30T00:00Z", "2026-01-31T00:00Z", "complete", "3", "3", "2", str(size)],
        ["2026-01-31T00:00Z", "2026-02-01T00:00Z", "missing", "–", "–", "–", "–"],
    ]
    assert out.splitlines()[-1] == "2 windows: 1 complete, 1 missing."


@pytest.mark.parametrize("columns", [80, 40])
def test_no_number_and_no_title_is_cut_in_a_narrow_terminal(monkeypatch, lake, landed, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    land(lake, parts=[[b"1" * 100_000]])
    _, out, _ = landed(*RANGE)
    _, titles, *_ = out.splitlines()
    assert titles.split() == ["start", "end", "state", "reported", "received", "kept", "bytes"]
    (size,) = (row[-1] for row in rows(out) if row[2] == "complete")
    assert int(size) > 100
    assert "…" not in out


def test_a_row_fits_into_80_columns(monkeypatch, lake, landed):
    monkeypatch.setenv("COLUMNS", "80")
    land(lake, parts=[[b"1", b"2"]])
    _, out, _ = landed(*RANGE)
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 80


def test_an_instant_of_the_table_is_taken_as_the_range(lake, landed):
    land(lake)
    land(lake, 1)
    _, out, _ = landed()
    start, end, *_ = rows(out)[0]
    _, out, _ = landed("--from", start, "--to", end)
    assert len(rows(out)) == 1


def test_json_has_the_same(lake, landed):
    folder = land(lake, parts=[[b"1", b"2"]])
    code, out, _ = landed(*RANGE, "--json", "--dataset", "audit_trail", "--account", ACCOUNT)
    told = json.loads(out)
    assert (code, told["ok"]) == (1, False)
    first, second = told["windows"]
    assert first == {
        "dataset": "audit_trail",
        "account_id": ACCOUNT,
        "window_start": "2026-01-30T00:00:00Z",
        "window_end": "2026-01-31T00:00:00Z",
        "status": "complete",
        "reported": 3,
        "received": 3,
        "kept": 2,
        "erased": 0,
        "bytes": first["bytes"],
        "manifest": lake.uri(f"{folder}/_manifest.json"),
        "problems": [],
    }
    assert second["status"] == "missing"
    assert second["manifest"] is second["kept"] is None


def test_it_succeeds_where_everything_is_complete(lake, landed):
    land(lake)
    land(lake, 1)
    assert landed(*RANGE)[0] == landed(*RANGE, "--verify")[0] == 0
    land(lake, 1, complete=False)
    assert landed(*RANGE)[0] == 1


def test_a_range_before_everything_that_has_landed_is_empty(lake, landed):
    land(lake)
    code, out, _ = landed("--to", "2026-01-01T00:00:00Z")
    assert (code, out) == (0, "No windows in this range.\n")


def test_damage_is_told_where_parts_are_read(lake, landed, tmp_path):
    folder = land(lake)
    land(lake, 1)
    (part,) = (tmp_path / folder).glob("part-*")
    part.unlink()
    assert landed(*RANGE)[0] == 0
    code, out, _ = landed(*RANGE, "--verify")
    assert code == 1
    assert f"2026-01-30T00:00:00Z: {part.name} is missing" in out
    assert out.splitlines()[-1] == "2 windows: 1 complete, 1 damaged."


def test_of_a_dataset_that_has_never_landed_everything_is_missing(lake, landed):
    land(lake)
    code, out, _ = landed(*RANGE, "--dataset", "users")
    assert (code, [row[2] for row in rows(out)]) == (1, ["missing", "missing"])
    assert out.startswith("users, account unknown")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing has landed in"),
        (["--account", "7"], "of account 7"),
        (["--dataset", "audit_trails"], "did you mean audit_trail?"),
        (["--dataset", "users"], "nothing of users has landed"),
        (["--from", "yesterday"], "--from is 'yesterday'"),
        (["--to", "2026-01-30"], "--to (2026-01-30) has no time zone"),
        (
            ["--from", "2026-01-30T00:00:00Z", "--to", "2026-01-30T00:00:00Z"],
            "--from (2026-01-30T00:00:00Z) must be before --to",
        ),
    ],
)
def test_what_keeps_it_from_looking_exits_with_2(landed, arguments, says):
    code, out, err = landed(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("landed: ")
    assert says in err


@pytest.mark.parametrize(
    ("uri", "says"), [("s3://", "bucket is ''"), ("nowhere://lake", "nothing installed serves it")]
)
def test_so_does_an_address_that_leads_nowhere(landed, uri, says):
    code, _, err = landed(uri=uri)
    assert code == 2
    assert says in err


def test_an_unknown_option_exits_with_2(landed):
    with pytest.raises(SystemExit, match="2"):
        landed("--until", "2026-01-30T00:00:00Z")

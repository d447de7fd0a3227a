"""Days that are missing in a real S3 server are found, and the example DAG pulls them in a real Airflow."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.hooks.destinations import s3_store
from airflow_provider_liveperson.window import Window, stamp
from devtools.landed_windows import ACCOUNT, land_window
from tests.integration.landed import DAY, NEXT_DAY, same

BUCKET = "gaps"
DAG_ID = "liveperson_heal_gaps"
FIRST = NEXT_DAY - timedelta(days=14)
PLACE = f"s3://{BUCKET}/lake"
RANGE = ("--from", stamp(FIRST), "--to", stamp(NEXT_DAY))
DAYS = list(Window(FIRST, NEXT_DAY).days())
LANDED, MISSING = DAYS[:-2], DAYS[-2:]

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox()


@pytest.fixture(scope="module")
def lake(store):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", store.connection())
        patch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
        store.client.create_bucket(Bucket=BUCKET)
        made = s3_store(BUCKET, aws_conn_id="aws_default")
        for day in LANDED:
            land_window(made, day)
        yield made


@pytest.fixture
def landed(lake, capsys):
    """Runs the command and gives its exit code and the windows that are not complete."""

    def run(*arguments: str):
        code = cli.main(["landed", PLACE, *RANGE, "--json", *arguments])
        told = json.loads(capsys.readouterr().out)
        return code, [window for window in told["windows"] if window["status"] != "complete"]

    return run


@pytest.fixture(scope="module")
def healed(airflow_home, lake, sandbox, store):
    connections = sandbox.connections()
    environment = {
        "AIRFLOW_CONN_LIVEPERSON_DEFAULT": connections["liveperson_api_key"].as_json(),
        "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        "LIVEPERSON_BUCKET": BUCKET,
        "LIVEPERSON_PREFIX": "lake",
    }
    date = (NEXT_DAY + timedelta(hours=6)).isoformat()
    answer = airflow_home.run("dags", "test", DAG_ID, date, environment=environment)
    assert "DagRun Finished" in answer.stdout, answer.stdout
    return answer.stdout


def test_the_command_names_the_days_before_they_are_pulled(landed):
    code, wrong = landed()
    assert code == 1
    assert [(window["window_start"], window["status"]) for window in wrong] == [
        (stamp(day.start), "missing") for day in MISSING
    ]


def test_the_example_pulls_what_is_missing_and_nothing_else(healed, airflow_home, sandbox, store):
    assert airflow_home.states(DAG_ID) == {"missing": {"success"}, "pull": {"success"}}
    summaries = airflow_home.returned(DAG_ID, "pull")
    assert [summary["window_start"] for summary in summaries] == [stamp(day.start) for day in MISSING]
    for summary, day in zip(summaries, MISSING, strict=True):
        assert same(store.records(summary["manifest"]), sandbox.audit.truth(day.start, day.end))


def test_then_nothing_is_missing_and_every_byte_is_as_it_landed(healed, landed):
    assert landed("--verify", "--account", ACCOUNT) == (0, [])


def test_damage_of_the_same_size_is_found(healed, landed, lake):
    folder = f"lake/audit_trail/account_id={ACCOUNT}/dt={DAY.date()}"
    part = next(key for key in lake.entries(folder) if "/part-" in key)
    lake.write(part, bytes(lake.entries(folder)[part].size))
    assert landed() == (0, [])
    code, (window,) = landed("--verify")
    assert (code, window["status"], window["window_start"]) == (1, "damaged", stamp(DAY))
    assert "SHA-256" in window["problems"][0]

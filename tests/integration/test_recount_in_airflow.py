"""Days of which LivePerson has more records now are found in a real S3 server, and the example DAG pulls them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.window import Window, stamp
from tests.integration.landed import RECENT_DAY, same

BUCKET = "recount"
DAG_ID = "liveperson_recount"
DATASET = "messaging_interactions"
DAY, NEXT_DAY = RECENT_DAY, RECENT_DAY + timedelta(days=1)
SPAN = Window(DAY - timedelta(days=1), NEXT_DAY)
MONDAY = NEXT_DAY + timedelta(days=5, hours=6)
CHANGED = Window(DAY, NEXT_DAY)

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox(conversations=120, until=(NEXT_DAY + timedelta(days=1)).date())


@pytest.fixture(scope="module")
def environment(sandbox, store):
    return {
        "AIRFLOW_CONN_LIVEPERSON_DEFAULT": sandbox.connections()["liveperson_api_key"].as_json(),
        "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        "LIVEPERSON_BUCKET": BUCKET,
        "LIVEPERSON_PREFIX": "lake",
    }


@pytest.fixture(scope="module")
def landed(environment, store):
    """Two days that have landed; another three conversations of the later one come after that."""
    store.client.create_bucket(Bucket=BUCKET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
        for name, value in environment.items():
            patch.setenv(name, value)
        with LivePersonHook.for_connection("liveperson_default") as hook:
            return hook.land(DATASET, start=SPAN.start, end=SPAN.end, bucket=BUCKET, prefix="lake")


@pytest.fixture(scope="module")
def run(airflow_home, environment):
    def run(week: int) -> None:
        date = (MONDAY + timedelta(weeks=week)).isoformat()
        answer = airflow_home.run("dags", "test", DAG_ID, date, environment=environment)
        assert "DagRun Finished" in answer.stdout, answer.stdout[-20_000:]

    return run


def test_only_a_day_that_differs_is_pulled_again_and_then_none_does(
    landed, run, airflow_home, sandbox, store
):
    run(0)
    assert airflow_home.states(DAG_ID) == {"recount": {"success"}, "pull": {"skipped"}}
    assert airflow_home.returned(DAG_ID, "recount") == [[]]

    sandbox.insert(DATASET, 3, DAY + timedelta(hours=12))
    run(1)
    (summary,) = airflow_home.returned(DAG_ID, "pull")
    assert (summary["window_start"], summary["window_end"]) == (stamp(CHANGED.start), stamp(CHANGED.end))
    assert summary["changed"] is True
    assert same(store.records(summary["manifest"]), sandbox.truth(DATASET, CHANGED.start, CHANGED.end))

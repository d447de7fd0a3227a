"""Persons are erased from a real S3 server by a real Airflow, which is told of nobody."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.window import stamp
from tests.integration.landed import RECENT_DAY, same

BUCKET = "erasing"
DATASET = "messaging_interactions"
DAY, NEXT_DAY = RECENT_DAY, RECENT_DAY + timedelta(days=1)

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox(until=(NEXT_DAY + timedelta(days=1)).date())


@pytest.fixture(scope="module")
def environment(sandbox, store):
    connection = json.loads(sandbox.connections()["liveperson_api_key"].as_json())
    connection["extra"] |= {"hash_secret": "a long random secret"}
    return {
        "AIRFLOW_CONN_LIVEPERSON_DEFAULT": json.dumps(connection),
        "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        "LIVEPERSON_BUCKET": BUCKET,
        "LIVEPERSON_PREFIX": "lake",
        "LIVEPERSON_REQUESTS_BUCKET": BUCKET,
        "TEST_BUCKET": BUCKET,
    }


@pytest.fixture(scope="module")
def land(environment, store):
    """Lands the day."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
        store.client.create_bucket(Bucket=BUCKET)

        def land():
            with LivePersonHook.for_connection("liveperson_default") as hook:
                return hook.land(DATASET, start=DAY, end=NEXT_DAY, bucket=BUCKET, prefix="lake")

        yield land


@pytest.fixture(scope="module")
def ran(airflow_home, environment, land, store, sandbox):
    """Both DAGs' output, what had landed before, and whom they erased."""
    before = store.records(land()["manifest"])
    consumer = before[0]["consumerParticipants"][0]["participantId"]
    conversation = before[-1]["info"]["conversationId"]
    date = (NEXT_DAY + timedelta(hours=5)).isoformat()
    key = f"consumers/{NEXT_DAY.date()}.txt"
    store.client.put_object(Bucket=BUCKET, Key=key, Body=f"{consumer}\n".encode())
    answers = [
        airflow_home.run("dags", "test", "liveperson_erase_persons", date, environment=environment),
        airflow_home.run(
            "dags", "test", "erasing", date, environment={**environment, "TEST_WHOM": conversation}
        ),
    ]
    for answer in answers:
        assert "DagRun Finished" in answer.stdout, answer.stdout
    return answers, before, consumer, conversation


def test_the_example_and_a_task_with_the_output_of_another_erase(ran, airflow_home, store, land):
    _, before, consumer, conversation = ran
    left = [
        one
        for one in before
        if one["consumerParticipants"][0]["participantId"] != consumer
        and one["info"]["conversationId"] != conversation
    ]
    assert len(left) <= len(before) - 2
    assert airflow_home.states("liveperson_erase_persons") == {
        "requested": {"success"},
        "erase": {"success"},
    }
    again = land()
    assert again["changed"] is False
    assert same(store.records(again["manifest"]), left)
    (told,) = airflow_home.returned("erasing", "erase")
    assert (told["records"], told["changed"]) == (1, [again["manifest"]])


def test_what_has_landed_is_still_proven(ran, capsys):
    span = ("--from", stamp(DAY), "--to", stamp(NEXT_DAY))
    assert cli.main(["landed", f"s3://{BUCKET}/lake", *span, "--verify"]) == 0


def test_airflow_is_told_of_nobody(ran, airflow_home):
    """But for the output of the user's own task, which Airflow keeps."""
    answers, _, consumer, conversation = ran
    assert consumer not in answers[0].stdout
    shown = json.dumps(airflow_home.query("SELECT * FROM rendered_task_instance_fields"), default=str)
    assert "participant_ids_uri" in shown
    for name in ("serialized_dag", "rendered_task_instance_fields", "log"):
        rows = json.dumps(airflow_home.query(f"SELECT * FROM {name}"), default=str)
        assert consumer not in rows
        assert conversation not in rows

"""The alert of the example DAG: a mail where a day has not landed by 06:00 UTC."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devtools.airflow_home import AirflowHome
from devtools.mailbox import Mailbox
from tests.integration.conftest import EXAMPLES

DAG_ID = "liveperson_account_daily"
(EXAMPLE,) = (path for path in EXAMPLES if path.stem == DAG_ID)
# What the triggerer does with the callback of a deadline that was missed.
SEND = """
import asyncio, runpy, sys
try:
    from airflow.triggers.callback import CallbackTrigger
except ImportError:  # Airflow 3.1
    from airflow.triggers.deadline import DeadlineCallbackTrigger as CallbackTrigger

deadline = runpy.run_path(sys.argv[1])["NOT_LANDED_BY_SIX"]
context = {"dag_run": {"dag_id": sys.argv[2], "dag_run_id": "the_run"}, "deadline": {}}
trigger = CallbackTrigger(deadline.callback.path, {**deadline.callback.kwargs, "context": context})

async def events():
    return [event.payload async for event in trigger.run()]

print(asyncio.run(events()))
"""


@pytest.fixture(scope="module")
def home() -> Iterator[AirflowHome]:
    """A home of its own: Airflow does not look at a DAG again, with other settings, within half a minute."""
    with AirflowHome() as home:
        home.add_dag(EXAMPLE)
        yield home


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def environment(mailbox) -> dict[str, str]:
    return {"LIVEPERSON_ALERT_TO": "oncall@acme.test", "AIRFLOW_CONN_SMTP_DEFAULT": mailbox.connection}


def test_the_deadline_of_a_run_is_six_in_the_morning_after_its_day(home, environment):
    for command in (
        ("dags", "reserialize"),
        ("dags", "trigger", DAG_ID, "--logical-date", "2026-03-03T00:00:00+00:00"),
    ):
        answer = home.run(*command, environment=environment)
        assert answer.returncode == 0, answer.stdout
    (row,) = home.query("SELECT deadline_time FROM deadline")
    assert row["deadline_time"].startswith("2026-03-04 06:00:00")


def test_then_the_triggerer_sends_a_mail(home, environment, mailbox):
    answer = home.python("-c", SEND, str(EXAMPLE), DAG_ID, environment=environment)
    assert answer.returncode == 0, answer.stdout
    assert "'success'" in answer.stdout, answer.stdout
    mail = mailbox.mails.get_nowait()
    assert mail["to"] == "oncall@acme.test"
    assert mail["subject"] == "LivePerson has not landed by 06:00 UTC"
    assert "Run the_run of liveperson_account_daily has not finished." in mail.get_body().get_content()
    assert mailbox.mails.empty()

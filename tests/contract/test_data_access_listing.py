"""Files as LivePerson lists them, and whether the list shows that a window is complete."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.readers.files import Files
from airflow_provider_liveperson.exceptions import PermissionDeniedError
from airflow_provider_liveperson.pull.listing import listed_files
from airflow_provider_liveperson.readiness import Readiness
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from tests.contract.facts import FACTS

FILES = sorted(name for name, dataset in DATASETS.items() if isinstance(dataset.reader, Files))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LAST_DAY = datetime(2026, 1, 31, tzinfo=UTC)
# After all that the sandbox has invented, which ends with January.
LATER = datetime(2026, 2, 3, 10, tzinfo=UTC)

Connect = Callable[..., LivePersonClient]


def starts(client: LivePersonClient, name: str, window: Window) -> list[datetime]:
    dataset = DATASETS[name]
    return [
        datetime.fromtimestamp(file.start_ms / 1000, UTC)
        for file in listed_files(client, dataset, dataset.query(window))
    ]


@pytest.mark.parametrize(
    ("name", "reading"), [(name, reading) for name in FILES for reading in ("", *FACTS[name].readings)]
)
def test_files_are_listed_by_their_start_however_livepersons_pages_are_read(
    name: str, reading: str, sandbox: SandboxServer, connect: Connect
) -> None:
    if reading:
        sandbox.configure(**FACTS[name].readings[reading])
    client = connect(sandbox)
    window = Window(LAST_DAY, LAST_DAY + DAY)
    before = starts(client, name, window)
    assert before == sorted(before)
    assert all(window.start <= start < window.end for start in before)
    sandbox.insert(name, 1, LAST_DAY + 15 * HOUR)
    assert starts(client, name, window) == sorted([*before, LAST_DAY + 15 * HOUR])
    assert starts(client, name, Window(LATER, LATER + HOUR)) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("hour", "shows"),
    [(-2, False), (-1, True), (0, True), (1, True)],
    ids=["before", "last", "next", "after"],
)
def test_a_window_is_ready_once_a_file_of_its_last_hour_or_a_later_one_is_listed(
    name: str, hour: int, shows: bool, sandbox: SandboxServer, connect: Connect
) -> None:
    readiness = Readiness.read(name, Window(LATER - DAY, LATER))
    opened = partial(lambda: closing(connect(sandbox)))
    now = readiness.complete_at
    assert not readiness.is_ready(now, opened)
    sandbox.insert(name, 1, LATER + hour * HOUR)
    assert readiness.is_ready(now, opened) is shows


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_asked_for_before_the_lag_has_passed(name: str, sandbox: SandboxServer) -> None:
    readiness = Readiness.read(name, Window(LAST_DAY, LAST_DAY + DAY))

    def unused() -> closing[LivePersonClient]:
        raise AssertionError("no connection is needed")

    assert not readiness.is_ready(readiness.complete_at - timedelta(seconds=1), unused)


def test_a_long_silence_is_listed_day_by_day_until_a_file_appears(
    sandbox: SandboxServer, connect: Connect
) -> None:
    readiness = Readiness.read("data_access_survey", Window(LATER, LATER + HOUR))
    now = LATER + 5 * DAY
    assert not readiness.is_ready(now, lambda: closing(connect(sandbox)))
    asked = [one for one in sandbox.requests if one.path.endswith("/survey")]
    assert len(asked) == 5
    sandbox.insert("data_access_survey", 1, LATER + 3 * DAY - HOUR)
    assert readiness.is_ready(now, lambda: closing(connect(sandbox)))


def test_a_refusal_is_not_an_empty_list(sandbox: SandboxServer, connect: Connect) -> None:
    client = connect(sandbox)
    sandbox.faults.add(match="/le/survey", kind="status", status=403, times=100)
    with pytest.raises(PermissionDeniedError):
        starts(client, "data_access_survey", Window(LAST_DAY, LAST_DAY + DAY))

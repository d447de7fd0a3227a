"""The windows that mapped tasks pull again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from airflow_provider_liveperson.coverage.gaps import gaps
from airflow_provider_liveperson.coverage.landed import Landed
from airflow_provider_liveperson.coverage.spans import midnight
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.erasure.erase import EraseRequest
from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError, StorageError
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.window import DAY, Window, stamp
from devtools.landed_windows import ACCOUNT, land_window

HOUR = timedelta(hours=1)
TODAY = midnight(datetime.now(UTC))
FIRST = TODAY - 6 * DAY


def day(number: int) -> Window:
    return Window(FIRST + number * DAY, FIRST + (number + 1) * DAY)


def listed(*windows: Window) -> list[dict[str, str]]:
    return [{"start": stamp(window.start), "end": stamp(window.end)} for window in windows]


@pytest.fixture
def place(tmp_path):
    return f"file://{tmp_path}/lake"


@pytest.fixture
def lake(place):
    return ObjectStorageStore(place)


def land(lake, window, **choices):
    return land_window(lake, window, prefix="", **choices)


def test_it_lists_what_is_missing_or_partial(lake, place):
    land(lake, day(0))
    land(lake, day(2), complete=False)
    land(lake, day(4))
    assert gaps(place, dataset="audit_trail", end=day(5).end) == listed(day(1), day(2), day(3), day(5))
    assert gaps(place, dataset="audit_trail", start=day(2).start, end=stamp(day(3).end)) == listed(
        day(2), day(3)
    )


def test_nothing_is_missing_once_it_has_landed(lake, place):
    span = {"start": FIRST, "end": FIRST + 3 * DAY}
    for gap in gaps(place, dataset="audit_trail", **span):
        land(lake, Window(*map(datetime.fromisoformat, gap.values())))
    assert gaps(place, dataset="audit_trail", **span) == []


def test_where_nothing_has_landed_everything_is_missing(place):
    assert gaps(place, dataset="audit_trail", start=FIRST, end=day(1).end) == listed(day(0), day(1))


def test_windows_may_be_as_long_as_those_of_the_schedule(lake, place):
    land(lake, Window(FIRST, FIRST + HOUR))
    land(lake, Window(FIRST + 3 * HOUR, FIRST + 24 * HOUR))
    assert gaps(place, dataset="audit_trail", end=day(0).end, every=HOUR) == listed(
        Window(FIRST + HOUR, FIRST + 2 * HOUR), Window(FIRST + 2 * HOUR, FIRST + 3 * HOUR)
    )


def test_what_liveperson_does_not_have_whole_is_left_out(place):
    span = {"dataset": "audit_trail", "start": TODAY - DAY, "end": TODAY + DAY}
    past, today = Window(TODAY - DAY, TODAY), Window(TODAY, TODAY + DAY)
    complete = DATASETS["audit_trail"].limits.complete_at(past)
    with time_machine.travel(complete - timedelta(microseconds=1), tick=False) as clock:
        assert gaps(place, **span) == []
        clock.move_to(complete)
        assert gaps(place, **span) == listed(past)
        assert gaps(place, **span, allow_out_of_range=True) == listed(past, today)
    old = {"dataset": "users", "start": TODAY - 9 * DAY, "end": TODAY - 8 * DAY}
    assert gaps(place, **old) == []
    assert len(gaps(place, **old, allow_out_of_range=True)) == 1


def test_damage_is_listed_where_parts_are_read(lake, place, tmp_path):
    folder = land(lake, day(0))
    (part,) = (tmp_path / "lake" / folder).glob("part-*")
    part.write_bytes(bytes(part.stat().st_size))
    span = {"start": FIRST, "end": day(0).end}
    assert gaps(place, dataset="audit_trail", **span) == []
    assert gaps(place, dataset="audit_trail", **span, verify=True) == listed(day(0))


def test_what_no_pull_replaces_is_an_error(lake, place):
    lake.write(f"{land(lake, day(0))}/_manifest.json", b"[]")
    with pytest.raises(StorageError, match=r"is not a manifest") as raised:
        gaps(place, dataset="audit_trail", start=FIRST, end=day(0).end)
    assert raised.value.permanent


def test_of_several_accounts_one_is_named(lake, place):
    land(lake, day(0), account_id="1")
    land(lake, day(1), account_id="2")
    span = {"dataset": "audit_trail", "start": FIRST, "end": day(1).end}
    with pytest.raises(ConfigurationError, match=r"several accounts has landed in .*: 1, 2") as raised:
        gaps(place, **span)
    assert raised.value.field == "account_id"
    assert gaps(place, **span, account_id="2") == listed(day(0))


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"dataset": "audit"}, "dataset"),
        ({"start": "yesterday"}, "start"),
        ({"end": datetime(2026, 1, 1)}, "end"),
        ({"every": timedelta(0)}, "every"),
        ({"uri": "s3://"}, "bucket"),
    ],
)
def test_bad_arguments_are_named(place, choices, field):
    with pytest.raises(ConfigurationError) as raised:
        gaps(**{"uri": place, "dataset": "audit_trail", "start": FIRST, **choices})
    assert raised.value.field == field


def test_an_empty_range_is_refused(place):
    with pytest.raises(EmptyWindowError):
        gaps(place, dataset="audit_trail", start=FIRST, end=FIRST)


def test_it_reads_s3_through_airflows_connection(s3, monkeypatch):
    from airflow_provider_liveperson.hooks.destinations import s3_store

    monkeypatch.setenv("AIRFLOW_CONN_MY_AWS", "aws://")
    land_window(s3_store("lake", aws_conn_id="my_aws"), day(0), prefix="raw")
    for place, conn_id in (("s3://lake/raw/", "my_aws"), ("s3://my_aws@lake/raw", "absent")):
        assert gaps(place, dataset="audit_trail", end=day(1).end, aws_conn_id=conn_id, verify=True) == listed(
            day(1)
        )


def test_a_window_from_which_persons_were_erased_is_no_gap(lake, place):
    conversations = [b'{"info":{"conversationId":"%d"}}' % number for number in range(4)]
    for window, parts in ((day(0), conversations[:2]), (day(2), conversations[2:])):
        land(lake, window, dataset="messaging_interactions", parts=[parts], cursor="end")
    request = EraseRequest.read(conversation_ids=["0", "1", "2"], participant_ids=(), secret="a long secret")
    assert request.erase(lake, "", ACCOUNT).records == 3
    span = {"dataset": "messaging_interactions", "start": day(0).start, "end": day(2).end}
    assert gaps(place, **span, verify=True) == listed(day(1))
    (series,) = (landed := Landed(lake, "")).series(["messaging_interactions"])
    states = landed.states(series, day(0).start, day(2).end)
    assert [(one.kept, one.erased) for one in states if not one.is_gap] == [(0, 2), (1, 1)]
    assert states[0].to_dict()["erased"] == 2


@pytest.mark.parametrize("account_id", [ACCOUNT, int(ACCOUNT), None, "None", ""], ids=repr)
def test_arguments_come_as_a_dag_run_and_templates_give_them(lake, place, account_id):
    land(lake, day(0))
    given = {"account_id": account_id, "start": "None", "end": stamp(day(1).end), "verify": "False"}
    assert gaps(place, dataset="audit_trail", allow_out_of_range="false", **given) == listed(day(1))


@pytest.mark.parametrize("uri", [None, "None", "", " "], ids=repr)
def test_no_address_is_not_the_folder_in_which_the_worker_runs(uri, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="must be the address of a landing") as raised:
        gaps(uri, dataset="audit_trail", start=FIRST)
    assert raised.value.field == "uri"

"""Whether two connections read the same, and what is said where they do not."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics import comparison, record_set
from airflow_provider_liveperson.diagnostics.comparison import Side, compare
from airflow_provider_liveperson.diagnostics.progress import Progress
from airflow_provider_liveperson.diagnostics.reachability import check_reachability, seconds_for
from airflow_provider_liveperson.diagnostics.report import Comparison, DatasetComparison
from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from airflow_provider_liveperson.sandbox.apis.audit_trail.data import records_of_day
from devtools.nesting import TOO_DEEP
from tests.contract.facts import FACTS, kinds_of

NOW = datetime(2026, 2, 1, 2, tzinfo=UTC)
DAY = ("2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z")
# What an API key and an App-JWT can both read.
BOTH = [name for name in DATASETS if {"api_key", "app_jwt_v2"} <= set(kinds_of(name))]
OLDEST_FIRST = FACTS["agent_status_changes"].readings["oldest first"]
IN_IT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def running_twin() -> Iterator[SandboxServer]:
    settings = SandboxSettings(seed=11, until=date(2026, 2, 1), days=4, audit_rows=240)
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def twin(running_twin: SandboxServer) -> SandboxServer:
    """A second LivePerson with the same account, credentials and data."""
    running_twin.reset()
    return running_twin


@pytest.fixture
def side(connect) -> Callable[..., Side]:
    """Makes one of the two: a connection that has been checked."""

    def make(name: str, kind: str = "api_key", **choices) -> Side:
        datasets = [DATASETS[it] for it in choices.pop("datasets", DATASETS)]
        quick = connect(kind, schedule=NO_RETRIES, budget=seconds_for(len(datasets)), **choices)
        report = check_reachability(quick, name=name, datasets=datasets, now=NOW)
        return Side(client=connect(kind, **choices), report=report)

    return make


@pytest.fixture
def between(side, twin):
    """Compares the sandbox, through an API key, with its twin, through an App-JWT."""

    def run(*datasets: str, **choices) -> Comparison:
        chosen = {"datasets": datasets} if datasets else {}
        old = side("old", "api_key", **chosen)
        new = side("new", "app_jwt_v2", host=twin.url, **chosen)
        return compare(old, new, now=NOW, **choices)

    return run


def only(comparison: Comparison) -> DatasetComparison:
    (compared,) = comparison.datasets
    return compared


def test_what_is_equal_agrees_whole_days_and_whole_collections(sandbox, between):
    found = between(*BOTH, max_records=10_000)
    assert found.ok
    assert found.connections == ("old", "new")
    assert [it.dataset for it in found.datasets] == BOTH
    for compared in found.datasets:
        dataset = DATASETS[compared.dataset]
        if dataset.limits.retention != timedelta(days=1):  # of such a one, less than a day can be had
            assert compared.window == (None if dataset.is_snapshot else DAY)
        true = len(sandbox.truth(compared.dataset, *map(datetime.fromisoformat, compared.window or DAY)))
        assert true > 0
        assert compared.outcome == "agree"
        assert compared.records == (true, true)
        assert compared.sentence.startswith(f"Both returned the same {true} records.")
    assert found.sentence.startswith("old and new agree in messaging_interactions, ")


def test_the_window_is_past_the_lag_of_each_dataset(side):
    one = side("one", datasets=["agent_status_changes", "messaging_interactions"])
    found = compare(one, one, now=datetime(2026, 2, 1, 0, 30, tzinfo=UTC))
    windows = {it.dataset: it.window for it in found.datasets}
    assert windows == {
        "messaging_interactions": DAY,
        "agent_status_changes": ("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z"),
    }


def test_a_window_of_ones_own(between):
    found = only(between("audit_trail", start="2026-01-29T06:00:00Z", end="2026-01-29T12:00:00+00:00"))
    assert found.window == ("2026-01-29T06:00:00Z", "2026-01-29T12:00:00Z")
    assert 0 < found.records[0] < 60


@pytest.mark.parametrize(
    ("choices", "error", "field"),
    [
        ({"start": "2026-01-29T06:00:00Z"}, ConfigurationError, "end"),
        ({"start": "yesterday", "end": "today"}, ConfigurationError, "start"),
        ({"start": DAY[1], "end": DAY[0]}, EmptyWindowError, "end"),
        ({"max_records": 0}, ConfigurationError, "max_records"),
    ],
)
def test_a_bad_argument(between, choices, error, field):
    with pytest.raises(error) as caught:
        between("audit_trail", **choices)
    assert caught.value.field == field


def test_of_a_window_that_cannot_be_complete_the_part_that_can_is_compared(between):
    found = only(between("messaging_interactions", start="2026-01-31T00:00:00Z", end="2026-02-01T02:00:00Z"))
    assert found.outcome == "agree"
    assert found.window == ("2026-01-31T00:00:00Z", "2026-02-01T01:45:00Z")
    assert found.sentence.endswith("Only this part of the window can be read completely now.")


def test_of_a_window_that_is_gone_the_latest_is_compared(between):
    found = only(between("agent_status_changes", start="2020-01-31T00:00:00Z", end="2020-02-01T00:00:00Z"))
    assert (found.outcome, found.window) == ("agree", DAY)
    assert found.sentence.endswith("so the latest one that can was compared.")


def test_a_dataset_that_reaches_back_a_day_is_compared_by_what_is_left(side, monkeypatch):
    changes = DATASETS["agent_status_changes"]
    limits = dataclasses.replace(changes.limits, retention=timedelta(hours=24))
    short = dataclasses.replace(changes, limits=limits)
    monkeypatch.setitem(DATASETS, "agent_status_changes", short)
    one = side("one", datasets=["agent_status_changes", "audit_trail"])
    found = compare(one, one, now=NOW)
    assert found.ok
    windows = {it.dataset: it.window for it in found.datasets}
    assert windows == {
        "agent_status_changes": ("2026-01-31T03:00:00Z", "2026-02-01T01:00:00Z"),
        "audit_trail": DAY,
    }
    assert "keeps these records for 1 day only" in found.datasets[0].sentence


def test_a_record_that_changed_is_named_with_its_fields_but_not_their_values(twin, between):
    changed = twin.config.change("skills")
    found = between("skills", "users")
    assert not found.ok
    assert found.sentence == "old and new do not agree: they differ in skills."
    skills, users = sorted(found.datasets, key=lambda it: it.dataset)
    assert users.outcome == "agree"
    assert skills.outcome == "differ"
    assert skills.differing.count == 1
    assert skills.differing.examples == [str(changed["id"])]
    assert "dateUpdated" in skills.fields
    assert set(skills.fields) <= set(DATASETS["skills"].columns)
    told = json.dumps(found.to_dict())
    for field in skills.fields:
        assert f'"{changed[field]}"' not in told


def test_a_nested_field_is_named_by_its_path(sandbox, twin, between):
    start, end = map(datetime.fromisoformat, DAY)
    edited = sandbox.truth("messaging_interactions", start, end)[0]["info"]["conversationId"]
    twin.conversations.submit_survey(edited, when=end + timedelta(minutes=5))
    found = only(between("messaging_interactions"))
    assert found.outcome == "differ"
    assert found.differing.examples == [edited]
    assert {"info.endTimeL", "info.fullDialogEndTimeL"} <= set(found.fields)


def test_a_record_that_one_does_not_give_is_named_by_its_key(twin, between):
    twin.activity.insert(7, when=IN_IT)
    found = only(between("agent_status_changes"))
    assert found.outcome == "differ"
    assert (found.only_first.count, found.only_second.count) == (0, 7)
    assert found.records[1] == found.records[0] + 7
    assert len(found.only_second.examples) == 5  # so many are enough to look for
    assert all("2026-01-31T12" in key for key in found.only_second.examples)
    assert found.sentence.endswith("records: 7 records only through new.")


@pytest.mark.parametrize("name", ["audit_trail", "audit_trail_export"])
def test_a_record_without_a_key_is_named_by_its_time_and_a_hash(sandbox, between, name):
    sandbox.audit.insert(records_of_day(99, date(2026, 1, 31), 1))
    found = between(name)
    compared = only(found)
    assert (compared.only_first.count, compared.only_second.count) == (1, 0)
    (label,) = compared.only_first.examples
    when, _, digest = label.rpartition(" #")
    assert when.startswith("2026-01-31")
    assert len(digest) == 12
    rows = sandbox.truth(name, *map(datetime.fromisoformat, DAY))
    values = {
        str(value) for row in rows for value in row.values() if isinstance(value, str) and len(value) > 3
    }
    shown = json.dumps(found.to_dict())
    assert not {value for value in values if f'"{value}"' in shown and value != "70000001"}


def test_equal_rows_are_counted_not_merged(sandbox, twin, between):
    once = records_of_day(99, date(2026, 1, 31), 1)
    sandbox.audit.insert(once)
    for _ in range(3):
        twin.audit.insert(once)
    found = only(between("audit_trail"))
    assert (found.only_first.count, found.only_second.count) == (0, 2)


def test_it_stops_at_the_most_and_says_so(sandbox, between):
    found = only(between("agent_status_changes", max_records=5))
    assert found.outcome == "agree"
    assert found.is_cut
    assert found.records == (5, 5)
    assert (
        found.sentence == "Both returned the same 5 records. There are more records, which were not compared."
    )


def test_exactly_the_most_is_all(sandbox, between):
    count = len(sandbox.truth("audit_trail", *map(datetime.fromisoformat, DAY)))
    assert not only(between("audit_trail", max_records=count)).is_cut
    assert only(between("audit_trail", max_records=count - 1)).is_cut


def test_collections_are_compared_whole(between):
    assert only(between("users", max_records=1)).records[0] > 1


def test_where_reading_stopped_nothing_is_missed(sandbox, twin, between):
    """A record more in front pushes the last one out; that is not missing on this side."""
    for one in (sandbox, twin):
        one.configure(**OLDEST_FIRST)
    twin.activity.insert(1, when=datetime(2026, 1, 31, 0, 0, 1, tzinfo=UTC))
    found = only(between("agent_status_changes", max_records=5))
    assert found.records == (5, 5)
    assert (found.only_first.count, found.only_second.count) == (0, 1)


@pytest.mark.parametrize("common", [0, 1])
def test_where_both_go_on_differently_they_differ_though_reading_stopped(sandbox, twin, between, common):
    for one in (sandbox, twin):
        one.configure(**OLDEST_FIRST)
        one.activity.insert(common, when=datetime(2026, 1, 31, 6, tzinfo=UTC))
    twin.activity.insert(9, when=datetime(2026, 1, 31, 6, 0, 1, tzinfo=UTC))
    found = only(between("agent_status_changes", max_records=5, start="2026-01-31T06:00:00Z", end=DAY[1]))
    assert found.outcome == "differ"
    assert found.records == (5, 5)
    assert found.only_first.count == found.only_second.count == 5 - common


def test_equal_rows_more_on_one_side_differ_though_reading_stopped(sandbox, twin, between):
    once = records_of_day(99, date(2026, 1, 31), 1)
    sandbox.audit.insert(once)
    for _ in range(3):
        twin.audit.insert(once)
    found = only(between("audit_trail", max_records=60))
    assert found.is_cut
    assert (found.only_first.count, found.only_second.count) == (0, 2)


def skills(**names: str) -> list[bytes]:
    return [json.dumps({"id": id, "name": name}).encode() for id, name in names.items()]


@pytest.fixture
def returned(side, monkeypatch):
    """Compares two connections that return such skills: a pair of readings for each look."""

    def run(*looks: tuple[list[bytes], list[bytes]]) -> DatasetComparison:
        one, other = side("one", datasets=["skills"]), side("other", datasets=["skills"])
        left = {one.client: [look[0] for look in looks], other.client: [look[1] for look in looks]}
        monkeypatch.setattr(
            record_set, "records", lambda client, *_args, **_choices: iter(left[client].pop(0))
        )
        found = only(compare(one, other, now=NOW))
        assert not any(left.values())
        return found

    return run


OLD, NEW = skills(a="old", b="same"), skills(a="new", b="same")


def test_a_change_between_the_two_readings_is_no_difference(returned):
    assert returned((OLD, NEW), (NEW, NEW)).outcome == "agree"


def test_what_differs_in_every_look_is_a_difference(returned):
    found = returned((OLD, NEW), (OLD, NEW))
    assert (found.outcome, found.differing.examples, found.fields) == ("differ", ["a"], ["name"])


def test_two_changes_between_readings_are_no_difference(returned):
    """In the second look, another record changes than in the first."""
    found = returned((OLD, NEW), (NEW, skills(a="new", b="changed")))
    assert (found.outcome, found.differing.count) == ("agree", 0)


@pytest.fixture
def live(monkeypatch):
    """Makes a snapshot of ``skills`` whose contents change all the time, with a primary key or without."""

    def make(*primary_key: str) -> None:
        skills = DATASETS["skills"]
        columns = {**skills.columns, "_pulled_at": skills.columns["name"]}
        changed = dataclasses.replace(skills, columns=columns, primary_key=primary_key)
        monkeypatch.setitem(DATASETS, "skills", changed)

    return make


def test_a_snapshot_that_changes_all_the_time_is_compared_by_its_keys(live, returned):
    live("id")
    found = returned((OLD, NEW))
    assert (found.outcome, found.records, found.fields) == ("agree", (2, 2), [])
    assert found.sentence == (
        "Both returned the same 2 records. 1 record changed between the two readings, as they do all the time."
    )


def test_a_row_of_a_snapshot_that_one_lacks_in_every_look_is_a_difference(live, returned):
    live("id")
    longer = skills(a="x", b="x", c="x")
    found = returned((OLD, longer), (NEW, longer))
    assert found.outcome == "differ"
    assert (found.only_first.count, found.only_second.count) == (0, 1)
    assert found.only_second.examples == ["c"]
    assert returned((OLD, longer), (longer, longer)).outcome == "agree"


def test_rows_of_a_snapshot_without_a_key_are_counted(live, returned):
    live()
    assert returned((OLD, NEW)).outcome == "agree"
    found = returned((OLD, NEW[:1]), (OLD, NEW[:1]))
    assert found.outcome == "differ"
    assert (found.only_first.count, found.only_second.count) == (1, 0)
    assert found.only_first.examples == found.only_second.examples == []


def test_the_progress_counts_every_dataset(twin, side):
    twin.configure(activity_auth={"oauth1"})
    old, new = side("old", "api_key"), side("new", "app_jwt_v2", host=twin.url)
    seen: list[Progress] = []
    compare(old, new, now=NOW, on_progress=seen.append)
    assert {(it.step, it.total) for it in seen} == {("compare", len(DATASETS))}
    assert [it.done for it in seen] == sorted(it.done for it in seen)
    assert seen[0].done == 0
    assert (seen[-1].done, seen[-1].current) == (len(DATASETS), [])
    assert {name for it in seen for name in it.current} == set(BOTH) - {
        "agent_status_changes",
        "interval_metrics",
    }
    at_once = max(len(it.current) for it in seen)
    assert at_once <= comparison.MAX_DATASETS_AT_ONCE


def test_a_comparison_ends_when_its_time_is_over(sandbox, side):
    both = side("one", datasets=["users", "skills"])
    sandbox.faults.add(kind="slow", seconds=60, match="/le-users/users")
    found = compare(both, both, now=NOW, seconds=2)
    assert not found.ok
    assert {it.dataset: it.outcome for it in found.datasets} == {"users": "unknown", "skills": "agree"}
    assert found.datasets[0].sentence == "Not compared in time."


def test_a_permission_that_only_one_has_is_no_agreement(twin, between):
    twin.configure(activity_auth={"oauth1"})
    found = between("agent_status_changes", "users")
    assert not found.ok
    outcomes = {it.dataset: it.outcome for it in found.datasets}
    assert outcomes == {"agent_status_changes": "one side", "users": "agree"}
    assert found.datasets[0].sentence == "Only old can read it; new cannot."
    assert found.sentence == "old and new do not agree: only one of them can read agent_status_changes."


def test_what_neither_may_read_is_passed_over(sandbox, twin, between):
    for one in (sandbox, twin):
        one.configure(activity_auth={"bearer"})
    found = between("agent_status_changes", "users")
    assert found.ok
    assert found.datasets[0].outcome == "skipped"


def test_nothing_that_both_can_read_is_no_proof(sandbox, twin, between):
    for one in (sandbox, twin):
        one.configure(activity_auth={"bearer"})
    found = between("agent_status_changes")
    assert not found.ok
    assert found.sentence == "old and new do not agree: there is nothing that both can read."


def test_what_could_not_be_checked_is_not_compared(twin, between):
    twin.faults.add(kind="status", status=503, match="/le-users/users")
    found = between("users")
    assert not found.ok
    assert only(found).sentence == "Not compared: whether new can read it is unknown."


def test_a_reading_that_fails_is_told(sandbox, twin, between):
    twin.faults.add(kind="status", status=503, match="/le-users/users", times=9, skip=1)
    found = between("users", "skills")
    assert not found.ok
    assert {it.dataset: it.outcome for it in found.datasets} == {"users": "unknown", "skills": "agree"}
    assert "503" in found.datasets[0].sentence


def test_both_read_nothing(between):
    found = only(between("agent_status_changes", start="2026-01-20T00:00:00Z", end="2026-01-21T00:00:00Z"))
    assert (found.outcome, found.records) == ("agree", (0, 0))
    assert found.sentence == "Neither connection returned any records; try another window."


def test_different_accounts_are_refused_before_any_record_is_read(sandbox, side):
    with SandboxServer(SandboxSettings(seed=11, account_id="70000002", days=1)) as other:
        one = side("one", datasets=["users"])
        foreign = side("foreign", datasets=["users"], host=other.url, account_id="70000002")
        before = len(sandbox.requests)
        with pytest.raises(
            ConfigurationError, match="one belongs to account 70000001 and foreign to account 70000002"
        ):
            compare(one, foreign, now=NOW)
        assert len(sandbox.requests) == before


def test_it_is_json_and_back(twin, between):
    twin.config.change("skills")
    found = between("skills")
    assert msgspec.convert(json.loads(json.dumps(found.to_dict())), Comparison) == found


def test_memory_does_not_grow_with_the_records(side, monkeypatch):
    """Records of a megabyte each go by; what is held is a hash and a place of each."""
    import tracemalloc

    both = side("one", datasets=["users"])

    def many(*_args, **_choices):
        for number in range(200):
            yield json.dumps({"id": number, "blob": "x" * (1 << 20)}).encode()

    monkeypatch.setattr(record_set, "records", many)
    tracemalloc.start()
    try:
        found = only(compare(both, both, now=NOW))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.records == (200, 200)
    assert found.outcome == "agree"
    assert peak < 20 << 20


def test_odd_texts_are_compared_like_others(sandbox, twin, between):
    sandbox.configure(odd_text="half_pairs")
    twin.configure(odd_text="half_pairs")
    assert between("users", "messaging_interactions").ok
    twin.configure(odd_text="none")
    found = only(between("users"))
    assert found.outcome == "differ"
    assert "nickname" in found.fields


@pytest.mark.parametrize(
    "value", [b"1e400", b"9" * 400, b"9" * 5000, b'"\\ud83d"', b'"K\xfcche"', b"1e99999999999999999999"]
)
def test_odd_values_are_compared_and_told(side, monkeypatch, value):
    both = side("one", datasets=["users"])
    other = b'{"id":7,"name":"x"}'
    monkeypatch.setattr(record_set, "records", lambda *_args, **_choices: iter([b'{"id":%b}' % value, other]))
    assert only(compare(both, both, now=NOW)).outcome == "agree"
    rows = iter([[b'{"id":7,"name":%b}' % value], [other]] * 2)
    monkeypatch.setattr(record_set, "records", lambda *_args, **_choices: iter(next(rows)))
    found = only(compare(both, both, now=NOW))
    assert (found.outcome, found.fields) == ("differ", ["name"])


def test_a_record_that_nobody_can_read_is_no_agreement(side, monkeypatch):
    both = side("one", datasets=["users"])
    deep = b'{"id":' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b"}"
    monkeypatch.setattr(record_set, "records", lambda *_args, **_choices: iter([deep]))
    found = only(compare(both, both, now=NOW))
    assert found.outcome == "unknown"
    assert "nested more deeply than can be read" in found.sentence


def test_keys_are_those_that_people_are_told():
    for dataset in DATASETS.values():
        assert dataset.key == (", ".join(dataset.primary_key) or "none; equal rows are separate records")
        assert timedelta(0) <= dataset.limits.lag <= timedelta(days=1)


def test_no_more_is_read_than_compared(sandbox, between):
    sandbox.configure(**FACTS["agent_status_changes"].many_requests)
    assert only(between("agent_status_changes", max_records=5)).records == (5, 5)
    pages = [one for one in sandbox.requests if "/status-changes" in one.path]
    assert len(pages) == 2  # the check's, and one

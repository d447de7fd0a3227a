"""Whether two connections read the same, and what is said where they do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics import comparison as comparing
from airflow_provider_liveperson.diagnostics.comparison import Side, compare
from airflow_provider_liveperson.diagnostics.reachability import BUDGET, check
from airflow_provider_liveperson.diagnostics.report import Compared, Comparison
from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from airflow_provider_liveperson.sandbox.apis.audit_trail.data import records_of_day

NOW = datetime(2026, 2, 1, 2, tzinfo=UTC)
DAY = ("2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z")
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
        quick = connect(kind, schedule=NO_RETRIES, budget=BUDGET, **choices)
        report = check(quick, name=name, datasets=datasets, now=NOW)
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


def only(comparison: Comparison) -> Compared:
    (compared,) = comparison.datasets
    return compared


def test_what_is_equal_agrees_whole_days_and_whole_collections(sandbox, between):
    found = between()
    assert found.ok
    assert found.connections == ("old", "new")
    assert [it.dataset for it in found.datasets] == list(DATASETS)
    start, end = map(datetime.fromisoformat, DAY)
    for compared in found.datasets:
        true = len(sandbox.truth(compared.dataset, start, end))
        assert true > 0
        assert compared.outcome == "agree"
        assert compared.records == (true, true)
        assert compared.window == (None if DATASETS[compared.dataset].is_snapshot else DAY)
        assert compared.sentence == f"Both read the same {true} records."
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
        ({"most": 0}, ConfigurationError, "most"),
    ],
)
def test_a_bad_argument(between, choices, error, field):
    with pytest.raises(error) as caught:
        between("audit_trail", **choices)
    assert caught.value.field == field


def test_a_window_that_cannot_be_complete_is_not_compared(between):
    found = between("messaging_interactions", start="2026-01-31T00:00:00Z", end="2026-02-01T02:00:00Z")
    assert not found.ok
    assert only(found).outcome == "unknown"
    assert "its records cannot all be there yet" in only(found).sentence
    assert "allow_out_of_range" not in only(found).sentence


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
    found = only(between("agent_status_changes", most=5))
    assert found.outcome == "agree"
    assert found.is_cut
    assert found.records == (5, 5)
    assert found.sentence == "Both read the same 5 records. There are more; reading stopped there."


def test_exactly_the_most_is_all(sandbox, between):
    count = len(sandbox.truth("audit_trail", *map(datetime.fromisoformat, DAY)))
    assert not only(between("audit_trail", most=count)).is_cut
    assert only(between("audit_trail", most=count - 1)).is_cut


def test_collections_are_compared_whole(between):
    assert only(between("users", most=1)).records[0] > 1


def test_where_reading_stopped_nothing_is_missed(sandbox, twin, between):
    """A record more in front pushes the last one out; that is not missing on this side."""
    for one in (sandbox, twin):
        one.configure(activity_order="oldest")
    twin.activity.insert(1, when=datetime(2026, 1, 31, 0, 0, 1, tzinfo=UTC))
    found = only(between("agent_status_changes", most=5))
    assert found.records == (5, 5)
    assert (found.only_first.count, found.only_second.count) == (0, 1)


@pytest.mark.parametrize("common", [0, 1])
def test_where_both_go_on_differently_they_differ_though_reading_stopped(sandbox, twin, between, common):
    for one in (sandbox, twin):
        one.configure(activity_order="oldest")
        one.activity.insert(common, when=datetime(2026, 1, 31, 6, tzinfo=UTC))
    twin.activity.insert(9, when=datetime(2026, 1, 31, 6, 0, 1, tzinfo=UTC))
    found = only(between("agent_status_changes", most=5, start="2026-01-31T06:00:00Z", end=DAY[1]))
    assert found.outcome == "differ"
    assert found.records == (5, 5)
    assert found.only_first.count == found.only_second.count == 5 - common


def test_equal_rows_more_on_one_side_differ_though_reading_stopped(sandbox, twin, between):
    once = records_of_day(99, date(2026, 1, 31), 1)
    sandbox.audit.insert(once)
    for _ in range(3):
        twin.audit.insert(once)
    found = only(between("audit_trail", most=60))
    assert found.is_cut
    assert (found.only_first.count, found.only_second.count) == (0, 2)


def test_a_change_between_the_two_readings_is_no_difference(sandbox, side, monkeypatch):
    both, readings = side("one", datasets=["skills"]), []
    read = comparing.records

    def read_then_change(*args, **choices):
        yield from read(*args, **choices)
        readings.append(1)
        if len(readings) == 1:
            sandbox.config.change("skills")

    monkeypatch.setattr(comparing, "records", read_then_change)
    assert only(compare(both, both, now=NOW)).outcome == "agree"
    assert len(readings) == 4


def test_a_permission_that_only_one_has_is_no_agreement(twin, between):
    twin.configure(activity_auth={"oauth1"})
    found = between("agent_status_changes", "users")
    assert not found.ok
    outcomes = {it.dataset: it.outcome for it in found.datasets}
    assert outcomes == {"agent_status_changes": "one side", "users": "agree"}
    assert found.datasets[0].sentence == "Only old can read it, new may not."
    assert found.sentence == "old and new do not agree: only one may read agent_status_changes."


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
    assert only(found).sentence == "Not compared, because new could not be checked for it."


def test_a_reading_that_fails_is_told(sandbox, twin, between):
    twin.faults.add(kind="status", status=503, match="/le-users/users", times=9, skip=1)
    found = between("users", "skills")
    assert not found.ok
    assert {it.dataset: it.outcome for it in found.datasets} == {"users": "unknown", "skills": "agree"}
    assert "503" in found.datasets[0].sentence


def test_both_read_nothing(between):
    found = only(between("agent_status_changes", start="2026-01-20T00:00:00Z", end="2026-01-21T00:00:00Z"))
    assert (found.outcome, found.records) == ("agree", (0, 0))
    assert found.sentence == "Both read no record; another window would tell more."


def test_different_accounts_are_refused_before_any_record_is_read(sandbox, side):
    with SandboxServer(SandboxSettings(seed=11, account_id="70000002", days=1)) as other:
        one = side("one", datasets=["users"])
        foreign = side("foreign", datasets=["users"], host=other.url, account_id="70000002")
        before = len(sandbox.requests)
        with pytest.raises(
            ConfigurationError, match="one is of account 70000001 and foreign of account 70000002"
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

    monkeypatch.setattr(comparing, "records", many)
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
    monkeypatch.setattr(comparing, "records", lambda *_args, **_choices: iter([b'{"id":%b}' % value, other]))
    assert only(compare(both, both, now=NOW)).outcome == "agree"
    rows = iter([[b'{"id":7,"name":%b}' % value], [other]] * 2)
    monkeypatch.setattr(comparing, "records", lambda *_args, **_choices: iter(next(rows)))
    found = only(compare(both, both, now=NOW))
    assert (found.outcome, found.fields) == ("differ", ["name"])


def test_a_record_that_nobody_can_read_is_no_agreement(side, monkeypatch):
    both = side("one", datasets=["users"])
    deep = b'{"id":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    monkeypatch.setattr(comparing, "records", lambda *_args, **_choices: iter([deep]))
    found = only(compare(both, both, now=NOW))
    assert found.outcome == "unknown"
    assert "nested more deeply than can be read" in found.sentence


def test_keys_are_those_that_people_are_told():
    for dataset in DATASETS.values():
        assert dataset.key == (", ".join(dataset.primary_key) or "none; equal rows are separate records")
        assert timedelta(0) <= dataset.lag < timedelta(days=1)


def test_no_more_is_read_than_compared(sandbox, between):
    sandbox.configure(activity_limit_max=10, activity_over_limit="clamp")
    assert only(between("agent_status_changes", most=5)).records == (5, 5)
    pages = [one for one in sandbox.requests if "/status-changes" in one.path]
    assert len(pages) == 2  # the check's, and one

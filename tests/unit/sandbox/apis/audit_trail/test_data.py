from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.sandbox.apis.audit_trail.data import records_of_day
from airflow_provider_liveperson.sandbox.apis.audit_trail.log import FIELDS, AuditLog, AuditQuery
from airflow_provider_liveperson.sandbox.world import World, WorldSettings

DAY = date(2026, 1, 31)


def audit_log(*, audit_rows: int, **world: Any) -> AuditLog:
    return AuditLog(World(WorldSettings(**world)), audit_rows)


def day_of(log: AuditLog, day: date) -> list[dict[str, object]]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return log.truth(start, start + timedelta(days=1))


def test_the_same_seed_gives_the_same_day_whatever_surrounds_it() -> None:
    long = audit_log(seed=7, audit_rows=300, days=10, until=date(2026, 2, 3))
    short = audit_log(seed=7, audit_rows=60, days=2, until=date(2026, 2, 1))
    assert day_of(long, DAY) == day_of(short, DAY)
    assert len(day_of(short, DAY)) == 30
    other = audit_log(seed=8, audit_rows=60, days=2, until=date(2026, 2, 1))
    assert day_of(other, DAY) != day_of(short, DAY)


def test_a_larger_day_holds_the_smaller_one() -> None:
    smaller, larger = Counter(records_of_day(1, DAY, 40)), Counter(records_of_day(1, DAY, 90))
    assert not smaller - larger


@pytest.mark.parametrize(("rows", "days"), [(0, 3), (1, 3), (100, 7), (6, 6)])
def test_the_log_has_as_many_rows_as_asked_for(rows: int, days: int) -> None:
    log = audit_log(audit_rows=rows, days=days, until=DAY)
    assert len(log) == rows
    start = datetime(2026, 1, 31, tzinfo=UTC)
    assert len(log.truth(start - timedelta(days=days), start)) == rows
    assert log.truth(start, start + timedelta(days=30)) == []


def test_the_data_is_as_awkward_as_real_data() -> None:
    log = audit_log(audit_rows=4000, days=20, until=DAY)
    rows = log.truth(datetime(2026, 1, 11, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
    assert list(rows[0]) == list(FIELDS)
    assert rows == sorted(rows, key=lambda row: row["changeDate"])
    values = {str(row["newValue"]) for row in rows} | {str(row["oldValue"]) for row in rows}
    for part in ("\n", "\r\n", '"', ",", "\\", "👍🏽", "ü"):
        assert any(part in value for value in values), part
    assert {"", "N/A", "true", "false", "null"} <= values
    assert max(map(len, values)) > 1000
    assert {row["actionType"] for row in rows} == {"Add new", "Edit", "Delete"}
    assert {"Users", "Profiles", "Campaigns", "Predefined Content", "Content Categories", "Agent Groups"} <= {
        row["objectType"] for row in rows
    }
    assert len({row["objectType"] for row in rows}) == 15
    assert "N/A" in {row["element"] for row in rows}
    times = [str(row["changeDate"])[11:19] for row in rows]
    assert times.count("00:00:00") >= 20
    assert times.count("23:59:59") >= 20
    assert max(Counter(row["changeDate"] for row in rows).values()) >= 12
    assert max(Counter(str(row) for row in rows).values()) >= 2


def test_a_window_is_half_open_and_aware() -> None:
    log = audit_log(audit_rows=40, days=2, until=DAY)
    midnight = datetime(2026, 1, 30, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert log.truth(midnight - second, midnight)[0]["changeDate"] == "2026-01-29 23:59:59.0"
    assert log.truth(midnight, midnight + second)[0]["changeDate"] == "2026-01-30 00:00:00.0"
    assert log.truth(midnight, midnight) == []
    with pytest.raises(ValueError, match="aware"):
        log.truth(datetime(2026, 1, 30), midnight)


LOG = audit_log(audit_rows=400, days=4, until=DAY)
MOMENTS = [int(datetime(2026, 1, 27, tzinfo=UTC).timestamp()) + hour * 3600 for hour in range(0, 97, 5)]


@settings(max_examples=200, deadline=None)
@given(
    size=st.integers(1, 120),
    descending=st.booleans(),
    lpa=st.booleans(),
    automatic=st.booleans(),
    start=st.sampled_from([None, *MOMENTS]),
    end=st.sampled_from([None, *MOMENTS]),
)
def test_pages_neither_lose_nor_repeat(
    size: int, descending: bool, lpa: bool, automatic: bool, start: int | None, end: int | None
) -> None:
    query = AuditQuery(start=start, end=end, lpa=lpa, automatic=automatic, descending=descending)
    whole, total = LOG.page(query, offset=0, first=10_000)
    assert len(whole) == total
    expected = [
        record
        for record in LOG.page(
            AuditQuery(lpa=True, automatic=True, descending=False), offset=0, first=10_000
        )[0]
        if (start is None or record.moment >= start)
        and (end is None or record.moment < end)
        and (lpa or not record.originator_is_lpa)
        and (automatic or not record.automatic)
    ]
    assert whole == (expected[::-1] if descending else expected)
    pages = []
    for offset in range(0, total + size, size):
        page, count = LOG.page(query, offset=offset, first=size)
        assert count == total
        pages += page
    assert pages == whole


@settings(max_examples=100, deadline=None)
@given(offset=st.integers(0, 420), size=st.integers(0, 60), descending=st.booleans(), chance=st.integers())
def test_a_shuffled_page_has_the_times_of_the_stable_one(
    offset: int, size: int, descending: bool, chance: int
) -> None:
    query = AuditQuery(lpa=True, automatic=True, descending=descending)
    stable, _ = LOG.page(query, offset=offset, first=size)
    shuffled, _ = LOG.page(query, offset=offset, first=size, ties=Random(chance))
    assert [record.moment for record in shuffled] == [record.moment for record in stable]

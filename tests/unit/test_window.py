"""Half-open windows, and how a run gets its window."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError
from airflow_provider_liveperson.window import (
    Window,
    file_stamp,
    instant,
    resolve_window,
    stamp,
    window_of_stamps,
    windows,
)

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NEXT_DAY = datetime(2026, 1, 2, tzinfo=UTC)

moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=400))


@pytest.mark.parametrize(("start", "end"), [(NEW_YEAR, NEW_YEAR), (NEXT_DAY, NEW_YEAR)])
def test_a_window_without_an_instant_is_refused(start, end):
    with pytest.raises(EmptyWindowError, match="half-open: start is inside, end is not"):
        Window(start, end)


@pytest.mark.parametrize("naive", ["start", "end"])
def test_the_error_for_a_naive_time_names_the_argument(naive):
    given_ = {"start": NEW_YEAR, "end": NEXT_DAY}
    given_[naive] = given_[naive].replace(tzinfo=None)
    with pytest.raises(ConfigurationError, match=f"{naive} .* no time zone") as caught:
        Window(**given_)
    assert caught.value.field == naive
    with pytest.raises(ConfigurationError, match=f"{naive} .* no time zone"):
        resolve_window(**{name: it.isoformat() for name, it in given_.items()})


@given(moments, lengths, st.integers(-3, 3))
@example(NEW_YEAR, timedelta(days=1), 0)
@example(datetime(2026, 1, 1, microsecond=500, tzinfo=UTC), timedelta(milliseconds=1), 0)
def test_the_milliseconds_inside_are_those_of_the_window(start, length, off):
    """Records have whole milliseconds: exactly those from start_ms to before end_ms are inside."""
    window = Window(start, start + length)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for edge in (window.start_ms, window.end_ms):
        ms = edge + off
        moment = epoch + timedelta(milliseconds=ms)
        assert (window.start_ms <= ms < window.end_ms) == (window.start <= moment < window.end)


@pytest.mark.parametrize(
    ("microsecond", "ms"), [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (999_999, 1000)]
)
def test_an_edge_between_two_milliseconds_belongs_to_the_later_one(microsecond, ms):
    whole = int(NEW_YEAR.timestamp()) * 1000
    edge = NEW_YEAR.replace(microsecond=microsecond)
    assert Window(edge, NEXT_DAY).start_ms == whole + ms
    assert Window(NEW_YEAR - timedelta(1), edge).end_ms == whole + ms


def test_before_1970_too():
    window = Window(datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC), NEW_YEAR)
    assert window.start_ms == 0


@given(moments, lengths, st.timedeltas(timedelta(hours=12), timedelta(days=60)) | st.none())
@example(NEW_YEAR, timedelta(days=2), timedelta(days=1))
@example(NEW_YEAR, timedelta(days=1, microseconds=1), timedelta(days=1))
def test_cutting_covers_exactly(start, length, longest):
    window = Window(start, start + length)
    cut = list(window.cut(longest))
    assert (cut[0].start, cut[-1].end) == (window.start, window.end)
    assert all(one.end == after.start for one, after in pairwise(cut))
    assert all(longest is None or one.end - one.start <= longest for one in cut)
    assert len(cut) == (1 if longest is None else -(-length // longest))


def test_a_window_at_the_end_of_time_can_be_cut():
    window = Window(datetime(9999, 12, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    assert sum((one.end - one.start for one in window.cut(timedelta(days=7))), timedelta()) == timedelta(30)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-29T00:30:00Z",
        "2026-03-29T02:30:00+02:00",
        "2026-03-28T20:30-04:00",
        "20260329T003000Z",
        "  2026-03-29 00:30:00+00:00\n",
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 3, 29, 6, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        pendulum.datetime(2026, 3, 29, 1, 30, tz="Europe/Berlin"),
        pendulum.parse("2026-03-29T00:30:00+00:00"),
    ],
)
def test_every_notation_of_an_instant(value):
    found = instant(value, "start")
    assert type(found) is datetime
    assert found == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_the_fraction_of_a_pendulum_time_is_kept():
    assert instant(pendulum.datetime(2026, 1, 1, 0, 0, 0, 123456), "start").microsecond == 123456


@pytest.mark.parametrize("fold", [0, 1])
def test_the_repeated_hour_is_unambiguous(fold):
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)
    assert instant(twice, "start") == datetime(2026, 10, 25, fold, 30, tzinfo=UTC)


def test_a_day_in_a_zone_with_a_clock_change_has_23_or_25_hours():
    berlin = ZoneInfo("Europe/Berlin")
    for day, hours in ((datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25)):
        start = day.replace(tzinfo=berlin)
        window = Window(start, (day + timedelta(days=1)).replace(tzinfo=berlin))
        assert window.end - window.start == timedelta(hours=hours)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "None",
        "2026-13-01T00:00:00Z",
        "2026-01-31",
        "2026-01-31T00:00:00",
        1767225600,
        NEW_YEAR.date(),
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_the_error_for_an_invalid_instant_names_the_argument(value):
    with pytest.raises(ConfigurationError, match="end") as caught:
        instant(value, "end")
    assert caught.value.field == "end"


INTERVAL = {"data_interval_start": NEW_YEAR, "data_interval_end": NEXT_DAY}


def test_arguments_go_before_the_partition_key_before_the_data_interval():
    explicit = {"start": "2025-06-01T00:00:00Z", "end": "2025-06-01T06:00:00Z"}
    key = {"partition_key": "2025-07-01"}
    nothing = {"start": None, "end": None}
    assert resolve_window(**explicit, **key, **INTERVAL) == Window(
        datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 1, 6, tzinfo=UTC)
    )
    assert resolve_window(**nothing, **key, **INTERVAL) == Window(
        datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 7, 2, tzinfo=UTC)
    )
    assert resolve_window(**nothing, **INTERVAL) == Window(NEW_YEAR, NEXT_DAY)
    assert resolve_window(**nothing, partition_key="", **INTERVAL) == Window(NEW_YEAR, NEXT_DAY)


@pytest.mark.parametrize("missing", ["start", "end"])
def test_half_a_window_is_refused(missing):
    given_ = {"start": NEW_YEAR, "end": NEXT_DAY, missing: None}
    with pytest.raises(ConfigurationError, match=f"{missing} is missing") as caught:
        resolve_window(**given_, **INTERVAL)
    assert caught.value.field == missing


@pytest.mark.parametrize(
    ("key", "start", "hours"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC), 24),
        ("2026-01-31T23", datetime(2026, 1, 31, 23, tzinfo=UTC), 1),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC), 24),
    ],
)
def test_partition_keys(key, start, hours):
    window = resolve_window(start=None, end=None, partition_key=key)
    assert (window.start, window.end) == (start, start + timedelta(hours=hours))


@pytest.mark.parametrize(
    "key", ["2026-01", "2026-02-30", "2026-01-31T24", "us|2026-01-31", "2026-01-31T00:00", " "]
)
def test_a_partition_key_that_is_not_a_day_or_hour_is_refused(key):
    with pytest.raises(ConfigurationError, match="partition key") as caught:
        resolve_window(start=None, end=None, partition_key=key, **INTERVAL)
    assert caught.value.field == "partition_key"


@pytest.mark.parametrize(
    "interval",
    [
        {"data_interval_start": NEW_YEAR, "data_interval_end": NEW_YEAR},
        {"data_interval_start": NEXT_DAY, "data_interval_end": NEW_YEAR},
    ],
)
def test_the_error_for_an_empty_data_interval_says_what_to_do(interval):
    with pytest.raises(EmptyWindowError, match="data interval is empty") as caught:
        resolve_window(start=None, end=None, **interval)
    assert 'CronDataIntervalTimetable("0 0 * * *", timezone="UTC")' in str(caught.value)
    assert "airflow.sdk" in str(caught.value)
    assert "airflow.timetables.interval" in str(caught.value)


@pytest.mark.parametrize("interval", [{}, {"data_interval_start": NEW_YEAR}])
def test_the_error_without_a_logical_date_says_how_to_give_one(interval):
    with pytest.raises(EmptyWindowError, match="no logical date") as caught:
        resolve_window(start=None, end=None, **interval)
    assert "airflow dags trigger --logical-date" in str(caught.value)
    assert "Timetable" not in str(caught.value)


@pytest.mark.parametrize(
    ("moment", "text", "name"),
    [
        (NEW_YEAR, "2026-01-01T00:00:00Z", "20260101T000000Z"),
        (NEW_YEAR.replace(microsecond=5), "2026-01-01T00:00:00.000005Z", "20260101T000000000005Z"),
        (
            datetime(2026, 1, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")),
            "2026-01-01T00:00:00Z",
            "20260101T000000Z",
        ),
    ],
)
def test_instants_as_text_and_in_names(moment, text, name):
    assert (stamp(moment), file_stamp(moment)) == (text, name)


@given(moments, moments)
def test_different_instants_have_different_names(one, other):
    assert (file_stamp(one) == file_stamp(other)) == (one == other)


@given(moments, lengths)
def test_a_name_of_two_instants_is_read_back(start, length):
    window = Window(start, start + length)
    assert window_of_stamps(f"{file_stamp(window.start)}_{file_stamp(window.end)}") == window


@pytest.mark.parametrize(
    "name",
    [
        "",
        "20260101T000000Z",
        "20260101T000000Z_20260101T000000Z",
        "20260102T000000Z_20260101T000000Z",
        "20261301T000000Z_20261302T000000Z",
        "20260101T000000_20260102T000000",
        "20260101T000000Z_20260102T000000Z.old",
    ],
)
def test_a_name_that_is_not_a_window_gives_none(name):
    assert window_of_stamps(name) is None


# -- days ------------------------------------------------------------------------------------------


@given(moments, st.timedeltas(timedelta(microseconds=1), timedelta(days=40)))
def test_days_cover_the_window_and_none_crosses_midnight(start, length):
    window = Window(start, start + length)
    days = list(window.days())
    assert (days[0].start, days[-1].end) == (window.start, window.end)
    assert all(one.end == after.start for one, after in pairwise(days))
    assert all(one.start.date() == (one.end - timedelta(microseconds=1)).date() for one in days)
    assert all(one.end.time() == time.min for one in days[:-1])


@pytest.mark.parametrize(
    "window",
    [
        Window(datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC) + timedelta(hours=30)),
        Window(datetime.max.replace(tzinfo=UTC) - timedelta(hours=30), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_the_first_and_the_last_day_of_the_calendar(window):
    days = list(window.days())
    assert (days[0].start, days[-1].end) == (window.start, window.end)
    assert len(days) in (2, 3)


@pytest.mark.parametrize("key", ["9999-12-31", "9999-12-31T23"])
def test_the_error_for_a_partition_key_beyond_the_calendar_names_it(key):
    with pytest.raises(ConfigurationError, match="after the year 9999") as raised:
        resolve_window(start=None, end=None, partition_key=key)
    assert raised.value.field == "partition_key"


# -- windows for mapped tasks ----------------------------------------------------------------------


@given(moments, lengths, st.timedeltas(timedelta(hours=12), timedelta(days=60)))
def test_windows_suit_resolve_window_and_cover_the_span(start, length, every):
    made = [resolve_window(**one) for one in windows(start, start + length, every=every)]
    assert (made[0].start, made[-1].end) == (start, start + length)
    assert all(one.end == after.start for one, after in pairwise(made))
    assert all(one.end - one.start == every for one in made[:-1])


def test_windows_are_utc_days_as_json_by_default():
    assert windows("2026-01-30T01:00:00+01:00", datetime(2026, 2, 1, 6, tzinfo=UTC)) == [
        {"start": "2026-01-30T00:00:00Z", "end": "2026-01-31T00:00:00Z"},
        {"start": "2026-01-31T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
        {"start": "2026-02-01T00:00:00Z", "end": "2026-02-01T06:00:00Z"},
    ]


def test_windows_before_a_span_are_refreshed_without_a_gap():
    assert windows("2026-01-30T00:00:00Z", "2026-01-30T02:00:00Z", every=timedelta(hours=1), refresh=2) == [
        {"start": f"2026-01-{start}:00:00Z", "end": f"2026-01-{end}:00:00Z"}
        for start, end in pairwise(["29T22", "29T23", "30T00", "30T01", "30T02"])
    ]


def test_windows_of_a_run_are_its_own_and_those_before_it():
    assert windows(refresh=2) == [{"windows_back": 2}, {"windows_back": 1}, {"windows_back": 0}]
    assert windows() == [{"windows_back": 0}]
    day = Window(NEW_YEAR, NEXT_DAY)
    assert day.back(0) == day
    assert day.back(3) == Window(NEW_YEAR - timedelta(days=3), NEW_YEAR - timedelta(days=2))
    with pytest.raises(ConfigurationError, match="before the year 1"):
        day.back(10**6)


@pytest.mark.parametrize("refresh", [-1, 1.5, "3", True, None])
def test_a_refresh_that_is_not_a_count_is_refused(refresh):
    with pytest.raises(ConfigurationError, match="whole number of at least 0") as caught:
        windows(refresh=refresh)
    assert caught.value.field == "refresh"


@pytest.mark.parametrize(("given", "missing"), [({"start": "x"}, "end"), ({"end": "x"}, "start")])
def test_windows_need_both_ends_of_a_span_or_none(given, missing):
    with pytest.raises(ConfigurationError, match=f"{missing} is missing") as caught:
        windows(**given)
    assert caught.value.field == missing


@pytest.mark.parametrize("every", [timedelta(0), timedelta(seconds=-1), 86_400, None, "1d"])
def test_a_length_that_is_not_positive_is_refused(every):
    with pytest.raises(ConfigurationError, match="every must be a positive timedelta") as caught:
        windows(NEW_YEAR, NEXT_DAY, every=every)
    assert caught.value.field == "every"


def test_windows_of_an_empty_span_are_refused():
    with pytest.raises(EmptyWindowError):
        windows(NEXT_DAY, NEW_YEAR)
    with pytest.raises(ConfigurationError, match=r"start .* no time zone"):
        windows("2026-01-01", NEXT_DAY)

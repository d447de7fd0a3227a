"""The picture: what the cell of a day or an hour says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.coverage import rows
from airflow_provider_liveperson.coverage.missing import with_missing
from airflow_provider_liveperson.coverage.picture import Cell
from airflow_provider_liveperson.coverage.rows import Row, Scale, row_of
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.plugins.coverage import texts
from airflow_provider_liveperson.window import DAY, Window

HOUR = timedelta(hours=1)
TODAY = datetime(2026, 1, 30, tzinfo=UTC)  # a Friday
NOW = TODAY + 8 * HOUR
USERS = Series(dataset="skills", account_id="1")
AUDIT = Series(dataset="audit_trail", account_id="1")


def state(
    start: datetime,
    length: timedelta = DAY,
    records: int | None = 100,
    status: Status = Status.COMPLETE,
    erased: int = 0,
) -> WindowState:
    window = Window(start, start + length)
    return WindowState(dataset="x", account_id="1", window=window, status=status, kept=records, erased=erased)


def back(days: int) -> datetime:
    return TODAY - days * DAY


def daily(
    days: int, records: Callable[[int], int] = lambda ago: 100, without: tuple[int, ...] = ()
) -> list[WindowState]:
    """Complete days up to yesterday."""
    return [state(back(ago), records=records(ago)) for ago in range(1, days + 1) if ago not in without]


def days(count: int) -> Scale:
    return Scale(shown=Window(back(count - 1), TODAY + DAY), step=DAY)


def hours(day: datetime) -> Scale:
    return Scale(shown=Window(day, day + DAY), step=HOUR)


def row(landed: list[WindowState], scale: Scale, series: Series = AUDIT, **options) -> Row:
    return row_of("s3://lake", series, landed, scale=scale, now=options.pop("now", NOW), **options)


def marks(row: Row) -> list[str]:
    return [cell.mark.value for cell in row.cells]


def test_days_that_landed_are_complete_one_between_them_is_missing_and_today_is_not_due():
    assert marks(row(daily(5, without=(3,)), days(7))) == [
        "before the first",
        "complete",
        "complete",
        "missing",
        "complete",
        "complete",
        "not due yet",
    ]


def test_a_day_that_is_due_is_missing_only_when_it_is_no_longer_on_time():
    landed = daily(5, without=(1,))
    found = row(landed, days(2), now=TODAY + 5 * HOUR)
    assert (found.freshness.timeliness.value, marks(found)) == ("On time", ["not due yet", "not due yet"])
    found = row(landed, days(2), now=TODAY + 8 * HOUR)
    assert (found.freshness.timeliness.value, marks(found)) == ("Delayed", ["missing", "not due yet"])


@pytest.mark.parametrize(
    ("status", "mark"),
    [(Status.PARTIAL, "incomplete"), (Status.DAMAGED, "damaged")],
    ids=["partial", "damaged"],
)
def test_the_mark_is_the_worst_of_its_windows(status, mark):
    parts = [state(back(1) + it * 8 * HOUR, 8 * HOUR) for it in (0, 2)]
    worst = state(back(1) + 8 * HOUR, 8 * HOUR, status=status)
    assert marks(row([*parts, worst], days(1 + 1)))[0] == mark


def test_an_hour_that_is_missing_marks_its_day():
    landed = [state(back(1) + it * HOUR, HOUR) for it in range(24) if it != 5]
    landed += [state(TODAY + it * HOUR, HOUR) for it in range(8)]
    found = row(landed, days(2))
    assert marks(found) == ["missing", "going on"]
    assert [cell.records for cell in found.cells] == [2300, 800]
    zoomed = row(landed, hours(back(1)))
    assert [at for at, mark in enumerate(marks(zoomed)) if mark == "missing"] == [5]


def test_hours_that_are_due_by_now_are_missing_today():
    landed = [state(TODAY + it * HOUR, HOUR) for it in range(-24, 3)]
    found = row(landed, hours(TODAY))
    assert found.freshness.timeliness.value == "Late"
    lag = AUDIT.complete_at(Window(TODAY, NOW)) - NOW
    assert lag < HOUR
    assert marks(found)[:3] == ["complete"] * 3
    assert marks(found)[3:6] == ["missing"] * 3
    assert marks(found)[8:] == ["not due yet"] * 16


def test_a_daily_window_is_one_cell_of_the_hours():
    (cell,) = row(daily(5), hours(back(2))).cells
    assert (cell.columns, cell.mark.value, cell.records) == (24, "complete", 100)
    (cell,) = row(daily(5, without=(2,)), hours(back(2))).cells
    assert (cell.columns, cell.mark.value) == (24, "missing")


def test_a_window_of_several_days_is_one_cell():
    landed = [state(back(4), 3 * DAY, 300), state(back(1), records=70)]
    cells = row(landed, days(5)).cells
    assert [(cell.columns, cell.records) for cell in cells] == [(3, 300), (1, 70), (1, None)]


def test_of_a_window_that_reaches_beyond_the_picture_no_number_is_shown():
    cells = row([state(back(4), 3 * DAY, 300)], days(4)).cells
    assert (cells[0].columns, cells[0].mark.value) == (2, "complete")
    assert cells[0].records is None


def test_one_copy_of_a_snapshot_is_a_whole_day():
    landed = [state(back(ago) + 2 * HOUR, HOUR) for ago in (3, 2, 1)]
    landed += [state(TODAY + 2 * HOUR, HOUR)]
    assert marks(row(landed, days(4), USERS))[:3] == ["complete"] * 3


def usual(cell: Cell) -> tuple[float | None, bool, int | None, str]:
    return cell.usual, cell.of_weekday, cell.level, cell.mark.value


def test_records_are_compared_with_the_median_of_the_same_weekday():
    # Yesterday was a Thursday: 100 on Thursdays, 1000 on all other days.
    def records(ago: int) -> int:
        return 40 if ago == 1 else 100 if ago % 7 == 1 else 1000

    found = row(daily(50, records), days(9)).cells
    assert usual(found[-2]) == (100, True, 1, "low")
    assert usual(found[0]) == (100, True, 3, "complete")
    assert usual(found[1]) == (1000, True, 3, "complete")


def test_with_fewer_than_three_of_the_weekday_all_days_are_compared_and_that_is_known():
    found = row(daily(6, lambda ago: 10 * ago), days(3)).cells
    assert usual(found[-2]) == (35, False, 1, "low")


def test_with_fewer_than_three_days_nothing_is_compared():
    assert usual(row(daily(2), days(3)).cells[0]) == (None, True, None, "complete")


def test_few_records_where_few_are_usual_are_no_alarm():
    found = row(daily(20, lambda ago: 2 if ago == 1 else 20), days(2)).cells
    assert usual(found[0])[2:] == (1, "complete")


@pytest.mark.parametrize(
    ("records", "level"),
    [(0, 0), (1, 1), (50, 1), (51, 2), (80, 2), (81, 3), (100, 3), (125, 3), (126, 4), (5000, 4)],
)
def test_levels(records, level):
    found = row(daily(20, lambda ago: records if ago == 1 else 100), days(2)).cells
    assert found[0].level == level


def test_where_nothing_is_usual_something_is_much():
    found = row(daily(20, lambda ago: 0), days(2)).cells
    assert found[0].level == 3
    found = row(daily(20, lambda ago: 5 if ago == 1 else 0), days(2)).cells
    assert found[0].level == 4


def test_a_day_that_is_not_over_is_not_compared():
    landed = [*daily(20), *(state(TODAY + it * HOUR, HOUR, 1) for it in range(8))]
    cell = row(landed, days(1)).cells[0]
    assert usual(cell) == (None, True, None, "going on")
    assert cell.records == 8


def test_hours_are_compared_with_the_same_hour_of_the_same_weekday():
    landed = [
        state(back(ago) + it * HOUR, HOUR, 500 if ago % 7 == 1 and it == 9 else 100)
        for ago in range(1, 40)
        for it in range(24)
    ]
    cells = row(landed, hours(back(1))).cells
    assert (cells[9].usual, cells[10].usual, cells[9].of_weekday) == (500, 100, True)


def test_a_window_whose_count_differs_is_marked():
    landed = daily(5)
    found = row(landed, days(4), differing={landed[1].window})
    assert marks(found) == ["complete", "count differs", "complete", "not due yet"]


def test_the_past_shows_what_was_missing_then():
    past = Scale(shown=Window(back(20), back(15)), step=DAY)
    assert marks(row(daily(30, without=(18,)), past)) == [
        "complete",
        "complete",
        "missing",
        "complete",
        "complete",
    ]
    assert marks(row(daily(10), past)) == ["before the first"] * 5


def test_a_series_of_which_nothing_is_known_has_empty_cells():
    found = row([], days(3))
    assert found.freshness.timeliness.value == "Late"
    assert marks(found) == ["before the first", "before the first", "not due yet"]


def test_erased_records_count_as_usual_and_make_no_day_low():
    landed = [state(back(ago)) for ago in range(3, 9)]
    landed += [state(back(2), records=10, erased=90), state(back(1), records=10)]
    erased, lost = row(sorted(landed, key=lambda one: one.window.start), days(3)).cells[:2]
    assert (erased.mark.value, erased.records, erased.level, erased.usual) == ("complete", 10, 3, 100)
    assert texts.says(erased) == "10 records, 90 more of erased persons, 100% of the usual 100 so far"
    assert lost.mark.value == "low"
    # Nor do they make other days look like more than usual.
    gone = [state(back(ago), records=0, erased=100) for ago in range(2, 9)]
    today = row([*reversed(gone), state(back(1))], days(2)).cells[0]
    assert (today.usual, today.level) == (100, erased.level)


@pytest.mark.parametrize(
    "odd",
    [
        Window(datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)),
        Window(datetime(9999, 12, 30, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
        Window(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
    ],
    ids=["the first", "the last", "all"],
)
@pytest.mark.parametrize("scale", [days(7), hours(back(1))], ids=["days", "hours"])
def test_one_odd_window_does_not_make_the_row_endless(odd, scale, monkeypatch):
    """Anybody's task can tell of one, and everybody sees the page."""
    counted = []

    def counting(*about, **more):
        counted.append(len(found := with_missing(*about, **more)))
        return found

    monkeypatch.setattr(rows, "with_missing", counting)
    found = row([*daily(5), state(odd.start, odd.length)], scale)
    assert sum(cell.columns for cell in found.cells) == len(scale.periods())
    assert counted[0] < 100

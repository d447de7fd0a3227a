"""How far a long pull is, for the log."""

from __future__ import annotations

from airflow_provider_liveperson.pull.progress import Progress


def test_it_is_logged_every_ten_seconds_and_not_more_often(caplog):
    caplog.set_level("INFO", logger="airflow_provider_liveperson")
    seconds = iter([0.0, 9.9, 10.0, 10.0, 15.0, 20.0, 20.0, 25.0])
    progress = Progress("things", now=lambda: next(seconds))
    progress.records, progress.bytes = 7000, 70_000
    asked: list[int] = []
    for number in range(5):
        progress.page(lambda number=number: asked.append(number) or ("8,000 of 9,000", ""))
    assert [record.getMessage() for record in caplog.records] == [
        "things: 8,000 of 9,000 records read in 2 pages, 7,000 of them in the window (70,000 bytes)",
        "things: 8,000 of 9,000 records read in 4 pages, 7,000 of them in the window (70,000 bytes)",
    ]
    assert len(asked) == 2  # what is known is only looked at when it is logged

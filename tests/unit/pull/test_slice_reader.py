"""A slice is read again whenever its pages have moved, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_liveperson.exceptions import IncompletePullError, PermissionDeniedError
from airflow_provider_liveperson.pull.slice_reader import (
    MAX_READ_ATTEMPTS,
    MAX_SAME_FAILURES,
    PagesMovedError,
    read_until_complete,
    warn_of_repairs,
)


class Moving:
    """A slice of three records whose pages move before the last one, some times.

    :param ends: what each reading ends in; None for one that adds up.
    """

    slice_ = "a slice"

    def __init__(self, *ends: Exception | None) -> None:
        self._ends = list(ends)
        self.restarts = 0

    def batches(self) -> Iterator[list[bytes]]:
        yield [b"1", b"2"]
        end = self._ends.pop(0)
        if end is not None:
            raise end
        yield [b"3"]

    def restart(self) -> None:
        self.restarts += 1


def moved(evidence: object = None, message: str = "a row came between") -> PagesMovedError:
    return PagesMovedError(message, evidence=evidence)


def take(batches: Iterator[list[bytes]]) -> list[bytes]:
    return [line for batch in batches for line in batch]


@pytest.mark.parametrize("failures", range(MAX_READ_ATTEMPTS))
def test_it_is_read_until_it_adds_up(failures, caplog):
    caplog.set_level("INFO")
    slice_ = Moving(*[moved() for _ in range(failures)], None)
    assert read_until_complete("things", slice_, take) == [b"1", b"2", b"3"]
    assert slice_.restarts == failures
    assert caplog.text.count("things, a slice: a row came between; reading it again") == failures


def test_only_so_many_times():
    slice_ = Moving(*[moved() for _ in range(MAX_READ_ATTEMPTS + 1)])
    with pytest.raises(
        IncompletePullError, match=rf"read {MAX_READ_ATTEMPTS} times.*fewer changes"
    ) as caught:
        read_until_complete("things", slice_, take)
    assert isinstance(caught.value.__cause__, PagesMovedError)
    assert slice_.restarts == MAX_READ_ATTEMPTS


def test_not_again_where_nothing_has_changed_between_the_failures():
    slice_ = Moving(*[moved(evidence=(1, 2)) for _ in range(MAX_READ_ATTEMPTS)])
    with pytest.raises(IncompletePullError, match=r"failed in the same way.*report it to LivePerson"):
        read_until_complete("things", slice_, take)
    assert slice_.restarts == MAX_SAME_FAILURES


@pytest.mark.parametrize(
    "ends",
    [
        [moved(evidence=number) for number in range(MAX_READ_ATTEMPTS)],
        [moved(evidence=1, message=f"{number}") for number in range(MAX_READ_ATTEMPTS)],
        [moved() for _ in range(MAX_READ_ATTEMPTS)],
    ],
    ids=["other evidence", "other messages", "no evidence"],
)
def test_what_differs_may_have_changed(ends):
    with pytest.raises(IncompletePullError, match="no reading was complete"):
        read_until_complete("things", Moving(*ends), take)


def test_what_reading_again_cannot_heal_is_raised_at_once():
    slice_ = Moving(PermissionDeniedError("no"), None)
    with pytest.raises(PermissionDeniedError):
        read_until_complete("things", slice_, take)
    assert slice_.restarts == 0


def test_a_consumer_may_end_early():
    slice_ = Moving(moved())
    assert read_until_complete("things", slice_, next) == [b"1", b"2"]
    assert slice_.restarts == 0


def test_repairs_are_warned_of(caplog):
    warn_of_repairs("things", 0)
    assert caplog.text == ""
    warn_of_repairs("things", 2)
    assert "things: 2 record(s) held bytes that are not UTF-8" in caplog.text

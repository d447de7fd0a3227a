"""The progress of a check."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.diagnostics.progress import Progress, ProgressCounter


def test_every_change_is_reported():
    seen: list[Progress] = []
    counter = ProgressCounter("check", 3, seen.append)
    counter.skip(1)
    with counter.working_on("users"), counter.working_on("skills"):
        pass
    assert [(it.done, it.current) for it in seen] == [
        (0, []),
        (1, []),
        (1, ["users"]),
        (1, ["users", "skills"]),
        (2, ["users"]),
        (3, []),
    ]
    assert {(it.step, it.total) for it in seen} == {("check", 3)}


def test_what_fails_is_done_too():
    seen: list[Progress] = []
    counter = ProgressCounter("compare", 1, seen.append)
    with pytest.raises(ValueError, match="no"), counter.working_on("users"):
        raise ValueError("no")
    assert (seen[-1].done, seen[-1].current) == (1, [])


def test_a_dataset_of_two_connections_is_named_once():
    seen: list[Progress] = []
    counter = ProgressCounter("check", 2, seen.append)
    with counter.working_on("users"), counter.working_on("users"):
        pass
    assert seen[2].current == ["users"]


def test_after_the_end_nothing_is_reported():
    seen: list[Progress] = []
    counter = ProgressCounter("check", 2, seen.append)
    with counter.working_on("users"):
        counter.close()
        before = len(seen)
    assert len(seen) == before


def test_nobody_need_listen():
    with ProgressCounter("check", 1, None).working_on("users"):
        pass

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox.apis.shapes.parameters import Parameters, message_only
from airflow_provider_liveperson.sandbox.http.refusal import Refusal

MOMENT = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
MS = int(MOMENT.timestamp() * 1000)


def test_all_that_is_wrong_is_in_one_answer() -> None:
    parameters = Parameters({"limit": "x", "sort": "up", "from": "1"})
    parameters.number("limit", 5)
    parameters.choice("sort", ("asc", "desc"), "asc")
    parameters.require("from", "to")
    with pytest.raises(Refusal) as refused:
        parameters.check()
    assert refused.value.status == 400
    assert refused.value.payload["causes"] == [
        "limit: must be a whole number of at least 0",
        "sort: must be one of asc, desc",
        "to: the parameter is required",
    ]


def test_the_error_can_have_another_form() -> None:
    parameters = Parameters({}, message_only)
    parameters.require("from")
    with pytest.raises(Refusal) as refused:
        parameters.check()
    assert refused.value.payload == {"message": "from: the parameter is required"}


def test_nothing_wrong_is_no_refusal() -> None:
    parameters = Parameters({"a": "1", "b": None})
    assert (parameters.number("a", 7), parameters.number("b", 7), "a" in parameters, "b" in parameters) == (
        1,
        7,
        True,
        False,
    )
    parameters.check()


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00.250Z", "2026-01-31T13:00:00.250 01:00"])
def test_an_instant_is_read_from_text(text: str) -> None:
    assert Parameters({"from": text}).instant("from") == MS


@pytest.mark.parametrize("wrong", ["2026-01-31", "2026-01-31T12:00:00", "9999-12-31T23:59:59-14:00", "now"])
def test_an_instant_that_is_not_one_is_wrong(wrong: str) -> None:
    parameters = Parameters({"from": wrong})
    assert parameters.instant("from") is None
    assert parameters.causes == ["from: must be a date and time as in RFC 3339"]


@pytest.mark.parametrize("wrong", ["-1", "1.5", "9" * 30, "soon", True, 1.5])
def test_milliseconds_that_are_none_are_wrong(wrong: Any) -> None:
    parameters = Parameters({"from": wrong})
    assert parameters.milliseconds("from") is None
    assert parameters.causes == ["from: must be epoch milliseconds"]


def test_milliseconds_may_be_text_or_a_number() -> None:
    parameters = Parameters({"from": str(MS), "to": MS})
    assert parameters.milliseconds("from") == parameters.milliseconds("to") == MS


def test_a_list_is_read_from_a_query_and_from_a_body() -> None:
    parameters = Parameters({"ids": "7, 8", "skills": [7, "8"], "bad": [True], "odd": {"a": 1}})
    assert parameters.words("ids") == parameters.words("skills") == {"7", "8"}
    assert parameters.words("absent") is None
    assert parameters.causes == []
    assert parameters.words("ids", choices=("7",)) is None
    assert parameters.words("bad") is None
    assert parameters.words("odd") is None
    assert len(parameters.causes) == 3


def test_a_flag_is_true_or_false() -> None:
    parameters = Parameters({"a": "TRUE", "b": False, "c": "1"})
    assert (parameters.flag("a", False), parameters.flag("b", True), parameters.flag("x", True)) == (
        True,
        False,
        True,
    )
    assert parameters.causes == []
    assert parameters.flag("c", False) is False
    assert parameters.causes == ["c: must be true or false"]


def window(**given: Any) -> tuple[tuple[int, int], list[str]]:
    parameters = Parameters(given)
    return parameters.window("from", "to", max_range=timedelta(days=30)), parameters.causes


def test_a_window_has_a_length() -> None:
    month = 30 * 86_400_000
    assert window(**{"from": MS, "to": MS + month}) == ((MS, MS + month), [])
    assert window(**{"from": MS, "to": MS + month + 1}) == (
        (0, 0),
        ["from, to: the range must be at most 30 days"],
    )
    assert window(**{"from": MS, "to": MS - 1}) == ((0, 0), ["from: must not be after to"])
    assert window(**{"from": MS}) == ((0, 0), ["to: the parameter is required"])
    assert window(**{"from": "x", "to": MS}) == ((0, 0), ["from: must be epoch milliseconds"])


def test_a_window_may_have_a_default() -> None:
    assert Parameters({}).window("from", "to", max_range=timedelta(days=1), default=(3, 4)) == (3, 4)


def test_unknown_parameters_are_ignored_or_wrong() -> None:
    parameters = Parameters({"a": "1", "b": "2"})
    parameters.unknown(("a",), "ignore")
    assert parameters.causes == []
    parameters.unknown(("a",), "reject")
    assert parameters.causes == ["b: there is no such parameter"]

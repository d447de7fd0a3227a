from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from datetime import date
from typing import Any, Literal

import pytest

from airflow_provider_liveperson.sandbox.switches import Switches, declarations, each_time, marked, switch


class Example(Switches):
    """Switches of every type."""

    words: frozenset[Literal["a", "b"]] = switch(frozenset(), "some of two words")
    names: frozenset[str] = switch(frozenset(), "names")
    status: Literal[404, "empty"] = switch(404, "a status or a word")
    size: int = switch(1, "a size", minimum=1, maximum=10, fixed=True)
    limit: int | None = switch(5, "a limit", minimum=1, option=True)
    share: float = switch(0.5, "a share", minimum=0, maximum=1)
    on: bool = switch(True, "whether it is on")
    hosts: Mapping[str, str] = switch({}, "hosts by name")
    day: date = switch(date(2026, 1, 1), "a day")
    password: str = switch("hush", "a password", secret=True)


def refusal(**given: Any) -> str:
    with pytest.raises(ValueError, match="must be") as refused:
        Example(**given)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("words", "a, b", {"a", "b"}),
        ("words", "", frozenset()),
        ("words", ["a"], {"a"}),
        ("names", " x ,y,", {"x", "y"}),
        ("names", {"x"}, {"x"}),
        ("status", "404", 404),
        ("status", "empty", "empty"),
        ("size", "7", 7),
        ("size", 7.0, 7),
        ("limit", "none", None),
        ("limit", "", None),
        ("limit", None, None),
        ("limit", "3", 3),
        ("share", "0.25", 0.25),
        ("share", 1, 1.0),
        ("on", "no", False),
        ("on", "0", False),
        ("on", True, True),
        ("hosts", {"a": 1}, {"a": "1"}),
        ("day", "2026-02-03", date(2026, 2, 3)),
        ("password", 7, "7"),
    ],
)
def test_values_are_brought_to_their_type(name: str, given: Any, value: Any) -> None:
    assert getattr(Example(**{name: given}), name) == value


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"words": "a,c"}, "words must be one of a, b, not 'c'"),
        ({"words": 5}, "words must be a list of names, not 5"),
        ({"status": 500}, "status must be one of 404, empty, not 500"),
        ({"size": "many"}, "size must be a whole number, not 'many'"),
        ({"size": True}, "size must be a whole number, not True"),
        ({"size": 1.5}, "size must be a whole number, not 1.5"),
        ({"size": None}, "size must be a whole number, not None"),
        ({"size": 0}, "size must be at least 1, not 0"),
        ({"size": "11"}, "size must be at most 10, not '11'"),
        ({"limit": "x"}, "limit must be a whole number or none, not 'x'"),
        ({"limit": 0}, "limit must be at least 1, not 0"),
        ({"share": "half"}, "share must be a number, not 'half'"),
        ({"on": "perhaps"}, "on must be true or false, not 'perhaps'"),
        ({"hosts": "a"}, "hosts must be a map of names to values, not 'a'"),
        ({"day": "yesterday"}, "day must be a date as YYYY-MM-DD, not 'yesterday'"),
        ({"password": True}, "password must be text, not True"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(given: dict[str, Any], sentence: str) -> None:
    assert refusal(**given) == sentence


def test_a_switch_carries_its_marks() -> None:
    assert marked(Example, "fixed") == {"size"}
    assert marked(Example, "option") == {"size", "limit"}
    assert marked(Example, "secret") == {"password"}
    assert "hush" not in repr(Example())
    assert declarations(Example)["share"].description == "a share"


def test_a_field_that_is_not_a_switch_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Plain\.size must be declared with switch"):
        type("Plain", (Switches,), {"__annotations__": {"size": int}, "size": 3})


def test_a_default_may_be_made_each_time() -> None:
    days = iter((date(2026, 1, 1), date(2026, 1, 2)))

    class Fresh(Switches):
        day: date = switch(each_time(lambda: next(days)), "a day")

    assert (Fresh().day, Fresh().day) == (date(2026, 1, 1), date(2026, 1, 2))


def test_switches_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Example().size = 3  # type: ignore[misc]

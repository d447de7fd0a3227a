from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox.world import (
    World,
    WorldSettings,
    invent_users,
    midnight_ms,
    milliseconds,
)


def world(**settings: Any) -> World:
    return World(WorldSettings(**{"seed": 7, "agents": 40, "days": 3, "until": date(2026, 2, 1), **settings}))


def test_the_same_seed_is_the_same_company() -> None:
    one, same, other = world(), world(), world(seed=8)
    assert (one.users, one.skills, one.agent_groups) == (same.users, same.skills, same.agent_groups)
    assert one.users != other.users
    assert one.source("a").random() == same.source("a").random() != one.source("b").random()
    assert one.number("a", 1000) == same.number("a", 1000) != other.number("a", 1000)
    assert 0 <= one.number("a", 0) <= 0


def test_a_user_does_not_depend_on_how_many_there_are() -> None:
    assert world().users[:5] == invent_users(7, 5)


def test_everything_refers_to_what_exists() -> None:
    company = world()
    skills = {skill["id"] for skill in company.skills}
    groups = {group["id"] for group in company.agent_groups}
    for user in company.users:
        assert set(user["skillIds"]) <= skills
        assert user["memberOf"]["agentGroupId"] in groups
    assert all(user in company.users for user in company.people)
    assert {user["userTypeId"] for user in company.people} == {1}


def test_records_are_spread_evenly_over_the_days() -> None:
    company = world()
    assert company.days == [date(2026, 1, 29), date(2026, 1, 30), date(2026, 1, 31)]
    assert list(company.spread(8)) == list(zip(company.days, (3, 3, 2), strict=True))
    assert list(company.spread(0)) == [(day, 0) for day in company.days]


def test_a_moment_is_rounded_up_to_a_millisecond() -> None:
    midnight = datetime(2026, 1, 30, tzinfo=UTC)
    assert milliseconds(midnight) == midnight_ms(date(2026, 1, 30)) == int(midnight.timestamp()) * 1000
    assert milliseconds(midnight + timedelta(microseconds=1)) == milliseconds(midnight) + 1
    assert milliseconds(midnight.astimezone(timezone(timedelta(hours=5)))) == milliseconds(midnight)
    with pytest.raises(ValueError, match="aware"):
        milliseconds(datetime(2026, 1, 30))

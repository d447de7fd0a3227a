from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox import SandboxSettings
from airflow_provider_liveperson.sandbox.settings import SECRET_FIELDS, refuse_two_of_a_name
from airflow_provider_liveperson.sandbox.switches import Switches, switch


def test_credentials_have_liveperson_shapes_and_follow_the_seed() -> None:
    settings = SandboxSettings(seed=3, until=date(2026, 2, 1))
    for name in ("app_key", "app_secret", "access_token", "access_token_secret"):
        assert re.fullmatch(r"[0-9a-f]{32}", getattr(settings, name))
    assert str(uuid.UUID(settings.client_id)) == settings.client_id
    assert re.fullmatch(r"[a-z0-9]{26}", settings.client_secret)
    assert settings == SandboxSettings(seed=3, until=date(2026, 2, 1))
    other = SandboxSettings(seed=4)
    for name in (
        "app_key",
        "app_secret",
        "access_token",
        "access_token_secret",
        "client_id",
        "client_secret",
    ):
        assert getattr(settings, name) != getattr(other, name)


def test_credentials_may_be_chosen() -> None:
    assert SandboxSettings(app_secret="mine").app_secret == "mine"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("domain_unknown_service", "404", 404),
        ("domain_unknown_service", "empty", "empty"),
        ("audit_error_style", 200, "200"),
        ("domain_version_required", "false", False),
        ("missing_permission", "oauth1,app_jwt_v2", frozenset({"oauth1", "app_jwt_v2"})),
        ("audit_timezone_accepted", ["US/Eastern"], frozenset({"US/Eastern"})),
        ("page_ceiling", "25", 25),
        ("page_ceiling", "none", None),
        ("retry_after", "1.5", 1.5),
        ("retry_after", "http-date", "http-date"),
        ("until", "2026-03-01", date(2026, 3, 1)),
        ("account_id", 70000002, "70000002"),
    ],
)
def test_values_are_brought_to_their_type(name: str, text: Any, value: Any) -> None:
    result = getattr(SandboxSettings(**{name: text}), name)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("domain_unknown_service", 500, "domain_unknown_service must be one of 404, 400, empty, not 500"),
        ("domain_version_required", "perhaps", "domain_version_required must be true or false"),
        ("audit_rows", "many", "audit_rows must be a whole number"),
        ("audit_rows", 1.5, "audit_rows must be a whole number"),
        ("audit_rows", True, "audit_rows must be a whole number"),
        ("audit_rows", -1, "audit_rows must be at least 0"),
        ("days", 0, "days must be at least 1"),
        ("page_ceiling", 0, "page_ceiling must be at least 1"),
        ("page_ceiling", "some", "page_ceiling must be a whole number or none"),
        ("missing_permission", "password", "missing_permission must be one of oauth1"),
        ("audit_day_zone", "Mars/Olympus", "audit_day_zone must be requested or a zone: 'Mars/Olympus'"),
        ("until", "yesterday", "until must be a date as YYYY-MM-DD"),
        ("account_id", "not valid", "account_id must match"),
        ("service_hosts", "sentinel", "service_hosts must be a map of names to values"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(name: str, value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        SandboxSettings(**{name: value})


def test_a_change_keeps_the_rest() -> None:
    settings = SandboxSettings(seed=5, jwt_issuer="sentinel")
    changed = settings.changed(latency_ms=3)
    assert (changed.latency_ms, changed.jwt_issuer) == (3, "sentinel")
    assert changed.app_secret == settings.app_secret


@pytest.mark.parametrize(
    ("name", "complaint"), [("seed", "seed shapes the data"), ("color", "no setting named 'color'")]
)
def test_a_change_refuses_what_cannot_change(name: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        SandboxSettings().changed(**{name: 1})


def test_neither_repr_nor_public_shows_a_secret() -> None:
    settings = SandboxSettings(seed=11)
    for shown in (repr(settings), str(settings.public())):
        assert settings.app_key in shown
        for name in SECRET_FIELDS:
            assert getattr(settings, name) not in shown


def test_two_groups_cannot_declare_the_same_switch() -> None:
    class One(Switches):
        size: int = switch(1, "a size")

    class Other(Switches):
        size: int = switch(2, "another size")

    with pytest.raises(TypeError, match="Other and One both declare size"):
        refuse_two_of_a_name((One, Other))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no setting named 'color'"):
        SandboxSettings(color=1)

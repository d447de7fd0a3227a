"""Whatever goes wrong with metrics and traces, a landing does not fail by it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from opentelemetry import trace

from airflow_provider_liveperson.hooks import telemetry
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

START = datetime(2026, 1, 29, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("airflow_connections")


def land(folder) -> dict:
    hook = LivePersonHook.for_connection("liveperson_default")
    return hook.land("audit_trail", path=f"file://{folder}", start=START, end=START + timedelta(days=1))


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("broken on purpose")


def test_statistics_that_fail_are_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(telemetry, "_stats", lambda: SimpleNamespace(incr=broken, gauge=broken))
    with caplog.at_level(logging.WARNING):
        assert land(tmp_path)["records"] > 0
    (warning,) = [it.getMessage() for it in caplog.records if it.name == telemetry.__name__]
    assert warning == "The metrics of this pull were not sent: RuntimeError: broken on purpose"


def test_a_tracer_that_fails_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setattr(trace, "get_tracer", broken)
    assert land(tmp_path)["records"] > 0

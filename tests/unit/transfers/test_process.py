"""Settings of the whole process: made in a task, once, and only if the deployment does not switch them off."""

from __future__ import annotations

import gc
import sys

import pytest

from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.transfers import process
from airflow_provider_liveperson.transfers.process import tune_process


@pytest.fixture
def tuned(monkeypatch) -> list[str]:
    """What has been tuned, in place of this process."""
    done: list[str] = []
    monkeypatch.setattr(process, "_freeze_loaded_objects", lambda: done.append("gc"))
    monkeypatch.setattr(process, "_share_and_keep_memory", lambda: done.append("malloc"))
    monkeypatch.setattr(process, "_switch_threads_sooner", lambda: done.append("threads"))
    for name in (process.TUNE_PROCESS, "AIRFLOW__LIVEPERSON__TUNE_PROCESS"):
        monkeypatch.delenv(name, raising=False)
    return done


def test_it_tunes_by_default(tuned):
    tune_process()
    assert tuned == ["gc", "malloc", "threads"]


@pytest.mark.parametrize("word", ["False", "false", "0", "f"])
@pytest.mark.parametrize("variable", [process.TUNE_PROCESS, "AIRFLOW__LIVEPERSON__TUNE_PROCESS"])
def test_the_deployment_switches_it_off(tuned, monkeypatch, variable, word):
    monkeypatch.setenv(variable, word)
    tune_process()
    assert tuned == []


def test_the_environment_variable_takes_precedence(tuned, monkeypatch):
    monkeypatch.setenv("AIRFLOW__LIVEPERSON__TUNE_PROCESS", "False")
    monkeypatch.setenv(process.TUNE_PROCESS, "True")
    tune_process()
    assert tuned == ["gc", "malloc", "threads"]


def test_it_freezes_once_in_a_process(monkeypatch):
    frozen: list[int] = []
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 0)
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(1))
    process._freeze_loaded_objects.cache_clear()
    process._freeze_loaded_objects()
    process._freeze_loaded_objects()
    assert frozen == [1]


def test_a_process_that_is_frozen_already_is_left_unparsed(monkeypatch):
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 7)
    monkeypatch.setattr(gc, "freeze", lambda: pytest.fail("froze again"))
    process._freeze_loaded_objects.cache_clear()
    process._freeze_loaded_objects()
    process._freeze_loaded_objects.cache_clear()


@pytest.mark.parametrize(("before", "after"), [(0.005, 0.001), (0.0005, 0.0005)])
def test_threads_never_wait_longer_than_before(before, after):
    by_default = sys.getswitchinterval()
    try:
        sys.setswitchinterval(before)
        process._switch_threads_sooner()
        assert sys.getswitchinterval() == pytest.approx(after)
    finally:
        sys.setswitchinterval(by_default)


def test_a_hook_does_not_tune_the_process(tuned, airflow_connections):
    window = {"start": "2026-01-31T00:00:00Z", "end": "2026-01-31T01:00:00Z"}
    with LivePersonHook.for_connection("liveperson_default") as hook:
        assert list(hook.records("audit_trail", **window)) is not None
    assert tuned == []

"""From an Airflow connection to a client."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.jobs.triggerer_job_runner import TriggerCommsDecoder
from airflow.sdk import Connection, log
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import CommsDecoder

import airflow_provider_liveperson.hooks
from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.hooks.building import (
    build_client,
    form_of,
    hook_class_of,
    host_of,
    mask_in_log_of_task,
)
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

every_type = pytest.mark.parametrize("conn_type", FORMS)


def connection(conn_type: str = "liveperson_app_jwt", **changed) -> Connection:
    about = {
        "conn_id": "lp",
        "conn_type": conn_type,
        "login": "the-id",
        "password": "the-secret",
        "extra": '{"account_id": "70000001", "access_token": "a", "access_token_secret": "b", "timeout": 50}',
    }
    return Connection(**{**about, **changed})


@every_type
def test_a_type_has_its_form_and_its_hook(conn_type):
    conn = connection(conn_type)
    assert form_of(conn) is FORMS[conn_type]
    assert hook_class_of(conn).conn_type == conn_type
    assert issubclass(hook_class_of(conn), LivePersonHook)


def test_a_type_as_a_uri_spells_it_is_the_same():
    assert (
        form_of(SimpleNamespace(conn_id="lp", conn_type="liveperson-api-key")) is FORMS["liveperson_api_key"]
    )


def test_another_type_is_named():
    with pytest.raises(ConfigurationError, match="'http'; it must be one of liveperson_api_key") as caught:
        form_of(connection("http"))
    assert caught.value.field == "conn_type"


@pytest.mark.parametrize("kind", [CredentialKind.API_KEY, CredentialKind.APP_JWT_V2])
def test_the_clients_credential_is_of_the_connections_kind(kind):
    client = build_client(connection(kind.conn_type), "lp")
    assert client.credential.kind is kind
    client.close()


@pytest.mark.parametrize(
    ("limits", "timeout"),
    [
        ({}, 50),
        ({"budget": 10}, 10),
        ({"max_timeout": 20}, 20),
        ({"max_timeout": 20, "budget": 10}, 20),
        ({"budget": 99}, 50),
    ],
)
def test_a_timeout_is_not_above_its_limit(limits, timeout):
    client = build_client(connection(), "lp", schedule=NO_RETRIES, **limits)
    assert client.settings.timeout == timeout
    client.close()


def test_what_is_missing_is_named_with_its_place():
    with pytest.raises(ConfigurationError, match=r"Account ID \(extra: account_id\)"):
        build_client(connection(extra="{}"), "lp")


@pytest.mark.parametrize(
    ("parts", "host"),
    [
        ({"host": None}, None),
        ({"host": "api.liveperson.net"}, "api.liveperson.net"),
        ({"host": "127.0.0.1", "port": 8080}, "127.0.0.1:8080"),
        ({"host": "127.0.0.1", "port": 8080, "schema": "http"}, "http://127.0.0.1:8080"),
        ({"host": "http://127.0.0.1:8080", "port": 9}, "http://127.0.0.1:8080"),
    ],
)
def test_the_host_with_port_and_scheme(parts, host):
    assert host_of(connection(**parts)) == host


def test_no_other_module_of_the_hooks_builds_a_client():
    folder = Path(airflow_provider_liveperson.hooks.__file__).parent
    builders = [
        path.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "LivePersonClient"
    ]
    assert builders == ["building.py"]


def test_tokens_are_masked_in_tasks_and_not_where_processes_run_for_weeks(monkeypatch):
    """Airflow searches each line for all that it was ever told to mask."""
    masked: list[str] = []
    monkeypatch.setattr(log, "mask_secret", masked.append)
    for decoder, told in ((None, 0), (CommsDecoder, 1), (TriggerCommsDecoder, 0)):
        supervisor = None if decoder is None else object.__new__(decoder)
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
        masked.clear()
        mask_in_log_of_task("a token")
        assert masked == ["a token"] * told

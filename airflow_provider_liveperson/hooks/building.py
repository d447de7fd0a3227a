"""From an Airflow connection to a client: the one place where the clients of all hooks are built."""

from __future__ import annotations

import importlib
import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.reading import extra_of, read_fields
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.hooks.privacy import EXTRAS

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.client.retries import RetrySchedule
    from airflow_provider_liveperson.connections.form_field import ConnectionForm
    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook


def build_client(
    conn: Connection,
    conn_id: str,
    *,
    schedule: RetrySchedule | None = None,
    budget: float | None = None,
    max_timeout: float | None = None,
) -> LivePersonClient:
    """Build a client.

    :param conn: the connection.
    :param conn_id: its id, for errors and for what is stored beside the connection.
    :param schedule: how failed requests are repeated.
    :param budget: seconds that all requests together may take.
    :param max_timeout: seconds that the connection's timeout must not exceed; default: the budget.
    :raises ConfigurationError: for a missing or malformed field.
    :raises UntrustedHostError: for a host that is not LivePerson's.
    """
    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.client.settings import ClientSettings

    values = read_connection(conn, conn_id)
    for name in ("hash_secret", *EXTRAS):  # which no request needs
        values.pop(name)
    known = {field.name for field in fields(ClientSettings)}
    settings = ClientSettings(
        **{name: values[name] for name in known & values.keys() if values[name] is not None},
        trusted_hosts=trusted_hosts(),
    )
    limit = budget if max_timeout is None else max_timeout
    if limit is not None:
        settings = replace(settings, timeout=min(settings.timeout, limit))
    others = {name: values[name] for name in values.keys() - known}
    credential = hook_class_of(conn).make_credential(conn_id, others)
    return LivePersonClient(
        settings, credential, schedule=schedule, budget=budget, on_secret=mask_in_log_of_task
    )


def mask_in_log_of_task(secret: str) -> None:
    """Have Airflow mask a secret in whatever a task logs or prints, as it does with what is in its connections.

    Not in the triggerer and in the API server, where nobody's code has the client: they run for weeks, and Airflow
    never forgets what it has masked, but searches each line for all of it.

    :param secret: a token, for example.
    """
    task_runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    supervisor = getattr(task_runner, "SUPERVISOR_COMMS", None)
    if supervisor is not None and type(supervisor).__module__ != "airflow.jobs.triggerer_job_runner":
        from airflow.sdk.log import mask_secret

        mask_secret(secret)


def read_connection(conn: Connection, conn_id: str) -> dict[str, Any]:
    """The values of all fields of a connection, by name; see ``read_fields``.

    :param conn: the connection.
    :param conn_id: its id, for errors.
    :raises ConfigurationError: for a missing or malformed field.
    """
    return read_fields(
        form_of(conn).conn_type,
        host=host_of(conn),
        login=conn.login,
        password=conn.password,
        extra=extra_of(conn, conn_id=conn_id),
        conn_id=conn_id,
    )


def form_of(conn: Connection) -> ConnectionForm:
    """The form of a connection's type.

    :raises ConfigurationError: for a type that is not one of LivePerson's.
    """
    try:
        return FORMS[str(conn.conn_type).replace("-", "_")]
    except KeyError:
        raise ConfigurationError(
            f"connection {conn.conn_id!r} has the type {conn.conn_type!r}; it must be one of {', '.join(FORMS)}",
            field="conn_type",
        ) from None


def hook_class_of(conn: Connection) -> type[LivePersonHook]:
    """The hook class for a connection's type.

    :raises ConfigurationError: for a type that is not one of LivePerson's.
    """
    module, _, name = form_of(conn).hook_class_name.rpartition(".")
    hook_class: type[LivePersonHook] = getattr(importlib.import_module(module), name)
    return hook_class


def trusted_hosts() -> tuple[str, ...]:
    """The hosts that the deployment trusts beside LivePerson's, which no connection can name."""
    from airflow.configuration import conf

    from airflow_provider_liveperson.client.settings import split_hosts, trusted_hosts_of_environment

    configured = conf.get("liveperson", "trusted_hosts", fallback="") or ""
    return (*split_hosts(configured), *trusted_hosts_of_environment())


def host_of(conn: Connection) -> str | None:
    """The host, with the port and scheme that a connection given as a URI stores separately."""
    host: str | None = conn.host
    if not host or "://" in host:
        return host
    scheme = f"{conn.schema}://" if conn.schema in ("http", "https") else ""
    return f"{scheme}{host}:{conn.port}" if conn.port else f"{scheme}{host}"

"""What a connection under test may change of the stored connection whose secrets it has.

Airflow's Test button does not test the stored connection. It tests what the browser sends, under an id that Airflow
makes up, with masked secrets filled in from the stored connection; of their destination, Airflow checks host and port
only. So a user who may test a connection, but not read it, could redirect its secret by other fields. Here all of them
count.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.reading import extra_of
from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError, UntrustedHostError
from airflow_provider_liveperson.hooks.metadata import saved_connections, supervisor

ROUTE_FIELDS = ("host", "service_hosts", "proxies", "verify", "client_cert")
"""The fields that say where a connection's requests go, and which certificates are trusted there."""

_PREFIX = "AIRFLOW_CONN_"
# The result of airflow.utils.strings.get_random_string in Airflow 3.1 to 3.3.
_MADE_UP = re.compile(r"[A-Za-z0-9]{8}")
_SECRETS = {
    field.name
    for form in FORMS.values()
    for field in form.fields
    if field.secret and field.place == "extra" and field.name != "hash_secret"  # which is never sent
}


def check_tested(conn: Any, host_of: Callable[[Any], str | None], trusted_hosts: Iterable[str]) -> None:
    """Refuse to test a connection that would send the secret of a stored one elsewhere.

    :param conn: the connection under test.
    :param host_of: returns the host of a connection.
    :param trusted_hosts: the hosts that the deployment trusts; a proxy among them may be new.
    :raises UntrustedHostError: naming the field that differs.
    """
    if supervisor():  # a task may read connections anyway
        return
    conn_id = str(conn.conn_id)
    if not _is_made_up(conn_id):
        return
    saved: dict[str, Any] = {}
    with contextlib.suppress(LivePersonError):  # no database
        saved = saved_connections(*FORMS)
    if conn_id in saved:
        return
    route, secrets = _route(conn, host_of), _secrets(conn)
    if _are_trusted(route["proxies"], trusted_hosts):
        route.pop("proxies")
    owners = [other for other in (*saved.values(), *_of_environment(conn_id)) if secrets & _secrets(other)]
    moved = [_differences(route, _route(other, host_of)) for other in owners]
    if moved and all(moved):
        field = moved[0][0]
        raise UntrustedHostError(
            f"this test uses the secret of the stored connection {owners[0].conn_id!r}, where the field {field} has"
            " a different value, so the secret is not sent. Save the change first and test the saved connection, or"
            " enter the secret again",
            field=field,
        )
    # Airflow also fills in secrets from backends whose connections cannot be listed.
    if not owners and route.get("proxies") and isinstance(route["verify"], str):
        raise UntrustedHostError(
            "an unsaved connection is not tested through a proxy whose certificate authority it also names. Save the"
            " connection and test the saved one, or have the deployment trust the proxy: in"
            " trusted_hosts of the section [liveperson] of Airflow's configuration"
            " (AIRFLOW__LIVEPERSON__TRUSTED_HOSTS)",
            field="proxies",
        )


def without_made_up_id(message: str, conn_id: str) -> str:
    """A message about a connection under test, without the id that Airflow has made up for the test.

    :param message: the message.
    :param conn_id: the connection's id; one that a user has chosen stays.
    """
    if not _is_made_up(conn_id):
        return message
    named = re.compile(f"([Cc])onnection {re.escape(repr(conn_id))}")
    return named.sub(lambda found: f"{'This' if found[1] == 'C' else 'this'} connection", message)


def _is_made_up(conn_id: str) -> bool:
    return bool(_MADE_UP.fullmatch(conn_id)) and _PREFIX + conn_id.upper() in os.environ


def _differences(route: Mapping[str, object], others: Mapping[str, object]) -> list[str]:
    return [name for name, value in route.items() if value != others[name]]


def _route(conn: Any, host_of: Callable[[Any], str | None]) -> dict[str, Any]:
    extra = _extra(conn)
    route = {"host": host_of(conn)} | {name: extra.get(name) for name in ROUTE_FIELDS[1:]}
    return {name: None if value in ("", {}, None) else value for name, value in route.items()}


def _secrets(conn: Any) -> set[str]:
    extra = _extra(conn)
    found = {conn.password, *(extra.get(name) for name in _SECRETS)}
    return {str(secret) for secret in found if secret}


def _extra(conn: Any) -> dict[str, Any]:
    try:
        return dict(extra_of(conn, conn_id=str(conn.conn_id)))
    except ConfigurationError:
        return {}


def _are_trusted(proxies: object, trusted_hosts: Iterable[str]) -> bool:
    from airflow_provider_liveperson.client.host_guard import TrustedHosts

    trusted = TrustedHosts(trusted_hosts)
    if not isinstance(proxies, Mapping):
        return False
    try:
        return all(urlsplit(str(url)).netloc.rpartition("@")[2] in trusted for url in proxies.values())
    except ValueError:
        return False


def _of_environment(conn_id: str) -> Iterator[Any]:
    """The connections in environment variables, except the one under test."""
    from airflow.sdk import Connection

    for variable, text in list(os.environ.items()):
        name = variable.removeprefix(_PREFIX)
        if name == variable or name == conn_id.upper() or not text:
            continue
        with contextlib.suppress(Exception):  # not a connection, or one that Airflow cannot read either
            made = (
                Connection.from_json(text, conn_id=name.lower())
                if text.lstrip().startswith("{")
                else Connection.from_uri(text, conn_id=name.lower())
            )
            if str(made.conn_type).replace("-", "_") in FORMS:
                yield made

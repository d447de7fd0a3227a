"""What a connection that is tested may change of a stored one whose secrets it carries.

Airflow's Test button does not test what is stored. It tests what the browser sends, under an id that Airflow makes up,
with masked secrets filled in from what is stored; of where they go, Airflow itself looks at host and port only. So
whoever may test a connection, but not read it, could have its secret sent by other ways. Here every way counts.
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

WAYS = ("host", "service_hosts", "proxies", "verify", "client_cert")
"""The fields that say where a connection's requests go, and who is believed to be LivePerson there."""

_PREFIX = "AIRFLOW_CONN_"
# What airflow.utils.strings.get_random_string gives, in all of Airflow 3.1 to 3.3.
_MADE_UP = re.compile(r"[A-Za-z0-9]{8}")
_SECRETS = {
    field.name
    for form in FORMS.values()
    for field in form.fields
    if field.secret and field.place == "extra" and field.name != "hash_secret"  # which is never sent
}


def check_tested(conn: Any, host_of: Callable[[Any], str | None], trusted_hosts: Iterable[str]) -> None:
    """Refuse to test a connection that would send the secret of a stored one by another way.

    :param conn: what is tested.
    :param host_of: the host of a connection, wherever it holds it.
    :param trusted_hosts: the hosts that the deployment trusts; a proxy among them may be named anew.
    :raises UntrustedHostError: naming the field that differs.
    """
    if supervisor():  # a task: what runs there may read connections anyway
        return
    conn_id = str(conn.conn_id)
    if not (_MADE_UP.fullmatch(conn_id) and _PREFIX + conn_id.upper() in os.environ):
        return
    saved: dict[str, Any] = {}
    with contextlib.suppress(LivePersonError):  # no database
        saved = saved_connections(*FORMS)
    if conn_id in saved:
        return
    ways, secrets = _ways(conn, host_of), _secrets(conn)
    if _are_trusted(ways["proxies"], trusted_hosts):
        ways.pop("proxies")
    owners = [other for other in (*saved.values(), *_of_environment(conn_id)) if secrets & _secrets(other)]
    moved = [_differences(ways, _ways(other, host_of)) for other in owners]
    if moved and all(moved):
        field = moved[0][0]
        raise UntrustedHostError(
            f"this test carries the secret of the stored connection {owners[0].conn_id!r}, but {field} is another"
            " there, so the secret is not sent. Save the change first and test what is saved, or give the secret anew",
            field=field,
        )
    # Airflow also fills in secrets from backends that nobody can list.
    if not owners and ways.get("proxies") and isinstance(ways["verify"], str):
        raise UntrustedHostError(
            "a connection that is not saved is not tested through a proxy of its own whose certificates it names"
            " itself. Save the connection and test what is saved, or have the deployment trust the proxy: in"
            " trusted_hosts of the section [liveperson] of Airflow's configuration"
            " (AIRFLOW__LIVEPERSON__TRUSTED_HOSTS)",
            field="proxies",
        )


def _differences(ways: Mapping[str, object], others: Mapping[str, object]) -> list[str]:
    return [name for name, value in ways.items() if value != others[name]]


def _ways(conn: Any, host_of: Callable[[Any], str | None]) -> dict[str, Any]:
    extra = _extra(conn)
    ways = {"host": host_of(conn)} | {name: extra.get(name) for name in WAYS[1:]}
    return {name: None if value in ("", {}, None) else value for name, value in ways.items()}


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
    """The connections that environment variables hold, but for the one that is tested."""
    from airflow.sdk import Connection

    for variable, text in list(os.environ.items()):
        name = variable.removeprefix(_PREFIX)
        if name == variable or name == conn_id.upper() or not text:
            continue
        with contextlib.suppress(Exception):  # no connection, or one that Airflow cannot read either
            made = (
                Connection.from_json(text, conn_id=name.lower())
                if text.lstrip().startswith("{")
                else Connection.from_uri(text, conn_id=name.lower())
            )
            if str(made.conn_type).replace("-", "_") in FORMS:
                yield made

"""The ``sandbox`` command: run the sandbox until it is interrupted."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.sandbox.settings import OPTION_FIELDS, SandboxSettings, describe

if TYPE_CHECKING:
    from airflow_provider_liveperson.sandbox.server import SandboxServer

DEFAULT_PORT = 8765
DEFAULT_CONN_ID = "liveperson_default"

_WHERE_USERS_LOG_IN = {
    "user": "at the login page and at the Login Service",
    "bot": "at the Login Service, with the parts of the API key, or with client ID and secret of the App-JWT",
    "sso_user": "at the login page only, as by single sign-on",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="TCP port on 127.0.0.1; 0 for a free one"
    )
    meanings = describe()
    for name in _options():
        meaning = meanings[name].replace("`", "").replace("%", "%%")
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, default=None, help=meaning)
    parser.add_argument(
        "--allow-host",
        dest="allowed_hosts",
        action="append",
        default=[],
        metavar="NAME",
        help="host name that requests may name beside this machine's and LivePerson's own, repeatable;"
        " *.example.com for every name below it, * for any name",
    )
    parser.add_argument(
        "--switch",
        dest="switches",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"any other setting, repeatable; a map as JSON, a list with commas. Names: {_switch_names()}",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json",
        action="store_true",
        help="print the connections as one JSON object and nothing else, as `airflow connections import` takes them",
    )
    form.add_argument(
        "--details",
        action="store_true",
        help="print one JSON object with the URL, the account, the connections in every form, and the users",
    )
    form.add_argument(
        "--import",
        dest="into_airflow",
        action="store_true",
        help="add the connections to the database of this machine's Airflow, and liveperson_default for the App-JWT;"
        " connections that exist are never changed",
    )


def _options() -> list[str]:
    """Return the names of the switches that are options by themselves, in the order in which they are declared."""
    return [name for name in describe() if name in OPTION_FIELDS]


def _switch_names() -> str:
    return ", ".join(name for name in describe() if name not in OPTION_FIELDS and name != "allowed_hosts")


def run(args: argparse.Namespace) -> int:
    """Run the sandbox until SIGINT or SIGTERM.

    :param args: what :func:`add_arguments` declared.
    :return: exit status: 0, or 2 if an option is not valid or the port is taken.
    """
    try:
        settings = settings_of(args)
    except ValueError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    try:
        from airflow_provider_liveperson.sandbox.server import SandboxServer

        server = SandboxServer(settings, port=args.port)
    except ImportError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    interrupted = threading.Event()
    before = {number: signal.signal(number, lambda *_: interrupted.set()) for number in _SIGNALS}
    try:
        server.start()
    except (OSError, OverflowError) as error:
        print(f"sandbox: cannot listen on port {args.port}: {error}", file=sys.stderr)
        return 2
    else:
        if args.into_airflow:
            print(_imported(server), flush=True)
        elif args.json:
            print(_as_import(server), flush=True)
        else:
            print(_as_details(server) if args.details else _as_text(server), flush=True)
        interrupted.wait()
        return 0
    finally:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def settings_of(args: argparse.Namespace) -> SandboxSettings:
    """Turn options into settings.

    :param args: what :func:`add_arguments` declared.
    :raises ValueError: if an option is not valid.
    """
    chosen: dict[str, Any] = {
        name: getattr(args, name) for name in _options() if getattr(args, name) is not None
    }
    if args.allowed_hosts:
        chosen["allowed_hosts"] = args.allowed_hosts
    for switch in args.switches:
        name, separator, value = switch.partition("=")
        if not separator:
            raise ValueError(f"--switch takes NAME=VALUE, not {switch!r}")
        if name not in describe():
            raise ValueError(f"there is no setting named {name!r}")
        chosen[name] = _mapping(name, value) if value.startswith("{") else value
    return SandboxSettings(**chosen)


def _mapping(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


def _as_import(server: SandboxServer) -> str:
    made = {name: connection.as_dict() for name, connection in server.connections().items()}
    return json.dumps(made, separators=(",", ":"))


def _imported(server: SandboxServer) -> str:
    """Add the connections to Airflow.

    :returns: what to print.
    :raises ConfigurationError: if that is not possible without changing another connection.
    """
    from airflow_provider_liveperson.airflow_connections import add_connections

    made = {name: connection.as_dict() for name, connection in server.connections().items()}
    made[DEFAULT_CONN_ID] = made["liveperson_app_jwt"]
    done = add_connections(made, yielding={DEFAULT_CONN_ID})
    lines = [
        f"LivePerson sandbox: {server.url}, account {server.settings.account_id}",
        "Connections in Airflow:",
    ]
    lines += [f"  {conn_id}: {how}" for conn_id, how in done.items()]
    return "\n".join([*lines, "Press Ctrl-C to stop. The connections stay."])


def _as_details(server: SandboxServer) -> str:
    connections = {
        name: {**connection.as_dict(), "uri": connection.as_uri(), "export": connection.as_export()}
        for name, connection in server.connections().items()
    }
    users = {
        kind: {"name": person.name} | ({"password": person.password} if person.password else {})
        for kind, person in server.people().items()
    }
    return json.dumps(
        {
            "url": server.url,
            "account_id": server.settings.account_id,
            "connections": connections,
            "users": users,
        },
        separators=(",", ":"),
    )


def _as_text(server: SandboxServer) -> str:
    settings = server.settings
    summaries = [summary for api in server.apis().values() if (summary := api.summary())]
    lines = [
        f"LivePerson sandbox: {server.url}",
        f"Account {settings.account_id}: {_joined(summaries)}"
        f" in the {settings.days} days before {settings.until} (UTC)",
    ]
    for name, connection in server.connections().items():
        lines += [
            "",
            f"Connection {name}",
            f"  JSON   {connection.as_json()}",
            f"  URI    {connection.as_uri()}",
            f"  shell  {connection.as_export()}",
        ]
    lines += ["", "Users"]
    for kind, person in server.people().items():
        password = f", password {person.password}" if person.password else ""
        lines.append(f"  {person.name}{password}: {_WHERE_USERS_LOG_IN[kind]}")
    return "\n".join([*lines, "", "Press Ctrl-C to stop."])


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)

"""Ready-made Airflow connections to a sandbox."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from airflow_provider_liveperson.sandbox.settings import SandboxSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxConnection:
    """One Airflow connection.

    :param conn_id: its id.
    :param conn_type: its type.
    :param login: app key or client id.
    :param password: the secret that goes with it.
    :param host: the sandbox's URL.
    :param extra: everything else.
    """

    conn_id: str
    conn_type: str
    login: str
    password: str = field(repr=False)
    host: str
    extra: dict[str, Any] = field(repr=False)

    @property
    def port(self) -> int | None:
        """The port of the host, which Airflow 3.3.1 and 3.3.2 want beside it before they test a saved connection."""
        return urlsplit(self.host).port

    def as_dict(self) -> dict[str, Any]:
        """Return the connection as Airflow's JSON form and ``airflow connections import`` hold it."""
        return {
            "conn_type": self.conn_type,
            "login": self.login,
            "password": self.password,
            "host": self.host,
            "port": self.port,
            "extra": dict(self.extra),
        }

    def as_json(self) -> str:
        """Return Airflow's JSON form."""
        return json.dumps(self.as_dict())

    def as_uri(self) -> str:
        """Return Airflow's URI form.

        The extra travels as one JSON value, because Airflow would read an account id of digits as a number.
        """
        protocol, _, address = self.host.partition("://")
        login, password, address = (quote(part, safe="") for part in (self.login, self.password, address))
        extra = urlencode({"__extra__": json.dumps(self.extra)})
        port = f":{self.port}" if self.port else ""
        return (
            f"{self.conn_type.replace('_', '-')}://{protocol}://{login}:{password}@{address}{port}/?{extra}"
        )

    def as_export(self) -> str:
        """Return a line for a POSIX shell that sets the connection for Airflow processes."""
        return f"export AIRFLOW_CONN_{self.conn_id.upper()}={shlex.quote(self.as_json())}"


def connections_to(settings: SandboxSettings, url: str) -> dict[str, SandboxConnection]:
    """Make a connection for every way into the sandbox.

    :param settings: the sandbox's credentials.
    :param url: the sandbox's URL.
    :return: connections by id; the id is also the type.
    """
    made = (
        SandboxConnection(
            conn_id="liveperson_api_key",
            conn_type="liveperson_api_key",
            login=settings.app_key,
            password=settings.app_secret,
            host=url,
            extra={
                "account_id": settings.account_id,
                "access_token": settings.access_token,
                "access_token_secret": settings.access_token_secret,
            },
        ),
        SandboxConnection(
            conn_id="liveperson_app_jwt",
            conn_type="liveperson_app_jwt",
            login=settings.client_id,
            password=settings.client_secret,
            host=url,
            extra={"account_id": settings.account_id},
        ),
        SandboxConnection(
            conn_id="liveperson_web_app",
            conn_type="liveperson_web_app",
            login=settings.web_app_client_id,
            password=settings.web_app_client_secret,
            host=url,
            extra={"account_id": settings.account_id},
        ),
        SandboxConnection(
            conn_id="liveperson_login",
            conn_type="liveperson_login",
            login=settings.user_name,
            password=settings.user_password,
            host=url,
            extra={"account_id": settings.account_id},
        ),
    )
    return {connection.conn_id: connection for connection in made}

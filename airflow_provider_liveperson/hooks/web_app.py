"""The hook of web applications: OAuth 2.0 with a user's consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.hooks.building import build_client, read_connection
from airflow_provider_liveperson.hooks.typed import TypedHook

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.client.credentials.credential import Credential

CALLBACK = "/liveperson/callback"
_MAX_TIMEOUT = 20.0
"""Seconds to wait for LivePerson while a user waits for a web page."""


@dataclass(frozen=True, kw_only=True)
class ConsentSettings:
    """What the authorize URL takes from a connection.

    :param client_id: the application.
    :param redirect_uri: where LivePerson redirects the browser.
    :param pkce: whether to use PKCE.
    """

    client_id: str
    redirect_uri: str
    pkce: bool


class LivePersonWebAppHook(TypedHook):
    """LivePerson by a web application: OAuth 2.0 with a user's consent, given on the LivePerson page in Airflow.

    :param liveperson_conn_id: the connection's id.
    """

    conn_type = "liveperson_web_app"
    hook_name = FORMS[conn_type].label

    @classmethod
    def make_credential(cls, conn_id: str, values: dict[str, Any]) -> Credential:
        """The credential of a connection; see :meth:`LivePersonHook.make_credential`."""
        from airflow_provider_liveperson.client.credentials.web_app import WebAppCredential
        from airflow_provider_liveperson.hooks.consents import store_for

        return WebAppCredential(
            client_id=values["client_id"],
            client_secret=values["client_secret"],
            store=store_for(conn_id, values["client_secret"]),
            conn_id=conn_id,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Test the connection; see :meth:`LivePersonHook.test_connection`.

        Airflow tests a saved connection under an id that it makes up, for which no user can have consented. So if this
        connection equals a saved one, in every field, that one is tested.
        """
        try:
            saved = self._saved_id()
        except LivePersonError:
            saved = None  # the test itself will say why
        hook = self if saved is None else type(self)(liveperson_conn_id=saved)
        return super(LivePersonWebAppHook, hook).test_connection()

    def _saved_id(self) -> str | None:
        from airflow_provider_liveperson.hooks.consents import store_for
        from airflow_provider_liveperson.hooks.metadata import saved_connections

        conn = self.get_connection(self.liveperson_conn_id)
        saved = saved_connections(self.conn_type)
        if self.liveperson_conn_id in saved:
            return None
        values = read_connection(conn, self.liveperson_conn_id)
        same = [conn_id for conn_id, other in saved.items() if self._is_same(other, values)]
        secret = values["client_secret"]
        return next(
            (conn_id for conn_id in same if store_for(conn_id, secret).load()), next(iter(same), None)
        )

    def _is_same(self, conn: Connection, values: dict[str, Any]) -> bool:
        try:
            return read_connection(conn, self.liveperson_conn_id) == values
        except LivePersonError:
            return False

    def client_for_consent(self) -> LivePersonClient:
        """A client for a user who waits at a web page: it repeats nothing, and its credential is a WebAppCredential.

        :raises ConfigurationError: for a missing or malformed field.
        """
        from airflow_provider_liveperson.client.retries import NO_RETRIES

        return build_client(
            self._web_app_connection(), self.liveperson_conn_id, schedule=NO_RETRIES, max_timeout=_MAX_TIMEOUT
        )

    def consent_settings(self, base_url: str) -> ConsentSettings:
        """What the authorize URL takes from the connection.

        :param base_url: this Airflow's URL, for a connection without a redirect URI.
        :raises ConfigurationError: for a missing or malformed field.
        """
        values = read_connection(self._web_app_connection(), self.liveperson_conn_id)
        return ConsentSettings(
            client_id=values["client_id"],
            redirect_uri=values["redirect_uri"] or f"{base_url.rstrip('/')}{CALLBACK}",
            pkce=values["pkce"],
        )

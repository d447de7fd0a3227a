"""The hook of the Login Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.hooks.typed import TypedHook

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.credentials.credential import Credential


class LivePersonLoginHook(TypedHook):
    """LivePerson by its Login Service: a user's name and password, or a bot's name and key."""

    conn_type = "liveperson_login"
    hook_name = FORMS[conn_type].label

    @classmethod
    def make_credential(cls, conn_id: str, values: dict[str, Any]) -> Credential:
        """The credential of a connection; see :meth:`LivePersonHook.make_credential`."""
        from airflow_provider_liveperson.client.credentials.login import LoginCredential

        return LoginCredential(**values)

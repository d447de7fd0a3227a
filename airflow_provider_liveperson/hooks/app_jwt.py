"""The hook of App-JWTs: OAuth 2.0 client credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.hooks.typed import TypedHook

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.credentials.credential import Credential


class LivePersonAppJwtHook(TypedHook):
    """LivePerson by an App-JWT: OAuth 2.0 client credentials."""

    conn_type = "liveperson_app_jwt"
    hook_name = FORMS[conn_type].label

    @classmethod
    def make_credential(cls, conn_id: str, values: dict[str, Any]) -> Credential:
        """The credential of a connection; see :meth:`LivePersonHook.make_credential`."""
        from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential

        return AppJwtCredential(**values)

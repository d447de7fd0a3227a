"""The hook of API keys: OAuth 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.hooks.typed import TypedHook

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.credentials.credential import Credential


class LivePersonApiKeyHook(TypedHook):
    """LivePerson by an API key: OAuth 1.0, whose end LivePerson has announced for 31 May 2026."""

    conn_type = "liveperson_api_key"
    hook_name = FORMS[conn_type].label

    @classmethod
    def make_credential(cls, conn_id: str, values: dict[str, Any]) -> Credential:
        """The credential of a connection; see :meth:`LivePersonHook.make_credential`."""
        from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential

        return ApiKeyCredential(**values)

"""The kinds of credentials that LivePerson takes: one list for connections, datasets, diagnostics and the sandbox."""

from __future__ import annotations

from enum import Enum


class CredentialKind(Enum):
    """A kind of credential. Its value is the name that the sandbox's switches give it; its text is its title."""

    API_KEY = ("oauth1", "API key", "liveperson_api_key")
    APP_JWT_V1 = ("app_jwt_v1", "App-JWT V1", "liveperson_app_jwt")
    APP_JWT_V2 = ("app_jwt_v2", "App-JWT V2", "liveperson_app_jwt")
    WEB_APP = ("web_app", "Web application", "liveperson_web_app")
    LOGIN = ("bearer", "Login", "liveperson_login")

    title: str
    """What users call it, as LivePerson's pages do: ``API key``, ``App-JWT V2``."""

    conn_type: str
    """The Airflow connection type that signs with it."""

    def __new__(cls, value: str, title: str, conn_type: str) -> CredentialKind:
        """Make a member of its value, its title and its connection type."""
        member = object.__new__(cls)
        member._value_ = value
        member.title = title
        member.conn_type = conn_type
        return member

    def __str__(self) -> str:
        return self.title

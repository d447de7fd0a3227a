"""A sandbox per test, and a client that knows its way around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings

ALL_FIELDS = (
    "accountId objectType objectName actionType element oldValue newValue changeDate originator "
    "originatorLoginName originatorUserId originatorUserAgent originatorAuthType originatorIsLpa"
)


class ProbedSandbox(SandboxServer):
    """A sandbox with the requests that tests make of it."""

    def path(self, rest: str) -> str:
        return f"{self.url}/api/account/{self.settings.account_id}/{rest}"

    @property
    def audit_url(self) -> str:
        return self.path("configuration/metadata/audit")

    def oauth(self, **changed: Any) -> OAuth1:
        keys = self.settings
        given = {
            "client_key": keys.app_key,
            "client_secret": keys.app_secret,
            "resource_owner_key": keys.access_token,
            "resource_owner_secret": keys.access_token_secret,
        }
        return OAuth1(**{**given, **changed})

    def post_token(self, version: str = "v2", **changed: Any) -> requests.Response:
        keys = self.settings
        form = {
            "grant_type": "client_credentials",
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
        }
        form = {name: value for name, value in {**form, **changed}.items() if value is not None}
        middle = "v2/" if version == "v2" else ""
        url = f"{self.url}/sentinel/api/{middle}account/{keys.account_id}/app/token"
        return requests.post(url, params={} if version == "v2" else {"v": "1.0"}, data=form, timeout=10)

    def token(self, version: str = "v2") -> str:
        answer = self.post_token(version)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def with_token(self, token: str) -> requests.Response:
        return requests.post(
            self.audit_url,
            json={"query": "{auditData(first:1){element}}"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )

    def ask(self, document: str, **payload: Any) -> requests.Response:
        return requests.post(
            self.audit_url, json={"query": document, **payload}, auth=self.oauth(), timeout=10
        )

    def rows(self, fields: str = ALL_FIELDS, **arguments: Any) -> list[dict[str, Any]]:
        """Ask for rows; a text argument that starts with a colon is written as an enum word."""

        def literal(value: Any) -> str:
            if isinstance(value, list):
                return f"[{','.join(map(literal, value))}]"
            if isinstance(value, str) and value.startswith(":"):
                return value[1:]
            return json.dumps(value)

        written = ",".join(f"{name}:{literal(value)}" for name, value in arguments.items())
        answer = self.ask(f"{{auditData{f'({written})' if written else ''}{{{fields}}}}}")
        assert answer.status_code == 200, answer.text
        payload = answer.json()
        assert "errors" not in payload, payload
        return list(payload["data"]["auditData"])

    def everything(self, **arguments: Any) -> dict[str, Any]:
        return {
            "timezone": "UTC",
            "lpa": True,
            "automaticUpdates": True,
            "orderDirection": "ASC",
            "first": 100_000,
            **arguments,
        }

    def export(self, **parameters: Any) -> requests.Response:
        return requests.get(self.audit_url + "/export", params=parameters, auth=self.oauth(), timeout=10)


@pytest.fixture
def sandbox() -> Iterator[Callable[..., ProbedSandbox]]:
    """Start sandboxes that end with the test: ``sandbox(audit_rows=10)``."""
    with ExitStack() as stack:

        def start(**settings: Any) -> ProbedSandbox:
            chosen = {"seed": 7, "audit_rows": 200, "days": 5, "until": date(2026, 2, 1), **settings}
            return stack.enter_context(ProbedSandbox(SandboxSettings(**chosen)))

        yield start

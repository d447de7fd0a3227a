"""What every credential must do, whatever its kind. A new kind is one row of the table."""

from __future__ import annotations

import copy
import logging
import pickle
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.credential import Credential, Token
from airflow_provider_liveperson.client.credentials.grants import Grant
from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.client.credentials.web_app import WebAppCredential
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.exceptions import AuthenticationError, LivePersonError
from airflow_provider_liveperson.sandbox.http.redaction import hidden
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from devtools.memory_grants import MemoryGrantStore

THREADS = 16
AUDIT = "/metadata/audit"
ASK = ApiRequest(
    method="POST",
    service="accountConfigReadOnly",
    path="/api/account/{account_id}/configuration/metadata/audit",
    json={"query": "{auditData(first:1){element}}"},
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of credential.

    :param name: its name in the test.
    :param called: what people call it.
    :param make: makes the sandbox's credential of this kind.
    :param renewed_at: part of the path of its renewal, or None if it is never renewed.
    :param lifetime: how many seconds a renewed token lasts in the sandbox.
    """

    name: str
    called: str
    make: Callable[[SandboxServer], Credential]
    renewed_at: str | None = None
    lifetime: float = 0.0


def taken(about: SandboxSettings, *names: str) -> dict[str, Any]:
    return {name: getattr(about, name) for name in names}


def api_key(sandbox: SandboxServer) -> Credential:
    parts = ("app_key", "app_secret", "access_token", "access_token_secret")
    return ApiKeyCredential(**taken(sandbox.settings, *parts))


def app_jwt(version: str) -> Callable[[SandboxServer], Credential]:
    return lambda sandbox: AppJwtCredential(
        **taken(sandbox.settings, "client_id", "client_secret"), token_version=version
    )


def web_app(sandbox: SandboxServer) -> Credential:
    about, given, now = sandbox.settings, sandbox.grants.issue(), time.time()
    grant = Grant(
        access_token=given.access_token,
        refresh_token=given.refresh_token,
        expires_at=now + about.access_token_lifetime_seconds,
        refreshed_at=now,
        authorized_at=now,
    )
    return WebAppCredential(
        client_id=about.web_app_client_id,
        client_secret=about.web_app_client_secret,
        store=MemoryGrantStore(grant),
    )


def login_of_a_user(sandbox: SandboxServer) -> Credential:
    return LoginCredential(user_name=sandbox.settings.user_name, password=sandbox.settings.user_password)


def login_of_a_bot(sandbox: SandboxServer) -> Credential:
    about = sandbox.settings
    return LoginCredential(user_name=about.bot_name, app_key=about.client_id, app_secret=about.client_secret)


KINDS = (
    Kind(name="api_key", called="API key", make=api_key),
    Kind(name="app_jwt_v1", called="App-JWT V1", make=app_jwt("v1"), renewed_at="/app/token", lifetime=3600),
    Kind(name="app_jwt_v2", called="App-JWT V2", make=app_jwt("v2"), renewed_at="/app/token", lifetime=3600),
    Kind(name="web_app", called="Web application", make=web_app, renewed_at="/token?", lifetime=1800),
    Kind(name="login_user", called="Login", make=login_of_a_user, renewed_at="/login?", lifetime=28_800),
    Kind(name="login_bot", called="Login", make=login_of_a_bot, renewed_at="/login?", lifetime=28_800),
)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
every_kind_that_is_renewed = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.renewed_at], ids=lambda kind: kind.name
)


@pytest.fixture
def client_of(sandbox: SandboxServer) -> Iterator[Callable[..., LivePersonClient]]:
    made: list[LivePersonClient] = []

    def client_of(credential: Credential, **more: Any) -> LivePersonClient:
        about = ClientSettings(
            account_id=sandbox.settings.account_id, host=sandbox.url, timeout=10, max_concurrency=THREADS
        )
        made.append(LivePersonClient(about, credential, **more))
        return made[-1]

    yield client_of
    for client in made:
        client.close()


def ask(client: LivePersonClient) -> Answer:
    return client.call(ASK, lambda answer: answer)


def asked(sandbox: SandboxServer, path: str) -> list[Any]:
    return [one for one in sandbox.requests if path in one.url]


def renewals(sandbox: SandboxServer, kind: Kind) -> int:
    return len(asked(sandbox, kind.renewed_at)) if kind.renewed_at else 0


def signatures(sandbox: SandboxServer) -> list[str]:
    return [one.header("authorization") for one in asked(sandbox, AUDIT)]


def secrets_of(credential: Credential, sandbox: SandboxServer) -> set[str]:
    """Those of the sandbox's secrets that the credential holds or has sent."""
    sent = [one.body + repr(one.headers).encode() for one in sandbox.requests]
    told = b" ".join([pickle.dumps(credential), *sent])
    return {
        secret
        for secret in sandbox.secrets()
        if secret and (secret.encode() in told or hidden(secret).encode() in told)
    }


def ask_at_once(client: LivePersonClient) -> None:
    together = threading.Barrier(THREADS)

    def one(_: int) -> int:
        together.wait(timeout=30)
        return ask(client).status

    with ThreadPoolExecutor(THREADS) as threads:
        assert set(threads.map(one, range(THREADS))) == {200}


@every_kind_that_is_renewed
def test_each_token_is_told_before_its_first_use_and_once(sandbox, client_of, kind):
    """So that the host can mask it wherever others write."""
    told: list[str] = []
    told_at: list[int] = []

    def tell(secret: str) -> None:
        told.append(secret)
        told_at.append(len(asked(sandbox, AUDIT)))

    client = client_of(kind.make(sandbox), on_secret=tell)
    tokens = []
    for before in range(2):
        ask(client)
        tokens.append(client.credential.token().value)
        assert told_at[told.index(tokens[-1])] == 2 * before  # a request of the old token was refused
        sandbox.expire_tokens()
    ask(client)
    assert client.credential.token().value in told
    assert len(told) == len(set(told))
    assert "" not in told
    assert set(tokens) <= set(client.credential.secrets)


@every_kind
def test_it_signs(sandbox, client_of, kind):
    client = client_of(kind.make(sandbox))
    assert ask(client).status == ask(client).status == 200
    assert all(signatures(sandbox))
    assert renewals(sandbox, kind) <= 1


@every_kind
def test_it_says_its_name_and_how_long_its_token_lasts(sandbox, client_of, kind):
    credential = kind.make(sandbox)
    client_of(credential)
    assert credential.kind.title == kind.called
    token = credential.token()
    assert (token.lifetime if token else 0) == pytest.approx(kind.lifetime, abs=1)


@every_kind_that_is_renewed
def test_it_is_renewed_shortly_before_it_expires(sandbox, client_of, kind):
    credential = kind.make(sandbox)
    client = client_of(credential)
    ask(client)
    had, first = renewals(sandbox, kind), signatures(sandbox)[-1]

    def go_on(seconds: float) -> None:
        credential.now = lambda: time.monotonic() + seconds
        credential.clock = lambda: time.time() + seconds

    go_on(kind.lifetime / 2 - 60)
    ask(client)
    assert renewals(sandbox, kind) == had
    assert signatures(sandbox)[-1] == first
    go_on(kind.lifetime - 60)
    ask(client)
    assert renewals(sandbox, kind) == had + 1
    assert signatures(sandbox)[-1] != first
    assert {one.status for one in asked(sandbox, AUDIT)} == {200}


@every_kind_that_is_renewed
@pytest.mark.parametrize("end", ["expire_tokens", "revoke_tokens"])
def test_a_token_that_ends_early_is_renewed_and_the_request_retried(sandbox, client_of, kind, end):
    client = client_of(kind.make(sandbox))
    ask(client)
    had = renewals(sandbox, kind)
    getattr(sandbox, end)()
    assert ask(client).status == 200
    assert [one.status for one in asked(sandbox, AUDIT)] == [200, 401, 200]
    assert renewals(sandbox, kind) == had + 1


@every_kind
def test_a_second_401_is_an_error(sandbox, client_of, kind):
    client = client_of(kind.make(sandbox))
    ask(client)
    had = renewals(sandbox, kind)
    sandbox.faults.add(kind="status", status=401, match=AUDIT, times=1000)
    with pytest.raises(AuthenticationError, match=AUDIT) as caught:
        ask(client)
    assert caught.value.status == 401
    again = bool(kind.renewed_at)
    assert [one.status for one in asked(sandbox, AUDIT)] == [200, 401, *[401] * again]
    assert renewals(sandbox, kind) == had + again


@every_kind
def test_sixteen_threads_begin_with_one(sandbox, client_of, kind):
    ask_at_once(client_of(kind.make(sandbox)))
    assert renewals(sandbox, kind) <= 1
    assert len(asked(sandbox, AUDIT)) == THREADS


@every_kind_that_is_renewed
def test_sixteen_threads_renew_once(sandbox, client_of, kind):
    client = client_of(kind.make(sandbox))
    ask(client)
    had = renewals(sandbox, kind)
    sandbox.revoke_tokens()
    ask_at_once(client)
    assert renewals(sandbox, kind) == had + 1


@every_kind
@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"]
)
def test_a_copy_works_on_its_own_and_shows_no_secret(sandbox, client_of, kind, clone):
    credential = kind.make(sandbox)
    ask(client_of(credential))
    other = clone(credential)
    assert ask(client_of(other)).status == 200
    told = repr(credential) + repr(other) + str(other)
    assert [secret for secret in sandbox.secrets() if secret in told] == []


@every_kind
def test_a_token_shows_no_secret(kind):
    assert "hush" not in repr(Token.lasting("hush", 60, asked_at=0))


@every_kind
def test_nothing_secret_is_in_logs_errors_reprs_or_urls(sandbox, client_of, kind, caplog):
    for name in ("", "urllib3", "requests", "oauthlib", "requests_oauthlib", "airflow_provider_liveperson"):
        caplog.set_level(logging.DEBUG, logger=name)
    told: list[str] = []
    own: set[str] = set()
    for match in (AUDIT, kind.renewed_at or AUDIT):
        for status in (400, 401, 403, 429, 451, 503):
            sandbox.reset()
            credential = kind.make(sandbox)
            client = client_of(credential)
            ask(client)
            # A server that echoes all that it knows, in the response to this request or to the renewal that it causes.
            everything = {"message": " and ".join(secrets_of(credential, sandbox))}
            sandbox.revoke_tokens()
            sandbox.faults.add(kind="status", status=status, match=match, times=1000, body=everything)
            try:
                ask(client)
            except LivePersonError as error:
                told += [str(error), *traceback.format_exception(error)]
            told += map(repr, (credential, client, client.settings, client.session, ASK))
            client.close()
            told += [one.url for one in sandbox.requests]
            own |= secrets_of(credential, sandbox)
    told += [record.getMessage() + str(record.exc_info or "") for record in caplog.records]
    assert len(own) > 2
    spelled = {secret: (secret, hidden(secret)) for secret in own}  # the sandbox's own records hold marks
    assert [one for one in own if any(spelling in text for spelling in spelled[one] for text in told)] == []


@every_kind
def test_closing_logs_out_without_errors(sandbox, client_of, kind):
    client = client_of(kind.make(sandbox))
    ask(client)
    client.close()
    client.close()
    assert sandbox.logins.lasting == []


@every_kind
@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"kind": "status", "status": 503}], ids=["drop", "503"])
def test_closing_raises_nothing_whatever_liveperson_does(sandbox, client_of, kind, fault):
    client = client_of(kind.make(sandbox))
    ask(client)
    sandbox.faults.add(times=1000, **fault)
    client.close()

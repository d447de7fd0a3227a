"""App-JWTs: where the secret goes, how long a token is used, and who fetches it."""

from __future__ import annotations

import copy
import json
import pickle
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import jwt
import pytest
import requests

from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.credential import Token
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    PermissionDeniedError,
    RateLimitedError,
    ServiceUnavailableError,
)

EVERY_VERSION = pytest.mark.parametrize("kind", ["app_jwt_v2", "app_jwt_v1"])


def passed(answer: Answer) -> Answer:
    return answer


def token_requests(sandbox) -> list:
    return [one for one in sandbox.requests if one.path.endswith("/app/token")]


def audit_requests(sandbox) -> list:
    return [one for one in sandbox.requests if one.path.endswith("/metadata/audit")]


class Sentinel:
    """Answers token requests without a network, and has a clock of its own."""

    def __init__(self, **claims: object) -> None:
        self.claims = claims
        self.extra: dict[str, object] = {}
        self.expires_in = ""  # JSON
        self.clock = 1000.0
        self.given = 0

    def __call__(self, request: ApiRequest) -> Answer:
        self.given += 1
        token = jwt.PyJWS().encode(json.dumps({**self.claims, "n": self.given}).encode(), "k" * 32)
        body = json.dumps({"access_token": token, **self.extra})
        if self.expires_in:
            body = f'{body[:-1]}, "expires_in": {self.expires_in}}}'
        return Answer(status=200, headers={}, body=body.encode())

    def credential(self) -> AppJwtCredential:
        made = AppJwtCredential(client_id="id", client_secret="secret")
        made.bind(self)
        made.now = lambda: self.clock
        return made


def sign(credential: AppJwtCredential) -> str:
    return str(
        credential(requests.Request("GET", "https://x.liveperson.net/").prepare()).headers["Authorization"]
    )


@EVERY_VERSION
def test_the_secret_is_in_the_form_body_and_nowhere_else(sandbox, connect, audit_request, kind):
    sandbox.configure(token_body_required=True)
    connect(kind).call(audit_request, passed)
    (asked,) = token_requests(sandbox)
    account = sandbox.settings.account_id
    path = {
        "app_jwt_v2": f"/sentinel/api/v2/account/{account}/app/token",
        "app_jwt_v1": f"/sentinel/api/account/{account}/app/token?v=1.0",
    }[kind]
    assert asked.method == "POST"
    assert asked.url == sandbox.url + path
    assert asked.header("content-type") == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [sandbox.settings.client_id],
        "client_secret": [sandbox.settings.client_secret],
    }
    assert asked.header("authorization") is None
    assert sandbox.settings.client_secret not in repr([(one.url, one.headers) for one in sandbox.requests])


def test_version_2_is_the_default(sandbox, connect, audit_request):
    about = sandbox.settings
    credential = AppJwtCredential(client_id=about.client_id, client_secret=about.client_secret)
    connect(credential=credential).call(audit_request, passed)
    assert "/sentinel/api/v2/" in token_requests(sandbox)[0].path


def test_another_version_is_refused():
    with pytest.raises(ConfigurationError, match=r"v3.*v2, v1") as caught:
        AppJwtCredential(client_id="a", client_secret="b", token_version="v3")
    assert caught.value.field == "token_version"


@EVERY_VERSION
def test_a_token_is_used_again(sandbox, connect, audit_request, kind):
    client = connect(kind)
    for _ in range(3):
        client.call(audit_request, passed)
    assert len(token_requests(sandbox)) == 1
    assert len({one.header("authorization") for one in audit_requests(sandbox)}) == 1


@pytest.mark.parametrize("clock", [0, 4_000_000_000], ids=["far behind", "far ahead"])
def test_a_wrong_clock_here_changes_nothing(clock):
    """The token's own times are only compared with each other."""
    sentinel = Sentinel(iat=clock, exp=clock + 3600)
    credential = sentinel.credential()
    first = sign(credential)
    sentinel.clock += 3299
    assert sign(credential) == first
    sentinel.clock += 2
    assert sign(credential) != first


@pytest.mark.parametrize(
    ("lifetime", "used_for"), [(3600, 3300), (600, 300), (100, 50), (2, 1)], ids=lambda it: f"{it}s"
)
@pytest.mark.parametrize("told_by", ["claims", "expires_in", "expires_in as text"])
def test_renewed_five_minutes_ahead_but_never_before_half_its_life(lifetime, used_for, told_by):
    sentinel = Sentinel(iat=1, exp=1 + lifetime) if told_by == "claims" else Sentinel(iat=1, exp=999_999)
    if told_by != "claims":
        sentinel.extra = {"expires_in": lifetime if told_by == "expires_in" else str(lifetime)}
    credential = sentinel.credential()
    first = sign(credential)
    sentinel.clock += used_for - 0.5
    assert sign(credential) == first
    sentinel.clock += 0.6
    assert sign(credential) != first
    assert sentinel.given == 2


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": 1},
        {"iat": 1},
        {"exp": [], "iat": 1},
        {"exp": "soon", "iat": 1},
        {"exp": 5, "iat": 9},
        {"exp": 10**400, "iat": 1},
        {"exp": float("inf"), "iat": 1},
        {"exp": 1, "iat": float("nan")},
    ],
)
def test_a_token_that_does_not_tell_its_life_is_taken_for_ten_minutes(claims):
    sentinel = Sentinel(**claims)
    credential = sentinel.credential()
    first = sign(credential)
    sentinel.clock += 299
    assert sign(credential) == first
    sentinel.clock += 2
    assert sign(credential) != first


@pytest.mark.parametrize(
    "told",
    [
        "0",
        "-1",
        '""',
        '"soon"',
        "null",
        "true",
        "[3600]",
        "{}",
        '"0"',
        "1e-9",
        '"nan"',
        '"-inf"',
        "1e400",
        "9" * 5000,
    ],
)
@pytest.mark.parametrize(
    ("claims", "used_for"), [({"iat": 1, "exp": 901}, 601), ({}, 301)], ids=["JWT", "opaque"]
)
def test_an_expires_in_that_cannot_be_condemns_no_token_and_buys_none_for_each_request(
    told, claims, used_for
):
    sentinel = Sentinel(**claims)
    sentinel.expires_in = told
    credential = sentinel.credential()
    first = sign(credential)
    sentinel.clock += used_for - 2
    assert sign(credential) == first
    sentinel.clock += 2
    assert sign(credential) != first


def test_a_token_that_lasts_for_ever_is_renewed_once_a_day():
    sentinel = Sentinel()
    sentinel.expires_in = "1e300"
    credential = sentinel.credential()
    first = sign(credential)
    sentinel.clock += 86_400 - 301
    assert sign(credential) == first
    sentinel.clock += 2
    assert sign(credential) != first


def test_an_opaque_token_is_used_unparsed():
    credential = AppJwtCredential(client_id="id", client_secret="secret")
    credential.bind(lambda request: Answer(status=200, headers={}, body=b'{"access_token": "not-a-jwt"}'))
    assert sign(credential) == "Bearer not-a-jwt"


@pytest.mark.parametrize(
    "token",
    ["", "two words", "a\nb", "caf\u00e9", "tab\t", "\u0000"],
    ids=["empty", "space", "line", "latin", "tab", "nul"],
)
def test_a_token_that_no_header_can_hold_is_an_unreadable_answer_and_is_not_shown(token):
    """Deeper down, Python's http.client would refuse it in a message that quotes it."""
    body = json.dumps({"access_token": f"{token}hush{token}" if token else ""}).encode()
    credential = AppJwtCredential(client_id="id", client_secret="secret")
    credential.bind(lambda request: Answer(status=200, headers={}, body=body))
    with pytest.raises(InvalidResponseError, match="access_token") as caught:
        sign(credential)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"access_token": 5}', b'{"expires_in": 5}'])
def test_an_answer_without_a_token_is_named(body):
    credential = AppJwtCredential(client_id="id", client_secret="secret")
    credential.bind(lambda request: Answer(status=200, headers={}, body=body))
    with pytest.raises(InvalidResponseError, match="access_token"):
        sign(credential)


def test_sixteen_threads_fetch_one_token(sandbox, connect, audit_request):
    client = connect("app_jwt_v2", max_concurrency=16)
    together = threading.Barrier(16)

    def ask(_: int) -> int:
        together.wait(timeout=30)
        return client.call(audit_request, passed).status

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(ask, range(16))) == {200}
    assert len(token_requests(sandbox)) == 1


def test_sixteen_threads_renew_a_revoked_token_once(sandbox, connect, audit_request):
    client = connect("app_jwt_v2", max_concurrency=16)
    client.call(audit_request, passed)
    sandbox.revoke_tokens()
    together = threading.Barrier(16)

    def ask(_: int) -> int:
        together.wait(timeout=30)
        return client.call(audit_request, passed).status

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(ask, range(16))) == {200}
    assert len(token_requests(sandbox)) == 2


@EVERY_VERSION
@pytest.mark.parametrize("fault", ["expire_tokens", "revoke_tokens"])
def test_a_token_that_ends_early_is_replaced_and_the_request_repeated_once(
    sandbox, connect, audit_request, waits, kind, fault
):
    client = connect(kind)
    client.call(audit_request, passed)
    sandbox.faults.add(kind=fault, match="/metadata/audit")
    assert client.call(audit_request, passed).status == 200
    assert [one.status for one in audit_requests(sandbox)] == [200, 401, 200]
    assert len(token_requests(sandbox)) == 2
    assert waits == []


def test_a_service_that_never_accepts_is_asked_twice_and_no_more(sandbox, connect, audit_request, waits):
    sandbox.configure(audit_auth={"oauth1"})
    with pytest.raises(AuthenticationError, match="Sentinel issued a token") as caught:
        connect("app_jwt_v2").call(audit_request, passed)
    assert [one.status for one in audit_requests(sandbox)] == [401, 401]
    assert len(token_requests(sandbox)) == 2
    assert caught.value.status == 401
    assert waits == []


def test_keys_that_rotate_do_no_harm(sandbox, connect, audit_request):
    client = connect("app_jwt_v2")
    client.call(audit_request, passed)
    sandbox.rotate_keys()
    sandbox.expire_tokens()
    assert client.call(audit_request, passed).status == 200


@pytest.mark.parametrize("status", ["rfc", "400"])
@pytest.mark.parametrize("part", ["client_id", "client_secret"])
def test_a_wrong_id_or_secret_is_named(sandbox, connect, audit_request, waits, status, part):
    sandbox.configure(sentinel_error_status=status)
    with pytest.raises(AuthenticationError, match="client ID or the client secret is wrong") as caught:
        connect("app_jwt_v2", **{part: "wrong-and-hush"}).call(audit_request, passed)
    assert caught.value.field == "client_secret"
    assert "invalid_client" in str(caught.value)
    assert "wrong-and-hush" not in str(caught.value) or part == "client_id"
    assert len(token_requests(sandbox)) == 1
    assert audit_requests(sandbox) == []
    assert waits == []


def test_a_missing_scope_is_a_permission_and_not_a_refused_token(sandbox, connect, audit_request):
    sandbox.configure(missing_permission={"app_jwt_v2"})
    with pytest.raises(PermissionDeniedError, match="scope") as caught:
        connect("app_jwt_v2").call(audit_request, passed)
    assert "does not accept it" not in str(caught.value)
    assert len(token_requests(sandbox)) == 1


@pytest.mark.parametrize(
    ("fault", "error", "asked"),
    [
        ({"kind": "status", "status": 503}, ServiceUnavailableError, 4),
        ({"kind": "drop"}, ServiceUnavailableError, 4),
        ({"kind": "not_json"}, InvalidResponseError, 4),
        ({"kind": "cut"}, InvalidResponseError, 4),
        ({"kind": "status", "status": 200, "body": {}}, InvalidResponseError, 1),
        ({"kind": "status", "status": 429}, RateLimitedError, 7),
    ],
    ids=lambda it: str(it.get("status", it["kind"])) if isinstance(it, dict) else None,
)
def test_the_token_service_is_repeated_by_the_table_and_not_by_the_table_squared(
    sandbox, connect, audit_request, fault, error, asked
):
    sandbox.faults.add(match="/app/token", times=1000, **fault)
    with pytest.raises(error, match="sentinel") as caught:
        connect("app_jwt_v2").call(audit_request, passed)
    assert len(token_requests(sandbox)) == asked
    assert str(caught.value).count("POST") == 1
    assert audit_requests(sandbox) == []


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copies_hold_no_token_and_fetch_their_own(sandbox, connect, audit_request, clone: Callable):
    client = connect("app_jwt_v2")
    client.call(audit_request, passed)
    credential = client.credential
    token = audit_requests(sandbox)[0].header("authorization").removeprefix("Bearer ")
    assert token.encode() not in pickle.dumps(credential)
    other = connect(credential=clone(credential))
    assert other.call(audit_request, passed).status == 200
    assert len(token_requests(sandbox)) == 2


def test_reprs_tell_nothing(sandbox, connect, audit_request):
    client = connect("app_jwt_v2")
    client.call(audit_request, passed)
    token = audit_requests(sandbox)[0].header("authorization").removeprefix("Bearer ")
    shown = repr(client.credential) + repr(Token.lasting(token, 60, asked_at=0))
    assert token not in shown
    assert sandbox.settings.client_secret not in shown


def test_tokens_stay_secret_after_they_have_been_replaced():
    """An answer that was under way meanwhile may still speak of the old one."""
    answers = iter(["first-opaque", "second-opaque"])
    credential = AppJwtCredential(client_id="id", client_secret="secret")
    credential.bind(
        lambda request: Answer(
            status=200, headers={}, body=json.dumps({"access_token": next(answers)}).encode()
        )
    )
    request = requests.Request("GET", "https://x.liveperson.net/").prepare()
    credential.renew(credential(request))
    credential(request)
    assert set(credential.secrets) == {"secret", "first-opaque", "second-opaque"}


def test_a_credential_without_a_client_says_so():
    with pytest.raises(AuthenticationError, match="not bound to a client"):
        sign(AppJwtCredential(client_id="a", client_secret="b"))


DEEP = b"[" * 50_000 + b"]" * 50_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token":"abc","by":"\\ud83d","n":1e400,"m":%b,"who":"K\xfcche"}' % (b"9" * 5000),
        b'\xef\xbb\xbf{"access_token":"abc"}',
        '{"access_token":"abc"}'.encode("utf-16"),
        b'{"access_token":"abc","access_token":"abc"}',
    ],
)
def test_odd_things_beside_a_token_are_no_matter(body):
    credential = AppJwtCredential(client_id="id", client_secret="secret")
    token = credential.fetch(lambda request: Answer(status=200, headers={}, body=body))
    assert token.value == "abc"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        DEEP,
        b'{"access_token":%b}' % DEEP,
        b'{"access_token":"\\ud83d"}',
        b'{"access_token":"K\xfc"}',
        b'{"access_token":NaN}',
        b'{"access_token":%b}' % (b"9" * 5000),
    ],
)
def test_a_token_that_cannot_be_read_is_an_error_of_the_package(body):
    credential = AppJwtCredential(client_id="id", client_secret="secret")
    with pytest.raises(InvalidResponseError, match="no readable access_token"):
        credential.fetch(lambda request: Answer(status=200, headers={}, body=body))

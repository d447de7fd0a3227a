"""Web applications: whose consent, how it is renewed, and what is left when a renewal goes wrong."""

from __future__ import annotations

import copy
import hmac
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode

from airflow_provider_liveperson.client.credentials.authorization import (
    Tokens,
    WebApp,
    authorize_url,
    challenge_of,
    subject_of,
)
from airflow_provider_liveperson.client.credentials.grants import Grant, KeyValueGrantStore
from airflow_provider_liveperson.client.credentials.lease import Lease
from airflow_provider_liveperson.client.credentials.web_app import WebAppCredential
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    InvalidResponseError,
    LivePersonError,
    RateLimitedError,
    ServiceUnavailableError,
)
from airflow_provider_liveperson.sandbox.http.redaction import hidden
from devtools.file_key_value_store import FileKeyValueStore
from devtools.memory_grants import MemoryGrantStore

EVERY_ROTATION = pytest.mark.parametrize("rotation", ["rotate", "keep", "reuse_revokes"])
REMEDY = r"open the LivePerson page in Airflow's Admin menu and press Authorize for connection 'lp'"


def passed(answer: Answer) -> Answer:
    return answer


def grant_of(sandbox, *, age: float = 0.0, lifetime: float = 1800.0, **changed) -> Grant:
    """A consent given at the sandbox ``age`` seconds ago, as this machine remembers it."""
    tokens, now = sandbox.grants.issue(), time.time()
    return msgspec.structs.replace(
        Grant(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=now - age + lifetime,
            refreshed_at=now - age,
            authorized_at=now - age,
            authorized_by="ada",
            subject="42",
        ),
        **changed,
    )


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def foreign():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed_with_the_public_key(claims: dict[str, object], key: rsa.RSAPrivateKey) -> str:
    """The forgery that works on whoever lets the token choose between RS256 and HS256."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = ".".join(
        base64url_encode(msgspec.json.encode(part)).decode()
        for part in ({"alg": "HS256", "typ": "JWT", "kid": "k1"}, claims)
    )
    return f"{signed}.{base64url_encode(hmac.digest(public, signed.encode(), 'sha256')).decode()}"


@pytest.fixture
def store(sandbox) -> MemoryGrantStore:
    return MemoryGrantStore(grant_of(sandbox))


@pytest.fixture
def web_app(sandbox, connect, store) -> Callable:
    """Makes clients of the sandbox's web application, which share a store."""

    def make(**changed):
        about = sandbox.settings
        parts = {
            "client_id": about.web_app_client_id,
            "client_secret": about.web_app_client_secret,
            "store": store,
            "conn_id": "lp",
        }
        chosen = {name: changed.pop(name) for name in tuple(changed) if name in parts}
        return connect(credential=WebAppCredential(**{**parts, **chosen}), **changed)

    return make


def token_requests(sandbox) -> list:
    return [one for one in sandbox.requests if one.path.endswith("/token")]


def audit_requests(sandbox) -> list:
    return [one for one in sandbox.requests if one.path.endswith("/metadata/audit")]


def authorization(request) -> str:
    return request.header("authorization").removeprefix("Bearer ")


class TestUse:
    def test_a_fresh_grant_is_used_unparsed(self, sandbox, web_app, store, audit_request):
        assert web_app().call(audit_request, passed).status == 200
        assert authorization(audit_requests(sandbox)[0]) == hidden(store.grant.access_token)
        assert token_requests(sandbox) == []

    def test_a_grant_is_renewed_ahead_and_kept(self, sandbox, web_app, store, audit_request):
        store.grant = before = grant_of(sandbox, age=1600)
        web_app().call(audit_request, passed)
        (asked,) = token_requests(sandbox)
        assert parse_qs(asked.body.decode()) == {
            "grant_type": ["refresh_token"],
            "refresh_token": [hidden(before.refresh_token)],
            "client_id": [sandbox.settings.web_app_client_id],
            "client_secret": [hidden(sandbox.settings.web_app_client_secret)],
        }
        assert urlsplit(asked.url).query == "v=1.0"
        assert store.grant.refresh_token != before.refresh_token
        assert store.grant.expires_at == pytest.approx(time.time() + 1800, abs=20)
        assert (store.grant.authorized_by, store.grant.subject) == ("ada", "42")
        assert store.grant.renewal_begun_at == 0
        assert authorization(audit_requests(sandbox)[0]) == hidden(store.grant.access_token)

    def test_what_is_renewed_is_kept_before_it_is_used(self, sandbox, web_app, store, audit_request):
        store.grant = grant_of(sandbox, age=1600)
        kept_when_used: list[str] = []
        client = web_app()
        sign = type(client.credential).__call__

        class Watched(WebAppCredential):
            def __call__(self, request):
                signed = sign(self, request)
                kept_when_used.append(store.grant.access_token)
                assert signed.headers["Authorization"] == f"Bearer {store.grant.access_token}"
                return signed

        client.credential.__class__ = Watched
        client.call(audit_request, passed)
        assert kept_when_used

    def test_without_expires_in_thirty_minutes_are_assumed(self, sandbox, web_app, store, audit_request):
        sandbox.configure(token_expires_in=False)
        store.grant = grant_of(sandbox, age=1600)
        web_app().call(audit_request, passed)
        assert store.grant.expires_at - store.grant.refreshed_at == 1800

    @pytest.mark.parametrize(
        ("told", "lifetime"),
        [
            ("0", 1800),
            ("-5", 1800),
            ('""', 1800),
            ('"soon"', 1800),
            ("[]", 1800),
            ("1e400", 1800),
            ('"900"', 900),
        ],
    )
    def test_an_expires_in_that_cannot_be_counts_as_none(self, told, lifetime):
        body = f'{{"access_token":"a","refresh_token":"r","id_token":null,"expires_in":{told}}}'
        assert msgspec.json.decode(body, type=Tokens).lifetime == lifetime

    @pytest.mark.parametrize("fault", ["expire_tokens", "revoke_tokens"])
    def test_a_401_renews_once(self, sandbox, web_app, store, audit_request, fault):
        client = web_app()
        client.call(audit_request, passed)
        getattr(sandbox, fault)()
        assert client.call(audit_request, passed).status == 200
        assert [one.status for one in audit_requests(sandbox)] == [200, 401, 200]
        assert len(token_requests(sandbox)) == 1

    def test_a_401_after_anothers_renewal_takes_what_that_one_kept(
        self, sandbox, web_app, store, audit_request
    ):
        slow, quick = web_app(), web_app()
        slow.call(audit_request, passed)
        sandbox.expire_tokens()
        quick.call(audit_request, passed)
        assert slow.call(audit_request, passed).status == 200
        assert len(token_requests(sandbox)) == 1

    def test_sixteen_threads_of_as_many_clients_renew_once(self, sandbox, web_app, store, audit_request):
        store.grant = grant_of(sandbox, age=1600)
        together = threading.Barrier(16)
        clients = [web_app() for _ in range(16)]

        def ask(number: int) -> int:
            together.wait(timeout=30)
            return clients[number].call(audit_request, passed).status

        with ThreadPoolExecutor(16) as threads:
            assert set(threads.map(ask, range(16))) == {200}
        assert len(token_requests(sandbox)) == 1

    def test_sixteen_threads_with_a_real_lease_renew_once(self, sandbox, web_app, audit_request, tmp_path):
        cells = FileKeyValueStore(tmp_path)
        KeyValueGrantStore(cells, "grant", Lease(cells, "lease"), secret="s").save(
            grant_of(sandbox, age=1600)
        )
        together = threading.Barrier(16)

        def ask(_: int) -> int:
            store = KeyValueGrantStore(
                cells, "grant", Lease(cells, "lease", settle=1.0, lifetime=20.0, poll=0.05), secret="s"
            )
            client = web_app(store=store)
            together.wait(timeout=30)
            return client.call(audit_request, passed).status

        with ThreadPoolExecutor(16) as threads:
            assert set(threads.map(ask, range(16))) == {200}
        assert len(token_requests(sandbox)) == 1


class TestNoConsent:
    def test_none_yet(self, web_app, store, audit_request):
        store.grant = None
        with pytest.raises(AuthenticationError, match=f"No LivePerson user has consented.*{REMEDY}"):
            web_app().call(audit_request, passed)

    def test_revoked_at_liveperson(self, sandbox, web_app, store, audit_request, waits):
        sandbox.grants.revoke_all()
        client = web_app()
        with pytest.raises(AuthenticationError, match=REMEDY) as caught:
            client.call(audit_request, passed)
        assert "invalid_grant" in str(caught.value)
        assert store.grant.is_lost
        assert store.grant.access_token == ""
        assert "invalid_grant" in store.grant.last_error
        with pytest.raises(AuthenticationError, match=f"consent has ended.*{REMEDY}"):
            client.call(audit_request, passed)
        assert len(token_requests(sandbox)) == 1
        assert waits == []

    def test_revoked_here_while_another_process_still_has_the_token(self, web_app, store, audit_request):
        client = web_app()
        client.call(audit_request, passed)
        web_app().credential.revoke()
        assert store.grant is None
        with pytest.raises(AuthenticationError, match=REMEDY):
            client.call(audit_request, passed)

    def test_a_wrong_secret_is_named_and_costs_no_consent(self, sandbox, web_app, store, audit_request):
        store.grant = before = grant_of(sandbox, age=1900)
        with pytest.raises(AuthenticationError, match="client ID or the client secret is wrong") as caught:
            web_app(client_secret="wrong-and-hush").call(audit_request, passed)
        assert caught.value.field == "client_secret"
        assert "wrong-and-hush" not in str(caught.value)
        assert store.grant.refresh_token == before.refresh_token
        assert store.grant.renewal_begun_at == 0


class TestBrokenOff:
    """Nobody knows whether LivePerson took the refresh token."""

    @pytest.fixture
    def broken_off(self, sandbox, web_app, store, audit_request) -> Callable:
        """A renewal that LivePerson answered and of which nothing was kept; the access token lasts ``left`` seconds."""

        def make(left: float) -> Grant:
            store.grant = grant_of(sandbox, age=1800 - left)

            class Died(BaseException):
                pass

            client = web_app()
            save = store.save
            saved: list[Grant] = []

            def die(grant: Grant) -> None:
                saved.append(grant)
                if len(saved) > 1:
                    raise Died
                save(grant)

            store.save = die
            with pytest.raises(Died):
                client.call(audit_request, passed)
            store.save = save
            assert len(token_requests(sandbox)) == 1
            assert store.grant.renewal_begun_at
            return store.grant

        return make

    @EVERY_ROTATION
    def test_the_access_token_is_used_until_its_end(
        self, sandbox, web_app, broken_off, audit_request, rotation
    ):
        sandbox.configure(refresh_rotation=rotation)
        broken_off(100)
        client = web_app()
        for _ in range(3):
            assert client.call(audit_request, passed).status == 200
        assert len(token_requests(sandbox)) == 1

    def test_then_the_refresh_token_is_tried_once_more_and_works_where_it_stays_valid(
        self, sandbox, web_app, store, broken_off, audit_request
    ):
        sandbox.configure(refresh_rotation="keep")
        broken_off(0)
        assert web_app().call(audit_request, passed).status == 200
        assert len(token_requests(sandbox)) == 2
        assert store.grant.renewal_begun_at == 0
        assert store.grant.last_error == ""

    @pytest.mark.parametrize("rotation", ["rotate", "reuse_revokes"])
    def test_or_a_new_consent_is_asked_for(
        self, sandbox, web_app, store, broken_off, audit_request, rotation
    ):
        sandbox.configure(refresh_rotation=rotation)
        broken_off(0)
        for _ in range(2):
            with pytest.raises(AuthenticationError, match=REMEDY):
                web_app().call(audit_request, passed)
        assert len(token_requests(sandbox)) == 2
        assert store.grant.is_lost
        assert "used already" in store.grant.last_error

    def test_an_access_token_that_is_refused_is_not_waited_for(
        self, sandbox, web_app, broken_off, audit_request
    ):
        sandbox.configure(refresh_rotation="keep", refresh_ends_access_token=True)
        broken_off(100)
        assert web_app().call(audit_request, passed).status == 200
        assert len(token_requests(sandbox)) == 2

    @pytest.mark.parametrize(
        "fault",
        [{"kind": "drop"}, {"kind": "status", "status": 503}, {"kind": "cut"}, {"kind": "not_json"}],
        ids=lambda it: str(it.get("status", it["kind"])),
    )
    def test_a_lost_answer_counts_as_one_and_is_not_asked_for_again(
        self, sandbox, web_app, store, audit_request, waits, fault
    ):
        store.grant = grant_of(sandbox, age=1700)
        sandbox.faults.add(match="/token", times=1000, **fault)
        client = web_app()
        for _ in range(2):
            assert client.call(audit_request, passed).status == 200
        assert len(token_requests(sandbox)) == 1
        assert store.grant.renewal_begun_at
        assert store.grant.last_error
        assert waits == []

    def test_a_lost_answer_without_a_good_access_token_is_an_error_and_can_be_repeated(
        self, sandbox, web_app, store, audit_request
    ):
        store.grant = grant_of(sandbox, age=1900)
        sandbox.faults.add(match="/token", kind="status", status=503)
        client = web_app()
        with pytest.raises(ServiceUnavailableError):
            client.call(audit_request, passed)
        assert client.call(audit_request, passed).status == 200

    def test_a_429_leaves_the_refresh_token_as_good_as_it_was(self, sandbox, web_app, store, audit_request):
        store.grant = grant_of(sandbox, age=1900)
        sandbox.faults.add(match="/token", kind="status", status=429)
        with pytest.raises(RateLimitedError):
            web_app().call(audit_request, passed)
        assert store.grant.renewal_begun_at == 0

    def test_a_new_consent_in_between_counts(self, sandbox, web_app, store, audit_request):
        store.grant = grant_of(sandbox, age=1900)
        newer = grant_of(sandbox)
        save = store.save

        def save_and_consent(grant: Grant) -> None:
            save(grant)
            store.save = save
            store.grant = newer

        store.save = save_and_consent
        assert web_app().call(audit_request, passed).status == 200
        assert store.grant == newer


class TestKeepAlive:
    def test_renews_a_grant_that_is_still_fresh(self, sandbox, web_app, store):
        before = store.grant
        assert web_app().credential.keep_alive() == store.grant
        assert store.grant.refresh_token != before.refresh_token
        assert len(token_requests(sandbox)) == 1

    def test_fails_if_liveperson_cannot_be_asked(self, sandbox, web_app, store):
        sandbox.faults.add(match="/token", kind="status", status=503)
        with pytest.raises(ServiceUnavailableError):
            web_app().credential.keep_alive()
        assert store.grant.last_error

    def test_leaves_a_broken_off_renewal_alone(self, sandbox, web_app, store):
        store.grant = grant_of(sandbox, renewal_begun_at=1.0)
        assert web_app().credential.keep_alive() == store.grant
        assert token_requests(sandbox) == []


class TestAuthorize:
    REDIRECT = "http://127.0.0.1:8080/liveperson/callback"

    def code(self, sandbox, **changed) -> str:
        session = sandbox._state.sessions.open(sandbox.people()["user"])
        return sandbox.grants.issue_code(
            session, redirect_uri=self.REDIRECT, must_name_uri=True, challenge=changed.get("challenge")
        )

    def authorize(self, web_app, sandbox, **changed) -> Grant:
        code = changed.pop("code", None) or self.code(sandbox)
        return web_app().credential.authorize(
            code=code, redirect_uri=self.REDIRECT, authorized_by="ada", **changed
        )

    def test_a_code_becomes_a_grant(self, sandbox, web_app, store, audit_request):
        store.grant = None
        grant = self.authorize(web_app, sandbox)
        assert store.grant == grant
        assert grant.authorized_by == "ada"
        assert grant.subject == sandbox.people()["user"].id
        assert web_app().call(audit_request, passed).status == 200

    def test_pkce(self, sandbox, web_app, store):
        verifier = "v" * 64
        self.authorize(
            web_app,
            sandbox,
            code=self.code(sandbox, challenge=challenge_of(verifier)),
            code_verifier=verifier,
        )
        with pytest.raises(AuthenticationError):
            self.authorize(web_app, sandbox, code=self.code(sandbox, challenge=challenge_of("w" * 64)))

    def test_a_code_works_once_and_is_not_told(self, sandbox, web_app, store):
        store.grant = None
        code = self.code(sandbox)
        self.authorize(web_app, sandbox, code=code)
        kept = store.grant
        with pytest.raises(AuthenticationError) as caught:
            self.authorize(web_app, sandbox, code=code)
        assert code not in str(caught.value)
        assert store.grant == kept

    def test_without_an_id_token_the_subject_is_unknown(self, sandbox, web_app, store):
        sandbox.configure(id_token_present=False)
        assert self.authorize(web_app, sandbox).subject == ""

    def test_an_id_token_whose_key_is_not_sentinels_gives_no_consent(self, sandbox, web_app, store):
        store.grant = None
        sandbox.configure(id_token_keys_published=False)
        with pytest.raises(AuthenticationError, match="id_token"):
            self.authorize(web_app, sandbox)
        assert store.grant is None

    def test_the_url_holds_what_liveperson_documents_and_nothing_secret(self, sandbox):
        url = authorize_url(sandbox.url, account_id="7", client_id="c", redirect_uri=self.REDIRECT, state="s")
        parts = urlsplit(url)
        assert parts.path == "/sentinel/api/account/7/authorize"
        assert parse_qs(parts.query) == {
            "v": ["1.0"],
            "response_type": ["code"],
            "client_id": ["c"],
            "redirect_uri": [self.REDIRECT],
            "state": ["s"],
        }
        pkce = authorize_url(
            "https://x", account_id="7", client_id="c", redirect_uri="r", state="s", code_challenge="k"
        )
        assert "code_challenge=k&code_challenge_method=S256" in pkce

    def test_the_challenge_of_rfc_7636(self):
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class TestRevoke:
    def test_ends_it_at_both_ends(self, sandbox, web_app, store):
        grant = store.grant
        web_app().credential.revoke()
        assert store.grant is None
        (asked,) = [one for one in sandbox.requests if one.path.endswith("/token/revoke")]
        assert parse_qs(asked.body.decode())["token"] == [hidden(grant.refresh_token)]
        assert grant.refresh_token not in asked.url

    def test_what_liveperson_does_not_know_any_more_is_forgotten(self, sandbox, web_app, store):
        sandbox.faults.add(
            match="/token/revoke", kind="status", status=400, body={"error": "invalid_request"}
        )
        web_app().credential.revoke()
        assert store.grant is None

    def test_is_kept_if_liveperson_cannot_be_asked(self, sandbox, web_app, store):
        sandbox.faults.add(match="/token/revoke", kind="status", status=503, times=10)
        with pytest.raises(ServiceUnavailableError):
            web_app().credential.revoke()
        assert store.grant is not None

    def test_nothing_to_revoke(self, sandbox, web_app, store):
        store.grant = None
        web_app().credential.revoke()
        assert sandbox.requests == []


class TestIdToken:
    APP = WebApp(client_id="app", client_secret="hush")

    def subject(self, key, token: str) -> str:
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k1"}
        answer = Answer(status=200, headers={}, body=msgspec.json.encode({"keys": [{"kty": "EC"}, jwk]}))
        return subject_of(lambda request: answer, self.APP, token)

    def claims(self, **changed):
        now = int(time.time())
        claims = {"sub": "42", "aud": "app", "iss": "sentinel", "iat": now, "exp": now + 600, **changed}
        return {name: value for name, value in claims.items() if value is not None}

    @pytest.mark.parametrize("issuer", ["sentinel", "Sentinel", "SENTINEL"])
    def test_holds(self, key, issuer):
        token = jwt.encode(self.claims(iss=issuer), key, "RS256", {"kid": "k1"})
        assert self.subject(key, token) == "42"

    @pytest.mark.parametrize(
        "changed",
        [
            {"aud": "another"},
            {"aud": None},
            {"iss": "https://sentinel.example"},
            {"iss": None},
            {"exp": 1_700_000_000},
            {"exp": None},
            {"sub": None},
        ],
        ids=str,
    )
    def test_does_not_hold(self, key, changed):
        token = jwt.encode(self.claims(**changed), key, "RS256", {"kid": "k1"})
        with pytest.raises(AuthenticationError, match="id_token") as caught:
            self.subject(key, token)
        assert token not in str(caught.value)

    def test_foreign_key(self, key, foreign):
        with pytest.raises(AuthenticationError):
            self.subject(key, jwt.encode(self.claims(), foreign, "RS256", {"kid": "k1"}))

    @pytest.mark.parametrize("kid", [None, "k2", ""])
    def test_unknown_key(self, key, kid):
        with pytest.raises(AuthenticationError):
            self.subject(
                key, jwt.encode(self.claims(), key, "RS256", {"kid": kid} if kid is not None else {})
            )

    def test_another_algorithm(self, key):
        tokens = [
            jwt.encode(self.claims(), None, "none", {"kid": "k1"}),
            signed_with_the_public_key(self.claims(), key),
            jwt.encode(self.claims(), key, "RS512", {"kid": "k1"}),
            jwt.encode(self.claims(), key, "PS256", {"kid": "k1"}),
            "no.token.at-all",
            "",
        ]
        for token in tokens:
            with pytest.raises(AuthenticationError):
                self.subject(key, token)


class TestKept:
    def test_sealed_with_the_client_secret(self, sandbox, tmp_path):
        cells = FileKeyValueStore(tmp_path)
        grant = grant_of(sandbox)

        def store(secret: str) -> KeyValueGrantStore:
            return KeyValueGrantStore(cells, "grant", Lease(cells, "lease"), secret=secret)

        store("right").save(grant)
        assert store("right").load() == grant
        for what in (grant.access_token, grant.refresh_token, grant.authorized_by):
            assert what not in cells.get("grant")
        with pytest.raises(AuthenticationError, match="press Authorize"):
            store("changed").load()
        for broken in ("x", "{}", cells.get("grant")[:-9] + "AAAAAAAAA"):
            cells.put("grant", broken)
            with pytest.raises(AuthenticationError, match="press Authorize") as caught:
                store("right").load()
            assert broken not in str(caught.value)


class TestSecrecy:
    def test_reprs_and_copies_tell_nothing(self, sandbox, web_app, store, audit_request):
        client = web_app()
        client.call(audit_request, passed)
        credential = client.credential
        shown = repr(credential) + repr(store.grant) + repr(list(map(str, [store.grant])))
        for secret in (
            store.grant.access_token,
            store.grant.refresh_token,
            sandbox.settings.web_app_client_secret,
        ):
            assert secret not in shown
        for clone in (copy.deepcopy(credential), pickle.loads(pickle.dumps(credential))):
            assert clone._seen_secrets == set()
            assert web_app(store=clone._store).call(audit_request, passed).status == 200

    def test_an_answer_that_echoes_is_scrubbed(self, sandbox, web_app, store, audit_request):
        store.grant = grant = grant_of(sandbox, age=1900)
        sandbox.faults.add(
            match="/token",
            kind="status",
            status=400,
            body={"error": "invalid_grant", "error_description": f"no {grant.refresh_token} here"},
        )
        with pytest.raises(LivePersonError) as caught:
            web_app().call(audit_request, passed)
        assert grant.refresh_token not in str(caught.value) + store.grant.last_error
        assert "no *** here" in store.grant.last_error

    @pytest.mark.parametrize("token", ["", "two words", "a\nb", "caf\u00e9"])
    @pytest.mark.parametrize("which", ["access_token", "refresh_token"])
    def test_a_token_that_no_header_can_hold_is_not_shown(self, token, which):
        body = {
            "access_token": "fine",
            "refresh_token": "fine",
            which: f"{token}hush{token}" if token else "",
        }
        store = MemoryGrantStore(
            Grant(access_token="a", refresh_token="r", expires_at=1.0, refreshed_at=0.0, authorized_at=0.0)
        )
        credential = WebAppCredential(client_id="i", client_secret="s", store=store)
        answer = Answer(status=200, headers={}, body=msgspec.json.encode(body))
        credential.bind(lambda request: answer)
        with pytest.raises(InvalidResponseError) as caught:
            credential._current()
        assert "hush" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_closing_ends_the_wait_for_another_who_renews(sandbox, web_app, audit_request):
    waiting, closed = threading.Event(), threading.Event()

    class Taken(MemoryGrantStore):
        @contextmanager
        def renewing(self, unless: Callable[[], bool] = lambda: False) -> Iterator[bool]:
            waiting.set()
            assert closed.wait(30)
            assert unless()
            yield False

    client = web_app(store=Taken(grant_of(sandbox, age=1790)))
    ended: list[object] = []

    def ask() -> None:
        try:
            ended.append(client.call(audit_request, passed))
        except LivePersonError as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert waiting.wait(30)
    client.close()
    closed.set()
    thread.join(30)
    assert isinstance(ended[0], LivePersonError)
    assert audit_requests(sandbox) == token_requests(sandbox) == []

"""The LivePerson page in a real API server: what it does for whom, and everything that is tried against it."""

from __future__ import annotations

import contextlib
import functools
import html
import itertools
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests
import time_machine
from airflow import __version__ as airflow_version
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics.progress import Progress
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from airflow_provider_liveperson.sandbox.switches import EVERY_CREDENTIAL
from tests.integration.api_server import SITE, api_server, client

AIRFLOW = tuple(int(part) for part in airflow_version.split(".")[:2])
WEB_APP = "lp_web_app"
OTHER = "lp_other"
API_KEY = "lp_api_key"
# A check of some of the datasets is as good here; tests/ui and those of the command check them all.
CHECKED = (
    "messaging_interactions",
    "agent_status_changes",
    "users",
    "skills",
    "audit_trail",
    "audit_trail_export",
)
USERS = {"ada": "admin", "oscar": "op", "una": "user", "vic": "viewer"}


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    """Airflow's own application, with its database and users of every role."""
    with api_server(USERS) as app:
        yield app


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    uris = frozenset({f"{SITE}/liveperson/callback"})
    with SandboxServer(SandboxSettings(seed=3, audit_rows=20, days=2, web_app_redirect_uris=uris)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxServer) -> SandboxServer:
    running.reset()
    return running


@pytest.fixture(autouse=True)
def _masked_in_one_test() -> Iterator[None]:
    """Airflow makes one pattern of all that it has ever masked; what one test had to hide is none of the next."""
    yield
    for name, module in list(sys.modules.items()):
        if name.endswith(".secrets_masker") and hasattr(module, "_secrets_masker"):
            masker = module._secrets_masker()
            masker.patterns, masker.replacer = set(), None


@pytest.fixture(autouse=True)
def _some_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_liveperson.diagnostics import checks

    monkeypatch.setattr(checks, "DATASETS", {name: DATASETS[name] for name in CHECKED})


@pytest.fixture(autouse=True)
def _settled_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_liveperson.client.credentials.lease import Lease
    from airflow_provider_liveperson.hooks import consents

    monkeypatch.setattr(consents, "Lease", functools.partial(Lease, settle=0.2, lifetime=5.0))


@pytest.fixture(autouse=True)
def _connections(app: Any, sandbox: SandboxServer) -> Iterator[None]:
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session

    def clear() -> None:
        with create_session() as session:
            session.query(Connection).delete()
            session.query(Variable).delete()

    clear()
    made = sandbox.connections()
    with create_session() as session:
        for conn_id, kind in (
            (WEB_APP, "liveperson_web_app"),
            (OTHER, "liveperson_web_app"),
            (API_KEY, "liveperson_api_key"),
        ):
            conn = made[kind]
            session.add(
                Connection(
                    conn_id=conn_id,
                    conn_type=kind,
                    host=conn.host,
                    login=conn.login,
                    password=conn.password,
                    extra=json.dumps(conn.extra),
                )
            )
        session.add(Connection(conn_id="aws", conn_type="aws"))
    yield
    clear()


def check_runs() -> Any:
    """The checks in the background; imported late, as it needs Airflow's database."""
    from airflow_provider_liveperson.plugins import check_runs

    return check_runs


@dataclass
class Browser:
    """Somebody at the page, with a browser that was never here before."""

    app: Any
    user: str | None
    teams: list[str] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        role = USERS[self.user] if self.user else ""
        self.http = client(self.app, self.user, role, self.teams)

    def get(self, path: str, **how: Any) -> Any:
        self.seen.append(self.http.get(path, **how))
        return self.seen[-1]

    def page(self) -> Any:
        return self.get("/liveperson/")

    def csrf(self) -> str:
        return re.search(r'name="csrf" value="([^"]+)"', self.page().text)[1]

    def post(
        self,
        what: str,
        conn_id: str = WEB_APP,
        *,
        csrf: str | None = None,
        against: str | None = None,
        wait: bool = True,
        **headers: str,
    ) -> Any:
        form = {"csrf": self.csrf() if csrf is None else csrf, "connection": conn_id}
        form |= {} if against is None else {"against": against}
        about = {"Origin": SITE, **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.seen.append(self.http.post(f"/liveperson/{what}", data=form, headers=about))
        if what == "check" and wait:
            check_runs().join(120)
        return self.seen[-1]

    def shown(self, answer: Any) -> Any:
        """What the browser shows after a post: where it is sent to."""
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def begin(self, conn_id: str = WEB_APP) -> str:
        """Press Authorize: gives LivePerson's URL."""
        answer = self.post("authorize", conn_id)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def come_back(self, url: str) -> Any:
        """Follow LivePerson's redirect."""
        parts = urlsplit(url)
        return self.get(f"{parts.path}?{parts.query}")

    def told(self) -> str:
        """The message on the page."""
        found = re.search(r'<p class="message[^>]*>(.*?)</p>', self.page().text, re.DOTALL)
        return html.unescape(found[1]) if found else ""


@pytest.fixture
def browser(app: Any) -> Callable[[str | None], Browser]:
    return lambda user="ada": Browser(app, user)


def consent(sandbox: SandboxServer, url: str, decision: str = "approve") -> str:
    """Log in at LivePerson and decide: gives where the browser is sent back to."""
    with requests.Session() as person:
        person.trust_env = False
        answer = person.get(url)
        for fields in (
            {"username": sandbox.settings.user_name, "password": sandbox.settings.user_password},
            {"decision": decision},
        ):
            if answer.headers.get("location", "").startswith(SITE):
                break  # consented before
            action = html.unescape(re.search(r'action="([^"]+)"', answer.text)[1])
            token = re.search(r'name="form_token" value="([^"]+)"', answer.text)[1]
            answer = person.post(
                sandbox.url + action,
                data={**fields, "form_token": token},
                headers={"Origin": sandbox.url},
                allow_redirects=False,
            )
            while "location" in answer.headers and not answer.headers["location"].startswith(SITE):
                answer = person.get(
                    requests.compat.urljoin(sandbox.url, answer.headers["location"]), allow_redirects=False
                )
        return answer.headers["location"]


def grant(conn_id: str = WEB_APP) -> Any:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    from airflow_provider_liveperson.hooks.consents import store_for

    with create_session() as session:
        found = session.query(Connection).filter_by(conn_id=conn_id).one_or_none()
        return store_for(conn_id, found.password).load() if found else None


def changed(url: str, **parameters: str | None) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **parameters}
    return parts._replace(query=urlencode({n: v for n, v in query.items() if v is not None})).geturl()


def authorized(browser: Browser, sandbox: SandboxServer, conn_id: str = WEB_APP) -> Any:
    return browser.come_back(consent(sandbox, browser.begin(conn_id)))


class TestTheFlow:
    def test_authorize_refresh_revoke(self, browser, sandbox):
        ada = browser("ada")
        url = ada.begin()
        query = parse_qs(urlsplit(url).query)
        assert url.startswith(f"{sandbox.url}/sentinel/api/account/{sandbox.settings.account_id}/authorize?")
        assert query["redirect_uri"] == [f"{SITE}/liveperson/callback"]
        assert "code_challenge" not in query
        answer = ada.come_back(consent(sandbox, url))
        assert (answer.status_code, answer.headers["location"]) == (303, "/plugin/liveperson")
        assert f"{WEB_APP} is authorized" in ada.told()
        assert ada.told() == ""
        page = ada.page().text
        assert sandbox.people()["user"].id in page
        first = grant()
        assert first.authorized_by == "ada"

        answer = ada.post("refresh")
        assert (answer.status_code, answer.headers["location"]) == (303, "/liveperson/")
        assert "is refreshed" in ada.told()
        assert grant().refresh_token != first.refresh_token

        ada.post("revoke")
        assert "revoked" in ada.told()
        assert grant() is None
        assert "Not authorized" in ada.page().text

    def test_what_is_listed(self, browser):
        page = browser("oscar").page().text
        for conn_id in (WEB_APP, OTHER, API_KEY):
            assert f">{conn_id}</h2>" in page
        assert ">aws<" not in page
        assert f'aria-label="Authorize {WEB_APP}"' in page
        assert f'aria-label="Authorize {API_KEY}"' not in page
        assert page.count("Not checked") == 1  # the API key; the others have not even been authorized
        assert "Ready" not in page

    def test_pkce_if_the_connection_requires_it(self, browser, sandbox):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            conn = session.query(Connection).filter_by(conn_id=WEB_APP).one()
            conn.extra = json.dumps({**conn.extra_dejson, "pkce": True})
        ada = browser("ada")
        url = ada.begin()
        query = parse_qs(urlsplit(url).query)
        assert query["code_challenge_method"] == ["S256"]
        ada.come_back(consent(sandbox, url))
        assert "is authorized" in ada.told()
        (exchange,) = [one for one in sandbox.requests if one.path.endswith("/token")]
        assert b"code_verifier=" in exchange.body

    def test_a_refusal_by_the_user_is_shown(self, browser, sandbox):
        ada = browser("ada")
        answer = ada.come_back(consent(sandbox, ada.begin(), "deny"))
        assert answer.status_code == 303
        assert "access_denied" in ada.told()
        assert grant() is None

    def test_an_error_at_liveperson_is_shown(self, browser, sandbox):
        ada = browser("ada")
        authorized(ada, sandbox)
        sandbox.grants.revoke_all()
        ada.post("refresh")
        assert "press Authorize" in ada.told()
        page = ada.page().text
        assert "Consent ended" in page
        assert "Last error:" in page
        assert "Refresh now" not in page

    def test_the_page_is_in_airflows_menu(self, app, browser):
        plugins = browser("ada").get("/api/v2/plugins").json()["plugins"]
        (ours,) = [one for one in plugins if one["name"] == "liveperson"]
        places = {
            view["url_route"]: (view["destination"], view.get("category")) for view in ours["external_views"]
        }
        assert places == {
            "liveperson": ("nav", "admin"),
            "liveperson-coverage": ("nav", "browse"),
            "liveperson-data": ("dag", None),
        }


def table_rows(answer: Any) -> dict[str, tuple[str, str]]:
    """Of a page's first table: dataset to state and last cell."""
    table = re.search(r"<tbody>(.*?)</tbody>", answer.text, re.DOTALL)[1]
    rows = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        first, state, *_, last = (html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells)
        rows[first] = (state, last)
    return rows


class TestCheck:
    def test_what_a_connection_can_reach(self, browser, sandbox):
        sandbox.configure(missing_permission=frozenset({"oauth1"}), config_auth=frozenset({"app_jwt_v2"}))
        ada = browser("ada")
        assert f'aria-label="Check {API_KEY}"' in ada.page().text
        answer = ada.shown(ada.post("check", API_KEY))
        assert answer.status_code == 200
        rows = table_rows(answer)
        assert set(rows) == set(CHECKED)
        assert rows["users"][0] == "refused"
        assert "Administration" in rows["users"][1]
        assert sandbox.settings.account_id in answer.text

    def test_a_wrong_secret_is_shown_once_above_the_table(self, browser):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            session.query(Connection).filter_by(conn_id=API_KEY).one().password = "hush" * 8
        ada = browser("ada")
        answer = ada.shown(ada.post("check", API_KEY))
        above, _, table = answer.text.partition("<table>")
        assert "check the app secret" in above
        assert answer.text.count("app secret") == 1
        assert "signature" not in table
        assert {row[1] for row in table_rows(answer).values()} == {"Rejected; see above."}
        assert "tick" not in answer.text

    def test_one_against_another(self, browser, sandbox):
        ada = browser("ada")
        authorized(ada, sandbox)
        answer = ada.shown(ada.post("check", API_KEY, against=WEB_APP))
        rows = table_rows(answer)
        assert rows["users"][0] == "agree"
        assert "Both returned the same" in rows["users"][1]
        assert f"{API_KEY} against {WEB_APP}" in answer.text

    def test_one_that_is_not_authorized_says_what_to_do(self, browser):
        ada = browser("ada")
        answer = ada.shown(ada.post("check", WEB_APP))
        assert "press Authorize" in html.unescape(answer.text)
        assert {state for state, _ in table_rows(answer).values()} == {"refused"}

    @pytest.mark.parametrize(
        ("conn_id", "against"), [("aws", ""), ("nothing", ""), (API_KEY, "aws"), (API_KEY, "nothing")]
    )
    def test_only_liveperson_connections(self, browser, sandbox, conn_id, against):
        assert browser("ada").post("check", conn_id, against=against).status_code == 404
        assert sandbox.requests == []

    def test_both_must_be_the_users_to_edit(self, browser, sandbox, monkeypatch):
        from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

        monkeypatch.setattr(
            SimpleAuthManager,
            "is_authorized_connection",
            lambda self, *, method, user, details=None: bool(details and details.conn_id == API_KEY),
        )
        ada = browser("ada")
        assert ada.shown(ada.post("check", API_KEY)).status_code == 200
        assert ada.get(f"/liveperson/check?connection={API_KEY}&against={OTHER}").status_code == 403
        assert ada.get(f"/liveperson/check?connection={OTHER}").status_code == 403
        sent = len(sandbox.requests)
        assert ada.post("check", API_KEY, against=OTHER).status_code == 403
        assert ada.post("check", OTHER).status_code == 403
        assert len(sandbox.requests) == sent

    def test_what_cannot_be_checked_is_shown_on_the_page(self, browser):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            session.query(Connection).filter_by(conn_id=API_KEY).one().host = "https://evil.example"
        ada = browser("ada")
        assert "evil.example" in ada.shown(ada.post("check", API_KEY)).text


class Held:
    """Checks that wait in the middle."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from airflow_provider_liveperson.plugins import check_results

        self.started = 0
        self._listeners: list[Any] = []
        self._begun = threading.Semaphore(0)
        self._go_on = threading.Event()
        self._saved = threading.Event()
        run, keep = check_runs().run_checks, check_results.keep

        def run_checks(*hooks: Any, on_progress: Any, **how: Any) -> Any:
            self.started += 1
            self._listeners.append(on_progress)
            self._begun.release()
            assert self._go_on.wait(120)
            return run(*hooks, on_progress=on_progress, **how)

        def keep_and_say_so(run: Any, *about: Any) -> None:
            keep(run, *about)
            if run.progress is not None:
                self._saved.set()

        monkeypatch.setattr(check_runs(), "run_checks", run_checks)
        monkeypatch.setattr(check_runs(), "SAVE_EVERY", 0.01)
        monkeypatch.setattr(check_results, "keep", keep_and_say_so)

    def report(self, progress: Progress) -> None:
        """Have a check report its progress, and wait until that is saved."""
        assert self._begun.acquire(timeout=120)
        self._saved.clear()
        self._listeners[-1](progress)
        assert self._saved.wait(120)

    def finish(self) -> None:
        """Let all go on to their end."""
        self._go_on.set()
        check_runs().join(120)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, app: Any) -> Iterator[Held]:
    held = Held(monkeypatch)
    yield held
    held.finish()


class TestAfterACheck:
    def test_it_can_be_reloaded(self, browser, sandbox):
        ada = browser("ada")
        answer = ada.post("check", API_KEY)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/liveperson/check?connection={API_KEY}",
        )
        shown, sent = ada.shown(answer), len(sandbox.requests)
        for _ in range(3):
            again = ada.shown(answer)
            assert (again.status_code, table_rows(again)) == (200, table_rows(shown))
            assert "Checked at 20" in again.text
            assert "Check again" in again.text
        assert len(sandbox.requests) == sent

    def test_each_pair_has_its_own_result(self, browser, sandbox):
        ada = browser("ada")
        authorized(ada, sandbox)
        alone, both = ada.post("check", API_KEY), ada.post("check", API_KEY, against=WEB_APP)
        assert " against " in ada.shown(both).text
        assert " against " not in ada.shown(alone).text

    def nothing(self, answer: Any) -> None:
        assert answer.status_code == 200
        assert "This browser has no result of a check" in answer.text
        assert "<table>" not in answer.text
        assert ">Check</button>" in answer.text

    def test_it_is_offered_where_there_is_none(self, browser):
        self.nothing(browser("ada").get(f"/liveperson/check?connection={API_KEY}"))

    def test_a_result_is_shown_to_nobody_else(self, browser):
        ada, oscar, elsewhere = browser("ada"), browser("oscar"), browser("ada")
        answer = ada.post("check", API_KEY)
        elsewhere.page()
        self.nothing(elsewhere.shown(answer))
        oscar.http.cookies.set("liveperson_browser", ada.http.cookies["liveperson_browser"])
        self.nothing(oscar.shown(answer))

    def test_a_result_expires_and_is_removed(self, browser):
        ada = browser("ada")
        answer = ada.post("check", API_KEY)
        (name,) = [key for key in variables() if key.startswith("liveperson_result.")]
        with time_machine.travel(_later(901), tick=True):
            self.nothing(ada.shown(answer))
            ada.page()
        assert name not in variables()

    @pytest.mark.parametrize("value", ["", "x", "9999999999:x", "{}", "\u0663:x", "1" * 5000, ":"])
    def test_an_invalid_result_counts_as_none(self, browser, value):
        ada = browser("ada")
        answer = ada.post("check", API_KEY)
        (name,) = [key for key in variables() if key.startswith("liveperson_result.")]
        set_variable(name, value)
        self.nothing(ada.shown(answer))
        assert ada.page().status_code == 200

    def test_a_result_can_be_read_by_its_browser_only(self, browser):
        browser("ada").post("check", API_KEY)
        (kept,) = [one for key, one in variables().items() if key.startswith("liveperson_result.")]
        assert "audit_trail" not in kept.get_val()

    def test_airflow_does_not_keep_what_changes_with_every_check_among_its_secrets(self, browser):
        before = set(variables())
        browser("ada").post("check", API_KEY)
        left = set(variables()) - before
        assert left
        assert [key for key in left if re.search("token|secret|passw|proxy|authorization", key)] == []

    @pytest.mark.parametrize(
        ("query", "status"),
        [("", 303), ("?connection=", 303), ("?connection=aws", 404), ("?connection=nothing", 404)],
    )
    def test_addresses_without_a_connection(self, browser, query, status):
        assert browser("ada").get(f"/liveperson/check{query}").status_code == status

    def test_the_page_says_what_the_last_check_of_anybody_found(self, browser, sandbox):
        sandbox.configure(**{f"{api.prefix}_auth": EVERY_CREDENTIAL for api in sandbox.apis().values()})
        ada, oscar = browser("ada"), browser("oscar")
        assert "Not checked" in ada.page().text
        ada.post("check", API_KEY)
        page = oscar.page().text
        assert ">Works</span>" in page
        assert "Not checked" not in page
        assert re.search(r"<dt>Last checked</dt><dd>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ</dd>", page)
        assert f"{len(CHECKED)} of {len(CHECKED)} datasets can be read" in page
        sandbox.configure(oauth1_refuse_all=True)
        oscar.post("check", API_KEY)
        assert ">Check failed</span>" in ada.page().text

    def test_of_a_web_application_too(self, browser, sandbox):
        ada = browser("ada")
        authorized(ada, sandbox)
        assert "<dt>Last check</dt><dd>Not checked</dd>" in ada.page().text
        ada.post("check", API_KEY, against=WEB_APP)
        page = ada.page().text
        assert page.count("<dt>Last checked</dt>") == 2
        assert "Authorized</span>" in page

    def test_a_check_that_could_not_begin_counts_as_failed(self, browser):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            session.query(Connection).filter_by(conn_id=API_KEY).one().host = "https://evil.example"
        ada = browser("ada")
        ada.post("check", API_KEY)
        page = ada.page().text
        assert ">Check failed</span>" in page
        assert "evil.example" in page

    @pytest.mark.parametrize(
        ("column", "value"), [("password", "another"), ("login", "x"), ("host", "x"), ("extra", '{"a": "b"}')]
    )
    def test_a_changed_connection_has_not_been_checked(self, browser, column, value):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        ada = browser("ada")
        ada.post("check", API_KEY)
        with create_session() as session:
            setattr(session.query(Connection).filter_by(conn_id=API_KEY).one(), column, value)
        page = ada.page().text
        assert ">Not checked</span>" in page
        assert "changed after its last check at 20" in page

    def test_what_is_kept_of_a_check_holds_no_secret(self, browser, sandbox):
        browser("ada").post("check", API_KEY)
        told = variables()[f"liveperson_check.{API_KEY}"].get_val()
        assert [it for it in sandbox.secrets() - {sandbox.settings.account_id} if it in told] == []

    def test_it_goes_with_the_connection(self, browser):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        ada = browser("ada")
        ada.post("check", API_KEY)
        ada.begin(OTHER)
        assert {f"liveperson_check.{API_KEY}", f"liveperson_pending_token.{OTHER}"} <= variables().keys()
        with create_session() as session:
            session.query(Connection).filter(Connection.conn_id.in_([API_KEY, OTHER])).delete()
        set_variable("liveperson_checkXmine", "not ours")
        ada.page()
        assert {key for key in variables() if "check" in key or "pending" in key} == {"liveperson_checkXmine"}

    @pytest.mark.parametrize("value", ["", "{", "null", '{"checked_at": 1e999}', "[" * 100_000])
    def test_the_page_works_whatever_its_variable_holds(self, browser, value):
        set_variable(f"liveperson_check.{API_KEY}", value)
        page = browser("ada").page()
        assert page.status_code == 200
        assert ">Not checked</span>" in page.text

    def test_while_it_runs_the_page_shows_how_far_it_is(self, browser, held):
        ada = browser("ada")
        answer = ada.post("check", API_KEY, wait=False)
        held.report(Progress(step="check", done=3, total=7, current=["users", "skills"]))
        running = ada.shown(answer).text
        assert 'http-equiv="refresh"' in running
        assert "Checked 3 of 7" in running
        assert '<progress aria-label="Progress" max="7" value="3">' in running
        assert "In progress: users, skills" in running
        assert "<form" not in running
        held.finish()
        done = ada.shown(answer)
        assert 'http-equiv="refresh"' not in done.text
        assert set(table_rows(done)) == set(CHECKED)

    def test_a_running_check_is_shown_to_nobody_else(self, browser, held):
        ada, oscar = browser("ada"), browser("oscar")
        answer = ada.post("check", API_KEY, wait=False)
        self.nothing(oscar.shown(answer))
        held.finish()

    def test_it_is_not_started_twice(self, browser, held):
        ada = browser("ada")
        first, second = (ada.post("check", API_KEY, wait=False) for _ in range(2))
        assert first.headers["location"] == second.headers["location"]
        assert held.started == 1
        held.finish()

    def test_two_clicks_at_once_start_one(self, browser, held, monkeypatch):
        from airflow_provider_liveperson.plugins import check_results

        kept, both_have_looked = check_results.kept, threading.Barrier(2, timeout=2)

        def kept_by_both(*about):
            found = kept(*about)
            with contextlib.suppress(
                threading.BrokenBarrierError
            ):  # the other one has to wait until this has started
                both_have_looked.wait()
            return found

        ada = browser("ada")
        csrf = ada.csrf()
        monkeypatch.setattr(check_results, "kept", kept_by_both)
        with ThreadPoolExecutor(2) as pool:
            clicks = [pool.submit(ada.post, "check", API_KEY, csrf=csrf, wait=False) for _ in range(2)]
        first, second = (click.result() for click in clicks)
        assert first.headers["location"] == second.headers["location"]
        held.finish()
        assert held.started == 1

    def test_only_so_many_run_at_once(self, browser, held):
        everybody = [browser("ada") for _ in range(check_runs().MAX_RUNS)]
        for one in everybody:
            assert "check?" in one.post("check", API_KEY, wait=False).headers["location"]
        late = browser("ada")
        assert "check?" not in late.post("check", API_KEY, wait=False).headers["location"]
        assert "checks are running already" in late.told()
        held.finish()
        assert "check?" in late.post("check", API_KEY).headers["location"]

    def test_one_that_ended_with_its_server_is_said_to_be_interrupted(self, browser, held, monkeypatch):
        from airflow_provider_liveperson.plugins import check_results

        ada = browser("ada")
        answer = ada.post("check", API_KEY, wait=False)
        monkeypatch.setattr(check_results, "keep", lambda *_: None)  # it gives no further sign of life
        with time_machine.travel(_later(61), tick=True):
            page = ada.shown(answer).text
        assert "The check was interrupted" in page
        assert ">Check again</button>" in page
        held.finish()

    def test_one_that_fails_by_a_mistake_of_ours_ends_too(self, browser, monkeypatch):
        monkeypatch.setattr(check_runs(), "run_checks", lambda *_, **__: 1 / 0)
        ada = browser("ada")
        page = ada.shown(ada.post("check", API_KEY)).text
        assert "The check failed unexpectedly" in page
        assert ">Check again</button>" in page

    def test_a_database_that_fails_meanwhile_does_not_end_it(self, browser, held, monkeypatch):
        from airflow_provider_liveperson.exceptions import ServiceUnavailableError
        from airflow_provider_liveperson.plugins import check_results

        ada = browser("ada")
        answer = ada.post("check", API_KEY, wait=False)
        failed = threading.Event()

        def fail(*_: Any) -> None:
            failed.set()
            raise ServiceUnavailableError("no database")

        with monkeypatch.context() as patched:
            patched.setattr(check_results, "keep", fail)
            assert failed.wait(120)
        held.finish()
        assert "Checked at 20" in ada.shown(answer).text

    def test_every_form_says_what_it_is_doing(self, browser, sandbox):
        ada = browser("ada")
        authorized(ada, sandbox)
        page = ada.page().text + ada.get(f"/liveperson/check?connection={API_KEY}").text
        assert page.count("<form") == page.count(' data-busy="')
        assert 'role="status" aria-live="polite"' in page


class TestBelowAPath:
    """``[api] base_url`` with a path."""

    SITE = "http://airflow.test/airflow"

    @pytest.fixture
    def ada(self, app, monkeypatch):
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", self.SITE)
        monkeypatch.setattr(app, "root_path", "/airflow")
        return Browser(app, "ada")

    def test_the_page_and_all_that_it_leads_to(self, ada):
        page = ada.get("/airflow/liveperson/")
        assert page.status_code == 200
        assert set(re.findall(r'action="([^"]+)"', page.text)) == {
            f"/airflow/liveperson/{what}" for what in ("authorize", "check")
        }
        assert "Path=/airflow/liveperson/" in page.headers["set-cookie"]
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        form = {"csrf": csrf, "connection": API_KEY}
        answer = ada.http.post("/airflow/liveperson/check", data=form, headers={"Origin": SITE})
        check_runs().join(120)
        assert answer.headers["location"] == f"/airflow/liveperson/check?connection={API_KEY}"
        shown = ada.shown(answer)
        assert "Checked at" in shown.text
        assert 'href="/airflow/liveperson/"' in shown.text
        form["connection"] = WEB_APP
        answer = ada.http.post("/airflow/liveperson/authorize", data=form, headers={"Origin": SITE})
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["redirect_uri"] == [f"{self.SITE}/liveperson/callback"]
        answer = ada.get(
            f"/airflow/liveperson/callback?{urlencode({'state': query['state'][0], 'error': 'x'})}"
        )
        assert answer.headers["location"] == "/airflow/plugin/liveperson"

    def test_the_menu_entry_is_found_from_wherever_airflow_is(self, ada):
        """Airflow's page gives it to a frame, which resolves it by the page's <base>."""
        plugins = ada.get("/airflow/api/v2/plugins").json()["plugins"]
        views = next(one for one in plugins if one["name"] == "liveperson")["external_views"]
        base = re.search(r'<base href="([^"]+)"', ada.get("/airflow/plugin/liveperson").text)[1]
        found = [requests.compat.urljoin(f"http://airflow.test{base}", view["href"]) for view in views]
        assert found == [
            f"{self.SITE}/liveperson/",
            f"{self.SITE}/liveperson/coverage",
            f"{self.SITE}/liveperson/coverage?dag_id={{DAG_ID}}",
        ]


EVERY_ENDPOINT = [
    ("GET", "/liveperson/"),
    ("GET", "/liveperson/callback?code=c&state=s"),
    ("POST", "/liveperson/authorize"),
    ("POST", "/liveperson/refresh"),
    ("POST", "/liveperson/revoke"),
    ("POST", "/liveperson/check"),
    ("GET", f"/liveperson/check?connection={API_KEY}"),
]


class TestWho:
    @pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
    def test_nobody_without_a_session(self, browser, method, path):
        answer = browser(None).http.request(method, path, headers={"Origin": SITE})
        assert answer.status_code == 401
        assert "Sign in to Airflow" in answer.text

    @pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
    def test_nobody_with_a_broken_session(self, browser, method, path):
        visitor = browser(None)
        visitor.http.cookies.set("_token", "eyJhbGciOiJub25lIn0.e30.")
        assert visitor.http.request(method, path, headers={"Origin": SITE}).status_code in (401, 403)

    @pytest.mark.parametrize("user", ["vic", "una"])
    def test_nobody_who_may_not_edit_connections(self, browser, user):
        visitor = browser(user)
        answer = visitor.page()
        assert answer.status_code == 403
        assert WEB_APP not in answer.text

    @pytest.mark.parametrize("user", ["vic", "una"])
    @pytest.mark.parametrize("what", ["authorize", "refresh", "revoke", "check"])
    def test_not_even_with_a_good_csrf_token(self, browser, user, what):
        from airflow_provider_liveperson.plugins import signatures

        visitor = browser(user)
        visitor.http.cookies.set("liveperson_browser", "b")
        assert visitor.post(what, csrf=signatures.csrf_token(user, "b")).status_code == 403
        assert grant() is None

    def test_a_user_who_may_no_longer_edit_is_refused(self, browser, sandbox, monkeypatch):
        from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        monkeypatch.setattr(SimpleAuthManager, "is_authorized_connection", lambda self, **about: False)
        assert ada.come_back(url).status_code == 403
        assert grant() is None

    def test_the_auth_manager_is_asked_for_each_connection(self, browser, sandbox, monkeypatch):
        from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

        monkeypatch.setattr(
            SimpleAuthManager,
            "is_authorized_connection",
            lambda self, *, method, user, details=None: bool(
                method == "PUT" and details and details.conn_id == OTHER
            ),
        )
        ada = browser("ada")
        page = ada.page().text
        assert OTHER in page
        assert WEB_APP not in page
        assert ada.post("authorize", WEB_APP).status_code == 403
        assert ada.post("authorize", OTHER).status_code == 303

    @pytest.mark.parametrize("conn_id", [API_KEY, "aws", "nothing", "", "../x"])
    @pytest.mark.parametrize("what", ["authorize", "refresh", "revoke"])
    def test_only_web_app_connections(self, browser, what, conn_id):
        assert browser("ada").post(what, conn_id).status_code in (403, 404)

    @pytest.mark.parametrize("what", ["authorize", "refresh", "revoke", "check"])
    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_only_post_does_something(self, browser, sandbox, what, method):
        ada = browser("ada")
        authorized(ada, sandbox)
        kept, sent = grant(), len(sandbox.requests)
        answer = ada.http.request(
            method, f"/liveperson/{what}?connection={WEB_APP}&csrf={ada.csrf()}", headers={"Origin": SITE}
        )
        shows_a_result = (method, what) == ("GET", "check")
        assert answer.status_code == (200 if shows_a_result else 405)
        assert (
            shows_a_result or method == "HEAD" or "only accepts forms from the LivePerson page" in answer.text
        )
        assert grant() == kept
        assert len(sandbox.requests) == sent


class TestForgedForms:
    @pytest.fixture
    def ada(self, browser, sandbox) -> Browser:
        ada = browser("ada")
        authorized(ada, sandbox)
        return ada

    def refused(self, answer: Any) -> None:
        assert answer.status_code == 403
        assert grant() is not None

    @pytest.mark.parametrize("csrf", ["", "x", "WyJhIl0.aaaa.bbbb"])
    def test_without_a_csrf_token(self, ada, csrf):
        self.refused(ada.post("revoke", csrf=csrf))

    def test_with_the_token_of_another_user(self, ada, browser):
        self.refused(ada.post("revoke", csrf=browser("oscar").csrf()))

    def test_with_the_token_of_another_browser(self, ada, browser):
        self.refused(ada.post("revoke", csrf=browser("ada").csrf()))

    def test_with_another_users_token_and_browser(self, ada, browser):
        oscar = browser("oscar")
        csrf = oscar.csrf()
        ada.http.cookies.set("liveperson_browser", oscar.http.cookies["liveperson_browser"])
        self.refused(ada.post("revoke", csrf=csrf))

    def test_with_an_old_token(self, ada):
        csrf = ada.csrf()
        with time_machine.travel(_later(13 * 3600), tick=True):
            self.refused(ada.post("revoke", csrf=csrf))

    def test_with_a_state_instead_of_a_token(self, ada):
        state = parse_qs(urlsplit(ada.begin()).query)["state"][0]
        self.refused(ada.post("revoke", csrf=state))

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "null",
            "",
            "http://airflow.test.evil.example",
            "http://airflow.test:81",
            "file://airflow.test",
        ],
    )
    def test_from_a_foreign_site(self, ada, origin):
        self.refused(ada.post("revoke", Origin=origin))

    def test_without_an_origin(self, ada):
        answer = ada.http.post("/liveperson/revoke", data={"csrf": ada.csrf(), "connection": WEB_APP})
        self.refused(answer)

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
    def test_that_the_browser_calls_foreign(self, ada, site):
        self.refused(ada.post("revoke", Sec_Fetch_Site=site))

    def test_with_everything_in_the_query(self, ada):
        query = urlencode({"csrf": ada.csrf(), "connection": WEB_APP})
        self.refused(ada.http.post(f"/liveperson/revoke?{query}", headers={"Origin": SITE}))

    def test_with_fields_twice(self, ada):
        body = urlencode([("csrf", ada.csrf()), ("connection", OTHER), ("connection", WEB_APP)])
        headers = {"Origin": SITE, "Content-Type": "application/x-www-form-urlencoded"}
        self.refused(ada.http.post("/liveperson/revoke", content=body, headers=headers))

    def test_too_large(self, ada):
        answer = ada.http.post("/liveperson/revoke", data={"csrf": "x" * 50_000}, headers={"Origin": SITE})
        assert answer.status_code == 413


def _later(seconds: float) -> float:
    import time

    return time.time() + seconds


class TestForgedCallbacks:
    def refused(self, answer: Any, conn_id: str = WEB_APP) -> None:
        assert answer.status_code == 400
        assert grant(conn_id) is None

    @pytest.mark.parametrize("state", [None, "", "x", "WyJhIl0.aaaa.bbbb", "..", "%00", "a" * 5000])
    def test_with_a_forged_state(self, browser, sandbox, state):
        ada = browser("ada")
        self.refused(ada.come_back(changed(consent(sandbox, ada.begin()), state=state)))

    def test_with_a_csrf_token_as_state(self, browser, sandbox):
        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        self.refused(ada.come_back(changed(url, state=ada.csrf())))

    def test_with_a_state_signed_by_another_key(self, browser, sandbox, monkeypatch):
        ada = browser("ada")
        monkeypatch.setenv("AIRFLOW__API__SECRET_KEY", "another")
        url = consent(sandbox, ada.begin())
        monkeypatch.delenv("AIRFLOW__API__SECRET_KEY")
        self.refused(ada.come_back(url))

    def test_that_expired(self, browser, sandbox):
        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        with time_machine.travel(_later(601), tick=True):
            self.refused(ada.come_back(url))

    def test_replayed(self, browser, sandbox):
        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        assert ada.come_back(url).status_code == 303
        kept = grant()
        assert ada.come_back(url).status_code == 400
        assert grant() == kept
        assert len([one for one in sandbox.requests if one.path.endswith("/token")]) == 1

    def test_at_two_servers_at_once(self, browser, sandbox, app):
        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        cookies = dict(ada.http.cookies)

        def come(_: int) -> int:
            other = Browser(app, None)
            other.http.cookies.update(cookies)
            return other.come_back(url).status_code

        with ThreadPoolExecutor(8) as threads:
            assert sorted(threads.map(come, range(8))) == [303] + [400] * 7
        assert len([one for one in sandbox.requests if one.path.endswith("/token")]) == 1

    def test_of_another_user(self, browser, sandbox):
        ada, oscar = browser("ada"), browser("oscar")
        oscar.page()
        self.refused(oscar.come_back(consent(sandbox, ada.begin())))

    def test_of_another_user_with_the_same_browser_cookie(self, browser, sandbox):
        ada, oscar = browser("ada"), browser("oscar")
        url = consent(sandbox, ada.begin())
        oscar.http.cookies.set("liveperson_browser", ada.http.cookies["liveperson_browser"])
        self.refused(oscar.come_back(url))

    def test_in_a_browser_that_did_not_begin_it(self, browser, sandbox):
        ada, elsewhere = browser("ada"), browser("ada")
        url = consent(sandbox, ada.begin())
        self.refused(elsewhere.come_back(url))  # without a cookie
        elsewhere.page()
        self.refused(elsewhere.come_back(url))  # with its own

    def test_a_foreign_consent_is_not_foisted_on_a_user(self, browser, sandbox):
        """The attacker consents as himself and has ada's browser open the answer."""
        oscar, ada = browser("oscar"), browser("ada")
        ada.begin()
        self.refused(ada.come_back(consent(sandbox, oscar.begin())))

    def test_of_another_connection(self, browser, sandbox):
        ada = browser("ada")
        url = consent(sandbox, ada.begin(OTHER))
        assert ada.come_back(url).status_code == 303
        assert grant(OTHER) is not None
        assert grant(WEB_APP) is None

    def test_with_the_code_of_one_connection_and_the_state_of_another(self, browser, sandbox):
        ada = browser("ada")
        first = consent(sandbox, ada.begin(WEB_APP))
        second = consent(sandbox, ada.begin(OTHER))
        state = parse_qs(urlsplit(second).query)["state"][0]
        ada.come_back(changed(first, state=state))
        assert grant(WEB_APP) is None  # the state decides, and it is good for its own connection only

    def test_after_a_newer_beginning(self, browser, sandbox):
        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        ada.begin()
        self.refused(ada.come_back(url))

    def test_after_the_connection_is_gone(self, browser, sandbox):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        with create_session() as session:
            session.query(Connection).filter_by(conn_id=WEB_APP).delete()
        assert ada.come_back(url).status_code == 404
        assert grant() is None

    def test_by_post(self, browser, sandbox):
        ada = browser("ada")
        url = consent(sandbox, ada.begin())
        assert ada.http.post(url.removeprefix(SITE), headers={"Origin": SITE}).status_code == 405

    def test_html_in_an_error_is_text(self, browser, sandbox):
        ada = browser("ada")
        state = parse_qs(urlsplit(ada.begin()).query)["state"][0]
        evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
        query = urlencode({"state": state, "error": evil, "error_description": f'"{evil}'})
        assert ada.get(f"/liveperson/callback?{query}").status_code == 303
        page = ada.page().text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_html_in_a_state_is_not_even_shown(self, browser):
        ada = browser("ada")
        ada.page()
        answer = ada.get("/liveperson/callback?state=<script>alert(1)</script>&code=x")
        assert answer.status_code == 400
        assert "alert(1)" not in answer.text

    def test_a_code_that_liveperson_does_not_know(self, browser, sandbox):
        ada = browser("ada")
        answer = ada.come_back(changed(consent(sandbox, ada.begin()), code="f" * 64))
        assert answer.status_code == 303
        assert "invalid_grant" in ada.told()
        assert grant() is None

    def test_html_in_a_connection_id_and_an_error_of_liveperson(self, browser, sandbox):
        ada = browser("ada")
        sandbox.faults.add(
            kind="status",
            match="/token",
            status=400,
            body={"error": "<b>bold</b>", "error_description": "<i>"},
        )
        authorized(ada, sandbox)
        page = ada.page().text
        assert "<b>bold" not in page
        assert "&lt;b&gt;bold" in page


def add_connection(conn_id: str, kind: str, sandbox: SandboxServer, **about: Any) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    made = sandbox.connections()[kind]
    fields = {
        "conn_type": kind,
        "host": made.host,
        "login": made.login,
        "password": made.password,
        "extra": json.dumps(made.extra),
        **about,
    }
    with create_session() as session:
        session.add(Connection(conn_id=conn_id, **fields))


def variables() -> dict[str, Any]:
    """The Variables of Airflow's database, by key."""
    from airflow.models import Variable
    from airflow.utils.session import create_session

    with create_session() as session:
        found = {one.key: one for one in session.query(Variable)}
        session.expunge_all()
    return found


def set_variable(key: str, value: str) -> None:
    from airflow.models import Variable

    Variable.set(key, value)


class TestConnectionsThatAreNamedAlike:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("web", "pending_web"),
            ("web", "pending_token.web"),
            ("web", "token.web"),
            ("web", "Web"),
            ("web.prod", "web/prod"),
            ("web/prod", "web:prod"),
            ("a" * 200, "a" * 199 + "b"),
        ],
    )
    @pytest.mark.parametrize("turned", [False, True])
    def test_do_not_touch_each_others_consent(self, browser, sandbox, one, other, turned):
        one, other = (other, one) if turned else (one, other)
        for conn_id in (one, other):
            add_connection(conn_id, "liveperson_web_app", sandbox)
        ada = browser("ada")
        authorized(ada, sandbox, other)
        kept = grant(other)
        assert kept is not None
        url = ada.begin(one)
        assert ada.page().status_code == 200
        assert grant(other) == kept
        assert grant(one) is None
        assert ada.come_back(consent(sandbox, url)).status_code == 303
        assert grant(one) is not None
        assert grant(other) == kept
        ada.post("revoke", one)
        assert (grant(one), grant(other)) == (None, kept)

    # Whatever is in a lease is somebody's claim, until it has stood there for a lease's life.
    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("liveperson_lease", "{"),
            *itertools.product(
                ["liveperson_token", "liveperson_pending_token"],
                [
                    "",
                    "{",
                    "null",
                    "[]",
                    '{"nonce": 1}',
                    '{"nonce": "é", "redirect_uri": ""}',
                    '{"redirect_uri":' + "[" * 100_000,
                ],
            ),
        ],
    )
    def test_whatever_a_variable_holds_nothing_breaks(self, browser, sandbox, kind, value):
        from airflow_provider_liveperson.hooks.consents import variable_key

        ada = browser("ada")
        url = ada.begin()
        set_variable(variable_key(kind, WEB_APP), value)
        assert ada.page().status_code == 200
        for what in ("refresh", "revoke", "check"):
            assert ada.post(what).status_code in (200, 303)
        assert ada.come_back(consent(sandbox, url)).status_code in (303, 400)
        assert ada.page().status_code == 200

    def test_a_variable_that_the_fernet_key_does_not_open(self, browser, sandbox):
        from airflow.utils.session import create_session
        from sqlalchemy import text

        ada = browser("ada")
        authorized(ada, sandbox)
        url = consent(sandbox, ada.begin())
        with create_session() as session:
            session.execute(text("UPDATE variable SET val = 'gAAAAAB', is_encrypted = true"))
        assert "Unreadable" in ada.page().text
        for what in ("refresh", "revoke"):
            ada.post(what)
            assert "Fernet key" in ada.told()
        assert ada.come_back(url).status_code == 400


if AIRFLOW >= (3, 2):

    class TestTeams:
        """Airflow with teams: a team's connection is seen by its own tasks only."""

        BLUE = "lp_blue"

        @pytest.fixture(autouse=True)
        def _teams(self, app, sandbox, monkeypatch):
            from airflow.models import Connection
            from airflow.models.team import Team
            from airflow.utils.session import create_session

            monkeypatch.setenv("AIRFLOW__CORE__MULTI_TEAM", "True")
            with create_session() as session:
                session.add_all([Team(name="blue"), Team(name="red")])
            add_connection(self.BLUE, "liveperson_web_app", sandbox, team_name="blue")
            add_connection("lp_blue_key", "liveperson_api_key", sandbox, team_name="blue")
            yield
            with create_session() as session:
                session.query(Connection).delete()
                session.query(Team).delete()

        @pytest.fixture
        def bea(self, app):
            return Browser(app, "oscar", teams=["blue"])

        def read_by_task(self, team: str | None) -> str | None:
            """What the API server gives a task of a team of the consent's Variable."""
            from airflow.models import Variable

            return Variable.get(f"liveperson_token.{self.BLUE}", None, team_name=team)

        def test_all_four_actions(self, bea, sandbox):
            authorized(bea, sandbox, self.BLUE)
            assert "is authorized" in bea.told()
            first = grant(self.BLUE)
            assert self.read_by_task("blue")
            assert self.read_by_task("red") is None
            assert self.read_by_task(None) is None
            bea.post("refresh", self.BLUE)
            assert "is refreshed" in bea.told()
            assert grant(self.BLUE).refresh_token != first.refresh_token
            assert self.read_by_task("blue")
            for conn_id in (self.BLUE, "lp_blue_key"):
                answer = bea.post("check", conn_id, against="" if conn_id == self.BLUE else self.BLUE)
                assert sandbox.settings.account_id in bea.shown(answer).text
            bea.post("revoke", self.BLUE)
            assert "revoked" in bea.told()
            assert grant(self.BLUE) is None

        def test_of_others_are_not_even_listed(self, app, sandbox):
            red = Browser(app, "oscar", teams=["red"])
            assert self.BLUE not in red.page().text
            for what in ("authorize", "refresh", "revoke", "check"):
                assert red.post(what, self.BLUE).status_code == 403
            assert red.post("check", WEB_APP, against=self.BLUE).status_code == 403
            assert sandbox.requests == []

        def test_a_consent_follows_its_connection_to_another_team(self, app, bea, sandbox):
            from airflow.models import Connection
            from airflow.utils.session import create_session

            authorized(bea, sandbox, self.BLUE)
            with create_session() as session:
                session.query(Connection).filter_by(conn_id=self.BLUE).one().team_name = "red"
            red = Browser(app, "oscar", teams=["red"])
            red.post("refresh", self.BLUE)
            assert "is refreshed" in red.told()
            assert self.read_by_task("red")
            assert self.read_by_task("blue") is None

        def test_a_connection_of_no_team_is_everybodys_after_the_page_has_used_it(self, browser, sandbox):
            """A lease that a team's task made would be hidden from the tasks of others; the page leaves one behind."""
            authorized(browser("ada"), sandbox)
            lease = variables()[f"liveperson_lease.{WEB_APP}"]
            assert (lease.team_name, lease.get_val()) == (None, "")

        def test_while_airflow_has_its_teams_off(self, browser, monkeypatch):
            monkeypatch.delenv("AIRFLOW__CORE__MULTI_TEAM")
            from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

            monkeypatch.setattr(SimpleAuthManager, "is_authorized_connection", lambda self, **about: True)
            ada = browser("ada")
            for what in ("authorize", "refresh", "revoke", "check"):
                assert ada.post(what, self.BLUE).status_code == 303
                assert "multi_team is off" in ada.told()

        def test_the_command_reads_a_teams_connection_too(self):
            from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

            assert LivePersonHook.for_connection(self.BLUE).conn_type == "liveperson_web_app"


class TestBrokenConnections:
    """Of other times, or of somebody's own SQL: Airflow itself refuses such extras by now."""

    @pytest.mark.parametrize(
        "extra",
        ['"{\\"account_id\\": \\"hush\\"}"', '["hush"]', "3", "null", '{"hush', "[" * 5_000 + "]" * 5_000],
    )
    @pytest.mark.parametrize("conn_id", [WEB_APP, API_KEY])
    def test_an_invalid_extra_is_named_and_the_others_work(self, browser, sandbox, conn_id, extra):
        from airflow.utils.session import create_session
        from sqlalchemy import text

        with create_session() as session:
            session.execute(
                text(
                    "UPDATE connection SET extra = :extra, is_extra_encrypted = false WHERE conn_id = :conn_id"
                ),
                {"extra": extra, "conn_id": conn_id},
            )
        ada = browser("ada")
        authorized(ada, sandbox, OTHER)
        assert "is authorized" in ada.told()
        sent = len(sandbox.requests)
        page = html.unescape(ada.page().text)
        assert f"The extra of connection '{conn_id}' must be a JSON object" in page
        assert "hush" not in page
        for what in ("check",) if conn_id == API_KEY else ("authorize", "refresh", "revoke", "check"):
            assert ada.post(what, conn_id).status_code == 303
            assert "must be a JSON object" in ada.told()
        assert ada.post("check", OTHER, against=conn_id).status_code == 303
        assert "must be a JSON object" in ada.told()
        assert len(sandbox.requests) == sent

    @pytest.mark.parametrize("host", ["http://[::1", "//", "http://localhost:x", "\u2603", "a b"])
    def test_an_invalid_host_does_not_break_the_page(self, browser, host):
        from airflow.models import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            session.query(Connection).filter_by(conn_id=WEB_APP).one().host = host
        ada = browser("ada")
        assert ada.page().status_code == 200
        assert ada.post("authorize").status_code == 303
        assert ada.told()


class TestOpenRedirects:
    @pytest.mark.parametrize("name", ["next", "redirect", "redirect_uri", "return_to", "url", "r"])
    @pytest.mark.parametrize(
        "to", ["https://evil.example", "//evil.example", "\\\\evil.example", "javascript:alert(1)"]
    )
    def test_nothing_in_the_request_decides_where_to(self, browser, sandbox, name, to):
        ada = browser("ada")
        form = {"csrf": ada.csrf(), "connection": WEB_APP, name: to}
        query = urlencode({name: to})
        answer = ada.http.post(
            f"/liveperson/revoke?{query}", data=form, headers={"Origin": SITE, "Referer": to}
        )
        assert answer.headers["location"] == "/liveperson/"
        answer = ada.http.post(f"/liveperson/authorize?{query}", data=form, headers={"Origin": SITE})
        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        assert answer.headers["location"].startswith(sandbox.url)
        assert sent["redirect_uri"] == [f"{SITE}/liveperson/callback"]
        back = ada.come_back(
            f"/liveperson/callback?{urlencode({'state': sent['state'][0], 'error': 'x', name: to})}"
        )
        assert back.headers["location"] == "/plugin/liveperson"

    def test_a_configured_base_url_counts_and_not_the_host_header(self, browser, monkeypatch):
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", SITE)
        ada = browser("ada")
        csrf = ada.csrf()
        answer = ada.http.post(
            "/liveperson/authorize",
            data={"csrf": csrf, "connection": WEB_APP},
            headers={"Origin": SITE, "Host": "evil.example"},
        )
        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        assert sent["redirect_uri"] == [f"{SITE}/liveperson/callback"]


class TestForgedIdTokens:
    @pytest.fixture
    def answer_with(self, sandbox) -> Callable:
        def answer(id_token: str) -> None:
            tokens = sandbox.grants.issue()
            sandbox.faults.add(
                kind="status",
                match="/token",
                status=200,
                body={
                    "access_token": tokens.access_token,
                    "refresh_token": tokens.refresh_token,
                    "token_type": "Bearer",
                    "id_token": id_token,
                },
            )

        return answer

    @pytest.mark.parametrize(
        "forgery",
        ["foreign key", "none", "aud", "iss", "expired", "garbage"],
    )
    def test_gives_no_consent(self, browser, sandbox, answer_with, forgery):
        good = sandbox.grants.issue().id_token
        claims = jwt.decode(good, options={"verify_signature": False})
        kid, key = sandbox.grants.keys.newest()
        changes = {"aud": {"aud": "x"}, "iss": {"iss": "x"}, "expired": {"exp": claims["iat"] - 3600}}
        if forgery == "garbage":
            token = "not.a.jwt"
        elif forgery == "none":
            token = jwt.encode(claims, None, "none", {"kid": kid})
        else:
            signer = (
                rsa.generate_private_key(public_exponent=65537, key_size=2048)
                if forgery == "foreign key"
                else key
            )
            token = jwt.encode({**claims, **changes.get(forgery, {})}, signer, "RS256", {"kid": kid})
        ada = browser("ada")
        answer_with(token)
        authorized(ada, sandbox)
        assert "id_token is not valid" in ada.told()
        assert grant() is None


class TestSecrecy:
    def test_no_secret_reaches_a_browser_a_header_or_a_log(self, browser, sandbox, caplog, capfd):
        caplog.set_level(logging.DEBUG)
        ada = browser("ada")
        authorized(ada, sandbox)
        ada.post("refresh")
        ada.page()
        ada.post("check", API_KEY, against=WEB_APP)
        ada.get("/api/v2/variables")
        ada.get(f"/api/v2/variables/liveperson_token.{WEB_APP}")
        with_fault = {"kind": "status", "match": "/token", "status": 400, "times": 1}
        sandbox.faults.add(**with_fault, body={"error": "x", "you sent": grant().refresh_token})
        ada.post("refresh")
        ada.page()
        ada.post("revoke")
        ada.page()
        codes = {parse_qs(urlsplit(str(one.request.url)).query).get("code", [""])[0] for one in ada.seen} - {
            ""
        }
        secrets = (sandbox.secrets() - {sandbox.settings.account_id}) | codes
        assert len(codes) == 1
        assert len(secrets) > 8
        for answer in ada.seen:
            shown = answer.text + str(answer.headers)
            assert [secret for secret in secrets if secret in shown] == []
        logged = "\n".join(
            record.getMessage()
            for record in caplog.records
            if record.name.startswith(("airflow_provider_liveperson", "urllib3", "requests"))
        )
        assert "ada has authorized connection" in logged
        assert [secret for secret in secrets if secret in logged] == []
        # Airflow's access log shows the callback's URL, code and state included, as LivePerson's flow has it: a code
        # is spent by then.
        out = "\n".join(
            line for line in "".join(capfd.readouterr()).splitlines() if "/liveperson/callback" not in line
        )
        assert [secret for secret in secrets if secret in out] == []

    def test_variables_are_encrypted_and_masked(self, browser, sandbox):
        from airflow.models import Variable
        from airflow.utils.session import create_session

        ada = browser("ada")
        ada.begin()
        authorized(ada, sandbox)
        with create_session() as session:
            kept = {one.key: (one._val, one.is_encrypted) for one in session.query(Variable)}
        assert f"liveperson_token.{WEB_APP}" in kept
        for stored, encrypted in kept.values():
            assert encrypted
            assert grant().refresh_token not in stored
        shown = ada.get(f"/api/v2/variables/liveperson_token.{WEB_APP}").text
        assert grant().access_token not in shown

    @pytest.mark.parametrize("path", ["/liveperson/", "/liveperson/callback?state=x", "/liveperson/nothing"])
    def test_headers(self, browser, path):
        answer = browser("ada").get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == ("no-referrer" if "callback" in path else "same-origin")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy
        if answer.status_code != 404:
            nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]
            assert answer.text.count("<script") == answer.text.count(f'<script nonce="{nonce}"') == 1

    def test_cookies(self, browser):
        (cookie,) = [one for one in browser("ada").page().headers.get_list("set-cookie") if "browser" in one]
        for part in ("HttpOnly", "SameSite=lax", "Path=/liveperson/"):
            assert part in cookie

    def cookie(self, answer: Any, name: str = "liveperson_browser") -> str:
        (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(name)]
        return cookie

    def test_cookies_are_secure_where_airflow_is(self, browser, monkeypatch):
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.test")
        assert "Secure" in self.cookie(browser("ada").page())

    @pytest.mark.parametrize(
        ("headers", "secure"),
        [
            ({}, False),
            ({"Referer": "https://airflow.test/plugin/liveperson"}, True),
            ({"Referer": "https://airflow.test/", "Sec-Fetch-Site": "same-origin"}, True),
            ({"Sec-Fetch-Site": "same-origin"}, True),
            ({"Sec-Fetch-Site": "none"}, True),
            ({"Sec-Fetch-Site": "cross-site", "Referer": "http://evil.example/"}, True),
            ({"Sec-Fetch-Site": "cross-site", "Referer": "http://[::1"}, True),
            ({"Referer": "https://evil.example/"}, False),
            ({"Referer": "http://airflow.test/"}, False),
            ({"Host": "localhost:8080", "Sec-Fetch-Site": "same-origin"}, False),
            ({"Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}, False),
            ({"Host": "[::1]:8080", "Sec-Fetch-Site": "same-origin"}, False),
            ({"Host": "airflow.localhost", "Sec-Fetch-Site": "same-origin"}, False),
            (
                {
                    "Host": "localhost:8443",
                    "Referer": "https://localhost:8443/",
                    "Sec-Fetch-Site": "same-origin",
                },
                True,
            ),
        ],
    )
    def test_cookies_are_secure_where_the_browser_says_https(self, browser, headers, secure):
        """Behind a proxy that ends TLS, and whose word does not count for Airflow."""
        answer = browser("ada").get("/liveperson/", headers=headers)
        assert ("Secure" in self.cookie(answer)) is secure

    @pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
    def test_cookies_are_secure_where_a_forms_origin_is_https(self, browser, sandbox, scheme, secure):
        ada = browser("ada")
        origin = f"{scheme}://airflow.test"
        assert ("Secure" in self.cookie(ada.post("refresh", Origin=origin), "liveperson_message")) is secure
        url = ada.post("authorize", Origin=origin).headers["location"]
        assert parse_qs(urlsplit(url).query)["redirect_uri"] == [f"{origin}/liveperson/callback"]

    def test_a_cookie_becomes_secure_once_the_browser_says_it(self, browser):
        ada = browser("ada")
        first = self.cookie(ada.page())
        second = self.cookie(ada.get("/liveperson/", headers={"Sec-Fetch-Site": "same-origin"}))
        assert ("Secure" in first, "Secure" in second) == (False, True)
        assert first.partition(";")[0] == second.partition(";")[0]

    def test_a_message_of_another_user_is_not_shown(self, browser):
        ada, oscar = browser("ada"), browser("oscar")
        ada.post("refresh")
        oscar.http.cookies.set("liveperson_message", ada.http.cookies["liveperson_message"])
        assert oscar.told() == ""


def test_loading_the_plugin_is_light():
    import subprocess
    import sys

    script = (
        "import sys\nimport airflow.plugins_manager\nbefore = set(sys.modules)\n"
        "import airflow_provider_liveperson.plugins.liveperson\n"
        "print('NEW', sorted({n.partition('.')[0] for n in set(sys.modules) - before}))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.rpartition("NEW")[2].strip() == "['airflow_provider_liveperson']"

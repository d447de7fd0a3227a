"""The coverage page in a real API server: what it shows to whom, from asset events and from manifests."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from starlette.testclient import TestClient

from airflow_provider_liveperson.coverage.spans import midnight
from airflow_provider_liveperson.hooks.destinations import store_at
from airflow_provider_liveperson.window import DAY, Window
from devtools.asset_events import LandedWindow
from devtools.landed_windows import land_window
from tests.integration.api_server import api_server, client

USERS = {"ada": "admin", "oscar": "op", "vic": "viewer"}
LAKE = "s3://my-lake/liveperson"
ACCOUNT = "70000001"
DAG = "liveperson_account"
OTHER_DAG = "other"
PRESENT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
TODAY = midnight(PRESENT)


@pytest.fixture(scope="module", autouse=True)
def _present() -> Iterator[None]:
    """Whenever these tests run, no midnight passes between what they land and what the page shows."""
    with time_machine.travel(PRESENT):
        yield


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


@pytest.fixture(scope="module")
def app(landing: Path) -> Iterator[Any]:
    uris = f"file://{landing}, s3://nobody@unreachable/raw"
    with api_server(USERS, AIRFLOW__LIVEPERSON__LANDINGS=uris) as app:
        yield app


@pytest.fixture(autouse=True)
def _dags(app: Any) -> Iterator[None]:
    from airflow.models.asset import AssetEvent
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(AssetEvent).delete()
        session.query(DagModel).delete()
        session.merge(DagBundleModel(name="pages"))
        session.flush()
        for dag_id in (DAG, OTHER_DAG):
            session.add(DagModel(dag_id=dag_id, bundle_name="pages"))
    yield
    with create_session() as session:
        session.query(AssetEvent).delete()
        session.query(DagModel).delete()


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    from airflow_provider_liveperson.plugins.coverage import landings

    landings._kept._scans.clear()


@pytest.fixture
def browser(app: Any) -> Callable[[str | None], TestClient]:
    return lambda user="ada": client(app, user, USERS.get(user or "", ""))


def day(ago: int) -> Window:
    return Window(TODAY - ago * DAY, TODAY - (ago - 1) * DAY)


def tell(*landed: LandedWindow, dag_id: str = DAG, landing: str = LAKE, **changes: Any) -> None:
    """Write the events of tasks."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        for one in landed:
            event = one.event(landing=landing, account_id=ACCOUNT, dag_id=dag_id)
            at = datetime.fromisoformat(event.pop("timestamp"))
            event["extra"] |= changes
            session.add(AssetEvent(asset_id=1, timestamp=at, **event))


def landed(dataset: str, *ago: int, records: int = 100, **more: Any) -> list[LandedWindow]:
    return [LandedWindow(dataset=dataset, window=day(it), records=records, **more) for it in ago]


def cells(page: str) -> list[str]:
    """What the cells say, in order."""
    found = re.findall(r'class="cell [^"]*"(?: href="[^"]*")? title="([^"]*)"', page)
    return [html.unescape(label) for label in found]


def links(page: str) -> list[str]:
    return [html.unescape(href) for href in re.findall(r'class="cell [^"]*" href="([^"]*)"', page)]


def text(page: str) -> str:
    body = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def show(http: TestClient, **query: str) -> str:
    answer = http.get("/liveperson/coverage", params=query)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


class TestFromEvents:
    def test_a_row_for_each_dataset_and_a_cell_for_each_day(self, browser):
        tell(*landed("audit_trail", 5, 4, 3, 1), *landed("users", 2, 1, records=7))
        page = show(browser("vic"))
        said = cells(page)
        assert len(said) == 2 * 28
        assert [label.rpartition(": ")[2] for label in said[22:28]] == [
            "100 records, 100% of the usual 100 so far",
            "100 records, 100% of the usual 100 so far",
            "100 records, 100% of the usual 100 so far",
            "missing",
            "100 records, 100% of the usual 100 so far",
            "not due yet",
        ]
        assert said[26].startswith(f"audit_trail, {day(1).start:%a} {day(1).start.day} ")
        assert "7 records" in said[-2]
        assert f"Account {ACCOUNT}." in text(page)
        assert "× 1 missing" in text(page)

    def test_a_click_shows_the_manifest_and_the_run(self, browser):
        tell(*landed("audit_trail", 3, 2, 1, records=1234, complete=False))
        http = browser("vic")
        (link, *_) = links(show(http))
        answer = http.get(link)
        said = text(answer.text)
        assert "1,234" in said
        assert "incomplete" in said
        assert f"{LAKE}/audit_trail/account_id={ACCOUNT}/dt={day(3).start.date()}/" in said
        run = re.search(r'data-leaves href="([^"]*)"', answer.text)[1]
        assert re.fullmatch(rf"/dags/{DAG}/runs/scheduled__[-0-9]+T00%3A00%3A00Z", run)
        assert answer.text.count('aria-current="true"') == 1

    def test_of_what_is_missing_it_says_what_to_pull(self, browser):
        tell(*landed("audit_trail", 3, 1))
        http = browser("vic")
        link = next(link for link in links(show(http)) if day(2).start.strftime("%Y-%m-%d") in link)
        said = text(http.get(link).text)
        assert f'start="{day(2).start:%Y-%m-%d}T00:00:00Z", end="{day(1).start:%Y-%m-%d}T00:00:00Z"' in said

    def test_hours_of_a_day(self, browser):
        start = day(2).start
        hours = [
            LandedWindow(
                dataset="queue_health",
                window=Window(start + it * timedelta(hours=1), start + (it + 1) * timedelta(hours=1)),
                records=5,
            )
            for it in range(48)
            if it != 7
        ]
        tell(*hours, *landed("audit_trail", 2))
        said = cells(show(browser("vic"), day=f"{start:%Y-%m-%d}"))
        assert len(said) == 1 + 24
        assert [at for at, label in enumerate(said[1:]) if "missing" in label] == [7]
        assert "07:00–08:00" in said[8]

    def test_a_dag_shows_what_it_lands_whoever_has_healed_it(self, browser):
        tell(*landed("audit_trail", 3, 1), *landed("users", 3, 2, 1))
        tell(*landed("audit_trail", 2), *landed("skills", 3, 2, 1), dag_id=OTHER_DAG)
        said = cells(show(browser("vic"), dag_id=OTHER_DAG))
        assert {label.partition(",")[0] for label in said} == {"audit_trail", "skills"}
        assert not any("missing" in label for label in said)
        said = cells(show(browser("vic"), dag_id=DAG))
        assert {label.partition(",")[0] for label in said} == {"audit_trail", "users"}

    def test_earlier_days_and_later_ones(self, browser):
        tell(*landed("audit_trail", *range(60, 0, -1)))
        http = browser("vic")
        page = show(http)
        earlier = html.unescape(re.search(r'href="([^"]*)">← Earlier', page)[1])
        assert "Later →" not in page
        page = http.get(earlier).text
        assert len(cells(page)) == 28
        assert f"{day(28).start.day} " in cells(page)[-1]
        later = html.unescape(re.search(r'href="([^"]*)">Later →', page)[1])
        assert cells(http.get(later).text) == cells(show(http))

    def test_two_landings_are_kept_apart(self, browser):
        tell(*landed("audit_trail", 2, 1))
        tell(*landed("audit_trail", 2, 1), landing="gs://lake")
        page = show(browser("vic"))
        assert len(cells(page)) == 2 * 28
        assert [html.unescape(it) for it in re.findall(r'class="landing"[^>]*>([^<]*)', page)] == [
            "gs://lake",
            LAKE,
        ]

    def test_events_of_others_are_no_matter(self, browser):
        tell(*landed("audit_trail", 1), windows=[{"mine": 1}])
        tell(*landed("audit_trail", 1), dataset=None)
        assert "No task has reported LivePerson data" in text(show(browser("vic")))

    def test_what_events_say_is_never_markup(self, browser):
        evil = "<script>alert(1)</script>"
        tell(*landed(evil, 2, 1))
        http = browser("vic")
        page = show(http)
        assert evil not in page
        assert evil not in http.get(links(page)[0]).text
        assert evil in html.unescape(page)


class TestWho:
    def test_nobody_without_a_session(self, browser):
        assert browser(None).get("/liveperson/coverage").status_code == 401

    def test_who_may_not_read_assets(self, browser, monkeypatch):
        from airflow.api_fastapi.app import get_auth_manager

        tell(*landed("audit_trail", 1))
        monkeypatch.setattr(get_auth_manager(), "is_authorized_asset", lambda **_: False)
        answer = browser("vic").get("/liveperson/coverage")
        assert answer.status_code == 403
        assert "audit_trail" not in answer.text

    def test_events_of_dags_that_one_may_not_read_are_not_there(self, browser, monkeypatch):
        from airflow.api_fastapi.app import get_auth_manager

        tell(*landed("audit_trail", 1))
        tell(*landed("users", 1), dag_id=OTHER_DAG)
        monkeypatch.setattr(get_auth_manager(), "get_authorized_dag_ids", lambda **_: {OTHER_DAG})
        http = browser("vic")
        assert {label.partition(",")[0] for label in cells(show(http))} == {"users"}
        refused = http.get("/liveperson/coverage", params={"dag_id": DAG})
        unknown = http.get("/liveperson/coverage", params={"dag_id": "none"})
        assert (refused.status_code, unknown.status_code) == (403, 403)
        assert text(refused.text) == text(unknown.text)

    def test_the_connections_are_linked_for_those_who_may_edit_them(self, browser):
        assert ">Connections<" in show(browser("oscar"))
        assert ">Connections<" not in show(browser("vic"))
        assert ">Coverage<" in browser("oscar").get("/liveperson/").text

    def test_it_is_kept_out_of_caches_and_foreign_frames_and_runs_no_foreign_script(self, browser):
        answer = browser("vic").get("/liveperson/coverage")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r'(src|href)="(https?:)?//', answer.text)
        assert not re.search(r'\s(style|on\w+)="', answer.text)

    def test_nothing_is_sent_to_it(self, browser):
        assert browser("ada").post("/liveperson/coverage").status_code == 405


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"days": "1000"}, "days"),
        ({"days": "x"}, "days"),
        ({"until": "<b>"}, "until"),
        ({"until": "0001-01-01"}, "until"),
        ({"day": "9999-12-31"}, "day"),
        ({"at": "yesterday"}, "at must be"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_what_is_not_valid_is_named(browser, query, word):
    answer = browser("vic").get("/liveperson/coverage", params=query)
    assert answer.status_code == 422
    assert word in text(answer.text)
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        {"row": "none", "at": "2026-01-01T00:00:00Z"},
        {"row": "none"},
        {"until": "2030-01-01"},
        {"day": "2001-01-01"},
    ],
    ids=["another row", "no time", "the future", "long ago"],
)
def test_what_is_not_there_is_not_chosen(browser, query):
    tell(*landed("audit_trail", 2, 1))
    assert 'id="facts"' not in show(browser("vic"), **query)


class TestFromManifests:
    @pytest.fixture
    def store(self, landing: Path) -> Iterator[Any]:
        import shutil

        yield store_at(f"file://{landing}", aws_conn_id=None)[0]
        for path in landing.iterdir():
            shutil.rmtree(path)

    def test_they_say_what_is_in_the_store_whatever_the_tasks_have_told(self, browser, landing, store):
        address = f"file://{landing}"
        for ago in (5, 4, 1):
            land_window(store, day(ago), account_id=ACCOUNT, prefix="")
        land_window(store, day(3), account_id=ACCOUNT, prefix="", complete=False)
        tell(*landed("audit_trail", 5, 4, 3, 2, 1), landing=address)
        http = browser("oscar")
        page = show(http, source=address)
        assert [label.rpartition(": ")[2].partition(",")[0] for label in cells(page)[22:]] == [
            "before the first window that has landed",
            "1 record",
            "1 record",
            "incomplete",
            "missing",
            "1 record",
            "not due yet",
        ][-6:]
        facts = text(http.get(links(page)[0]).text)
        assert "Received" in facts
        assert f"{DAG}, scheduled__" in facts  # of which the events know
        assert f"{address}/audit_trail/account_id={ACCOUNT}/dt={day(5).start.date()}/" in facts

    def test_they_are_read_again_when_one_asks_for_it(self, browser, landing, store):
        address = f"file://{landing}"
        land_window(store, day(3), account_id=ACCOUNT, prefix="")
        land_window(store, day(1), account_id=ACCOUNT, prefix="")
        http = browser("oscar")
        assert "× 1 missing" in text(show(http, source=address))
        land_window(store, day(2), account_id=ACCOUNT, prefix="")
        assert "× 1 missing" in text(show(http, source=address))
        assert "nothing missing" in text(show(http, source=address, again="1"))

    def test_a_manifest_that_is_none_is_damaged(self, browser, landing, store):
        folder = land_window(store, day(2), account_id=ACCOUNT, prefix="")
        store.write(f"{folder}/_manifest.json", b"{}")
        http = browser("oscar")
        page = show(http, source=f"file://{landing}")
        assert "! 1 damaged" in text(page)
        assert "is not a manifest" in text(http.get(links(page)[0]).text)

    def test_only_who_may_read_the_connection_sees_the_landing(self, browser, landing):
        address = f"file://{landing}"
        assert address in show(browser("oscar"))
        assert address not in show(browser("vic"))
        assert browser("vic").get("/liveperson/coverage", params={"source": address}).status_code == 403

    def test_only_landings_that_are_listed_are_read(self, browser, tmp_path):
        store = store_at(f"file://{tmp_path}", aws_conn_id=None)[0]
        land_window(store, day(1), account_id=ACCOUNT, prefix="")
        answer = browser("ada").get("/liveperson/coverage", params={"source": f"file://{tmp_path}"})
        assert answer.status_code == 403
        assert "audit_trail" not in answer.text

    def test_a_store_that_cannot_be_read_is_a_sentence(self, browser):
        page = show(browser("ada"), source="s3://unreachable/raw")
        assert "nobody" in re.search(r'role="alert">([^<]*)', page)[1]
        assert "nobody@" not in page

    def test_not_too_many_are_read_at_once(self, browser, landing, store):
        from airflow_provider_liveperson.plugins.coverage import landings

        land_window(store, day(1), account_id=ACCOUNT, prefix="")
        address = f"file://{landing}"
        for _ in range(landings.MAX_SCANS):
            assert landings._slots.acquire(blocking=False)
        try:
            assert "try again in a minute" in text(show(browser("ada"), source=address))
        finally:
            for _ in range(landings.MAX_SCANS):
                landings._slots.release()
        for _ in range(landings.MAX_SCANS + 1):
            assert "audit_trail" in show(browser("ada"), source=address, again="1")

    def test_the_form_keeps_the_dag(self, browser, landing):
        page = show(browser("ada"), dag_id=DAG)
        assert f'name="dag_id" value="{DAG}"' in page


def test_below_a_path_every_link_stays_below_it(app):
    import starlette.applications

    tell(*landed("audit_trail", 2, 1))
    site = starlette.applications.Starlette()
    site.mount("/airflow", app)
    http = client(site, "ada", "admin")
    page = http.get("/airflow/liveperson/coverage").text
    found = re.findall(r'(?:href|action)="([^"]*)"', page)
    assert found
    assert all(link.startswith("/airflow/liveperson/") for link in found)
    facts = http.get(links(page)[0]).text
    assert re.search(r'data-leaves href="/airflow/dags/', facts)

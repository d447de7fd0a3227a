"""Airflow's web pages in a real browser, with the sandbox as LivePerson."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import playwright.sync_api as playwright
import pytest
from airflow import __version__ as airflow_version

from airflow_provider_liveperson.coverage.spans import midnight
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from airflow_provider_liveperson.window import DAY, Window, stamp
from devtools.airflow_home import AirflowHome
from devtools.airflow_server import AirflowServer
from devtools.asset_events import add_events, three_months
from devtools.tls import Authority

ROOT = Path(__file__).resolve().parent.parent.parent
VIEWPORT = {"width": 1280, "height": 1000}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Playwright keeps an event loop running in this thread, which must end before tests that start their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    """Headless Chromium: the one that $CHROMIUM names, or the one on PATH."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.fail("there is no Chromium on PATH, and $CHROMIUM names none")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    """A LivePerson sandbox."""
    with SandboxServer(SandboxSettings(seed=7, audit_rows=50, days=5)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def airflow(browser: playwright.Browser) -> Iterator[AirflowServer]:
    """An Airflow without connections; started after the browser, without which it would be useless."""
    if tuple(int(part) for part in airflow_version.split(".")[:2]) < (3, 3):
        pytest.fail("these tests are written for the pages of Airflow 3.3 and newer")
    with AirflowHome() as home, AirflowServer(home) as airflow:
        yield airflow


@dataclass(frozen=True, kw_only=True)
class Site:
    """An Airflow below a path, behind a proxy that ends TLS, with connections and what has landed.

    :param airflow: its web pages.
    :param sandbox: the LivePerson of its connections.
    :param store: the folder in which a real task has landed the seven days before today, or all of them but yesterday.
    :param today: the last midnight when that was.
    """

    airflow: AirflowServer
    sandbox: SandboxServer
    store: Path
    today: datetime


@pytest.fixture(scope="session")
def below_a_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The Airflow below a path, which all tests that need one share: with a connection of each kind, and DAGs.

    ``landed`` has really landed seven days of two datasets; ``recount`` has found that one of these days differs since.
    What ``liveperson_account`` has told before is invented.
    """
    store = tmp_path_factory.mktemp("lake")
    now = datetime.now(UTC)
    today = midnight(now - timedelta(minutes=5))
    # The last engagements of a day are there two hours after its end: until then a pull of them would wait.
    until = midnight(now - timedelta(hours=2, minutes=5))
    settings = SandboxSettings(seed=7, audit_rows=3_780, days=9, until=today.date())
    with (
        SandboxServer(settings) as sandbox,
        AirflowHome(environment={"AIRFLOW__LIVEPERSON__LANDINGS": store.as_uri()}) as home,
    ):
        made = {f"lp_{kind}": conn.as_dict() for kind, conn in sandbox.connections().items()}
        path = home.path / "connections.json"
        path.write_text(json.dumps(made))
        assert home.run("connections", "import", str(path)).returncode == 0
        for name in ("landed", "liveperson_account", "recount", "web_app"):
            home.add_dag(ROOT / "tests" / "ui" / "dags" / f"{name}.py")
        issued = Authority(tmp_path_factory.mktemp("tls")).server()
        airflow = AirflowServer(home, path="/airflow", issued=issued)
        environment = {
            "AIRFLOW__API__BASE_URL": airflow.url,
            "TEST_STORE": store.as_uri(),
            "TEST_START": stamp(today - 7 * DAY),
            "TEST_END": stamp(until),
        }
        for dag_id in ("landed", "recount"):
            run = home.run("dags", "test", dag_id, environment=environment)
            assert run.returncode == 0, run.stdout
            # Between the two, so that one of the days differs.
            sandbox.insert("engagement_history", 3, today - 5 * DAY + timedelta(hours=12))
        assert home.run("dags", "reserialize").returncode == 0
        about = {
            "landing": store.as_uri(),
            "account_id": sandbox.settings.account_id,
            "dag_id": "liveperson_account",
        }
        really = Window(today - 7 * DAY, until)
        add_events(
            home,
            [
                one.event(**about)
                for one in three_months(today)
                if one.dataset not in ("audit_trail", "engagement_history")
                or not really.start <= one.window.start < really.end
            ],
        )
        with airflow:
            yield Site(airflow=airflow, sandbox=sandbox, store=store, today=today)


@pytest.fixture
def page(
    browser: playwright.Browser, airflow: AirflowServer, request: pytest.FixtureRequest
) -> Iterator[playwright.Page]:
    """A tab of a fresh browser; if the test fails, a screenshot is kept in test-results/."""
    playwright.expect.set_options(timeout=20_000)
    context = browser.new_context(
        base_url=airflow.url,
        ignore_https_errors=True,
        viewport=VIEWPORT,
        color_scheme="light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    asked: list[str] = []
    context.on("request", lambda sent: asked.append(sent.url))
    failures = request.session.testsfailed
    yield page
    if request.session.testsfailed > failures:
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        page.screenshot(path=ROOT / "test-results" / f"{name}.png")
    context.close()
    netloc = urlsplit(airflow.url).netloc
    of_airflow = [url for url in asked if urlsplit(url).netloc == netloc]
    assert [url for url in of_airflow if not url.startswith(f"{airflow.url}/")] == []

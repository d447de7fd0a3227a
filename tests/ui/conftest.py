"""Airflow's web pages in a real browser, with the sandbox as LivePerson."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import playwright.sync_api as playwright
import pytest
from airflow import __version__ as airflow_version

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from devtools.airflow_home import AirflowHome
from devtools.airflow_server import AirflowServer

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


@pytest.fixture
def page(
    browser: playwright.Browser, airflow: AirflowServer, request: pytest.FixtureRequest
) -> Iterator[playwright.Page]:
    """A tab of a fresh browser; if the test fails, a screenshot is kept in test-results/."""
    playwright.expect.set_options(timeout=20_000)
    context = browser.new_context(
        base_url=airflow.url, viewport=VIEWPORT, color_scheme="light", locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    failures = request.session.testsfailed
    yield page
    if request.session.testsfailed > failures:
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        page.screenshot(path=ROOT / "test-results" / f"{name}.png")
    context.close()

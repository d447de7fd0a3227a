"""A user authorizes a web application: from Airflow's login page to data in the store, and to the revocation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import playwright.sync_api as playwright
import pytest
from airflow import __version__ as airflow_version
from playwright.sync_api import expect

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from devtools.local_airflow import USER, LocalAirflow
from devtools.processes import wait_until
from tests.ui.pictures import take_pictures
from tests.ui.test_connection_form import Connections, right_values

pytestmark = [pytest.mark.ui, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent
FORM = FORMS["liveperson_web_app"]
CONN_ID = "lp"


@pytest.fixture(scope="module")
def liveperson() -> Iterator[SandboxServer]:
    settings = SandboxSettings(seed=7, audit_rows=60, until=date(2026, 2, 1), days=4)
    with SandboxServer(settings) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def whole_airflow(browser: playwright.Browser, store: Path) -> Iterator[LocalAirflow]:
    if tuple(int(part) for part in airflow_version.split(".")[:2]) < (3, 3):
        pytest.fail("these tests are written for the pages of Airflow 3.3 and newer")
    dags = [Path(__file__).parent / "dags" / "web_app.py"]
    with LocalAirflow(dags, environment={"TEST_STORE": store.as_uri()}) as airflow:
        yield airflow


@pytest.fixture
def tab(browser: playwright.Browser, whole_airflow: LocalAirflow) -> Iterator[playwright.Page]:
    playwright.expect.set_options(timeout=30_000)
    context = browser.new_context(
        base_url=whole_airflow.url,
        viewport={"width": 1280, "height": 560},
        color_scheme="light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def run_dag(page: playwright.Page) -> tuple[str, str]:
    """Trigger the DAG and wait for its end; returns the run and its state."""
    answer = page.request.post("/api/v2/dags/web_app/dagRuns", data={"logical_date": None})
    assert answer.ok, answer.text()
    run_id = answer.json()["dag_run_id"]

    def state() -> str:
        return str(page.request.get(f"/api/v2/dags/web_app/dagRuns/{run_id}").json()["state"])

    wait_until("the run has ended", lambda: state() in ("success", "failed"), within=180)
    return run_id, state()


def test_from_the_login_page_to_data_and_back(
    tab: playwright.Page, whole_airflow: LocalAirflow, liveperson: SandboxServer, store: Path, tmp_path: Path
) -> None:
    # Airflow's own login page.
    tab.goto("/connections")
    tab.locator("input[name=username]").fill(USER)
    tab.locator("input[name=password]").fill(whole_airflow.password)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("button", name="Add Connection")).to_be_visible()

    # The connection, by its form.
    connections = Connections(tab)
    connections.open()
    dialog = connections.add(FORM)
    dialog.name_it(CONN_ID)
    dialog.fill(right_values(FORM, liveperson))
    dialog.save()
    told = connections.test(CONN_ID)
    assert told["status"] is False
    assert "press Authorize" in told["message"]

    # The page, from Airflow's menu, and LivePerson's login and consent.
    connections.open()
    tab.get_by_role("button", name="Admin").click()
    tab.get_by_role("menuitem", name="LivePerson").click()
    page = tab.frame_locator("iframe[title=LivePerson]")
    expect(page.get_by_text("Not authorized")).to_be_visible()
    tab.keyboard.press("Escape")
    button = page.get_by_role("button", name=f"Authorize {CONN_ID}")
    button.focus()
    button.press("Enter")
    tab.locator("input[name=username]").fill(liveperson.settings.user_name)
    tab.locator("input[name=password]").fill(liveperson.settings.user_password)
    tab.locator("#login").click()
    tab.locator("#approve").click()
    expect(page.get_by_text(f"{CONN_ID} is authorized")).to_be_visible()
    expect(page.get_by_text("Authorized", exact=True)).to_be_visible()
    assert tab.url.startswith(f"{whole_airflow.url}/plugin/liveperson")
    take_pictures(tab, "liveperson-page", tmp_path)

    # It is refreshed, and a DAG runs with it.
    page.get_by_role("button", name=f"Refresh {CONN_ID} now").press("Enter")
    expect(page.get_by_text(f"{CONN_ID} is refreshed")).to_be_visible()
    run_id, state = run_dag(tab)
    assert state == "success", whole_airflow.task_logs()[-5000:]
    manifests = [json.loads(manifest.read_text()) for manifest in store.rglob("_manifest.json")]
    assert [manifest["account_id"] for manifest in manifests] == [liveperson.settings.account_id] * 2
    connections.open()
    told = connections.test(CONN_ID)
    assert told["status"] is True, told

    # What it can reach, on the page.
    tab.goto("/plugin/liveperson")
    page.get_by_role("button", name=f"Check {CONN_ID}").press("Enter")
    expect(page.get_by_role("heading", name=f"What {CONN_ID} can reach")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="audit_trail").first).to_contain_text("readable")
    take_pictures(tab, "liveperson-check", tmp_path)
    page.get_by_role("link", name="LivePerson connections").press("Enter")
    expect(page.get_by_text("Authorized", exact=True)).to_be_visible()

    # Revoked: the next run fails, and says what to do.
    page.get_by_text("Revoke…").press("Enter")
    page.get_by_role("button", name=f"Revoke {CONN_ID}", exact=True).press("Enter")
    expect(page.get_by_text(f"The consent of {CONN_ID} is revoked.")).to_be_visible()
    expect(page.get_by_text("Not authorized")).to_be_visible()
    run_id, state = run_dag(tab)
    assert state == "failed"
    sentence = (
        f"open the LivePerson page in Airflow's Admin menu and press Authorize for connection '{CONN_ID}'"
    )
    assert sentence in whole_airflow.task_logs()
    tab.goto(f"/dags/web_app/runs/{run_id}/tasks/pull")
    expect(tab.get_by_text("press Authorize for connection").first).to_be_visible()

    # No log of Airflow holds a secret, except the used code in the access log of the callback.
    said = whole_airflow.task_logs() + "\n".join(
        line
        for path in whole_airflow.logs.glob("*.log")
        for line in path.read_text(errors="replace").splitlines()
        if "/liveperson/callback" not in line
    )
    assert [secret for secret in liveperson.secrets() if secret in said] == []

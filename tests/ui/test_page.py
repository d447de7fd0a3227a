"""The LivePerson page in the frame that Airflow gives it, in an Airflow below a path, behind a proxy that ends TLS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from airflow_provider_liveperson.sandbox import SandboxServer
from devtools.airflow_server import AirflowServer
from tests.ui.conftest import Site

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def airflow(browser: playwright.Browser, below_a_path: Site) -> AirflowServer:
    """An Airflow below a path, behind a proxy that ends TLS, with a connection of each kind."""
    return below_a_path.airflow


@pytest.fixture(scope="module")
def sandbox(below_a_path: Site) -> SandboxServer:
    """The LivePerson of its connections."""
    return below_a_path.sandbox


@pytest.fixture
def frame(page: playwright.Page, airflow: AirflowServer) -> playwright.FrameLocator:
    """What Airflow shows of the page when somebody takes it from the menu."""
    page.goto(f"{airflow.url}/")
    page.get_by_role("button", name="Admin").click()
    page.get_by_role("menuitem", name="LivePerson", exact=True).click()
    return page.frame_locator("iframe[title=LivePerson]")


API_KEY = "lp_liveperson_api_key"
PRIVATE = "lp_private"
POLICY = {
    "hash_secret": "a long random text",
    "hash_fields": "info.latestAgentId",
    "drop_fields": {"users": ["email", "fullName"]},
    "unknown_fields": "drop",
}


def check(frame: playwright.FrameLocator, conn_id: str = API_KEY) -> None:
    frame.get_by_role("button", name=f"Check {conn_id}", exact=True).press("Enter")
    expect(frame.get_by_role("heading", name=f"What {conn_id} can reach")).to_be_visible()


def privacy(frame: playwright.FrameLocator) -> playwright.Locator:
    """What the check says about the fields that may land."""
    return frame.locator("dl > div").filter(has=frame.locator("dt", has_text="Privacy")).locator("dd")


@pytest.fixture
def private(page: playwright.Page, airflow: AirflowServer, sandbox: SandboxServer) -> Iterator[str]:
    """A connection with a policy, for one test."""
    made = sandbox.connections()["liveperson_api_key"]
    connection = {
        "connection_id": PRIVATE,
        "conn_type": "liveperson_api_key",
        "host": made.host,
        "login": made.login,
        "password": made.password,
        "extra": json.dumps({**made.extra, **POLICY}),
    }
    page.goto(f"{airflow.url}/")
    answer = page.request.post(f"{airflow.url}/api/v2/connections", data=connection)
    assert answer.ok, answer.text()
    yield PRIVATE
    assert page.request.delete(f"{airflow.url}/api/v2/connections/{PRIVATE}").ok


def test_the_menu_leads_to_the_page(
    page: playwright.Page, airflow: AirflowServer, frame: playwright.FrameLocator
) -> None:
    expect(frame.get_by_role("heading", name="LivePerson", exact=True)).to_be_visible()
    expect(frame.get_by_text(API_KEY)).to_be_visible()
    assert page.url.startswith(f"{airflow.url}/plugin/liveperson")
    page.reload()
    expect(frame.get_by_text(API_KEY)).to_be_visible()


def test_a_check_can_be_reloaded_and_is_remembered(
    page: playwright.Page, airflow: AirflowServer, frame: playwright.FrameLocator
) -> None:
    card = frame.get_by_role("listitem").filter(has_text=API_KEY)
    expect(card.get_by_text("Not checked")).to_be_visible()
    check(frame)
    expect(frame.get_by_role("row").filter(has_text="audit_trail").first).to_contain_text("readable")
    page.reload()
    expect(frame.get_by_role("row").filter(has_text="audit_trail").first).to_contain_text("readable")
    frame.get_by_role("link", name="LivePerson connections").press("Enter")
    expect(card.get_by_text("Works")).to_be_visible()
    expect(card.get_by_text("Last checked")).to_be_visible()


def test_a_check_says_which_fields_may_land(private: str, frame: playwright.FrameLocator) -> None:
    check(frame, private)
    expect(privacy(frame)).to_have_text(
        "hash_fields of all datasets: info.latestAgentId; drop_fields of users: email, fullName; unknown_fields: drop."
    )
    expect(frame.locator("body")).not_to_contain_text(str(POLICY["hash_secret"]))
    frame.get_by_role("link", name="LivePerson connections").press("Enter")
    check(frame)
    expect(privacy(frame)).to_have_text("All fields may land as they come.")


def test_while_it_runs_the_button_says_so(
    page: playwright.Page, airflow: AirflowServer, frame: playwright.FrameLocator
) -> None:
    waiting: list[Callable[[], None]] = []
    page.route(
        "**/liveperson/check",
        lambda route: (
            waiting.append(route.continue_) if route.request.method == "POST" else route.continue_()
        ),
    )
    frame.get_by_role("button", name=f"Check {API_KEY}", exact=True).press("Enter")
    button = frame.get_by_role("button", name="Starting…")
    expect(button).to_be_disabled()
    expect(frame.get_by_role("status")).to_have_text("Starting…")
    (go_on,) = waiting
    go_on()
    expect(frame.get_by_role("heading", name=f"What {API_KEY} can reach")).to_be_visible()
    expect(frame.get_by_role("button", name="Check again")).to_be_enabled()


def test_a_web_application_is_authorized_below_the_path(
    page: playwright.Page, airflow: AirflowServer, frame: playwright.FrameLocator, sandbox: SandboxServer
) -> None:
    frame.get_by_role("button", name="Authorize lp_liveperson_web_app").press("Enter")
    page.locator("input[name=username]").fill(sandbox.settings.user_name)
    page.locator("input[name=password]").fill(sandbox.settings.user_password)
    page.locator("#login").click()
    page.locator("#approve").click()
    expect(frame.get_by_text("lp_liveperson_web_app is authorized")).to_be_visible()
    assert page.url.startswith(f"{airflow.url}/plugin/liveperson")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "liveperson_browser"]
    assert (cookie["path"], cookie["secure"]) == ("/airflow/liveperson/", True)

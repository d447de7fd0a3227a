"""The LivePerson page in the frame that Airflow gives it, in an Airflow below a path."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from airflow_provider_liveperson.sandbox import SandboxServer
from devtools.airflow_home import AirflowHome
from devtools.airflow_server import AirflowServer

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def airflow(browser: playwright.Browser, sandbox: SandboxServer) -> Iterator[AirflowServer]:
    """An Airflow below a path, with a connection of each kind."""
    made = sandbox.connections()
    with AirflowHome() as home:
        path = home.path / "connections.json"
        path.write_text(json.dumps({f"lp_{kind}": conn.as_dict() for kind, conn in made.items()}))
        assert home.run("connections", "import", str(path)).returncode == 0
        with AirflowServer(home, path="/airflow") as airflow:
            yield airflow


@pytest.fixture
def frame(page: playwright.Page, airflow: AirflowServer) -> playwright.FrameLocator:
    """What Airflow shows of the page when somebody takes it from the menu."""
    page.goto(f"{airflow.url}/")
    page.get_by_role("button", name="Admin").click()
    page.get_by_role("menuitem", name="LivePerson").click()
    return page.frame_locator("iframe[title=LivePerson]")


API_KEY = "lp_liveperson_api_key"


def check(frame: playwright.FrameLocator) -> None:
    frame.get_by_role("button", name=f"Check {API_KEY}", exact=True).press("Enter")
    expect(frame.get_by_role("heading", name=f"What {API_KEY} can reach")).to_be_visible()


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

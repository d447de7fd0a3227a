"""The coverage page in the frames that Airflow gives it: in the menu and on the DAG, below a path and behind TLS."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from airflow_provider_liveperson.window import DAY
from devtools.airflow_server import AirflowServer
from tests.ui.conftest import Site
from tests.ui.pictures import take_pictures

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def airflow(browser: playwright.Browser, below_a_path: Site) -> AirflowServer:
    return below_a_path.airflow


@pytest.fixture
def frame(page: playwright.Page, airflow: AirflowServer) -> playwright.FrameLocator:
    """What Airflow shows of the page when somebody takes it from the menu."""
    page.goto(f"{airflow.url}/")
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="LivePerson coverage").click()
    return page.frame_locator("iframe[title='LivePerson coverage']")


def tab_of(page: playwright.Page, airflow: AirflowServer, dag_id: str) -> playwright.FrameLocator:
    """What Airflow shows of the page when somebody takes it from the tabs of a DAG."""
    page.goto(f"{airflow.url}/dags/{dag_id}")
    page.get_by_role("link", name="LivePerson", exact=True).click()
    return page.frame_locator("iframe[title=LivePerson]")


def cell(frame: playwright.FrameLocator, dataset: str, text: str) -> playwright.Locator:
    row = frame.get_by_role("row").filter(has=frame.get_by_role("rowheader", name=dataset))
    return row.get_by_role("link", name=text)


def test_the_menu_leads_to_the_page_and_the_page_to_the_connections(
    page: playwright.Page, airflow: AirflowServer, frame: playwright.FrameLocator
) -> None:
    expect(frame.get_by_role("heading", name="LivePerson coverage")).to_be_visible()
    expect(cell(frame, "messaging_interactions", "% of the usual")).to_have_count(27)
    # Four days, but yesterday is not expected yet in the first hours of a day.
    expect(cell(frame, "outbound_transactions", "missing").nth(2)).to_be_visible()
    expect(frame.get_by_role("rowheader", name="outbound_transactions")).to_contain_text("Late")
    expect(frame.get_by_role("rowheader", name="audit_trail")).to_contain_text("On time")
    page.reload()
    expect(cell(frame, "engagement_history", "incomplete")).to_have_text("◐")
    frame.get_by_role("link", name="Connections").click()
    expect(frame.get_by_role("heading", name="lp_liveperson_api_key")).to_be_visible()
    frame.get_by_role("link", name="Coverage").click()
    expect(frame.get_by_role("heading", name="LivePerson coverage")).to_be_visible()
    assert page.url.startswith(f"{airflow.url}/plugin/liveperson-coverage")


def test_a_real_run_is_a_click_away(
    page: playwright.Page, airflow: AirflowServer, below_a_path: Site
) -> None:
    frame = tab_of(page, airflow, "landed")
    expect(frame.get_by_role("rowheader")).to_have_count(2)
    # The day before yesterday, as yesterday has not landed yet in the first hours of a day.
    cell(frame, "audit_trail", "record").nth(-2).click()
    facts = frame.get_by_role("region")
    expect(facts).to_contain_text("complete")
    expect(facts).to_contain_text(f"{below_a_path.store.as_uri()}/audit_trail/account_id=")
    facts.get_by_role("link", name="landed, manual__").click()
    page.wait_for_url(f"{airflow.url}/dags/landed/runs/manual__*")
    expect(page.get_by_text("pull").first).to_be_visible()


def test_a_day_that_a_recount_found_to_differ(
    page: playwright.Page, airflow: AirflowServer, below_a_path: Site
) -> None:
    frame = tab_of(page, airflow, "landed")
    differs = cell(frame, "engagement_history", "another number")
    expect(differs).to_have_count(1)
    expect(differs).to_have_text("≠")
    differs.click()
    day = (below_a_path.today - 5 * DAY).date()
    expect(frame.get_by_role("region")).to_contain_text("count differs")
    expect(frame.get_by_role("region")).to_contain_text(f'Pull start="{day}T00:00:00Z"')


def test_the_keyboard_is_enough(page: playwright.Page, frame: playwright.FrameLocator) -> None:
    frame.get_by_role("button", name="Show").focus()
    earlier = frame.get_by_role("link", name="← Earlier")
    page.keyboard.press("Tab")
    expect(earlier).to_be_focused()
    # One stop for the whole picture, at the newest cell of its first row.
    page.keyboard.press("Tab")
    first = cell(frame, "actual_handle_time", "record")
    expect(first.last).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(first.nth(-2)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cell(frame, "agent_status_changes", "record").nth(-2)).to_be_focused()
    page.keyboard.press("Home")
    expect(cell(frame, "agent_status_changes", "record").first).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(frame.locator("#facts")).to_be_focused()
    expect(frame.get_by_role("heading", name="agent_status_changes")).to_be_visible()
    frame.get_by_role("link", name="Close").press("Enter")
    expect(frame.locator("#facts")).to_have_count(0)


def test_hours_and_back(frame: playwright.FrameLocator) -> None:
    cell(frame, "messaging_interactions", "record").first.click()
    frame.get_by_role("link", name="Show the hours of this day").click()
    expect(frame.get_by_role("columnheader", name="23", exact=True)).to_be_visible()
    expect(cell(frame, "messaging_interactions", "record")).to_have_count(1)
    frame.get_by_role("link", name="← All days").click()
    expect(cell(frame, "messaging_interactions", "record")).to_have_count(27)


@pytest.fixture
def without_a_day(below_a_path: Site) -> Iterator[Path]:
    """The store without one of the days that have landed."""
    day = (below_a_path.today - 3 * DAY).date()
    (folder,) = (below_a_path.store / "audit_trail").glob(f"account_id=*/dt={day}")
    away = below_a_path.store.with_name(f"away-{below_a_path.store.name}")
    shutil.move(folder, away)
    yield folder
    shutil.move(away, folder)


def test_manifests_say_what_events_do_not_know(
    page: playwright.Page, airflow: AirflowServer, below_a_path: Site, without_a_day: Path
) -> None:
    frame = tab_of(page, airflow, "landed")
    expect(cell(frame, "audit_trail", "missing")).to_have_count(1)
    frame.get_by_label("From").select_option(below_a_path.store.as_uri())
    frame.get_by_role("button", name="Show").press("Enter")
    expect(frame.get_by_text(f"From the manifests in {below_a_path.store.as_uri()}")).to_be_visible()
    expect(cell(frame, "audit_trail", "missing")).to_have_count(1)
    expect(frame.get_by_role("heading", name="LivePerson data of this DAG")).to_be_visible()
    expect(cell(frame, "audit_trail", "before the first")).to_have_count(0)
    cell(frame, "audit_trail", "missing").click()
    expect(frame.get_by_role("region")).to_contain_text(f'Pull start="{without_a_day.name[3:]}T00:00:00Z"')


def test_the_links_on_the_task(page: playwright.Page, airflow: AirflowServer, below_a_path: Site) -> None:
    runs = page.request.get(f"{airflow.url}/api/v2/dags/landed/dagRuns").json()["dag_runs"]
    page.goto(f"{airflow.url}/dags/landed/runs/{runs[0]['dag_run_id']}/tasks/pull/details")
    links = {name: page.get_by_role("link", name=name) for name in ("Manifest", "Coverage")}
    for link in links.values():
        expect(link).to_be_visible()
    # This store has no console to show a folder in.
    expect(page.get_by_role("link", name="Landed files")).to_have_count(0)
    addresses = {name: str(link.get_attribute("href")) for name, link in links.items()}
    page.goto(addresses["Manifest"])
    expect(page.get_by_role("region")).to_contain_text("_manifest.json")
    page.goto(addresses["Coverage"])
    frame = page.frame_locator("iframe[title=LivePerson]")
    expect(frame.get_by_role("rowheader", name="audit_trail")).to_be_visible()


def test_a_dag_without_liveperson_says_so(page: playwright.Page, airflow: AirflowServer) -> None:
    frame = tab_of(page, airflow, "web_app")
    expect(frame.get_by_text("No task of this DAG has reported LivePerson data")).to_be_visible()


def test_it_works_without_scripts(browser: playwright.Browser, airflow: AirflowServer) -> None:
    context = browser.new_context(java_script_enabled=False, ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{airflow.url}/liveperson/coverage")
    page.get_by_role("link", name="missing").first.click()
    expect(page.get_by_role("region")).to_contain_text("LivePerson has these records.")
    context.close()


def test_on_a_narrow_screen_the_names_stay_beside_the_newest_days(
    page: playwright.Page, airflow: AirflowServer
) -> None:
    page.set_viewport_size({"width": 480, "height": 900})
    page.goto(f"{airflow.url}/liveperson/coverage")
    expect(page.get_by_role("rowheader", name="outbound_transactions")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("link", name="missing").last).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 480


def test_pictures(page: playwright.Page, airflow: AirflowServer, tmp_path: Path) -> None:
    """The pictures in the documentation."""
    page.set_viewport_size({"width": 1280, "height": 700})
    page.goto(f"{airflow.url}/plugin/liveperson-coverage")
    frame = page.frame_locator("iframe[title='LivePerson coverage']")
    expect(cell(frame, "messaging_interactions", "of the usual")).to_have_count(27)
    backgrounds = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        backgrounds.append(frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor"))
    assert backgrounds == ["rgb(255, 255, 255)", "rgb(22, 29, 45)"]
    take_pictures(page, "coverage", tmp_path)

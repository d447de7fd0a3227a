"""What a user does with the connection forms: add, test, mistype, correct, edit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.form import airflow_wants_a_port
from airflow_provider_liveperson.connections.form_field import ConnectionForm, FormField
from airflow_provider_liveperson.sandbox import SandboxServer
from tests.ui.pictures import take_pictures

pytestmark = [pytest.mark.ui, pytest.mark.slow]

MASK = "***"
WRONG = "not-the-secret-of-anybody"

every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
# A web application's connection works once a user has consented: see test_web_app.py.
every_form_without_consent = pytest.mark.parametrize(
    "form", [pytest.param(form, id=name) for name, form in FORMS.items() if name != "liveperson_web_app"]
)


@dataclass(frozen=True)
class Connections:
    """Admin → Connections.

    :param page: a browser's tab.
    """

    page: playwright.Page

    def open(self) -> None:
        self.page.goto("/connections")

    def row(self, conn_id: str) -> playwright.Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_text(conn_id, exact=True))

    def add(self, form: ConnectionForm) -> Dialog:
        self.page.get_by_role("button", name="Add Connection").click()
        dialog = self.dialog("Add Connection", form)
        dialog.choose_type()
        return dialog

    def edit(self, conn_id: str, form: ConnectionForm) -> Dialog:
        self.open()  # without earlier messages, which may cover the buttons
        self.row(conn_id).get_by_role("button", name="Edit Connection").click()
        return self.dialog("Edit Connection", form)

    def dialog(self, title: str, form: ConnectionForm) -> Dialog:
        heading = self.page.get_by_role("heading", name=title)
        return Dialog(self.page.get_by_role("dialog").filter(has=heading), form)

    def test(self, conn_id: str) -> dict[str, Any]:
        """Press Test.

        :returns: the API's response: ``status`` and ``message``.
        """
        with self.page.expect_response(lambda response: response.url.endswith("/connections/test")) as answer:
            self.row(conn_id).get_by_role("button", name="Test Connection").click()
        assert answer.value.status == 200, answer.value.text()
        return dict(answer.value.json())

    def expect_message(self, title: str, text: str) -> None:
        messages = self.page.get_by_role("status").filter(has_text=title)
        expect(messages.filter(has_text=text).first).to_be_visible()


@dataclass(frozen=True)
class Dialog:
    """The form of one connection.

    :param box: the dialog.
    :param form: the expected form.
    """

    box: playwright.Locator
    form: ConnectionForm

    def choose_type(self) -> None:
        self.box.get_by_role("combobox", name="Connection Type").fill("LivePerson")
        self.box.page.get_by_role("option", name=self.form.label, exact=True).click()

    def unfold(self, section: str) -> None:
        button = self.box.get_by_role("button", name=section, exact=True)
        if button.get_attribute("aria-expanded") == "false":
            button.click()
        expect(button).to_have_attribute("aria-expanded", "true")

    def group(self, label: str) -> playwright.Locator:
        # Airflow's labels of extra fields are not linked to an input, so the field is found by their common parent.
        label_element = self.box.page.locator("label", has_text=re.compile(rf"^{re.escape(label)}\s*\*?\s*$"))
        return self.box.get_by_role("group").filter(has=label_element)

    def field(self, field: FormField) -> playwright.Locator:
        self.unfold("Extra Fields" if field.place == "extra" else "Standard Fields")
        return self.group(field.label)

    def input(self, field: FormField) -> playwright.Locator:
        # A choice has two inputs: a visible and a hidden one.
        return self.field(field).locator("input:not([type=hidden])")

    def fill(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            field = self.form.field(name)
            self.input(field).fill(value)
            if field.choices:
                self.box.page.get_by_role("option", name=value, exact=True).click()

    def name_it(self, conn_id: str) -> None:
        self.box.get_by_label("Connection ID").fill(conn_id)
        if airflow_wants_a_port():
            self.unfold("Standard Fields")
            self.group("Port").locator("input").fill("443")

    def save(self) -> playwright.Request:
        """Press Save.

        :returns: the body of the request.
        """
        with self.box.page.expect_request(
            lambda request: "/api/v2/connections" in request.url and request.method in ("POST", "PATCH")
        ) as request:
            # By keyboard, because messages may cover the button.
            button = self.box.get_by_role("button", name="Save")
            expect(button).to_be_enabled()
            button.press("Enter")
        assert request.value.response().ok, request.value.response().text()
        expect(self.box).to_be_hidden()
        return request.value


@pytest.fixture
def connections(page: playwright.Page) -> Connections:
    connections = Connections(page)
    connections.open()
    return connections


def right_values(form: ConnectionForm, sandbox: SandboxServer) -> dict[str, str]:
    """What to type, by the name of the field."""
    connection = sandbox.connections()[form.conn_type]
    columns = {"host": connection.host, "login": connection.login, "password": connection.password}
    return {
        field.name: columns[field.place] if field.place != "extra" else connection.extra[field.name]
        for field in form.fields
        if field.place != "extra" or field.name in connection.extra
    }


def secrets_of(form: ConnectionForm, values: dict[str, str]) -> list[str]:
    return [values[field.name] for field in secret_fields(form, values)]


def secret_fields(form: ConnectionForm, values: dict[str, str]) -> list[FormField]:
    """The secrets that the test enters; a form has others that may stay empty."""
    return [field for field in form.fields if field.secret and field.name in values]


@every_form
def test_hook_meta(page: playwright.Page, form: ConnectionForm) -> None:
    """The API server, in its own process, gives the pages everything that the table of fields declares."""
    answer = page.request.get("/ui/connections/hook_meta")
    assert answer.ok
    metadata = {one["connection_type"]: one for one in answer.json()}[form.conn_type]
    assert metadata["hook_name"] == form.label
    assert metadata["hook_class_name"] == form.hook_class_name
    standard = metadata["standard_fields"]
    for field in form.standard_fields:
        assert standard[field.place] == {
            "hidden": False,
            "title": field.label,
            "placeholder": field.placeholder,
        }
    assert standard["url_schema"]["hidden"] is True
    assert standard["port"]["hidden"] is not airflow_wants_a_port()
    extra = metadata["extra_fields"]
    assert list(extra) == [field.name for field in form.extra_fields]
    for field in form.extra_fields:
        assert extra[field.name]["description"] == form.help_text(field)
        assert extra[field.name]["value"] is None
        assert extra[field.name]["schema"] == {**field.schema(), "title": field.label}


@every_form
def test_form_shows_every_field(connections: Connections, form: ConnectionForm) -> None:
    dialog = connections.add(form)
    for field in form.standard_fields:
        place = dialog.input(field)
        expect(place).to_have_attribute("placeholder", field.placeholder)
        expect(place).to_have_attribute("type", "password" if field.secret else "text")
    for hidden in ["Host", "Login", "Password", "Schema"] + ([] if airflow_wants_a_port() else ["Port"]):
        if hidden not in {field.label for field in form.fields}:
            expect(dialog.group(hidden)).to_have_count(0)
    for field in form.extra_fields:
        group = dialog.field(field)
        expect(group).to_be_visible()
        expect(group).to_contain_text(field.description)
        if field.secret:
            expect(group.locator("input")).to_have_attribute("type", "password")
        if field.required:
            expect(group).to_contain_text("This field is required")
    labels = dialog.box.get_by_role("region").locator("label").all_inner_texts()
    # A switch has its own, empty label.
    shown = [name for label in labels if (name := label.removesuffix("*").strip())]
    assert shown == [field.label for field in form.extra_fields]
    expect(dialog.box.get_by_role("button", name="Save")).to_be_disabled()
    if form.notice:
        expect(dialog.box).to_contain_text(form.notice)


@every_form_without_consent
def test_add_test_mistype_correct_edit(
    connections: Connections, sandbox: SandboxServer, form: ConnectionForm
) -> None:
    page = connections.page
    conn_id = f"{form.conn_type}_1"
    values = right_values(form, sandbox)
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.text()) if "/api/" in answer.url else None)

    # Created and tested.
    dialog = connections.add(form)
    dialog.name_it(conn_id)
    dialog.fill(values)
    dialog.save()
    success = f"LivePerson account {values['account_id']}: "
    assert connections.test(conn_id)["status"] is True
    connections.expect_message("Test Connection Successful", success)

    # Each secret is mistyped in turn, and corrected with the next.
    correction: dict[str, str] = {}
    for field in secret_fields(form, values):
        dialog = connections.edit(conn_id, form)
        dialog.fill({**correction, field.name: WRONG})
        correction = {field.name: values[field.name]}
        dialog.save()
        answer = connections.test(conn_id)
        assert answer["status"] is False
        connections.expect_message("Test Connection Failed", answer["message"])
        assert field.label.lower() in answer["message"].lower()
        for secret in (WRONG, *secrets_of(form, values)):
            assert secret not in answer["message"]
    dialog = connections.edit(conn_id, form)
    dialog.fill(correction)
    dialog.save()
    assert connections.test(conn_id)["status"] is True

    # Opened again: masks in place of the secrets.
    dialog = connections.edit(conn_id, form)
    for field in secret_fields(form, values):
        expect(dialog.input(field)).to_have_value(MASK)
    dialog.unfold("Extra Fields JSON")
    expect(dialog.box).to_contain_text('"account_id"')
    for secret in secrets_of(form, values):
        assert secret not in page.content()
    listed = page.request.get(f"/api/v2/connections/{conn_id}").json()
    assert listed["password"] == MASK
    for field in secret_fields(form, values):
        if field.place == "extra":
            assert json.loads(listed["extra"])[field.name] == MASK

    # Something else changes, so that Airflow sends the masks back: the secrets must survive it.
    dialog.fill({"timeout": "30", "host": f"{values['host']}/"})
    sent = json.loads(dialog.save().post_data)
    for field in secret_fields(form, values):
        sent_value = sent["password"] if field.place == "password" else json.loads(sent["extra"])[field.name]
        assert sent_value == MASK
    assert connections.test(conn_id)["status"] is True
    connections.expect_message("Test Connection Successful", success)

    # Opened and saved without a change.
    dialog = connections.edit(conn_id, form)
    dialog.unfold("Extra Fields")
    dialog.save()
    assert connections.test(conn_id)["status"] is True

    assert answers
    for secret in (WRONG, *secrets_of(form, values)):
        assert not any(secret in answer for answer in answers)


def test_a_policy_is_entered_mistyped_and_corrected(connections: Connections, sandbox: SandboxServer) -> None:
    """What is typed is what is enforced, and a path that no dataset has does not pass the test."""
    form, conn_id = FORMS["liveperson_api_key"], "with_a_policy"
    policy = {
        "hash_secret": "a long random text",
        "hash_fields": '{"messaging_interactions": ["consumerParticipants.participantId"]}',
        "drop_fields": "loginName, emial",
        "keep_fields": '{"users": ["id", "email"]}',
        "unknown_fields": "drop",
    }
    dialog = connections.add(form)
    dialog.name_it(conn_id)
    dialog.fill({**right_values(form, sandbox), **policy})
    dialog.save()
    answer = connections.test(conn_id)
    assert answer["status"] is False
    connections.expect_message("Test Connection Failed", answer["message"])
    for part in ("drop_fields", "emial"):
        assert part in answer["message"]
    assert policy["hash_secret"] not in answer["message"]

    dialog = connections.edit(conn_id, form)
    for name in ("hash_fields", "drop_fields", "keep_fields"):
        expect(dialog.input(form.field(name))).to_have_value(policy[name])
    chosen = dialog.field(form.field("unknown_fields")).locator("input[type=hidden]")
    expect(chosen).to_have_value(policy["unknown_fields"])
    expect(dialog.input(form.field("hash_secret"))).to_have_value(MASK)
    dialog.fill({"drop_fields": "loginName"})
    dialog.save()
    assert connections.test(conn_id)["status"] is True
    extra = json.loads(connections.page.request.get(f"/api/v2/connections/{conn_id}").json()["extra"])
    assert extra["hash_secret"] == MASK
    assert {**policy, "hash_secret": MASK, "drop_fields": "loginName"}.items() <= extra.items()


def test_screenshot(connections: Connections, sandbox: SandboxServer, tmp_path: Path) -> None:
    """The README's picture."""
    form = FORMS["liveperson_app_jwt"]
    dialog = connections.add(form)
    dialog.name_it("liveperson_default")
    dialog.fill(right_values(form, sandbox))
    dialog.save()
    # Without the message that the connection was saved.
    connections.open()
    connections.test("liveperson_default")
    connections.expect_message("Test Connection Successful", "LivePerson account")
    dialog = connections.edit("liveperson_default", form)
    dialog.unfold("Standard Fields")
    take_pictures(connections.page, "connection-form", tmp_path)

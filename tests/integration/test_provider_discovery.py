"""What Airflow discovers of the installed package through its entry point."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys

import pytest
from airflow import __version__ as airflow_version

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.form import airflow_wants_a_port

DISTRIBUTION = "airflow-provider-liveperson"
AIRFLOW = tuple(int(part) for part in airflow_version.split(".")[:2])


def run(*command: str) -> subprocess.CompletedProcess[str]:
    # A checkout on the path would hide a package that is not installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env=environment, cwd="/"
    )


def airflow(*arguments: str) -> str:
    answer = run("-m", "airflow", *arguments)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    for trouble in ("Exception when importing", "Inconsistency", "Failed to load CLI commands", "not loaded"):
        assert trouble not in answer.stdout + answer.stderr
    return answer.stdout


def rows(output: str) -> list[dict[str, str]]:
    """The JSON of ``-o json``, possibly after log lines."""
    return json.loads(output[output.index("[{") :])


@pytest.fixture(scope="module", autouse=True)
def _installed():
    try:
        importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        pytest.fail(f"{DISTRIBUTION} is not installed here: uv pip install -e .")


@pytest.fixture(scope="module")
def discovered() -> dict[str, list]:
    """What the API server knows: the connections page's forms, and the triggers."""
    script = (
        "from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService\n"
        "from airflow.providers_manager import ProvidersManager\n"
        "import json\n"
        "forms = [form.model_dump(mode='json') for form in HookMetaService.hook_meta_data()]\n"
        "triggers = [[one.trigger_class_name, one.package_name] for one in ProvidersManager().trigger]\n"
        "print('FOUND' + json.dumps({'forms': forms, 'triggers': triggers}))"
    )
    answer = run("-c", script)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.rpartition("FOUND")[2])


@pytest.fixture(scope="module")
def forms(discovered) -> dict[str, dict]:
    """What the connections page gets from the API server, by connection type."""
    return {form["connection_type"]: form for form in discovered["forms"]}


def test_triggers(discovered):
    assert {name for name, package in discovered["triggers"] if package == DISTRIBUTION} == {
        "airflow_provider_liveperson.triggers.data_access",
        "airflow_provider_liveperson.triggers.data_ready",
    }


def test_providers_list():
    found = [row for row in rows(airflow("providers", "list", "-o", "json")) if DISTRIBUTION in str(row)]
    assert len(found) == 1
    assert found[0]["version"] == __version__


def test_providers_hooks():
    # Airflow imports the hook classes here and skips those that it cannot import.
    hooks = {row["connection_type"]: row for row in rows(airflow("providers", "hooks", "-o", "json"))}
    for form in FORMS.values():
        row = hooks[form.conn_type]
        assert row["class"] == form.hook_class_name
        assert row["conn_id_attribute_name"] == "liveperson_conn_id"
        assert row["hook_name"] == form.label
        assert row["package_name"] == DISTRIBUTION


@pytest.mark.parametrize("conn_type", sorted(FORMS))
class TestForm:
    def test_has_its_name(self, forms, conn_type):
        assert forms[conn_type]["hook_name"] == FORMS[conn_type].label

    def test_has_every_standard_field_under_its_own_label(self, forms, conn_type):
        shown = forms[conn_type]["standard_fields"]
        for field in FORMS[conn_type].standard_fields:
            assert shown[field.place]["title"] == field.label
            assert shown[field.place]["placeholder"] == field.placeholder
            assert shown[field.place]["hidden"] is False
        assert shown["port"]["hidden"] is not airflow_wants_a_port()
        assert shown["url_schema"]["hidden"] is True
        assert shown["description"] is None

    def test_has_every_extra_field_with_label_and_help(self, forms, conn_type):
        form = FORMS[conn_type]
        shown = forms[conn_type]["extra_fields"]
        # A JSON object has no order, but the page shows the fields in the order received.
        assert list(shown) == [field.name for field in form.extra_fields]
        for field in form.extra_fields:
            assert shown[field.name]["schema"]["title"] == field.label
            assert shown[field.name]["description"] == form.help_text(field)
            assert shown[field.name]["value"] is None

    def test_hides_secrets_and_offers_choices(self, forms, conn_type):
        shown = forms[conn_type]["extra_fields"]
        for field in FORMS[conn_type].extra_fields:
            schema = shown[field.name]["schema"]
            assert schema.get("format") == ("password" if field.secret else None)
            assert schema.get("enum") == (list(field.choices) or None)

    def test_requires_what_is_required(self, forms, conn_type):
        shown = forms[conn_type]["extra_fields"]
        for field in FORMS[conn_type].extra_fields:
            optional = "null" in shown[field.name]["schema"]["type"]
            # In Airflow 3.1 a hook cannot make a field required.
            assert optional is (AIRFLOW < (3, 2) or not field.required)


def test_command_line():
    if AIRFLOW < (3, 2):
        answer = run("-m", "airflow_provider_liveperson", "sandbox", "--help")
        assert answer.returncode == 0, answer.stderr
        return
    assert "sandbox" in airflow("liveperson", "--help")
    assert "--port" in airflow("liveperson", "sandbox", "--help")
    assert "liveperson" in airflow("--help")


def test_documentation_url():
    urls = importlib.metadata.metadata(DISTRIBUTION).get_all("Project-URL") or []
    assert any(url.startswith("Documentation, https://") for url in urls)

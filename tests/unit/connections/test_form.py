"""Airflow's two shapes of the connection forms."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import types

import pytest

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.form import (
    airflow_wants_a_port,
    connection_types,
    field_behaviour,
    form_widgets,
)

every_type = pytest.mark.parametrize("conn_type", sorted(FORMS))


class TestMetadata:
    def test_has_every_type(self):
        assert {kind["connection-type"]: kind["hook-name"] for kind in connection_types()} == {
            "liveperson_api_key": "LivePerson (API key, OAuth 1.0)",
            "liveperson_app_jwt": "LivePerson (App-JWT, OAuth 2.0)",
            "liveperson_web_app": "LivePerson (web application, OAuth 2.0)",
            "liveperson_login": "LivePerson (Login Service, user or bot)",
        }

    def test_is_json(self):
        assert json.loads(json.dumps(connection_types())) == connection_types()

    def test_hands_out_a_new_copy_each_time(self):
        connection_types()[0]["conn-fields"].clear()
        assert connection_types()[0]["conn-fields"]

    def test_has_the_extra_fields_in_order(self):
        common = [
            "timeout",
            "max_concurrency",
            "source",
            "region",
            "deep_paging_limit",
            "hash_secret",
            "hash_fields",
            "drop_fields",
            "keep_fields",
            "unknown_fields",
            "service_hosts",
            "proxies",
            "verify",
            "client_cert",
        ]
        key = ["app_key", "app_secret", "access_token", "access_token_secret"]
        assert {kind["connection-type"]: list(kind["conn-fields"]) for kind in connection_types()} == {
            "liveperson_api_key": ["account_id", "access_token", "access_token_secret", *common],
            "liveperson_app_jwt": ["account_id", "token_version", *common],
            "liveperson_web_app": ["account_id", "redirect_uri", "pkce", *common],
            "liveperson_login": ["account_id", *key, *common],
        }

    def test_marks_secrets_requirements_and_choices(self):
        by_type = {
            kind["connection-type"]: {name: field["schema"] for name, field in kind["conn-fields"].items()}
            for kind in connection_types()
        }
        schemas = by_type["liveperson_api_key"] | by_type["liveperson_app_jwt"]
        assert schemas["access_token_secret"] == {"type": "string", "format": "password"}
        assert schemas["account_id"]["type"] == "string"
        assert schemas["token_version"] == {"type": ["string", "null"], "enum": ["v2", "v1"]}
        assert schemas["region"] == {"type": ["string", "null"], "enum": ["va", "lo", "sy"]}
        assert schemas["timeout"] == {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 3600}
        assert schemas["max_concurrency"] == {"type": ["integer", "null"], "minimum": 1, "maximum": 64}
        assert schemas["deep_paging_limit"]["type"] == ["integer", "null"]
        assert schemas["deep_paging_limit"]["minimum"] == 100
        assert schemas["hash_secret"] == {"type": ["string", "null"], "format": "password"}
        assert schemas["service_hosts"] == schemas["proxies"] == {"type": ["object", "null"]}
        assert schemas["verify"] == schemas["client_cert"] == {"type": ["string", "null"]}
        optional_secret = {"type": ["string", "null"], "format": "password"}
        assert by_type["liveperson_login"]["app_secret"] == optional_secret
        assert by_type["liveperson_login"]["access_token"] == optional_secret

    def test_names_no_default_because_the_form_would_store_it(self):
        for kind in connection_types():
            for name, field in kind["conn-fields"].items():
                assert "default" not in field["schema"], name

    def test_tells_every_default_in_the_help_text(self):
        for form in FORMS.values():
            for field in form.extra_fields:
                if field.default is not None:
                    told = f"{field.default:g}" if field.kind == "number" else str(field.default)
                    told = told.lower() if field.booleans else told
                    told = "off" if field.kind == "boolean" else told
                    assert re.search(rf"Default: {told}[.,]", field.description), field.name

    def test_every_extra_field_has_label_and_help(self):
        for kind in connection_types():
            for field in kind["conn-fields"].values():
                assert field["label"]
                assert field["description"].endswith(".")

    def test_warns_of_the_end_of_oauth_1_where_the_form_shows_it(self):
        kinds = {kind["connection-type"]: kind for kind in connection_types()}
        api_key, app_jwt = kinds["liveperson_api_key"], kinds["liveperson_app_jwt"]
        first_help = next(iter(api_key["conn-fields"].values()))["description"]
        assert "31 May 2026" in first_help
        assert "App-JWT" in first_help
        assert "31 May 2026" in api_key["ui-field-behaviour"]["placeholders"]["login"]
        assert "31 May 2026" not in json.dumps(app_jwt)

    def test_says_who_may_log_in_and_what_to_prefer_where_the_form_shows_it(self):
        login = next(kind for kind in connection_types() if kind["connection-type"] == "liveperson_login")
        first_help = next(iter(login["conn-fields"].values()))["description"]
        assert "LivePerson asks to prefer App-JWT" in first_help
        assert "single sign-on (SSO) cannot log in here" in first_help
        assert "OAuth 1.0 keys ended on 30 April 2026" in first_help
        placeholders = login["ui-field-behaviour"]["placeholders"]
        assert "prefer App-JWT" in placeholders["login"]
        assert "SSO users cannot log in here" in placeholders["password"]

    def test_relabels_and_hides_standard_fields(self):
        kinds = {kind["connection-type"]: kind["ui-field-behaviour"] for kind in connection_types()}
        api_key, app_jwt = kinds["liveperson_api_key"], kinds["liveperson_app_jwt"]
        assert kinds["liveperson_login"]["relabeling"] == {
            "host": "Domain API URL",
            "login": "User name",
            "password": "Password",
        }
        assert api_key["relabeling"] == {
            "host": "Domain API URL",
            "login": "App key",
            "password": "App secret",
        }
        assert app_jwt["relabeling"] == {
            "host": "Domain API URL",
            "login": "Client ID",
            "password": "Client secret",
        }
        assert "schema" in api_key["hidden-fields"]
        assert "schema" in app_jwt["hidden-fields"]
        assert "https://api.liveperson.net" in api_key["placeholders"]["host"]

    @every_type
    @pytest.mark.parametrize(
        ("version", "wanted"),
        [("3.1.8", False), ("3.3.0", False), ("3.3.1", True), ("3.3.2", True), ("3.4.0", False)],
    )
    def test_shows_a_port_only_where_airflows_test_button_wants_one(
        self, monkeypatch, conn_type, version, wanted
    ):
        monkeypatch.setattr("importlib.metadata.version", {"apache-airflow-core": version}.__getitem__)
        assert airflow_wants_a_port() is wanted
        behavior = field_behaviour(conn_type)
        assert ("port" in behavior["hidden_fields"]) is not wanted
        assert ("port" in behavior["placeholders"]) is wanted

    def test_shows_no_port_where_airflows_version_is_unknown(self, monkeypatch):
        def unknown(name):
            raise importlib.metadata.PackageNotFoundError(name)

        monkeypatch.setattr("importlib.metadata.version", unknown)
        assert airflow_wants_a_port() is False


def _drawn(conn_type, monkeypatch):
    """The fields as Airflow's API server shows them, with its own stand-ins for WTForms."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    wtforms, validators = types.ModuleType("wtforms"), types.ModuleType("wtforms.validators")
    wtforms.StringField = HookMetaService.MockStringField
    wtforms.PasswordField = HookMetaService.MockPasswordField
    wtforms.IntegerField = HookMetaService.MockIntegerField
    wtforms.BooleanField = HookMetaService.MockBooleanField
    validators.Optional = HookMetaService.MockOptional
    validators.any_of = HookMetaService.MockEnum
    monkeypatch.setitem(sys.modules, "wtforms", wtforms)
    monkeypatch.setitem(sys.modules, "wtforms.validators", validators)
    return {name: widget.param.dump() for name, widget in form_widgets(conn_type).items()}


class TestPythonForm:
    @every_type
    def test_behavior_passes_airflows_schema(self, conn_type):
        from airflow.providers_manager import _create_customized_form_field_behaviours_schema_validator

        _create_customized_form_field_behaviours_schema_validator().validate(field_behaviour(conn_type))

    def test_draws_the_same_form_as_the_metadata(self, monkeypatch):
        drawn = {conn_type: _drawn(conn_type, monkeypatch) for conn_type in FORMS}
        for kind in connection_types():
            widgets = drawn[kind["connection-type"]]
            assert list(widgets) == list(kind["conn-fields"])
            for name, field in kind["conn-fields"].items():
                shown, schema = widgets[name], widgets[name]["schema"]
                assert shown["value"] is None
                assert schema["title"] == field["label"]
                assert shown["description"] == field["description"]
                assert schema.get("format") == field["schema"].get("format")
                assert schema.get("enum") == field["schema"].get("enum")
                # A number or an object is typed as text there.
                kinds = {"number": "string", "object": "string"}
                wanted = field["schema"]["type"]
                wanted = wanted if isinstance(wanted, str) else wanted[0]
                assert schema["type"] == [kinds.get(wanted, wanted), "null"]

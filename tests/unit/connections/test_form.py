from __future__ import annotations

import copy
import importlib.metadata
import json
import re
import sys
import types

import pytest

from airflow_provider_liveperson.connections.form import (
    FORMS,
    FormField,
    airflow_wants_a_port,
    connection_types,
    field_behaviour,
    form_widgets,
    locate,
    read_fields,
)
from airflow_provider_liveperson.exceptions import ConfigurationError

API_KEY_FIELDS = {
    "host": None,
    "login": "the-app-key",
    "password": "the-app-secret",
    "extra": {
        "account_id": "70000001",
        "access_token": "the-access-token",
        "access_token_secret": "the-token-secret",
    },
}
APP_JWT_FIELDS = {
    "host": None,
    "login": "the-client-id",
    "password": "the-client-secret",
    "extra": {"account_id": "70000001"},
}
LOGIN_FIELDS = {
    "host": None,
    "login": "pat@acme.test",
    "password": "the-password",
    "extra": {"account_id": "70000001"},
}
FIELDS = {
    "liveperson_api_key": API_KEY_FIELDS,
    "liveperson_app_jwt": APP_JWT_FIELDS,
    "liveperson_web_app": APP_JWT_FIELDS,
    "liveperson_login": LOGIN_FIELDS,
}
COMMON_DEFAULTS = {
    "host": "https://api.liveperson.net",
    "account_id": "70000001",
    "timeout": 60.0,
    "max_concurrency": 8,
    "source": "AirflowProvider",
    "region": None,
    "deep_paging_limit": None,
    "hash_secret": None,
    "service_hosts": {},
    "proxies": {},
    "verify": True,
    "client_cert": None,
}

every_type = pytest.mark.parametrize("conn_type", sorted(FORMS))


def read(conn_type="liveperson_app_jwt", *, extra=None, **columns):
    fields = copy.deepcopy(FIELDS[conn_type])
    fields["extra"].update(extra or {})
    return read_fields(conn_type, conn_id="lp", **{**fields, **columns})


def problem(conn_type="liveperson_app_jwt", **changes) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(conn_type, **changes)
    return caught.value


class TestTheTable:
    def test_names_are_unique_within_a_form(self):
        for form in FORMS.values():
            names = [field.name for field in form.fields]
            assert len(names) == len(set(names))

    @every_type
    def test_each_standard_column_is_used_once(self, conn_type):
        places = [field.place for field in FORMS[conn_type].standard_fields]
        assert sorted(places) == ["host", "login", "password"]

    @every_type
    def test_names_secrets_so_that_airflow_masks_them_in_extra(self, conn_type):
        # Airflow hides what it shows of a connection by the field's name.
        masked = ("access_token", "token", "secret", "password", "api_key", "private_key", "passphrase")
        for field in FORMS[conn_type].extra_fields:
            if field.secret:
                assert any(word in field.name for word in masked), field.name

    @every_type
    def test_every_default_passes_its_own_rules(self, conn_type):
        for field in FORMS[conn_type].fields:
            if field.default is not None:
                assert field.read(field.default) == field.default

    def test_agrees_with_what_a_client_takes(self):
        settings = pytest.importorskip("airflow_provider_liveperson.client.settings")
        form = FORMS["liveperson_app_jwt"]
        made = settings.ClientSettings(account_id="70000001")
        for name in ("host", "timeout", "max_concurrency", "source", "region", "verify", "client_cert"):
            assert form.field(name).default == getattr(made, name), name
        assert set(form.field("region").choices) == set(settings.REGIONS)

    def test_an_unknown_field_is_a_key_error(self):
        with pytest.raises(KeyError):
            FORMS["liveperson_app_jwt"].field("app_key")


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
        behaviour = field_behaviour(conn_type)
        assert ("port" in behaviour["hidden_fields"]) is not wanted
        assert ("port" in behaviour["placeholders"]) is wanted

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
    def test_behaviour_passes_airflows_schema(self, conn_type):
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


class TestReading:
    def test_api_key_with_defaults(self):
        assert read("liveperson_api_key") == {
            **COMMON_DEFAULTS,
            "app_key": "the-app-key",
            "app_secret": "the-app-secret",
            "access_token": "the-access-token",
            "access_token_secret": "the-token-secret",
        }

    def test_app_jwt_with_defaults(self):
        assert read("liveperson_app_jwt") == {
            **COMMON_DEFAULTS,
            "client_id": "the-client-id",
            "client_secret": "the-client-secret",
            "token_version": "v2",
        }

    def test_web_app_with_defaults(self):
        assert read("liveperson_web_app") == {
            **COMMON_DEFAULTS,
            "client_id": "the-client-id",
            "client_secret": "the-client-secret",
            "redirect_uri": None,
            "pkce": False,
        }

    def test_login_with_defaults(self):
        assert read("liveperson_login") == {
            **COMMON_DEFAULTS,
            "user_name": "pat@acme.test",
            "password": "the-password",
            "app_key": None,
            "app_secret": None,
            "access_token": None,
            "access_token_secret": None,
        }

    def test_a_bot_has_a_key_instead_of_a_password(self):
        values = read("liveperson_login", password="", extra={"app_key": "an-id", "app_secret": " s "})
        assert (values["password"], values["app_key"], values["app_secret"]) == (None, "an-id", "s")

    def test_untouched_fields_of_a_new_form_are_stored_as_null(self):
        nothing = dict.fromkeys(
            [
                "token_version",
                "timeout",
                "max_concurrency",
                "source",
                "region",
                "deep_paging_limit",
                "hash_secret",
                "service_hosts",
                "proxies",
                "verify",
                "client_cert",
            ]
        )
        assert read(extra=nothing, host="") == read()

    def test_drops_white_space(self):
        values = read(
            host=" https://eu.example.test ",
            login="\tid\n",
            password=" secret ",
            extra={"account_id": " 70000001 ", "source": "  "},
        )
        assert values["host"] == "https://eu.example.test"
        assert values["client_id"] == "id"
        assert values["client_secret"] == "secret"
        assert values["account_id"] == "70000001"
        assert values["source"] == "AirflowProvider"

    @pytest.mark.parametrize(
        ("field", "raw", "value"),
        [
            ("timeout", "30", 30.0),
            ("timeout", " 2.5 ", 2.5),
            ("timeout", 90, 90.0),
            ("max_concurrency", "4", 4),
            ("max_concurrency", 4.0, 4),
            ("account_id", 70000001, "70000001"),
            ("region", "lo", "lo"),
            ("deep_paging_limit", "50000", 50000),
            ("hash_secret", " salt ", "salt"),
            ("token_version", "v1", "v1"),
            ("verify", "True", True),
            ("verify", " false ", False),
            ("verify", True, True),
            ("verify", False, False),
            ("verify", "/etc/ssl/company.pem", "/etc/ssl/company.pem"),
            ("client_cert", "/a/cert.pem, /a/key.pem", "/a/cert.pem, /a/key.pem"),
            ("proxies", '{"https": "http://proxy.test:3128"}', {"https": "http://proxy.test:3128"}),
            ("service_hosts", {"msgHist": "a.test"}, {"msgHist": "a.test"}),
            ("service_hosts", ' {"msgHist": " a.test "} ', {"msgHist": "a.test"}),
            ("service_hosts", "{}", {}),
            ("service_hosts", {}, {}),
        ],
    )
    def test_converts(self, field, raw, value):
        found = read(extra={field: raw})[field]
        assert found == value
        assert type(found) is type(value)

    def test_takes_the_prefixed_names_of_old_forms(self):
        extra = {
            "extra__liveperson_app_jwt__account_id": "1",
            "extra__liveperson_app_jwt__region": "sy",
            "region": "",
        }
        values = read_fields(
            "liveperson_app_jwt", host=None, login="a", password="b", extra=extra, conn_id="lp"
        )
        assert (values["account_id"], values["region"]) == ("1", "sy")

    def test_the_plain_name_wins_over_the_prefixed_one(self):
        assert read(extra={"extra__liveperson_app_jwt__account_id": "1"})["account_id"] == "70000001"

    def test_one_connections_hosts_are_not_anothers(self):
        read()["service_hosts"]["msgHist"] = "a.test"
        assert read()["service_hosts"] == {}

    def test_names_all_that_is_missing_at_once(self):
        with pytest.raises(ConfigurationError) as caught:
            read_fields(
                "liveperson_api_key",
                host="",
                login=None,
                password=" ",
                extra={"account_id": ""},
                conn_id="lp_eu",
            )
        message = str(caught.value)
        assert "'lp_eu'" in message
        for place in (
            "App key (login)",
            "App secret (password)",
            "Account ID (extra: account_id)",
            "Access token (extra: access_token)",
            "Access token secret (extra: access_token_secret)",
        ):
            assert place in message
        assert "Region" not in message
        assert caught.value.field == "app_key"

    @pytest.mark.parametrize(
        ("field", "raw", "expected"),
        [
            ("timeout", "soon", "must be a number, but is 'soon'"),
            ("timeout", True, "must be a number"),
            ("timeout", "nan", "must be a number"),
            ("timeout", 0, "must be more than 0 and at most 3600, but is 0"),
            ("timeout", "3601", "at most 3600"),
            ("max_concurrency", 2.5, "must be a whole number, but is 2.5"),
            ("max_concurrency", 65, "must be at least 1 and at most 64, but is 65"),
            ("source", "no spaces", "must match"),
            ("source", "a" * 21, "must match"),
            ("source", ["x"], "must be a text"),
            ("region", "us", "must be one of va, lo, sy, but is 'us'"),
            ("deep_paging_limit", 99, "must be at least 100 and at most 10000000, but is 99"),
            ("deep_paging_limit", "all", "must be a whole number"),
            ("token_version", "v3", "must be one of v2, v1"),
            ("account_id", "7000/../1", "must match"),
            ("service_hosts", "{", "must be a JSON object"),
            ("service_hosts", "[]", "must be a JSON object"),
            ("service_hosts", {"msgHist": 1}, "must be a JSON object"),
            ("service_hosts", {"msgHist": " "}, "must be a JSON object"),
        ],
    )
    def test_refuses(self, field, raw, expected):
        error = problem(extra={field: raw})
        assert expected in str(error)
        assert f"(extra: {field})" in str(error)
        assert "'lp'" in str(error)
        assert error.field == field

    def test_names_what_is_missing_and_what_is_wrong_together(self):
        error = problem(login="", extra={"region": "us", "timeout": "x"})
        assert "Client ID (login)" in str(error)
        assert "Region (extra: region)" in str(error)
        assert "Timeout (extra: timeout)" in str(error)
        assert error.field == "client_id"

    def test_never_tells_a_secret(self):
        secrets = ["hunter2-access", "hunter2-password", "hunter2-list", "hunter2-host", "hunter2-hash"]
        secrets.append("hunter2-proxy")
        error = problem(
            "liveperson_api_key",
            login="",
            password=secrets[1],
            extra={
                "access_token": secrets[0],
                "access_token_secret": [secrets[2]],
                "hash_secret": [secrets[4]],
                "service_hosts": {"a": {"password": secrets[3]}},
                "proxies": f"http://user:{secrets[5]}@proxy.test",
            },
        )
        assert "Access token secret (extra: access_token_secret) must be a text;" in str(error)
        assert not [secret for secret in secrets if secret in str(error)]

    def test_cuts_long_values_short(self):
        assert "x" * 80 not in str(problem(extra={"region": "x" * 80}))

    @pytest.mark.parametrize("half", ["x\ud83d", "\udc00x"])
    def test_refuses_half_a_character_which_cannot_be_sent(self, half):
        assert "Client ID (login) holds half of a character" in str(problem(login=half))
        error = problem("liveperson_api_key", extra={"access_token": half})
        assert "Access token (extra: access_token) holds half of a character" in str(error)

    def test_refuses_another_connection_type(self):
        with pytest.raises(ConfigurationError, match=r"'http'.*liveperson_api_key, liveperson_app_jwt"):
            read_fields("http", host=None, login=None, password=None, extra={}, conn_id="lp")


@pytest.mark.parametrize(
    ("conn_type", "field", "words"),
    [
        ("liveperson_api_key", "account_id", "'Account ID' (extra: account_id)"),
        ("liveperson_api_key", "app_key", "'App key' (login)"),
        ("liveperson_app_jwt", "client_secret", "'Client secret' (password)"),
        ("liveperson_app_jwt", "host", "'Domain API URL' (host)"),
        ("liveperson_app_jwt", "app_key", "'app_key'"),
        ("http", "account_id", "'account_id'"),
    ],
)
def test_locate(conn_type, field, words):
    assert locate(conn_type, field) == words


def test_max_length_and_secret_rules_of_a_field():
    field = FormField(name="pin", label="PIN", place="extra", max_length=3, secret=True)
    with pytest.raises(ValueError, match=r"PIN \(extra: pin\) must have at most 3 characters$"):
        field.read("1234")

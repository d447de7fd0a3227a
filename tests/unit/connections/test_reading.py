"""Reading connections by the table of fields."""

from __future__ import annotations

import copy

import pytest

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.reading import locate, read_fields
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
    "hash_fields": None,
    "drop_fields": None,
    "keep_fields": None,
    "unknown_fields": None,
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


every_type = pytest.mark.parametrize("conn_type", sorted(FORMS))


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
            ("source", ["x"], "must be a string"),
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
        assert "Access token secret (extra: access_token_secret) must be a string;" in str(error)
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

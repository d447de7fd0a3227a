"""The secret of a stored connection stays where it is, whatever somebody tests with it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from airflow_provider_liveperson.hooks import consents, tested
from airflow_provider_liveperson.hooks.building import hook_class_of
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from devtools.memory_grants import MemoryGrantStore

MADE_UP = "xK3f9QzT"
HUSH = "hush-7c1e5b"


class Listener:
    """Takes whatever comes, on every connection, and answers nothing."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.netloc = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                got, _ = self._socket.accept()
            except OSError:
                return
            with got:
                got.settimeout(0.5)
                try:
                    self.heard.append(got.recv(65536))
                except OSError:
                    self.heard.append(b"")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


STORED = {
    "liveperson_app_jwt": {"login": "client", "password": HUSH, "extra": {"account_id": "70000001"}},
    "liveperson_login": {"login": "pat", "password": HUSH, "extra": {"account_id": "70000001"}},
    "liveperson_api_key": {
        "login": "key",
        "password": "app",
        "extra": {"account_id": "70000001", "access_token": "t", "access_token_secret": HUSH},
    },
}


def put(monkeypatch, conn_id: str, conn_type: str, **extra: object) -> None:
    about = {"conn_type": conn_type, **STORED[conn_type]}
    about["host"] = extra.pop("host", None)
    about["extra"] = {**STORED[conn_type]["extra"], **extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(about))


@pytest.mark.parametrize("conn_type", STORED)
@pytest.mark.parametrize(
    ("field", "extra"),
    [
        ("service_hosts", {"service_hosts": {"sentinel": "https://{there}", "agentVep": "https://{there}"}}),
        ("service_hosts", {"service_hosts": {"accountConfigReadOnly": "http://{there}"}}),
        ("service_hosts", {"service_hosts": {"sentinel": "https://collector.example.com"}}),
        ("host", {"host": "http://{there}"}),
        ("proxies", {"proxies": {"https": "http://{there}"}}),
        ("proxies", {"proxies": {"all": "http://{there}"}, "verify": "{bundle}"}),
        ("verify", {"verify": "{bundle}"}),
        ("client_cert", {"client_cert": "{bundle}"}),
    ],
)
def test_no_field_that_moves_traffic_moves_a_stored_secret(
    monkeypatch, listener, tmp_path, conn_type, field, extra
):
    monkeypatch.setattr(tested, "saved_connections", lambda *_: {})
    monkeypatch.setattr("airflow_provider_liveperson.client.network.check_verify", lambda *_: None)
    monkeypatch.setattr("airflow_provider_liveperson.client.network.check_client_cert", lambda *_: None)
    put(monkeypatch, "stored", conn_type)
    text = json.dumps(extra).replace("{there}", listener.netloc).replace("{bundle}", str(tmp_path / "a.pem"))
    put(monkeypatch, MADE_UP, conn_type, **json.loads(text))
    works, said = LivePersonHook.for_connection(MADE_UP).test_connection()
    assert not works
    assert field in said
    assert "no credential is sent there" in said or "'stored'" in said
    assert listener.heard == []
    assert HUSH not in said


def test_of_what_lies_in_the_database_the_same_holds(monkeypatch, listener):
    extra = {**STORED["liveperson_app_jwt"]["extra"], "proxies": {"https": "http://good.example.com:3128"}}
    saved = SimpleNamespace(
        conn_id="saved",
        conn_type="liveperson_app_jwt",
        host=None,
        schema=None,
        port=None,
        password=HUSH,
        extra=json.dumps(extra),
        extra_dejson=extra,
    )
    monkeypatch.setattr(tested, "saved_connections", lambda *_: {"saved": saved})
    put(monkeypatch, MADE_UP, "liveperson_app_jwt", proxies={"https": f"http://{listener.netloc}"})
    works, said = LivePersonHook.for_connection(MADE_UP).test_connection()
    assert (works, listener.heard) == (False, [])
    assert "'saved'" in said
    assert "where the field proxies has a different value" in said


def test_secrets_that_nobody_can_list_do_not_go_through_a_strangers_proxy(monkeypatch, listener, tmp_path):
    monkeypatch.setattr(tested, "saved_connections", lambda *_: {})
    monkeypatch.setattr("airflow_provider_liveperson.client.network.check_verify", lambda *_: None)
    ways = {"proxies": {"https": f"http://{listener.netloc}"}, "verify": str(tmp_path / "a.pem")}
    put(monkeypatch, MADE_UP, "liveperson_app_jwt", **ways)
    works, said = LivePersonHook.for_connection(MADE_UP).test_connection()
    assert (works, listener.heard) == (False, [])
    assert "through a proxy whose certificate authority it also names" in said


def test_a_proxy_that_the_deployment_trusts_may_be_named_anew(monkeypatch, listener):
    monkeypatch.setattr(tested, "saved_connections", lambda *_: {})
    monkeypatch.setenv("AIRFLOW__LIVEPERSON__TRUSTED_HOSTS", listener.netloc)
    put(monkeypatch, "stored", "liveperson_app_jwt")
    put(monkeypatch, MADE_UP, "liveperson_app_jwt", proxies={"https": f"http://{listener.netloc}"})
    LivePersonHook.for_connection(MADE_UP).test_connection()
    assert listener.heard
    assert all(heard.startswith(b"CONNECT api.liveperson.net:443") for heard in listener.heard)
    assert all(HUSH.encode() not in heard for heard in listener.heard)


def test_what_is_tested_unparsed_stored_is_tested(monkeypatch, sandbox, waits):
    monkeypatch.setattr(tested, "saved_connections", lambda *_: {})
    for conn_id in ("stored", MADE_UP):
        made = sandbox.connections()["liveperson_api_key"]
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", made.as_json())
    assert LivePersonHook.for_connection(MADE_UP).test_connection()[0]


def test_connections_of_the_environment_with_one_secret_may_go_different_ways(monkeypatch, sandbox, waits):
    monkeypatch.setattr(tested, "saved_connections", lambda *_: {})
    made = sandbox.connections()["liveperson_api_key"].as_dict()
    monkeypatch.setenv("AIRFLOW_CONN_LP_DIRECT", json.dumps({**made, "host": None}))
    monkeypatch.setenv("AIRFLOW_CONN_LP_SANDBOX", json.dumps(made))
    assert LivePersonHook.for_connection("lp_sandbox").test_connection()[0]


@pytest.mark.parametrize("variable", ["AIRFLOW__LIVEPERSON__TRUSTED_HOSTS", "LIVEPERSON_TRUSTED_HOSTS"])
def test_the_deployment_says_which_hosts_beside_livepersons_are_trusted(monkeypatch, variable):
    put(monkeypatch, "lp", "liveperson_app_jwt", service_hosts={"sentinel": "gate.acme.test:8443"})
    works, said = LivePersonHook.for_connection("lp").test_connection()
    assert not works
    assert said.startswith("'Service hosts' (extra: service_hosts)")
    assert "AIRFLOW__LIVEPERSON__TRUSTED_HOSTS" in said
    monkeypatch.setenv(variable, "gate.acme.test")
    client = LivePersonHook.for_connection("lp").get_conn()
    assert client.base_url("sentinel") == "https://gate.acme.test:8443"


def test_a_connection_cannot_say_itself_whom_the_deployment_trusts(monkeypatch):
    put(
        monkeypatch,
        "lp",
        "liveperson_app_jwt",
        service_hosts={"sentinel": "gate.acme.test"},
        trusted_hosts=["gate.acme.test"],
    )
    works, said = LivePersonHook.for_connection("lp").test_connection()
    assert not works
    assert "service_hosts" in said


@pytest.mark.parametrize(
    ("conn_type", "changed", "sentence"),
    [
        (
            "liveperson_app_jwt",
            {"password": ""},
            "This connection of type 'LivePerson (App-JWT, OAuth 2.0)' cannot",
        ),
        ("liveperson_app_jwt", {"extra": "[1]"}, "The extra of this connection must be a JSON object"),
        (
            "liveperson_app_jwt",
            {"extra": {"account_id": "70000001", "drop_fields": {"users": ["nmae"]}}},
            "this connection, extra drop_fields: ",
        ),
        ("liveperson_web_app", {}, "press Authorize for this connection"),
    ],
    ids=["a missing field", "an extra", "a policy", "no consent"],
)
def test_an_id_that_airflow_has_made_up_is_not_told(
    monkeypatch, sandbox, waits, conn_type, changed, sentence
):
    monkeypatch.setattr(consents, "store_for", lambda *_: MemoryGrantStore())
    about = sandbox.connections()[conn_type].as_dict() | changed
    for conn_id in (MADE_UP, "lp_stored"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(about))
    hook_class = hook_class_of(SimpleNamespace(conn_type=conn_type))  # which Airflow makes a hook of, unread
    works, said = hook_class(liveperson_conn_id=MADE_UP).test_connection()
    assert not works
    assert sentence in said
    assert MADE_UP not in said
    by_name = hook_class(liveperson_conn_id="lp_stored").test_connection()[1]
    assert by_name.casefold() == said.casefold().replace("this connection", "connection 'lp_stored'")

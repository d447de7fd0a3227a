"""The guard: which hosts may be given a credential."""

from __future__ import annotations

import pytest
import requests

from airflow_provider_liveperson.client.host_guard import HostGuard
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    UntrustedHostError,
)
from devtools.foreign_hosts import FOREIGN

SERVICE = "accountConfigReadOnly"
REAL = "https://api.liveperson.net"
ACCOUNT = "70000001"


# -- the guard -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [it for it in FOREIGN if not it.startswith(("127.0.0.1", "https://"))])
@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_not_a_byte_goes_to_a_foreign_host(sandbox, connect, audit_request, monkeypatch, host, kind):
    left: list[str] = []
    send = requests.adapters.HTTPAdapter.send

    def noted(self, request, **options):
        left.append(request.url)
        return send(self, request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", noted)
    sandbox.configure(service_hosts={SERVICE: host, "sentinel": host})
    with pytest.raises(UntrustedHostError, match=r"under \.liveperson\.net"):
        connect(kind).call(audit_request, lambda answer: answer)
    assert left
    assert all(url.startswith(f"{sandbox.url}/api/account/") and "/service/" in url for url in left)


@pytest.mark.parametrize(
    ("host", "named", "trusted"),
    [
        (REAL, "collector.example.com", []),
        (REAL, "https://liveperson.net.evil.com", []),
        (REAL, "https://notliveperson.net", []),
        (REAL, "127.0.0.1:9000", []),
        (REAL, "http://localhost:9000", []),
        (REAL, "https://[::1]:9000", []),
        (REAL, "lp.acme.test:8443", ["lp.acme.test:443"]),
        (REAL, "lp.acme.test", ["lp.acme.test:8443"]),
        (REAL, "acme.test", ["*.acme.test"]),
        (REAL, "evilacme.test", ["*.acme.test"]),
        (REAL, "lp.acme.test.evil.com", ["lp.acme.test", "*.acme.test"]),
        ("http://127.0.0.1:8000", "collector.example.com", []),
        ("http://127.0.0.1:8000", "https://10.0.0.1", []),
    ],
)
def test_a_connection_alone_trusts_nobody(host, named, trusted):
    with pytest.raises(
        UntrustedHostError, match=r"AIRFLOW__LIVEPERSON__TRUSTED_HOSTS.*LIVEPERSON_TRUSTED"
    ) as caught:
        HostGuard(host, {SERVICE: named}, trusted)
    assert caught.value.field == "service_hosts"


@pytest.mark.parametrize(
    "entry_", ["*", "*.", "*.com", "https://a.test", "a.test/path", "user@a.test", "a b", "*.*.a.test"]
)
def test_a_malformed_trusted_host_is_refused(entry_):
    with pytest.raises(ConfigurationError, match="trusted_hosts"):
        HostGuard(REAL, {}, [entry_])


def test_without_airflow_an_environment_variable_says_whom_the_deployment_trusts(monkeypatch):
    monkeypatch.setenv("LIVEPERSON_TRUSTED_HOSTS", "one.acme.test, two.acme.test:8443\n*.three.test")
    about = ClientSettings(account_id=ACCOUNT, service_hosts={SERVICE: "one.acme.test"})
    assert about.trusted_hosts == ("one.acme.test", "two.acme.test:8443", "*.three.test")
    HostGuard(about.host, about.service_hosts, about.trusted_hosts)


BAD_HOSTS = [
    "http://lp.proxy.acme.test",
    "http://10.0.0.1",
    "https://",
    "https://user@acme.test",
    "https://user:hush@acme.test",
    "https://acme.test/path",
    "https://acme.test?x=1",
    "https://acme.test#x",
    "ftp://acme.test",
    "https://acme.test:99999",
    "https://acme.test:x",
    "https://[::1",
    "https://[zz]",
    "acme.test\\.liveperson.net",
    "acme.test\n",
    "a b",
]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_malformed_service_hosts_are_refused(host):
    with pytest.raises(ConfigurationError, match="service_hosts") as caught:
        HostGuard("https://api.liveperson.net", {SERVICE: host})
    assert caught.value.field == "service_hosts"
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("host", [*BAD_HOSTS, "", "http://api.liveperson.net"])
def test_a_malformed_host_is_refused(host):
    with pytest.raises(ConfigurationError, match="host") as caught:
        HostGuard(host, {})
    assert caught.value.field == "host"
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    ["https://evil.example.com", "https://liveperson.net.evil.com", "notliveperson.net", "https://10.0.0.1"],
)
def test_a_host_that_is_not_liveperson_is_refused(host):
    with pytest.raises(UntrustedHostError, match=r"https://api\.liveperson\.net") as caught:
        HostGuard(host, {})
    assert caught.value.field == "host"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("api.liveperson.net", "https://api.liveperson.net"),
        ("https://api.liveperson.net/", "https://api.liveperson.net"),
        ("HTTPS://API.liveperson.net", "https://API.liveperson.net"),
        ("https://adminlogin.liveperson.net:443", "https://adminlogin.liveperson.net:443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_where_the_domain_api_is(host, url):
    assert HostGuard(host, {}).domain_api == url


@pytest.mark.parametrize(
    "url",
    [
        *(f"https://{host}/path" for host in FOREIGN if "//" not in host and host != "va.ac.liveperson.net/"),
        "http://va.ac.liveperson.net/",
        "ftp://va.ac.liveperson.net/",
        "va.ac.liveperson.net",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_the_session_refuses_a_foreign_host_before_signing(connect, monkeypatch, url, kind):
    client = connect(kind, host="https://api.liveperson.net")
    signed: list[object] = []
    monkeypatch.setattr(type(client.credential), "__call__", lambda self, request: signed.append(request))
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda *_, **__: pytest.fail("it left"))
    with pytest.raises(UntrustedHostError):
        client.session.get(url)
    assert signed == []


def test_the_session_refuses_a_prepared_request_too(connect, monkeypatch):
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda *_, **__: pytest.fail("it left"))
    with pytest.raises(UntrustedHostError, match=r"evil\.example\.com"):
        connect().session.send(requests.Request("GET", "https://evil.example.com/").prepare())


def test_the_session_signs_what_it_admits(sandbox, connect):
    client = connect("api_key")
    answer = client.session.post(
        f"{client.base_url(SERVICE)}/api/account/{ACCOUNT}/configuration/metadata/audit",
        json={"query": "{auditData(first:1){element}}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_hosts_on_this_machine_are_spoken_to_as_the_connection_says(scheme):
    guard = HostGuard(f"{scheme}://127.0.0.1:8765", {"msgHist": "127.0.0.1:8766"})
    assert guard.base_url(SERVICE, "127.0.0.1:8767") == f"{scheme}://127.0.0.1:8767"
    assert guard.named("msgHist") == f"{scheme}://127.0.0.1:8766"
    guard.check(f"{scheme}://127.0.0.1:8767/x")
    guard.check(f"{scheme}://127.0.0.1:8766/x")
    guard.check("https://127.0.0.1:8767/x")

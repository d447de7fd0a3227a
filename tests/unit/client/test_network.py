"""Through a company's network: its own certificate authority, its proxy, its client certificates."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    LivePersonError,
    ServiceUnavailableError,
    UntrustedHostError,
)
from devtools.forward_proxy import ForwardProxy
from devtools.tls import Authority, TlsFront

PASSWORD = "p@ss:w/rd"
WRITTEN = "p%40ss%3Aw%2Frd"
AS_SENT = base64.b64encode(f"pat:{PASSWORD}".encode()).decode()


def passed(answer: Answer) -> Answer:
    return answer


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(sandbox, authority) -> Iterator[TlsFront]:
    with TlsFront(urlsplit(sandbox.url).port, authority.server()) as front:
        yield front


@pytest.fixture
def mutual(sandbox, authority) -> Iterator[TlsFront]:
    with TlsFront(urlsplit(sandbox.url).port, authority.server(), clients=authority) as front:
        yield front


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with ForwardProxy() as proxy:
        yield proxy


@pytest.fixture
def locked_proxy() -> Iterator[ForwardProxy]:
    with ForwardProxy(user="pat", password=PASSWORD) as proxy:
        yield proxy


# -- TLS -------------------------------------------------------------------------------------------


def test_a_bundle_of_ones_own_is_trusted(sandbox, connect, audit_request, secure, authority):
    client = connect("app_jwt_v2", host=secure.url, verify=str(authority.file))
    assert client.call(audit_request, passed).status == 200
    assert client.base_url("accountConfigReadOnly") == secure.url
    assert secure.clients == [None]


def test_without_it_the_certificate_is_refused_at_once_with_a_mend(
    sandbox, connect, audit_request, secure, waits
):
    with pytest.raises(ServiceUnavailableError, match="set verify to its CA bundle") as caught:
        connect("app_jwt_v2", host=secure.url).call(audit_request, passed)
    assert caught.value.field == "verify"
    assert sandbox.requests == []
    assert waits == []


def test_another_authority_is_not_trusted(sandbox, connect, audit_request, secure, tmp_path):
    other = Authority(tmp_path, "Another Authority")
    with pytest.raises(ServiceUnavailableError, match="verify"):
        connect("app_jwt_v2", host=secure.url, verify=str(other.file)).call(audit_request, passed)
    assert sandbox.requests == []


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_on_this_machine_it_may_be_left_unverified(connect, audit_request, secure):
    assert connect("app_jwt_v2", host=secure.url, verify=False).call(audit_request, passed).status == 200


@pytest.mark.parametrize("form", ["one file", "two files"])
def test_mutual_tls(connect, audit_request, mutual, authority, form):
    shown = authority.client("airflow-worker")
    paths = str(shown.both) if form == "one file" else f"{shown.certificate}, {shown.key}"
    client = connect("app_jwt_v2", host=mutual.url, verify=str(authority.file), client_cert=paths)
    assert client.call(audit_request, passed).status == 200
    assert set(mutual.clients) == {"airflow-worker"}


def test_without_a_client_certificate_mutual_tls_fails_with_a_mend(
    sandbox, connect, audit_request, mutual, authority
):
    with pytest.raises(ServiceUnavailableError, match="client_cert"):
        connect("app_jwt_v2", host=mutual.url, verify=str(authority.file)).call(audit_request, passed)
    assert sandbox.requests == []
    assert mutual.clients == []


def test_https_on_this_machine_does_not_become_http(sandbox, connect, secure, authority):
    """Else whoever answers for the Domain API could have credentials sent in the clear."""
    client = connect("app_jwt_v2", host=secure.url, verify=str(authority.file))
    for url in (sandbox.url, secure.url.replace("https", "http")):
        with pytest.raises(UntrustedHostError):
            client.session.get(f"{url}/anything")
    assert sandbox.requests == []


# -- proxies ---------------------------------------------------------------------------------------


def test_https_goes_through_the_proxys_tunnel(connect, audit_request, proxy, secure, authority):
    client = connect(
        "app_jwt_v2",
        host=secure.url,
        verify=str(authority.file),
        proxies={"https": f"http://{proxy.netloc}"},
    )
    assert client.call(audit_request, passed).status == 200
    assert set(proxy.asked) == {f"CONNECT {urlsplit(secure.url).netloc}"}


def test_a_proxy_for_another_scheme_is_not_used(connect, audit_request, proxy):
    client = connect("app_jwt_v2", proxies={"https": f"http://{proxy.netloc}"})
    assert client.call(audit_request, passed).status == 200
    assert proxy.asked == []


def test_the_proxys_user_and_password_are_sent_to_it_and_to_nobody_else(
    sandbox, connect, audit_request, locked_proxy, secure, authority
):
    network = {
        "verify": str(authority.file),
        "proxies": {"https": f"http://pat:{WRITTEN}@{locked_proxy.netloc}"},
    }
    client = connect("app_jwt_v2", host=secure.url, **network)
    assert client.call(audit_request, passed).status == 200
    assert locked_proxy.refused == []
    assert AS_SENT not in repr([one.headers for one in sandbox.requests])


@pytest.mark.parametrize("known", [True, False], ids=["wrong user", "no user"])
def test_a_proxy_that_refuses_is_named_and_its_password_is_nowhere(
    sandbox, connect, audit_request, locked_proxy, secure, authority, caplog, known
):
    for name in ("", "urllib3", "requests", "airflow_provider_liveperson"):
        caplog.set_level(logging.DEBUG, logger=name)
    user = f"pat2:{WRITTEN}@" if known else ""
    client = connect(
        "app_jwt_v2",
        host=secure.url,
        verify=str(authority.file),
        proxies={"https": f"http://{user}{locked_proxy.netloc}"},
    )
    with pytest.raises(ServiceUnavailableError, match="proxies") as caught:
        client.call(audit_request, passed)
    assert caught.value.field == "proxies"
    assert sandbox.requests == []
    assert locked_proxy.refused
    told = [record.getMessage() for record in caplog.records]
    told += map(repr, (client, client.settings, client.session))
    told += traceback.format_exception(caught.value)
    as_sent = base64.b64encode(f"pat2:{PASSWORD}".encode()).decode()
    assert not [secret for secret in (PASSWORD, WRITTEN, as_sent) if any(secret in text for text in told)]


def test_a_proxy_that_is_not_there_is_named(connect, audit_request, secure, waits):
    client = connect("app_jwt_v2", host=secure.url, proxies={"https": f"http://pat:{WRITTEN}@127.0.0.1:9"})
    with pytest.raises(ServiceUnavailableError, match="check proxies") as caught:
        client.call(audit_request, passed)
    assert caught.value.field == "proxies"
    assert WRITTEN not in str(caught.value)
    assert waits == [5, 10, 15]


# -- the environment -------------------------------------------------------------------------------


class Heard(BaseAdapter):
    """Hears how a request would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.how: list[dict] = []

    def send(self, request, **how) -> requests.Response:
        self.how.append(how)
        answer = requests.Response()
        answer.status_code = 200
        return answer

    def close(self) -> None:
        pass


@pytest.fixture
def bundle(authority) -> str:
    return str(authority.file)


def heard(url: str, connect, **settings) -> dict:
    client: LivePersonClient = connect("api_key", **settings)
    adapter = Heard()
    client.session.mount("https://", adapter)
    client.session.get(url)
    return adapter.how[0]


LIVEPERSON = "https://va.ac.liveperson.net/x"


def test_the_connection_goes_before_the_environment(connect, bundle, monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", "http://environment.example.com:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "environment.pem"))
    how = heard(
        LIVEPERSON,
        connect,
        host="https://api.liveperson.net",
        verify=bundle,
        proxies={"https": "http://connection.example.com:2"},
    )
    assert how["verify"] == bundle
    assert how["proxies"]["https"] == "http://connection.example.com:2"


def test_the_environment_holds_where_the_connection_says_nothing(connect, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://environment.example.com:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/environment.pem")
    how = heard(LIVEPERSON, connect, host="https://api.liveperson.net")
    assert how["verify"] == "/environment.pem"
    assert how["proxies"]["https"] == "http://environment.example.com:1"


def test_liveperson_itself_is_always_verified(connect):
    """A host on this machine may go unverified, but it names other hosts, which may not."""
    assert heard(LIVEPERSON, connect, host="https://127.0.0.1:9", verify=False)["verify"] is True
    assert heard("https://127.0.0.1:9/", connect, host="https://127.0.0.1:9", verify=False)["verify"] is False


# -- what is refused before any request ------------------------------------------------------------


def settings(**changed) -> ClientSettings:
    return ClientSettings(account_id="70000001", **changed)


def refusal(**changed) -> str:
    with pytest.raises(ConfigurationError) as caught:
        settings(**changed)
    (name,) = changed.keys() - {"host"}
    assert caught.value.field == name
    assert name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "host",
    ["https://api.liveperson.net", "api.liveperson.net", "https://localhost.example.com", "https://[::1"],
)
def test_verification_is_switched_off_for_this_machine_only(host):
    assert "CA bundle" in refusal(verify=False, host=host)


@pytest.mark.parametrize("host", ["https://localhost:1", "https://127.0.0.1", "https://[::1]:8", "localhost"])
def test_verification_may_be_switched_off_for_this_machine(host):
    assert settings(verify=False, host=host).verify is False


def test_files_that_are_not_there_are_named(tmp_path):
    for field in ("verify", "client_cert"):
        missing = str(tmp_path / "missing.pem")
        assert "missing.pem" in refusal(**{field: missing})
        assert "No such file" in refusal(**{field: missing})
        assert "cannot be read" in refusal(**{field: str(tmp_path)})
        assert "it is not a valid path" in refusal(**{field: "a\0b"})


def test_a_bundle_without_certificates_is_refused(tmp_path, authority):
    empty, key = tmp_path / "empty.pem", authority.client("someone").key
    empty.write_text("")
    for file in (empty, key):
        assert "CA certificate" in refusal(verify=str(file))


def test_client_certificates_that_cannot_be_used_are_refused(authority, tmp_path):
    mine, other = authority.client("mine"), authority.client("other")
    for wrong in (
        f"{mine.certificate}",  # no key
        f"{mine.certificate},{other.key}",  # another's key
        f"{mine.key},{mine.certificate}",
        f"{mine.certificate},{mine.encrypted}",  # a password would be asked for at a terminal
        str(authority.file),
    ):
        assert "the key must not be encrypted" in refusal(client_cert=wrong)
    assert "missing" in refusal(client_cert=f"{mine.certificate},{tmp_path / 'missing.pem'}")


@pytest.mark.parametrize(
    "proxies",
    [
        {"ftp": "http://hush.example.com"},
        {"https": "hush.example.com:3128"},
        {"https": "socks5://hush.example.com"},
        {"https": "http://pat:hu/sh@proxy.example.com"},
        {"https": "http://pat:hu#sh@proxy.example.com"},
        {"https": "http://proxy.example.com:hush"},
        {"https": "http://proxy.example.com:99999"},
        {"https": "http://"},
        {"https": ""},
    ],
    ids=str,
)
def test_what_is_no_proxy_is_refused_without_telling_it(proxies):
    told = refusal(proxies=proxies)
    assert "hush" not in told.replace("hush.example.com", "") or "ftp" in told


@pytest.mark.parametrize(
    "url", ["http://p:3128", "https://p.example.com", "http://u:p@p:1/", "http://[::1]:1"]
)
def test_what_is_a_proxy_is_taken(url):
    assert settings(proxies={"https": url}).proxies == {"https": url}


def test_nothing_of_it_is_shown(authority):
    made = settings(proxies={"https": f"http://pat:{WRITTEN}@p:1"}, verify=str(authority.file))
    assert WRITTEN not in repr(made)
    assert {WRITTEN, PASSWORD, AS_SENT} == set(made.secrets)


def test_a_wrong_file_is_found_before_any_request(sandbox, connect, tmp_path: Path):
    with pytest.raises(LivePersonError):
        connect("api_key", verify=str(tmp_path / "missing.pem"))
    assert sandbox.requests == []


# -- plain http ------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
@pytest.mark.parametrize("own", [False, True], ids=["environment", "connection"])
@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2", "login"])
@pytest.mark.parametrize("named", [False, True], ids=["host", "service_hosts"])
def test_plain_http_never_leaves_the_machine(
    sandbox, connect, audit_request, monkeypatch, variable, own, kind, named
):
    with ForwardProxy() as proxy:
        proxies = {"http": f"http://{proxy.netloc}", "all": f"http://{proxy.netloc}"} if own else {}
        monkeypatch.setenv(variable, f"http://{proxy.netloc}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        about: dict = {"proxies": proxies}
        if named:  # what the deployment may trust beside a host that is elsewhere
            services = ("sentinel", "agentVep", "accountConfigReadOnly")
            about["host"] = "https://api.liveperson.net"
            about["service_hosts"] = dict.fromkeys(services, sandbox.url)
            about["trusted_hosts"] = (urlsplit(sandbox.url).netloc,)
        client = connect(kind, **about)
        assert client.call(audit_request, lambda answer: answer.status) == 200
        answer = client.session.get(f"{sandbox.url}/x", proxies={"http": f"http://{proxy.netloc}"})
        assert answer.status_code
        client.close()
        assert proxy.asked == []

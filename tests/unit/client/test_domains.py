"""Where credentials may go, and what the Domain API says about it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.domains import TIME_TO_LIVE, DomainDirectory
from airflow_provider_liveperson.client.host_guard import HostGuard
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RequestRejectedError,
    UntrustedHostError,
)
from devtools.foreign_hosts import FOREIGN

SERVICE = "accountConfigReadOnly"
REAL = "https://api.liveperson.net"
ACCOUNT = "70000001"


class DomainApi:
    """A Domain API without a network: paths after ``/service/`` to what is answered."""

    def __init__(self, **answers: object) -> None:
        self.answers = {
            name.replace("_", "/") + ("" if name == "baseURI" else ".json"): it
            for name, it in answers.items()
        }
        self.asked: list[str] = []

    def __call__(self, path: str) -> Answer:
        tail = path.removeprefix(f"/api/account/{ACCOUNT}/service/")
        self.asked.append(tail)
        answer = self.answers.get(tail, RequestRejectedError("404", status=404))
        if isinstance(answer, Exception):
            raise answer
        return Answer(status=200, headers={}, body=json.dumps(answer).encode())


def entry(host: str, service: str = SERVICE) -> dict[str, str]:
    return {"service": service, "account": ACCOUNT, "baseURI": host}


def directory(
    api: Callable, *, host: str = "https://api.liveperson.net", **service_hosts: str
) -> DomainDirectory:
    return DomainDirectory(ACCOUNT, HostGuard(host, service_hosts), api)


# -- the answers -----------------------------------------------------------------------------------

GOOD = entry("va.ac.liveperson.net")


@pytest.mark.parametrize(
    "api",
    [
        DomainApi(accountConfigReadOnly_baseURI=GOOD),
        DomainApi(accountConfigReadOnly_baseURI={"baseURIs": [GOOD]}),
        DomainApi(accountConfigReadOnly_baseURI={"baseURIs": []}, all=0),
    ],
    ids=["flat", "list of one", "empty"],
)
def test_both_shapes_are_understood(api):
    api.answers["baseURI.json"] = {"baseURIs": [entry("x.liveperson.net", "other"), GOOD]}
    assert directory(api).base_url(SERVICE) == "https://va.ac.liveperson.net"


@pytest.mark.parametrize("tail", ["baseURI.json", "baseURI"])
def test_both_addresses_of_the_list_are_tried(tail):
    api = DomainApi()
    api.answers = {tail: {"baseURIs": [entry("x.liveperson.net", "other"), GOOD]}}
    assert directory(api).base_url(SERVICE) == "https://va.ac.liveperson.net"


@pytest.mark.parametrize(
    "body", [[], "text", 5, None, {}, {"baseURI": 5}, {"baseURIs": "x"}, {"baseURIs": [{"service": "a"}]}]
)
def test_another_shape_is_not_the_domain_api(body):
    api = DomainApi()
    api.answers[f"{SERVICE}/baseURI.json"] = body
    with pytest.raises(InvalidResponseError, match="Domain API") as caught:
        directory(api).base_url(SERVICE)
    assert caught.value.field == "host"


@pytest.mark.parametrize(
    ("listed", "host"),
    [
        ({"newer": "new.liveperson.net", "older": "old.liveperson.net"}, "new.liveperson.net"),
        ({"older": "old.liveperson.net"}, "old.liveperson.net"),
    ],
)
def test_a_service_that_the_account_does_not_have_gives_way_to_its_fallback(listed, host):
    api = DomainApi(all=0)
    api.answers = {"baseURI.json": {"baseURIs": [entry(at, service) for service, at in listed.items()]}}
    assert directory(api).base_url("newer", "older") == f"https://{host}"
    with pytest.raises(ConfigurationError, match="no LivePerson service 'neither'"):
        directory(api).base_url("neither", "nor this")


DEEP = b"[" * 50_000 + b"]" * 50_000
ENTRY = b'{"service":"accountConfigReadOnly","baseURI":"%b","account":"%b"}'


@pytest.mark.parametrize(
    "body",
    [
        ENTRY % (b"va.ac.liveperson.net", rb"\ud83d"),
        ENTRY % (b"va.ac.liveperson.net", b"K\xfcche"),
        b"\xef\xbb\xbf" + ENTRY % (b"va.ac.liveperson.net", b""),
        b'{"baseURIs":[%b],"n":%b,"x":1e400}' % (ENTRY % (b"va.ac.liveperson.net", b""), b"9" * 5000),
    ],
)
def test_odd_texts_beside_the_host_are_no_matter(body):
    directory = DomainDirectory(
        ACCOUNT,
        HostGuard("adminlogin.liveperson.net", {}),
        lambda path: Answer(status=200, headers={}, body=body),
    )
    assert directory.base_url(SERVICE) == "https://va.ac.liveperson.net"


@settings(max_examples=60)
@given(
    st.binary()
    | st.binary(max_size=20).map(lambda it: ENTRY % (it, b""))
    | st.sampled_from(
        [DEEP, b'{"baseURIs":' + DEEP + b"}", ENTRY.replace(b'"%b"', DEEP, 1), b'{"baseURIs":1e400}']
    )
)
def test_whatever_comes_is_understood_or_refused(body):
    directory = DomainDirectory(
        ACCOUNT,
        HostGuard("adminlogin.liveperson.net", {}),
        lambda path: Answer(status=200, headers={}, body=body),
    )
    with contextlib.suppress(LivePersonError):
        directory.base_url(SERVICE)


def test_each_service_is_asked_once_an_hour():
    now = [0.0]
    api = DomainApi(
        accountConfigReadOnly_baseURI=GOOD, msgHist_baseURI=entry("va.msghist.liveperson.net", "msgHist")
    )
    known = DomainDirectory(ACCOUNT, HostGuard("api.liveperson.net", {}), api, now=lambda: now[0])
    known.base_url(SERVICE)
    now[0] = TIME_TO_LIVE / 2
    known.base_url("msgHist")
    now[0] = TIME_TO_LIVE - 1
    assert known.base_url(SERVICE) == "https://va.ac.liveperson.net"
    assert len(api.asked) == 2
    api.answers[f"{SERVICE}/baseURI.json"] = entry("vb.ac.liveperson.net")
    now[0] = TIME_TO_LIVE + 1
    assert known.base_url(SERVICE) == "https://vb.ac.liveperson.net"
    assert known.base_url("msgHist") == "https://va.msghist.liveperson.net"
    assert api.asked == [f"{SERVICE}/baseURI.json", "msgHist/baseURI.json", f"{SERVICE}/baseURI.json"]


@pytest.mark.parametrize("tail", ["baseURI.json", "baseURI"])
def test_all_services_are_listed_at_once_and_need_no_look_up_then(tail):
    api = DomainApi()
    api.answers[tail] = {"baseURIs": [entry("va.msghist.liveperson.net", "msgHist"), GOOD]}
    known = directory(api)
    assert known.services() == {SERVICE: "va.ac.liveperson.net", "msgHist": "va.msghist.liveperson.net"}
    asked = list(api.asked)
    assert known.base_url(SERVICE) == "https://va.ac.liveperson.net"
    assert api.asked == asked


def test_a_foreign_host_may_be_listed_but_not_used():
    api = DomainApi(
        baseURI={"baseURIs": [entry("collector.example.com"), entry("x.liveperson.net", "other")]}
    )
    known = directory(api)
    assert set(known.services()) == {SERVICE, "other"}
    with pytest.raises(UntrustedHostError):
        known.base_url(SERVICE)


def test_an_empty_list_means_the_account():
    with pytest.raises(ConfigurationError) as caught:
        directory(DomainApi()).services()
    assert caught.value.field == "account_id"


def test_a_refusal_for_other_reasons_is_handed_on():
    api = DomainApi()
    api.answers[f"{SERVICE}/baseURI.json"] = PermissionDeniedError("blocked")
    with pytest.raises(PermissionDeniedError, match="blocked"):
        directory(api).base_url(SERVICE)


def test_a_401_means_the_account():
    api = DomainApi()
    api.answers[f"{SERVICE}/baseURI.json"] = AuthenticationError("401")
    with pytest.raises(ConfigurationError, match=ACCOUNT) as caught:
        directory(api).base_url(SERVICE)
    assert caught.value.field == "account_id"


@pytest.mark.parametrize("shape", ["flat", "list"])
@pytest.mark.parametrize("unknown", [404, 400, "empty"])
def test_an_unknown_service_is_named_with_what_there_is(sandbox, connect, shape, unknown):
    sandbox.configure(domain_single_shape=shape, domain_unknown_service=unknown)
    with pytest.raises(ConfigurationError, match=r"no LivePerson service 'noSuch'.*msgHist") as caught:
        connect().base_url("noSuch")
    assert caught.value.field == "service"
    assert connect().base_url("msgHist") == sandbox.url


@pytest.mark.parametrize("unknown", [404, 400, "empty"])
def test_a_service_in_the_wrong_case_is_hinted_at(sandbox, connect, unknown):
    sandbox.configure(domain_unknown_service=unknown)
    with pytest.raises(ConfigurationError, match=r"case-sensitive, did you mean accountConfigReadOnly\?"):
        connect().base_url("AccountConfigReadonly")


@pytest.mark.parametrize("shape", ["flat", "list"])
@pytest.mark.parametrize("unknown", [401, 400, "empty"])
def test_an_unknown_account_is_named(sandbox, connect, shape, unknown):
    sandbox.configure(domain_single_shape=shape, domain_unknown_account=unknown)
    with pytest.raises(
        ConfigurationError, match="does not know account 99999999; check account_id"
    ) as caught:
        connect(account_id="99999999").base_url(SERVICE)
    assert caught.value.field == "account_id"


def test_the_domain_api_is_asked_without_a_credential(sandbox, connect):
    connect("api_key").base_url(SERVICE)
    connect("app_jwt_v2").base_url(SERVICE)
    assert len(sandbox.requests) == 2
    assert {one.header("authorization") for one in sandbox.requests} == {None}
    assert {one.url.rpartition("?")[2] for one in sandbox.requests} == {"version=1.0"}


# -- the guard -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_from_the_domain_api_is_refused(host):
    api = DomainApi(accountConfigReadOnly_baseURI=entry(host))
    with pytest.raises(UntrustedHostError) as caught:
        directory(api).base_url(SERVICE)
    assert caught.value.field == "service_hosts"


@pytest.mark.parametrize("host", ["va.ac.liveperson.net", "A.B.LivePerson.Net", "x.liveperson.net:8443"])
def test_a_liveperson_host_is_spoken_to_over_https(host):
    api = DomainApi(accountConfigReadOnly_baseURI=entry(host))
    assert directory(api).base_url(SERVICE) == f"https://{host}"
    assert directory(api, host="http://127.0.0.1:1").base_url(SERVICE) == f"https://{host}"


@pytest.mark.parametrize(
    ("own", "discovered", "url"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://localhost:8000", "localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000", "http://[::1]:8000"),
        ("http://127.0.0.2:8000", "127.0.0.2", "http://127.0.0.2"),
    ],
)
def test_the_loopback_host_that_the_connection_names_is_admitted(own, discovered, url):
    api = DomainApi(accountConfigReadOnly_baseURI=entry(discovered))
    assert directory(api, host=own).base_url(SERVICE) == url


@pytest.mark.parametrize(
    ("own", "discovered"),
    [
        ("http://127.0.0.1:8000", "localhost:8000"),
        ("http://localhost:8000", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000", "127.0.0.2"),
        ("http://127.0.0.1:8000", "10.0.0.1"),
        ("http://127.0.0.1:8000", "evil.example.com"),
    ],
)
def test_another_loopback_host_is_not(own, discovered):
    api = DomainApi(accountConfigReadOnly_baseURI=entry(discovered))
    with pytest.raises(UntrustedHostError):
        directory(api, host=own).base_url(SERVICE)


@pytest.mark.parametrize(
    ("host", "named", "url", "trusted"),
    [
        (REAL, "lp.proxy.acme.test", "https://lp.proxy.acme.test", ["lp.proxy.acme.test"]),
        (REAL, "lp.proxy.acme.test", "https://lp.proxy.acme.test", ["other.test", "LP.proxy.acme.test:443"]),
        (REAL, "https://lp.proxy.acme.test:8443", "https://lp.proxy.acme.test:8443", ["lp.proxy.acme.test"]),
        (REAL, "https://lp.proxy.acme.test:8443", "https://lp.proxy.acme.test:8443", ["*.acme.test:8443"]),
        (REAL, "https://lp.proxy.acme.test/", "https://lp.proxy.acme.test", ["*.acme.test"]),
        (REAL, "127.0.0.1:9000", "http://127.0.0.1:9000", ["127.0.0.1:9000"]),
        (REAL, "va.ac.liveperson.net", "https://va.ac.liveperson.net", []),
        ("http://127.0.0.1:8000", "127.0.0.1:9000", "http://127.0.0.1:9000", []),
        ("http://127.0.0.1:8000", "http://localhost:9000", "http://localhost:9000", []),
        ("http://127.0.0.1:8000", "[::1]:9000", "http://[::1]:9000", []),
        ("http://127.0.0.1:8000", "va.ac.liveperson.net", "https://va.ac.liveperson.net", []),
    ],
)
def test_service_hosts_go_before_discovery(host, named, url, trusted):
    api = DomainApi(msgHist_baseURI=entry("va.msghist.liveperson.net", "msgHist"))
    guard = HostGuard(host, {SERVICE: named}, trusted)
    known = DomainDirectory(ACCOUNT, guard, api)
    assert known.base_url(SERVICE) == url
    assert api.asked == []
    assert known.base_url("msgHist") == "https://va.msghist.liveperson.net"
    guard.check(f"{url}/path?query")


# -- the session -----------------------------------------------------------------------------------


def test_the_guards_message_holds_no_password_of_the_url(connect):
    with pytest.raises(UntrustedHostError) as caught:
        connect().session.get("https://user:hush@evil.example.com/hush?hush")
    assert "hush" not in str(caught.value)

from __future__ import annotations

from typing import Any

import pytest
import requests


def get(url: str, **parameters: str) -> requests.Response:
    return requests.get(url, params=parameters, timeout=10)


@pytest.mark.parametrize("ending", ["baseURI.json", "baseURI"])
def test_one_service_is_a_flat_object_with_a_bare_host(sandbox: Any, ending: str) -> None:
    server = sandbox()
    answer = get(server.path(f"service/accountConfigReadOnly/{ending}"), version="1.0")
    assert answer.status_code == 200
    assert answer.json() == {
        "service": "accountConfigReadOnly",
        "account": "70000001",
        "baseURI": server.url.removeprefix("http://"),
    }


@pytest.mark.parametrize("ending", ["baseURI.json", "baseURI"])
def test_all_services_are_a_list(sandbox: Any, ending: str) -> None:
    server = sandbox()
    entries = get(server.path(f"service/{ending}"), version="1.0").json()["baseURIs"]
    hosts = {entry["service"]: entry["baseURI"] for entry in entries}
    assert {"accountConfigReadOnly", "accountConfigReadWrite", "sentinel", "msgHist", "agentVep"} <= set(
        hosts
    )
    assert {"idp", "leDataReporting", "agentActivityDomain"} <= set(hosts)
    assert set(hosts.values()) == {server.url.removeprefix("http://")}
    assert {entry["account"] for entry in entries} == {"70000001"}


def test_the_host_is_the_one_that_was_asked(sandbox: Any) -> None:
    server = sandbox()
    url = server.path("service/sentinel/baseURI.json").replace("127.0.0.1", "localhost")
    assert get(url, version="1.0").json()["baseURI"].startswith("localhost:")


def test_one_service_as_a_list(sandbox: Any) -> None:
    server = sandbox(domain_single_shape="list")
    answer = get(server.path("service/msgHist/baseURI.json"), version="1.0").json()
    assert [entry["service"] for entry in answer["baseURIs"]] == ["msgHist"]


def test_names_are_case_sensitive(sandbox: Any) -> None:
    answer = get(sandbox().path("service/accountconfigreadonly/baseURI.json"), version="1.0")
    assert answer.status_code == 404
    assert "accountconfigreadonly" in answer.json()["message"]


@pytest.mark.parametrize(("choice", "status"), [(404, 404), (400, 400), ("empty", 200)])
def test_unknown_service(sandbox: Any, choice: Any, status: int) -> None:
    answer = get(sandbox(domain_unknown_service=choice).path("service/nope/baseURI.json"), version="1.0")
    assert answer.status_code == status
    assert (answer.json() == {"baseURIs": []}) is (choice == "empty")


@pytest.mark.parametrize(("choice", "status"), [(401, 401), (400, 400), ("empty", 200)])
@pytest.mark.parametrize("path", ["service/baseURI.json", "service/sentinel/baseURI.json"])
def test_unknown_account(sandbox: Any, choice: Any, status: int, path: str) -> None:
    server = sandbox(domain_unknown_account=choice)
    answer = get(f"{server.url}/api/account/70000002/{path}", version="1.0")
    assert answer.status_code == status
    assert (answer.json() == {"baseURIs": []}) is (choice == "empty")


def test_version_is_required_unless_switched_off(sandbox: Any) -> None:
    server = sandbox()
    url = server.path("service/sentinel/baseURI.json")
    assert get(url).status_code == 400
    assert get(url, version="2.0").status_code == 400
    server.configure(domain_version_required=False)
    assert get(url).status_code == 200


def test_a_service_can_be_sent_elsewhere(sandbox: Any) -> None:
    server = sandbox(service_hosts={"sentinel": "evil.example.com", "brandNew": "new.example.com"})
    hosts = {}
    for name in ("sentinel", "brandNew", "msgHist"):
        hosts[name] = get(server.path(f"service/{name}/baseURI.json"), version="1.0").json()["baseURI"]
    assert hosts == {
        "sentinel": "evil.example.com",
        "brandNew": "new.example.com",
        "msgHist": server.url.removeprefix("http://"),
    }

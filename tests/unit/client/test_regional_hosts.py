"""Services that the Domain API does not list, whose hosts are fixed by region."""

from __future__ import annotations

import json

import pytest

from airflow_provider_liveperson.client.domains import DomainDirectory
from airflow_provider_liveperson.client.host_guard import HostGuard
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.regional_hosts import (
    REGIONAL_HOSTS,
    REGIONS,
    region_of,
    regional_host,
)
from airflow_provider_liveperson.exceptions import ConfigurationError, UntrustedHostError

LIVEPERSON = "https://api.liveperson.net"
every_service = pytest.mark.parametrize("service", REGIONAL_HOSTS)


class DomainApi:
    """A Domain API that lists services; counts how often it is asked."""

    def __init__(self, **services: str) -> None:
        self.services = services
        self.requests = 0

    def __call__(self, path: str) -> Answer:
        self.requests += 1
        entries = [{"service": name, "account": "1", "baseURI": host} for name, host in self.services.items()]
        return Answer(status=200, headers={}, body=json.dumps({"baseURIs": entries}).encode())


def directory(
    api: DomainApi,
    *,
    host: str = LIVEPERSON,
    region: str | None = None,
    trusted: tuple[str, ...] = (),
    **service_hosts: str,
) -> DomainDirectory:
    return DomainDirectory("1", HostGuard(host, service_hosts, trusted), api, region=region)


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("dataAccess", "https://lo.da.liveperson.net"),
        ("outboundReporting", "https://lo.cx-reporting.liveperson.net"),
        ("outboundConfiguration", "https://lo.handoff.liveperson.net"),
    ],
)
def test_the_region_decides_without_a_request(service, host):
    api = DomainApi()
    assert directory(api, region="lo").base_url(service) == host
    assert api.requests == 0


@every_service
@pytest.mark.parametrize("region", REGIONS)
def test_every_host_passes_the_guard(service, region):
    url = directory(DomainApi(), region=region).base_url(service)
    HostGuard(LIVEPERSON, {}).check(f"{url}/x")
    assert url == f"https://{regional_host(service, region)}"


def test_without_a_region_that_of_the_other_services_counts_and_is_asked_for_once():
    api = DomainApi(accountConfigReadOnly="sy.ac.liveperson.net")
    known = directory(api)
    assert known.base_url("dataAccess") == known.base_url("dataAccess") == "https://sy.da.liveperson.net"
    assert api.requests == 1


def test_the_region_of_the_connection_goes_before_that_of_the_hosts():
    api = DomainApi(accountConfigReadOnly="sy.ac.liveperson.net")
    assert directory(api, region="va").base_url("dataAccess") == "https://va.da.liveperson.net"


@pytest.mark.parametrize(
    ("services", "region"),
    [
        ({"accountConfigReadOnly": "va.ac.liveperson.net"}, "va"),
        ({"accountConfigReadOnly": "LO.ac.liveperson.net"}, "lo"),
        ({"msgHist": "va-a.msghist.liveperson.net"}, "va"),
        (
            {"accountConfigReadOnly": "ause1.ac.liveperson.net", "sentinel": "sy.sentinel.liveperson.net"},
            "sy",
        ),
        ({"accountConfigReadOnly": "ause1.ac.liveperson.net"}, None),
        ({"accountConfigReadOnly": "vavoom.ac.liveperson.net"}, None),
        ({"liveEngageUI": "va.le.liveperson.net"}, None),
        ({}, None),
    ],
)
def test_the_region_of_hosts(services, region):
    assert region_of(services) == region


def test_an_unknown_region_is_an_error_that_says_what_to_enter():
    api = DomainApi(accountConfigReadOnly="ause1.ac.liveperson.net")
    with pytest.raises(ConfigurationError, match=r"enter region \(va, lo, sy\).*service_hosts") as caught:
        directory(api).base_url("outboundReporting")
    assert caught.value.field == "region"


def test_an_unknown_account_is_the_account_ids_fault():
    with pytest.raises(ConfigurationError) as caught:
        directory(DomainApi()).base_url("dataAccess")
    assert caught.value.field == "account_id"


@every_service
def test_service_hosts_overrides_the_fixed_host(service):
    api = DomainApi()
    known = directory(api, region="va", **{service: "va-a.da.liveperson.net"})
    assert known.base_url(service) == "https://va-a.da.liveperson.net"
    assert api.requests == 0


@every_service
def test_a_host_that_is_not_livepersons_needs_the_deployments_trust(service):
    with pytest.raises(UntrustedHostError) as caught:
        directory(DomainApi(), **{service: "files.example.com"})
    assert caught.value.field == "service_hosts"
    trusting = directory(DomainApi(), trusted=("files.example.com",), **{service: "files.example.com"})
    assert trusting.base_url(service) == "https://files.example.com"


@every_service
@pytest.mark.parametrize("region", [None, "va"])
def test_with_a_host_on_this_machine_they_are_there_like_all_others(service, region):
    api = DomainApi()
    known = directory(api, host="http://127.0.0.1:8080", region=region)
    assert known.base_url(service) == "http://127.0.0.1:8080"
    assert api.requests == 0


@every_service
def test_a_client_of_the_sandbox_reaches_it(connect, sandbox, service):
    assert connect().base_url(service) == sandbox.url


@pytest.mark.parametrize(
    ("choices", "services", "hosts"),
    [
        ({"region": "lo"}, {}, "lo.da.liveperson.net"),
        ({}, {"msgHist": "va.msghist.liveperson.net"}, "va.da.liveperson.net"),
        ({}, {}, None),
        ({"host": "http://127.0.0.1:8080"}, {}, "127.0.0.1:8080"),
    ],
)
def test_their_hosts_are_known_without_a_request(choices, services, hosts):
    api = DomainApi()
    assert directory(api, **choices).regional_hosts(services).get("dataAccess") == hosts
    assert api.requests == 0

"""The Domain API: which host serves which service of an account.

LivePerson page: `domain-api.html`. The Domain API takes no credential, and its answers say where credentials are sent;
so every answer passes the guard.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import msgspec

from airflow_provider_liveperson.client.host_guard import HostGuard
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.regional_hosts import (
    REGIONAL_HOSTS,
    region_of,
    regional_host,
    unknown_region,
)
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    RequestRejectedError,
    UntrustedHostError,
)
from airflow_provider_liveperson.records import raw

TIME_TO_LIVE = 3600.0
"""Seconds for which a host that the Domain API named is used."""


class _Entry(msgspec.Struct):
    service: str
    baseURI: str


class _List(msgspec.Struct):
    baseURIs: list[_Entry]


_ENTRY = msgspec.json.Decoder(_Entry)
_LIST = msgspec.json.Decoder(_List)


class DomainDirectory:
    """Base URLs of an account's services, looked up once and kept for an hour.

    The documentation shows the answer for one service both as a flat object and as a list of one, and
    the list of all services with and without ``.json``: all of these are understood. Services that the Domain API does
    not list have fixed hosts by region; see :mod:`~airflow_provider_liveperson.client.regional_hosts`.

    :param account_id: the account.
    :param guard: admits or refuses the hosts that the Domain API names.
    :param get: performs an unsigned GET of a path on the Domain API, with all retries.
    :param region: the account's region, for services with fixed hosts; default: that of its other services' hosts.
    :param now: a monotonic clock in seconds.
    """

    def __init__(
        self,
        account_id: str,
        guard: HostGuard,
        get: Callable[[str], Answer],
        *,
        region: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account_id = account_id
        self._guard = guard
        self._get = get
        self._region = region
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, str]] = {}

    def base_url(self, service: str, fallback: str = "") -> str:
        """The base URL of a service, such as ``https://va.ac.liveperson.net``.

        :param service: its name in the Domain API, case-sensitive, or a regional service.
        :param fallback: the service that stands in for it in an account that does not have it; empty for none.
        :raises ConfigurationError: when the account, the service or the region is unknown.
        :raises UntrustedHostError: when the host is not LivePerson's.
        :raises InvalidResponseError: when the Domain API's answer has neither documented shape.
        """
        if named := self._guard.named(service) or self._guard.named(fallback):
            return named
        if service in REGIONAL_HOSTS and self._guard.is_loopback:
            return self._guard.domain_api  # a stand-in for LivePerson on this machine serves everything
        with self._lock:
            expires, url = self._known.get(service, (0.0, ""))
            if url and self._now() < expires:
                return url
            host = self._regional(service) if service in REGIONAL_HOSTS else self._look_up(service, fallback)
            url = self._guard.base_url(service, host)
            self._known[service] = (self._now() + TIME_TO_LIVE, url)
            return url

    def services(self) -> dict[str, str]:
        """Every service that the Domain API lists: name to host, sorted. Their base URLs need no further request.

        :raises ConfigurationError: when the account is unknown.
        :raises InvalidResponseError: when the Domain API's answer has neither documented shape.
        """
        services = self._listed()
        with self._lock:
            for service, host in services.items():
                with contextlib.suppress(UntrustedHostError):  # raised when the service is asked for
                    self._known[service] = self._now() + TIME_TO_LIVE, self._guard.base_url(service, host)
        return dict(sorted(services.items()))

    def regional_hosts(self, services: Mapping[str, str]) -> dict[str, str]:
        """The hosts of the regional services: name to host; none if the region is unknown. Sends no request.

        :param services: what :meth:`services` has returned; may be empty if the connection has a region.
        """
        if self._guard.is_loopback:
            return dict.fromkeys(REGIONAL_HOSTS, urlsplit(self._guard.domain_api).netloc)
        region = self._region or region_of(services)
        return {} if region is None else {name: regional_host(name, region) for name in REGIONAL_HOSTS}

    def _regional(self, service: str) -> str:
        region = self._region or region_of(self._listed())
        if region is None:
            raise unknown_region(service, self._account_id)
        return regional_host(service, region)

    def _listed(self) -> dict[str, str]:
        services = self._list()
        if not services:
            raise self._unknown_account()
        return services

    def _list(self) -> dict[str, str]:
        return self._entries("baseURI.json") or self._entries("baseURI")

    def _look_up(self, service: str, fallback: str) -> str:
        services = self._entries(f"{service}/baseURI.json")
        if service not in services:  # unknown, or a Domain API that only knows the list
            services = self._listed()
        if service not in services and fallback in services:
            return services[fallback]
        if service not in services:
            close = next((name for name in services if name.lower() == service.lower()), None)
            hint = (
                f"names are case-sensitive, did you mean {close}?"
                if close
                else f"it has {', '.join(services)}"
            )
            raise ConfigurationError(
                f"account {self._account_id} has no LivePerson service {service!r}; {hint}", field="service"
            )
        return services[service]

    def _entries(self, tail: str) -> dict[str, str]:
        try:
            answer = self._get(f"/api/account/{self._account_id}/service/{tail}")
        except AuthenticationError as error:
            raise self._unknown_account() from error
        except RequestRejectedError:
            return {}
        try:
            entries = raw.decode(_LIST, answer.body, answer.content_type).baseURIs
        except msgspec.DecodeError:
            try:
                entries = [raw.decode(_ENTRY, answer.body, answer.content_type)]
            except msgspec.DecodeError as error:
                raise InvalidResponseError(
                    f"GET {self._guard.domain_api} …/service/{tail}: the Domain API's answer has no baseURI; check"
                    " that host is LivePerson's Domain API",
                    field="host",
                    status=answer.status,
                ) from error
        return {entry.service: entry.baseURI for entry in entries if entry.baseURI}

    def _unknown_account(self) -> ConfigurationError:
        return ConfigurationError(
            f"LivePerson's Domain API at {self._guard.domain_api} does not know account {self._account_id}; check"
            " account_id",
            field="account_id",
        )

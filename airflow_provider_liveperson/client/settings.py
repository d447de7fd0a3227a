"""The settings of a client, beside its credential."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from airflow_provider_liveperson.client import network
from airflow_provider_liveperson.client.regional_hosts import REGIONS
from airflow_provider_liveperson.exceptions import ConfigurationError

DEFAULT_HOST = "https://api.liveperson.net"
DEFAULT_SOURCE = "AirflowProvider"
TRUSTED_HOSTS = "LIVEPERSON_TRUSTED_HOSTS"

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_]{1,20}")
_SOURCE = re.compile(r"[A-Za-z0-9_]{1,20}")


def trusted_hosts_of_environment() -> tuple[str, ...]:
    """The hosts in the environment variable ``LIVEPERSON_TRUSTED_HOSTS``."""
    return split_hosts(os.environ.get(TRUSTED_HOSTS, ""))


def split_hosts(text: str) -> tuple[str, ...]:
    """The hosts of a list separated by commas or white space."""
    return tuple(text.replace(",", " ").split())


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """The settings of one client, checked as they come in.

    :param account_id: the LivePerson account, also called site ID or brand ID.
    :param host: the base URL of the Domain API; plain ``http`` for loopback only.
    :param timeout: seconds to wait for an answer's next byte; at most 10 of them to connect.
    :param max_concurrency: at most how many requests are under way at once.
    :param source: the label by which some LivePerson APIs identify their clients.
    :param region: ``va``, ``lo`` or ``sy``, for the services that the Domain API does not list; None for the region of
        the account's other services.
    :param deep_paging_limit: at most how many records LivePerson pages for one request; None for what each dataset
        assumes.
    :param service_hosts: service name to host, for services that are not looked up.
    :param proxies: ``http``, ``https`` or ``all`` to the URL of the proxy to use; secret, as such a URL may have a
        password. They take precedence over those of the environment.
    :param verify: whether certificates are verified: True, by a CA bundle of that path, or, for a loopback host
        only, False.
    :param client_cert: the path of a PEM file with a client certificate and its key, or two paths separated by
        a comma.
    :param trusted_hosts: the hosts beside LivePerson's that ``service_hosts`` may name, set by the deployment and
        never by the connection; default: those of the environment variable ``LIVEPERSON_TRUSTED_HOSTS``.
    :raises ConfigurationError: naming the field that is missing or malformed.
    """

    account_id: str
    host: str = DEFAULT_HOST
    timeout: float = 60.0
    max_concurrency: int = 8
    source: str = DEFAULT_SOURCE
    region: str | None = None
    deep_paging_limit: int | None = None
    service_hosts: Mapping[str, str] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: bool | str = True
    client_cert: str | None = None
    trusted_hosts: Iterable[str] = field(default_factory=trusted_hosts_of_environment)

    def __post_init__(self) -> None:
        if not _ACCOUNT_ID.fullmatch(self.account_id):
            raise ConfigurationError(
                f"account_id is {self.account_id!r}; a LivePerson account ID has 1 to 20 letters, digits or"
                " underscores",
                field="account_id",
            )
        if not 0 < self.timeout <= 3600:
            raise ConfigurationError(
                f"timeout is {self.timeout}; it must be more than 0 and at most 3600 seconds", field="timeout"
            )
        if not 1 <= self.max_concurrency <= 64:
            raise ConfigurationError(
                f"max_concurrency is {self.max_concurrency}; it must be from 1 to 64", field="max_concurrency"
            )
        if not _SOURCE.fullmatch(self.source):
            raise ConfigurationError(
                f"source is {self.source!r}; LivePerson accepts 1 to 20 letters, digits or underscores",
                field="source",
            )
        if self.deep_paging_limit is not None and (
            self.deep_paging_limit < 100 or self.deep_paging_limit % 100
        ):
            raise ConfigurationError(
                f"deep_paging_limit is {self.deep_paging_limit}; it must be a multiple of 100, the size of a page",
                field="deep_paging_limit",
            )
        if self.region is not None and self.region not in REGIONS:
            raise ConfigurationError(
                f"region is {self.region!r}; it must be one of {', '.join(REGIONS)}", field="region"
            )
        network.check_proxies(self.proxies)
        network.check_verify(self.verify, self.host)
        network.check_client_cert(self.client_cert)

    @property
    def secrets(self) -> Iterable[str]:
        """All values that must not appear in any message."""
        return tuple(network.proxy_secrets(self.proxies))

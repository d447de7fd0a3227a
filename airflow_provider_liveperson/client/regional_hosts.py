"""Services that the Domain API does not list: their hosts are fixed, one in each of LivePerson's regions.

LivePerson pages: `data-access-api-overview.html`, `outbound-reporting-api-overview.html`,
`outbound-configuration-api-overview.html`. The service names are this package's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_provider_liveperson.exceptions import ConfigurationError

REGIONS = ("va", "lo", "sy")
"""Americas; Europe, Middle East, Africa; Asia Pacific."""

REGIONAL_HOSTS: Mapping[str, str] = {
    "dataAccess": "{region}.da.liveperson.net",
    "outboundReporting": "{region}.cx-reporting.liveperson.net",
    "outboundConfiguration": "{region}.handoff.liveperson.net",
}
"""Service name to host."""

# Account-bound services come first. The web pages and gateways among the others may be served from elsewhere.
_TELLING = ("accountConfigReadOnly", "accountConfigReadWrite", "msgHist", "leDataReporting", "sentinel")
_PREFIX = re.compile(r"([a-z]+)(?:-[a-z])?\.")


def regional_host(service: str, region: str) -> str:
    """The host of a service in a region.

    :param service: a key of :data:`REGIONAL_HOSTS`.
    :param region: one of :data:`REGIONS`.
    """
    return REGIONAL_HOSTS[service].format(region=region)


def region_of(services: Mapping[str, str]) -> str | None:
    """The region of an account, by the hosts of its other services, such as ``va.ac.liveperson.net``.

    :param services: what the Domain API lists: service name to host.
    :returns: one of :data:`REGIONS`, or None where the hosts name none of them (``ause1.ac.liveperson.net``).
    """
    for service in _TELLING:
        found = _PREFIX.match(services.get(service, "").lower())
        if found and found[1] in REGIONS:
            return found[1]
    return None


def unknown_region(service: str, account_id: str) -> ConfigurationError:
    """The error for a regional service of an account whose region is unknown.

    :param service: a key of :data:`REGIONAL_HOSTS`.
    :param account_id: the account.
    """
    return ConfigurationError(
        f"the host of {service} depends on the region, and the hosts of account {account_id} do not say which it is;"
        f' enter region ({", ".join(REGIONS)}), or the host itself in service_hosts: {{"{service}": "<host>"}}',
        field="region",
    )

"""The guard that says which hosts may be given a credential.

The Domain API takes no credential, and its answers say where credentials are sent; so every answer passes the guard.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from airflow_provider_liveperson.exceptions import ConfigurationError, UntrustedHostError

LIVEPERSON = "liveperson.net"

_BARE_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?")


def is_loopback(hostname: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if hostname.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


_TRUST = (
    "have the deployment trust it: in trusted_hosts of the section [liveperson] of Airflow's configuration"
    " (AIRFLOW__LIVEPERSON__TRUSTED_HOSTS), or in the environment variable LIVEPERSON_TRUSTED_HOSTS"
)


class TrustedHosts:
    """Hosts beside LivePerson's that may be given a credential, because this deployment's configuration says so.

    :param entries: each a host (``gateway.example.com``, any port), a host with a port (``gateway.example.com:8443``,
        only that one), or ``*.`` before a host for all hosts below it, but not itself.
    :raises ConfigurationError: for an entry that is none of these; names ``trusted_hosts``.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = [self._split(entry) for entry in entries]

    def __contains__(self, netloc: object) -> bool:
        """Whether a ``host`` or ``host:port`` is among them; without a port, that of https is meant."""
        hostname = _hostname(str(netloc))
        if not hostname:
            return False
        port = urlsplit(f"//{netloc}").port or 443
        return any(
            only in (None, port)
            and (
                hostname.endswith(name) and hostname != name[1:] if name.startswith(".") else hostname == name
            )
            for name, only in self._entries
        )

    @staticmethod
    def _split(entry: str) -> tuple[str, int | None]:
        below = entry.startswith("*.")
        hostname = _hostname(entry.removeprefix("*."))
        if not hostname or (below and ("." not in hostname or is_loopback(hostname))):
            raise ConfigurationError(
                f"trusted_hosts has {entry[:100]!r}; each entry must be a host such as gateway.example.com,"
                " gateway.example.com:8443 or *.example.com",
                field="trusted_hosts",
            )
        port = urlsplit("//" + entry.removeprefix("*.")).port
        return ("." + hostname if below else hostname), port


class HostGuard:
    """Decides which hosts may be given a credential.

    These are: hosts under ``.liveperson.net``, over https; where ``host`` is a loopback host, loopback hosts; and, of
    the hosts in the connection's ``service_hosts``, those that the deployment trusts. The connection alone never
    decides: a user who may edit or test a connection need not be allowed to read its secret. Plain http is for loopback
    only, and a loopback host is reached by the scheme that the connection gives it.

    ``domain_api`` is the base URL of the Domain API, and ``is_loopback`` says whether that is on this machine.

    :param host: the connection's ``host``, the base URL of the Domain API.
    :param service_hosts: the connection's ``service_hosts``.
    :param trusted_hosts: the hosts that the deployment trusts beside LivePerson's; see :class:`TrustedHosts`.
    :raises ConfigurationError: for a malformed host; names the field.
    :raises UntrustedHostError: for a ``host`` that is neither LivePerson's nor loopback, and for one of
        ``service_hosts`` that the deployment does not trust.
    """

    def __init__(
        self, host: str, service_hosts: Mapping[str, str], trusted_hosts: Iterable[str] = ()
    ) -> None:
        trusted = TrustedHosts(trusted_hosts)
        self._scheme, self._own = self._split(host, field="host")
        self.is_loopback = is_loopback(self._own)
        if not self.is_loopback and not _is_liveperson(self._own):
            raise UntrustedHostError(
                f"host names {self._own}, which is not LivePerson's (not under .{LIVEPERSON}); the Domain API is"
                " at https://api.liveperson.net",
                field="host",
            )
        self.domain_api: str = f"{self._scheme}://{urlsplit(host if '://' in host else '//' + host).netloc}"
        self._named: dict[str, str] = {}
        for service, named in service_hosts.items():
            scheme, hostname = self._split(str(named), field="service_hosts")
            netloc = urlsplit(named if "://" in named else "//" + named).netloc
            if not (
                (scheme == "https" and _is_liveperson(hostname))
                or (self.is_loopback and is_loopback(hostname))
                or netloc in trusted
            ):
                raise UntrustedHostError(
                    _not_trusted(service, netloc, loopback=is_loopback(hostname)), field="service_hosts"
                )
            if "://" not in named and is_loopback(hostname):
                scheme = self._scheme if self.is_loopback else "http"
            self._named[service] = f"{scheme}://{netloc}"

    def named(self, service: str) -> str | None:
        """The base URL that ``service_hosts`` gives for a service, or None."""
        return self._named.get(service)

    def base_url(self, service: str, host: str) -> str:
        """Turn a host that the Domain API gave into a base URL, if it may be trusted.

        :param service: the service it was given for.
        :param host: the bare host, with or without a port.
        :raises UntrustedHostError: for any other host, before a byte is sent there.
        """
        hostname = _hostname(host)
        if hostname:
            if _is_liveperson(hostname):
                return f"https://{host}"
            if self.is_loopback and hostname == self._own:
                return f"{self._scheme}://{host}"
        raise UntrustedHostError(
            f"the Domain API names {host[:100]!r} as the host of {service}, which is not under .{LIVEPERSON}; no"
            f" credential is sent there. If the host is right, name it in service_hosts:"
            f' {{"{service}": "<host>"}}, and {_TRUST}',
            field="service_hosts",
        )

    def check(self, url: str) -> None:
        """Check that a URL may be given a credential.

        :raises UntrustedHostError: if it may not.
        """
        scheme, _, rest = url.partition("://")
        netloc = re.split(r"[/?#]", rest, maxsplit=1)[0]
        hostname = _hostname(netloc)  # empty for what another parser might read differently
        if hostname and (
            (scheme.lower() == "https" and _is_liveperson(hostname))
            or (self.is_loopback and hostname == self._own and scheme.lower() in (self._scheme, "https"))
            or f"{scheme}://{netloc}".lower() in {named.lower() for named in self._named.values()}
        ):
            return
        raise UntrustedHostError(
            f"{scheme}://{netloc.rpartition('@')[2][:100]} may not be given LivePerson credentials: it is not an https"
            f" host under .{LIVEPERSON}, nor named in the connection's service_hosts and trusted by this deployment",
            field="service_hosts",
        )

    @staticmethod
    def _split(host: str, *, field: str) -> tuple[str, str]:
        scheme, _, netloc = (host if "://" in host else "https://" + host).removesuffix("/").partition("://")
        scheme, hostname = scheme.lower(), _hostname(netloc)
        if not hostname or scheme not in ("http", "https"):
            raise ConfigurationError(
                f"{field} must be a host such as https://api.liveperson.net, without user, path or query",
                field=field,
            )
        if scheme == "http" and not is_loopback(hostname):
            raise ConfigurationError(
                f"{field} is http://{hostname}; plain http is accepted for loopback only, use https",
                field=field,
            )
        return scheme, hostname


def _not_trusted(service: str, netloc: str, *, loopback: bool) -> str:
    if loopback:
        return (
            f"service_hosts names {netloc} for {service}, which is this machine, while host is not: no credential is"
            f" sent there. If that is meant, {_TRUST}"
        )
    return (
        f"service_hosts names {netloc} for {service}, which is not LivePerson's (not under .{LIVEPERSON}): no"
        f" credential is sent there. If the host is right, {_TRUST}"
    )


def _hostname(netloc: str) -> str:
    """The host of ``host`` or ``host:port``, in lower case; empty for anything else."""
    if not _BARE_HOST.fullmatch(netloc):
        return ""
    try:
        parts = urlsplit("//" + netloc)
        hostname = parts.hostname or ""
        if not netloc.startswith("["):
            hostname.encode("idna")  # no label of a host is empty or has more than 63 characters
        return hostname if len(hostname) <= 253 and (parts.port or 1) > 0 else ""
    except ValueError:  # a port above 65535, brackets without an address
        return ""


def _is_liveperson(hostname: str) -> bool:
    return hostname.lower().endswith("." + LIVEPERSON)

"""The pooled session of a client: signs, bounds and guards every request."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.host_guard import HostGuard, is_loopback
from airflow_provider_liveperson.client.wire import Adapter

USER_AGENT = (
    f"airflow-provider-liveperson/{__version__} python/{platform.python_version()}"
    f" requests/{requests.__version__}"
)
MAX_CONNECT_SECONDS = 10.0


class GuardedSession(requests.Session):
    """A ``requests.Session`` that signs, bounds and guards whatever goes through it.

    Every request is signed by the credential, has timeouts, follows no redirect, keeps no cookie, and is
    refused before it is sent if its host may not be given a credential. Certificates are always verified, except
    those of a loopback host whose connection says ``verify: false``.

    :param guard: admits hosts.
    :param credential: signs.
    :param timeout: seconds to wait for the next byte; connecting is given at most 10 of them.
    :param pool: at most how many connections are kept open to one host.
    :param proxies: scheme to the proxy's URL; they take precedence over those of the environment.
    :param verify: True, or the path of a CA bundle, which takes precedence over that of the environment, or False.
    :param cert: the file of a client certificate and its key, or the two files.
    """

    def __init__(
        self,
        *,
        guard: HostGuard,
        credential: Credential,
        timeout: float,
        pool: int,
        proxies: Mapping[str, str] | None = None,
        verify: bool | str = True,
        cert: tuple[str, str] | str | None = None,
    ) -> None:
        super().__init__()
        self.proxies.update(proxies or {})
        self.verify = verify
        self.cert = cert
        self._guard = guard
        self.timeout = (min(MAX_CONNECT_SECONDS, timeout), timeout)
        self.credential = self.auth = credential
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.trust_env = not is_loopback(urlsplit(guard.domain_api).hostname or "")
        adapter = Adapter(pool_connections=16, pool_maxsize=pool, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect."""

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Sign a request.

        :raises UntrustedHostError: for a host that may not be given a credential.
        """
        self._guard.check(str(request.url))
        return super().prepare_request(request)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Prefer the connection's settings to the environment's; requests does the opposite."""
        proxies = {**self.proxies, **(proxies or {})}
        verify = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, verify, cert)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request; see the class for what holds."""
        self._guard.check(str(request.url))
        kwargs.setdefault("verify", self.verify)
        url = urlsplit(str(request.url))
        loopback = is_loopback(url.hostname or "")
        if kwargs["verify"] is False and not loopback:
            kwargs["verify"] = True
        if url.scheme == "http":  # which the guard allows for this machine only
            kwargs["proxies"] = {}
        elif loopback:  # the environment's proxies are for hosts elsewhere
            kwargs["proxies"] = {} if kwargs["verify"] is False else dict(self.proxies)
        if not kwargs.get("timeout"):
            kwargs["timeout"] = self.timeout
        return super().send(request, **kwargs)


def unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An auth that adds nothing; without one, requests would look for a netrc file."""
    return request

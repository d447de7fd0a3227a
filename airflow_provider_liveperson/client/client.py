"""The client: one account, one credential, one pooled session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
import requests

from airflow_provider_liveperson.client.credentials.credential import Credential, OnSecret, tell_nobody
from airflow_provider_liveperson.client.domains import DomainDirectory
from airflow_provider_liveperson.client.exchange import Stop
from airflow_provider_liveperson.client.host_guard import HostGuard
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.network import cert_files
from airflow_provider_liveperson.client.responses import Action
from airflow_provider_liveperson.client.retries import RetrySchedule
from airflow_provider_liveperson.client.sender import Sender
from airflow_provider_liveperson.client.session import GuardedSession
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.client.tally import RequestTally
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.records import raw

T = TypeVar("T")

_DOMAIN_API = "Domain API"
_ANY_JSON = msgspec.json.Decoder(msgspec.Raw)


class LivePersonClient:
    """Sends requests to LivePerson's services for one account. Safe to share between threads.

    :param settings: the account and the limits.
    :param credential: signs the requests; it is bound to this client.
    :param schedule: how failed requests are repeated.
    :param budget: seconds that all requests together may take, or None for no limit.
    :param on_secret: is told each token that the credential obtains, before its first use.
    :raises ConfigurationError: for a malformed host.
    :raises UntrustedHostError: for a host that is not LivePerson's.
    """

    def __init__(
        self,
        settings: ClientSettings,
        credential: Credential,
        *,
        schedule: RetrySchedule | None = None,
        budget: float | None = None,
        on_secret: OnSecret = tell_nobody,
    ) -> None:
        self.settings = settings
        guard = HostGuard(settings.host, settings.service_hosts, settings.trusted_hosts)
        self._session = GuardedSession(
            guard=guard,
            credential=credential,
            timeout=settings.timeout,
            pool=settings.max_concurrency,
            proxies=settings.proxies,
            verify=settings.verify,
            cert=cert_files(settings.client_cert),
        )
        self._domain_api = guard.domain_api
        self._directory = DomainDirectory(
            settings.account_id, guard, self._ask_domain_api, region=settings.region
        )
        self._sender = Sender(
            session=self._session,
            base_url=self.base_url,
            account_id=settings.account_id,
            source=settings.source,
            schedule=schedule or RetrySchedule(),
            budget=budget,
            secrets=settings.secrets,
        )
        credential.bind(
            lambda request: self._sender.send(request, _json if request.json_answer else _anything),
            on_secret,
        )

    @property
    def account_id(self) -> str:
        """The LivePerson account."""
        return self.settings.account_id

    @property
    def session(self) -> requests.Session:
        """The session itself: it signs, bounds and guards requests, but repeats none and reads no answers."""
        return self._session

    @property
    def credential(self) -> Credential:
        """Signs this client's requests."""
        return self._session.credential

    @property
    def tally(self) -> RequestTally:
        """Counts its requests."""
        return self._sender.tally

    @property
    def stop(self) -> Stop:
        """Is set when the client is closed. Groups of requests may have a stop of their own below it."""
        return self._sender.stop

    @property
    def clock_offset(self) -> float | None:
        """Seconds by which LivePerson's clock is ahead of this machine's, by the latest answer; None before any."""
        return self._sender.clock_offset

    def services(self) -> dict[str, str]:
        """Every service that the Domain API lists for the account: name to host, sorted.

        :raises ConfigurationError: for an unknown account.
        :raises LivePersonError: when the Domain API does not answer.
        """
        return self._directory.services()

    def regional_hosts(self, services: Mapping[str, str]) -> dict[str, str]:
        """The hosts of the services that the Domain API does not list: name to host. Sends no request.

        :param services: what :meth:`services` has returned; may be empty if the connection has a region.
        :returns: none if the region is unknown.
        """
        return self._directory.regional_hosts(services)

    def base_url(self, service: str, fallback: str = "") -> str:
        """The base URL of a service, by ``service_hosts``, the region or the Domain API.

        :param service: the service's name, case-sensitive.
        :param fallback: the service that stands in for it in an account that does not have it; empty for none.
        :raises ConfigurationError: for an unknown account or service.
        :raises UntrustedHostError: for a host that is not LivePerson's.
        """
        return self._domain_api if service == _DOMAIN_API else self._directory.base_url(service, fallback)

    def call(
        self,
        request: ApiRequest,
        parse: Callable[[Answer], T],
        *,
        notice: Callable[[Action], None] | None = None,
        answer: Answer | None = None,
        stop: Stop | None = None,
    ) -> T:
        """Send one request, retrying as the table in ``responses.py`` says.

        :param request: the request.
        :param parse: makes the result; an InvalidResponseError from it has the request repeated.
        :param notice: is called for every attempt that failed and will be repeated, before the wait.
        :param answer: an answer to this request that is here already: it is parsed before anything is sent.
        :param stop: ends the request, and the wait before its repetition; default: :attr:`stop`.
        :raises LivePersonError: the error that the table names.
        """
        return self._sender.send(request, parse, notice=notice, answer=answer, stop=stop)

    def request(
        self,
        method: str,
        service: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request for which the package has no dataset.

        :param method: the HTTP method.
        :param service: the service's name in the Domain API.
        :param path: the path on its host; ``{account_id}`` stands for the account.
        :param params: query parameters.
        :param json: an object to send as JSON.
        :param headers: further headers; ``Authorization`` belongs to the credential.
        :returns: the answer, read to its end.
        :raises ConfigurationError: for a path or header that is not allowed.
        :raises LivePersonError: for a refusal or a failure, after all repeats.
        """
        if not path.startswith("/") or "?" in path or "#" in path:
            raise ConfigurationError(
                f"path {path!r} must begin with / and have no query; give the query as params", field="path"
            )
        if any(name.lower() == "authorization" for name in headers or {}):
            raise ConfigurationError(
                "headers may not hold Authorization; the connection sets that", field="headers"
            )
        return self.call(
            ApiRequest(
                method=method.upper(),
                service=service,
                path=path,
                params=params or {},
                json=json,
                headers=headers or {},
            ),
            lambda answer: answer,
        )

    def close(self) -> None:
        """End all requests, in all threads, log out where the credential has logged in, and close the connections.

        Nothing is sent after that.
        """
        self._sender.stop.set()
        self.credential.close()
        self._sender.close()
        self._session.close()

    def _ask_domain_api(self, path: str) -> Answer:
        return self._sender.send(
            ApiRequest(method="GET", service=_DOMAIN_API, path=path, params={"version": "1.0"}, signed=False),
            _json,
        )


def _anything(answer: Answer) -> Answer:
    return answer


def _json(answer: Answer) -> Answer:
    """Check that an answer is JSON."""
    try:
        raw.decode(_ANY_JSON, answer.body, answer.content_type)
    except msgspec.DecodeError as error:
        if answer.seems_json:
            raise InvalidResponseError(
                f"the answer is JSON that cannot be read ({error})", status=answer.status
            ) from error
        raise InvalidResponseError(
            f"the answer is not JSON ({error}); check that the host is LivePerson's",
            status=answer.status,
            field="host",
        ) from error
    return answer

"""The request of a dataset, without what differs from one request to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_provider_liveperson.client.messages import ApiRequest


@dataclass(frozen=True, kw_only=True)
class RequestTemplate:
    """What all requests of a dataset have in common.

    :param service: the Domain API's name of the service, case-sensitive, or that of a fixed regional host.
    :param path: the path on its host; ``{account_id}`` stands for the account, other names in braces for what a
        request gives as ``places``.
    :param method: the HTTP method.
    :param params: query parameters that are always sent, such as the API's version.
    :param fallback_service: the service that stands in for it in an account that has no ``service``: its name before
        LivePerson renamed it. Empty for none.
    """

    service: str
    path: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    fallback_service: str = ""

    @property
    def services(self) -> tuple[str, ...]:
        """The services that can serve it, the first one that an account has."""
        return (self.service, self.fallback_service) if self.fallback_service else (self.service,)

    def make(
        self,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
        to_disk: bool = False,
        places: Mapping[str, str] | None = None,
        max_per_second: float | None = None,
    ) -> ApiRequest:
        """Make a request.

        :param params: further query parameters.
        :param json: the JSON body, if it has one.
        :param headers: headers.
        :param to_disk: take the answer to a temporary file instead of memory.
        :param places: what stands in the path's places, by name.
        :param max_per_second: how many requests the service takes in a second, or None where LivePerson does not say.
        """
        path = self.path
        for name, value in (places or {}).items():
            path = path.replace(f"{{{name}}}", value)
        return ApiRequest(
            method=self.method,
            service=self.service,
            path=path,
            params={**self.params, **(params or {})},
            json=json,
            headers=headers or {},
            to_disk=to_disk,
            max_per_second=max_per_second,
            fallback_service=self.fallback_service,
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

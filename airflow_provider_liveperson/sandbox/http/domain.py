"""Domain API: which host serves which service (LivePerson page ``domain-api``)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.http.json_response import JsonResponse
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.state import SandboxState

SERVICES = (
    "asyncMessagingEnt",
    "liveEngageUI",
    "leDataReporting",
    "accountConfigReadOnly",
    "agentVep",
    "msgHist",
    "sentinel",
    "rtbf",
    "idp",
    "msgEwtAPI",
    "accountConfigReadWrite",
    "engHistDomain",
    "auditlog",
    "smt",
    "asyncMessaging",
    "agentActivityDomain",
    "messagingRestApiDomain",
    "runtimeFormLogic",
    "msdkgw",
    "faasUI",
    "faasGW",
    "mtlsGateway",
    "agentManagerWorkspace",
    "pusher",
    "swift",
    "visitorFeed",
    "etool",
)
"""Names are case-sensitive; LivePerson's list is not sorted either."""


async def one_service(request: Request) -> Response:
    """``GET /api/account/{account}/service/{service}/baseURI.json?version=1.0``."""
    settings = _settings(request)
    if not _account_exists(request, settings):
        return JsonResponse({"baseURIs": []})
    service = request.path_params["service"]
    if service not in _names(settings):
        if settings.domain_unknown_service == "empty":
            return JsonResponse({"baseURIs": []})
        raise Refusal(settings.domain_unknown_service, {"message": f"No service named {service!r}"})
    entry = _entry(request, settings, service)
    return JsonResponse({"baseURIs": [entry]} if settings.domain_single_shape == "list" else entry)


async def all_services(request: Request) -> Response:
    """``GET /api/account/{account}/service/baseURI.json?version=1.0``."""
    settings = _settings(request)
    if not _account_exists(request, settings):
        return JsonResponse({"baseURIs": []})
    return JsonResponse({"baseURIs": base_uris(request, settings)})


def base_uris(request: Request, settings: SandboxSettings) -> list[dict[str, str]]:
    """Return the hosts of all services, as login answers hold them too.

    :param request: the request; its Host header names the sandbox.
    :param settings: services that are elsewhere.
    """
    return [_entry(request, settings, name) for name in _names(settings)]


def _settings(request: Request) -> SandboxSettings:
    state: SandboxState = request.app.state.sandbox
    return state.settings


def _account_exists(request: Request, settings: SandboxSettings) -> bool:
    version = request.query_params.get("version")
    if version is None and settings.domain_version_required:
        raise Refusal(400, {"message": "The query parameter version is missing"})
    if version not in (None, "1.0"):
        raise Refusal(400, {"message": "The query parameter version must be 1.0"})
    if request.path_params["account"] == settings.account_id:
        return True
    if settings.domain_unknown_account == "empty":
        return False
    raise Refusal(settings.domain_unknown_account, {"message": "Bad authentication: invalid site or agent"})


def _names(settings: SandboxSettings) -> list[str]:
    served = (name for api in APIS for name in api.listed_services(settings))
    return list(dict.fromkeys([*SERVICES, *served, *settings.service_hosts]))


def _entry(request: Request, settings: SandboxSettings, service: str) -> dict[str, str]:
    # The host that the client used reaches the sandbox, whichever of its names or addresses that is.
    host = settings.service_hosts.get(service) or request.headers.get("host", "")
    return {"service": service, "account": settings.account_id, "baseURI": host}


ROUTES: list[BaseRoute] = [
    Route(f"/api/account/{{account}}/service/{path}", endpoint)
    for path, endpoint in (
        ("baseURI.json", all_services),
        ("baseURI", all_services),
        ("{service}/baseURI.json", one_service),
        ("{service}/baseURI", one_service),
    )
]

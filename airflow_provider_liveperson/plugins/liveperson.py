"""The plugin: LivePerson's connections in Airflow's Admin menu, and what has landed in Browse and on each DAG.

Airflow imports this module in each of its processes, so it imports only the base class; the page itself is made by its
first request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/liveperson"
ROUTE = "liveperson"
COVERAGE_ROUTE = "liveperson-coverage"
DAG_ROUTE = "liveperson-data"
_OPERATORS = ["LivePersonToS3Operator", "AuditTrailToS3Operator", "LivePersonToObjectStorageOperator"]

_Message = MutableMapping[str, Any]


class LazyPage:
    """An ASGI application that is made by its first request."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        if self._app is None:
            from airflow_provider_liveperson.plugins.app import make_app

            self._app = make_app()
        await self._app(scope, receive, send)

    def __repr__(self) -> str:
        return "<LivePerson page>"


class LivePersonPlugin(AirflowPlugin):
    """Shows what has landed, and the LivePerson connections and their consents.

    Users who may edit a connection authorize it here.
    """

    name = "liveperson"
    fastapi_apps = [{"app": LazyPage(), "name": "LivePerson", "url_prefix": PREFIX}]
    external_views = [
        {
            "name": "LivePerson",
            # Without a leading slash: Airflow's page resolves it against its own base, which may be below a path.
            "href": f"{PREFIX.lstrip('/')}/",
            "url_route": ROUTE,
            "destination": "nav",
            "category": "admin",
        },
        {
            "name": "LivePerson coverage",
            "href": f"{PREFIX.lstrip('/')}/coverage",
            "url_route": COVERAGE_ROUTE,
            "destination": "nav",
            "category": "browse",
        },
        {
            "name": "LivePerson",
            "href": f"{PREFIX.lstrip('/')}/coverage?dag_id={{DAG_ID}}",
            "url_route": DAG_ROUTE,
            "destination": "dag",
            # From Airflow 3.4 on; older ones show the tab on every DAG.
            "applies_to": {"operator_names": _OPERATORS},
        },
    ]

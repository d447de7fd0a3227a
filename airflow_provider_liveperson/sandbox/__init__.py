"""A LivePerson on localhost, for demos, tests and other people's continuous integration.

It plays the Domain API, Sentinel (App-JWT, and web applications with login and consent pages), the Login
Service and the data APIs of :mod:`.apis` well enough to refuse a wrong signature, an expired token or a malformed
query. Every point on which LivePerson's documentation is silent or contradicts itself is a switch of
:class:`SandboxSettings`; every failure a client must survive is a fault that can be injected.

>>> from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
>>> with SandboxServer(SandboxSettings(seed=7)) as sandbox:
...     print(sandbox.url)  # doctest: +SKIP

Both are imported on first use, because the command line needs only the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_liveperson.sandbox.server import SandboxServer
    from airflow_provider_liveperson.sandbox.settings import SandboxSettings

__all__ = ["SandboxServer", "SandboxSettings"]


def __getattr__(name: str) -> Any:
    if name == "SandboxServer":
        from airflow_provider_liveperson.sandbox.server import SandboxServer

        return SandboxServer
    if name == "SandboxSettings":
        from airflow_provider_liveperson.sandbox.settings import SandboxSettings

        return SandboxSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

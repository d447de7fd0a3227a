"""What a browser could be tricked into: names that a stranger points at this machine, and requests from other sites.

The sandbox listens on loopback, where every page that a browser shows can reach it. DNS rebinding gives a page the
sandbox's answers under the page's own name, which the Host header then holds. A request that another site makes needs
no such trick, but the browser says so in Origin (RFC 6454) and Sec-Fetch-Site. Programs that are no browsers send
neither.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from starlette.datastructures import Headers

from airflow_provider_liveperson.sandbox.http.refusal import Refusal

LIVEPERSON_DOMAINS = ("liveperson.net", "liveperson.com", "livepersonapis.com", "lpsnmedia.net")
"""Names under which clients look for LivePerson. Nobody else can point them at this machine."""

_AUTHORITY = re.compile(
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::(?P<port>[0-9]{0,5}))?",
    re.IGNORECASE | re.ASCII,
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# `curl -d` says application/x-www-form-urlencoded, whatever the body is. Pages can send that, too, but not without
# saying where they are from.
_CONTROL_MEDIA_TYPES = frozenset({"", "application/json", "application/x-www-form-urlencoded"})


def check_host(headers: Headers, allowed: Iterable[str]) -> None:
    """Refuse a request for a host that the sandbox is not.

    The port may be any, as the sandbox may stand behind a proxy or a forwarded port; it is no part of the defense.

    :param headers: the request's headers.
    :param allowed: further host names; ``*.example.com`` stands for every name below it, ``*`` for any name.
    :raises Refusal: 400 for no host, or none that can be read; 421 for another one.
    """
    named = headers.getlist("host")
    host = _host(named[0]) if len(named) == 1 else None
    if host is None:
        raise Refusal(400, {"message": "The request must have one Host header, with the name of a host"})
    if not _is_allowed(host, allowed):
        raise Refusal(
            421,
            {
                "message": f"The sandbox is not {host}. If it shall be, start it with --allow-host {host},"
                " or SandboxSettings(allowed_hosts=…)"
            },
        )


def check_source(method: str, headers: Headers, allowed: Iterable[str]) -> None:
    """Refuse a request that a page of another site makes and that may change something.

    :param method: the request's method.
    :param headers: its headers, with a host that :func:`check_host` has let pass.
    :param allowed: further host names, as in :func:`check_host`, whose pages may send requests as well.
    :raises Refusal: 403.
    """
    if method in _SAFE_METHODS or _is_same_origin(headers):
        return
    host = _host(_authority(headers.get("origin", "")))
    if host is None or not _is_allowed(host, allowed):
        raise _other_site(headers)


def check_control(method: str, headers: Headers) -> None:
    """Refuse a request to the sandbox's own controls that does not come from the sandbox's origin or a program.

    :param method: the request's method.
    :param headers: its headers, with a host that :func:`check_host` has let pass.
    :raises Refusal: 403 for another site; 415 for a body that is not said to be JSON.
    """
    if not _is_same_origin(headers) and (method not in _SAFE_METHODS or "origin" in headers):
        raise _other_site(headers)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method not in _SAFE_METHODS and media_type not in _CONTROL_MEDIA_TYPES:
        raise Refusal(415, {"message": f"The body must be application/json, not {media_type}"})


def _is_same_origin(headers: Headers) -> bool:
    """Whether nothing says that the request comes from a page of another origin.

    Schemes are not compared: behind a proxy that ends TLS, the browser's is not the sandbox's.
    """
    origins = headers.getlist("origin")
    if origins:
        return len(origins) == 1 and _authority(origins[0]) == headers["host"].lower()
    return headers.get("sec-fetch-site", "none").lower() in ("same-origin", "none")


def _authority(origin: str) -> str:
    """Host and port of an Origin; empty for ``null``, which is the origin of pages that hide theirs."""
    scheme, separator, authority = origin.lower().partition("://")
    return authority if separator and scheme in ("http", "https") else ""


def _other_site(headers: Headers) -> Refusal:
    source = headers.get("origin") or "another site"
    return Refusal(
        403, {"message": f"The request comes from {source[:200]}, and the sandbox takes none from there"}
    )


def _host(authority: str) -> str | None:
    """The host of an authority, in lower case and without port and final dot; None if it cannot be one."""
    parts = _AUTHORITY.fullmatch(authority)
    return parts["host"].lower() if parts else None


def _is_allowed(host: str, allowed: Iterable[str]) -> bool:
    if _is_this_machine(host) or any(_is_below(host, name) or host == name for name in LIVEPERSON_DOMAINS):
        return True
    for name in map(str.lower, allowed):
        if name in ("*", host) or (name.startswith("*.") and _is_below(host, name[2:])):
            return True
    return False


def _is_below(host: str, name: str) -> bool:
    return host.endswith(f".{name}")


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or _is_below(host, "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

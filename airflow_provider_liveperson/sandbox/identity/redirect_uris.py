"""Where sentinel may send a browser back to."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlencode, urlsplit

from airflow_provider_liveperson.sandbox.settings import SandboxSettings

_HOST = re.compile(r"[a-z0-9.:_-]+", re.IGNORECASE | re.ASCII)


def why_redirect_uri_is_refused(uri: str, settings: SandboxSettings) -> str | None:
    """Say what is wrong with a redirect URI.

    :param uri: the URI.
    :param settings: the registered ones.
    :return: a sentence; None if the URI may be used.
    """
    if settings.web_app_redirect_uris:
        return None if uri in settings.web_app_redirect_uris else "redirect_uri is not registered"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "redirect_uri is not a URI"
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or "@" in parts.netloc:
        return "redirect_uri must be an http or https URI without a user name"
    if parts.fragment:
        return "redirect_uri must have no fragment"
    if not _is_this_machine(host):
        return "redirect_uri must be on this machine, because none is registered (web_app_redirect_uris)"
    return None


def with_parameters(uri: str, parameters: dict[str, str]) -> str:
    """Add parameters to a URI's query.

    :param uri: a redirect URI.
    :param parameters: what to add.
    """
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(parameters)}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

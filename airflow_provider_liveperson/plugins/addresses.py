"""Where the page is, and where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from airflow.configuration import conf
from fastapi import Request

from airflow_provider_liveperson.plugins.liveperson import PREFIX, ROUTE


def is_own_origin(request: Request) -> bool:
    """Whether a form was sent by a page of this very site, as the browser says."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and _own_scheme(request, request.headers.get("origin", "")) is not None


def _own_scheme(request: Request, url: str) -> str | None:
    """The scheme of a URL that is of this very site; None of any other."""
    try:
        parts = urlsplit(url)
        own = {request.headers.get("host", "").lower(), urlsplit(_configured_url()).netloc.lower()} - {""}
    except ValueError:
        return None
    return parts.scheme if parts.scheme in ("http", "https") and parts.netloc.lower() in own else None


def _configured_url() -> str:
    return str(conf.get("api", "base_url", fallback="") or "")


def airflow_url(request: Request) -> str:
    """Where Airflow is reached: as configured, or as the browser sees it."""
    configured = _configured_url()
    if configured.startswith(("http://", "https://")):
        return configured.rstrip("/")
    return f"{'https' if is_https(request) else 'http'}://{request.url.netloc}{_root(request)}"


def is_https(request: Request) -> bool:
    """Whether the browser reaches this page by https, whatever stands in between.

    Behind a proxy that ends TLS and is not trusted (``FORWARDED_ALLOW_IPS``), the request looks like plain http. But
    the browser says what it sees: by the page that its form or frame is on, and by the ``Sec-Fetch`` headers, which no
    script can set and which browsers send to https and to their own machine only. Each can only make a cookie safer.
    """
    if request.url.scheme == "https" or _configured_url().startswith("https://"):
        return True
    pages = (request.headers.get("origin", ""), request.headers.get("referer", ""))
    if schemes := {_own_scheme(request, page) for page in pages} - {None}:
        return "https" in schemes
    return "sec-fetch-site" in request.headers and not is_loopback(request.url.hostname or "")


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _root(request: Request) -> str:
    """The path below which Airflow's own pages are, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/").removesuffix(PREFIX)


def base_path(request: Request) -> str:
    """The path of this page by itself."""
    return f"{_root(request)}{PREFIX}/"


def home_path(request: Request) -> str:
    """The path of this page inside Airflow's."""
    return f"{_root(request)}/plugin/{ROUTE}"


def run_path(request: Request, dag_id: str, run_id: str) -> str:
    """The path of a DAG run's page.

    :param request: the request.
    :param dag_id: the DAG.
    :param run_id: the run.
    """
    return f"{_root(request)}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"

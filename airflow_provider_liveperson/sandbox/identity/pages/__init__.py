"""The pages that a person sees: every value in them is escaped, and nothing but their form can be sent."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, *, status: int = 200, returns_to: str | None = None, **values: Any) -> HTMLResponse:
    """Make a page.

    :param name: the template, without its ending.
    :param status: HTTP status.
    :param returns_to: where the answer to the page's form may redirect to, beside the sandbox itself.
    :param values: what the template needs.
    """
    nonce = secrets.token_urlsafe(16)
    targets = "'self'"
    if returns_to is not None:
        # Browsers hold a form's redirects against form-action as well.
        targets += f" {_origin(returns_to)}"
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(
        _TEMPLATES.get_template(f"{name}.html").render(nonce=nonce, **values),
        status_code=status,
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy,
            # With no-referrer, browsers would send the page's own form with the Origin null.
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        },
    )


def _origin(url: str) -> str:
    """Return a URL's origin as a content security policy writes it, where IPv6 addresses have no form."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

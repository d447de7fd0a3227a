"""The page's HTML."""

from __future__ import annotations

from typing import Any

import jinja2

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader(__name__, "."),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **context: Any) -> str:
    """Fill a template in; every value is escaped.

    :param template: a file beside this one.
    :param context: its values.
    """
    return _templates.get_template(template).render(**context)

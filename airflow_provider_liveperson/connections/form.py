"""Airflow's two shapes of a connection form, made from the table in ``fields.py``.

Airflow 3.2 and newer read the provider's metadata (:func:`connection_types`); Airflow 3.1 calls the hook class
(:func:`form_widgets`, :func:`field_behaviour`).
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from typing import Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.form_field import FormField


def airflow_wants_a_port() -> bool:
    """Whether Airflow's Test button works only for connections that have a port.

    Airflow 3.3.1 and 3.3.2 take a saved connection without a port for a different destination, and refuse to send it
    the saved credentials (apache/airflow#73298, fixed in 3.4). Only there does the form have a port, which means
    nothing beside a host that is empty or a URL.
    """
    try:
        return importlib.metadata.version("apache-airflow-core") in ("3.3.1", "3.3.2")
    except importlib.metadata.PackageNotFoundError:
        return False


def connection_types() -> list[dict[str, Any]]:
    """The ``connection-types`` of the provider's metadata, for the forms of Airflow 3.2 and newer."""
    return [
        {
            "connection-type": form.conn_type,
            "hook-class-name": form.hook_class_name,
            "hook-name": form.label,
            "ui-field-behaviour": {
                key.replace("_", "-"): value for key, value in field_behaviour(form.conn_type).items()
            },
            "conn-fields": {
                field.name: {
                    "label": field.label,
                    "description": form.help_text(field),
                    "schema": field.schema(),
                }
                for field in form.extra_fields
            },
        }
        for form in FORMS.values()
    ]


def field_behaviour(conn_type: str) -> dict[str, Any]:
    """What a hook's ``get_ui_field_behaviour`` returns.

    :param conn_type: a key of :data:`FORMS`.
    """
    fields = FORMS[conn_type].standard_fields
    behavior: dict[str, Any] = {
        "hidden_fields": ["port", "schema"],
        "relabeling": {field.place: field.label for field in fields},
        "placeholders": {field.place: field.placeholder for field in fields},
    }
    if airflow_wants_a_port():
        behavior["hidden_fields"].remove("port")
        behavior["placeholders"]["port"] = "443 (this Airflow cannot test a connection without a port)"
    return behavior


def form_widgets(conn_type: str) -> dict[str, Any]:
    """What a hook's ``get_connection_form_widgets`` returns, which only Airflow 3.1 calls.

    Airflow replaces WTForms where that is not installed, so it is imported when called. The fields have no
    Flask-AppBuilder widgets: only the web pages of Airflow 2 showed those.

    :param conn_type: a key of :data:`FORMS`.
    """
    from wtforms import BooleanField, IntegerField, PasswordField, StringField
    from wtforms.validators import Optional, any_of

    # Only text, password, integer and boolean widgets are allowed: numbers and objects are entered as text.
    def widget(field: FormField, help_text: str) -> Any:
        kind: Callable[..., Any] = StringField
        if field.secret:
            kind = PasswordField
        elif field.kind == "integer":
            kind = IntegerField
        elif field.kind == "boolean":
            kind = BooleanField
        validators = [Optional()]
        if field.choices:
            validators.append(any_of(list(field.choices)))
        return kind(field.label, validators=validators, description=help_text)

    form = FORMS[conn_type]
    return {field.name: widget(field, form.help_text(field)) for field in form.extra_fields}

"""Reading Airflow connections by the table in ``fields.py``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.form_field import FormField
from airflow_provider_liveperson.exceptions import ConfigurationError


def read_extra(extra: object, *, conn_id: str) -> dict[str, Any]:
    """Read the text of a connection's extra, which must be a JSON object; empty text is read as ``{}``.

    :param extra: as Airflow keeps it.
    :param conn_id: the connection's id, for errors.
    :raises ConfigurationError: for anything else; the message has nothing of its content.
    """
    if extra is None or (isinstance(extra, str) and not extra.strip()):
        return {}
    if isinstance(extra, Mapping):
        return dict(extra)
    try:
        found = json.loads(extra) if isinstance(extra, (str, bytes)) else extra
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else "not valid JSON"
        raise not_an_object(what, conn_id=conn_id) from None
    if isinstance(found, dict):
        return found
    if isinstance(found, str):
        what = "a string; if it holds the object, it was encoded as JSON twice"
    else:
        kinds = {list: "a list", bool: "true or false", type(None): "null"}
        what = kinds.get(type(found), "a number")
    raise not_an_object(what, conn_id=conn_id)


def extra_of(conn: Any, *, conn_id: str) -> dict[str, Any]:
    """Read the extra of an Airflow connection, whose secrets Airflow masks from now on.

    :param conn: the connection, of whichever of Airflow's classes.
    :param conn_id: its id, for errors.
    :raises ConfigurationError: for an extra that is not a JSON object, or that Airflow cannot read.
    """
    try:
        text = conn.extra
    except (ValueError, RecursionError):  # Airflow parses what its database holds
        raise not_an_object("something else", conn_id=conn_id) from None
    except Exception as error:  # with a wrong Fernet key
        raise ConfigurationError(
            f"Airflow cannot read the extra of connection {conn_id!r} ({type(error).__name__}); check its Fernet key",
            field="extra",
        ) from None
    extra = read_extra(text, conn_id=conn_id)
    try:
        _ = conn.extra_dejson  # only to have Airflow mask it
    except RecursionError:
        raise not_an_object("nested too deeply", conn_id=conn_id) from None
    return extra


def not_an_object(what: str, *, conn_id: str) -> ConfigurationError:
    """The error for an extra that is not a JSON object.

    :param what: what it is instead, without any of its content.
    :param conn_id: the connection's id.
    """
    return ConfigurationError(
        f"The extra of connection {conn_id!r} must be a JSON object, but is {what}. Enter an object such as"
        ' {"account_id": "12345678"}.',
        field="extra",
    )


def read_fields(
    conn_type: str,
    *,
    host: str | None,
    login: str | None,
    password: str | None,
    extra: Mapping[str, object],
    conn_id: str,
) -> dict[str, Any]:
    """Read the fields of a connection.

    White space around a text is dropped, an empty text counts as missing, a missing field gets its default (or
    ``None``), and numbers and objects given as text are converted. An extra field may also have the longer name
    ``extra__<conn_type>__<name>`` of old Airflow forms.

    :param conn_type: a key of :data:`FORMS`.
    :param host: the connection's host.
    :param login: the connection's login.
    :param password: the connection's password.
    :param extra: the connection's extra JSON, parsed.
    :param conn_id: the connection's id, for errors.
    :returns: a value for each field of the form, by its name.
    :raises ConfigurationError: naming everything that is missing or wrong, where it is in the form, and the
        connection, but no value of a secret field.
    """
    form = FORMS.get(conn_type)
    if form is None:
        raise ConfigurationError(
            f"Connection {conn_id!r} has the type {conn_type!r}; a LivePerson connection has one of"
            f" {', '.join(FORMS)}.",
            field="conn_type",
        )
    columns: dict[str, object] = {"host": host, "login": login, "password": password}
    values: dict[str, Any] = {}
    missing: list[FormField] = []
    wrong: dict[str, str] = {}
    for field in form.fields:
        if field.place == "extra":
            raw = _present(extra.get(field.name))
            if raw is None:
                raw = _present(extra.get(f"extra__{conn_type}__{field.name}"))
        else:
            raw = _present(columns[field.place])
        if raw is None:
            values[field.name] = {} if field.kind == "object" else field.default
            if field.required:
                missing.append(field)
            continue
        try:
            values[field.name] = field.read(raw)
        except ValueError as error:
            wrong[field.name] = str(error)
    if missing or wrong:
        sentences = list(wrong.values())
        if missing:
            sentences.insert(0, f"missing: {', '.join(field.where for field in missing)}")
        raise ConfigurationError(
            f"Connection {conn_id!r} of type {form.label!r} cannot be used; {'; '.join(sentences)}.",
            field=missing[0].name if missing else next(iter(wrong)),
        )
    return values


def locate(conn_type: str, field: str) -> str:
    """How an error names a field, such as ``'Account ID' (extra: account_id)``.

    :param conn_type: a key of :data:`FORMS`.
    :param field: the name of one of its fields; another name is returned as it is, in quotes.
    """
    form = FORMS.get(conn_type)
    try:
        found = form.field(field) if form else None
    except KeyError:
        found = None
    if found is None:
        return repr(field)
    return f"{found.label!r} {found.where.removeprefix(found.label).lstrip()}"


def _present(raw: object) -> object:
    """The value without the white space around it, or ``None`` if nothing is left."""
    if isinstance(raw, str):
        return raw.strip() or None
    return raw

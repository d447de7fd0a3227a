"""The fields of each connection type: one table, from which everything that knows of them is made.

Airflow 3.2 and 3.3 read the form from the provider's metadata (:func:`connection_types`), Airflow 3.1 asks
the hook class (:func:`form_widgets`, :func:`field_behaviour`), and the hooks read a connection by it
(:func:`read_fields`) and speak of it in errors (:func:`locate`).

What Airflow's web pages make of it:

* A standard field (host, login, password) shows its label and its placeholder, but no help text. An extra
  field shows its label and its help text, but no placeholder.
* Saving a new connection stores every extra field of the form: an untouched one as ``null``, or as its
  default if the schema names one. The schemas here name none, so that a default of a later version also
  reaches the connections made today; the help texts tell the defaults instead.
* The forms of Airflow 3.1 and 3.2 hide no extra field while one types, and that of 3.1 requires none. Saved
  values are masked by name there as everywhere.
* There is no way to test a connection from its form, only from the list of saved ones; see
  :func:`airflow_wants_a_port`.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_liveperson.exceptions import ConfigurationError

Place = Literal["host", "login", "password", "extra"]
Kind = Literal["string", "integer", "number", "object", "boolean"]

DOMAIN_API_URL = "https://api.liveperson.net"
OAUTH1_NOTICE = (
    "LivePerson announced the end of OAuth 1.0 API keys for 31 May 2026. Their successor is App-JWT (OAuth"
    " 2.0): prefer the connection type “LivePerson (App-JWT, OAuth 2.0)” wherever LivePerson lets it read the"
    " data."
)
LOGIN_NOTICE = (
    "LivePerson asks to prefer App-JWT (OAuth 2.0) and to log in only where OAuth 2.0 is impossible. Users who sign in"
    " by single sign-on (SSO) cannot log in here: use “LivePerson (web application, OAuth 2.0)” for them. Bot logins"
    " with OAuth 1.0 keys ended on 30 April 2026; a client ID and secret take their place."
)


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of a connection form.

    :param name: its key in what :func:`read_fields` returns and, for an extra field, in the extra JSON.
    :param label: what the form calls it.
    :param place: the column of the connection, or ``extra``.
    :param description: the help text; shown for extra fields only.
    :param placeholder: what the empty field shows; for standard fields only.
    :param kind: the JSON type of its value.
    :param secret: whether it is hidden while typed, and kept out of every error.
    :param required: whether a connection without it is refused.
    :param choices: the only values that it may have.
    :param default: what a missing field counts as.
    :param minimum: the smallest number allowed.
    :param above: the number that its value must exceed.
    :param maximum: the largest number allowed.
    :param pattern: the regular expression that the whole text must match.
    :param max_length: the longest text allowed.
    :param booleans: whether ``true`` and ``false``, as text or as JSON, are meant as such.
    """

    name: str
    label: str
    place: Place
    description: str = ""
    placeholder: str = ""
    kind: Kind = "string"
    secret: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None
    minimum: int | None = None
    above: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    max_length: int | None = None
    booleans: bool = False

    @property
    def where(self) -> str:
        """Its label and its place, such as ``Account ID (extra: account_id)``."""
        return f"{self.label} ({f'extra: {self.name}' if self.place == 'extra' else self.place})"

    def schema(self) -> dict[str, Any]:
        """The JSON schema of its value, as the provider's metadata hold it."""
        schema: dict[str, Any] = {"type": self.kind if self.required else [self.kind, "null"]}
        rules = {
            "format": "password" if self.secret else None,
            "enum": list(self.choices) or None,
            "minimum": self.minimum,
            "exclusiveMinimum": self.above,
            "maximum": self.maximum,
            "maxLength": self.max_length,
            "pattern": f"^(?:{self.pattern})$" if self.pattern else None,
        }
        return schema | {rule: value for rule, value in rules.items() if value is not None}

    def read(self, raw: object) -> Any:
        """Turn what a connection holds, already known not to be empty, into the field's value.

        :raises ValueError: saying what the value must be, and telling it unless it is secret.
        """
        if self.booleans and isinstance(raw, (bool, str)) and (word := str(raw).lower()) in ("true", "false"):
            return word == "true"
        value = _READERS[self.kind](raw)
        if value is None:
            raise ValueError(f"{self.where} must be {_NOUNS[self.kind]}{self._but_is(raw)}")
        if isinstance(value, str) and not _can_be_sent(value):
            raise ValueError(f"{self.where} holds half of a character (a lone surrogate); enter it anew")
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.where} must be one of {', '.join(self.choices)}{self._but_is(raw)}")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ValueError(f"{self.where} must match {self.pattern}{self._but_is(raw)}")
        if self.max_length is not None and len(value) > self.max_length:
            raise ValueError(
                f"{self.where} must have at most {self.max_length} characters{self._but_is(raw)}"
            )
        if (
            (self.minimum is not None and value < self.minimum)
            or (self.above is not None and value <= self.above)
            or (self.maximum is not None and value > self.maximum)
        ):
            raise ValueError(f"{self.where} must be {self._range()}{self._but_is(raw)}")
        return value

    def _range(self) -> str:
        lower = f"more than {self.above}" if self.above is not None else f"at least {self.minimum}"
        return f"{lower} and at most {self.maximum}"

    def _but_is(self, raw: object) -> str:
        # Objects and lists are left out too: somebody may have put a whole credential file there.
        if self.secret or self.kind == "object" or isinstance(raw, (Mapping, list)):
            return ""
        shown = repr(raw)
        return f", but is {shown if len(shown) <= 60 else shown[:57] + '…'}"


@dataclass(frozen=True, kw_only=True)
class ConnectionForm:
    """The form of one connection type.

    :param conn_type: the connection type.
    :param label: what the list of connection types calls it.
    :param hook_class_name: the dotted path of its hook class.
    :param fields: its fields, in the order of the form.
    :param notice: what everybody must read who makes such a connection; it becomes part of the first extra
        field's help text, since forms have no other place for it.
    """

    conn_type: str
    label: str
    hook_class_name: str
    fields: tuple[FormField, ...]
    notice: str = ""

    @property
    def standard_fields(self) -> tuple[FormField, ...]:
        """The fields that are columns of the connection."""
        return tuple(field for field in self.fields if field.place != "extra")

    @property
    def extra_fields(self) -> tuple[FormField, ...]:
        """The fields that are kept in the extra JSON."""
        return tuple(field for field in self.fields if field.place == "extra")

    def help_text(self, field: FormField) -> str:
        """The help text of a field, with the notice where it is due."""
        if self.notice and field == self.extra_fields[0]:
            return f"{field.description} {self.notice}"
        return field.description

    def field(self, name: str) -> FormField:
        """The field of that name.

        :raises KeyError: if the form has none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


_HOST = FormField(
    name="host",
    label="Domain API URL",
    place="host",
    placeholder=f"{DOMAIN_API_URL} (leave empty for this)",
    default=DOMAIN_API_URL,
)
_ACCOUNT_ID = FormField(
    name="account_id",
    label="Account ID",
    place="extra",
    description="The LivePerson account, also called site ID or brand ID.",
    required=True,
    pattern="[A-Za-z0-9_]{1,20}",
    max_length=20,
)
_COMMON = (
    FormField(
        name="timeout",
        label="Timeout",
        place="extra",
        description="Seconds without a byte from LivePerson after which a request is given up. Default: 60.",
        kind="number",
        default=60.0,
        above=0,
        maximum=3600,
    ),
    FormField(
        name="max_concurrency",
        label="Concurrent requests",
        place="extra",
        description="The most requests under way at once, from 1 to 64. Default: 8.",
        kind="integer",
        default=8,
        minimum=1,
        maximum=64,
    ),
    FormField(
        name="source",
        label="Source label",
        place="extra",
        description=(
            "The name by which LivePerson tells this caller from others: at most 20 letters, digits and"
            " underscores. Default: AirflowProvider."
        ),
        default="AirflowProvider",
        pattern="[A-Za-z0-9_]{1,20}",
        max_length=20,
    ),
    FormField(
        name="region",
        label="Region",
        place="extra",
        description=(
            "Where the account is hosted: va (Americas), lo (Europe, Middle East, Africa) or sy (Asia"
            " Pacific). Only needed for the Data Access API, whose host LivePerson's Domain API does not tell."
        ),
        choices=("va", "lo", "sy"),
    ),
    FormField(
        name="deep_paging_limit",
        label="Deep paging limit",
        place="extra",
        description=(
            "The most records that LivePerson pages for one request; a range that holds more is split. A"
            " multiple of 100. Default: 10000, which is assumed for conversations. Rarely needed."
        ),
        kind="integer",
        minimum=100,
        maximum=10_000_000,
    ),
    FormField(
        name="hash_secret",
        label="Hash secret",
        place="extra",
        description=(
            "The salt of what the operators' hash_fields hash: the same text gives the same hashes, and nobody"
            " without it can guess what was hashed. Only needed with hash_fields."
        ),
        secret=True,
    ),
    FormField(
        name="service_hosts",
        label="Service hosts",
        place="extra",
        description=(
            'Service names and their hosts, such as {"msgHist": "va.msghist.liveperson.net"}, used instead of'
            " asking the Domain API. Hosts that are not LivePerson's must be among trusted_hosts in the section"
            " [liveperson] of Airflow's configuration. Rarely needed."
        ),
        kind="object",
    ),
    FormField(
        name="proxies",
        label="Proxies",
        place="extra",
        description=(
            'The proxy to go through, such as {"https": "http://user:password@proxy.example.com:3128"}, instead of the'
            " environment's. Special characters of the password percent-encoded."
        ),
        kind="object",
    ),
    FormField(
        name="verify",
        label="CA bundle",
        place="extra",
        description=(
            "The path, on every worker, of a PEM file with the certificate authorities to trust, for a network whose"
            " proxy shows certificates of its own. Default: true, which trusts the usual ones; false is refused unless"
            " the host is on the worker itself."
        ),
        default=True,
        booleans=True,
    ),
    FormField(
        name="client_cert",
        label="Client certificate",
        place="extra",
        description=(
            "The path, on every worker, of a PEM file with a client certificate and its unencrypted key, or two paths"
            " with a comma between. For mutual TLS. Rarely needed."
        ),
    ),
)

_API_KEY = ConnectionForm(
    conn_type="liveperson_api_key",
    label="LivePerson (API key, OAuth 1.0)",
    hook_class_name="airflow_provider_liveperson.hooks.liveperson.LivePersonApiKeyHook",
    notice=OAUTH1_NOTICE,
    fields=(
        _HOST,
        FormField(
            name="app_key",
            label="App key",
            place="login",
            placeholder="End of OAuth 1.0 announced for 31 May 2026: prefer App-JWT",
            required=True,
        ),
        FormField(
            name="app_secret",
            label="App secret",
            place="password",
            placeholder="“Secret” on LivePerson's API keys page",
            secret=True,
            required=True,
        ),
        _ACCOUNT_ID,
        FormField(
            name="access_token",
            label="Access token",
            place="extra",
            description="“Access token” on LivePerson's API keys page.",
            secret=True,
            required=True,
        ),
        FormField(
            name="access_token_secret",
            label="Access token secret",
            place="extra",
            description="“Access token secret” on LivePerson's API keys page.",
            secret=True,
            required=True,
        ),
        *_COMMON,
    ),
)

_APPLICATION = (
    FormField(
        name="client_id",
        label="Client ID",
        place="login",
        placeholder="from Management Console → Application Install",
        required=True,
    ),
    FormField(
        name="client_secret",
        label="Client secret",
        place="password",
        placeholder="from Management Console → Application Install",
        secret=True,
        required=True,
    ),
)

_APP_JWT = ConnectionForm(
    conn_type="liveperson_app_jwt",
    label="LivePerson (App-JWT, OAuth 2.0)",
    hook_class_name="airflow_provider_liveperson.hooks.liveperson.LivePersonAppJwtHook",
    fields=(
        _HOST,
        *_APPLICATION,
        _ACCOUNT_ID,
        FormField(
            name="token_version",
            label="Token version",
            place="extra",
            description=(
                "Which of LivePerson's two token services to ask. Default: v2, which the data APIs want; v1"
                " serves the Connector API."
            ),
            choices=("v2", "v1"),
            default="v2",
        ),
        *_COMMON,
    ),
)

_WEB_APP = ConnectionForm(
    conn_type="liveperson_web_app",
    label="LivePerson (web application, OAuth 2.0)",
    hook_class_name="airflow_provider_liveperson.hooks.liveperson.LivePersonWebAppHook",
    notice=(
        "After saving, a LivePerson user has to consent: open the LivePerson page in Airflow's Admin menu and press"
        " Authorise."
    ),
    fields=(
        _HOST,
        *_APPLICATION,
        _ACCOUNT_ID,
        FormField(
            name="redirect_uri",
            label="Redirect URI",
            place="extra",
            description=(
                "Where LivePerson sends the browser back to; it must be among the application's redirect URIs at"
                " LivePerson. Default: Airflow's base URL followed by /liveperson/callback."
            ),
            pattern=r"https?://[^\s#?]+",
            max_length=1024,
        ),
        FormField(
            name="pkce",
            label="PKCE",
            place="extra",
            description="Protect the consent with PKCE, which LivePerson does not document. Default: off.",
            kind="boolean",
            default=False,
        ),
        *_COMMON,
    ),
)

_LOGIN = ConnectionForm(
    conn_type="liveperson_login",
    label="LivePerson (Login Service, user or bot)",
    hook_class_name="airflow_provider_liveperson.hooks.liveperson.LivePersonLoginHook",
    notice=LOGIN_NOTICE,
    fields=(
        _HOST,
        FormField(
            name="user_name",
            label="User name",
            place="login",
            placeholder="of a user or bot; LivePerson asks to prefer App-JWT",
            required=True,
        ),
        FormField(
            name="password",
            label="Password",
            place="password",
            placeholder="of a user; leave empty for a bot. SSO users cannot log in here",
            secret=True,
        ),
        _ACCOUNT_ID,
        FormField(
            name="app_key",
            label="App key or client ID",
            place="extra",
            description=(
                "For a bot, instead of the password: the client ID of an OAuth 2.0 application, or the app key of an"
                " API key, whose use for bot logins LivePerson ended on 30 April 2026."
            ),
        ),
        FormField(
            name="app_secret",
            label="App secret or client secret",
            place="extra",
            description="For a bot: the secret that goes with it.",
            secret=True,
        ),
        FormField(
            name="access_token",
            label="Access token",
            place="extra",
            description="For a bot with an API key only; leave empty beside a client ID.",
            secret=True,
        ),
        FormField(
            name="access_token_secret",
            label="Access token secret",
            place="extra",
            description="For a bot with an API key only; leave empty beside a client ID.",
            secret=True,
        ),
        *_COMMON,
    ),
)

FORMS: dict[str, ConnectionForm] = {form.conn_type: form for form in (_API_KEY, _APP_JWT, _WEB_APP, _LOGIN)}


def airflow_wants_a_port() -> bool:
    """Whether Airflow's Test button works only for connections that have a port.

    Airflow 3.3.1 and 3.3.2 take a saved connection without one for another destination, and refuse to send it
    the saved credentials (apache/airflow#73298, mended in 3.4). Only there does the form have a port, which
    means nothing beside a host that is empty or a URL.
    """
    try:
        return importlib.metadata.version("apache-airflow-core") in ("3.3.1", "3.3.2")
    except importlib.metadata.PackageNotFoundError:
        return False


def connection_types() -> list[dict[str, Any]]:
    """Make the ``connection-types`` of the provider's metadata, for the forms of Airflow 3.2 and newer."""
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
    behaviour: dict[str, Any] = {
        "hidden_fields": ["port", "schema"],
        "relabeling": {field.place: field.label for field in fields},
        "placeholders": {field.place: field.placeholder for field in fields},
    }
    if airflow_wants_a_port():
        behaviour["hidden_fields"].remove("port")
        behaviour["placeholders"]["port"] = "443 (this Airflow tests no connection without a port)"
    return behaviour


def form_widgets(conn_type: str) -> dict[str, Any]:
    """What a hook's ``get_connection_form_widgets`` returns, which only Airflow 3.1 asks for.

    Airflow stands in for WTForms where that is not installed, so it is imported when called. The fields come
    without Flask-AppBuilder widgets: only the web pages of Airflow 2 drew those.

    :param conn_type: a key of :data:`FORMS`.
    """
    from wtforms import BooleanField, IntegerField, PasswordField, StringField
    from wtforms.validators import Optional, any_of

    # The widgets allowed are text, password, integer and boolean: numbers and objects are typed as text.
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


def read_extra(extra: object, *, conn_id: str) -> dict[str, Any]:
    """Read the text of a connection's extra, which must be a JSON object; empty counts as ``{}``.

    :param extra: as Airflow keeps it.
    :param conn_id: the connection's id, for errors.
    :raises ConfigurationError: for everything else, without a word of what is in it.
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
        what = "a text; if it holds the object, it was encoded as JSON twice"
    else:
        kinds = {list: "a list", bool: "true or false", type(None): "null"}
        what = kinds.get(type(found), "a number")
    raise not_an_object(what, conn_id=conn_id)


def extra_of(conn: Any, *, conn_id: str) -> dict[str, Any]:
    """Read the extra of an Airflow connection, whose secrets Airflow masks from now on.

    :param conn: the connection, of whichever of Airflow's classes.
    :param conn_id: its id, for errors.
    :raises ConfigurationError: for an extra that is no JSON object, or that Airflow cannot read.
    """
    try:
        text = conn.extra
    except (ValueError, RecursionError):  # Airflow looks at what it has in its database
        raise not_an_object("something else", conn_id=conn_id) from None
    except Exception as error:  # whatever a wrong Fernet key raises
        raise ConfigurationError(
            f"Airflow cannot read the extra of connection {conn_id!r} ({type(error).__name__}); check its Fernet key",
            field="extra",
        ) from None
    extra = read_extra(text, conn_id=conn_id)
    try:
        _ = conn.extra_dejson  # for the masking alone
    except RecursionError:
        raise not_an_object("nested too deeply", conn_id=conn_id) from None
    return extra


def not_an_object(what: str, *, conn_id: str) -> ConfigurationError:
    """The error for an extra that is no JSON object.

    :param what: what it is instead; nothing of its content.
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
    """Read a connection by the table.

    White space around a text is dropped, an empty text counts as missing, a missing field becomes its default
    (or ``None``), and numbers and objects that came as text are converted. An extra field may also have the
    longer name ``extra__<conn_type>__<name>`` of old Airflow forms.

    :param conn_type: a key of :data:`FORMS`.
    :param host: the connection's host.
    :param login: the connection's login.
    :param password: the connection's password.
    :param extra: the connection's extra JSON, parsed.
    :param conn_id: the connection's id, for errors.
    :return: a value for each field of the form, by its name.
    :raises ConfigurationError: naming everything that is missing or wrong, where in the form it belongs, and
        the connection, but no value of a secret field.
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
    """How an error speaks of a field, such as ``'Account ID' (extra: account_id)``.

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


def _can_be_sent(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_string(raw: object) -> str | None:
    # An account ID written as a number in hand-made JSON is meant as its digits; True is meant as nothing.
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    return raw if isinstance(raw, str) else None


def _read_number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _read_integer(raw: object) -> int | None:
    number = _read_number(raw)
    return int(number) if number is not None and number.is_integer() else None


def _read_object(raw: object) -> dict[str, str] | None:
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return None
    if not isinstance(raw, Mapping):
        return None
    pairs = {key.strip(): value.strip() for key, value in raw.items() if _is_text(key) and _is_text(value)}
    return pairs if len(pairs) == len(raw) and all(pairs) and all(pairs.values()) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _read_boolean(raw: object) -> bool | None:
    if isinstance(raw, str):
        return {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}.get(
            raw.lower()
        )
    return raw if isinstance(raw, bool) else None


_READERS: dict[Kind, Callable[[object], Any]] = {
    "string": _read_string,
    "integer": _read_integer,
    "number": _read_number,
    "object": _read_object,
    "boolean": _read_boolean,
}
_NOUNS: dict[Kind, str] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "object": "a JSON object whose keys and values are texts",
    "boolean": "true or false",
}

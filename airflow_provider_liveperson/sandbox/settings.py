"""Everything about a sandbox that can be chosen: its data, its credentials and its switches."""

from __future__ import annotations

import hashlib
import random
import re
import string
import types
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from airflow_provider_liveperson.sandbox.http.odd_text import OddText

AuditCredential = Literal["oauth1", "app_jwt_v1", "app_jwt_v2", "web_app", "bearer"]

_EVERY_CREDENTIAL: frozenset[AuditCredential] = frozenset(get_args(AuditCredential))

SECRET_FIELDS = frozenset(
    {
        "app_secret",
        "access_token",
        "access_token_secret",
        "client_secret",
        "web_app_client_secret",
        "user_password",
    }
)
"""Fields that no control answer, log or repr may show."""

FIXED_FIELDS = frozenset(
    {
        "seed",
        "account_id",
        "audit_rows",
        "status_changes",
        "agents",
        "conversations",
        "messages_per_conversation",
        "days",
        "until",
    }
)
"""Fields that shape the data; they cannot change while a sandbox runs."""

ACCOUNT_ID_PATTERN = re.compile(r"[a-zA-Z0-9_]{1,20}")

_HOST_PATTERN = re.compile(r"[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*|\[[0-9a-fA-F:.]+\]")


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxSettings:
    """The choices that make one sandbox.

    The same seed always gives the same credentials and, day by day, the same data. Values may be given as
    text (``"404"``, ``"true"``, ``"oauth1,app_jwt_v2"``); they are brought to the declared type.

    :param seed: the number from which credentials and data are derived.
    :param account_id: LivePerson account (site) that exists; every other account is unknown.
    :param app_key: OAuth 1.0 consumer key; derived from the seed when empty, as are the other keys, client ids,
        secrets and passwords.
    :param app_secret: OAuth 1.0 consumer secret.
    :param access_token: OAuth 1.0 token.
    :param access_token_secret: OAuth 1.0 token secret.
    :param client_id: OAuth 2.0 client id, a UUID.
    :param client_secret: OAuth 2.0 client secret, 26 lowercase letters and digits.
    :param app_scope: scope written into App-JWTs.
    :param web_app_client_id: client id of the web application, a UUID.
    :param web_app_client_secret: its client secret.
    :param web_app_redirect_uris: its registered redirect URIs; empty for every http(s) URI on this machine.
    :param user_name: login name of the account's user.
    :param user_password: the password of that user, and at the login page of ``sso_user_name`` too.
    :param bot_name: login name of a user of type bot, who logs in with keys and has no password.
    :param sso_user_name: login name of a user who logs in by single sign-on: at the login page, which stands
        for the identity provider, and not at the Login Service.
    :param audit_rows: audit records in total, spread evenly over the days.
    :param status_changes: agent status changes in total, spread evenly over the days.
    :param agents: users of the account: people, bots, and deleted ones.
    :param conversations: messaging conversations in total, spread evenly over the days.
    :param messages_per_conversation: messages of a conversation on average.
    :param days: calendar days (UTC) that hold data.
    :param until: UTC day at whose start the data ends, exclusive. Default: today.
    :param latency_ms: wait before every data answer (all but Domain API and Sentinel), in milliseconds.
    :param odd_text: in what texts of people end in data answers: nothing odd, half of a surrogate pair as an escape
        (``half_pairs``), or a byte that is not UTF-8 (``not_utf8``).
    :param page_ceiling: the most rows an audit page gives; None for no ceiling.
    :param page_ceiling_mode: what a larger ``first`` meets: silently ``clamp`` or ``reject`` as an error.
    :param offset_ignored: whether every page is the first one, whatever ``offset`` says.
    :param domain_single_shape: answer for one service: a ``flat`` object or a ``list`` of one.
    :param domain_unknown_service: answer for an unknown service: 404, 400, or 200 with an ``empty`` list.
    :param domain_unknown_account: answer for an unknown account: 401, 400, or 200 with an ``empty`` list.
    :param domain_version_required: whether a Domain API request without ``version`` is a 400.
    :param service_hosts: service name to host, instead of the sandbox's own host and port.
    :param allowed_hosts: host names that requests may name beside this machine's and LivePerson's own, without
        port; ``*.example.com`` for every name below it, ``*`` for any name.
    :param oauth1_skew_seconds: how far an OAuth 1.0 timestamp may be from the sandbox's clock.
    :param oauth1_nonce_memory: whether a nonce that was seen before is refused.
    :param oauth1_refuse_all: refuse every OAuth 1.0 request, as after the protocol's end of life.
    :param oauth1_body_hash_checked: whether ``oauth_body_hash``, where present, must fit the body.
    :param missing_permission: credential kinds that are valid but may not read the account's data.
    :param audit_forbidden_status: status for a missing permission: 403 or 401.
    :param audit_auth: credential kinds that the audit trail accepts.
    :param jwt_issuer: ``iss`` of App-JWTs; documented in both spellings.
    :param jwt_lifetime_seconds: ``exp`` minus ``iat``.
    :param jwt_expires_in: whether the token answer also holds ``expires_in``.
    :param sentinel_error_status: ``rfc`` for 401 on ``invalid_client`` and 400 otherwise, or always ``400``.
    :param token_body_required: whether V1 takes its parameters from the body only, as V2 always does.
    :param retry_after: ``Retry-After`` of a 429: None for no header, seconds, or ``http-date``.
    :param audit_total_count: ``X-Total-Count``: ``all`` matching rows, rows of the ``page``, or ``absent``.
    :param audit_to_date: whether the day named by ``toDate`` is ``inclusive`` or ``exclusive``.
    :param audit_day_zone: zone in which days are cut: the ``requested`` one, or an IANA name.
    :param audit_timezone_accepted: zones that ``timezone`` may name; empty for every IANA zone.
    :param audit_action_type: whether the field ``actionType`` is ``accepted`` or ``unknown``.
    :param audit_error_style: a GraphQL error is a ``400``, or a ``200`` with ``errors``.
    :param audit_error_silent: whether such a 400 has an empty body.
    :param audit_ties: order of rows that share a second: ``stable``, or ``shuffled`` at every answer.
    :param audit_strict_json: whether raw control characters inside JSON strings are refused.
    :param audit_insert_rows: rows that appear before each page after the first; 0 for none.
    :param audit_insert_when: such rows are dated now (``newest``) or among rows already read (``late``).
    :param audit_insert_times: how often they appear, at most.
    :param export_order: order of the CSV export.
    :param export_bom: whether the CSV export starts with a UTF-8 byte order mark.
    :param export_line_end: line ends of the CSV export.
    :param source_rule: whether a data request without a fitting ``source`` is a 400 (``strict``) or passes.
    :param activity_auth: credential kinds that Agent Activity accepts.
    :param activity_to: whether a status change at the very moment ``to`` is in the answer (``inclusive``).
    :param activity_longest_days: the most days between ``from`` and ``to``.
    :param activity_limit_max: the largest ``limit`` of status changes.
    :param activity_over_limit: what a larger ``limit`` meets: a 400 (``reject``) or a silent ``clamp``.
    :param activity_order: status changes come ``newest`` or ``oldest`` first.
    :param activity_links: page links: as ``documented``, with a ``next`` also on a last page that is full
        (``next_on_full_page``) or on every page, behind the last one too (``always_next``), or ``absent``.
    :param activity_ids: ids of agents, groups and sessions are ``numbers`` or ``strings``.
    :param activity_no_reason: a status change without a reason has 0 and an empty text, as LivePerson's
        ``sample``, or -1 and null, as its ``table``.
    :param config_auth: credential kinds that the account configuration accepts.
    :param config_version_required: whether a request without ``v`` is a 400.
    :param config_default_fields: fields that come unasked: the few of the ``trap``, or ``all``.
    :param config_unknown_field: a selected field that does not exist is ``absent`` or ``null``.
    :param config_nested_select: of nested selections the last one of the same field counts
        (``last_of_field``), the last one of the whole selection (``last_of_all``), or ``all`` count.
    :param config_revision_header: header that holds the revision.
    :param config_etag_quoted: whether the revision in ``ETag`` has quotation marks.
    :param config_if_match: what ``If-Match`` means: ``304`` for an equal revision, a ``version`` to give
        (it is ignored), or what it means in ``http``, a 412 for another revision.
    :param config_ids: ids are ``strings``, ``numbers``, or ``mixed``: users have text, everything else numbers.
    :param config_repeated: so many entities come a second time, behind the others.
    :param messaging_auth: credential kinds that Messaging Interactions accepts.
    :param messaging_source: as ``source_rule``, for Messaging Interactions, which once took any ``source``.
    :param messaging_limit_over: what a ``limit`` over 100 meets: a silent ``clamp`` or a 400 (``reject``).
    :param messaging_deep_limit: the most that ``offset`` and ``limit`` may be together; None for no limit.
    :param messaging_deep_error: what lies beyond: a 500 with the search engine's code 0007, or a 400.
    :param messaging_count: the count is of ``all`` conversations found, ``capped`` at the limit above, of those on the
        ``page`` only, or of ``half`` of them.
    :param messaging_empty: status where nothing is found.
    :param messaging_default_sort: order where ``sort`` is absent.
    :param messaging_default_status: the conversations that are meant where ``status`` is absent.
    :param messaging_unknown_filter: what unknown filters and sections meet: ``ignore`` or ``reject`` (400).
    :param messaging_end_filter: ``end`` filters by ``endTime``, which a survey moves (``end_time``), or by
        ``conversationEndTime`` (``conversation_end_time``).
    :param messaging_full_dialog_filter: whether the filter ``fullDialogEndTime`` is ``accepted`` or, as before
        it was invented, ``ignored``; ``messaging_unknown_filter`` then says what that means.
    :param messaging_partial_share: share of conversations, 0 to 1, of which searches give a part only.
    :param messaging_by_id: those of which searches give a part are ``whole`` where they are asked for by id, still
        ``partial``, or ``absent``.
    :param consent_page: a user is asked for consent ``once`` for a client, ``always``, or ``never``.
    :param pkce: ``code_challenge`` is ``supported``, ``ignored`` as what LivePerson does not document, or
        ``required``.
    :param code_lifetime_seconds: how long an authorization code can be exchanged.
    :param code_replay_revokes: whether a code that is sent twice ends what it gave the first time.
    :param access_token_lifetime_seconds: how long a web application's access token is valid.
    :param token_expires_in: whether token and refresh answers hold ``expires_in``.
    :param id_token_present: whether the token answer holds an ``id_token``.
    :param id_token_lifetime_seconds: ``exp`` minus ``iat`` of an ``id_token``.
    :param id_token_keys_published: whether the keys of ``id_token`` are in the JWKS.
    :param refresh_rotation: a refresh token that was used dies (``rotate``), stays valid (``keep``), or dies
        and ends everything that came of the same consent if it is used again (``reuse_revokes``).
    :param refresh_ends_access_token: whether a refresh ends the access token before it.
    :param sso_idle_seconds: how long a user's session at sentinel lasts without a page or a refresh; the
        refresh tokens end with it.
    :param revoke_ends: a revoke ends every session of the ``user``, or only the ``grant``.
    :param revoke_strict: whether revoke takes ``v=1.0`` only, and not ``?v1.0`` as LivePerson's page has it.
    :param bot_login: what a bot may log in with: the four parts of an ``api_key``, or client id and secret
        of an ``app`` in the place of its first two.
    :param login_ttl_ms: how long a login lasts at most, in milliseconds.
    :param login_idle_seconds: how long a login lasts without keep-alive.
    :param login_refresh_extends: whether keep-alive also prolongs ``login_ttl_ms``.
    :param login_refresh_session: keep-alive gives a ``new`` Session_id, and the old one dies, or the ``same``.
    :param login_session_id_in_body: whether the login answer also has ``sessionId``, as an old sample.
    :param login_blocked: whether LivePerson Support has blocked the user: a 451.
    :param clock_offset_seconds: how far the sandbox's clock is ahead of the real one. It feeds the Date
        header, the OAuth 1.0 timestamp check, the times inside tokens and the end of tokens and sessions.
    :raises ValueError: if a value does not fit; the message names the field.
    """

    seed: int = 1
    account_id: str = "70000001"
    app_key: str = ""
    app_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_token_secret: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    app_scope: str = "msg.consumer users.external"
    web_app_client_id: str = ""
    web_app_client_secret: str = field(default="", repr=False)
    web_app_redirect_uris: frozenset[str] = frozenset()
    user_name: str = "agent0@acme.test"
    user_password: str = field(default="", repr=False)
    bot_name: str = "bot-3"
    sso_user_name: str = "sso@acme.test"

    audit_rows: int = 2000
    status_changes: int = 600
    agents: int = 60
    conversations: int = 300
    messages_per_conversation: int = 20
    days: int = 30
    until: date = field(default_factory=_today)

    latency_ms: int = 0
    odd_text: OddText = "none"
    page_ceiling: int | None = None
    page_ceiling_mode: Literal["clamp", "reject"] = "clamp"

    offset_ignored: bool = False
    domain_single_shape: Literal["flat", "list"] = "flat"
    domain_unknown_service: Literal[404, 400, "empty"] = 404
    domain_unknown_account: Literal[401, 400, "empty"] = 401
    domain_version_required: bool = True
    service_hosts: Mapping[str, str] = field(default_factory=dict)
    allowed_hosts: frozenset[str] = frozenset()

    oauth1_skew_seconds: int = 300
    oauth1_nonce_memory: bool = True
    oauth1_refuse_all: bool = False
    oauth1_body_hash_checked: bool = False
    missing_permission: frozenset[AuditCredential] = frozenset()
    audit_forbidden_status: Literal[403, 401] = 403
    audit_auth: frozenset[AuditCredential] = _EVERY_CREDENTIAL

    jwt_issuer: Literal["Sentinel", "sentinel"] = "Sentinel"
    jwt_lifetime_seconds: int = 3600
    jwt_expires_in: bool = False
    sentinel_error_status: Literal["rfc", "400"] = "rfc"
    token_body_required: bool = False

    retry_after: float | Literal["http-date"] | None = None
    audit_total_count: Literal["all", "page", "absent"] = "all"
    audit_to_date: Literal["inclusive", "exclusive"] = "inclusive"
    audit_day_zone: str = "requested"
    audit_timezone_accepted: frozenset[str] = frozenset()
    audit_action_type: Literal["accepted", "unknown"] = "accepted"
    audit_error_style: Literal["400", "200"] = "400"
    audit_error_silent: bool = False
    audit_ties: Literal["stable", "shuffled"] = "stable"
    audit_strict_json: bool = True
    audit_insert_rows: int = 0
    audit_insert_when: Literal["newest", "late"] = "newest"
    audit_insert_times: int = 3
    export_order: Literal["descending", "ascending"] = "descending"
    export_bom: bool = False
    export_line_end: Literal["crlf", "lf"] = "crlf"
    source_rule: Literal["strict", "lenient"] = "strict"
    activity_auth: frozenset[AuditCredential] = frozenset({"oauth1", "app_jwt_v2", "web_app", "bearer"})
    activity_to: Literal["inclusive", "exclusive"] = "inclusive"
    activity_longest_days: int = 31
    activity_limit_max: int = 5000
    activity_over_limit: Literal["reject", "clamp"] = "reject"
    activity_order: Literal["newest", "oldest"] = "newest"
    activity_links: Literal["documented", "next_on_full_page", "always_next", "absent"] = "documented"
    activity_ids: Literal["numbers", "strings"] = "numbers"
    activity_no_reason: Literal["sample", "table"] = "sample"
    config_auth: frozenset[AuditCredential] = _EVERY_CREDENTIAL
    config_version_required: bool = False
    config_default_fields: Literal["trap", "all"] = "trap"
    config_unknown_field: Literal["absent", "null"] = "absent"
    config_nested_select: Literal["last_of_field", "last_of_all", "all"] = "last_of_field"
    config_revision_header: Literal["ac-revision", "etag", "both", "absent"] = "ac-revision"
    config_etag_quoted: bool = False
    config_if_match: Literal["304", "version", "http"] = "304"
    config_ids: Literal["mixed", "strings", "numbers"] = "mixed"
    config_repeated: int = 0
    messaging_auth: frozenset[AuditCredential] = _EVERY_CREDENTIAL
    messaging_source: Literal["strict", "lenient"] = "strict"
    messaging_limit_over: Literal["clamp", "reject"] = "clamp"
    messaging_deep_limit: int | None = 10_000
    messaging_deep_error: Literal["500", "400"] = "500"
    messaging_count: Literal["all", "capped", "page", "half"] = "all"
    messaging_empty: Literal["200", "204"] = "200"
    messaging_default_sort: Literal["start:asc", "start:desc", "end:asc", "end:desc"] = "start:desc"
    messaging_default_status: frozenset[Literal["OPEN", "CLOSE"]] = frozenset({"OPEN", "CLOSE"})
    messaging_unknown_filter: Literal["ignore", "reject"] = "ignore"
    messaging_end_filter: Literal["end_time", "conversation_end_time"] = "end_time"
    messaging_full_dialog_filter: Literal["accepted", "ignored"] = "accepted"
    messaging_partial_share: float = 0.01
    messaging_by_id: Literal["whole", "partial", "absent"] = "whole"

    consent_page: Literal["once", "always", "never"] = "once"
    pkce: Literal["supported", "ignored", "required"] = "supported"
    code_lifetime_seconds: int = 60
    code_replay_revokes: bool = True
    access_token_lifetime_seconds: int = 1800
    token_expires_in: bool = True
    id_token_present: bool = True
    id_token_lifetime_seconds: int = 600
    id_token_keys_published: bool = True
    refresh_rotation: Literal["rotate", "keep", "reuse_revokes"] = "rotate"
    refresh_ends_access_token: bool = False
    sso_idle_seconds: int = 3600
    revoke_ends: Literal["user", "grant"] = "user"
    revoke_strict: bool = False

    bot_login: frozenset[Literal["api_key", "app"]] = frozenset({"api_key", "app"})
    login_ttl_ms: int = 28_800_000
    login_idle_seconds: int = 600
    login_refresh_extends: bool = False
    login_refresh_session: Literal["new", "same"] = "new"
    login_session_id_in_body: bool = False
    login_blocked: bool = False

    clock_offset_seconds: float = 0.0

    def __post_init__(self) -> None:
        hints = _hints()
        for item in fields(self):
            value = _coerce(item.name, hints[item.name], getattr(self, item.name))
            if value == "" and item.name in _DERIVED:
                value = _DERIVED[item.name](f"{self.seed}/{item.name}")
            object.__setattr__(self, item.name, value)
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value != "http-date" and value < least:
                raise ValueError(f"{name} must be at least {least}, not {value!r}")
        if not ACCOUNT_ID_PATTERN.fullmatch(self.account_id):
            raise ValueError(f"account_id must match {ACCOUNT_ID_PATTERN.pattern}, not {self.account_id!r}")
        for name in self.allowed_hosts:
            if name != "*" and not _HOST_PATTERN.fullmatch(name.removeprefix("*.")):
                raise ValueError(
                    f"allowed_hosts must be names of hosts, without scheme, port and path, not {name!r}"
                )
        if self.audit_day_zone != "requested":
            try:
                find_zone(self.audit_day_zone)
            except ValueError as error:
                raise ValueError(f"audit_day_zone must be requested or a zone: {error}") from None

    def changed(self, **switches: Any) -> SandboxSettings:
        """Give a copy with some switches changed.

        :param switches: field names and their new values.
        :raises ValueError: for an unknown name, a value that does not fit, or a field that shapes the data.
        """
        for name in switches:
            if name not in _hints():
                raise ValueError(f"The sandbox has no setting named {name!r}")
            if name in FIXED_FIELDS:
                raise ValueError(f"{name} shapes the data and cannot change while the sandbox runs")
        return replace(self, **switches)

    def public(self) -> dict[str, Any]:
        """Give all settings but the secrets, as values that JSON can hold."""
        shown: dict[str, Any] = {}
        for item in fields(self):
            if item.name in SECRET_FIELDS:
                continue
            value = getattr(self, item.name)
            if isinstance(value, frozenset):
                value = sorted(value)
            elif isinstance(value, date):
                value = value.isoformat()
            elif isinstance(value, Mapping):
                value = dict(value)
            shown[item.name] = value
        return shown


def find_zone(name: str) -> Any:
    """Find an IANA time zone.

    :param name: the zone's name, such as ``Europe/London``.
    :raises ValueError: if there is no such zone.
    """
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    # Names of folders and names with odd characters fail in other ways than unknown names do.
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{name!r} is not the name of a time zone") from None


def _hex_key(label: str) -> str:
    return hashlib.sha256(label.encode()).hexdigest()[:32]


def _uuid(label: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(label.encode()).digest()[:16], version=4))


def _client_secret(label: str) -> str:
    source = random.Random(label)  # noqa: S311
    return "".join(source.choices(string.ascii_lowercase + string.digits, k=26))


_DERIVED = {
    "app_key": _hex_key,
    "app_secret": _hex_key,
    "access_token": _hex_key,
    "access_token_secret": _hex_key,
    "client_id": _uuid,
    "client_secret": _client_secret,
    "web_app_client_id": _uuid,
    "web_app_client_secret": _client_secret,
    "user_password": _client_secret,
}

_LEAST = {
    "conversations": 0,
    "messages_per_conversation": 1,
    "messaging_deep_limit": 1,
    "messaging_partial_share": 0,
    "status_changes": 0,
    "agents": 1,
    "activity_longest_days": 1,
    "activity_limit_max": 1,
    "audit_rows": 0,
    "config_repeated": 0,
    "days": 1,
    "latency_ms": 0,
    "page_ceiling": 1,
    "oauth1_skew_seconds": 0,
    "jwt_lifetime_seconds": 1,
    "retry_after": 0,
    "audit_insert_rows": 0,
    "audit_insert_times": 0,
    "code_lifetime_seconds": 1,
    "access_token_lifetime_seconds": 1,
    "id_token_lifetime_seconds": 1,
    "sso_idle_seconds": 1,
    "login_ttl_ms": 1,
    "login_idle_seconds": 1,
}


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(SandboxSettings)


def _coerce(name: str, hint: Any, value: Any) -> Any:
    """Bring a value to a field's declared type.

    :param name: the field, for the error message.
    :param hint: its resolved annotation.
    :param value: what was given, perhaps as text.
    :raises ValueError: if the value does not fit.
    """
    origin = get_origin(hint)
    if origin is Literal:
        for choice in get_args(hint):
            if str(value) == str(choice):
                return choice
        choices = ", ".join(str(choice) for choice in get_args(hint))
        raise ValueError(f"{name} must be one of {choices}, not {value!r}")
    if origin in (Union, types.UnionType):
        return _coerce_union(name, get_args(hint), value)
    if hint is type(None):
        if value is None or (isinstance(value, str) and value.lower() in ("", "none", "null")):
            return None
        raise ValueError(f"{name} is not empty")
    if origin is frozenset:
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, (list, tuple, set, frozenset)):
            raise ValueError(f"{name} must be a list of names, not {value!r}")
        (inner,) = get_args(hint)
        names = (item.strip() if isinstance(item, str) else item for item in items)
        return frozenset(_coerce(name, inner, item) for item in names if item != "")
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise ValueError(f"{name} must map names to values, not {value!r}")
        return {str(key): str(item) for key, item in value.items()}
    return _coerce_plain(name, hint, value)


def _coerce_union(name: str, hints: tuple[Any, ...], value: Any) -> Any:
    for hint in sorted(hints, key=lambda hint: hint is not type(None)):
        try:
            return _coerce(name, hint, value)
        except ValueError:
            continue
    wanted = " or ".join(
        "none" if hint is type(None) else getattr(hint, "__name__", str(hint)) for hint in hints
    )
    raise ValueError(f"{name} must be {wanted}, not {value!r}")


def _coerce_plain(name: str, hint: Any, value: Any) -> Any:
    if hint is bool:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if str(value).lower() in words:
            return words[str(value).lower()]
    elif hint is str:
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return str(value)
    elif hint is date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            pass
    elif not isinstance(value, bool):
        try:
            number = hint(value)
            if hint is float or not isinstance(value, float) or number == value:
                return number
        except (TypeError, ValueError):
            pass
    kinds = {bool: "true or false", str: "text", date: "a date as YYYY-MM-DD", int: "a whole number"}
    raise ValueError(f"{name} must be {kinds.get(hint, 'a number')}, not {value!r}")

"""Audit Trail API: GraphQL and CSV (LivePerson pages ``audit-trail-api-*``)."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.apis.audit_trail.graphql import QueryRefused, run, words_of
from airflow_provider_liveperson.sandbox.apis.audit_trail.log import EXPORT_COLUMNS, AuditQuery
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity.access import admit
from airflow_provider_liveperson.sandbox.settings import SandboxSettings, find_zone
from airflow_provider_liveperson.sandbox.state import SandboxState

DEFAULT_FIRST = 50
DEFAULT_LIMIT = 1_000_000
DEFAULT_ZONE = "US/Eastern"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ROWS_PER_CHUNK = 1000


async def retrieve(request: Request) -> Response:
    """``POST /api/account/{account}/configuration/metadata/audit``: a page, by GraphQL."""
    state: SandboxState = request.app.state.sandbox
    settings = state.settings
    body = await request.body()
    _admit(request, body, state)
    reading = _Reading(state, request.scope.get("sandbox.inserts"))
    try:
        payload = _read_payload(body, strict=settings.audit_strict_json)
        data = run(
            payload["query"],
            variables=payload.get("variables"),
            operation=payload.get("operationName"),
            with_action_type=settings.audit_action_type == "accepted",
            resolver=reading.page,
        )
    except QueryRefused as refusal:
        return _errors(settings, refusal.errors)
    headers = {}
    if settings.audit_total_count != "absent":
        headers["X-Total-Count"] = str(
            reading.total if settings.audit_total_count == "all" else reading.given
        )
    return Response(_json({"data": data}), media_type="application/json", headers=headers)


class _Reading:
    """One GraphQL request's reading of the audit trail.

    :param state: the sandbox.
    :param inserts: rows and their place in time that a fault wants inserted first.
    """

    def __init__(self, state: SandboxState, inserts: tuple[int, Any] | None) -> None:
        self._state = state
        self._inserts = inserts
        self.total = 0
        self.given = 0

    def page(self, arguments: dict[str, Any], selection: dict[str, str]) -> list[dict[str, Any]]:
        """Read a page.

        :param arguments: arguments of ``auditData``.
        :param selection: name in the answer to field.
        :raises ValueError: for an argument that does not fit.
        """
        state, settings = self._state, self._state.settings
        zone = _zone(_or_default(arguments, "timezone", DEFAULT_ZONE), settings)
        first = _or_default(arguments, "first", DEFAULT_FIRST)
        offset = 0 if settings.offset_ignored else _or_default(arguments, "offset", 0)
        if first < 0 or offset < 0:
            raise ValueError("first and offset must not be negative")
        if settings.page_ceiling is not None and first > settings.page_ceiling:
            if settings.page_ceiling_mode == "reject":
                raise ValueError(f"first must be at most {settings.page_ceiling}")
            first = settings.page_ceiling
        start, end = _window(arguments, zone, settings)
        query = AuditQuery(
            start=start,
            end=end,
            lpa=_or_default(arguments, "lpa", False),
            automatic=_or_default(arguments, "automaticUpdates", False),
            users=frozenset(words_of(arguments.get("users"), "users")),
            components=frozenset(words_of(arguments.get("componentTypes"), "componentTypes")),
            descending=_is_descending(arguments),
        )
        self._insert(query, offset)
        ties = state.ties if settings.audit_ties == "shuffled" else None
        records, self.total = state.audit.page(query, offset=offset, first=first, ties=ties)
        self.given = len(records)
        return state.audit.as_graphql(records, selection, zone)

    def _insert(self, query: AuditQuery, offset: int) -> None:
        state, settings = self._state, self._state.settings
        if self._inserts:
            rows, when = self._inserts
            state.audit.insert_late_or_new(query, rows=rows, when=when, offset=offset, now=state.now())
        if offset and settings.audit_insert_rows and state.inserts_left:
            state.inserts_left -= 1
            state.audit.insert_late_or_new(
                query,
                rows=settings.audit_insert_rows,
                when=settings.audit_insert_when,
                offset=offset,
                now=state.now(),
            )


async def export(request: Request) -> Response:
    """``GET /api/account/{account}/configuration/metadata/audit/export``: everything, as CSV."""
    state: SandboxState = request.app.state.sandbox
    settings = state.settings
    _admit(request, await request.body(), state)
    try:
        wanted = _export_request(request.query_params, settings)
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    ties = state.ties if settings.audit_ties == "shuffled" else None
    records, _ = state.audit.page(wanted.query, offset=0, first=wanted.limit, ties=ties)
    rows = iter(state.audit.as_export(records, wanted.zone))
    head = (
        ("Search Criteria",),
        (
            "Account ID",
            f"Start({wanted.zone_name})",
            f"End({wanted.zone_name})",
            "Object types",
            "Originators",
            "Include Automatic Updates",
            "Include LPA Users",
        ),
        (settings.account_id, *wanted.criteria),
        ("Total Items",),
        (str(len(records)),),
        ("Results",),
        EXPORT_COLUMNS,
    )

    async def chunks() -> AsyncIterator[bytes]:
        yield b"\xef\xbb\xbf" if settings.export_bom else b""
        part: list[tuple[str, ...]] = [*head]
        while part:
            yield _csv(part, settings)
            part = list(islice(rows, _ROWS_PER_CHUNK))

    return StreamingResponse(chunks(), media_type="text/csv; charset=utf-8")


def _admit(request: Request, body: bytes, state: SandboxState) -> None:
    admit(request, body, state, accepted=state.settings.audit_auth, to_read="the audit trail")


@dataclass(frozen=True, kw_only=True, slots=True)
class _ExportRequest:
    query: AuditQuery
    limit: int
    zone: tzinfo
    zone_name: str
    criteria: tuple[str, ...]


def _export_request(parameters: Mapping[str, str], settings: SandboxSettings) -> _ExportRequest:
    zone_name = parameters.get("timezone", DEFAULT_ZONE)
    zone = _zone(zone_name, settings)
    limit = parameters.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit()):
        raise ValueError("limit must be a whole number")
    flags = {}
    for name in ("lpa", "automaticUpdates"):
        word = parameters.get(name, "false").lower()
        if word not in ("true", "false"):
            raise ValueError(f"{name} must be true or false")
        flags[name] = word == "true"
    users = [name for name in parameters.get("users", "").split(",") if name]
    components = [name for name in parameters.get("componentTypes", "").split(",") if name]
    start, end = _window(parameters, zone, settings)
    return _ExportRequest(
        query=AuditQuery(
            start=start,
            end=end,
            lpa=flags["lpa"],
            automatic=flags["automaticUpdates"],
            users=frozenset(users),
            components=frozenset(components),
            descending=settings.export_order == "descending",
        ),
        limit=int(limit),
        zone=zone,
        zone_name=zone_name,
        criteria=(
            parameters.get("fromDate", ""),
            parameters.get("toDate", ""),
            ",".join(components) or "All",
            ",".join(users) or "All",
            str(flags["automaticUpdates"]).lower(),
            str(flags["lpa"]).lower(),
        ),
    )


def _csv(rows: list[tuple[str, ...]], settings: SandboxSettings) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n" if settings.export_line_end == "crlf" else "\n").writerows(rows)
    return text.getvalue().encode()


def _read_payload(body: bytes, *, strict: bool) -> dict[str, Any]:
    """Read the JSON around the GraphQL document."""
    try:
        payload = json.loads(body.decode(), strict=strict)
    except ValueError as error:
        raise QueryRefused([{"message": f"The body is not JSON: {error}"}]) from None
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        raise QueryRefused([{"message": "The body must be a JSON object with a query string"}])
    if not isinstance(payload.get("variables", {}), dict | None):
        raise QueryRefused([{"message": "variables must be an object"}])
    if not isinstance(payload.get("operationName", ""), str | None):
        raise QueryRefused([{"message": "operationName must be a string"}])
    return payload


def _errors(settings: SandboxSettings, errors: list[dict[str, Any]]) -> Response:
    if settings.audit_error_style == "200":
        return Response(_json({"data": None, "errors": errors}), media_type="application/json")
    if settings.audit_error_silent:
        return Response(status_code=400)
    return Response(_json({"errors": errors}), status_code=400, media_type="application/json")


def _json(payload: Any) -> bytes:
    return to_json(payload)


def _or_default(arguments: Mapping[str, Any], name: str, default: Any) -> Any:
    value = arguments.get(name)
    return default if value is None else value


def _zone(name: str, settings: SandboxSettings) -> tzinfo:
    if settings.audit_timezone_accepted and name not in settings.audit_timezone_accepted:
        raise ValueError(f"The time zone {name!r} is not supported")
    zone: tzinfo = find_zone(name)
    return zone


def _window(
    arguments: Mapping[str, Any], zone: tzinfo, settings: SandboxSettings
) -> tuple[float | None, float | None]:
    """Turn ``fromDate`` and ``toDate`` into a half-open window of epoch seconds."""
    if settings.audit_day_zone != "requested":
        zone = find_zone(settings.audit_day_zone)
    start, end = arguments.get("fromDate"), arguments.get("toDate")
    whole_last_day = 1 if settings.audit_to_date == "inclusive" else 0
    return (
        None if start is None else _midnight(start, 0, zone, "fromDate"),
        None if end is None else _midnight(end, whole_last_day, zone, "toDate"),
    )


def _midnight(text: str, days_later: int, zone: tzinfo, argument: str) -> float:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text) + timedelta(days=days_later)
    except (ValueError, OverflowError):
        raise ValueError(f"{argument} must be a date as yyyy-MM-dd") from None
    return datetime.combine(day, time.min, tzinfo=zone).timestamp()


def _is_descending(arguments: Mapping[str, Any]) -> bool:
    """Read ``orderBy`` and ``orderDirection``, matched by position; there is one column to order by."""
    columns = words_of(arguments.get("orderBy"), "orderBy") or ["changeTimestamp"]
    directions = words_of(arguments.get("orderDirection"), "orderDirection") or ["DESC"]
    for column in columns:
        if column != "changeTimestamp":
            raise ValueError(f"orderBy does not know the column {column!r}")
    for direction in directions:
        if direction not in ("ASC", "DESC"):
            raise ValueError(f"orderDirection must be ASC or DESC, not {direction!r}")
    return directions[0] == "DESC"


ROUTES: list[BaseRoute] = [
    Route("/api/account/{account}/configuration/metadata/audit", retrieve, methods=["POST"]),
    Route("/api/account/{account}/configuration/metadata/audit/export", export),
]

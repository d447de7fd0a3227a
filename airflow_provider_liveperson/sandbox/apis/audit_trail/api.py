"""Audit Trail API: GraphQL and CSV (LivePerson pages ``audit-trail-api-*``)."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import (
    Answer,
    Api,
    Call,
    Endpoint,
    Insertion,
    Sandbox,
    json_answer,
)
from airflow_provider_liveperson.sandbox.apis.audit_trail.data import records_of_day
from airflow_provider_liveperson.sandbox.apis.audit_trail.log import EXPORT_COLUMNS, AuditLog, AuditQuery
from airflow_provider_liveperson.sandbox.apis.audit_trail.switches import AuditTrailSwitches, find_zone
from airflow_provider_liveperson.sandbox.apis.audit_trail.words import QueryRefused, words_of
from airflow_provider_liveperson.sandbox.http.refusal import Refusal

DEFAULT_FIRST = 50
DEFAULT_LIMIT = 1_000_000
DEFAULT_ZONE = "US/Eastern"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ROWS_PER_CHUNK = 1000


class AuditTrailApi(Api[AuditTrailSwitches]):
    """Changes of the account's configuration, by GraphQL and as CSV."""

    name, title, prefix = "audit_trail", "Audit Trail", "audit"
    switches_type = AuditTrailSwitches
    services = ("accountConfigReadOnly",)
    datasets = ("audit_trail", "audit_trail_export")
    alias = "audit"
    data: AuditLog

    def __init__(self, sandbox: Sandbox) -> None:
        # Here, so that settings and command line do without graphql-core.
        from airflow_provider_liveperson.sandbox.apis.audit_trail import graphql

        self._run = graphql.run
        super().__init__(sandbox)

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        path = "/api/account/{account}/configuration/metadata/audit"
        return [
            Endpoint(path, self.retrieve, method="POST", reads="the audit trail"),
            Endpoint(path + "/export", self.export, reads="the audit trail"),
        ]

    def retrieve(self, call: Call) -> Answer:
        """``POST /api/account/{account}/configuration/metadata/audit``: a page, by GraphQL.

        :param call: the request.
        """
        switches = self.switches
        reading = _Reading(self, call.insertion)
        try:
            payload = _read_payload(call.body, strict=switches.audit_strict_json)
            data = self._run(
                payload["query"],
                variables=payload.get("variables"),
                operation=payload.get("operationName"),
                with_action_type=switches.audit_action_type == "accepted",
                resolver=reading.page,
            )
        except QueryRefused as refusal:
            return _errors(switches, refusal.errors)
        headers = {}
        if switches.audit_total_count != "absent":
            headers["X-Total-Count"] = str(
                reading.total if switches.audit_total_count == "all" else reading.given
            )
        return json_answer({"data": data}, headers=headers)

    def export(self, call: Call) -> Answer:
        """``GET /api/account/{account}/configuration/metadata/audit/export``: everything, as CSV.

        :param call: the request.
        """
        switches = self.switches
        try:
            wanted = _export_request(call.parameters, switches)
        except ValueError as error:
            raise Refusal(400, {"message": str(error)}) from None
        records, _ = self.data.page(wanted.query, offset=0, first=wanted.limit, ties=self.tie_breaker)
        rows = iter(self.data.as_export(records, wanted.zone))
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
            (self.world.account_id, *wanted.criteria),
            ("Total Items",),
            (str(len(records)),),
            ("Results",),
            EXPORT_COLUMNS,
        )

        def chunks() -> Iterator[bytes]:
            yield b"\xef\xbb\xbf" if switches.export_bom else b""
            part: list[tuple[str, ...]] = [*head]
            while part:
                yield _csv(part, switches)
                part = list(islice(rows, _ROWS_PER_CHUNK))

        return Answer(body=chunks(), media_type="text/csv; charset=utf-8")

    @property
    def tie_breaker(self) -> random.Random | None:
        """What orders the rows of one second anew; None where they keep their order."""
        return self._ties if self.switches.audit_ties == "shuffled" else None

    def take_insertion(self) -> Insertion | None:
        """Return the rows that are to appear before this page, as the switches want it, and count them."""
        switches = self.switches
        if not switches.audit_insert_rows or not self._inserts_left:
            return None
        self._inserts_left -= 1
        return Insertion(switches.audit_insert_rows, switches.audit_insert_when)

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return what a complete read in UTC must give, everything included, oldest first."""
        if dataset == "audit_trail_export":
            return self.data.truth_export(start, end)
        return self.data.truth(start, end)

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add records; they appear in the export, too."""
        moment = when or datetime.fromtimestamp(self.sandbox.now(), UTC)
        if moment.tzinfo is None:
            raise ValueError("The time of a record must be an aware datetime")
        label = f"inserted/{len(self.data)}"
        invented = records_of_day(self.world.seed, moment.astimezone(UTC).date(), count, label)
        records = [record._replace(moment=int(moment.timestamp())) for record in invented]
        self.data.insert(records)
        return [record._asdict() for record in records]

    def reset(self) -> None:
        """Make the first records."""
        self.data = AuditLog(self.world, self.switches.audit_rows)
        self._ties = random.Random(self.world.seed)  # noqa: S311
        self._inserts_left = self.switches.audit_insert_times

    def configured(self, names: frozenset[str]) -> None:
        """Count the rows that appear from zero."""
        if any(name.startswith("audit_insert_") for name in names):
            self._inserts_left = self.switches.audit_insert_times

    def sizes(self) -> dict[str, int]:
        """Return how many records there are."""
        return {"audit_rows": len(self.data)}

    def summary(self) -> str:
        """Say how many records there are."""
        return f"{len(self.data)} audit records"


class _Reading:
    """One GraphQL request's reading of the audit trail.

    :param api: the audit trail.
    :param insertion: records that a fault wants inserted first.
    """

    def __init__(self, api: AuditTrailApi, insertion: Insertion | None) -> None:
        self._api = api
        self._insertion = insertion
        self.total = 0
        self.given = 0

    def page(self, arguments: dict[str, Any], selection: dict[str, str]) -> list[dict[str, Any]]:
        """Read a page.

        :param arguments: arguments of ``auditData``.
        :param selection: name in the answer to field.
        :raises ValueError: for an argument that does not fit.
        """
        switches, data = self._api.switches, self._api.data
        zone = _zone(_or_default(arguments, "timezone", DEFAULT_ZONE), switches)
        first = _or_default(arguments, "first", DEFAULT_FIRST)
        offset = 0 if self._api.sandbox.settings.offset_ignored else _or_default(arguments, "offset", 0)
        if first < 0 or offset < 0:
            raise ValueError("first and offset must not be negative")
        if switches.page_ceiling is not None and first > switches.page_ceiling:
            if switches.page_ceiling_mode == "reject":
                raise ValueError(f"first must be at most {switches.page_ceiling}")
            first = switches.page_ceiling
        start, end = _window(arguments, zone, switches)
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
        records, self.total = data.page(query, offset=offset, first=first, ties=self._api.tie_breaker)
        self.given = len(records)
        return data.as_graphql(records, selection, zone)

    def _insert(self, query: AuditQuery, offset: int) -> None:
        wanted = [self._insertion, self._api.take_insertion() if offset else None]
        for insertion in wanted:
            if insertion is not None:
                self._api.data.insert_late_or_new(
                    query, insertion, offset=offset, now=self._api.sandbox.now()
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class _ExportRequest:
    query: AuditQuery
    limit: int
    zone: tzinfo
    zone_name: str
    criteria: tuple[str, ...]


def _export_request(parameters: Mapping[str, str], switches: AuditTrailSwitches) -> _ExportRequest:
    zone_name = parameters.get("timezone", DEFAULT_ZONE)
    zone = _zone(zone_name, switches)
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
    start, end = _window(parameters, zone, switches)
    return _ExportRequest(
        query=AuditQuery(
            start=start,
            end=end,
            lpa=flags["lpa"],
            automatic=flags["automaticUpdates"],
            users=frozenset(users),
            components=frozenset(components),
            descending=switches.export_order == "descending",
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


def _csv(rows: list[tuple[str, ...]], switches: AuditTrailSwitches) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n" if switches.export_line_end == "crlf" else "\n").writerows(rows)
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


def _errors(switches: AuditTrailSwitches, errors: list[dict[str, Any]]) -> Answer:
    if switches.audit_error_style == "200":
        return json_answer({"data": None, "errors": errors})
    if switches.audit_error_silent:
        return Answer(status=400)
    return json_answer({"errors": errors}, status=400)


def _or_default(arguments: Mapping[str, Any], name: str, default: Any) -> Any:
    value = arguments.get(name)
    return default if value is None else value


def _zone(name: str, switches: AuditTrailSwitches) -> tzinfo:
    if switches.audit_timezone_accepted and name not in switches.audit_timezone_accepted:
        raise ValueError(f"The time zone {name!r} is not supported")
    return find_zone(name)


def _window(
    arguments: Mapping[str, Any], zone: tzinfo, switches: AuditTrailSwitches
) -> tuple[float | None, float | None]:
    """Turn ``fromDate`` and ``toDate`` into a half-open window of epoch seconds."""
    if switches.audit_day_zone != "requested":
        zone = find_zone(switches.audit_day_zone)
    start, end = arguments.get("fromDate"), arguments.get("toDate")
    whole_last_day = 1 if switches.audit_to_date == "inclusive" else 0
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

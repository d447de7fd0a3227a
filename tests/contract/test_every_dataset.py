"""What holds for every dataset with every credential, against a LivePerson that does everything it may."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    IncompletePullError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    ServiceUnavailableError,
)
from airflow_provider_liveperson.pull import Pulled, pull, records
from airflow_provider_liveperson.sandbox.audit_data import records_of_day
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window

CREDENTIALS = ("api_key", "app_jwt_v2", "app_jwt_v1")
DAY = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 29, tzinfo=UTC))
NIGHT = Window(datetime(2026, 1, 28, 22, 30, tzinfo=UTC), datetime(2026, 1, 29, 1, 15, tzinfo=UTC))
EMPTY = Window(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 2, tzinfo=UTC))
ALL = Window(datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC))

Connect = Callable[..., LivePersonClient]

pytestmark = pytest.mark.parametrize("name", sorted(DATASETS))


EXPORT_NAMES = {
    "Object type": "objectType",
    "Object ID": "objectId",
    "Object name": "objectName",
    "Action type": "actionType",
    "Element": "element",
    "Old value": "oldValue",
    "New value": "newValue",
    "Date and time": "dateAndTime",
    "Originator": "originator",
    "Originator Employee ID": "originatorEmployeeId",
    "Originator Profiles": "originatorProfiles",
}


def truth(sandbox: SandboxServer, name: str, window: Window) -> list[dict[str, Any]]:
    """What the sandbox knows to be in a window. A new dataset adds its line here."""
    known: dict[str, Callable[[datetime, datetime], list[Any]]] = {
        "audit_trail": sandbox.audit.truth,
        "audit_trail_export": lambda start, end: [
            {EXPORT_NAMES[title]: value for title, value in row.items()}
            for row in sandbox.audit.truth_export(start, end)
        ],
    }
    return known[name](window.start, window.end)


def same(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> bool:
    """Whether two lists hold the same records as often, in whatever order."""
    return sorted(json.dumps(row, sort_keys=True) for row in left) == sorted(
        json.dumps(row, sort_keys=True) for row in right
    )


def run(client: LivePersonClient, name: str, window: Window, store: Any, **choices: Any) -> Pulled:
    dataset = DATASETS[name]
    return pull(client, dataset, dataset.query(window), store.destination(), **choices)


def read(client: LivePersonClient, name: str, window: Window) -> list[dict[str, Any]]:
    dataset = DATASETS[name]
    return [json.loads(raw) for raw in records(client, dataset, dataset.query(window))]


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("window", [DAY, NIGHT, ALL], ids=["day", "night", "all"])
def test_lands_the_truth(
    name: str, kind: str, window: Window, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    pulled = run(connect(sandbox, kind), name, window, store)
    expected = truth(sandbox, name, window)
    assert expected
    assert same(store.records(), expected)
    assert pulled.records == len(expected)


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_the_manifest_adds_up(
    name: str, kind: str, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    pulled = run(connect(sandbox, kind), name, NIGHT, store)
    (manifest,) = store.manifests()
    counts = manifest["counts"]
    assert counts["received"] == counts["kept"] + counts["outside_window"]
    assert counts["reported"] is None or counts["reported"] >= counts["received"]
    assert counts["kept"] == pulled.records == sum(part["records"] for part in manifest["parts"])
    assert sum(part["bytes"] for part in manifest["parts"]) == pulled.bytes
    folder = pulled.manifest.removeprefix("memory://").removesuffix("/_manifest.json")
    assert {f"{folder}/{part['name']}" for part in manifest["parts"]} == set(store.objects) - {
        f"{folder}/_manifest.json"
    }
    assert f"/{name}/account_id={sandbox.settings.account_id}/dt=2026-01-28/" in pulled.manifest


def test_an_empty_window_lands_a_manifest_that_says_so(
    name: str, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    pulled = run(connect(sandbox), name, EMPTY, store)
    assert (pulled.records, pulled.objects) == (0, [])
    (manifest,) = store.manifests()
    assert (manifest["counts"]["kept"], manifest["parts"]) == (0, [])
    assert len(store.objects) == 1


@pytest.mark.parametrize("window", [NIGHT, EMPTY], ids=["night", "empty"])
def test_a_second_run_changes_nothing(
    name: str, window: Window, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    sandbox.configure(audit_ties="shuffled")
    first = run(connect(sandbox), name, window, store)
    before, store.changes = dict(store.objects), []
    assert run(connect(sandbox, "app_jwt_v2"), name, window, store) == first
    assert (store.objects, store.changes) == (before, [])


def test_contiguous_windows_neither_lose_nor_repeat(
    name: str, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    client = connect(sandbox)
    for window in DAY.cut(timedelta(hours=1)):
        run(client, name, window, store)
    assert same(store.records(), truth(sandbox, name, DAY))


SWITCHES: dict[str, dict[str, Any]] = {
    "list of one domain": {"domain_single_shape": "list"},
    "no page count": {"audit_total_count": "absent"},
    "count of the page": {"audit_total_count": "page"},
    "toDate exclusive": {"audit_to_date": "exclusive"},
    "days cut in the east, toDate exclusive": {
        "audit_to_date": "exclusive",
        "audit_day_zone": "Pacific/Kiritimati",
    },
    "days cut in the west": {"audit_day_zone": "US/Hawaii"},
    "days cut in UTC, toDate exclusive": {"audit_to_date": "exclusive", "audit_day_zone": "UTC"},
    "no actionType, 400": {"audit_action_type": "unknown"},
    "no actionType, 200 with errors": {"audit_action_type": "unknown", "audit_error_style": "200"},
    "no actionType, no word why": {"audit_action_type": "unknown", "audit_error_silent": True},
    "pages clamped": {"page_ceiling": 40},
    "pages clamped, no count": {"page_ceiling": 40, "audit_total_count": "absent"},
    "pages clamped, count of the page": {"page_ceiling": 40, "audit_total_count": "page"},
    "large pages rejected": {"page_ceiling": 40, "page_ceiling_mode": "reject"},
    "large pages rejected, no word why": {
        "page_ceiling": 40,
        "page_ceiling_mode": "reject",
        "audit_error_silent": True,
    },
    "large pages rejected in a 200": {
        "page_ceiling": 40,
        "page_ceiling_mode": "reject",
        "audit_error_style": "200",
    },
    "large pages and actionType rejected, no word why": {
        "page_ceiling": 40,
        "page_ceiling_mode": "reject",
        "audit_action_type": "unknown",
        "audit_error_silent": True,
    },
    "ties shuffled": {"audit_ties": "shuffled"},
    "ties shuffled, clamped below a tie's size": {
        "audit_ties": "shuffled",
        "page_ceiling": 8,
        "audit_total_count": "absent",
    },
    "clamped below a tie's size": {"page_ceiling": 5, "audit_total_count": "page"},
    "rows arrive": {"audit_insert_rows": 3, "page_ceiling": 40, "audit_insert_times": 50},
    "rows arrive among those read": {
        "audit_insert_rows": 2,
        "audit_insert_when": "late",
        "page_ceiling": 40,
    },
    "rows arrive among those read, ties shuffled, no count": {
        "audit_insert_rows": 2,
        "audit_insert_when": "late",
        "page_ceiling": 30,
        "audit_ties": "shuffled",
        "audit_total_count": "absent",
    },
    "export ascending, BOM, LF": {"export_order": "ascending", "export_bom": True, "export_line_end": "lf"},
    "strict token service": {"token_body_required": True, "sentinel_error_status": "400"},
    "short tokens with expires_in": {"jwt_lifetime_seconds": 2, "jwt_expires_in": True},
    "other issuer": {"jwt_issuer": "sentinel"},
}


@pytest.mark.parametrize("kind", CREDENTIALS[:2])
@pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)
def test_every_reading_of_the_docs_gives_the_truth(
    name: str, kind: str, switches: dict[str, Any], sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.configure(**switches)
    landed = read(connect(sandbox, kind), name, NIGHT)
    expected = truth(sandbox, name, NIGHT)
    if switches.get("audit_action_type") == "unknown" and name == "audit_trail":
        expected = [{key: value for key, value in row.items() if key != "actionType"} for row in expected]
    assert expected
    assert same(landed, expected)


FAULTS: dict[str, list[dict[str, Any]]] = {
    "500 three times": [{"kind": "status", "status": 500, "times": 3}],
    "503 later on": [{"kind": "status", "status": 503, "skip": 1}],
    "429 bursts": [{"kind": "status", "status": 429, "times": 4}],
    "429 with Retry-After": [{"kind": "status", "status": 429, "retry_after": 2}],
    "429 with a date": [{"kind": "status", "status": 429, "retry_after": "http-date"}],
    "connection dropped": [{"kind": "drop", "times": 2}],
    "body cut": [{"kind": "cut", "times": 2}],
    "not JSON": [{"kind": "not_json", "times": 1}],
    "tokens expired": [{"kind": "expire_tokens"}],
    "tokens revoked": [{"kind": "revoke_tokens"}],
    "everything": [
        {"kind": "drop"},
        {"kind": "status", "status": 429},
        {"kind": "cut"},
        {"kind": "expire_tokens", "skip": 1},
        {"kind": "status", "status": 502, "skip": 1},
    ],
}


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_faults_are_survived(
    name: str, kind: str, faults: list[dict[str, Any]], sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    sandbox.configure(page_ceiling=60)
    for fault in faults:
        sandbox.faults.add(match="/metadata/audit", **fault)
    run(connect(sandbox, kind), name, NIGHT, store)
    assert same(store.records(), truth(sandbox, name, NIGHT))
    assert len(store.manifests()) == 1


@pytest.mark.parametrize("where", ["/baseURI.json", "/app/token"])
@pytest.mark.parametrize("fault", ["status", "drop", "cut", "cut_json", "not_json"])
def test_faults_of_the_services_before_it_are_survived(
    name: str, where: str, fault: str, sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.faults.add(match=where, kind=fault, times=2)
    assert same(read(connect(sandbox, "app_jwt_v2"), name, NIGHT), truth(sandbox, name, NIGHT))


FAILURES: dict[str, tuple[dict[str, Any], type[LivePersonError]]] = {
    "400": ({"kind": "status", "status": 400}, RequestRejectedError),
    "401": ({"kind": "status", "status": 401}, AuthenticationError),
    "403": ({"kind": "status", "status": 403}, PermissionDeniedError),
    "404": ({"kind": "status", "status": 404}, RequestRejectedError),
    "429": ({"kind": "status", "status": 429}, RateLimitedError),
    "500": ({"kind": "status", "status": 500}, ServiceUnavailableError),
    "redirect": ({"kind": "redirect"}, InvalidResponseError),
    "drop": ({"kind": "drop"}, ServiceUnavailableError),
    "cut": ({"kind": "cut"}, InvalidResponseError),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_what_does_not_heal_ends_in_its_error_and_lands_nothing(
    name: str,
    failure: tuple[dict[str, Any], type[LivePersonError]],
    sandbox: SandboxServer,
    connect: Connect,
    store: Any,
) -> None:
    fault, error = failure
    sandbox.faults.add(match="/metadata/audit", times=1000, **fault)
    with pytest.raises(error, match=r"accountConfigReadOnly /api/account"):
        run(connect(sandbox), name, NIGHT, store)
    assert store.objects == {}


def test_a_failure_midway_leaves_the_earlier_landing_as_it_was(
    name: str, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    sandbox.configure(page_ceiling=40)
    client, dataset = connect(sandbox), DATASETS[name]
    window = Window(DAY.end - timedelta(days=37), DAY.end)  # several slices, and records in the last two

    def land() -> None:
        pull(client, dataset, dataset.query(window), store.destination(roll_at=2_000))

    land()
    before, store.changes = dict(store.objects), []
    asked = sum("/metadata/audit" in request.url for request in sandbox.requests)
    sandbox.audit.insert(records_of_day(99, date(2026, 1, 26), 3))
    sandbox.faults.add(kind="status", status=403, match="/metadata/audit", skip=asked - 1, times=1000)
    with pytest.raises(PermissionDeniedError):
        land()
    assert store.objects == before
    assert store.changes  # parts had gone up, and were taken away again


def test_pages_that_never_come_to_rest_end_in_an_error(
    name: str, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    if name == "audit_trail_export":
        sandbox.faults.add(
            kind="status", status=200, body="Total Items\n5\n", match="/metadata/audit", times=1000
        )
    else:
        sandbox.configure(
            audit_insert_rows=2, audit_insert_when="late", audit_insert_times=10_000, page_ceiling=40
        )
    with pytest.raises(IncompletePullError, match=name):
        run(connect(sandbox), name, NIGHT, store)
    assert store.objects == {}


def test_a_change_replaces_what_it_must(
    name: str, sandbox: SandboxServer, connect: Connect, store: Any
) -> None:
    client = connect(sandbox)
    first = run(client, name, DAY, store)
    sandbox.audit.insert(records_of_day(99, date(2026, 1, 28), 3))
    second = run(client, name, DAY, store)
    assert second.manifest == first.manifest
    assert second.objects != first.objects
    assert same(store.records(), truth(sandbox, name, DAY))
    assert len(store.objects) == 1 + len(second.objects)

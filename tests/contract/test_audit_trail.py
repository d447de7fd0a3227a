"""The audit trail: exactly its rows land, however a span is cut and whatever the server may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import IncompletePullError, InvalidResponseError
from airflow_provider_liveperson.pull import slice_reader
from airflow_provider_liveperson.pull.pull import pull, records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from devtools.memory_store import MemoryStore
from tests.contract.cuts import SECONDS, SPAN, lines, read_in_windows
from tests.contract.landing import Connect, land, manifest

EXPORT = "/audit/export"

# Odd seconds, whole hours and the ends of days, where the sandbox places records on purpose.
CUTS = st.lists(
    st.integers(1, SECONDS - 1)
    | st.integers(1, SECONDS // 3600 - 1).map(lambda hours: hours * 3600)
    | st.integers(1, SECONDS // 86400 - 1).map(lambda days: days * 86400 - 1),
    max_size=5,
    unique=True,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=CUTS,
    switches=st.fixed_dictionaries(
        {},
        optional={
            "page_ceiling": st.integers(8, 80),
            "page_ceiling_mode": st.sampled_from(["clamp", "reject"]),
            "audit_total_count": st.sampled_from(["all", "page", "absent"]),
            "audit_ties": st.sampled_from(["stable", "shuffled"]),
            "audit_to_date": st.sampled_from(["inclusive", "exclusive"]),
            "audit_day_zone": st.sampled_from(
                ["requested", "US/Eastern", "Asia/Tokyo", "Pacific/Kiritimati"]
            ),
            "audit_error_silent": st.booleans(),
            "audit_error_style": st.sampled_from(["200", "400"]),
        },
    ),
)
def test_any_cutting_lands_exactly_the_truth(
    cuts: list[int],
    switches: dict[str, Any],
    sandbox: SandboxServer,
    connect: Connect,
) -> None:
    sandbox.reset()
    sandbox.configure(**switches)
    landed = read_in_windows(connect(sandbox, "app_jwt_v2"), "audit_trail", cuts)
    assert lines(landed) == lines(sandbox.audit.truth(SPAN.start, SPAN.end))


@pytest.mark.parametrize("seed", [1, 77, 4711])
@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_another_seed_another_truth(seed: int, kind: str, connect: Connect, store: Any) -> None:
    about = SandboxSettings(seed=seed, until=date(2026, 2, 1), days=4, audit_rows=700)
    with SandboxServer(about) as sandbox:
        sandbox.configure(page_ceiling=50, audit_total_count="absent", audit_ties="shuffled")
        dataset = DATASETS["audit_trail"]
        pulled = pull(connect(sandbox, kind), dataset, dataset.query(SPAN), store.destination())
        truth = sandbox.audit.truth(SPAN.start, SPAN.end)
    assert pulled.records == len(truth) == 700
    assert lines(store.records()) == lines(truth)
    assert [row["changeDate"] for row in store.records()] == sorted(row["changeDate"] for row in truth)


@pytest.mark.parametrize(
    ("filters", "keep"),
    [
        ({"lpa": False}, lambda row: not row["originatorIsLpa"]),
        ({"users": ["nobody@example.test"]}, lambda row: False),
    ],
    ids=["without LivePerson's staff", "of nobody"],
)
def test_filters_narrow_the_truth(
    filters: dict[str, Any],
    keep: Callable[[dict[str, Any]], bool],
    sandbox: SandboxServer,
    connect: Connect,
) -> None:
    dataset = DATASETS["audit_trail"]
    landed = [
        json.loads(raw) for raw in records(connect(sandbox), dataset, dataset.query(SPAN, filters=filters))
    ]
    truth = sandbox.audit.truth(SPAN.start, SPAN.end)
    assert lines(landed) == lines([row for row in truth if keep(row)])
    assert len(landed) < len(truth)


def test_one_user_is_found_by_login_name(sandbox: SandboxServer, connect: Connect) -> None:
    truth = sandbox.audit.truth(SPAN.start, SPAN.end)
    login = next(row["originatorLoginName"] for row in truth if row["originatorLoginName"])
    dataset = DATASETS["audit_trail"]
    query = dataset.query(SPAN, filters={"users": [login]})
    landed = [json.loads(raw) for raw in records(connect(sandbox), dataset, query)]
    assert lines(landed) == lines([row for row in truth if row["originatorLoginName"] == login])


# The export


@pytest.mark.parametrize("put", [r'"\1,0"', r"\1.0", r'" \1 "'])
def test_an_export_with_a_total_in_another_notation_is_checked(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, put: str
) -> None:
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"(?<=Total Items\r\n)(\d+)", put=put)
    land(connect(sandbox), store, "audit_trail_export")
    assert manifest(store)["complete"] is True
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"(?<=Total Items\r\n)(\d+)", put=r"1\1", times=99)
    with pytest.raises(IncompletePullError, match="the last 3 failed in the same way: the export says 1"):
        land(connect(sandbox), MemoryStore(), "audit_trail_export")


@pytest.mark.parametrize("put", ["", '""', "many"])
def test_an_export_whose_total_cannot_be_read_is_refused(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, put: str
) -> None:
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"(?<=Total Items\r\n)(\d+)", put=put, times=99)
    with pytest.raises(
        InvalidResponseError, match=r"accountConfigReadOnly .*export: the export's Total Items is"
    ):
        land(connect(sandbox), store, "audit_trail_export")
    assert store.manifests() == []


def test_an_export_that_is_always_broken_is_given_up(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"\r\n[^\r]*\r\n$", put="\r\n", times=99)
    with pytest.raises(IncompletePullError, match="same way"):
        land(connect(sandbox), store, "audit_trail_export")
    assert sum(EXPORT in request.path for request in sandbox.requests) == slice_reader.MAX_SAME_FAILURES

"""However a span is split into windows, exactly its records land, whatever the sandbox's seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.pull.pull import pull, records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.window import Window

SPAN = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
SECONDS = int((SPAN.end - SPAN.start).total_seconds())

# Odd seconds, whole hours and the ends of days, where the sandbox places records on purpose.
CUTS = st.lists(
    st.integers(1, SECONDS - 1)
    | st.integers(1, SECONDS // 3600 - 1).map(lambda hours: hours * 3600)
    | st.integers(1, SECONDS // 86400 - 1).map(lambda days: days * 86400 - 1),
    max_size=5,
    unique=True,
)


def lines(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def read_in_windows(
    client: LivePersonClient, name: str, cuts: list[int], unit: timedelta = timedelta(seconds=1)
) -> list[dict[str, Any]]:
    """All records of the span, window by window."""
    dataset = DATASETS[name]
    edges = [SPAN.start, *(SPAN.start + cut * unit for cut in sorted(cuts)), SPAN.end]
    return [
        json.loads(raw)
        for start, end in pairwise(edges)
        for raw in records(client, dataset, dataset.query(Window(start, end)))
    ]


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
    connect: Callable[..., LivePersonClient],
) -> None:
    sandbox.reset()
    sandbox.configure(**switches)
    landed = read_in_windows(connect(sandbox, "app_jwt_v2"), "audit_trail", cuts)
    assert lines(landed) == lines(sandbox.audit.truth(SPAN.start, SPAN.end))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(
        st.integers(1, SECONDS * 1000 - 1)
        | st.integers(1, SECONDS // 60 - 1).map(lambda minutes: minutes * 60_000)
        | st.integers(1, SECONDS // 86400 - 1).map(lambda days: days * 86_400_000 - 1),
        max_size=5,
        unique=True,
    ),
    switches=st.fixed_dictionaries(
        {"activity_over_limit": st.just("clamp")},
        optional={
            "activity_limit_max": st.integers(3, 200),
            "activity_links": st.sampled_from(["documented", "next_on_full_page"]),
            "activity_order": st.sampled_from(["newest", "oldest"]),
            "activity_to": st.sampled_from(["inclusive", "exclusive"]),
        },
    ),
)
def test_any_cutting_lands_exactly_the_status_changes(
    cuts: list[int],
    switches: dict[str, Any],
    sandbox: SandboxServer,
    connect: Callable[..., LivePersonClient],
) -> None:
    sandbox.reset()
    sandbox.configure(**switches)
    landed = read_in_windows(connect(sandbox), "agent_status_changes", cuts, unit=timedelta(milliseconds=1))
    assert lines(landed) == lines(sandbox.activity.truth(SPAN.start, SPAN.end))


@pytest.mark.parametrize("seed", [1, 77, 4711])
@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_another_seed_another_truth(
    seed: int, kind: str, connect: Callable[..., LivePersonClient], store: Any
) -> None:
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
    connect: Callable[..., LivePersonClient],
) -> None:
    dataset = DATASETS["audit_trail"]
    landed = [
        json.loads(raw) for raw in records(connect(sandbox), dataset, dataset.query(SPAN, filters=filters))
    ]
    truth = sandbox.audit.truth(SPAN.start, SPAN.end)
    assert lines(landed) == lines([row for row in truth if keep(row)])
    assert len(landed) < len(truth)


def test_one_user_is_found_by_login_name(
    sandbox: SandboxServer, connect: Callable[..., LivePersonClient]
) -> None:
    truth = sandbox.audit.truth(SPAN.start, SPAN.end)
    login = next(row["originatorLoginName"] for row in truth if row["originatorLoginName"])
    dataset = DATASETS["audit_trail"]
    query = dataset.query(SPAN, filters={"users": [login]})
    landed = [json.loads(raw) for raw in records(connect(sandbox), dataset, query)]
    assert lines(landed) == lines([row for row in truth if row["originatorLoginName"] == login])

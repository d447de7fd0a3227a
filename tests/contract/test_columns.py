"""Every declared column comes from the sandbox, so that what it is declared as is held against something."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.records.columns import Array, Column, Struct, paths, unmarked
from airflow_provider_liveperson.sandbox.server import SandboxServer
from tests.contract.facts import FACTS
from tests.contract.test_every_dataset import ALL, KNOWN, within_reach

# Some columns come by one reading of LivePerson's pages only.
READINGS = {
    "agent_view": ["renamed"],
    "default_predefined_content": ["another spelling"],
    "engagement_history": ["attributes nested", "attributes as in the table"],
    "estimated_wait_time": ["names as in the sample"],
    "interval_metrics": ["timeframes as start and end"],
    "messaging_interactions": ["names as in the tables"],
    "predefined_content": ["another spelling"],
}
UNSEEN = {
    # One declaration for both lists; a page has it in both, another in the second only.
    "agent_view": {"agentStatusDurationList.agentStatusReasonId", "agentChannelType"},
    # Without intervals only, which are never asked for.
    "chat_queue_health": {"currentQueueState"},
    # On old pages only; and two names of LivePerson's table, inside themselves.
    "engagement_history": {
        "info.agentName",
        "sdes.events.viewedProduct.viewedProduct",
        "sdes.events.visitorError.visitorError",
    },
    # Where it is grouped by conversation.
    "interval_metrics": {"conversationId"},
    # With the filter skillIds.
    "messaging_agent_segments": {"_skill_id"},
}
# In another case than the declared one, and file formats do not tell upper from lower case.
UNDECLARED = {"messaging_interactions": {"campaign.LocationId?"}}


def seen(column: Column, value: Any, path: str = "") -> Iterator[str]:
    """The paths of the declared fields that a value has; of what is not declared, with a question mark."""
    if isinstance(column, Struct) and isinstance(value, dict):
        for name, inner in value.items():
            place = f"{path}.{name}".lstrip(".")
            if name not in column.fields:
                yield f"{place}?"
            elif inner is not None:
                yield place
                yield from seen(column.fields[name], inner, place)
    elif isinstance(column, Array):
        for item in value:
            yield from seen(column.items, item, path)


@pytest.mark.parametrize("name", KNOWN)
def test_every_declared_column_comes_and_no_other(
    name: str, sandbox: SandboxServer, connect: Callable[..., LivePersonClient]
) -> None:
    dataset = DATASETS[name]
    window = within_reach(sandbox, name, ALL)
    # Open conversations belong to no window by their end.
    cursor = "start" if name == "messaging_interactions" else None
    query, client = dataset.query(window, cursor=cursor), connect(sandbox)
    found: set[str] = set()
    for switches in [{}, *(FACTS[name].readings[reading] for reading in READINGS.get(name, []))]:
        before = {switch: getattr(sandbox.settings, switch) for switch in switches}
        sandbox.configure(**switches)
        for raw in records(client, dataset, query):
            found.update(seen(Struct(unmarked(dataset.columns)), json.loads(raw)))
        sandbox.configure(**before)
    declared = {path for path, _ in paths(dataset.columns)}
    missing = [path for path in declared - found if path.rpartition(".")[0] not in declared - found]
    assert sorted(missing) == sorted(UNSEEN.get(name, set()))
    assert found - declared == UNDECLARED.get(name, set())

"""A window from which somebody was erased, in an Iceberg table."""

from __future__ import annotations

import json

from airflow_provider_liveperson.erasure.erase import EraseRequest
from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow
from devtools.iceberg import rows_in_files
from devtools.landed_windows import ACCOUNT


def conversation(conversation_id: str) -> str:
    return json.dumps({"info": {"conversationId": conversation_id}})


def erase(lake, *conversation_ids: str) -> None:
    request = EraseRequest.read(
        conversation_ids=conversation_ids, participant_ids=[], secret="a long random secret"
    )
    request.erase(lake.store, "lake", ACCOUNT)


def test_erased_records_leave_the_table_and_files_without_rows_are_not_made(lake):
    landed = lake.land(
        [conversation("a")],
        [conversation("b"), conversation("c")],
        dataset="messaging_interactions",
        cursor="start",
    )
    lake.load(landed)
    erase(lake, "a", "b")
    assert lake.load(LandedWindow.read(lake.store, landed.folder)).changed
    assert [row["conversationId"] for (row,) in rows_in_files(lake.table, "info")] == ["c"]
    now = lake.table.inspect.data_files()
    assert now["record_count"].to_pylist() == [1]

    erase(lake, "c")
    last = LandedWindow.read(lake.store, landed.folder)
    assert lake.load(last).changed
    assert lake.table.inspect.data_files().num_rows == 0
    assert not lake.load(last).changed

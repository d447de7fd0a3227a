from __future__ import annotations

import pytest

from airflow_provider_liveperson.sandbox.apis.shapes import Snapshot


def test_a_snapshot_is_the_present_state() -> None:
    snapshot = Snapshot([{"id": 1, "load": 0}, {"id": 2, "load": 0}], "id")
    before = snapshot.read()
    assert snapshot.change(lambda row, number: {"load": row["load"] + number}) == {"id": 1, "load": 1}
    assert snapshot.change(lambda _row, number: {"load": number}) == {"id": 2, "load": 2}
    assert snapshot.read() == [{"id": 1, "load": 1}, {"id": 2, "load": 2}]
    assert before == [{"id": 1, "load": 0}, {"id": 2, "load": 0}]


def test_records_come_and_go() -> None:
    snapshot = Snapshot([{"id": 1}], "id")
    assert snapshot.add([{"id": 2}, {"id": 3}]) == [2, 3]
    snapshot.remove(1)
    assert (snapshot.read(), len(snapshot)) == ([{"id": 2}, {"id": 3}], 2)
    with pytest.raises(KeyError, match="no record 1"):
        snapshot.remove(1)


def test_nothing_cannot_change() -> None:
    with pytest.raises(ValueError, match="no record that could change"):
        Snapshot([], "id").change(lambda row, _number: row)

"""A window in an Iceberg table is what has landed of it, and nothing else changes."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from pyiceberg.expressions import EqualTo, visitors
from pyiceberg.manifest import ManifestFile
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.types import DateType, LongType, NestedField, StringType

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.tables.iceberg.schema import partition_spec, schema_of
from airflow_provider_liveperson.window import Window
from devtools.iceberg import DAY, NAME, NEXT_DAY, at, rows_of
from devtools.landed_windows import ACCOUNT

OTHER_ACCOUNT = "70000002"
LONG = 30.0  # seconds after which a test that hangs fails


def test_a_window_is_in_the_table_as_it_has_landed(lake):
    replaced = lake.load(lake.land(["1", "2"], ["3"]))
    assert replaced.changed
    assert lake.rows() == at(DAY, ACCOUNT, "1", "2", "3")
    assert lake.rows("dt") == [(date(2026, 1, 30),)] * 3


def test_the_table_is_made_with_partitions_that_keep_windows_apart(lake):
    lake.load(lake.land(["1"]), **{"write.parquet.compression-codec": "snappy"})
    table = lake.table
    named = {table.schema().find_column_name(field.source_id) for field in table.spec().fields}
    assert {str(field.transform) for field in table.spec().fields} == {"identity"}
    assert named == {"account_id", "dt", "_window"}
    assert table.properties["write.parquet.compression-codec"] == "snappy"
    assert table.properties["comment"] == DATASETS["users"].title


def test_a_window_that_has_landed_anew_replaces_its_rows_and_no_others(lake):
    lake.load(lake.land(["1", "2"], ["3"]))
    lake.load(lake.land(["1", "2"], window=NEXT_DAY))
    lake.load(lake.land(["1", "2"], account_id=OTHER_ACCOUNT))
    before = len(lake.table.snapshots())

    replaced = lake.load(lake.land(["2", "4"]))
    assert replaced.changed
    others = [*at(NEXT_DAY, ACCOUNT, "1", "2"), *at(DAY, OTHER_ACCOUNT, "1", "2")]
    assert lake.rows() == sorted([*at(DAY, ACCOUNT, "2", "4"), *others])
    assert len(lake.table.snapshots()) == before + 1
    before_it = lake.table.snapshot_by_id(replaced.snapshot_id).parent_snapshot_id
    then = lake.table.scan(snapshot_id=before_it, selected_fields=("id",)).to_arrow()
    assert sorted(then["id"].to_pylist()) == ["1", "1", "1", "2", "2", "2", "3"]


@pytest.mark.parametrize("hours", [1, 23])
def test_windows_within_the_same_day_are_apart(lake, hours):
    first = Window(DAY.start, DAY.start + timedelta(hours=hours))
    second = Window(first.end, first.end + timedelta(hours=1))
    lake.load(lake.land(["1"], window=first))
    lake.load(lake.land(["2"], window=second))
    lake.load(lake.land(["3"], window=second))
    assert [row[0] for row in lake.rows("id")] == ["1", "3"]


def test_manifests_are_looked_at_apart_from_each_other(lake, monkeypatch):
    """pyiceberg 0.12 looks at them in several threads, by one evaluator, which knows one manifest at a time."""
    second = Window(DAY.start, DAY.start + timedelta(hours=1))
    third = Window(second.end, second.end + timedelta(hours=1))
    lake.load(lake.land(["1"], window=second))
    lake.load(lake.land(["2"], window=third))
    both_are_known, first_two = threading.Barrier(2), iter(range(2))

    def evaluate(evaluator: visitors._ManifestEvalVisitor, manifest: ManifestFile) -> bool:
        evaluator.partition_fields = manifest.partitions
        if threading.current_thread() is not threading.main_thread() and next(first_two, None) is not None:
            both_are_known.wait(LONG)
        return visitors.visit(evaluator.partition_filter, evaluator)

    monkeypatch.setattr(visitors._ManifestEvalVisitor, "eval", evaluate)
    lake.load(lake.land(["3"], window=third))
    assert [row[0] for row in lake.rows("id")] == ["1", "3"]


def test_the_snapshot_says_which_manifest_it_is_of(lake):
    landed = lake.land(["1"])
    replaced = lake.load(landed)
    about = lake.table.snapshot_by_id(replaced.snapshot_id).summary
    assert about["liveperson.manifest-sha256"] == landed.digest
    assert about["liveperson.manifest"] == f"file://{lake.folder}/{landed.folder}/_manifest.json"
    assert (about["liveperson.account-id"], about["liveperson.window"]) == at(DAY, ACCOUNT, "1")[0][1:]


def test_the_first_load_of_a_window_is_an_append_which_incremental_readers_see(lake):
    lake.load(lake.land(["1"]))
    lake.load(lake.land(["2"]))
    operations = [one.summary.operation.value for one in lake.table.snapshots()]
    assert operations == ["append", "overwrite"]


def test_there_is_nothing_to_do_when_the_table_has_the_window(lake):
    landed = lake.land(["1"], ["2"])
    first = lake.load(landed)
    lake.load(lake.land(["5"], window=NEXT_DAY))
    before = lake.everything()
    again = lake.load(landed)
    assert (again.snapshot_id, again.changed) == (first.snapshot_id, False)
    assert lake.everything() == before


def test_an_older_manifest_that_comes_back_is_loaded_again(lake):
    """The table had it, but does not have it now."""
    lake.load(lake.land(["1"]))
    lake.load(lake.land(["2"]))
    assert lake.load(lake.land(["1"])).changed
    assert lake.rows() == at(DAY, ACCOUNT, "1")


def test_rows_that_somebody_has_removed_come_back(lake):
    landed = lake.land(["1", "2"])
    lake.load(landed)
    lake.table.delete(EqualTo("id", "1"))
    assert lake.rows() == at(DAY, ACCOUNT, "2")
    assert lake.load(landed).changed
    assert lake.rows() == at(DAY, ACCOUNT, "1", "2")


def test_rows_that_somebody_has_changed_are_replaced(lake):
    landed = lake.land(["1", "2"])
    lake.load(landed)
    table = lake.table
    rows = table.scan(row_filter=EqualTo("id", "1")).to_arrow()
    changed = rows.set_column(rows.schema.get_field_index("id"), rows.schema.field("id"), [["7"]])
    table.overwrite(changed, overwrite_filter=EqualTo("id", "1"))
    assert lake.rows() == at(DAY, ACCOUNT, "2", "7")
    assert lake.load(landed).changed
    assert lake.rows() == at(DAY, ACCOUNT, "1", "2")


def test_a_table_that_was_rolled_back_gets_the_window_again(lake):
    first = lake.load(lake.land(["1"]))
    landed = lake.land(["2"])
    lake.load(landed)
    lake.table.manage_snapshots().set_current_snapshot(first.snapshot_id).commit()
    assert lake.rows() == at(DAY, ACCOUNT, "1")
    assert lake.load(landed).changed
    assert lake.rows() == at(DAY, ACCOUNT, "2")


def test_a_window_whose_snapshot_has_expired_is_written_anew(lake):
    landed = lake.land(["1", "2"])
    lake.load(landed)
    present = lake.load(lake.land(["5"], window=NEXT_DAY))
    lake.table.maintenance.expire_snapshots().older_than(datetime.now(UTC) + timedelta(hours=1)).commit()
    assert [one.snapshot_id for one in lake.table.snapshots()] == [present.snapshot_id]

    assert lake.load(landed).changed
    assert lake.rows() == sorted([*at(DAY, ACCOUNT, "1", "2"), *at(NEXT_DAY, ACCOUNT, "5")])
    assert not lake.load(landed).changed


def test_a_window_without_records_empties_it(lake):
    lake.load(lake.land(["1"]))
    lake.load(lake.land(["2"], window=NEXT_DAY))
    empty = lake.land()
    assert lake.load(empty).changed
    assert lake.rows() == at(NEXT_DAY, ACCOUNT, "2")
    assert not lake.load(empty).changed


def test_a_table_may_begin_with_a_window_without_records(lake):
    empty = lake.land()
    assert lake.load(empty).changed
    assert not lake.load(empty).changed
    assert lake.rows() == []
    lake.load(lake.land(["1"]))
    assert lake.rows() == at(DAY, ACCOUNT, "1")


def test_every_file_in_the_tables_folder_is_one_that_a_snapshot_names(lake):
    lake.load(lake.land(["1"], ["2"]))
    lake.load(lake.land(["3"]))
    assert lake.data_files() == lake.named_files()


@pytest.mark.parametrize("transform", ["month", "day", "year"])
def test_a_table_may_have_coarser_partitions_for_the_day(lake, transform):
    lake.load(lake.land(["1"]))
    with lake.table.update_spec() as update:
        update.remove_field("dt")
    with lake.table.update_spec() as update:
        update.add_field("dt", transform, "dt_by")
    lake.load(lake.land(["2"], window=NEXT_DAY))
    lake.load(lake.land(["3"]))
    assert lake.rows() == sorted([*at(DAY, ACCOUNT, "3"), *at(NEXT_DAY, ACCOUNT, "2")])
    partitions = lake.table.inspect.partitions()["partition"].to_pylist()
    expected = {"month": 672, "day": date(2026, 1, 30), "year": 56}[transform]
    assert expected in [one["dt_by"] for one in partitions]


class TestTablesOfOthers:
    def create(self, lake, *fields: NestedField, partitions=None):
        lake.catalog.create_namespace_if_not_exists("liveperson")
        schema = Schema(*fields)
        spec = partition_spec(schema) if partitions is None else partitions
        return lake.catalog.create_table(NAME, schema, partition_spec=spec)

    def test_one_that_was_made_with_the_same_columns_is_taken(self, lake):
        landed = lake.land(["1"])
        self.create(lake, *schema_of(landed.columns).fields)
        lake.load(landed)
        assert lake.rows() == at(DAY, ACCOUNT, "1")
        with pytest.raises(ConfigurationError, match="audit_trail") as raised:
            lake.load(lake.land(['{"x": 1}'], dataset="audit_trail"))
        assert raised.value.field == "table"

    def test_it_need_not_have_the_datasets_columns(self, lake):
        place = (("account_id", StringType()), ("dt", DateType()), ("_window", StringType()))
        self.create(
            lake, *(NestedField(number, name, kind) for number, (name, kind) in enumerate(place, start=1))
        )
        lake.load(lake.land(["1"]))
        assert lake.rows() == at(DAY, ACCOUNT, "1")

    @pytest.mark.parametrize(
        ("kinds", "partitions"),
        [
            ({"order": LongType()}, PartitionSpec()),
            ({"account_id": StringType(), "dt": DateType(), "_window": StringType()}, PartitionSpec()),
            ({"account_id": LongType(), "dt": DateType(), "_window": StringType()}, None),
        ],
        ids=["other columns", "no partitions", "another type"],
    )
    def test_one_in_which_windows_are_not_apart_is_refused_before_anything_is_written(
        self, lake, kinds, partitions
    ):
        fields = [
            NestedField(number, name, kind) for number, (name, kind) in enumerate(kinds.items(), start=1)
        ]
        self.create(lake, *fields, partitions=partitions)
        landed, before = lake.land(["1"]), lake.everything()
        with pytest.raises(ConfigurationError, match="was not made for landed windows") as raised:
            lake.load(landed)
        assert raised.value.field == "table"
        assert lake.everything() == before

    def test_partitions_by_other_columns_are_refused(self, lake):
        lake.load(lake.land(["1"]))
        with lake.table.update_spec() as update:
            update.add_identity("loginName")
        with pytest.raises(ConfigurationError, match="may only have one"):
            lake.load(lake.land(["2"]))

    def test_files_that_are_older_than_the_partitions_are_not_guessed_about(self, lake):
        landed = lake.land(["1"])
        table = self.create(lake, *schema_of(landed.columns).fields, partitions=PartitionSpec())
        rows = {"id": ["9"], "account_id": [ACCOUNT], "_window": [at(DAY, ACCOUNT, "9")[0][2]]}
        import pyarrow

        table.append(pyarrow.table(rows))
        with table.update_spec() as update:
            for name in ("account_id", "dt", "_window"):
                update.add_identity(name)
        with pytest.raises(StorageError, match="may have rows of other windows") as raised:
            lake.load(landed)
        assert raised.value.permanent
        assert rows_of(lake.table, "id") == [("9",)]
        assert lake.data_files() == lake.named_files()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"dataset": "audit_trail"}, '"audit_trail"'),
        ({"cursor": "elsewhen"}, '"elsewhen"'),
    ],
    ids=["dataset", "cursor"],
)
def test_other_records_do_not_go_into_the_same_table(lake, choices, message):
    lake.load(lake.land(["1"]))
    other, before = lake.land(['{"a": 1}'], window=NEXT_DAY, **choices), lake.everything()
    with pytest.raises(ConfigurationError, match=message) as raised:
        lake.load(other)
    assert raised.value.field == "table"
    assert lake.everything() == before


def test_the_day_of_a_window_is_the_utc_day_in_which_it_starts(lake):
    start = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)
    lake.load(lake.land(["1"], window=Window(start, start + timedelta(hours=1))))
    assert lake.rows("dt", "_window") == [(date(2026, 1, 30), "20260130T233000Z_20260131T003000Z")]

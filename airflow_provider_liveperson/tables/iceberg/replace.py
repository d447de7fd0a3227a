"""One window's rows in an Iceberg table, replaced in one snapshot.

See ``docs/decisions/0086-a-window-is-a-partition-of-an-iceberg-table.md``.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import tenacity
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.expressions import And, EqualTo
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table, Transaction
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import AssertTableUUID

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.tables.iceberg.data_file import (
    file_name,
    schema_with_place,
    write_data_file,
)
from airflow_provider_liveperson.tables.iceberg.errors import errors_about
from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow
from airflow_provider_liveperson.tables.iceberg.schema import (
    SELECTION,
    WINDOW,
    check_table,
    check_types,
    lacks,
    partition_spec,
    schema_of,
    with_ids,
)

log = logging.getLogger(__name__)

ACCOUNT_ID = "liveperson.account-id"
WINDOW_NAME = "liveperson.window"
DIGEST = "liveperson.manifest-sha256"
MANIFEST = "liveperson.manifest"
WRITE_ID = "liveperson.write-id"

_MAX_COMMITS = 40
_MAX_WAIT = 8.0


class UnknownOutcomeError(StorageError):
    """The catalog did not say whether it has committed."""


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """A window that is in a table.

    :param snapshot_id: of the snapshot that put it there.
    :param changed: False where it was there already.
    :param table: the table, with the window.
    """

    snapshot_id: int
    changed: bool
    table: Table = field(repr=False, compare=False)


@dataclass
class _Written:
    """The data files of a window, before a snapshot names them.

    :param write_id: is in the name of each file, and in the snapshot.
    :param spec_id: the partitions for which they were written.
    """

    write_id: uuid.UUID
    spec_id: int
    files: list[DataFile] = field(default_factory=list)


def replace_window(
    catalog: Catalog, name: str, landed: LandedWindow, *, table_properties: Mapping[str, str]
) -> Replaced:
    """Put a window's rows into a table, in place of those that it has of this window.

    :param catalog: where the table is registered.
    :param name: the table's name, with its namespace.
    :param landed: the window.
    :param table_properties: of the table, if it is created.
    :raises ConfigurationError: for a table that is not for such windows, before anything is written.
    :raises StorageError: when the catalog or a store fails. The table then is as it was, unless the message says that
        this is not known; the next try looks.
    """
    declared = schema_of(landed.columns)
    with errors_about(f"open the table {name}"):
        try:
            table: Table | None = catalog.load_table(name)
        except NoSuchTableError:
            table = None
    if table is not None:
        check_table(table, landed.selection)
        check_types(name, table.schema(), declared)
        if snapshot := snapshot_of(table, landed):
            log.info("%s has %s of %s already", name, landed.name, landed.uri)
            return Replaced(snapshot_id=snapshot.snapshot_id, changed=False, table=table)
    of_parts = landed.schema()
    if of_parts is not None and (known := with_ids(of_parts, declared)):
        check_types(name, declared, known)
    if table is None:
        table = _create(catalog, name, declared, landed, table_properties)
        check_table(table, landed.selection)
        check_types(name, table.schema(), declared)
    if lacks(table.schema(), declared):
        _add_columns(table, declared)
    if of_parts is not None and with_ids(of_parts, table.schema()) is None:
        _add_columns(table, of_parts)  # those that are not declared any more
    return _commit(table, landed, _write(table, landed))


def snapshot_of(table: Table, landed: LandedWindow) -> Snapshot | None:
    """The snapshot that put the window into a table, if the table has it just as the manifest says, and None if not.

    Also None if anybody else has changed or rewritten its rows since.

    :param table: the table.
    :param landed: the window.
    """
    with errors_about(f"read the table {'.'.join(table.name())}"):
        for snapshot in _newest_first(table):
            about = snapshot.summary or {}
            if (about.get(ACCOUNT_ID), about.get(WINDOW_NAME)) != (
                landed.manifest.account_id,
                landed.name,
            ):
                continue
            if about.get(DIGEST) != landed.digest:
                return None
            tasks = _tasks(table, landed)
            is_whole = (
                sum(task.file.record_count for task in tasks) == landed.manifest.counts.kept
                and not any(task.delete_files for task in tasks)
                and all(str(about.get(WRITE_ID)) in task.file.file_path for task in tasks)
            )
            return snapshot if is_whole else None
    return None


def _newest_first(table: Table) -> Iterator[Snapshot]:
    """The snapshots that led to the present one, as far as they have not expired.

    pyiceberg's own ``ancestors_of`` looks through all snapshots for each parent: with one for each hour of a year, that
    takes seconds.
    """
    by_id = {snapshot.snapshot_id: snapshot for snapshot in table.snapshots()}
    snapshot = table.current_snapshot()
    while snapshot is not None:
        yield snapshot
        parent = snapshot.parent_snapshot_id
        snapshot = None if parent is None else by_id.get(parent)


def _tasks(table: Table, landed: LandedWindow) -> list[FileScanTask]:
    """The files with rows of the window, none of which has any other rows."""
    account_id, name = (landed.place[column] for column in WINDOW)
    window = And(EqualTo(WINDOW[0], account_id), EqualTo(WINDOW[1], name))
    tasks = list(table.scan(row_filter=window).plan_files())
    schema, specs = table.schema(), table.specs()
    for task in tasks:
        fields = specs[task.file.spec_id].fields
        values = {
            schema.find_column_name(field.source_id): task.file.partition[number]
            for number, field in enumerate(fields)
            if str(field.transform) == "identity"
        }
        if any(values.get(column) != landed.place[column] for column in WINDOW):
            raise StorageError(
                f"{task.file.file_path} may have rows of other windows than {landed.name}, because it was written"
                " before the table had its partitions; rewrite the table's data files with its present partitions",
                permanent=True,
            )
    return tasks


def _create(
    catalog: Catalog, name: str, schema: Schema, landed: LandedWindow, table_properties: Mapping[str, str]
) -> Table:
    properties = {"comment": landed.dataset.title, **table_properties, SELECTION: landed.selection}

    def create() -> Table:
        return catalog.create_table(
            name, schema, partition_spec=partition_spec(schema), properties=properties
        )

    with errors_about(f"create the table {name}"):
        try:
            try:
                table = create()
            except NoSuchNamespaceError:
                _create_namespace(catalog, name)
                table = create()
            log.info("Created the table %s", name)
        except TableAlreadyExistsError:
            table = catalog.load_table(name)
    return table


def _create_namespace(catalog: Catalog, name: str) -> None:
    namespace = catalog.namespace_from(name)
    try:
        catalog.create_namespace(namespace)
    except Exception:
        # Where another task was faster, some catalogs raise what their database raised.
        if not catalog.namespace_exists(namespace):
            raise


def _retrying() -> Iterator[tenacity.AttemptManager]:
    """Tries to commit, as long as others commit first: many mapped tasks may write to the same table."""
    yield from tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(CommitFailedException),
        stop=tenacity.stop_after_attempt(_MAX_COMMITS),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=_MAX_WAIT),
        reraise=True,
    )


def _conflict(table: Table, error: Exception) -> StorageError:
    return StorageError(
        f"{'.'.join(table.name())} was changed by others before each of {_MAX_COMMITS} commits ({error}); nothing of"
        " the window was changed"
    )


def _add_columns(table: Table, columns: Any) -> None:
    """Give a table the columns that it lacks, at any depth.

    :param table: the table.
    :param columns: a schema of Iceberg or Arrow.
    """
    name = ".".join(table.name())
    try:
        for attempt in _retrying():
            with attempt, errors_about(f"add columns to the table {name}"):
                if attempt.retry_state.attempt_number > 1:
                    table.refresh()
                with table.update_schema() as update:
                    update.union_by_name(columns)
    except CommitFailedException as error:
        raise _conflict(table, error) from error
    log.info("Added columns to the table %s", name)


def _write(table: Table, landed: LandedWindow) -> _Written:
    """Write the data files, one for each part with records; those of a try that fails are removed."""
    name = ".".join(table.name())
    written = _Written(write_id=uuid.uuid4(), spec_id=table.spec().spec_id)
    try:
        for part in landed.parts():
            schema = with_ids(schema_with_place(part.schema_arrow), table.schema())
            if schema is None:
                raise StorageError(
                    f"the parts of {landed.uri} differ in their columns; land the window again"
                )
            check_types(name, table.schema(), schema)
            with errors_about(f"write a data file of the table {name}"):
                file = file_name(written.write_id, len(written.files))
                written.files.append(write_data_file(table, file, part, schema, landed.place))
            del part  # before the next one is read
    except BaseException:
        _give_up(table, written)
        raise
    return written


def _give_up(table: Table, written: _Written) -> None:
    """Remove data files, unless a snapshot names them: a commit may have been made though it was reported as failed."""
    with suppress(Exception):  # files that stay do no harm: nothing reads them
        table.refresh()
        if not any(_wrote(snapshot, written) for snapshot in table.snapshots()):
            for one in written.files:
                table.io.delete(one.file_path)


def _wrote(snapshot: Snapshot, written: _Written) -> bool:
    return (snapshot.summary or {}).get(WRITE_ID) == str(written.write_id)


def _commit(table: Table, landed: LandedWindow, written: _Written) -> Replaced:
    """Commit the data files; again as long as others commit first, to what they have left."""
    try:
        for attempt in _retrying():
            with attempt:
                if attempt.retry_state.attempt_number > 1 and (found := _look_again(table, landed)):
                    # Another run has committed the same manifest; or this one has, and the answer got lost.
                    _give_up(table, written)
                    return Replaced(
                        snapshot_id=found.snapshot_id, changed=_wrote(found, written), table=table
                    )
                landed.check_is_current()
                return _commit_once(table, landed, written)
    except UnknownOutcomeError:
        raise  # the files may be the table's
    except CommitFailedException as error:
        _give_up(table, written)
        raise _conflict(table, error) from error
    except Exception:
        _give_up(table, written)
        raise
    raise AssertionError("the last attempt has returned or raised")


def _look_again(table: Table, landed: LandedWindow) -> Snapshot | None:
    with errors_about(f"read the table {'.'.join(table.name())} again"):
        table.refresh()
    check_table(table, landed.selection)
    return snapshot_of(table, landed)


def _commit_once(table: Table, landed: LandedWindow, written: _Written) -> Replaced:
    name = ".".join(table.name())
    if table.spec().spec_id != written.spec_id:
        raise StorageError(
            f"the partitions of {name} have changed meanwhile; the next try writes for the new ones"
        )
    with errors_about(f"prepare a snapshot of the table {name}"):
        old = [task.file for task in _tasks(table, landed)]
        transaction = table.transaction()
        if SELECTION not in table.properties:
            transaction.set_properties({SELECTION: landed.selection})
        update = transaction.update_snapshot(snapshot_properties=_about(landed, written))
        with _evaluating_apart(update.overwrite()) if old else update.fast_append() as snapshot:
            for one in old:
                snapshot.delete_data_file(one)
            for one in written.files:
                snapshot.append_data_file(one)
    try:
        _send(table, transaction)
    except CommitFailedException:
        raise
    except Exception as error:
        raise UnknownOutcomeError(
            f"it is not known whether {name} was changed ({type(error).__name__}: {error}); the next try looks"
        ) from error
    return Replaced(snapshot_id=snapshot.snapshot_id, changed=True, table=table)


def _evaluating_apart(snapshot: Any) -> Any:
    """Have each manifest looked at by an evaluator of its own.

    pyiceberg 0.12 looks at them in several threads, by one evaluator, which keeps in mind what the manifest holds. So
    one manifest may be judged by another one's partitions, and be passed over though it has a file to delete. 0.11 has
    no evaluators here: it reads all manifests.
    """
    if (build := getattr(snapshot, "_build_manifest_evaluator", None)) is not None:
        snapshot._build_manifest_evaluator = lambda spec_id: lambda manifest: build(spec_id)(manifest)
    return snapshot


def _send(table: Table, transaction: Transaction) -> None:
    """Have the catalog commit a transaction, once.

    ``commit_transaction`` would try again without another look at what is in the window by then. And when it gives up,
    it removes its manifests, also those of a commit that was made though it was reported as failed. See
    ``docs/decisions/0087-what-is-used-of-pyiceberg.md``.
    """
    is_same_table = AssertTableUUID(uuid=table.metadata.table_uuid)
    table._do_commit(updates=transaction._updates, requirements=(*transaction._requirements, is_same_table))


def _about(landed: LandedWindow, written: _Written) -> dict[str, str]:
    return {
        ACCOUNT_ID: landed.manifest.account_id,
        WINDOW_NAME: landed.name,
        MANIFEST: landed.uri,
        DIGEST: landed.digest,
        WRITE_ID: str(written.write_id),
    }

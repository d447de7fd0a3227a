"""Visits: an API that LivePerson does not have, with a dataset of each shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import msgspec

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import ISO_SECONDS, TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Partition
from airflow_provider_liveperson.datasets.readers.answer import Section
from airflow_provider_liveperson.datasets.readers.collection import Collection
from airflow_provider_liveperson.datasets.readers.files import Files, ListedFile
from airflow_provider_liveperson.datasets.readers.intervals import END, START, Between, Intervals
from airflow_provider_liveperson.datasets.readers.keyed_pages import KeyedPages
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPages
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPages
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT, AnswerSnapshot, Snapshot
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.columns import BOOLEAN, INTEGER, TEXT, TIMESTAMP, Column, Personal
from airflow_provider_liveperson.records.line import Line

SERVICE = "visitsDomain"
ACCESS = Access(
    kinds=(CredentialKind.API_KEY,),
    permission="Data → Visits",
)
VISIT: dict[str, Column] = {"id": TEXT, "at": TEXT, "name": Personal(TEXT)}

VISIT_LOG = Dataset(
    name="visit_log",
    title="Visits, by search",
    page="visits-api-methods-search.html",
    request=RequestTemplate(service=SERVICE, method="POST", path="/visits/api/account/{account_id}/search"),
    access=ACCESS,
    reader=OffsetPages(
        records="visits",
        count=("_metadata.count", "_metadata.total"),
        page_size=100,
        range=TimeRange(start="from", end="to"),
        in_body=True,
    ),
    cursors=(Cursor("at", "Each visit once, in the window in which it began."),),
    primary_key=("id",),
    limits=Limits(
        max_range=timedelta(days=7),
        max_records=5_000,
        split_by="at",
        retention=timedelta(days=90),
        lag=timedelta(minutes=5),
    ),
    columns=VISIT,
)
VISIT_FEED = Dataset(
    name="visit_feed",
    title="Visits, as they came",
    page="visits-api-methods-feed.html",
    request=RequestTemplate(service=SERVICE, path="/visits/api/account/{account_id}/feed"),
    access=ACCESS,
    reader=LinkedPages(
        records="visits",
        next="_metadata.references",
        page_size=100,
        range=TimeRange(start="from", end="to", clock=ISO_SECONDS),
    ),
    cursors=(Cursor("at", "Each visit once, in the window in which it began."),),
    primary_key=("id", "at"),
    limits=Limits(max_range=timedelta(days=7)),
    columns=VISIT,
)
VISIT_STREAM = Dataset(
    name="visit_stream",
    title="Visits, from page to page",
    page="visits-api-methods-stream.html",
    request=RequestTemplate(service=SERVICE, path="/visits/api/account/{account_id}/stream"),
    access=ACCESS,
    reader=KeyedPages(
        records="visits",
        next_key="paging.nextPageKey",
        page_size=100,
        range=TimeRange(start="from", end="to"),
        partition=Partition(name="channel", values=("web", "app"), column="_channel"),
    ),
    cursors=(Cursor("at", "Each visit once, in the window in which it began."),),
    primary_key=("id",),
    limits=Limits(max_range=timedelta(days=7), max_per_second=10_000),
    columns={**VISIT, "_channel": TEXT},
)
VISIT_ROOMS = Dataset(
    name="visit_rooms",
    title="Rooms that can be visited",
    page="visits-api-methods-rooms.html",
    request=RequestTemplate(
        service=SERVICE, path="/visits/api/account/{account_id}/rooms", params={"v": "1.0"}
    ),
    access=ACCESS,
    reader=Collection(
        arguments={"include_deleted": "true", "select": "id,name,deleted,dateUpdated"},
        smallest={"select": "id"},
    ),
    primary_key=("id",),
    limits=Limits(has_history=False),
    columns={"id": TEXT, "name": TEXT, "deleted": BOOLEAN, "dateUpdated": TEXT},
)
VISIT_NOW = Dataset(
    name="visit_now",
    title="Visitors who are there now",
    page="visits-api-methods-now.html",
    request=RequestTemplate(service=SERVICE, path="/visits/api/account/{account_id}/now"),
    access=ACCESS,
    reader=Snapshot(records="visitors", count=("count",), page_size=100),
    primary_key=("id",),
    limits=Limits(has_history=False),
    columns={"id": TEXT, "name": Personal(TEXT), "pages": INTEGER, PULLED_AT: TEXT},
)
VISIT_LOAD = Dataset(
    name="visit_load",
    title="Pages that are open now, by channel and in total",
    page="visits-api-methods-load.html",
    request=RequestTemplate(service=SERVICE, path="/visits/api/account/{account_id}/load"),
    access=ACCESS,
    reader=AnswerSnapshot(
        sections=(
            Section("account", ("total",)),
            Section("channel", ("channels.{channel}",)),
        ),
    ),
    primary_key=("_level", "_channel"),
    limits=Limits(has_history=False),
    columns={PULLED_AT: TIMESTAMP, "_level": TEXT, "_channel": TEXT, "pages": INTEGER},
)
VISIT_INTERVALS = Dataset(
    name="visit_intervals",
    title="Visits every 15 minutes, by channel and in total",
    page="visits-api-methods-intervals.html",
    request=RequestTemplate(service=SERVICE, path="/visits/api/account/{account_id}/intervals"),
    access=ACCESS,
    reader=Intervals(
        sections=(
            Section("account", ("total",)),
            Section("channel", ("channels.{channel}",)),
        ),
        length=timedelta(minutes=15),
        reach=timedelta(hours=24),
        frame=Between("1", TimeRange(start="from", end="to")),
    ),
    cursors=(Cursor("interval", "Each interval once, in the window in which it begins.", START),),
    primary_key=(START, "_level", "_channel"),
    limits=Limits(max_range=timedelta(hours=24), retention=timedelta(hours=24), lag=timedelta(minutes=15)),
    columns={START: TIMESTAMP, END: TIMESTAMP, "_level": TEXT, "_channel": TEXT, "visits": INTEGER},
)


class _File(msgspec.Struct):
    name: str
    begins: int


class _Files(msgspec.Struct):
    files: list[_File]


_LIST = msgspec.json.Decoder(_Files)


class VisitFiles(Files):
    """Files with a visit in each line."""

    def listed(self, dataset: Dataset, answer: Answer) -> Iterator[ListedFile]:
        made = dataset.make_request(to_disk=True)
        for file in raw.read(_LIST, answer.body, answer.content_type).content.files:
            yield ListedFile(file.begins, replace(made, path=f"{made.path}/{quote(file.name, safe='')}"))

    def rows(self, content: bytes) -> Iterator[Line]:
        yield content


VISIT_FILES = Dataset(
    name="visit_files",
    title="Visits, from a file an hour",
    page="visits-api-methods-files.html",
    request=RequestTemplate(service=SERVICE, path="/visits/api/account/{account_id}/files"),
    access=ACCESS,
    reader=VisitFiles(range=TimeRange(start="from", end="to")),
    cursors=(Cursor("begins", "Each file once, in the window in which its hour begins."),),
    primary_key=("id",),
    # A file is there when its hour is over.
    limits=Limits(max_range=timedelta(days=1), lag=timedelta(hours=1)),
    columns=VISIT,
)

DATASETS = (
    VISIT_LOG,
    VISIT_FEED,
    VISIT_STREAM,
    VISIT_ROOMS,
    VISIT_NOW,
    VISIT_LOAD,
    VISIT_INTERVALS,
    VISIT_FILES,
)

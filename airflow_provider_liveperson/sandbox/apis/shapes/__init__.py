"""The shapes in which LivePerson's APIs answer again and again, so that a new API is short.

- :class:`~.parameters.Parameters` reads a request's parameters and collects what is wrong with them.
- :class:`~.pages.PagedSearch`: offset and limit, in the query or in the body, with a count and page links.
- :class:`~.pages.KeyedPages`: opaque page keys, which may lead through pages without a record.
- :class:`~.intervals.IntervalMetrics`: numbers of a time frame, in intervals on a clock grid, and their totals.
- :class:`~.snapshot.Snapshot`: how things are now, without history.
- :class:`~.files.FileListing`: a list of files, then the files.
- :class:`~.collection.Collections` and :class:`~.collection.CollectionRules`: whole collections as bare arrays, with
  their revision in a header.
- :class:`~.rate.RateLimit`: a number of requests per second, and a 429 beyond.

A shape knows no API and reads no switches: the API's handler makes it from its own switches, for every request, as they
may change in between.
"""

from __future__ import annotations

from airflow_provider_liveperson.sandbox.apis.shapes.collection import CollectionRules, Collections
from airflow_provider_liveperson.sandbox.apis.shapes.files import FileListing, StoredFile
from airflow_provider_liveperson.sandbox.apis.shapes.intervals import Frame, Interval, IntervalMetrics
from airflow_provider_liveperson.sandbox.apis.shapes.pages import PAGE_FAULTS, Bounds, KeyedPages, PagedSearch
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.rate import RateLimit
from airflow_provider_liveperson.sandbox.apis.shapes.snapshot import Snapshot

__all__ = [
    "PAGE_FAULTS",
    "Bounds",
    "CollectionRules",
    "Collections",
    "FileListing",
    "Frame",
    "Interval",
    "IntervalMetrics",
    "KeyedPages",
    "PagedSearch",
    "Parameters",
    "RateLimit",
    "Snapshot",
    "StoredFile",
]

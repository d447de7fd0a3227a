"""Datasets for tests: declarations whose slices are read by any pager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.reader import Pager, Reader


class AnyReader(Reader):
    """A reader that makes its pagers by a function.

    :param pager: makes the pager of a slice.
    :param check: refuses queries.
    """

    shape: ClassVar[str] = "pages"

    def __init__(
        self,
        pager: Callable[[Dataset, Query, Slice], Pager],
        check: Callable[[Query], None] = lambda query: None,
    ) -> None:
        self._pager = pager
        self._check = check

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> Pager:
        return self._pager(dataset, query, slice_)

    def check(self, query: Query) -> None:
        self._check(query)


def declare(
    pager: Callable[[Dataset, Query, Slice], Pager],
    *,
    cursors: tuple[str, ...] = ("at",),
    check: Callable[[Query], None] = lambda query: None,
    limits: dict[str, Any] | None = None,
    **choices: Any,
) -> Dataset:
    """Declare a dataset named ``things``.

    :param pager: makes the pager of a slice.
    :param cursors: the names of its cursors.
    :param check: refuses queries.
    :param limits: the fields of its limits.
    :param choices: other fields of the declaration.
    """
    declared: dict[str, Any] = {
        "name": "things",
        "title": "Things",
        "page": "things.html",
        "request": RequestTemplate(service="things", path="/things"),
        "access": Access(kinds=(CredentialKind.API_KEY,)),
        "reader": AnyReader(pager, check),
        "cursors": tuple(Cursor(name, f"Each thing, by {name}.") for name in cursors),
        "limits": Limits(**(limits or {})),
        **choices,
    }
    return Dataset(**declared)

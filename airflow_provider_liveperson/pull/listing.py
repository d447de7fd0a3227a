"""The files that LivePerson lists, without the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.files import FilesPager, ListedFile
from airflow_provider_liveperson.exceptions import RequestRejectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_liveperson.client.client import LivePersonClient


def listed_files(client: LivePersonClient, dataset: Dataset, query: Query) -> Iterator[ListedFile]:
    """The files that begin in a window, oldest first. A list is requested when the one before it is at its end.

    :param client: sends the requests.
    :param dataset: a dataset that comes in files.
    :param query: the window.
    :raises LivePersonError: when a list cannot be had.
    """
    for slice_ in dataset.plan(query):
        yield from _listed(client, dataset, query, slice_)


def _listed(client: LivePersonClient, dataset: Dataset, query: Query, slice_: Slice) -> Sequence[ListedFile]:
    pager = dataset.open(query, slice_)
    assert isinstance(pager, FilesPager)
    while pager.listed is None:  # asked for twice where the range has to be named in another way
        request = pager.next_request()
        assert request is not None
        try:
            pager.peek(client.call(request, pager.parse))
        except RequestRejectedError as error:
            pager.refused(error)
    return pager.listed

"""Readers of pages that say how many records there are."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_liveperson.datasets.readers.pages import NO_CONTENT, Page
from airflow_provider_liveperson.datasets.readers.reader import Reader


class CountedPages(Reader):
    """A reader whose pages say how many records there are on all of them."""

    uncounted: ClassVar[str] = ""

    def count_of(self, parsed: Page) -> int | None:
        return 0 if parsed is NO_CONTENT else parsed.total

"""Where a pull lands: a store, the folders in it, and how parts are made."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_liveperson.landing.encoding import RAW, Encoding
from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.landing.parts import ROLL_AT, SHARE_BELOW
from airflow_provider_liveperson.landing.stores import Store


@dataclass(frozen=True, kw_only=True)
class Destination(Layout):
    """Where a pull lands.

    :param store: the object store.
    :param prefix: the folder below which the layout begins; may be empty.
    :param encoding: file format and compression.
    :param roll_at: bytes before compression at which a part ends; it may hold one record more.
    :param share_below: slices of fewer bytes, before compression, share a part, which ends with the slice that brings
        it to that size. They wait in memory, and a retry reads them again. With 0 nothing waits. Files that land as
        they came are a part each, whatever these two say.
    :raises ConfigurationError: for a prefix that is not valid, as :class:`Layout`.
    """

    store: Store
    encoding: Encoding
    roll_at: int = ROLL_AT
    share_below: int = SHARE_BELOW

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoding.file_format == RAW:
            object.__setattr__(self, "roll_at", 1)
            object.__setattr__(self, "share_below", 0)

"""Windows that land without being pulled, for tests of what reads landed windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.manifest import Counts, Manifest, ManifestHead, Selection
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.window import Window, stamp

ACCOUNT = "70000001"


def land_window(
    store: Store,
    window: Window,
    *,
    dataset: str = "audit_trail",
    account_id: str = ACCOUNT,
    prefix: str = "lake",
    parts: Sequence[Sequence[bytes]] = ((b"{}",),),
    complete: bool = True,
    encoding: Encoding | None = None,
    cursor: str = "changeDate",
    masking: Mapping[str, Any] | None = None,
) -> str:
    """Land a window.

    :param store: where.
    :param window: the window.
    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param prefix: the folder below which the layout begins.
    :param parts: the records of each part.
    :param complete: whether the manifest says that this is all.
    :param encoding: how the parts are made; default: JSON Lines.
    :param cursor: what the manifest says that the cursor was.
    :param masking: what it says that was masked.
    :returns: the window's folder.
    """
    encoding = encoding or Encoding()
    destination = Destination(store=store, prefix=prefix, encoding=encoding)
    folder = destination.folder(dataset, account_id, window)
    head = ManifestHead(
        selection=Selection(
            dataset=dataset,
            account_id=account_id,
            window_start=stamp(window.start),
            window_end=stamp(window.end),
            cursor=cursor,
            filters={},
        ),
        request={},
        file_format=encoding.file_format,
        compression=encoding.compression,
        masking=masking,
    )
    kept = sum(map(len, parts))
    with Landing(destination, folder, head=head) as landing:
        finished = []
        for records in parts:
            writer = landing.writer(len(finished))
            writer.write(records)
            finished += [part.result() for part in writer.finish()]
        landing.commit(
            Manifest.of(
                head,
                complete=complete,
                counts=Counts(reported=kept + 1, received=kept + 1, outside_window=1, kept=kept, repeated=0),
                parts=finished,
                entries=landing.entries(finished),
                versions={},
            )
        )
    return folder

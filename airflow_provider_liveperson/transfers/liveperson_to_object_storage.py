"""LivePerson to any store that Airflow's ObjectStoragePath reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.arguments import read_text
from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator

if TYPE_CHECKING:
    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.landing.encoding import Encoding


class LivePersonToObjectStorageOperator(LivePersonTransferOperator):
    """Pull one window of a LivePerson dataset into local files, Google Cloud Storage, Azure, or any other store.

    See :class:`LivePersonTransferOperator` for everything else. The store is that of Airflow's ``ObjectStoragePath``,
    so every scheme except ``file`` needs its provider: ``gs`` that of Google, ``abfs`` that of Microsoft Azure.

    :param dataset: the dataset's name. (templated)
    :param path: the folder: ``file:///data/liveperson``, or ``gs://conn_id@bucket/folder``. (templated)
    """

    template_fields: Sequence[str] = (*LivePersonTransferOperator.template_fields, "path")

    def __init__(self, *, dataset: str, path: str, **kwargs: Any) -> None:
        super().__init__(dataset=dataset, **kwargs)
        self.path = path

    @classmethod
    def folder_uri(cls, *, path: str, **_: Any) -> str:
        """The folder, without the connection that a path may name before its bucket.

        :param path: the folder.
        """
        scheme, slashes, rest = read_text(path, "path").rstrip("/").partition("://")
        bucket, slash, folder = rest.partition("/")
        return f"{scheme}{slashes}{bucket.rpartition('@')[2]}{slash}{folder}"

    def destination(self, encoding: Encoding) -> Destination:
        """Where the records are written: the folder.

        :param encoding: file format and compression.
        :raises ConfigurationError: for an invalid path.
        """
        from airflow_provider_liveperson.hooks.destinations import path_destination

        return path_destination(encoding, path=self.path)

    def console_url(self, uri: str) -> str | None:
        """Where people look at an object, or a folder, in a browser: Google's console; None for any other store.

        :param uri: of an object that this task has landed, or of a folder, with a slash at its end.
        """
        from airflow_provider_liveperson.landing.consoles import gcs_console

        return gcs_console(uri)

"""Where things are below a prefix: the folders of datasets, accounts and windows, and the lists of their parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing import committed, erased_persons
from airflow_provider_liveperson.records.raw import is_text
from airflow_provider_liveperson.window import Window, file_stamp

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What no folder may have in its name: line breaks, as lists of committed parts have a line for each; and the like."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The keys of everything that lands below a prefix.

    :param prefix: the folder below which the layout begins; may be empty.
    :raises ConfigurationError: for a prefix with ``..``, empty steps, backslashes, blanks around a name, or control
        characters.
    """

    prefix: str

    def __post_init__(self) -> None:
        prefix = (self.prefix or "").strip("/")
        steps = prefix.split("/") if prefix else []
        if (
            any(step in ("", ".", "..") or step != step.strip() for step in steps)
            or CONTROL.search(prefix)
            or "\\" in prefix
            or "://" in prefix
            or not is_text(prefix)
        ):
            raise ConfigurationError(
                f"prefix is {self.prefix!r}; it must be plain folder names separated by single slashes, without . or"
                " .., and without line breaks, tabs or blanks around a name, such as raw/liveperson",
                field="prefix",
            )
        object.__setattr__(self, "prefix", prefix)

    def dataset_folder(self, dataset: str) -> str:
        """The folder of all accounts of one dataset.

        :param dataset: the dataset's name.
        """
        return f"{self._root}{dataset}"

    def account_folder(self, dataset: str, account_id: str) -> str:
        """The folder of all windows of one dataset and account.

        :param dataset: the dataset's name.
        :param account_id: the LivePerson account.
        """
        return f"{self.dataset_folder(dataset)}/account_id={account_id}"

    def folder(self, dataset: str, account_id: str, window: Window) -> str:
        """The folder of one window, partitioned so that query engines see ``account_id`` and ``dt``.

        :param dataset: the dataset's name.
        :param account_id: the LivePerson account.
        :param window: the window; ``dt`` is the UTC day in which it starts.
        """
        return (
            f"{self.account_folder(dataset, account_id)}/dt={window.start.date()}"
            f"/{file_stamp(window.start)}_{file_stamp(window.end)}"
        )

    def committed_list(self, folder: str) -> str:
        """The key of the list of a window's parts, see :mod:`~airflow_provider_liveperson.landing.committed`.

        :param folder: the window's folder.
        """
        return f"{self._root}{committed.FOLDER}/{self.relative(folder)}.txt"

    def erased_persons(self, account_id: str) -> str:
        """The key of the file of an account's erased persons, see
        :mod:`~airflow_provider_liveperson.landing.erased_persons`.

        :param account_id: the LivePerson account.
        """
        return f"{self._root}{erased_persons.FOLDER}/account_id={account_id}.json"

    def relative(self, key: str) -> str:
        """A key without the prefix.

        :param key: a key below the prefix.
        """
        return key.removeprefix(self._root)

    @property
    def _root(self) -> str:
        return f"{self.prefix}/" if self.prefix else ""

"""What a landing says when another run of the same window is at work."""

from __future__ import annotations

from airflow_provider_liveperson.exceptions import StorageError


class ConcurrentRunError(StorageError):
    """Another run of the same window has removed what this one wrote: it has to land again.

    Raised by a landing, caught by whoever pulls.
    """


class SourceGoneError(StorageError):
    """The part that was to be copied is no longer there."""


def concurrent_run(uri: str) -> ConcurrentRunError:
    """The error for an object that is not what this run left there.

    :param uri: the object's address.
    """
    return ConcurrentRunError(
        f"{uri} is not there as it was written; another run of the same window is at work. Run this one again;"
        " max_active_runs=1 keeps them apart"
    )

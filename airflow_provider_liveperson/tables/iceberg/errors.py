"""What catalogs, stores of tables and pyiceberg raise, as errors of this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyiceberg.exceptions import (
    CommitFailedException,
    ForbiddenError,
    NoSuchIcebergTableError,
    UnauthorizedError,
)

from airflow_provider_liveperson.exceptions import LivePersonError, StorageError

_REASON_LENGTH = 500
# Somebody has to change a permission, a credential, or the table's name.
_PERMANENT = (ForbiddenError, UnauthorizedError, NoSuchIcebergTableError, NotImplementedError)


@contextmanager
def errors_about(action: str) -> Iterator[None]:
    """Raise what goes wrong inside as an error of this package, but for conflicts, which are for the caller to retry.

    :param action: what is done, after "cannot".
    :raises StorageError: for any error of a library.
    """
    try:
        yield
    except (LivePersonError, CommitFailedException):
        raise
    except Exception as error:  # whatever a catalog's client, its database or its store raises
        text = " ".join(str(error).split())[:_REASON_LENGTH]
        reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
        permanent = True if isinstance(error, _PERMANENT) else None
        raise StorageError(f"cannot {action}: {reason}", permanent=permanent) from error

"""Iceberg catalogs by Airflow's connection, or by pyiceberg's own configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from airflow_provider_liveperson.arguments import read_mapping, read_optional_text, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.version_compat import AirflowNotFoundException

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

_REASON_LENGTH = 500
# A SQL catalog makes its two tables where they are missing; another task may make each of them at the same moment.
_MAX_TRIES = 3
# How names of secret ones end: s3.secret-access-key, adls.sas-token, credential, header.Authorization.
_SECRET = re.compile(
    r"(secret|token|password|credential|authorization|connection-string|[-_]key)$", re.IGNORECASE
)


def read_catalog_properties(value: object) -> dict[str, Any] | None:
    """Properties of a catalog as pyiceberg takes them; Airflow masks the secret ones from here on.

    :param value: a dict, or None. Its values are texts, or objects as below ``auth`` and ``ssl``.
    :raises ConfigurationError: for anything else.
    """
    properties = read_mapping(value, "catalog_properties")
    if properties is None:
        return None
    from airflow.sdk.log import mask_secret

    for secret in set(_secrets(properties)):
        mask_secret(secret)
    return {name: one if isinstance(one, Mapping) else str(one) for name, one in properties.items()}


def _secrets(properties: Mapping[str, Any]) -> Iterator[str]:
    """The secret values among properties: by their names, and passwords in addresses."""
    for name, value in properties.items():
        if isinstance(value, Mapping):
            yield from _secrets(value)
        elif _SECRET.search(name):
            yield str(value)
        elif isinstance(value, str) and "://" in value:
            place = value.partition("://")[2].partition("/")[0]
            password = place.rpartition("@")[0].partition(":")[2]
            yield from {password, unquote(password)} - {""}


def iceberg_catalog(iceberg_conn_id: object, *, catalog: object, catalog_properties: object) -> Catalog:
    """A catalog of Iceberg tables.

    :param iceberg_conn_id: the Iceberg connection; not used if a catalog or properties are given.
    :param catalog: the name of a catalog in pyiceberg's configuration.
    :param catalog_properties: its properties, which take precedence over that configuration.
    :raises ConfigurationError: when the libraries are missing, and for a connection or properties that name no catalog.
    :raises StorageError: when the catalog cannot be reached.
    """
    name = read_optional_text(catalog, "catalog")
    properties = read_catalog_properties(catalog_properties)
    try:
        import pyarrow  # noqa: F401 - what tables are written with
        from airflow.providers.apache.iceberg.hooks.iceberg import IcebergHook
        from pyiceberg.catalog import load_catalog
    except ImportError as error:
        raise ConfigurationError(
            f"the libraries for Iceberg cannot be imported ({error}); run"
            " `pip install 'airflow-provider-liveperson[iceberg]'`"
        ) from None
    if name is None and properties is None:
        conn_id = read_text(iceberg_conn_id, "iceberg_conn_id")
        return _opened(
            lambda: IcebergHook(conn_id).catalog,
            f"the catalog of the Iceberg connection {conn_id!r}",
            field="iceberg_conn_id",
            hint="its URI and its extra, such as type and warehouse",
        )
    return _opened(
        lambda: load_catalog(name or "default", **(properties or {})),
        f"the catalog {name or 'default'!r}",
        field="catalog",
        hint="catalog_properties and pyiceberg's configuration",
    )


def _opened(load: Callable[[], Catalog], what: str, *, field: str, hint: str) -> Catalog:
    from pyiceberg.exceptions import (
        ForbiddenError,
        NoSuchPropertyException,
        NotInstalledError,
        UnauthorizedError,
    )

    wrong = (AirflowNotFoundException, ValueError, ImportError, NoSuchPropertyException, NotInstalledError)

    try:
        return _loaded(load)
    except Exception as error:  # whatever the catalog's client or its database raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:_REASON_LENGTH]
        message = f"{what} cannot be opened ({reason}); look at {hint}"
        if isinstance(error, wrong):
            raise ConfigurationError(message, field=field) from error
        permanent = True if isinstance(error, UnauthorizedError | ForbiddenError) else None
        raise StorageError(message, field=field, permanent=permanent) from error


def _loaded(load: Callable[[], Catalog]) -> Catalog:
    from sqlalchemy.exc import DBAPIError

    for _ in range(_MAX_TRIES - 1):
        with suppress(DBAPIError):
            return load()
    return load()

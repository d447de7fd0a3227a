"""One record of each dataset, pulled from the sandbox, for the pages about the datasets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.readers import snapshot
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.records.columns import paths
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.window import Window

_END = datetime(2026, 2, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
SANDBOX = SandboxSettings(seed=7, until=date(2026, 2, 1), days=3)
# The fullest of so many is shown.
_CANDIDATES = 200
_MAX_TEXT = 100


def sample_records() -> dict[str, dict[str, Any]]:
    """Pull a record of each dataset; the same ones each time.

    :returns: the record by the dataset's name. Of each list it has the first item, and long texts are cut.
    """
    with (
        _quiet(),
        SandboxServer(SANDBOX) as sandbox,
        clients_of(sandbox) as clients,
        mock.patch.object(snapshot, "now", return_value=_END),
    ):
        return {
            name: _sample(next(clients[kind] for kind in clients if kind in dataset.access.known), dataset)
            for name, dataset in DATASETS.items()
        }


@contextmanager
def _quiet() -> Iterator[None]:
    """Log errors only, meanwhile."""
    logger = logging.getLogger("airflow_provider_liveperson")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def clients_of(sandbox: SandboxServer) -> Iterator[dict[CredentialKind, LivePersonClient]]:
    """Make a client of each kind that is needed: LivePerson's pages name API keys for all datasets but one.

    :param sandbox: the running sandbox.
    """
    settings = ClientSettings(account_id=sandbox.settings.account_id, host=sandbox.url)
    credentials = _credentials(sandbox.settings)
    clients = {kind: LivePersonClient(settings, credential) for kind, credential in credentials.items()}
    try:
        yield clients
    finally:
        for client in clients.values():
            client.close()


def _credentials(settings: SandboxSettings) -> Mapping[CredentialKind, Credential]:
    return {
        CredentialKind.API_KEY: ApiKeyCredential(
            app_key=settings.app_key,
            app_secret=settings.app_secret,
            access_token=settings.access_token,
            access_token_secret=settings.access_token_secret,
        ),
        CredentialKind.LOGIN: LoginCredential(user_name=settings.user_name, password=settings.user_password),
    }


def _sample(client: LivePersonClient, dataset: Dataset) -> dict[str, Any]:
    day = Window(_END - _DAY, _END)
    pulled = records(client, dataset, dataset.query(day), max_records=_CANDIDATES)
    rows = [json.loads(record) for record in pulled]
    declared = [path.split(".") for path, _ in paths(dataset.columns)]
    fullest = max(rows, key=lambda row: sum(_holds(row, path) for path in declared))
    shown: dict[str, Any] = _cut(fullest)
    return shown


def _holds(value: Any, path: list[str]) -> bool:
    """Whether a field is there, in the first item where there is a list."""
    if isinstance(value, list):
        return bool(value) and _holds(value[0], path)
    if not path:
        return value is not None
    return isinstance(value, dict) and _holds(value.get(path[0]), path[1:])


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_cut(item) for item in value[:1]]
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        return f"{value[: _MAX_TEXT - 1]}…"
    return value

"""The links on a task that has landed something: its files, its manifest, and what has landed besides."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

    from airflow_provider_liveperson.pull.pull import PullResult
    from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator


class _LandedLink(BaseOperatorLink):
    """A link that a task has once it has landed something; the task's own process makes it."""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The link; empty if nothing has landed, or where there is no such page.

        :param operator: the operator, in the process of the task that has ended.
        :param ti_key: the task instance.
        """
        result: PullResult | None = getattr(operator, "result", None)
        if result is None:
            return ""
        return self._link(operator, result, ti_key) or ""  # type: ignore[arg-type]

    @abstractmethod
    def _link(
        self, operator: LivePersonTransferOperator, result: PullResult, ti_key: TaskInstanceKey
    ) -> str | None:
        """The link of what has landed; None where there is no such page."""


class FolderLink(_LandedLink):
    """The folder of the window's files in the console of its store; of several days, the dataset's folder."""

    name = "Landed files"

    def _link(
        self, operator: LivePersonTransferOperator, result: PullResult, ti_key: TaskInstanceKey
    ) -> str | None:
        folder = result.manifest.rpartition("/")[0]
        if len(result.manifests) > 1:
            folder = folder.rpartition("/dt=")[0]
        return operator.console_url(f"{folder}/")


class ManifestLink(_LandedLink):
    """The manifest of the window, or of its last day, in the console of its store; else what the page says of it."""

    name = "Manifest"

    def _link(
        self, operator: LivePersonTransferOperator, result: PullResult, ti_key: TaskInstanceKey
    ) -> str | None:
        return operator.console_url(result.manifest) or _facts_url(result, ti_key.dag_id)


class CoverageLink(_LandedLink):
    """What the DAG has landed, day by day."""

    name = "Coverage"

    def _link(
        self, operator: LivePersonTransferOperator, result: PullResult, ti_key: TaskInstanceKey
    ) -> str | None:
        from airflow_provider_liveperson.plugins.liveperson import DAG_ROUTE

        return f"{_airflow_url()}/dags/{quote(ti_key.dag_id, safe='')}/plugin/{DAG_ROUTE}"


def _facts_url(result: PullResult, dag_id: str) -> str:
    """The coverage page, with the day of the last manifest chosen."""
    from airflow_provider_liveperson.coverage.events import landing_of
    from airflow_provider_liveperson.coverage.rows import row_key
    from airflow_provider_liveperson.plugins.liveperson import PREFIX

    landing = landing_of(result.manifest, result.dataset, result.account_id)
    day = result.manifest.rpartition("/dt=")[2][:10]
    chosen = {
        "dag_id": dag_id,
        "until": day,
        "row": row_key(landing, result.dataset, result.account_id),
        "at": f"{day}T00:00:00Z",
    }
    return f"{_airflow_url()}{PREFIX}/coverage?{urlencode(chosen)}#facts"


def _airflow_url() -> str:
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="") or "").rstrip("/")

"""What the assets among a task's outlets are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

from airflow_provider_liveperson.window import DAY, Window

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def tell_assets(
    context: Context,
    outlets: Iterable[object],
    summary: Mapping[str, Any],
    *,
    folder_asset: Callable[[], Asset],
    partitions: list[str] | None,
) -> None:
    """Add the summary to the event of each asset.

    :param context: the task's context.
    :param outlets: the task's outlets.
    :param summary: what has landed.
    :param folder_asset: makes the asset of the dataset's folder, of which an alias gets an event.
    :param partitions: the keys of the partitions that get an event each; None for one event for all that has landed.
    """
    for outlet in outlets:
        if isinstance(outlet, Asset):
            event = context["outlet_events"][outlet]
            event.extra.update(summary)
            if partitions is not None:
                _add_partitions(event, partitions)
        elif isinstance(outlet, AssetAlias):
            context["outlet_events"][outlet].add(folder_asset(), extra=dict(summary))


def day_keys(windows: Iterable[Window]) -> list[str]:
    """The partition keys of UTC days, ``YYYY-MM-DD``: of each window that is a whole day.

    :param windows: the windows that have landed, none of which is longer than a day unless it landed as a whole.
    """
    days = [window for window in windows if next(window.days()) == window and window.length == DAY]
    return [str(day.start.date()) for day in days]


def _add_partitions(event: Any, keys: list[str]) -> None:
    if not hasattr(event, "add_partitions"):
        log.warning(
            "asset_partitions needs Airflow 3.3 or later; the asset gets one event without a partition key"
        )
    elif keys:
        event.add_partitions(keys)
    else:
        log.warning(
            "The window has no whole UTC day; the asset gets one event without a partition key of its own"
        )

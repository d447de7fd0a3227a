"""A few metrics of the account in steps of five minutes, of the last 24 hours only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.client.messages import SOURCE, ApiRequest
from airflow_provider_liveperson.datasets.key_messaging_metrics.metrics import window_of
from airflow_provider_liveperson.datasets.key_messaging_metrics.question import Question
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.intervals import Intervals, on_grid
from airflow_provider_liveperson.window import Window

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class History(Intervals):
    """Reads intervals that are asked for with a JSON body.

    :param question: what is asked.
    """

    question: Question

    def request(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        window = window_of(query, slice_)
        frame = Window(on_grid(window.start, self.length), on_grid(window.end, self.length, up=True))
        time = self.frame.arguments(frame, datetime.now(UTC), self)
        asked = self.question.describe(query)
        return dataset.make_request(
            params={"interval": str(self.length // timedelta(minutes=1)), "source": SOURCE},
            json={
                **asked,
                "filters": {"time": {name: int(value) for name, value in time.items()}, **asked["filters"]},
            },
        )

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return {"interval": str(self.length // timedelta(minutes=1)), **self.question.describe(query)}

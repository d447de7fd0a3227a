"""Asset events in an Airflow home, as the operators' tasks tell them, without running a task: a history to look at."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_liveperson.window import DAY, Window, stamp
from devtools.airflow_home import AirflowHome

_SCRIPT = """
import json, sys
from datetime import datetime
from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session

with open(sys.argv[1]) as file, create_session() as session:
    for event in json.load(file):
        at = datetime.fromisoformat(event.pop("timestamp"))
        session.add(AssetEvent(asset_id=1, timestamp=at, **event))
"""


@dataclass(frozen=True, kw_only=True)
class LandedWindow:
    """A window that has landed.

    :param dataset: the dataset.
    :param window: the window.
    :param records: how many records have landed.
    :param complete: whether these are all.
    :param at: when; default: twenty minutes after the window's end.
    """

    dataset: str
    window: Window
    records: int
    complete: bool = True
    at: datetime | None = None

    def event(self, *, landing: str, account_id: str, dag_id: str) -> dict[str, Any]:
        """The event, as columns of Airflow's table.

        :param landing: the landing's address.
        :param account_id: the LivePerson account.
        :param dag_id: the DAG that has landed it.
        """
        start, end = stamp(self.window.start), stamp(self.window.end)
        folder = f"{landing}/{self.dataset}/account_id={account_id}/dt={self.window.start.date()}"
        at = self.at or self.window.end + timedelta(minutes=20)
        about = {
            "window_start": start,
            "window_end": end,
            "records": self.records,
            "reported": self.records,
            "complete": self.complete,
        }
        return {
            "source_dag_id": dag_id,
            "source_task_id": f"pull.{self.dataset}",
            "source_run_id": f"scheduled__{end}",
            "timestamp": at.isoformat(),
            "extra": {
                "dataset": self.dataset,
                "account_id": account_id,
                **about,
                "manifests": [f"{folder}/{start}_{end}/_manifest.json"],
                "windows": [about],
            },
        }


def add_events(home: AirflowHome, events: Iterable[dict[str, Any]]) -> None:
    """Write events into Airflow's database.

    :param home: a home that has been entered.
    :param events: the events, see :meth:`LandedWindow.event`.
    :raises RuntimeError: when that fails.
    """
    path = home.path / "events.json"
    path.write_text(json.dumps(list(events)))
    answer = home.python("-c", _SCRIPT, str(path))
    path.unlink()
    if answer.returncode:
        raise RuntimeError(f"the events could not be written:\n{answer.stdout}")


def three_months(today: datetime) -> Iterator[LandedWindow]:
    """What an account of a middling size has landed, with a few things wrong in the last two weeks.

    :param today: the last midnight, UTC.
    """
    chance = random.Random(13)
    sizes = {
        "actual_handle_time": 160,
        "agent_status_changes": 2_400,
        "audit_trail": 420,
        "engagement_history": 33,
        "messaging_interactions": 8_800,
        "outbound_transactions": 1_500,
        "skills": 64,
        "users": 310,
    }
    for dataset, size in sizes.items():
        is_steady = dataset in ("audit_trail", "engagement_history", "skills", "users")
        for ago in range(91, 0, -1):
            start = today - ago * DAY
            share = 1.0 if is_steady else (0.35 if start.weekday() >= 5 else 1.0) * chance.uniform(0.85, 1.15)
            complete = True
            if (dataset, ago) in {
                ("audit_trail", 12),
                ("outbound_transactions", 4),
                ("outbound_transactions", 3),
                ("outbound_transactions", 2),
                ("outbound_transactions", 1),
            }:
                continue
            if (dataset, ago) == ("messaging_interactions", 4):
                share = 0.21
            if (dataset, ago) == ("engagement_history", 9):
                complete = False
            yield LandedWindow(
                dataset=dataset,
                window=Window(start, start + DAY),
                records=round(size * share),
                complete=complete,
            )

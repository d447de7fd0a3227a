"""What short windows download beyond what they keep: ``python -m benchmarks.windows PAST PRESENT``.

Conversations are pulled by the default cursor in past windows of a day and of an hour, and in the hour that has just
ended, one window at a time. Bytes are counted, not seconds. The last line that it prints is one JSON object.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.window import Window
from benchmarks.measured import CONN_ID, DATASET, Traffic

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def measure(client: LivePersonClient, past: datetime, present: datetime, traffic: Traffic) -> dict[str, Any]:
    """Pull the windows of each kind.

    :param client: asks LivePerson.
    :param past: the end of the last window in the past, aware.
    :param present: the end of the latest hour, after which there are no conversations yet, aware.
    :param traffic: counts what is downloaded.
    """
    dataset, found = dataset_named(DATASET), {}
    kinds = {"day": (past, DAY, 2), "hour": (past, HOUR, 24), "latest_hour": (present, HOUR, 1)}
    for name, (end, length, count) in kinds.items():
        before, kept, kept_bytes = traffic.received_bytes, 0, 0
        for number in range(count):
            window = Window(end - (number + 1) * length, end - number * length)
            for line in records(client, dataset, dataset.query(window)):
                kept += 1
                kept_bytes += len(line)
        received = traffic.received_bytes - before
        found[name] = {
            "windows": count,
            "records": kept,
            "kept_bytes": kept_bytes,
            "received_bytes": received,
            "ratio": received / kept_bytes,
        }
    return found


def main() -> None:
    """Measure, and print what came of it."""
    traffic = Traffic()
    client = LivePersonHook.for_connection(CONN_ID).get_conn()
    past, present = map(datetime.fromisoformat, sys.argv[1:])
    found = measure(client, past, present, traffic)
    sys.stdout.flush()
    print("\n" + json.dumps(found), flush=True)


if __name__ == "__main__":
    main()

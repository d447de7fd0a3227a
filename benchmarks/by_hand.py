"""What one would write without this package: Airflow's ``HttpOperator`` with a pagination function.

As competent as about twenty lines are: pages of the largest size, the count read from the first page only, so that
every other page is parsed once, and one gzipped object. What it cannot do, and the package does:

* It asks for one page after the other, over a new connection each, whatever ``max_concurrency`` the account allows.
* It holds every page, then every record, then the whole text in memory.
* It cannot page beyond 10,000 conversations; somebody has to cut the window by hand.
* It neither renews the token nor waits as a 429 asks, and a page that fails starts the whole window again.
* It takes what LivePerson gives: what lies outside the window, what comes twice, what comes in part, what a late
  survey moves into the next window, and a page that never came go unnoticed. Nothing tells a reader that the object
  is complete.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from airflow.providers.http.operators.http import HttpOperator
    from requests import Response

CONN_ID = "liveperson_http"
LIMIT = 100
# Every search needs a range of start times, of at most three months.
LONGEST = timedelta(days=80)


def operator(
    *, account_id: str, start: datetime, end: datetime, token: str, bucket: str, key: str
) -> HttpOperator:
    """An operator that lands the conversations that ended in a window, and gives their number.

    :param account_id: the LivePerson account.
    :param start: first instant inside the window, aware.
    :param end: first instant outside, aware.
    :param token: the bearer token, obtained beforehand.
    :param bucket: the bucket.
    :param key: the object's key.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.providers.http.operators.http import HttpOperator

    from airflow_provider_liveperson.datasets.messaging_interactions.requests import CONTENT

    path = f"/messaging_history/api/account/{account_id}/conversations/search"
    milliseconds = {
        "from": int(start.timestamp() * 1000),
        "to": int(end.timestamp() * 1000) - 1,
    }
    body = {
        "start": {**milliseconds, "from": int((end - LONGEST).timestamp() * 1000)},
        "end": milliseconds,
        "status": ["CLOSE"],
        "contentToRetrieve": list(CONTENT),
    }
    count = 0

    def endpoint(offset: int) -> str:
        return f"{path}?v=2&sort=start:asc&source=ByHand&limit={LIMIT}&offset={offset}"

    def next_page(response: Response) -> dict[str, Any] | None:
        nonlocal count
        offset = int(parse_qs(urlsplit(response.url).query)["offset"][0])
        if offset == 0:
            count = response.json()["_metadata"]["count"]
        offset += LIMIT
        return {"endpoint": endpoint(offset)} if offset < count else None

    def land(responses: list[Response]) -> int:
        records = [
            record for response in responses for record in response.json()["conversationHistoryRecords"]
        ]
        lines = "\n".join(json.dumps(record) for record in records)
        S3Hook().load_string(lines, key, bucket_name=bucket, replace=True, compression="gzip")
        return len(records)

    return HttpOperator(
        task_id="by_hand",
        http_conn_id=CONN_ID,
        endpoint=endpoint(0),
        method="POST",
        data=json.dumps(body),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        pagination_function=next_page,
        response_filter=land,
    )

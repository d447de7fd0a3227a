"""A process that uses a stored consent, controlled through its standard input.

``test_renewal_across_processes.py`` runs it. It prints a JSON line for each request, and one before it stores a
renewed token; there, with ``stop``, it waits to be killed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.grants import Grant, KeyValueGrantStore
from airflow_provider_liveperson.client.credentials.lease import Lease
from airflow_provider_liveperson.client.credentials.web_app import WebAppCredential
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.exceptions import LivePersonError
from devtools.file_key_value_store import FileKeyValueStore

AUDIT = ApiRequest(
    method="POST",
    service="accountConfigReadOnly",
    path="/api/account/{account_id}/configuration/metadata/audit",
    json={"query": "{auditData(first:1){element}}"},
)


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


class Watched(KeyValueGrantStore):
    def save(self, grant: Grant) -> None:
        if about["stop"] and not grant.renewal_begun_at:
            say(at="save")
            sys.stdin.readline()  # never comes
        super().save(grant)


about = json.loads(sys.stdin.readline())
cells = FileKeyValueStore(Path(about["folder"]))
store = Watched(cells, "grant", Lease(cells, "lease", settle=0.5, lifetime=4.0, poll=0.05), secret="s")
client = LivePersonClient(
    ClientSettings(account_id=about["account_id"], host=about["host"]),
    WebAppCredential(
        client_id=about["client_id"], client_secret=about["client_secret"], store=store, conn_id="lp"
    ),
)
say(at="ready")
for _ in iter(sys.stdin.readline, ""):
    try:
        say(at="answered", status=client.call(AUDIT, lambda answer: answer).status)
    except LivePersonError as error:
        say(at="refused", error=str(error))

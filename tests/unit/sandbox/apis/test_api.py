"""A new API is one module and one line: a dummy of every shape, added to the registry, is served."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_liveperson.sandbox.apis.api import Call, json_answer
from airflow_provider_liveperson.sandbox.http.faults import Fault
from airflow_provider_liveperson.sandbox.http.refusal import Refusal

DUMMY = Path(__file__).parent / "dummy_api.py"

SCRIPT = """
import json, sys
from datetime import UTC, date, datetime
sys.path.insert(0, sys.argv[1])
from dummy_api import DummyApi
from airflow_provider_liveperson.sandbox.apis import registry
registry.APIS = (*registry.APIS, DummyApi)
import requests
from requests_oauthlib import OAuth1
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings

settings = SandboxSettings(seed=7, days=2, until="2026-02-01", agents=5, conversations=0, audit_rows=0,
    dummy_rows="23", dummy_auth="oauth1", offset_ignored=False)
window = datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
with SandboxServer(settings) as sandbox:
    keys = sandbox.settings
    auth = OAuth1(keys.app_key, keys.app_secret, keys.access_token, keys.access_token_secret)
    base = f"{sandbox.url}/dummy/{keys.account_id}/"
    def ask(path, method="GET", **options):
        return requests.request(method, base + path, auth=auth, timeout=10, **options)
    key, keyed = None, []
    while True:
        page = ask("keyed", params={"pageSize": "10", **({"pageKey": key} if key else {})}).json()
        keyed.append(len(page["rows"]))
        key = page["paging"].get("nextPageKey")
        if key is None:
            break
    listing = ask("files", params={"startTime": "0", "endTime": "9999999999999"}).json()
    services = requests.get(f"{sandbox.url}/api/account/{keys.account_id}/service/baseURI.json?version=1.0",
        timeout=10).json()["baseURIs"]
    sandbox.faults.add(kind="dummy_fault", match="/search")
    faulty = ask("search", "POST", json={}).json()
    control = requests.post(f"{sandbox.url}/_sandbox/data/dummy_rows", json={"insert": 2}, timeout=10)
    shown = {
        "keyed": keyed,
        "search": ask("search", "POST", json={"limit": 5, "offset": 20}).json()["rows"],
        "too_many": ask("search", "POST", json={"limit": 500}).status_code,
        "fault": faulty,
        "intervals": len(ask("intervals", params={"timeframe": "60", "interval": "5"}).json()["metricsByIntervals"]),
        "now": ask("now").json()["rows"],
        "file": ask("files/" + listing["file"]["name"]).text,
        "no_file": ask("files/other").status_code,
        "collection": ask("collection", headers={"If-Match": "171"}).status_code,
        "bearer": requests.get(base + "now", headers={"Authorization": "Bearer x"}, timeout=10).status_code,
        "served": "dummyService" in {entry["service"] for entry in services},
        "truth": len(sandbox.truth("dummy_rows", *window)),
        "inserted": [control.status_code, control.json()],
        "changed": sandbox.change("dummy_rows"),
        "setting": sandbox.settings.dummy_rows,
        "settings": requests.get(f"{sandbox.url}/_sandbox/settings", timeout=10).json()["dummy_rows"],
    }
    sandbox.reset()
    shown["reset"] = len(sandbox.truth("dummy_rows", *window))
print(json.dumps(shown))
"""


def test_a_dummy_of_every_shape_is_served() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(DUMMY.parent)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown == {
        "keyed": [0, 10, 0, 10, 0, 3],
        "search": [{"id": 20}, {"id": 21}, {"id": 22}, {"id": 23}, {"id": 24}],
        "too_many": 400,
        "fault": {"rows": [], "count": 0},
        "intervals": 13,
        "now": [{"id": 1, "load": 1}, {"id": 2, "load": 0}],
        "file": '{"id":0}\n',
        "no_file": 404,
        "collection": 304,
        "bearer": 401,
        "served": True,
        "truth": 25,
        "inserted": [200, {"inserted": [23, 24]}],
        "changed": {"id": 1, "load": 1},
        "setting": 23,
        "settings": 23,
        "reset": 23,
    }


def call(body: bytes = b"", fault: Fault | None = None, *query: tuple[str, str]) -> Call:
    return Call(method="POST", path="/x", places={}, query=query, headers={}, body=body, fault=fault)


def test_a_call_gives_its_parameters() -> None:
    asked = call(b"", None, ("select", "a"), ("v", "1"), ("select", "b"))
    assert asked.parameters == {"select": "b", "v": "1"}
    assert asked.every("select") == ["a", "b"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="400"):
        call(body).document()


def test_a_fault_may_want_records_to_appear() -> None:
    assert call().insertion is None
    assert call(fault=Fault(kind="slow")).insertion is None
    assert call(fault=Fault(kind="insert_rows", rows=3, when="late")).insertion == (3, "late")


@pytest.mark.parametrize(
    ("source", "error"),
    [(None, "source: the parameter is required"), ("a b", "source: must match"), ("AirflowLP", None)],
)
def test_the_source_is_checked_where_the_rule_is_strict(source: str | None, error: str | None) -> None:
    asked = call(b"", None, *((("source", source),) if source else ()))
    assert asked.source_error("lenient") is None
    found = asked.source_error("strict")
    assert found is None if error is None else found is not None and found.startswith(error)


def test_json_has_one_encoder() -> None:
    answer = json_answer({"a": ["é", None, 1.5]}, status=202, headers={"X": "1"})
    assert (answer.body, answer.status, answer.media_type, answer.headers) == (
        '{"a":["é",null,1.5]}'.encode(),
        202,
        "application/json",
        {"X": "1"},
    )

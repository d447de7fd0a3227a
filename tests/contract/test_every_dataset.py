"""What holds for every dataset with every credential, against a LivePerson that does everything it may."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    IncompletePullError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    ServiceUnavailableError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.pull.pull import PullResult, pull, records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.facts import FACTS, KINDS, kinds_of
from tests.contract.facts.facts import Row

DAY = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 29, tzinfo=UTC))
NIGHT = Window(datetime(2026, 1, 28, 22, 30, tzinfo=UTC), datetime(2026, 1, 29, 1, 15, tzinfo=UTC))
EMPTY = Window(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 2, tzinfo=UTC))
ALL = Window(datetime(2026, 1, 25, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC))
DATA_END = datetime(2026, 2, 1, tzinfo=UTC)

Connect = Callable[..., LivePersonClient]


KNOWN = sorted(set(DATASETS) & set(FACTS))
PAGED = [name for name in KNOWN if FACTS[name].small_pages is not None]
every_dataset = pytest.mark.parametrize("name", KNOWN)
every_dataset_with_a_token = pytest.mark.parametrize(
    "name", [name for name in KNOWN if "app_jwt_v2" in kinds_of(name)]
)
every_dataset_and_credential = pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in KNOWN for kind in kinds_of(name)]
)


def within_reach(sandbox: SandboxServer, name: str, window: Window) -> Window:
    """As much of a window as can be had at once; the sandbox's present is two hours after it, where that matters."""
    reach = FACTS[name].reach
    if reach is None:
        return DATASETS[name].limits.on_grid(window)
    end = min(window.end, max(DATA_END, window.start + reach))
    # The sandbox's data end with that day, and so does its present.
    sandbox.configure(data_clock_offset_seconds=(end + timedelta(hours=2) - DATA_END).total_seconds())
    return Window(max(window.start, end - reach), end)


def truth(sandbox: SandboxServer, name: str, window: Window) -> list[Row]:
    """What the sandbox knows to be in a window."""
    return [FACTS[name].as_landed(row) for row in sandbox.truth(name, window.start, window.end)]


def lines(rows: list[Row]) -> list[bytes]:
    """Records as text, to compare them in whatever order."""
    return sorted(msgspec.json.encode(row, order="deterministic") for row in rows)


def run(
    client: LivePersonClient, name: str, window: Window, store: MemoryStore, **choices: Any
) -> PullResult:
    """Land a window two hours after its end, or once it is complete."""
    dataset = DATASETS[name]
    destination = store.destination(**choices)
    now = window.end + max(timedelta(hours=2), dataset.limits.lag)
    return pull(client, dataset, dataset.query(window), destination, now=now)


def read(client: LivePersonClient, name: str, window: Window) -> list[Row]:
    """Read a window without landing it."""
    dataset = DATASETS[name]
    return [json.loads(raw) for raw in records(client, dataset, dataset.query(window))]


def data_requests(sandbox: SandboxServer, name: str) -> int:
    return sum(FACTS[name].url in request.url for request in sandbox.requests)


def without_revision(store: MemoryStore) -> dict[str, bytes]:
    """All objects but the note of the revision that was landed last, which lies beside the windows."""
    return {key: data for key, data in store.objects.items() if not key.endswith("/_revision.json")}


def without_manifests(store: MemoryStore) -> dict[str, bytes]:
    return {key: data for key, data in store.objects.items() if "_manifest" not in key}


def assert_proven(pulled: PullResult, store: MemoryStore) -> None:
    """The manifests in the store, one for each day, add up, and name everything that was landed."""
    assert pulled.manifests == [f"memory://{key}" for key in sorted(store.objects) if "_manifest" in key]
    assert pulled.manifests[-1] == pulled.manifest
    named: list[str] = []
    for uri, manifest in zip(pulled.manifests, store.manifests(), strict=True):
        counts = manifest["counts"]
        assert counts["received"] == counts["kept"] + counts["outside_window"]
        assert counts["reported"] is None or counts["reported"] >= counts["received"]
        assert counts["kept"] == sum(part["records"] for part in manifest["parts"])
        for name in ("received", "outside_window", "kept", "repeated"):
            assert counts[name] == sum(slice_[name] for slice_ in manifest["slices"])
        folder = uri.removeprefix("memory://").removesuffix("/_manifest.json")
        named += [f"{folder}/{part['name']}" for part in manifest["parts"]]
    manifests = store.manifests()
    assert sum(manifest["counts"]["kept"] for manifest in manifests) == pulled.records
    assert sum(part["bytes"] for manifest in manifests for part in manifest["parts"]) == pulled.bytes
    lists = sorted(key for key in store.objects if key.startswith("lake/_committed/"))
    rest = set(without_revision(store)) - set(lists)
    assert rest == {*named, *(uri[len("memory://") :] for uri in pulled.manifests)}
    assert pulled.objects == [f"memory://{name}" for name in named]
    assert "".join(store.objects[key].decode() for key in lists).splitlines() == pulled.objects


def test_the_table_holds_every_dataset(sandbox: SandboxServer) -> None:
    missing, gone = sorted(set(DATASETS) - set(FACTS)), sorted(set(FACTS) - set(DATASETS))
    assert not missing, (
        f"Add the facts of {', '.join(missing)} to tests/contract/facts, so that the contract holds for them"
    )
    assert not gone, f"{', '.join(gone)} in tests/contract/facts are not datasets"
    for name in KNOWN:
        assert truth(sandbox, name, within_reach(sandbox, name, ALL)), (
            f"The sandbox has no truth about {name}"
        )


@every_dataset
def test_the_truth_about_windows_that_touch_adds_up(name: str, sandbox: SandboxServer) -> None:
    """What all others are held against is cut exactly, too: at no instant does it lose or repeat a record."""
    window = within_reach(sandbox, name, ALL)
    parts = list(window.cut(DATASETS[name].limits.grid or timedelta(hours=2, minutes=47)))
    whole, of_parts = truth(sandbox, name, window), [truth(sandbox, name, part) for part in parts]
    if DATASETS[name].is_snapshot:
        assert of_parts == [whole] * len(parts)
    else:
        assert lines([row for rows in of_parts for row in rows]) == lines(whole)
        assert truth(sandbox, name, within_reach(sandbox, name, EMPTY)) == []


@every_dataset_and_credential
@pytest.mark.parametrize("window", [NIGHT, ALL], ids=["night", "all"])
def test_lands_the_truth_with_its_proof_and_only_once(
    name: str, kind: str, window: Window, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = within_reach(sandbox, name, window)
    sandbox.configure(**FACTS[name].at_worst)
    pulled = run(connect(sandbox, kind), name, window, store)
    expected = truth(sandbox, name, window)
    assert expected
    assert lines(store.records()) == lines(expected)
    assert pulled.records == len(expected)
    days = [day.start for day in window.days()][-1 if DATASETS[name].is_snapshot else 0 :]
    assert [uri.rpartition("/account_id=")[2].split("/")[:2] for uri in pulled.manifests] == [
        [sandbox.settings.account_id, f"dt={day:%Y-%m-%d}"] for day in days
    ]
    assert_proven(pulled, store)
    kinds = kinds_of(name)
    before, store.changes = dict(store.objects), []
    another = connect(sandbox, kinds[kinds.index(kind) - 1])
    again = run(another, name, window, store)
    assert store.objects == before
    assert (again, store.changes) == (pulled, [])


@every_dataset_and_credential
def test_an_empty_window_has_a_manifest(
    name: str, kind: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = within_reach(sandbox, name, EMPTY)
    for again in range(2):
        if DATASETS[name].is_snapshot:
            sandbox.faults.add(kind="status", status=200, body=FACTS[name].nothing, match=FACTS[name].url)
        pulled = run(connect(sandbox, kind), name, window, store)
        assert (pulled.records, pulled.objects) == (0, [])
        (manifest,) = store.manifests()
        assert (manifest["counts"]["kept"], manifest["parts"]) == (0, [])
        assert_proven(pulled, store)
        if again:
            assert store.changes == []
        store.changes = []


@pytest.mark.parametrize("name", [name for name in KNOWN if DATASETS[name].limits.refuses_older])
def test_what_is_left_of_a_window_lands_although_its_beginning_is_refused(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    dataset = DATASETS[name]
    limits, length = dataset.limits, min(timedelta(days=1), dataset.limits.max_range or timedelta(days=1))
    window = Window(DAY.end - length, DAY.end)
    until = limits.available_until(window)
    assert until is not None
    now = until + length / 2 + timedelta(minutes=20)
    sandbox.configure(data_clock_offset_seconds=(now - DATA_END).total_seconds())
    client, query = connect(sandbox), dataset.query(window)
    with pytest.raises(WindowOutOfRangeError, match="pull what is left with allow_out_of_range=True"):
        pull(client, dataset, query, store.destination(), now=now)

    pulled = pull(client, dataset, query, store.destination(), now=now, allow_out_of_range=True)
    left = limits.left_of(window, now)
    assert left is not None
    assert left.length >= length / 2 - timedelta(minutes=90)
    expected = truth(sandbox, name, left)
    assert expected
    assert lines(store.records()) == lines(expected)
    assert not pulled.complete
    read_anew = [json.loads(raw) for raw in records(client, dataset, query, now=now)]
    assert lines(read_anew) == lines(expected)

    over = now + length
    with pytest.raises(WindowOutOfRangeError, match="nothing of it is left"):
        pull(client, dataset, query, store.destination(), now=over, allow_out_of_range=True)


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in PAGED for kind in kinds_of(name)])
def test_many_pages(
    name: str, kind: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = within_reach(sandbox, name, ALL)
    sandbox.configure(**FACTS[name].small_pages or {})
    roll_at = 5_000 if DATASETS[name].is_snapshot else 20_000
    pulled = run(connect(sandbox, kind), name, window, store, roll_at=roll_at)
    assert data_requests(sandbox, name) >= 8
    assert len(pulled.objects) > 3
    assert lines(store.records()) == lines(truth(sandbox, name, window))
    assert_proven(pulled, store)


@every_dataset
def test_contiguous_windows_neither_lose_nor_repeat(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    day = within_reach(sandbox, name, DAY)
    # Lengths that no grid of intervals divides.
    parts = list(day.cut(DATASETS[name].limits.grid or timedelta(hours=2, minutes=47)))
    client = connect(sandbox)
    landed = [run(client, name, window, store) for window in parts]
    expected = truth(sandbox, name, day)
    if DATASETS[name].is_snapshot:  # every window holds all there is
        expected *= len(parts)
    assert lines(store.records()) == lines(expected)
    assert sum(pulled.records for pulled in landed) == len(expected)


TOKEN_SERVICE: dict[str, dict[str, Any]] = {
    "strict token service": {"token_body_required": True, "sentinel_error_status": "400"},
    "short tokens with expires_in": {"jwt_lifetime_seconds": 2, "jwt_expires_in": True},
    "other issuer": {"jwt_issuer": "sentinel"},
    "list of one domain": {"domain_single_shape": "list"},
    "no source wanted": {"source_rule": "lenient"},
}


@every_dataset_with_a_token
@pytest.mark.parametrize("switches", TOKEN_SERVICE.values(), ids=TOKEN_SERVICE)
def test_every_reading_of_what_all_apis_share_gives_the_truth(
    name: str, switches: dict[str, Any], sandbox: SandboxServer, connect: Connect
) -> None:
    night = within_reach(sandbox, name, NIGHT)
    sandbox.configure(**switches)
    assert lines(read(connect(sandbox, "app_jwt_v2"), name, night)) == lines(truth(sandbox, name, night))


@pytest.mark.parametrize(
    ("name", "switches"),
    [
        pytest.param(name, switches, id=f"{name}: {label}")
        for name in KNOWN
        for label, switches in FACTS[name].readings.items()
    ],
)
def test_every_reading_of_the_docs_gives_the_truth(
    name: str, switches: dict[str, Any], sandbox: SandboxServer, connect: Connect
) -> None:
    night = within_reach(sandbox, name, NIGHT)
    sandbox.configure(**switches)
    landed = read(connect(sandbox), name, night)
    expected = [FACTS[name].as_read(switches, row) for row in truth(sandbox, name, night)]
    assert expected
    assert lines(landed) == lines(expected)


FAULTS: dict[str, list[dict[str, Any]]] = {
    "500 three times": [{"kind": "status", "status": 500, "times": 3}],
    "503 later on": [{"kind": "status", "status": 503, "skip": 1}],
    "429 bursts": [{"kind": "status", "status": 429, "times": 4}],
    "429 with Retry-After": [{"kind": "status", "status": 429, "retry_after": 2}],
    "429 with a date": [{"kind": "status", "status": 429, "retry_after": "http-date"}],
    "connection dropped": [{"kind": "drop", "times": 2}],
    "body cut": [{"kind": "cut", "times": 2}],
    "not JSON": [{"kind": "not_json", "times": 1}],
    "tokens expired": [{"kind": "expire_tokens"}],
    "tokens revoked later on": [{"kind": "revoke_tokens", "skip": 1}],
    "everything": [
        {"kind": "drop"},
        {"kind": "status", "status": 429},
        {"kind": "cut"},
        {"kind": "expire_tokens", "skip": 1},
        {"kind": "status", "status": 502, "skip": 1},
    ],
}


@every_dataset_and_credential
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_faults_are_survived(
    name: str,
    kind: str,
    faults: list[dict[str, Any]],
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    night = within_reach(sandbox, name, NIGHT)
    sandbox.configure(**FACTS[name].many_requests)
    for fault in faults:
        sandbox.faults.add(match=FACTS[name].url, **fault)
    pulled = run(connect(sandbox, kind), name, night, store)
    if FACTS[name].small_pages is not None:
        assert not len(sandbox.faults)
    assert lines(store.records()) == lines(truth(sandbox, name, night))
    assert_proven(pulled, store)


@every_dataset_with_a_token
@pytest.mark.parametrize("fault", ["status", "drop", "cut", "cut_json", "not_json"])
def test_faults_of_the_services_before_it_are_survived(
    name: str, fault: str, sandbox: SandboxServer, connect: Connect
) -> None:
    night = within_reach(sandbox, name, NIGHT)
    for where in ("/baseURI.json", "/app/token"):
        sandbox.faults.add(match=where, kind=fault, times=2)
    assert lines(read(connect(sandbox, "app_jwt_v2"), name, night)) == lines(truth(sandbox, name, night))
    assert not len(sandbox.faults)


FAILURES: dict[str, tuple[dict[str, Any], type[LivePersonError]]] = {
    "400": ({"kind": "status", "status": 400}, RequestRejectedError),
    "401": ({"kind": "status", "status": 401}, AuthenticationError),
    "403": ({"kind": "status", "status": 403}, PermissionDeniedError),
    "404": ({"kind": "status", "status": 404}, RequestRejectedError),
    "429": ({"kind": "status", "status": 429}, RateLimitedError),
    "500": ({"kind": "status", "status": 500}, ServiceUnavailableError),
    "redirect": ({"kind": "redirect"}, InvalidResponseError),
    "drop": ({"kind": "drop"}, ServiceUnavailableError),
    "cut": ({"kind": "cut"}, InvalidResponseError),
    "not JSON": ({"kind": "not_json"}, InvalidResponseError),
    "another shape": ({"kind": "status", "status": 200, "body": {"rows": [7]}}, InvalidResponseError),
}


@every_dataset
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_permanent_faults_end_in_their_error_and_land_nothing(
    name: str,
    failure: tuple[dict[str, Any], type[LivePersonError]],
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    night = within_reach(sandbox, name, NIGHT)
    (fault, error), dataset = failure, DATASETS[name]
    sandbox.faults.add(match=FACTS[name].url, times=1000, **fault)
    path = dataset.request.path.replace("{account_id}", sandbox.settings.account_id)
    path = re.sub(r"\{\w+\}", r"[^/ ]+", path)
    with pytest.raises(error, match=f"{dataset.request.method} {dataset.request.service} {path}"):
        run(connect(sandbox), name, night, store)
    assert store.objects == {}


@every_dataset
def test_an_empty_response_is_not_taken_for_an_empty_window(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = within_reach(sandbox, name, EMPTY)
    sandbox.faults.add(kind="status", status=200, body="", match=FACTS[name].url, times=1000)
    with pytest.raises((InvalidResponseError, IncompletePullError)):
        run(connect(sandbox), name, window, store)
    assert store.objects == {}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in KNOWN for kind in KINDS if kind not in kinds_of(name)]
)
def test_a_credential_that_does_not_fit_is_refused(
    name: str, kind: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    night = within_reach(sandbox, name, NIGHT)
    with pytest.raises(AuthenticationError, match=DATASETS[name].request.service):
        run(connect(sandbox, kind), name, night, store)
    assert store.objects == {}


@every_dataset
def test_a_failure_midway_keeps_the_earlier_landing_and_the_retry_lands_the_rest(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    facts = FACTS[name]
    sandbox.configure(**facts.small_pages or {})
    client = connect(sandbox, max_concurrency=1)  # so that the requests have one order
    # Several days, with records in the last ones.
    longest = DATASETS[name].limits.max_range or timedelta(days=30)
    length = min(timedelta(days=8), 2 * longest + timedelta(days=1))
    window = within_reach(sandbox, name, Window(DAY.end - length, DAY.end))
    run(client, name, window, store, roll_at=2_000)
    before, store.changes = dict(store.objects), []
    asked = data_requests(sandbox, name)
    facts.change(sandbox)
    sandbox.faults.add(kind="status", status=403, match=facts.url, skip=asked - 1, times=1000)
    with pytest.raises(PermissionDeniedError):
        run(client, name, window, store, roll_at=2_000)
    assert before.items() <= store.objects.items()
    if facts.small_pages is not None:
        assert (
            store.changes
        )  # parts had gone up; those of a slice that was not finished were taken away again
    beside = {key.rpartition("/")[2]: data for key, data in store.objects.items() if key not in before}
    finished = json.loads(beside.pop("_checkpoint.json", b'{"finished": []}'))["finished"]
    assert set(beside) <= {part["name"] for done in finished for part in done["parts"]}

    sandbox.faults.clear()
    run(client, name, window, store, roll_at=2_000)
    undisturbed = MemoryStore()
    run(client, name, window, undisturbed, roll_at=2_000)
    assert lines(store.records()) == lines(truth(sandbox, name, window))
    assert without_manifests(store) == without_manifests(undisturbed)
    for one, other in zip(store.manifests(), undisturbed.manifests(), strict=True):
        # What came beside a day's own records may have changed without changing what the day has landed.
        assert (one["counts"]["kept"], one["parts"]) == (other["counts"]["kept"], other["parts"])


@pytest.mark.parametrize("name", [name for name in KNOWN if FACTS[name].never_rests is not None])
def test_pages_that_keep_changing_end_in_an_error(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    night = within_reach(sandbox, name, NIGHT)
    never_rests = FACTS[name].never_rests
    assert never_rests is not None
    never_rests(sandbox)
    with pytest.raises(IncompletePullError, match=name):
        run(connect(sandbox), name, night, store)
    assert store.objects == {}


@every_dataset
def test_a_change_replaces_what_it_must(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    day = within_reach(sandbox, name, DAY)
    client = connect(sandbox)
    first = run(client, name, day, store)
    FACTS[name].change(sandbox)
    second = run(client, name, day, store)
    assert second.manifest == first.manifest
    assert second.objects != first.objects
    assert lines(store.records()) == lines(truth(sandbox, name, day))
    assert_proven(second, store)


@every_dataset
def test_few_and_many_concurrent_requests_land_the_same_bytes(
    name: str, sandbox: SandboxServer, connect: Connect
) -> None:
    window = within_reach(sandbox, name, ALL)
    sandbox.configure(**FACTS[name].small_pages or {})
    one, many = MemoryStore(), MemoryStore()
    run(connect(sandbox, max_concurrency=1), name, window, one, roll_at=20_000)
    run(connect(sandbox, max_concurrency=16), name, window, many, roll_at=20_000)
    assert one.objects == many.objects

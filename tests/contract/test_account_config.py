"""Account configuration: what the revision of a collection saves, and what it must never hide."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets import account_config
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    InvalidResponseError,
    LivePersonError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

COLLECTIONS = ("users", "skills", "agent_groups")
PATHS = {"users": "/le-users/users", "skills": "/le-users/skills", "agent_groups": "/le-users/agentGroups"}
DAYS = list(
    Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)).cut(timedelta(days=1))
)

Connect = Callable[..., LivePersonClient]

every_collection = pytest.mark.parametrize("name", COLLECTIONS)


def land(
    client: LivePersonClient,
    name: str,
    window: Window,
    store: MemoryStore,
    *,
    masking: Masking | None = None,
    filters: dict[str, Any] | None = None,
    **choices: Any,
) -> PullResult:
    dataset = DATASETS[name]
    now = window.end + timedelta(minutes=5)
    query = dataset.query(window, filters=filters)
    return pull(
        client, dataset, query, store.destination(**choices), masking=masking, now=now, overlap="allow"
    )


def rows_of(store: MemoryStore, pulled: PullResult) -> list[dict[str, Any]]:
    """The records of one window, in order."""
    return [
        json.loads(line)
        for uri in pulled.objects
        for line in gzip.decompress(store.objects[uri.removeprefix("memory://")]).splitlines()
    ]


def manifest_of(store: MemoryStore, pulled: PullResult) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(store.objects[pulled.manifest.removeprefix("memory://")])
    return manifest


def answers(sandbox: SandboxServer, name: str) -> list[int | None]:
    """The status of every response about a collection."""
    return [request.status for request in sandbox.requests if PATHS[name] in request.path]


@every_collection
def test_an_unchanged_revision_is_not_downloaded_again(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    days = [land(client, name, window, store) for window in DAYS]
    assert answers(sandbox, name) == [200, 304, 304]
    assert len({pulled.manifest for pulled in days}) == 3
    for pulled, window in zip(days, DAYS, strict=True):
        assert rows_of(store, pulled) == sandbox.truth(name, window.start, window.end)
        manifest = manifest_of(store, pulled)
        assert manifest["window_start"] == f"{window.start:%Y-%m-%dT%H:%M:%SZ}"
        assert manifest["revision"] == str(sandbox.config.revision(name))
        assert manifest["counts"]["kept"] == pulled.records == len(sandbox.config.truth(name))
        assert manifest["counts"]["received"] == pulled.records
        assert manifest["parts"] == manifest_of(store, days[0])["parts"]
        # It has its own files: the earlier window may be removed.
        folder = pulled.manifest.rpartition("/")[0]
        assert all(uri.startswith(f"{folder}/part-") for uri in pulled.objects)


def test_every_collection_is_asked_for_by_its_revision(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    """In whatever header it is. The records carry nothing invented, and each field has its column."""
    client = connect(sandbox)
    for dataset in account_config.DATASETS:
        landed = [land(client, dataset.name, window, store) for window in DAYS[:2]]
        sandbox.change(dataset.name)
        landed.append(land(client, dataset.name, DAYS[2], store))
        path = dataset.request.path.format(account_id=sandbox.settings.account_id)
        asked = [request.status for request in sandbox.requests if request.path == path]
        assert asked == [200, 304, 200], dataset.name
        one, same, changed = (rows_of(store, pulled) for pulled in landed)
        assert one == same != changed == sandbox.truth(dataset.name, DAYS[2].start, DAYS[2].end)
        fields = {"_pulled_at"}.union(*changed)
        assert fields - set(dataset.columns) == {"_pulled_at"}, dataset.name


@every_collection
def test_a_second_run_of_a_window_changes_nothing(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    first = [land(client, name, window, store) for window in DAYS[:2]]
    before, store.changes = dict(store.objects), []
    assert [land(client, name, window, store) for window in (DAYS[1], DAYS[1])] == [first[1]] * 2
    assert (store.objects, store.changes) == (before, [])
    assert answers(sandbox, name) == [200, 304, 304, 304]


@every_collection
@pytest.mark.parametrize("edit", ["change", "delete"])
def test_what_has_changed_is_downloaded(
    name: str, edit: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    first = land(client, name, DAYS[0], store)
    before = rows_of(store, first)
    getattr(sandbox.config, edit)(name)
    second, third = (land(client, name, window, store) for window in DAYS[1:])
    assert answers(sandbox, name) == [200, 200, 304]
    assert rows_of(store, first) == before != sandbox.config.truth(name)
    assert rows_of(store, second) == rows_of(store, third) == sandbox.config.truth(name)


def _lose_part(store: MemoryStore, pulled: PullResult) -> None:
    del store.objects[pulled.objects[0].removeprefix("memory://")]


def _cut_part(store: MemoryStore, pulled: PullResult) -> None:
    key = pulled.objects[0].removeprefix("memory://")
    store.objects[key] = store.objects[key][:-1]


def _lose_manifest(store: MemoryStore, pulled: PullResult) -> None:
    del store.objects[pulled.manifest.removeprefix("memory://")]


def _lose_window(store: MemoryStore, pulled: PullResult) -> None:
    folder = pulled.manifest.removeprefix("memory://").rpartition("/")[0]
    for key in store.entries(folder):
        del store.objects[key]


def _spoil_note(store: MemoryStore, pulled: PullResult) -> None:
    (key,) = (key for key in store.objects if key.endswith("/_revision.json"))
    store.objects[key] = b"not JSON"


@pytest.mark.parametrize("damage", [_lose_part, _cut_part, _lose_manifest, _lose_window, _spoil_note])
def test_what_is_no_longer_in_the_store_is_downloaded(
    damage: Callable[[MemoryStore, PullResult], None],
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    client = connect(sandbox)
    first = land(client, "users", DAYS[0], store)
    damage(store, first)
    second = land(client, "users", DAYS[1], store)
    assert answers(sandbox, "users") == [200, 200]
    assert rows_of(store, second) == sandbox.config.truth("users")
    third = land(client, "users", DAYS[2], store)
    assert answers(sandbox, "users") == [200, 200, 304]
    assert rows_of(store, third) == sandbox.config.truth("users")


@pytest.mark.parametrize("damage", [_lose_part, _cut_part, _lose_manifest, _lose_window])
def test_pulling_a_damaged_window_again_repairs_it(
    damage: Callable[[MemoryStore, PullResult], None],
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    client = connect(sandbox)
    first = land(client, "users", DAYS[0], store)
    before = dict(store.objects)
    damage(store, first)
    again = land(client, "users", DAYS[0], store)
    if (
        damage is _lose_manifest
    ):  # parts that no manifest names may belong to another run: new ones are written, and those removed
        assert rows_of(store, again) == sandbox.config.truth("users")
        assert len(store.objects) == len(before)
    else:
        assert again == first
        assert store.objects == before
    assert answers(sandbox, "users") == [200, 200]


@pytest.mark.parametrize(
    "other",
    [
        {"encoding": Encoding("jsonl", "none")},
        {"encoding": Encoding("csv", "gzip", DATASETS["users"].columns)},
        {"masking": Masking(hash_fields=["email"], salt="pepper")},
        {"masking": Masking(drop_fields=["email"])},
        {"prefix": "elsewhere"},
    ],
    ids=["compression", "format", "hashing", "dropping", "prefix"],
)
def test_what_was_landed_in_another_shape_is_downloaded(
    other: dict[str, Any], sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "users", DAYS[0], store)
    second = land(client, "users", DAYS[1], store, **other)
    assert answers(sandbox, "users") == [200, 200]
    assert second.records == len(sandbox.config.truth("users"))
    third = land(client, "users", DAYS[2], store, **other)
    assert answers(sandbox, "users") == [200, 200, 304]
    assert manifest_of(store, third)["parts"] == manifest_of(store, second)["parts"]


def test_another_salt_makes_other_hashes_so_it_is_downloaded(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    first, second = (
        land(client, "users", window, store, masking=Masking(hash_fields=["email"], salt=salt))
        for window, salt in zip(DAYS, ("pepper", "cumin"), strict=False)
    )
    assert answers(sandbox, "users") == [200, 200]
    assert rows_of(store, first)[0]["email"] != rows_of(store, second)[0]["email"]


@every_collection
def test_small_parts_are_copied_in_order(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    first, second = (land(client, name, window, store, roll_at=500) for window in DAYS[:2])
    assert len(first.objects) == len(second.objects) > 1
    assert rows_of(store, first) == rows_of(store, second) == sandbox.config.truth(name)
    assert answers(sandbox, name) == [200, 304]


def test_a_refused_copy_leaves_no_half_written_window(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "users", DAYS[0], store, roll_at=5_000)
    before = dict(store.objects)
    store.refuse = lambda verb, key: verb == "put" and "dt=2026-01-29" in key and "part-00002" in key
    with pytest.raises(LivePersonError, match="cannot write"):
        land(client, "users", DAYS[1], store, roll_at=5_000)
    assert store.objects == before
    store.refuse = lambda verb, key: False
    assert rows_of(store, land(client, "users", DAYS[1], store, roll_at=5_000)) == sandbox.config.truth(
        "users"
    )


# What each switch makes of three windows: the first, an unchanged one, and one after a change.
SWITCHES: dict[str, tuple[dict[str, Any], list[int]]] = {
    "as documented": ({}, [200, 304, 200]),
    "ETag": ({"config_revision_header": "etag"}, [200, 304, 200]),
    "quoted ETag": ({"config_revision_header": "etag", "config_etag_quoted": True}, [200, 304, 200]),
    "both headers": ({"config_revision_header": "both", "config_etag_quoted": True}, [200, 304, 200]),
    "no revision": ({"config_revision_header": "absent"}, [200, 200, 200]),
    "no revision, If-Match as in HTTP": (
        {"config_revision_header": "absent", "config_if_match": "http"},
        [200, 200, 200],
    ),
    "If-Match names a version": ({"config_if_match": "version"}, [200, 200, 200]),
    "ETag, If-Match names a version": (
        {"config_if_match": "version", "config_revision_header": "etag", "config_etag_quoted": True},
        [200, 200, 200],
    ),
    "If-Match as in HTTP": ({"config_if_match": "http"}, [200, 200, 412, 200]),
    "quoted ETag, If-Match as in HTTP": (
        {"config_if_match": "http", "config_revision_header": "etag", "config_etag_quoted": True},
        [200, 200, 412, 200],
    ),
    "version required": ({"config_version_required": True}, [200, 304, 200]),
    "all fields unasked": ({"config_default_fields": "all"}, [200, 304, 200]),
    "unknown fields are null": ({"config_unknown_field": "null"}, [200, 304, 200]),
    "last nested selection of all": ({"config_nested_select": "last_of_all"}, [200, 304, 200]),
    "all nested selections": ({"config_nested_select": "all"}, [200, 304, 200]),
    "ids as text": ({"config_ids": "strings"}, [200, 304, 200]),
    "ids as numbers": ({"config_ids": "numbers"}, [200, 304, 200]),
}


@pytest.mark.parametrize(("switches", "statuses"), SWITCHES.values(), ids=SWITCHES)
def test_every_reading_of_the_docs_gives_the_truth(
    switches: dict[str, Any],
    statuses: list[int],
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    name = "users"  # as it has every kind of field
    sandbox.configure(**switches)
    client, truths = connect(sandbox), []
    for window in DAYS:
        if window is DAYS[-1]:
            sandbox.config.change(name)
        truths.append(sandbox.config.truth(name))
        assert rows_of(store, land(client, name, window, store)) == truths[-1]
    assert truths[0] == truths[1] != truths[2]
    assert answers(sandbox, name) == statuses


def test_the_revision_header_may_come_and_go(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "skills", DAYS[0], store)
    sandbox.configure(config_revision_header="absent")
    sandbox.config.change("skills")
    second = land(client, "skills", DAYS[1], store)
    assert manifest_of(store, second)["revision"] is None
    sandbox.configure(config_revision_header="both")
    third = land(client, "skills", DAYS[2], store)
    assert rows_of(store, second) == rows_of(store, third) == sandbox.config.truth("skills")
    assert answers(sandbox, "skills") == [200, 200, 200]


def test_an_unexpected_304_is_an_error(sandbox: SandboxServer, connect: Connect, store: MemoryStore) -> None:
    sandbox.faults.add(kind="status", status=304, body="", match=PATHS["users"], times=100)
    with pytest.raises(InvalidResponseError, match="304 although no revision was sent"):
        land(connect(sandbox), "users", DAYS[0], store)
    assert store.objects == {}


def test_an_earlier_window_pulled_again_gets_what_is_there_now(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client, week = connect(sandbox), Window(datetime(2026, 1, 21, tzinfo=UTC), DAYS[0].end)
    land(client, "users", week, store)
    sandbox.config.change("users")
    land(client, "users", DAYS[0], store)
    again = land(client, "users", week, store)
    assert rows_of(store, again) == sandbox.config.truth("users")


def test_only_the_latest_window_can_be_pulled(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client, dataset, window = connect(sandbox), DATASETS["users"], DAYS[0]
    query, destination = dataset.query(window), store.destination()
    for now in (window.end - timedelta(seconds=1), window.end + timedelta(days=1, seconds=1)):
        with pytest.raises(WindowOutOfRangeError):
            pull(client, dataset, query, destination, now=now)
    assert store.objects == {}
    late = window.end + timedelta(days=40)
    pulled = pull(client, dataset, query, destination, now=late, allow_out_of_range=True)
    assert rows_of(store, pulled) == sandbox.config.truth("users")
    assert manifest_of(store, pulled)["complete"] is False


@pytest.mark.parametrize("body", [{"users": []}, [1, 2], "[1, 2", None], ids=str)
def test_an_invalid_collection_does_not_land(
    body: Any, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "users", DAYS[0], store)
    before = dict(store.objects)
    sandbox.config.change("users")
    text = json.dumps(body) if not isinstance(body, str) else body
    sandbox.faults.add(kind="status", status=200, body=text, match=PATHS["users"], times=100)
    with pytest.raises((InvalidResponseError, IncompletePullError)):
        land(client, "users", DAYS[1], store)
    assert store.objects == before


@every_collection
def test_entities_that_come_twice_land_once(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, name: str
) -> None:
    sandbox.configure(config_repeated=3)
    pulled = land(connect(sandbox), name, DAYS[0], store)
    assert rows_of(store, pulled) == sandbox.config.truth(name)
    assert manifest_of(store, pulled)["counts"]["repeated"] == 3


Row = dict[str, Any]


def _in_german(row: Row) -> Row:
    return {**row, "data": [text for text in row["data"] if text["lang"] == "de-DE"]}


@pytest.mark.parametrize(
    ("name", "filters", "expected"),
    [
        (
            "predefined_content",
            lambda rows: {"ids": [rows[0]["id"], rows[2]["id"]]},
            lambda rows, given: [row for row in rows if str(row["id"]) in map(str, given["ids"])],
        ),
        (
            "predefined_content",
            lambda rows: {"skill_ids": [next(row["skillIds"][0] for row in rows if row["skillIds"])]},
            lambda rows, given: [row for row in rows if given["skill_ids"][0] in row["skillIds"]],
        ),
        (
            "predefined_content",
            lambda rows: {"lang": "de-DE"},
            lambda rows, given: list(map(_in_german, rows)),
        ),
        (
            "unified_automatic_messages",
            lambda rows: {"lang": "de-DE"},
            lambda rows, given: list(map(_in_german, rows)),
        ),
    ],
    ids=["by id", "by skill", "by language", "messages by language"],
)
def test_filters_narrow_a_collection_and_its_revision_hides_nothing(
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    name: str,
    filters: Callable[[list[Row]], Row],
    expected: Callable[[list[Row], Row], list[Row]],
) -> None:
    client = connect(sandbox)
    everything = rows_of(store, land(client, name, DAYS[0], store))
    given = filters(everything)
    wanted = expected(everything, given)
    assert wanted
    assert wanted != everything
    for day in DAYS[1:]:  # the second is not sent again
        assert rows_of(store, land(client, name, day, store, filters=given)) == wanted
    assert manifest_of(store, land(client, name, DAYS[1], store, filters=given))["filters"] != {}


def test_automatic_messages_of_skills_are_had_by_a_filter(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    name, client = "unified_automatic_messages", connect(sandbox)
    of_account = rows_of(store, land(client, name, DAYS[0], store))
    of_skills = rows_of(store, land(client, name, DAYS[1], store, filters={"context_type": "SKILL"}))
    assert all("ACCOUNT" in row["contexts"] for row in of_account)
    assert of_skills
    assert all("SKILL" in row["contexts"] for row in of_skills)
    skill = of_skills[0]["contexts"]["SKILL"][0]
    chosen = {"context_type": "SKILL", "context_id": [skill]}
    found = rows_of(store, land(client, name, DAYS[2], store, filters=chosen))
    assert found == [row for row in of_skills if skill in row["contexts"]["SKILL"]]

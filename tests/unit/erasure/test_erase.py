"""Persons are erased from what has landed, and stay so: whatever the format, masked or not."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from airflow_provider_liveperson.coverage.damage import find_damage
from airflow_provider_liveperson.coverage.landed import Landed
from airflow_provider_liveperson.coverage.states import Status
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.erasure.erase import EraseRequest
from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.records.salt import Salt
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
NOW = datetime(2026, 2, 1, tzinfo=UTC)
SECRET = "a long random secret"
ACCOUNT = "70000001"
LIST = f"lake/_erased/account_id={ACCOUNT}.json"
SMALL = {"roll_at": 150_000, "share_below": 4_000}
ID, CONSUMER = "info.conversationId", "consumerParticipants.participantId"

FORMATS = pytest.mark.parametrize(
    ("file_format", "compression"),
    [(one, other) for one in ("jsonl", "csv", "parquet") for other in ("gzip", "zstd", "none")],
)


@pytest.fixture
def land(connect, store):
    """Lands a day of conversations in several parts, each of a few."""

    def land(name="messaging_interactions", *, window=DAY, masking=None, secret=SECRET, **choices):
        dataset = dataset_named(name)
        columns = dataset.columns if masking is None else masking.columns(dataset.columns)
        encoding = Encoding(choices.pop("file_format", "jsonl"), choices.pop("compression", "gzip"), columns)
        where = store.destination(encoding=encoding, **{**SMALL, **choices})
        return pull(connect(), dataset, dataset.query(window), where, masking=masking, secret=secret, now=NOW)

    return land


def erase(store, *, conversations=(), participants=(), now=NOW, secret=SECRET, **scope):
    request = EraseRequest.read(
        conversation_ids=conversations, participant_ids=participants, secret=secret, **scope
    )
    return request.erase(store, "lake", ACCOUNT, now=now)


@pytest.fixture
def truth(sandbox):
    return sandbox.truth("messaging_interactions", DAY.start, DAY.end)


def id_of(conversation) -> str:
    return conversation["info"]["conversationId"]


def consumer_of(conversation) -> str:
    return conversation["consumerParticipants"][0]["participantId"]


def manifest_of(store, dataset="messaging_interactions") -> Manifest:
    (key,) = [key for key in store.objects if key.endswith("_manifest.json") and f"/{dataset}/" in key]
    return Manifest.decode(store.objects[key], key)


def landed_bytes(store) -> dict[str, bytes]:
    return {key: data for key, data in store.objects.items() if "/_erased/" not in key}


def judge(store, dataset="messaging_interactions") -> Manifest:
    """Everything that tells of the window agrees."""
    manifest = manifest_of(store, dataset)
    counts = manifest.counts
    assert sum(part.records for part in manifest.parts) == counts.kept
    assert counts.received == counts.outside_window + counts.kept + counts.erased
    for name in ("kept", "erased", "received", "still_partial"):
        assert sum(getattr(slice_, name) for slice_ in manifest.slices) == getattr(counts, name)
    landed = Landed(store, "lake", verify=True)
    (series,) = landed.series([dataset], ACCOUNT)
    (state,) = landed.states(series, DAY.start, DAY.end, now=NOW)
    assert state.status in (Status.COMPLETE, Status.PARTIAL), state.problems
    folder = next(key for key in store.objects if f"/{dataset}/" in key and key.endswith("_manifest.json"))
    folder = folder.rpartition("/")[0]
    assert list(find_damage(store, Layout(prefix="lake"), folder, manifest)) == []
    named = {f"{folder}/{part.name}" for part in manifest.parts}
    assert {key for key in store.objects if key.startswith(f"{folder}/part-")} == named
    return manifest


@FORMATS
@pytest.mark.parametrize("by", ["conversation", "consumer"])
@pytest.mark.parametrize("masked", [False, True], ids=["plain", "hashed"])
def test_erased_records_are_gone_and_a_rerun_finds_nothing_new(
    land, store, truth, file_format, compression, by, masked
):
    how = {"file_format": file_format, "compression": compression}
    masking = Masking(hash_fields=[ID, CONSUMER], salt=SECRET) if masked else None
    land(masking=masking, **how)
    before = manifest_of(store)
    assert len(before.parts) > 3
    chosen = truth[1::5]
    if by == "conversation":
        erased = erase(store, conversations=map(id_of, chosen))
    else:
        consumers = {consumer_of(one) for one in chosen}
        chosen = [one for one in truth if consumer_of(one) in consumers]
        erased = erase(store, participants=consumers)
    assert erased.records == len(chosen)
    manifest = judge(store)
    assert manifest.counts.kept == before.counts.kept - len(chosen)
    assert (manifest.counts.received, manifest.counts.reported) == (
        before.counts.received,
        before.counts.reported,
    )
    assert manifest.erasures
    assert [(note.erased_at, note.records) for note in manifest.erasures] == [
        ("2026-02-01T00:00:00Z", len(chosen))
    ]
    for part in manifest.parts:
        data = store.objects[next(key for key in store.objects if key.endswith(part.name))]
        assert hashlib.sha256(data).hexdigest() == part.sha256

    after = landed_bytes(store)
    again = land(masking=masking, **how)
    assert again.changed is False
    assert again.records == manifest.counts.kept
    assert landed_bytes(store) == after

    # Landed anew, they do not come back either: with the very same bytes.
    for key in [key for key in after if "/messaging_interactions/" in key]:
        store.delete([key])
    land(masking=masking, **how)
    anew = judge(store)
    assert [(part.sha256, part.records) for part in anew.parts] == [
        (part.sha256, part.records) for part in manifest.parts
    ]
    assert anew.counts == manifest.counts


def test_what_is_left_are_the_other_records_byte_for_byte(land, store, truth):
    land()
    chosen = truth[0], truth[len(truth) // 2], truth[-1]
    erase(store, conversations=map(id_of, chosen))
    left = [one for one in truth if one not in chosen]
    assert sorted(map(id_of, store.records())) == sorted(map(id_of, left))
    assert {json.dumps(one) for one in store.records()} <= {json.dumps(one) for one in truth}


def test_nothing_in_the_store_says_who_was_erased(land, store, truth):
    land()
    chosen = truth[3]
    erase(store, conversations=[id_of(chosen)], participants=[consumer_of(truth[8])])
    land()
    for key, data in store.objects.items():
        if key.endswith((".json", ".txt")):
            for one in (id_of(chosen), consumer_of(truth[8]), id_of(truth[8])):
                assert one not in data.decode(), key


def test_a_window_from_which_all_is_erased_stays_as_one_without_records(land, store, truth):
    land()
    erased = erase(store, conversations=map(id_of, truth))
    assert erased.records == len(truth)
    manifest = judge(store)
    assert manifest.counts.kept == 0
    assert store.records() == []
    again = land()
    assert again.changed is False
    (window,) = again.windows
    assert (window["records"], window["erased"], window["complete"]) == (0, len(truth), True)


def test_erasing_twice_changes_nothing(land, store, truth):
    land()
    first = erase(store, conversations=[id_of(truth[2])])
    before = landed_bytes(store)
    second = erase(store, conversations=[id_of(truth[2])], now=NOW + timedelta(hours=1))
    assert (first.records, second.records, second.changed) == (1, 0, [])
    assert landed_bytes(store) == before


def test_a_second_erasure_adds_to_the_first(land, store, truth):
    land()
    erase(store, conversations=[id_of(truth[2])])
    erase(store, conversations=[id_of(truth[3])], now=NOW + timedelta(hours=1))
    manifest = judge(store)
    assert [note.records for note in manifest.erasures or []] == [1, 1]
    assert manifest.counts.erased == 2
    assert land().changed is False


def test_a_landing_in_which_there_is_nothing_is_warned_of(land, store, caplog):
    """As where its address is misspelled: nobody is erased, and the task succeeds."""
    request = EraseRequest.read(conversation_ids=["one"], participant_ids=(), secret=SECRET)
    assert request.erase(store, "lak", ACCOUNT, now=NOW).windows == 0
    (warned,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert f"account {ACCOUNT}" in warned
    assert warned.partition(" landed in ")[2].startswith(f"{store.uri('lak')};")
    caplog.clear()
    land()
    assert erase(store, conversations=["nobody"]).windows == 1
    assert not [one for one in caplog.records if one.levelname == "WARNING"]


def test_ids_that_are_nowhere_change_nothing(land, store):
    land()
    before = landed_bytes(store)
    assert erase(store, conversations=["nobody"], participants=["no one"]).records == 0
    assert landed_bytes(store) == before


def test_an_agents_id_finds_no_conversation(land, store, truth):
    land()
    agent = next(
        message["participantId"]
        for one in truth
        for message in one["messageRecords"]
        if message["sentBy"] == "Agent"
    )
    assert erase(store, participants=[agent]).records == 0


def test_conversations_of_a_consumer_are_erased_where_only_their_ids_are(land, store, sandbox, truth):
    rows = sandbox.truth("actual_handle_time", DAY.start, DAY.end)
    land()
    land("actual_handle_time")
    consumer = consumer_of(truth[0])
    theirs = [id_of(one) for one in truth if consumer_of(one) == consumer]
    assert erase(store, participants=[consumer]).records == len(theirs)
    # The sandbox's handle times are of other conversations, so one of these stands for the consumer's.
    salt = Salt(SECRET)
    noted = json.loads(store.objects[LIST])["erasures"]
    hashes = {one["kind"]: one["hashes"] for one in noted}
    assert hashes["conversation"] == sorted(salt.hash_of(one.encode()) for one in theirs)
    assert erase(store, conversations=[rows[0]["conversationId"]]).records >= 1
    judge(store, "actual_handle_time")
    assert land("actual_handle_time").changed is False


def test_the_next_try_looks_for_what_the_first_one_has_learned(land, store, truth):
    land()
    land("actual_handle_time")  # whose records name no consumer
    (key,) = [key for key in store.objects if "/actual_handle_time/" in key and "/part-" in key]
    part = store.objects[key]
    store.objects[key] = b"not as it was landed"
    with pytest.raises(StorageError):
        erase(store, participants=[consumer_of(truth[0])])
    store.objects[key] = part
    assert erase(store, participants=[consumer_of(truth[0])]).windows == 2


@pytest.mark.parametrize(
    "scope",
    [{"datasets": ["messaging_interactions"]}, {"start": DAY.end}, {"end": DAY.start}],
    ids=["other datasets", "later", "earlier"],
)
def test_conversations_noted_for_other_windows_are_not_looked_for(land, store, sandbox, truth, scope):
    theirs = sandbox.truth("actual_handle_time", DAY.start, DAY.end)[0]["conversationId"]
    land("actual_handle_time")
    consumer = consumer_of(truth[0])
    erase(store, conversations=[theirs], participants=[consumer], **scope)
    again = erase(store, participants=[consumer])
    assert (again.records, again.windows) == (0, 0)


def test_the_conversations_of_others_are_not_looked_for(land, store, sandbox, truth):
    theirs = sandbox.truth("actual_handle_time", DAY.start, DAY.end)[0]["conversationId"]
    erase(store, conversations=[theirs], participants=["somebody"])
    land("actual_handle_time")
    assert erase(store, participants=["somebody else"]).windows == 0


def test_windows_of_other_days_and_datasets_are_left_alone(land, store, truth):
    land()
    before = landed_bytes(store)
    other = {"start": DAY.end, "end": DAY.end + timedelta(days=1)}
    assert erase(store, conversations=[id_of(truth[0])], **other).windows == 0
    assert erase(store, conversations=[id_of(truth[0])], datasets=["actual_handle_time"]).windows == 0
    assert landed_bytes(store) == before
    assert land().changed is False


def test_a_consumer_who_comes_back_lands_again(land, store, truth):
    """Windows that begin after the erasure are not touched by it."""
    erase(store, participants=[consumer_of(one) for one in truth], now=DAY.start)
    assert land().records == len(truth)


def test_windows_that_land_late_lack_whom_was_erased_before(land, store, truth):
    erase(store, participants=[consumer_of(truth[0])], now=NOW)
    theirs = [one for one in truth if consumer_of(one) == consumer_of(truth[0])]
    assert land().records == len(truth) - len(theirs)
    assert manifest_of(store).counts.erased == len(theirs)


@pytest.mark.parametrize("secret", [None, "another secret"])
def test_without_the_secret_nothing_lands_that_may_hold_erased_persons(land, store, sandbox, truth, secret):
    erase(store, conversations=[id_of(truth[0])])
    before = len(sandbox.requests)
    with pytest.raises(ConfigurationError, match="erased persons") as caught:
        land(secret=secret)
    assert caught.value.field == "hash_secret"
    assert len(sandbox.requests) == before
    with pytest.raises(ConfigurationError):
        erase(store, conversations=["x"], secret=secret)
    land("audit_trail", secret=secret)  # in which nobody can be


@pytest.mark.parametrize(
    ("masking", "why"),
    [
        (Masking(drop_fields=[ID, "consumerParticipants"]), "without the ids of conversations"),
        (
            Masking(hash_fields=["info", "consumerParticipants"], salt=SECRET),
            "without the ids of conversation",
        ),
        (Masking(hash_fields=[ID], salt="another"), "hashed with another hash_secret"),
    ],
    ids=["dropped", "hashed as a whole", "hashed with another secret"],
)
def test_windows_that_cannot_be_searched_are_told(land, store, truth, masking, why):
    land(masking=masking)
    erased = erase(store, conversations=[id_of(truth[0])])
    (told,) = erased.unsearched.values()
    assert why in told
    with pytest.raises(StorageError, match="1 window") as caught:
        erased.refuse_unsearched()
    assert id_of(truth[0]) not in str(caught.value)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("name", "masking", "missing"),
    [
        ("data_access_engagement", Masking(drop_fields=["consumerId"]), "participants in consumerId"),
        (
            "data_access_engagement",
            Masking(keep_fields=["conversationId"]),
            "participants in consumerId, _header.visitorId",
        ),
        (
            "messaging_interactions",
            Masking(hash_fields=["consumerParticipants"], salt=SECRET),
            f"participants in {CONSUMER}",
        ),
    ],
    ids=["dropped", "not kept", "hashed as a whole"],
)
def test_a_window_that_lacks_one_of_its_ids_is_told(land, store, name, masking, missing):
    land(name, masking=masking)
    (told,) = erase(store, participants=["somebody"]).unsearched.values()
    assert told == f"it landed without the ids of {missing}"


def test_an_id_that_is_not_looked_for_is_not_missed(land, store):
    land("data_access_engagement", masking=Masking(drop_fields=["consumerId"]))
    assert erase(store, conversations=["one"]).unsearched == {}


def test_what_can_be_found_is_erased_where_something_else_cannot(land, store, truth):
    land(masking=Masking(drop_fields=["consumerParticipants", "messageRecords", "messageStatuses"]))
    erased = erase(store, conversations=[id_of(truth[0])], participants=["somebody"])
    assert erased.records == 1
    assert "participants" in next(iter(erased.unsearched.values()))


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"conversations": "an id"}, "conversation_ids"),
        ({"conversations": ["good", None]}, "conversation_ids"),
        ({"participants": ["  "]}, "participant_ids"),
        ({"participants": [{"secret-id": 1}]}, "participant_ids"),
        ({"conversations": ["a"], "datasets": ["no such"]}, "dataset"),
        ({"conversations": ["a"], "datasets": ["users"]}, "datasets"),
        ({"conversations": ["a"], "datasets": []}, "datasets"),
        ({"conversations": ["a"], "start": "yesterday"}, "start"),
        ({"conversations": ["a"], "start": DAY.end, "end": DAY.start}, "start"),
        ({"conversations": ["a"], "secret": None}, "hash_secret"),
        ({"conversations": ["a"], "secret": " "}, "hash_secret"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_touched(store, arguments, field):
    with pytest.raises(ConfigurationError) as caught:
        erase(store, **arguments)
    assert caught.value.field == field
    assert "secret-id" not in str(caught.value)
    assert store.changes == []


def test_an_id_that_is_none_is_named_by_its_place(store):
    with pytest.raises(ConfigurationError, match="entry 3 of the list is empty"):
        erase(store, conversations=["good", "good", ""])


def test_a_part_that_is_not_as_it_was_landed_is_not_searched(land, store, truth):
    land()
    key = next(key for key in store.objects if "/part-" in key)
    store.objects[key] += b"x"
    with pytest.raises(StorageError):
        erase(store, conversations=[id_of(truth[0])])


def test_old_parts_that_cannot_be_removed_fail_the_erasure(land, store, truth):
    """A landing only warns of them, but these hold what is to be gone."""
    land()
    store.refuse = lambda verb, key: verb == "delete" and "/part-" in key
    with pytest.raises(StorageError):
        erase(store, conversations=[id_of(truth[0])])
    store.refuse = lambda verb, key: False
    erase(store, conversations=[id_of(truth[0])])
    judge(store)


def test_what_was_landed_by_another_version_stays_as_it_is_but_for_the_erased(land, store, truth):
    """Nothing is filled in from what this version would write."""
    land()
    key = next(key for key in store.objects if key.endswith("_manifest.json"))
    manifest = replace_versions(store, key)
    erase(store, conversations=[id_of(truth[0])])
    assert manifest_of(store).versions == manifest.versions


def replace_versions(store, key) -> Manifest:
    manifest = msgspec.structs.replace(Manifest.decode(store.objects[key], key), versions={"x": "0"})
    store.write(key, manifest.encode())
    return manifest


def test_a_raw_landing_where_persons_were_erased_is_refused(connect, store):
    erase(store, conversations=["somebody"])
    dataset = dataset_named("data_access_engagement").as_files()
    where = store.destination(encoding=Encoding("raw", "none"))
    with pytest.raises(ConfigurationError) as caught:
        pull(connect(), dataset, dataset.query(DAY), where, secret=SECRET, now=NOW)
    assert caught.value.field == "raw"


def test_nobody_erased_costs_two_small_reads(land, store, monkeypatch):
    read: list[str] = []
    fetch = store.fetch
    monkeypatch.setattr(store, "fetch", lambda key: read.append(key) or fetch(key))
    land()
    assert read.count(LIST) == 2
    read.clear()
    land()
    assert read.count(LIST) == 1

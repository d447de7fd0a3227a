"""The operator that erases persons: where ids come from, and that they go nowhere."""

from __future__ import annotations

import gzip
import json
import logging
import os
from datetime import UTC, datetime

import pytest
from airflow.sdk import DAG, task

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.operators.erase import LivePersonEraseOperator
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from tests.unit.transfers.failing import fails_at_once

START, END = datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("within_a_year")


@pytest.fixture(autouse=True)
def connection(airflow_connections, monkeypatch):
    connection = json.loads(os.environ["AIRFLOW_CONN_LIVEPERSON_DEFAULT"])
    connection["extra"] |= {"hash_secret": "a long secret"}
    monkeypatch.setenv("AIRFLOW_CONN_LIVEPERSON_DEFAULT", json.dumps(connection))


@pytest.fixture
def truth(sandbox):
    return sandbox.truth("messaging_interactions", START, END)


def land(folder, **choices):
    given = {"dataset": "messaging_interactions", "start": START, "end": END, **choices}
    return LivePersonToObjectStorageOperator(task_id="pull", path=f"file://{folder}", **given).execute({})


def erase(folder, context=None, **choices):
    operator = LivePersonEraseOperator(task_id="erase", uri=f"file://{folder}", **choices)
    operator.render_template_fields(context or {})
    return operator.execute(context or {})


def landed_ids(folder) -> list[str]:
    return [
        json.loads(line)["info"]["conversationId"]
        for path in sorted(folder.rglob("part-*"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


@pytest.mark.parametrize(
    "given",
    [
        lambda ids: {"conversation_ids": ids},
        lambda ids: {"conversation_ids": "{{ wanted }}"},
        lambda ids: {"conversation_ids": "{{ wanted | join(',') }}"},
        lambda ids: {"conversation_ids": "{{ wanted | join('\n') }}"},
        lambda ids: {"conversation_ids": "{{ wanted | tojson }}"},
        lambda ids: {"conversation_ids": ["{{ wanted[0] }}", "{{ wanted[1] }}"]},
        lambda ids: {"conversation_ids": lambda context: context["wanted"]},
        lambda ids: {"conversation_ids": {*ids}},
    ],
    ids=["list", "template", "with commas", "lines", "JSON", "a template each", "function", "set"],
)
def test_ids_in_every_form(tmp_path, truth, given):
    land(tmp_path)
    ids = [one["info"]["conversationId"] for one in truth[:2]]
    told = erase(tmp_path, {"wanted": ids}, **given(ids))
    assert (told["records"], told["windows"], told["unsearched"]) == (2, 1, {})
    assert told["changed"] == [f"file://{path}" for path in tmp_path.rglob("_manifest.json")]
    assert not set(ids) & set(landed_ids(tmp_path))
    assert land(tmp_path)["changed"] is False


def test_ids_in_an_object(tmp_path, truth):
    land(tmp_path / "lake")
    ids = [one["consumerParticipants"][0]["participantId"] for one in truth[:2]]
    (tmp_path / "ids.txt").write_text("\r\n".join(["", *ids, ""]))
    told = erase(tmp_path / "lake", participant_ids_uri=f"file://{tmp_path}/ids.txt")
    assert told["records"] >= 2


PHONES = ["+15550005282", "+15550222272"]


def noted_by(folder, **choices) -> list[str]:
    """The hashes of whom a task has erased."""
    folder.mkdir(exist_ok=True)
    erase(folder, {"wanted": PHONES}, allow_unsearched=True, **choices)
    (noted,) = folder.rglob("_erased/*")
    (erasure,) = json.loads(noted.read_text())["erasures"]
    return erasure["hashes"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        *(
            (text, PHONES)
            for text in ("{{ wanted | join(', ') }}", "{{ wanted | join('\n') }}", "{{ wanted }}")
        ),
        ("\n +15550005282 ;\r\n+15550222272,\n", PHONES),
        ("'+15550005282', '+15550222272'", PHONES),
        ("+15550005282", PHONES[:1]),
        ('"+15550005282"', PHONES[:1]),
        ("15550005282", ["15550005282"]),
        ("[15550005282, 1]", ["15550005282", "1"]),
        ("1_2,3", ["1_2", "3"]),
        ("0x10,0x20", ["0x10", "0x20"]),
        ("007, 12345e67", ["007", "12345e67"]),
        ("12345e67", ["12345e67"]),
        ("+49 176 12345, 2", ["+49 176 12345", "2"]),
    ],
)
def test_ids_in_a_text_stay_as_they_are_written(tmp_path, text, ids):
    assert noted_by(tmp_path / "text", participant_ids=text) == noted_by(
        tmp_path / "list", participant_ids=ids
    )


def test_a_line_of_an_object_is_one_id(tmp_path):
    (tmp_path / "ids.txt").write_bytes(b"\xef\xbb\xbf +49 176 12345\t\r\n\r\n12\n")
    of_object = noted_by(tmp_path / "object", participant_ids_uri=f"file://{tmp_path}/ids.txt")
    assert of_object == noted_by(tmp_path / "list", participant_ids=["+49 176 12345", "12"])


@pytest.mark.parametrize("line", ["an-id,another", "an-id;another", '"an-id"', "['an-id']", '{"an-id": 1}'])
def test_a_line_that_is_no_bare_id_is_refused(tmp_path, line):
    """Nobody would be found by it."""
    land(tmp_path)
    (tmp_path / "ids.txt").write_text(f"first\n{line}\n")
    with fails_at_once(ConfigurationError, "participant_ids_uri: line 2 of ") as caught:
        erase(tmp_path, participant_ids_uri=f"file://{tmp_path}/ids.txt")
    assert "an-id" not in str(caught.value)
    assert not list(tmp_path.rglob("_erased"))


@pytest.mark.parametrize(
    "text", ["[an id]", "[+1555, 'an id']", "('an id', 0x10)", "['an id'", "{'an id': 1}"]
)
def test_a_text_that_begins_like_a_list_and_is_none_is_refused(tmp_path, text):
    with fails_at_once(ConfigurationError, "participant_ids") as caught:
        erase(tmp_path, participant_ids=text)
    assert "an id" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{{ wanted | join(', ') }}", "{{ wanted[0] }}"])
def test_ids_that_airflow_has_made_numbers_of_are_refused(tmp_path, text):
    """The + is gone by then, and another person may be meant."""
    native = DAG("erasing", schedule=None, render_template_as_native_obj=True)
    with native, fails_at_once(ConfigurationError, "as numbers"):
        erase(tmp_path, {"wanted": PHONES}, participant_ids=text)
    with DAG("erasing", schedule=None, render_template_as_native_obj=True):
        of_list = noted_by(tmp_path / "template", participant_ids="{{ wanted }}")
    assert of_list == noted_by(tmp_path / "list", participant_ids=PHONES)


def test_no_ids_erase_nothing(tmp_path):
    land(tmp_path)
    nobody = tmp_path / "nobody.txt"
    nobody.touch()
    for given in (
        {"conversation_ids": [], "participant_ids": "[]"},
        {"participant_ids": "{{ [] | join(',') }}"},
        {"participant_ids_uri": f"file://{nobody}"},
    ):
        assert erase(tmp_path, **given)["records"] == 0
    assert not list(tmp_path.rglob("_erased"))


@pytest.mark.parametrize("uri", [None, "{{ wanted }}", "{{ '' }}"])
def test_where_nothing_says_whom_to_erase_the_task_fails(tmp_path, uri):
    land(tmp_path)
    with fails_at_once(ConfigurationError, "nothing says whom to erase"):
        erase(tmp_path, {"wanted": None}, participant_ids_uri=uri)


@pytest.mark.parametrize(
    "given",
    ["{{ wanted }}", "{{ wanted | tojson }}", lambda context: context["wanted"]],
    ids=["template", "JSON", "function"],
)
def test_ids_that_nobody_returned_are_not_taken_for_nobody(tmp_path, given):
    """As those of a task that has not run, which a mapped task does not wait for."""
    land(tmp_path)
    for name in ("conversation_ids", "participant_ids"):
        with fails_at_once(ConfigurationError, f"{name} is None when the task runs") as raised:
            erase(tmp_path, {"wanted": None}, **{name: given})
        assert raised.value.__cause__.field == name
    assert not list(tmp_path.rglob("_erased"))


def test_the_output_of_a_task_that_has_not_run_is_not_taken_for_nobody(tmp_path, monkeypatch):
    with DAG("d", schedule=None):

        @task
        def whom() -> list[str]:
            return []

        ids = whom()
    monkeypatch.setattr(type(ids), "resolve", lambda self, *context, **more: None)
    with fails_at_once(ConfigurationError, "that task has returned nothing or has not run"):
        erase(tmp_path, participant_ids=ids)


def test_where_nothing_has_landed_nobody_is_taken_for_erased(tmp_path, truth):
    """As at a misspelled address, or by the connection of another account."""
    land(tmp_path / "lake")
    person = [truth[0]["info"]["conversationId"]]
    for wrong in (tmp_path / "lak", tmp_path):
        with fails_at_once(ConfigurationError, "nothing of account 70000001 has landed in file://") as raised:
            erase(wrong, conversation_ids=person)
        assert raised.value.__cause__.field == "uri"
        assert erase(wrong, conversation_ids=[])["windows"] == 0
    assert [path.name for path in tmp_path.iterdir()] == [
        "lake"
    ]  # not even whom to erase is noted down there
    told = erase(tmp_path / "new", conversation_ids=person, allow_unsearched=True)
    assert (told["records"], told["windows"]) == (0, 0)
    assert land(tmp_path / "new")["windows"][0]["erased"] == 1


def test_what_has_landed_need_not_be_what_is_searched(tmp_path):
    land(tmp_path, dataset="audit_trail")
    assert erase(tmp_path, conversation_ids=["x"])["windows"] == 0


def test_without_an_address_nothing_is_erased(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for uri in ("None", ""):
        with fails_at_once(ConfigurationError, "must be the address of a landing"):
            LivePersonEraseOperator(task_id="erase", uri=uri, conversation_ids=["x"]).execute({})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"conversation_ids": {"an id": 1}}, "conversation_ids"),
        ({"conversation_ids": [["an id"]]}, "conversation_ids"),
        ({"participant_ids": 1.5}, "participant_ids"),
        ({"conversation_ids": ["x"], "datasets": "no list"}, "datasets"),
        ({"conversation_ids": ["x"], "allow_unsearched": "perhaps"}, "allow_unsearched"),
        ({"conversation_ids_uri": "no-address"}, "conversation_ids_uri"),
        ({"conversation_ids_uri": "/ids.txt"}, "conversation_ids_uri"),
        ({"conversation_ids_uri": "file:///no/such/file"}, "conversation_ids_uri"),
        ({"conversation_ids": ["x"], "liveperson_conn_id": "liveperson_app_jwt"}, "hash_secret"),
    ],
)
def test_bad_arguments_fail_at_once_and_quote_no_id(tmp_path, choices, field):
    with fails_at_once(ConfigurationError) as caught:
        erase(tmp_path, **choices)
    cause = caught.value.__cause__
    assert isinstance(cause, ConfigurationError)
    assert cause.field == field
    assert "an id" not in str(cause)


def test_windows_that_could_not_be_searched_fail_the_task_after_the_rest_is_erased(tmp_path, truth):
    land(tmp_path, drop_fields=["info.conversationId"])
    ids = [truth[0]["info"]["conversationId"]]
    with fails_at_once(StorageError, "could not be searched"):
        erase(tmp_path, conversation_ids=ids)
    told = erase(tmp_path, conversation_ids=ids, allow_unsearched=True)
    assert len(told["unsearched"]) == 1


def test_ids_go_nowhere(tmp_path, truth, caplog):
    """Neither to the log, nor to the result, nor to what Airflow shows or stores of the task."""
    from airflow.serialization import serialized_objects

    # Its name until Airflow 3.1.
    serializer = getattr(serialized_objects, "DagSerialization", serialized_objects.SerializedDAG)
    caplog.set_level(logging.DEBUG)
    land(tmp_path)
    caplog.clear()
    conversation = truth[0]["info"]["conversationId"]
    consumer = truth[1]["consumerParticipants"][0]["participantId"]
    with DAG("d", schedule=None) as dag:
        operator = LivePersonEraseOperator(
            task_id="erase",
            uri=f"file://{tmp_path}",
            conversation_ids=[conversation],
            participant_ids="{{ consumer }}",
        )
    told = json.dumps(serializer.to_dict(dag), default=str)
    context = {"consumer": consumer}
    operator.render_template_fields(context)
    told += repr([getattr(operator, name) for name in operator.template_fields])
    told += json.dumps(operator.execute(context))
    told += caplog.text
    assert "Erased" in caplog.text
    for path in tmp_path.rglob("*"):
        told += path.name + (path.read_text() if path.suffix in (".json", ".txt") else "")
    assert conversation not in told
    assert consumer not in told


def test_the_output_of_a_task_is_waited_for_and_is_no_rendered_field():
    with DAG("d", schedule=None):

        @task
        def whom() -> list[str]:
            return []

        operator = LivePersonEraseOperator(task_id="erase", uri="s3://lake", participant_ids=whom())
    assert operator.upstream_task_ids == {"whom"}
    assert not {"conversation_ids", "participant_ids"} & set(operator.template_fields)

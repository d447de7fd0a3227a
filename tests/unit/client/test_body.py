"""The body of an answer: in memory or on disk, complete or an error."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.exceptions import (
    InvalidResponseError,
    RequestRejectedError,
)

AUDIT_PATH = "/metadata/audit"


def passed(answer: Answer) -> Answer:
    return answer


def asked(sandbox, path: str = AUDIT_PATH) -> list:
    return [one for one in sandbox.requests if path in one.path]


def test_a_large_answer_goes_to_disk_when_asked(sandbox, connect, audit_request):
    sandbox.faults.add(kind="status", status=200, body="x" * 3_000_000, match=AUDIT_PATH)
    answer = connect().call(replace(audit_request, to_disk=True), passed)
    assert answer.body == b""
    with answer.file as file:
        assert file.read() == b"x" * 3_000_000
        assert not isinstance(file, io.BytesIO)


@pytest.mark.parametrize("error", [InvalidResponseError("no"), RequestRejectedError("no")])
def test_a_file_whose_reader_gives_up_is_closed(sandbox, connect, audit_request, waits, error):
    files = []

    def give_up(answer: Answer) -> None:
        files.append(answer.file)
        raise error

    with pytest.raises(type(error)):
        connect().call(replace(audit_request, to_disk=True), give_up)
    assert files
    assert all(file.closed for file in files)

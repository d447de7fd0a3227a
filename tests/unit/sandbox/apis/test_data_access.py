from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

START = datetime(2026, 1, 30, tzinfo=UTC)
END = datetime(2026, 1, 31, tzinfo=UTC)
HOUR = timedelta(hours=1)


def get(server: Any, path: str = "/survey", **parameters: Any) -> requests.Response:
    url = f"{server.url}/data_access_le/account/{server.settings.account_id}/le{path}"
    return requests.get(url, params=parameters, auth=server.oauth(), timeout=10)


def listing(server: Any, start: datetime = START, end: datetime = END) -> requests.Response:
    return get(server, startTime=int(start.timestamp() * 1000), endTime=int(end.timestamp() * 1000))


def files(server: Any, start: datetime = START, end: datetime = END) -> list[dict[str, str]]:
    answer = listing(server, start, end)
    assert answer.status_code == 200, answer.text
    found = answer.json()["dataAccessFiles"]["file"]
    return found if isinstance(found, list) else [found]


def content(server: Any, file: dict[str, str]) -> bytes:
    answer = get(server, "/" + urlsplit(file["@href"]).path.partition("/le/")[2])
    assert answer.status_code == 200, answer.text
    return answer.content


def bare(value: Any) -> Any:
    """A value without tags, by a second hand."""
    if isinstance(value, dict):
        if len(value) == 1 and (name := next(iter(value))) and ("." in name or name in TAGS):
            return bare(value[name])
        return {name: bare(inner) for name, inner in value.items()}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


TAGS = {"string", "long", "double", "array", "boolean"}


def surveys(text: bytes) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        for record in bare(json.loads(line))["recordCollection"]:
            body = record["body"]
            for survey in body["surveys"]:
                yield {**survey, "_header": body["header"], "_type": "SurveyData"}


def test_the_files_of_a_day_hold_the_truth(sandbox: Any) -> None:
    server = sandbox(days=6)
    found = [row for file in files(server) for row in surveys(gzip.decompress(content(server, file)))]
    assert found == server.truth("data_access_survey", START, END)
    assert len(found) == 50
    assert {name.split(".")[1] for name in (file["@name"] for file in files(server))} == {
        str(int((START + number * HOUR).timestamp() * 1000)) for number in range(24)
    }


def test_an_hour_may_have_several_parts_and_one_is_an_object(sandbox: Any) -> None:
    server, later = sandbox(), END + 50 * HOUR
    server.insert("data_access_survey", 7, later)
    assert "@href" in listing(server, later, later + HOUR).json()["dataAccessFiles"]["file"]
    server.insert("data_access_survey", 2, later)
    assert len(listing(server, later, later + HOUR).json()["dataAccessFiles"]["file"]) == 2
    assert len(server.truth("data_access_survey", later, later + HOUR)) == 9
    many = sandbox(days=1, data_access_surveys=24 * 4)
    day = datetime.combine(many.settings.until, datetime.min.time(), UTC) - 24 * HOUR
    parts = [file["@name"].rpartition("part-")[2] for file in files(many, day, day + HOUR)]
    assert parts == ["00000-0.gz", "00001-0.gz"]


def test_a_single_file_may_be_in_a_list(sandbox: Any) -> None:
    server = sandbox(data_access_single="list")
    server.insert("data_access_survey", 1, END + 50 * HOUR)
    answer = listing(server, END + 50 * HOUR, END + 51 * HOUR).json()
    assert isinstance(answer["dataAccessFiles"]["file"], list)


def test_a_list_has_every_file_that_overlaps_the_range(sandbox: Any) -> None:
    server = sandbox(days=6)
    noon = START + 12 * HOUR
    inside = {file["@scopeStartDate"] for file in files(server, noon + HOUR / 2, noon + HOUR)}
    assert inside == {"2026-01-30T12:00:00+00:00"}
    server.configure(data_access_edges="inside")
    touching = {file["@scopeStartDate"][11:13] for file in files(server, noon, noon + HOUR)}
    assert touching == {"11", "12", "13"}


@pytest.mark.parametrize("status", ["404", "400"])
def test_a_range_without_files_is_refused_in_words(sandbox: Any, status: str) -> None:
    server = sandbox(data_access_no_files=status)
    answer = listing(server, datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))
    assert (answer.status_code, "No Available Files" in answer.text) == (int(status), True)


@pytest.mark.parametrize(
    "parameters", [{}, {"startTime": 1}, {"startTime": 2, "endTime": 1}, {"startTime": "x"}]
)
def test_a_range_that_is_not_valid_is_a_400(sandbox: Any, parameters: dict[str, Any]) -> None:
    answer = get(sandbox(), **parameters)
    assert answer.status_code == 400
    assert "No Available Files" not in answer.text


def test_names_zones_and_compression_are_switches(sandbox: Any) -> None:
    server = sandbox(days=6, data_access_names="bare", data_access_zone="-04:00", data_access_files="plain")
    first = files(server)[0]
    assert not first["@name"].endswith(".gz")
    assert first["@scopeStartDate"] == "2026-01-29T20:00:00-04:00"
    assert content(server, first).startswith(b"{")


@pytest.mark.parametrize("layout", ["lines", "concatenated", "list"])
def test_the_layout_of_a_file_is_a_switch(sandbox: Any, layout: str) -> None:
    server = sandbox(days=6, data_access_layout=layout, data_access_files="plain")
    text = content(server, files(server)[0])
    count = text.count(b'"dataType"')
    assert count == len(server.truth("data_access_survey", START, START + HOUR)) > 1
    assert text.count(b"\n") == (count if layout == "lines" else 0)
    assert text.startswith(b"[" if layout == "list" else b"{")


def test_tags_are_those_of_real_files_or_of_the_sample(sandbox: Any) -> None:
    server = sandbox(days=6, data_access_files="plain")
    first = files(server)[0]
    real = json.loads(content(server, first).splitlines()[0])
    server.configure(data_access_tags="sample")
    sample = json.loads(content(server, first).splitlines()[0])
    assert list(real["recordCollection"]) == ["array"]
    assert list(real["metaData"]) == ["com.liveperson.dataaccess.MetaData"]
    assert isinstance(sample["recordCollection"], list)
    assert sample["metaData"]["accountId"] == {"string": server.settings.account_id}
    assert bare(real) == bare(sample)


def test_what_else_there_is(sandbox: Any) -> None:
    links = get(sandbox(), "").json()["le"]["link"]
    assert [link["@rel"] for link in links] == [
        "self", "agentActivity", "webSession", "engagement", "survey", "schema"
    ]  # fmt: skip
    assert links[4]["@href"].endswith("/le/survey")


def test_a_file_that_does_not_exist_is_a_404(sandbox: Any) -> None:
    answer = get(sandbox(), "/survey/Survey.1.2.part-00000-0.gz")
    assert (answer.status_code, "No such file" in answer.text) == (404, True)


def test_only_an_api_key_is_accepted(sandbox: Any) -> None:
    server = sandbox()
    url = f"{server.url}/data_access_le/account/{server.settings.account_id}/le"
    assert requests.get(url, timeout=10).status_code == 401
    assert get(server, "").status_code == 200

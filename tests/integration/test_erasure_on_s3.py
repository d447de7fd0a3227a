"""Erasures on a real S3 server that are killed between any two of their requests, or meet others and landings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.landing.s3 import S3Store
from airflow_provider_liveperson.sandbox.server import SandboxServer
from devtools.erasure_runs import DAY, LandedDay
from tests.integration.landed import S3Server

BUCKET = "erasures"
STRIDE = 3  # every moment is tried in memory, which is faster

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sandbox(start_sandbox: Callable[..., SandboxServer]) -> SandboxServer:
    return start_sandbox(until=DAY.end.date(), conversations=240, messages_per_conversation=2)


@pytest.fixture
def day(seaweedfs: S3Server, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[LandedDay]:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", seaweedfs.connection())
    if BUCKET not in seaweedfs.buckets():
        seaweedfs.client.create_bucket(Bucket=BUCKET)
    about = sandbox.settings
    names = ("app_key", "app_secret", "access_token", "access_token_secret")
    credential = ApiKeyCredential(**{name: getattr(about, name) for name in names})
    settings = ClientSettings(account_id=about.account_id, host=sandbox.url)
    with closing(LivePersonClient(settings, credential)) as client:
        made = LandedDay(S3Store(BUCKET, lambda: S3Hook(aws_conn_id="aws_default")), client)
        made.clear()
        yield made


@pytest.fixture
def ids(sandbox: SandboxServer) -> list[str]:
    truth = sandbox.truth("messaging_interactions", DAY.start, DAY.end)
    return [one["info"]["conversationId"] for one in truth]


def test_a_retry_finishes_an_erasure_that_was_killed_between_any_two_requests(
    day: LandedDay, ids: list[str]
) -> None:
    chosen = [ids[0], ids[-1]]
    moment = 0
    while True:
        day.clear()
        day.land()
        first = day.erasure(chosen)
        first.advance(moment)
        is_through = first.ended
        first.kill()
        day.erase(chosen)
        assert day.wrongs(chosen) == [], moment
        assert day.land().changed is False
        if is_through:
            break
        moment += 1
    assert moment > 10


def test_two_erasures_of_one_window_at_once(day: LandedDay, ids: list[str]) -> None:
    one, other = [ids[0]], [ids[1]]
    moment = 0
    while True:
        day.clear()
        day.land()
        first = day.erasure(one)
        first.advance(moment)
        is_through = first.ended
        day.erase(other)
        first.finish()
        assert first.error is None
        assert day.wrongs([*one, *other]) == [], moment
        if is_through:
            break
        moment += STRIDE


@pytest.mark.parametrize("again", [False, True], ids=["first landing", "landing again"])
def test_an_erasure_between_requests_of_a_landing(day: LandedDay, ids: list[str], again: bool) -> None:
    chosen = [ids[0], ids[-1]]
    moment = 0
    while True:
        day.clear()
        if again:
            day.land()
        landing = day.landing()
        landing.advance(moment)
        is_through = landing.ended
        day.erase(chosen)
        landing.finish()
        assert landing.error is None
        # What came up in the very second of a manifest is left to the next run, for want of a finer clock.
        day.land()
        assert day.wrongs(chosen) == [], moment
        if is_through:
            break
        moment += STRIDE
    assert moment > 8

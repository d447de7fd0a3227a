"""The session: what every request that is sent has, and what it never does."""

from __future__ import annotations

import pytest
import requests

from airflow_provider_liveperson.client.messages import Answer

AUDIT_PATH = "/metadata/audit"


def passed(answer: Answer) -> Answer:
    return answer


def asked(sandbox, path: str = AUDIT_PATH) -> list:
    return [one for one in sandbox.requests if path in one.path]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("how", [{}, {"allow_redirects": True}])
def test_the_session_hands_a_redirect_over_instead_of_following_it(sandbox, connect, status, how):
    sandbox.faults.add(kind="redirect", location=f"{sandbox.url}/else", match="/first")
    answer = connect().session.get(f"{sandbox.url}/first", **how)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{sandbox.url}/else")
    assert asked(sandbox, "/else") == []


@pytest.fixture
def timeouts(monkeypatch) -> list:
    """The timeouts that reach the network, one for each request."""
    given: list = []
    send = requests.adapters.HTTPAdapter.send

    def noted(self, request, **options):
        given.append(options["timeout"])
        return send(self, request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", noted)
    return given


@pytest.mark.parametrize(("setting", "connect_and_read"), [(30, (10, 30)), (4, (4, 4)), (3600, (10, 3600))])
@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_every_request_has_timeouts(connect, audit_request, timeouts, kind, setting, connect_and_read):
    client = connect(kind, timeout=setting)
    client.call(audit_request, passed)
    client.session.get(client.base_url("accountConfigReadOnly") + "/x")
    client.session.get(client.base_url("accountConfigReadOnly") + "/x", timeout=None)
    client.session.send(requests.Request("GET", client.base_url("msgHist")).prepare())
    assert set(timeouts) == {connect_and_read}
    assert len(timeouts) >= 5


def test_no_cookie_is_kept_and_the_user_agent_names_the_package(sandbox, connect, audit_request):
    client = connect()
    client.call(audit_request, passed)
    assert asked(sandbox)[0].header("user-agent").startswith("airflow-provider-liveperson/")
    answer = requests.Response()
    answer.headers["Set-Cookie"] = "Session_id=1"
    assert not client.session.cookies


def test_a_netrc_file_and_a_proxy_are_no_business_of_a_loopback_host(
    sandbox, connect, audit_request, monkeypatch, tmp_path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    connect("app_jwt_v2").call(audit_request, passed)
    domain, token, *_ = sandbox.requests
    assert domain.header("authorization") is None
    assert token.header("authorization") is None

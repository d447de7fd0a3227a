"""What the report says of a connection."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from airflow_provider_liveperson.client.credentials.api_key import FROZEN
from airflow_provider_liveperson.client.credentials.credential import Token, TokenCredential
from airflow_provider_liveperson.client.regional_hosts import REGIONAL_HOSTS
from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import DATASETS as EVERY_DATASET
from airflow_provider_liveperson.diagnostics.progress import Progress
from airflow_provider_liveperson.diagnostics.reachability import (
    MAX_REQUESTS_PER_SERVICE,
    check_reachability,
    seconds_for,
)
from airflow_provider_liveperson.diagnostics.report import ConnectionReport
from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.http.domain import SERVICES
from airflow_provider_liveperson.sandbox.switches import EVERY_CREDENTIAL, declarations
from airflow_provider_liveperson.window import stamp
from tests.contract.facts import FACTS

SIZE = re.compile(r"(?i)\b(?:limit|page_?size|first)\W{1,4}(\d+)")
KINDS = pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
URLS = {
    "messaging_interactions": "/messaging_history/",
    "agent_status_changes": "/status-changes",
    "users": "/le-users/users",
    "skills": "/le-users/skills",
    "agent_groups": "/le-users/agentGroups",
    "audit_trail": "/metadata/audit",
    "audit_trail_export": "/metadata/audit/export",
}
# Several of one service, both kinds of region, with and without history; one test looks at every dataset.
SOME = (
    *URLS,
    "interval_metrics",
    "messaging_queue_health",
    "outbound_transactions",
    "data_access_survey",
    "lobs",
)
DATASETS = {name: EVERY_DATASET[name] for name in SOME}
NOW = datetime(2026, 2, 1, tzinfo=UTC)
REGIONAL_SERVICES = {one.request.service for one in DATASETS.values()} & set(REGIONAL_HOSTS)
REGIONAL = {name for name, one in DATASETS.items() if one.request.service in REGIONAL_HOSTS}


@pytest.fixture(autouse=True)
def every_api_accepts_every_credential(sandbox):
    switches = [name for api in APIS for name in declarations(api.switches_type)]
    sandbox.configure(**{name: EVERY_CREDENTIAL for name in switches if name.endswith("_auth")})


@pytest.fixture
def look(connect, waits):
    """Checks the sandbox through a new client."""

    def run(
        kind: str = "api_key", *, seconds=None, datasets=None, now=NOW, progress=None, **choices
    ) -> ConnectionReport:
        datasets = list(DATASETS.values()) if datasets is None else datasets
        client = connect(kind, schedule=NO_RETRIES, budget=seconds_for(len(datasets)), **choices)
        report = check_reachability(
            client, name="lp", datasets=datasets, seconds=seconds, on_progress=progress, now=now
        )
        assert [seconds for seconds in waits if seconds >= 1] == []  # a declared rate takes less
        return report

    return run


def states(report: ConnectionReport) -> dict[str, str]:
    return {access.dataset: access.status for access in report.datasets}


@KINDS
def test_everything_can_be_read(look, kind):
    report = look(kind, datasets=list(EVERY_DATASET.values()))
    assert report.ok
    assert states(report) == dict.fromkeys(EVERY_DATASET, "readable")
    assert report.sentence == f"{len(EVERY_DATASET)} of {len(EVERY_DATASET)} datasets can be read through lp."
    assert report.account_id == "70000001"
    listed = {*SERVICES, *(name for api in APIS for name in api.services)}
    regional = {one.request.service for one in EVERY_DATASET.values()} & set(REGIONAL_HOSTS)
    assert listed | regional == set(report.services.hosts)
    assert report.services.missing == []
    assert report.clock.sentence == "This machine's clock is correct."


def test_apis_that_reject_every_token_cost_one_new_token_and_not_one_each(sandbox, look):
    """A renewal takes seconds for a web application, and each replaces its refresh token."""
    switches = [name for api in APIS for name in declarations(api.switches_type)]
    sandbox.configure(**{name: frozenset({"oauth1"}) for name in switches if name.endswith("_auth")})
    report = look("app_jwt_v2", max_concurrency=1)
    assert sum(state == "refused" for state in states(report).values()) > 5
    assert sum("/sentinel/" in one.path for one in sandbox.requests) == 2


@KINDS
def test_each_dataset_costs_one_request_for_as_little_as_can_be(sandbox, look, kind):
    look(kind)
    asked = [one for one in sandbox.requests if "/service/" not in one.path and "/sentinel/" not in one.path]
    assert len(asked) == len(DATASETS)
    # What has pages is asked for one record; what has none is asked for as it is.
    sizes = [SIZE.findall(f"{one.url} {one.body.decode()}") for one in asked]
    assert {size for found in sizes for size in found} == {"1"}
    assert sum(map(bool, sizes)) > 5
    assert all("select=id" in one.url for one in asked if "/configuration/le-users/" in one.url)
    assert sum("/service/" in one.path for one in sandbox.requests) == 1


# What a pull asks for in another way where LivePerson rejects the first one.
OTHER_WAYS = ("actual_handle_time_breakdown", "agent_status_reasons", "agent_surveys", "interval_metrics")


@pytest.mark.parametrize(
    ("name", "reading"), [(name, reading) for name in OTHER_WAYS for reading in FACTS[name].readings]
)
def test_what_a_pull_asks_for_in_another_way_is_readable(sandbox, look, name, reading):
    sandbox.configure(**FACTS[name].readings[reading])
    assert states(look(datasets=[EVERY_DATASET[name]])) == {name: "readable"}


def test_what_is_rejected_in_every_way_is_said_in_the_words_of_the_first(sandbox, look):
    sandbox.faults.add(kind="status", status=400, match="/breakdown", body={"message": "the first"})
    sandbox.faults.add(kind="status", status=400, match="/breakdown", body={"message": "another"}, times=9)
    report = look(datasets=[EVERY_DATASET["actual_handle_time_breakdown"]])
    assert "the first" in report.access("actual_handle_time_breakdown").detail


@KINDS
@pytest.mark.parametrize("switches", [{}, FACTS["messaging_interactions"].readings["no content"]], ids=str)
def test_where_nothing_has_happened_it_can_be_read_all_the_same(sandbox, look, kind, switches):
    sandbox.configure(**switches)
    assert look(kind, now=datetime(2030, 1, 1, tzinfo=UTC)).ok


@KINDS
def test_a_missing_permission_names_what_to_ask_for(sandbox, look, kind):
    sandbox.configure(missing_permission={"oauth1" if kind == "api_key" else kind})
    report = look(kind)
    assert not report.ok
    assert report.sentence == f"None of {len(DATASETS)} datasets can be read through lp."
    for access in report.datasets:
        assert (access.status, access.answered) == ("refused", 403)
        right = access.permission if kind == "api_key" else access.scope
        assert right == getattr(
            DATASETS[access.dataset].access, "permission" if kind == "api_key" else "scope"
        )
        assert right in access.sentence
        assert "answered 403" in access.detail
    users = report.access("users").sentence
    if kind == "api_key":
        assert users == (
            "Access denied: the API key lacks the permission Administration → Users, and "
            f"{FROZEN}; use App-JWT V2 or Login instead."
        )
    else:
        assert "ask LivePerson to add this scope to the application: users.external" in users
        skills = report.access("skills").sentence
        assert "ask LivePerson which OAuth 2.0 scope it needs, which is not documented" in skills
        assert "LivePerson documents it for API key and Login, not for App-JWT V2" in skills


def test_one_refusal_is_no_failure_of_the_connection(sandbox, look):
    sandbox.configure(activity_auth={"app_jwt_v2"})
    report = look("api_key")
    assert report.ok
    refused = dict.fromkeys(("agent_status_changes", "interval_metrics"), "refused")
    assert states(report) == {**dict.fromkeys(DATASETS, "readable"), **refused}
    readable = len(DATASETS) - len(refused)
    assert report.sentence == f"{readable} of {len(DATASETS)} datasets can be read through lp; 2 refused."
    access = report.access("agent_status_changes")
    assert access.answered == 401
    assert "Workforce Management" in access.sentence


def test_a_blocked_account_is_not_told_to_ask_for_a_right(sandbox, look):
    sandbox.faults.add(kind="status", status=451, match="/le-users/users")
    access = look().access("users")
    assert access.status == "refused"
    assert "tick" not in access.sentence
    assert "LivePerson Support has blocked" in access.detail


@KINDS
@pytest.mark.parametrize("name", sorted(URLS))
def test_a_service_that_fails_tells_nothing(sandbox, look, kind, name):
    sandbox.faults.add(kind="status", status=503, match=URLS[name], times=2)
    report = look(kind)
    assert report.ok  # as another service can be read
    access = report.access(name)
    assert (access.status, access.answered) == ("unknown", 503)
    assert access.sentence == "Unknown, because the request failed with status 503."
    assert sum(URLS[name] in one.path for one in sandbox.requests) <= 2
    assert report.access("skills" if name != "skills" else "users").status == "readable"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "not_json"},
        {"kind": "drop"},
        {"kind": "cut_json"},
        {"kind": "redirect"},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 400},
        {"kind": "status", "status": 200, "body": '{"data": null, "errors": [{"message": "no"}]}'},
    ],
    ids=["HTML", "no answer", "half an answer", "elsewhere", "429", "400", "errors in a 200"],
)
def test_an_answer_that_proves_nothing_tells_nothing(sandbox, look, fault):
    sandbox.faults.add(match="/metadata/audit", times=2, **fault)
    report = look(datasets=[DATASETS["audit_trail"]])
    assert report.access("audit_trail").status == "unknown"
    assert report.access("audit_trail").detail
    assert not report.ok


@KINDS
def test_a_service_that_the_account_does_not_have(sandbox, look, kind):
    entries = [
        {"service": name, "account": "70000001", "baseURI": sandbox.url.removeprefix("http://")}
        for name in SERVICES
        if name != "agentActivityDomain"
    ]
    sandbox.faults.add(
        kind="status", status=200, body={"baseURIs": entries}, match="/service/baseURI.json", times=9
    )
    report = look(kind)
    assert report.ok
    assert report.services.missing == ["agentActivityDomain"]
    assert report.services.sentence == "The Domain API lists 26 services, but not agentActivityDomain."
    access = report.access("agent_status_changes")
    assert (access.status, access.has_service) == ("unknown", False)
    assert (
        access.sentence
        == "The account does not have the service agentActivityDomain, so it has none of these records."
    )
    assert not any("/status-changes" in one.path for one in sandbox.requests)


def test_a_service_that_the_connection_names_itself_is_not_missing(sandbox, look):
    sandbox.faults.add(kind="status", status=500, match="/service/", times=9)
    report = look(service_hosts={"msgHist": sandbox.url})
    assert not report.services.works
    for name, state in states(report).items():
        if name not in REGIONAL:
            named = DATASETS[name].request.service == "msgHist"
            assert state == ("readable" if named else "unknown"), name
    assert report.access("users").sentence == "Not checked: the Domain API did not list the services."


def test_a_service_with_a_host_by_region_is_not_missing(look):
    users = DATASETS["users"]
    report = look(datasets=[replace(users, request=replace(users.request, service="dataAccess"))])
    assert report.services.missing == []
    assert "dataAccess" in report.services.hosts
    assert states(report) == {"users": "readable"}


@KINDS
def test_of_an_unknown_account_nothing_else_is_asked(sandbox, look, kind):
    report = look(kind, account_id="99999999")
    assert not report.ok
    assert report.sentence.startswith("Nothing was checked: LivePerson's Domain API at")
    for told in (report.sentence, report.services.sentence):
        assert "does not know account 99999999" in told
    assert set(states(report).values()) == {"unknown"}
    assert ["/service/" in one.path for one in sandbox.requests] == [True]


@pytest.mark.parametrize(
    ("match", "says"),
    [
        (None, "users can be read through lp."),
        ({"status": 403}, "users cannot be read through lp."),
        ({"status": 500}, "users could not be checked through lp."),
    ],
    ids=str,
)
def test_of_one_dataset_it_says_whether_it_can_be_read(sandbox, look, match, says):
    if match:
        sandbox.faults.add(kind="status", match="/le-users/users", **match)
    report = look(datasets=[DATASETS["users"]])
    assert (report.ok, report.sentence) == (match is None, says)


def test_a_host_that_is_not_livepersons_gets_no_credential(sandbox, look):
    sandbox.configure(service_hosts={"msgHist": "collector.example.com"})
    access = look().access("messaging_interactions")
    assert access.status == "unknown"
    assert "no credential is sent there" in access.detail


def test_nobody_at_the_host(look):
    report = look(host="http://127.0.0.1:9")
    assert not report.ok
    assert "check the host" in report.services.sentence
    assert report.clock.offset_seconds is None
    assert report.clock.sentence == "LivePerson's answers carried no Date header."


@pytest.mark.parametrize(("ahead", "side"), [(1000, "behind"), (-1000, "ahead of")])
def test_a_clock_that_spoils_signatures(sandbox, look, ahead, side):
    sandbox.configure(clock_offset_seconds=ahead)
    report = look("api_key")
    assert abs(report.clock.offset_seconds - ahead) < 30
    assert (
        f"s {side} LivePerson's, which makes signatures invalid: correct the clock" in report.clock.sentence
    )
    assert set(states(report).values()) == {"refused"}
    assert "clock is off by" in report.refusal
    assert report.access("users").sentence == "Rejected; see above."


def test_a_clock_that_does_no_harm_is_told_all_the_same(sandbox, look):
    sandbox.configure(clock_offset_seconds=1000)
    report = look("app_jwt_v2")
    assert report.ok
    assert report.clock.sentence.endswith("s behind LivePerson's.")


def test_an_api_key_has_no_token(look):
    token = look("api_key").token
    assert (token.works, token.lifetime_seconds, token.claims) == (True, None, {})
    assert token.sentence == "API key: each request is signed individually; there is no token to expire."


@pytest.mark.parametrize("kind", ["app_jwt_v1", "app_jwt_v2"])
def test_an_app_jwt_tells_its_claims(sandbox, look, kind):
    sandbox.configure(jwt_lifetime_seconds=900)
    before = datetime.now(UTC)
    token = look(kind).token
    about = sandbox.settings
    issued = datetime.fromisoformat(token.claims["iat"])
    assert token.claims == {
        "aud": about.account_id,
        "azp": about.client_id,
        "scope": about.app_scope,
        "iss": "Sentinel",
        "iat": stamp(issued),
        "exp": stamp(issued + timedelta(seconds=900)),
    }
    assert abs(issued - before) < timedelta(seconds=60)
    assert token.lifetime_seconds == 900
    assert token.sentence.startswith(
        f"App-JWT {kind[-2:].upper()}: a token is valid for 15 min, aud 70000001, "
    )


class Opaque(TokenCredential):
    """A credential whose token says nothing about itself."""

    kind = CredentialKind.WEB_APP
    secrets = ("f00d" * 16,)

    def fetch(self, exchange):
        return Token.lasting("f00d" * 16, 1800, asked_at=self.now())


def test_of_an_opaque_token_only_the_lifetime_is_known(look):
    report = look(credential=Opaque())
    assert report.credential == "Web application"
    assert (report.token.lifetime_seconds, report.token.claims) == (1800, {})
    assert report.token.sentence == "Web application: a token is valid for 30 min."
    assert report.refusal.startswith(
        "LivePerson rejected the credential, or the credential has no rights at all."
    )


def test_a_wrong_client_secret_is_told_once(sandbox, look):
    report = look("app_jwt_v2", client_secret="hush" * 6)
    assert not report.token.works
    assert "the client ID or the client secret is wrong" in report.token.sentence
    assert states(report) == dict.fromkeys(DATASETS, "refused")
    assert report.access("users").sentence == "Not checked: there is no token."
    assert "hush" not in str(report)
    assert not any("/le-users/" in one.path for one in sandbox.requests)


def test_a_sentinel_that_fails_leaves_everything_open(sandbox, look):
    sandbox.faults.add(kind="status", status=503, match="/app/token", times=9)
    report = look("app_jwt_v2")
    assert states(report) == dict.fromkeys(DATASETS, "unknown")
    assert "503" in report.token.sentence


@pytest.mark.parametrize("part", ["app_secret", "access_token"])
def test_a_wrong_part_of_an_api_key(look, part):
    report = look("api_key", **{part: "hush" * 8})
    assert states(report) == dict.fromkeys(DATASETS, "refused")
    assert part.replace("_", " ") in report.refusal
    assert {(access.sentence, access.detail) for access in report.datasets} == {("Rejected; see above.", "")}
    assert "hush" not in str(report)


def test_a_wrong_secret_is_told_once_beside_services_that_fail(sandbox, look):
    sandbox.faults.add(kind="status", status=503, match="/le-users/users", times=2)
    report = look("api_key", app_secret="hush" * 8)
    assert "check the app secret" in report.refusal
    assert report.access("users").sentence == "Unknown, because the request failed with status 503."
    assert report.access("skills").sentence == "Rejected; see above."


@pytest.mark.parametrize("answer", ["readable", "403"])
def test_a_401_beside_an_answer_that_accepts_the_credential_is_a_missing_right(sandbox, look, answer):
    for name, url in URLS.items():
        if name != "skills":
            sandbox.faults.add(kind="status", status=401, match=url, times=2)
        elif answer == "403":
            sandbox.faults.add(kind="status", status=403, match=url, times=2)
    report = look("api_key")
    assert report.refusal == ""
    assert "or lacks the right: the API key lacks" in report.access("users").sentence


def test_one_401_alone_may_be_a_missing_right(sandbox, look):
    sandbox.faults.add(kind="status", status=401, match="/status-changes", times=2)
    report = look("api_key", datasets=[DATASETS["agent_status_changes"]])
    assert report.refusal == ""
    assert "was rejected, or lacks the right" in report.access("agent_status_changes").sentence


@KINDS
def test_nobody_is_told_to_tick_what_livepersons_page_does_not_let_tick(sandbox, look, kind):
    for status in (401, 403):
        for url in URLS.values():
            sandbox.faults.add(kind="status", status=status, match=url, times=2)
        assert "tick" not in str(look(kind))


def test_a_service_that_hangs_holds_up_its_own_datasets_only(sandbox, look):
    """Of the service of users, skills and groups, which come first, two requests at most are waited for."""
    hanging, others = ("users", "skills", "agent_groups"), ("messaging_interactions", "agent_status_changes")
    sandbox.faults.add(kind="slow", seconds=60, match="/le-users/", times=9)
    report = look(seconds=3, max_concurrency=3, datasets=[DATASETS[name] for name in (*hanging, *others)])
    assert states(report) == {**dict.fromkeys(hanging, "unknown"), **dict.fromkeys(others, "readable")}
    assert sum("/le-users/" in one.path for one in sandbox.requests) <= MAX_REQUESTS_PER_SERVICE


@pytest.mark.parametrize(("datasets", "seconds"), [(0, 28), (7, 28), (10, 28), (11, 29), (50, 68)])
def test_more_datasets_may_take_longer(datasets, seconds):
    assert seconds_for(datasets) == seconds


def test_the_progress_counts_every_dataset(sandbox, look):
    seen: list[Progress] = []
    look(progress=seen.append)
    assert {(it.step, it.total) for it in seen} == {("check", len(DATASETS))}
    assert [it.done for it in seen] == sorted(it.done for it in seen)
    assert (seen[0].done, seen[-1].done, seen[-1].current) == (0, len(DATASETS), [])
    assert {name for it in seen for name in it.current} == set(DATASETS)


def test_what_need_not_be_asked_counts_as_done(look):
    seen: list[Progress] = []
    look(account_id="99999999", progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (len(DATASETS), len(DATASETS))


def test_what_hangs_is_given_up(sandbox, look):
    sandbox.faults.add(kind="slow", seconds=60, match="/metadata/audit")
    report = look(seconds=2, datasets=[DATASETS["audit_trail"]])
    assert report.access("audit_trail").status == "unknown"
    assert report.access("audit_trail").sentence == "LivePerson did not answer in time."


@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v1", "app_jwt_v2"])
@pytest.mark.parametrize("status", [400, 401, 403, 500, 200])
def test_no_secret_is_in_it_whatever_livepersons_answers_hold(sandbox, look, kind, status):
    names = ("app_secret", "access_token", "access_token_secret") if kind == "api_key" else ("client_secret",)
    secrets = [getattr(sandbox.settings, name) for name in names]
    for url in URLS.values():
        body = {"message": f"You sent {' '.join(secrets)}", "oauth_token": secrets[-1]}
        sandbox.faults.add(kind="status", status=status, body=body, match=url)
    report = look(kind)
    told = json.dumps(report.to_dict()) + repr(report)
    assert [secret for secret in secrets if secret in told] == []
    assert "eyJ" not in told


@KINDS
def test_it_is_json_and_back(look, kind):
    report = look(kind)
    assert msgspec.json.decode(msgspec.json.encode(report), type=ConnectionReport) == report
    assert msgspec.convert(json.loads(json.dumps(report.to_dict())), ConnectionReport) == report
    with pytest.raises(KeyError):
        report.access("nothing")


@pytest.mark.parametrize("secret", ["l", "read", "refused", "known"])
def test_a_secret_that_is_spelt_like_a_status_spoils_no_report(look, secret):
    report = look(access_token_secret=secret)
    assert set(states(report).values()) <= {"readable", "refused", "unknown"}

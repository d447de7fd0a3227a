from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from airflow_provider_liveperson.sandbox.apis.account_config.kinds import KINDS
from airflow_provider_liveperson.sandbox.world import invent_users

PATHS = {"users": "users", "skills": "skills", "agent_groups": "agentGroups"}
OTHERS = sorted(set(KINDS) - set(PATHS))
SUMMARY = {
    "users": {"id", "pid", "deleted", "loginName"},
    "skills": {"id", "deleted", "name"},
    "agent_groups": {"id", "deleted", "name"},
}
WINDOW = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


def ask(server: Any, collection: str, revision: Any = None, auth: Any = None, **parameters: Any) -> Any:
    return requests.get(
        server.path(f"configuration/{KINDS[collection].path}"),
        params=parameters,
        headers={} if revision is None else {"If-Match": str(revision)},
        auth=auth or server.oauth(),
        timeout=10,
    )


def read(server: Any, collection: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = ask(server, collection, **parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


@pytest.mark.parametrize("collection", PATHS)
def test_all_fields_with_the_deleted_are_the_truth(sandbox: Any, collection: str) -> None:
    server = sandbox()
    truth = server.truth(collection, *WINDOW)
    assert {entity["deleted"] for entity in truth} == {True, False}
    wanted = ",".join(truth[0])
    for parameters in ({"select": wanted}, {"field_set": "all"}, {"fields": list(truth[0])}):
        assert read(server, collection, include_deleted="true", **parameters) == truth
    living = [entity for entity in truth if not entity["deleted"]]
    assert read(server, collection, select=wanted, v="4.0") == living
    # Without being asked for, most fields stay away.
    unasked = read(server, collection, include_deleted="true")
    assert {frozenset(entity) for entity in unasked} == {frozenset(SUMMARY[collection])}
    assert [entity["id"] for entity in unasked] == [entity["id"] for entity in truth]
    assert read(server, collection, include_deleted="true", field_set="summary") == unasked
    server.configure(config_default_fields="all")
    assert read(server, collection, include_deleted="true") == truth


def test_everything_references_what_exists(sandbox: Any) -> None:
    server = sandbox()
    users, skills, groups = (server.config.truth(collection) for collection in PATHS)
    assert len(users) == len({user["id"] for user in users}) == 60
    assert {user["userTypeId"] for user in users} == {0, 1, 2}
    group_ids = {group["id"] for group in groups}
    parents = {group["parentGroupId"] for group in groups}
    assert None in parents
    assert parents - {None} <= group_ids
    assert {user["memberOf"]["agentGroupId"] for user in users} <= group_ids
    assert any(user["managerOf"] for user in users)
    skill_ids = {skill["id"] for skill in skills}
    for entity in (*users, *skills):
        assert set(entity.get("skillIds", ())) | set(entity.get("skillTransferList", ())) <= skill_ids
    routes = [route for skill in skills for route in skill["skillRoutingConfiguration"]]
    assert routes
    assert {route["agentGroupId"] for route in routes} <= group_ids
    assert any(not user["nickname"].isascii() for user in users)


def test_users_depend_on_the_seed_alone() -> None:
    assert invent_users(7, 60)[:5] == invent_users(7, 5) != invent_users(8, 5)


def test_nested_selections(sandbox: Any) -> None:
    server = sandbox()
    whole = server.config.truth("users")[0]["memberOf"]
    date_only = {"assignmentDate": whole["assignmentDate"]}

    def first(select: Any) -> dict[str, Any]:
        return read(server, "users", select=select)[0]

    assert first("memberOf") == {"memberOf": whole}
    assert first(" id , memberOf( assignmentDate )")["memberOf"] == date_only
    assert first(["id", "deleted"]) == {"id": "70010001", "deleted": False}
    routes = read(server, "skills", select="skillRoutingConfiguration(priority)", include_deleted="true")
    assert {"priority": 1} in [route for skill in routes for route in skill["skillRoutingConfiguration"]]
    repeated = "memberOf(agentGroupId),id,memberOf(assignmentDate)"
    two = "memberOf(agentGroupId),id,managerOf(agentGroupId)"
    assert first(repeated)["memberOf"] == date_only
    assert set(first(two)) == {"memberOf", "id", "managerOf"}
    server.configure(config_nested_select="last_of_all")
    assert set(first(two)) == {"id", "managerOf"}
    server.configure(config_nested_select="all")
    assert first(repeated)["memberOf"] == whole


def test_unknown_fields_are_blank(sandbox: Any) -> None:
    server = sandbox()
    assert set(read(server, "users", select="id,nope,memberOf(nope)")[0]) == {"id", "memberOf"}
    assert ask(server, "users", fields=["id", "nope", "memberOf"]).status_code == 400
    server.configure(config_unknown_field="null")
    shown = read(server, "users", select="id,nope,memberOf(nope)")[0]
    assert shown == {"id": "70010001", "nope": None, "memberOf": {"nope": None}}


def test_bad_parameters(sandbox: Any) -> None:
    server = sandbox()
    for parameters in (
        {"v": "nonsense"},
        {"v": "0.0"},
        {"v": "5.0"},
        {"include_deleted": "maybe"},
        {"field_set": "some"},
        {"select": ""},
        {"select": "id,"},
        {"select": "id(name"},
        {"select": "id)"},
        {"select": "(id)"},
        {"select": "id name"},
        {"select": "a(" * 20},
    ):
        answer = ask(server, "skills", **parameters)
        assert answer.status_code == 400, parameters
        assert answer.json()["message"], parameters
    assert ask(server, "users", v="6.0").status_code == 200
    server.configure(config_version_required=True)
    assert ask(server, "users").status_code == 400


@pytest.mark.parametrize(
    ("switch", "names"),
    [
        ("ac-revision", {"ac-revision"}),
        ("etag", {"ETag"}),
        ("both", {"ac-revision", "ETag"}),
        ("absent", set()),
    ],
)
def test_the_revision_header(sandbox: Any, switch: str, names: set[str]) -> None:
    server = sandbox(config_revision_header=switch)
    revision = str(server.config.revision("users"))
    for answer in (ask(server, "users"), ask(server, "users", revision)):
        shown = {name: answer.headers[name] for name in ("ac-revision", "ETag") if name in answer.headers}
        assert shown == dict.fromkeys(names, revision)
    server.configure(config_etag_quoted=True)
    assert ask(server, "users").headers.get("ETag") == (f'"{revision}"' if "ETag" in names else None)


def test_if_match(sandbox: Any) -> None:
    server = sandbox()
    revision = server.config.revision("skills")

    def statuses() -> list[int]:
        wanted = (None, revision, f'"{revision}"', revision - 1, -1)
        return [ask(server, "skills", value).status_code for value in wanted]

    assert statuses() == [200, 304, 304, 200, 200]
    assert ask(server, "skills", revision).content == b""
    server.configure(config_if_match="version")
    assert statuses() == [200, 200, 200, 200, 200]
    server.configure(config_if_match="http")
    assert statuses() == [200, 200, 200, 412, 200]


@pytest.mark.parametrize("collection", PATHS)
def test_changes(sandbox: Any, collection: str) -> None:
    server = sandbox(agents=20)
    config = server.config
    before, revision = config.truth(collection), config.revision(collection)
    others = {other: config.revision(other) for other in PATHS if other != collection}
    began = datetime.now(UTC).replace(microsecond=0)
    changed = config.change(collection)
    assert config.revision(collection) > revision
    assert {other: config.revision(other) for other in others} == others
    after = config.truth(collection)
    assert [entity for entity in after if entity not in before] == [changed]
    updated = datetime.fromisoformat(changed["dateUpdated"]).replace(tzinfo=UTC)
    assert began <= updated <= datetime.now(UTC)
    assert ask(server, collection, revision).status_code == 200
    assert ask(server, collection, config.revision(collection)).status_code == 304
    deleted = config.delete(collection)
    assert deleted["deleted"]
    ids = [entity["id"] for entity in read(server, collection)]
    assert deleted["id"] not in ids
    assert len(config.truth(collection)) == len(before)
    assert deleted in read(server, collection, field_set="all", include_deleted="true")
    for _ in ids:
        config.delete(collection)
    assert read(server, collection) == []
    with pytest.raises(ValueError, match="deleted already"):
        config.change(collection)
    server.reset()
    assert (server.config.truth(collection), server.config.revision(collection)) == (before, revision)


def test_a_collection_that_does_not_exist(sandbox: Any) -> None:
    config = sandbox().config
    for use in (config.read, config.truth, config.revision, config.change, config.delete):
        with pytest.raises(ValueError, match="agent_groups"):
            use("agentGroups")


def test_how_ids_are_written(sandbox: Any) -> None:
    server = sandbox()

    def kinds() -> list[type]:
        user = next(user for user in read(server, "users", field_set="all") if user["skillIds"])
        group = next(
            group for group in read(server, "agent_groups", field_set="all") if group["parentGroupId"]
        )
        values = (user["id"], user["skillIds"][0], user["memberOf"]["agentGroupId"], group["parentGroupId"])
        return [type(value) for value in values]

    assert kinds() == [str, int, int, int]
    server.configure(config_ids="strings")
    assert kinds() == [str] * 4
    assert read(server, "users", field_set="all", include_deleted="true") == server.config.truth("users")
    assert isinstance(server.config.change("users")["id"], str)
    server.configure(config_ids="numbers")
    assert kinds() == [int] * 4


def test_who_may_read(sandbox: Any) -> None:
    server = sandbox()
    assert ask(server, "users", auth=server.oauth(client_secret="wrong")).status_code == 401
    headers = {"Authorization": f"Bearer {server.token()}"}
    url = server.path("configuration/le-users/skills")
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    server.configure(config_auth="oauth1")
    assert requests.get(url, headers=headers, timeout=10).status_code == 401
    server.configure(missing_permission="oauth1")
    refused = ask(server, "agent_groups")
    assert refused.status_code == 403
    assert "agent%20groups" in refused.json()["reason"]


def test_what_only_some_collections_have(sandbox: Any) -> None:
    server = sandbox()
    for name in OTHERS:
        version = {} if KINDS[name].newest_version is None else {"v": KINDS[name].newest_version}
        truth = server.truth(name, *WINDOW)
        whole = read(server, name, select="$all", include_deleted="true", **version)
        assert whole == truth
        assert {bool(one.get("deleted", one.get("isDeleted"))) for one in truth} == {True, False}
        few = read(server, name, **version)
        assert set().union(*few) < set().union(*truth) or name == "agent_status_reasons"
    for name in ("working_hours", "special_occasions"):
        assert [ask(server, name, v=v).status_code for v in (None, "2.0", "1.0")] == [400, 400, 200]
    assert [ask(server, "campaigns", v=v).status_code for v in ("3.4", "3.5", "4.0")] == [200, 400, 400]
    assert ask(server, "agent_status_reasons", v="4.0").status_code == 200
    server.configure(config_undocumented="reject")
    assert ask(server, "agent_status_reasons", v="4.0").status_code == 400
    assert ask(server, "agent_status_reasons", include_deleted="true").status_code == 200


def test_references_of_the_rest(sandbox: Any) -> None:
    truth = {name: sandbox().truth(name, *WINDOW) for name in KINDS}
    ids = {name: {one.get("id") for one in rows} for name, rows in truth.items()}
    for skill in truth["skills"]:
        assert skill["workingHoursId"] in ids["working_hours"] | {None}
        assert skill["specialOccasionId"] in ids["special_occasions"] | {None}
        assert skill["agentSurveyForMsgId"] in ids["agent_surveys"] | {None}
    for user in truth["users"]:
        assert set(user["profileIds"]) <= ids["profiles"]
        assert set(user["lobIds"]) <= ids["lobs"]
    for content in truth["predefined_content"]:
        assert set(content["categoriesIds"]) <= ids["predefined_categories"]
        assert set(content["skillIds"]) <= ids["skills"]
    for campaign in truth["campaigns"]:
        assert campaign["engagementIds"] == [one["id"] for one in campaign["engagements"]]


def test_select(sandbox: Any) -> None:
    server = sandbox(config_select="names")
    assert read(server, "lobs", select="$all") == [{}, {}]
    assert set(read(server, "predefined_categories", select="$all")[0]) > {"order"}
    server.configure(config_select="strict_names")
    assert ask(server, "lobs", select="$all").status_code == 400
    assert read(server, "lobs", select="id")[0].keys() == {"id"}
    server.configure(config_select="nothing")
    assert ask(server, "lobs", select="id").status_code == 400
    server.configure(config_select="aliases")
    assert len(read(server, "lobs", select="$summaryDeleted")) == 3


def test_parameters_of_content_and_messages(sandbox: Any) -> None:
    server = sandbox()
    whole = read(server, "predefined_content", select="$all")
    assert [one["id"] for one in read(server, "predefined_content", ids="610003,610004")] == [610003, 610004]
    skill = whole[-1]["skillIds"][0]
    assert whole[-1]["id"] in [one["id"] for one in read(server, "predefined_content", skill_ids=skill)]
    german = read(server, "predefined_content", select="$all", lang="de-DE")
    assert {text["lang"] for one in german for text in one["data"]} == {"de-DE"}
    grouped = ask(server, "predefined_content", field_set="all", group_by="CATEGORIES").json()
    assert set(grouped) <= {"801", "802", "803", "804"}
    assert ask(server, "predefined_content", group_by="SKILLS").status_code == 400
    events = read(server, "unified_automatic_messages")
    skills = read(server, "unified_automatic_messages", context_type="SKILL", select="$all")
    assert len(events) > len(skills) == 2
    one = skills[0]["contexts"]["SKILL"][0]
    chosen = read(server, "unified_automatic_messages", context_type="SKILL", context_id=one)
    assert len(chosen) == 1
    assert ask(server, "unified_automatic_messages", context_type="GROUP").status_code == 400
    server.configure(config_unified_attributes="twice")
    assert ask(server, "unified_automatic_messages", select="$all").text.count('"attributes"') == 2 * len(
        events
    )


def test_x_lp_last_modified(sandbox: Any) -> None:
    server = sandbox()

    def statuses(name: str) -> tuple[str | None, list[int]]:
        url = server.path("configuration/le-users/profiles")
        last = requests.get(url, auth=server.oauth(), timeout=10).headers.get(name)
        answers = [
            requests.get(url, auth=server.oauth(), headers={name: value or ""}, timeout=10)
            for value in (last, "1")
        ]
        return last, [answer.status_code for answer in answers]

    before = statuses("X-LP-Last-Modified")
    assert before == ("Thu, 01 Jan 2026 00:02:51 GMT", [304, 200])
    server.config.change("profiles")
    assert statuses("X-LP-Last-Modified") == ("Thu, 01 Jan 2026 00:02:52 GMT", [304, 200])
    server.configure(config_last_modified="number")
    assert statuses("X-LP-Last-Modified") == ("172", [304, 200])
    server.configure(config_last_modified="absent")
    assert statuses("ac-revision")[0] == "172"
    assert ask(server, "profiles", 172).status_code == 304

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from airflow_provider_liveperson.sandbox.world import invent_users

PATHS = {"users": "users", "skills": "skills", "agent_groups": "agentGroups"}
SUMMARY = {
    "users": {"id", "pid", "deleted", "loginName"},
    "skills": {"id", "deleted", "name"},
    "agent_groups": {"id", "deleted", "name"},
}
WINDOW = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


def ask(server: Any, collection: str, revision: Any = None, auth: Any = None, **parameters: Any) -> Any:
    return requests.get(
        server.path(f"configuration/le-users/{PATHS.get(collection, collection)}"),
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
    for parameters in ({"select": "id,nope,memberOf(nope)"}, {"fields": ["id", "nope", "memberOf"]}):
        assert set(read(server, "users", **parameters)[0]) == {"id", "memberOf"}
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
    assert ask(server, "profiles").status_code == 404
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
    changed = config.change(collection)
    assert config.revision(collection) > revision
    assert {other: config.revision(other) for other in others} == others
    after = config.truth(collection)
    assert [entity for entity in after if entity not in before] == [changed]
    assert changed["dateUpdated"][:10] == f"{datetime.now(UTC):%Y-%m-%d}"
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

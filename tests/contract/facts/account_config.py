"""Account configuration."""

from __future__ import annotations

from tests.contract.facts.facts import Facts


def _collection(name: str, path: str) -> Facts:
    return Facts(
        url=f"/configuration/le-users/{path}", change=lambda sandbox: sandbox.change(name), nothing=[]
    )


FACTS = {
    "agent_groups": _collection("agent_groups", "agentGroups"),
    "skills": _collection("skills", "skills"),
    "users": _collection("users", "users"),
}
SIZES = {"agents": 40}

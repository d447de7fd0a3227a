"""The tables of docs/sandbox.md, made from what the sandbox declares.

``python -m devtools.sandbox_reference`` writes them into the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.http.faults import KINDS
from airflow_provider_liveperson.sandbox.http.settings import HttpSettings
from airflow_provider_liveperson.sandbox.identity.settings import IdentitySettings
from airflow_provider_liveperson.sandbox.switches import (
    EVERY_CREDENTIAL,
    CredentialName,
    Switches,
    declarations,
    defaults,
    types,
)
from airflow_provider_liveperson.sandbox.world import WorldSettings
from devtools.tables import fill

PAGE = Path(__file__).resolve().parents[1] / "docs" / "sandbox.md"


def apis() -> str:
    """The APIs, with what is read from each."""
    lines = ["| API | datasets | switches |", "| --- | --- | --- |"]
    for api in APIS:
        datasets = ", ".join(f"`{name}`" for name in api.datasets)
        lines.append(f"| {api.title} (`{api.name}`) | {datasets} | {_link(api.title)} |")
    return "\n".join(lines)


def switches() -> str:
    """Every switch, by the part of the sandbox that reads it."""
    inherited = set(declarations(WorldSettings))
    parts: list[tuple[str, type[Switches], set[str]]] = [
        ("The company", WorldSettings, set()),
        ("HTTP and the Domain API", HttpSettings, set()),
        ("Credentials, Sentinel and the Login Service", IdentitySettings, inherited),
        *((api.title, api.switches_type, set[str]()) for api in APIS),
    ]
    return "\n\n".join(f"### {title}\n\n{_table(group, left_out)}" for title, group, left_out in parts)


def faults() -> str:
    """Every kind of fault, and what happens."""
    lines = ["| kind | what happens |", "| --- | --- |"]
    lines += [f"| `{kind}` | {meaning} |" for kind, meaning in KINDS.items()]
    titles: dict[tuple[str, str], list[str]] = {}
    for api in APIS:
        for kind, meaning in api.faults.items():
            titles.setdefault((kind, meaning), []).append(api.title)
    lines += [f"| `{kind}` ({', '.join(of)}) | {meaning} |" for (kind, meaning), of in titles.items()]
    return "\n".join(lines)


def page(text: str) -> str:
    """Return the page with its tables as they have to be.

    :param text: the page.
    """
    return fill(text, {"apis": apis(), "switches": switches(), "faults": faults()})


def _table(group: type[Switches], left_out: set[str]) -> str:
    lines = ["| switch | default | values | |", "| --- | --- | --- | --- |"]
    known, kinds = defaults(group), types(group)
    for name, about in declarations(group).items():
        if name in left_out:
            continue
        meaning = f"{about.description}{'; fixed while it runs' if about.fixed else ''}"
        lines.append(f"| `{name}` | {_default(known.get(name, ''))} | {_values(kinds[name])} | {meaning} |")
    return "\n".join(lines)


def _default(value: Any) -> str:
    if value in ("", frozenset(), {}):
        return ""
    if value == EVERY_CREDENTIAL:
        return "all"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return f"`{','.join(sorted(value))}`"
    return f"`{value}`"


def _values(annotation: Any) -> str:
    """Say what may be given."""
    if annotation is None or annotation is type(None):
        return "none"
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if origin is frozenset:
        (inner,) = get_args(annotation)
        return (
            "credential kinds" if get_args(inner) == get_args(CredentialName) else f"list of {_values(inner)}"
        )
    if origin is Mapping:
        return "JSON object"
    if get_args(annotation):
        return ", ".join(_values(inner) for inner in get_args(annotation) if _is_type(inner))
    return {"int": "number", "float": "number", "bool": "true, false", "str": "text", "date": "day"}[
        annotation.__name__
    ]


def _is_type(inner: Any) -> bool:
    return isinstance(inner, type) or get_origin(inner) is not None


def _link(title: str) -> str:
    return f"[{title}](#{title.lower().replace(' ', '-')})"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

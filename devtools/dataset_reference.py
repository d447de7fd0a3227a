"""The tables of docs/datasets.md, and a page for each dataset, made from the declarations.

``python -m devtools.dataset_reference`` writes the tables into the page. The pages are written into docs/datasets/ when
the site is built.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow_provider_liveperson.commands.datasets import describe
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.access import NOT_DOCUMENTED
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import span
from airflow_provider_liveperson.datasets.model.months import Months
from devtools.sample_records import sample_records
from devtools.tables import fill

PAGE = Path(__file__).resolve().parents[1] / "docs" / "datasets.md"
_DAY = timedelta(days=1)
_SCHEDULES = {
    "daily": _DAY,
    "every 8 hours": timedelta(hours=8),
    "hourly": timedelta(hours=1),
    "every 15 minutes": timedelta(minutes=15),
}


def page(text: str) -> str:
    """Return the page about all datasets with its tables as they have to be.

    :param text: the page.
    """
    described = [describe(dataset) for dataset in DATASETS.values()]
    limits = _table(
        ("dataset", "records", "cursors", "kept for", "lag"),
        (
            (
                f"`{one['name']}`",
                one["title"],
                _codes(one["cursors"]) or "–",
                one["retention"],
                one["lag"],
            )
            for one in described
        ),
    )
    permissions = _table(
        ("dataset", "credentials", "API key's permission", "OAuth 2.0 scope"),
        (
            (f"`{one['name']}`", ", ".join(one["credentials"]), one["permission"], one["scope"])
            for one in described
        ),
    )
    return fill(text, {"datasets": limits, "permissions": permissions})


def pages() -> dict[str, str]:
    """Make the page of each dataset, by its name."""
    samples = sample_records()
    return {name: _page(dataset, samples[name]) for name, dataset in DATASETS.items()}


def _page(dataset: Dataset, sample: dict[str, Any]) -> str:
    one = describe(dataset)
    return _text(
        f"# {dataset.name}",
        f"{dataset.title}; see [LivePerson's page]({dataset.url}).",
        _table(
            ("", ""),
            (
                ("Request", f"`{one['request']}` of the service {_services(one['services'])}"),
                ("Comes as", one["shape"]),
                ("Primary key", _key(dataset)),
                ("Kept by LivePerson", one["retention"]),
                ("Lag", f"{one['lag']} until all records are there" if dataset.limits.lag else one["lag"]),
                ("Longest range of a request", f"{one['max_range']}{_paging(dataset)}"),
                ("Rate", one["rate"]),
                ("Credentials", ", ".join(one["credentials"])),
                ("API key's permission", one["permission"]),
                *([("OAuth 2.0 scope", one["scope"])] if one["scope"] != NOT_DOCUMENTED else []),
            ),
        ),
        "## Schedule",
        _schedule(dataset),
        *_cursors(one),
        *_filters(one),
        "## Fields",
        "By the paths that [`hash_fields`, `drop_fields` and `keep_fields`](../privacy.md) take. Other"
        " fields that LivePerson sends are kept: in JSON Lines as sent, in CSV and Parquet in the column `_other`.",
        _table(("field", "type", "personal data"), _fields(one)),
        "## A record",
        "As it lands in JSON Lines, from the [sandbox](../sandbox.md); of each list the first item.",
        f"```json\n{json.dumps(sample, indent=2, ensure_ascii=False)}\n```",
    )


def _schedule(dataset: Dataset) -> str:
    limits = dataset.limits
    if dataset.is_snapshot:
        return (
            "LivePerson returns the present state only, so a run lands what is there when it runs, and past windows"
            " cannot be backfilled. Daily is enough to see what changes from day to day."
        )
    if limits.grid is not None:
        return f"A record sums up {span(limits.grid)} (UTC), so a window holds whole ones. {_reach(dataset)}"
    often = next(name for name, length in _SCHEDULES.items() if limits.can_serve(length))
    if often == "daily":
        return f"Daily, or more often. {_reach(dataset)}"
    assert limits.retention is not None
    return (
        f"At least {often}: LivePerson keeps the records for {span(limits.retention)}, and a run that comes later loses"
        f" some for good. {_reach(dataset)}"
    )


def _reach(dataset: Dataset) -> str:
    limits = dataset.limits
    late = (
        f"A run whose window has just ended waits for the lag of {span(limits.lag)}."
        if limits.lag
        else "All records of a window are there when it ends."
    )
    kept: timedelta | Months | None = limits.retention
    back = (
        "LivePerson does not say how far backfills reach back."
        if kept is None
        else f"Backfills reach back {span(kept)}."
    )
    return f"{late} {back}"


def _cursors(one: dict[str, Any]) -> Iterator[str]:
    if one["cursors"]:
        yield "## Cursors" if len(one["cursors"]) > 1 else "## Cursor"
        if len(one["cursors"]) > 1:
            yield "The first is the default."
        yield _table(
            ("cursor", "when to use it"), ((f"`{name}`", text) for name, text in one["cursors"].items())
        )


def _filters(one: dict[str, Any]) -> Iterator[str]:
    if one["filters"]:
        yield "## Filters"
        yield _table(
            ("filter", "what it does"),
            (
                (f"`{name}`", f"{text} Accepts {one['filter_values'][name]}.")
                for name, text in one["filters"].items()
            ),
        )


def _fields(one: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for path, kind in one["fields"].items():
        personal = any(path == above or path.startswith(f"{above}.") for above in one["personal"])
        yield (f"`{path}`", kind, "yes" if personal else "")


def _key(dataset: Dataset) -> str:
    return _codes(dataset.primary_key) or dataset.key


def _paging(dataset: Dataset) -> str:
    most = dataset.limits.max_records
    return f"; one with more than {most} records is split" if most is not None else ""


def _services(services: list[str]) -> str:
    first, *rest = services
    return "".join([f"`{first}`", *(f", or `{name}` in an account without it" for name in rest)])


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _text(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

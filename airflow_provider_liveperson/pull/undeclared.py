"""Fields that a dataset does not declare: how often each came, told once a run. Names only, never values."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from airflow_provider_liveperson.records.masker import MAX_UNDECLARED, REST

log = logging.getLogger(__name__)

_MAX_TOLD = 10


def total_of(counts: Iterable[Mapping[str, int] | None]) -> dict[str, int] | None:
    """The sum of several counts, sorted, with as many paths as a manifest names; None if nobody looked.

    :param counts: how often which undeclared field came, by its path.
    """
    looked = [count for count in counts if count is not None]
    if not looked:
        return None
    total: dict[str, int] = {}
    for count in looked:
        for path, times in count.items():
            total[path] = total.get(path, 0) + times
    rest = total.pop(REST, 0)
    paths = sorted(total)
    named, others = paths[:MAX_UNDECLARED], paths[MAX_UNDECLARED:]
    rest += sum(total[path] for path in others)
    return {path: total[path] for path in named} | ({REST: rest} if rest else {})


def warn_of_undeclared(
    dataset: str, undeclared: Mapping[str, int] | None, masking: Mapping[str, object] | None
) -> None:
    """Tell which undeclared fields came, if any did.

    :param dataset: the dataset's name.
    :param undeclared: how often which came, by its path.
    :param masking: what a manifest says about masking, which says what became of them.
    """
    if not undeclared or masking is None:
        return
    told = [f"{path!r} ({times} times)" for path, times in list(undeclared.items())[:_MAX_TOLD]]
    log.warning(
        "%s: LivePerson sent %d field(s) that this version does not declare; they were %s: %s%s",
        dataset,
        len(undeclared),
        "left out" if masking["unknown_fields"] == "drop" else "kept",
        ", ".join(told),
        ", …" if len(undeclared) > _MAX_TOLD else "",
    )

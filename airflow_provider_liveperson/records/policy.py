"""Which fields land: what one place asks for, and the strictest of what two places do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.branch import is_covered, is_masked
from airflow_provider_liveperson.records.columns import Column
from airflow_provider_liveperson.records.masking import Masking, declares

ALL_DATASETS = "*"
"""The name, in a connection's fields by dataset, of those for every dataset that declares them."""

FieldsByDataset = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The fields of one dataset that are hashed, dropped, or the only ones kept.

    :param hash_fields: paths of the fields to hash.
    :param drop_fields: paths of the fields to remove.
    :param keep_fields: paths of the only declared fields to keep; None for all.
    :param unknown_fields: ``keep`` or ``drop`` undeclared fields; see :class:`Masking`.
    """

    hash_fields: Sequence[str] = ()
    drop_fields: Sequence[str] = ()
    keep_fields: Sequence[str] | None = None
    unknown_fields: str | None = None

    def __bool__(self) -> bool:
        """Whether it asks for anything."""
        return bool(
            self.hash_fields or self.drop_fields or self.keep_fields is not None or self.unknown_fields
        )

    @property
    def drops_unknown(self) -> bool:
        """Whether it drops undeclared fields."""
        return self.unknown_fields == "drop" or (self.keep_fields is not None and self.unknown_fields is None)

    def of_declared(self, columns: Mapping[str, Column]) -> Policy:
        """The policy without fields that would land, in clear text or hashed, though they are not declared.

        :param columns: the dataset's declared columns.
        """
        kept = self.keep_fields
        return replace(
            self,
            hash_fields=[path for path in self.hash_fields if declares(columns, path)],
            keep_fields=None if kept is None else [path for path in kept if declares(columns, path)],
        )

    def masking(self, columns: Mapping[str, Column], salt: str | None) -> Masking:
        """What applies it to records.

        :param columns: the dataset's declared columns.
        :param salt: the connection's ``hash_secret``.
        :raises ConfigurationError: as :class:`Masking`.
        """
        return Masking(
            hash_fields=self.hash_fields,
            drop_fields=self.drop_fields,
            salt=salt or "",
            keep_fields=self.keep_fields,
            unknown_fields=self.unknown_fields,
            declared=columns,
        )

    def tightened_by(self, enforced: Policy) -> Policy:
        """What lands by both: hashed and dropped is what either hashes or drops, kept is what both keep.

        What is dropped is not hashed as well.

        :param enforced: the connection's policy.
        :raises ConfigurationError: where no record could satisfy both.
        """
        if not self or not enforced:
            return self or enforced
        drop = _outermost((*self.drop_fields, *enforced.drop_fields))
        keep = _kept_by_both(self, enforced)
        if keep is not None:
            keep = [path for path in keep if not is_masked(path, drop)]
            if not keep:
                raise ConfigurationError(
                    "keep_fields: of the fields that are listed, the connection lets none land; see its extras"
                    " keep_fields and drop_fields",
                    field="keep_fields",
                )
        hashed = []
        for path in _outermost((*self.hash_fields, *enforced.hash_fields)):
            if is_masked(path, drop):
                continue
            for name, others in (("drop_fields", drop), ("keep_fields", keep or ())):
                inside = [
                    other for other in others if is_masked(other, [path]) and not is_masked(path, [other])
                ]
                if inside:
                    raise ConfigurationError(
                        f"{name}: {inside[0]!r} lies in {path!r}, which is hashed as a whole by hash_fields of the"
                        " connection or of this task; hash the fields in it instead",
                        field=name,
                    )
            if keep is None or is_masked(path, keep):
                hashed.append(path)
        return Policy(
            hash_fields=hashed,
            drop_fields=drop,
            keep_fields=keep,
            unknown_fields=_unknown_by_both(self, enforced),
        )


@dataclass(frozen=True, kw_only=True)
class ConnectionPolicy:
    """What a connection enforces for whatever is read through it.

    :param hash_fields: by dataset, or :data:`ALL_DATASETS`.
    :param drop_fields: likewise.
    :param keep_fields: likewise; a dataset that is not in it keeps all its fields.
    :param unknown_fields: ``keep`` or ``drop``, for every dataset.
    :param salt: the connection's ``hash_secret``.
    """

    hash_fields: FieldsByDataset = field(default_factory=dict)
    drop_fields: FieldsByDataset = field(default_factory=dict)
    keep_fields: FieldsByDataset = field(default_factory=dict)
    unknown_fields: str | None = None
    salt: str | None = field(default=None, repr=False)

    def of(self, dataset: str, columns: Mapping[str, Column]) -> Policy:
        """The policy for one dataset.

        :param dataset: the dataset's name.
        :param columns: its declared columns.
        """

        def fields(by_dataset: FieldsByDataset) -> list[str]:
            common = [path for path in by_dataset.get(ALL_DATASETS, ()) if declares(columns, path)]
            return _outermost([*by_dataset.get(dataset, ()), *common])

        is_limited = not self.keep_fields.keys().isdisjoint((dataset, ALL_DATASETS))
        return Policy(
            hash_fields=fields(self.hash_fields),
            drop_fields=fields(self.drop_fields),
            keep_fields=fields(self.keep_fields) if is_limited else None,
            unknown_fields=self.unknown_fields,
        )

    @property
    def sentence(self) -> str:
        """What it enforces, in words, by the names of the connection's extras."""
        said = []
        for name in ("hash_fields", "drop_fields", "keep_fields"):
            for dataset, paths in getattr(self, name).items():
                where = "all datasets" if dataset == ALL_DATASETS else dataset
                said.append(f"{name} of {where}: {', '.join(paths)}")
        if self.unknown_fields:
            said.append(f"unknown_fields: {self.unknown_fields}")
        return f"{'; '.join(said)}." if said else "All fields may land as they come."


NO_POLICY = ConnectionPolicy()


def _outermost(paths: Sequence[str]) -> list[str]:
    """The paths that lie in no other of them, each once, in any casing: a second spelling would have its own fields."""
    once: dict[str, str] = {}
    for path in paths:
        once.setdefault(path.casefold(), path)
    return [
        path
        for folded, path in once.items()
        if not is_covered(folded, [other for other in once if other != folded])
    ]


def _kept_by_both(first: Policy, second: Policy) -> list[str] | None:
    if first.keep_fields is None or second.keep_fields is None:
        kept = second.keep_fields if first.keep_fields is None else first.keep_fields
        return None if kept is None else list(kept)
    inner = [path for path in first.keep_fields if is_covered(path, second.keep_fields)]
    inner += [path for path in second.keep_fields if is_covered(path, first.keep_fields)]
    return list(dict.fromkeys(inner))


def _unknown_by_both(first: Policy, second: Policy) -> str | None:
    chosen = {
        policy.unknown_fields or (None if policy.keep_fields is None else "drop")
        for policy in (first, second)
    }
    return next((choice for choice in ("drop", "keep") if choice in chosen), None)

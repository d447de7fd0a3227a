"""The JSON Schemas in ``airflow_provider_liveperson/schemas``, made from the classes and their docstrings.

``python -m devtools.schemas`` writes them; a test finds those that are out of date.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from airflow_provider_liveperson.landing import manifest, parts
from airflow_provider_liveperson.pull.pull import PullResult

FOLDER = Path(__file__).resolve().parents[1] / "airflow_provider_liveperson" / "schemas"
CLASSES: dict[str, type] = {"manifest": manifest.Manifest, "summary": PullResult}
TITLES = {"manifest": "Manifest", "summary": "Summary"}
_DESCRIBED: tuple[type, ...] = (
    manifest.Manifest,
    manifest.Counts,
    manifest.SliceCounts,
    manifest.ErasureNote,
    manifest.ManifestEntry,
    manifest.EntryMeta,
    parts.Part,
    PullResult,
)
_INSTANT = {"format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
# What the types do not say: by class and field.
_MORE: dict[str, dict[str, dict[str, Any]]] = {
    "Manifest": {
        "manifest_format": {"const": manifest.FORMAT},
        "window_start": _INSTANT,
        "window_end": _INSTANT,
        "file_format": {"enum": ["jsonl", "csv", "parquet", "raw"]},
    },
    "ErasureNote": {"erased_at": _INSTANT, "records": {"minimum": 1}},
    "Part": {
        "name": {"pattern": r"^part-\d{5,}-[0-9a-f]{12}"},
        "records": {"minimum": 0},
        "bytes": {"minimum": 0},
        "sha256": {"pattern": "^[0-9a-f]{64}$"},
    },
    "PullResult": {"window_start": _INSTANT, "window_end": _INSTANT},
}


def schema(name: str) -> dict[str, Any]:
    """Make a schema.

    :param name: ``manifest`` or ``summary``.
    """
    made = msgspec.json.schema(CLASSES[name])
    described = {cls.__name__: cls for cls in _DESCRIBED}
    for title, about in made["$defs"].items():
        cls = described[title]
        about["description"] = (inspect.getdoc(cls) or "").partition("\n\n")[0]
        for field, said in _descriptions(cls).items():
            if field in about["properties"]:
                about["properties"][field] |= {"description": said} | _MORE.get(title, {}).get(field, {})
    top = made["$defs"].pop(CLASSES[name].__name__)
    top["title"] = TITLES[name]
    if name == "manifest":
        top["required"] = ["manifest_format", *top["required"]]
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | top | ({"$defs": made["$defs"]} if made["$defs"] else {})


def text(name: str) -> str:
    """A schema as it stands in its file.

    :param name: ``manifest`` or ``summary``.
    """
    return json.dumps(schema(name), indent=2) + "\n"


def violations(name: str, document: object) -> list[str]:
    """What of a document is not as its shipped schema says.

    :param name: ``manifest`` or ``summary``.
    :param document: the document.
    :returns: where, and what is wrong.
    """
    return [f"{error.json_path}: {error.message}" for error in _validator(name).iter_errors(document)]


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    shipped = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(shipped)
    return Draft202012Validator(shipped)


def _descriptions(cls: type) -> dict[str, str]:
    """The ``:param name:`` lines of a class and its bases, each as one line."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        said = re.findall(r"^:param (\w+): (.*(?:\n    .*)*)", inspect.getdoc(base) or "", re.MULTILINE)
        found |= {field: re.sub(r"\s+", " ", text).replace("``", "`") for field, text in said}
    # As JSON has it.
    words = {"None": "null", "False": "false", "True": "true"}
    return {
        field: re.sub("|".join(words), lambda word: words[word[0]], said) for field, said in found.items()
    }


if __name__ == "__main__":
    for each in CLASSES:
        (FOLDER / f"{each}.json").write_text(text(each), encoding="utf-8")

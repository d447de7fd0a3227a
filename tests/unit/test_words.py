"""The vocabulary of docs/decisions/0042: old names, old phrases and British spellings do not come back."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("airflow_provider_liveperson", "benchmarks", "devtools", "docs", "tests")
FILES = ("README.md", "Makefile", "pyproject.toml")
SUFFIXES = {".py", ".md", ".html", ".toml"}
# They quote the old words.
EXEMPT = {"docs/decisions/0042-one-word-for-one-thing.md", "tests/unit/test_words.py"}
# History: names of files and classes are kept up to date in them, sentences are not.
HISTORY = "docs/decisions/"

BRITISH = re.compile(
    r"""
    (?: authori | capitali | characteri | customi | finali | initiali | maximi | minimi | normali | optimi | organi
      | prioriti | recogni | seriali | standardi | summari | synchroni | utili )s(?=[aei])
    | (?: emphasi | reali )s(?=e|ing)
    | colour | honour | favour | behaviour | neighbour | labour
    | catalogue | dialogue | centre | licence | defence | grey | misspelt | \bspelt\b | learnt | artefact | judgement
    | cancell(?=ed|ing) | labell(?=ed|ing) | modell(?=ed|ing) | signall(?=ed|ing) | travell(?=ed|ing)
    | analys(?=ed?\b|ing) | whilst | amongst | \b(?:after|back|to|up|down|in)wards\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Names of Airflow, HTML, Python and LivePerson.
FIXED_ELSEWHERE = re.compile(
    r"field[_-]behaviours?|aria-labelledby|\bcancelled\(|CancelledError|\bcancelledTime\b", re.IGNORECASE
)

PHRASES = re.compile(
    r"\bways? in\b(?! which)|\bwhole road\b|\boff OAuth\b|\bas it were\b|\bmend(?:s|ed|ing)?\b|\bbehind our back\b"
    r"|\b(?:which|that|it) (?:is|are) no (?:valid|ISO|path|epoch|JSON|text|number|list|dict)\b|\bLivePerson tells\b",
    re.IGNORECASE,
)

OLD_CLASSES = {
    *("ApiKeyGate", "Asked", "Cells", "Contents", "DisturbedError", "FrontDoor", "GrantOffice", "InTurn"),
    *("Journal", "Lane", "LoginDesk", "Pulled", "Reading", "Seal", "Told", "TokenOffice", "Wire"),
}
OLD_NAMES = re.compile(rf"`(?:{'|'.join(sorted(OLD_CLASSES))}|_unfinished\.json|READINGS|LANDINGS|find_out)`")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every text file of the repository, by its path."""
    files = [ROOT / name for name in FILES]
    files += [path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.suffix in SUFFIXES]
    named = {path.relative_to(ROOT).as_posix(): path for path in files}
    return {name: path.read_text(encoding="utf-8") for name, path in named.items() if name not in EXEMPT}


def _matches(pattern: re.Pattern[str], text: str) -> list[str]:
    """Each match as ``line: match``."""
    return [f"{text.count(chr(10), 0, match.start()) + 1}: {match[0]}" for match in pattern.finditer(text)]


def test_spelling_is_american(texts):
    found = {name: _matches(BRITISH, FIXED_ELSEWHERE.sub("", text)) for name, text in texts.items()}
    assert {name: matches for name, matches in found.items() if matches} == {}


def test_old_phrases_do_not_come_back(texts):
    found = {name: _matches(PHRASES, text) for name, text in texts.items() if not name.startswith(HISTORY)}
    assert {name: matches for name, matches in found.items() if matches} == {}


def test_old_names_do_not_come_back(texts):
    found = {name: _matches(OLD_NAMES, text) for name, text in texts.items()}
    assert {name: matches for name, matches in found.items() if matches} == {}
    classes = {
        name: {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}
        for name, text in texts.items()
        if name.endswith(".py")
    }
    assert {name: old for name, defined in classes.items() if (old := sorted(defined & OLD_CLASSES))} == {}


@pytest.mark.parametrize(
    "word", ["authorised", "unrecognised", "Behaviour", "cancelling", "analyse", "afterwards"]
)
def test_british_spellings_are_found(word):
    assert _matches(BRITISH, f"one\ntwo {word}") != []


@pytest.mark.parametrize(
    "word",
    [
        "authorized",
        "raised",
        "promise",
        "analysis",
        "emphasis",
        "cancellation",
        "realistic",
        "label",
        "Analyses",
    ],
)
def test_american_spellings_are_not_found(word):
    assert _matches(BRITISH, word) == []


@pytest.mark.parametrize(
    "phrase", ["# Ways in", "the whole road", "which is no ISO 8601 date", "names the mend"]
)
def test_old_phrases_are_found(phrase):
    assert _matches(PHRASES, phrase) != []


@pytest.mark.parametrize("phrase", ["the ways in which", "recommend", "there is no list", "is no longer"])
def test_plain_phrases_are_not_found(phrase):
    assert _matches(PHRASES, phrase) == []

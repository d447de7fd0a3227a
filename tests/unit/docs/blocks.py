"""The blocks of code on the pages of the documentation."""

from __future__ import annotations

import importlib
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# The pages of the datasets are made when the site is built; other tests look at them.
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "datasets"),
]

_BLOCK = re.compile(
    r"(?:^[ ]*<!-- (?P<note>[^\n]+) -->\n)?^(?P<indent>[ ]*)```(?P<kind>[^\n]*)\n(?P<text>.*?)^[ ]*```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    :param page: where it stands.
    :param number: which one of its page, from 1.
    :param line: the line on which its text begins.
    :param kind: what stands behind the fence, such as ``python``.
    :param note: the comment in the line above, or an empty text.
    :param text: what is in it, without its indentation.
    :param span: where its text begins and ends on the page.
    """

    page: Path
    number: int
    line: int
    kind: str
    note: str
    text: str
    span: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}-{self.number}"

    @property
    def where(self) -> str:
        """The place for people: ``docs/check.md:12``."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """All blocks of a page, in order.

    :param page: the page.
    """
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page=page,
            number=number,
            line=text.count("\n", 0, found.start("text")) + 1,
            kind=found["kind"].strip(),
            note=found["note"] or "",
            text=textwrap.dedent(found["text"]),
            span=found.span("text"),
        )
        for number, found in enumerate(_BLOCK.finditer(text), 1)
    ]


def blocks(kind: str) -> list[Block]:
    """The blocks of a kind on all pages.

    :param kind: what stands behind the fence.
    """
    return [block for page in PAGES for block in blocks_of(page) if block.kind == kind]


def for_this_airflow(code: str) -> str:
    """The code with what Airflow 3.1 has elsewhere imported from there, as the comment beside the import says."""

    def imports(found: re.Match[str]) -> str:
        module, elsewhere = found[1], found[3]
        try:
            there = vars(importlib.import_module(module))
            lazy = getattr(importlib.import_module(module), "__all__", ())
        except ImportError:
            there, lazy = {}, ()
        names = found[2].split(", ")
        has = [name for name in names if name in there or name in lazy]
        moved = [name for name in names if name not in has]
        lines = [(module, has), (elsewhere, moved)]
        return "; ".join(f"from {place} import {', '.join(some)}" for place, some in lines if some)

    return re.sub(
        r"^from ([\w.]+) import ([\w, ]+?)  # Airflow 3\.1: from ([\w.]+)$", imports, code, flags=re.MULTILINE
    )

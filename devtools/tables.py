"""Tables of a page that are made from declarations, between comments with their names."""

from __future__ import annotations

import re
from collections.abc import Mapping


def fill(text: str, tables: Mapping[str, str]) -> str:
    """Put each table between ``<!-- name -->`` and ``<!-- /name -->``.

    :param text: the page.
    :param tables: name to table.
    """
    for name, table in tables.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        assert pattern.search(text), name
        text = pattern.sub(lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", text)
    return text

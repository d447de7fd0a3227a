"""The table of docs/authentication.md that says which credentials LivePerson documents for which dataset.

``python -m devtools.authentication_reference`` writes it into the page.
"""

from __future__ import annotations

from pathlib import Path

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import DATASETS
from devtools.tables import fill

PAGE = Path(__file__).resolve().parents[1] / "docs" / "authentication.md"

# In the order in which the page recommends them.
_ORDER = (
    CredentialKind.APP_JWT_V2,
    CredentialKind.APP_JWT_V1,
    CredentialKind.WEB_APP,
    CredentialKind.LOGIN,
    CredentialKind.API_KEY,
)


def kinds() -> str:
    """A row for each dataset, a column for each kind that LivePerson's pages name for any."""
    named = [kind for kind in _ORDER if any(kind in dataset.access.kinds for dataset in DATASETS.values())]
    lines = [
        f"| LivePerson documents for | {' | '.join(kind.title for kind in named)} |",
        f"| --- |{' --- |' * len(named)}",
    ]
    for name, dataset in DATASETS.items():
        told = " | ".join("yes" if kind in dataset.access.kinds else "–" for kind in named)
        lines.append(f"| [`{name}`](datasets.md#{name}) | {told} |")
    return "\n".join(lines)


def page(text: str) -> str:
    """Return the page with its table as it has to be.

    :param text: the page.
    """
    return fill(text, {"kinds": kinds()})


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

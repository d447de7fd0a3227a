"""The table of docs/authentication.md that says which credentials LivePerson documents for which dataset.

``python -m devtools.authentication_reference`` writes it into the page.
"""

from __future__ import annotations

from pathlib import Path

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.access import Access
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
    """A row for each dataset, a column for each kind that is known to read any."""
    named = [kind for kind in _ORDER if any(kind in dataset.access.known for dataset in DATASETS.values())]
    lines = [
        f"| LivePerson documents for | {' | '.join(kind.title for kind in named)} |",
        f"| --- |{' --- |' * len(named)}",
    ]
    for name, dataset in DATASETS.items():
        told = " | ".join(_told(dataset.access, kind) for kind in named)
        lines.append(f"| `{name}` | {told} |")
    return "\n".join(lines)


def _told(access: Access, kind: CredentialKind) -> str:
    if kind in access.kinds:
        return "yes"
    return "seen" if kind in access.seen else "–"


def page(text: str) -> str:
    """Return the page with its table as it has to be.

    :param text: the page.
    """
    return fill(text, {"kinds": kinds()})


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

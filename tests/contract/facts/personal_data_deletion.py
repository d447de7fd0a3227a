"""Personal Data Deletion."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts

FACTS = {
    "personal_data_deletion_requests": Facts(
        url="/personal-data-deletion",
        change=lambda sandbox: sandbox.change("personal_data_deletion_requests", NOON),
        readings={
            "toDate exclusive, dates far in the east": {
                "deletion_to": "exclusive",
                "deletion_zone_hours": 14,
            },
            "dates far in the west": {"deletion_zone_hours": -12},
            "the table's name of the account": {"deletion_site": "siteId"},
            "in another order": {"deletion_order": "newest"},
        },
    ),
}
SIZES = {"deletion_requests": 60}

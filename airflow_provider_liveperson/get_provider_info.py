"""What Airflow reads at start-up. It imports nothing heavy, and nothing of Airflow."""

from __future__ import annotations

from typing import Any

from airflow_provider_liveperson.connections.form import connection_types


def get_provider_info() -> dict[str, Any]:
    """Describe this provider to Airflow; the entry point ``apache_airflow_provider`` names this function.

    Airflow 3.1 ignores ``cli`` and, inside ``connection-types``, everything but the type and the hook class:
    it asks the hook classes for the rest.
    """
    return {
        # Must be the distribution's name, or discovery refuses the provider.
        "package-name": "airflow-provider-liveperson",
        "name": "LivePerson",
        "description": ("Pulls `LivePerson <https://www.liveperson.com/>`__ data into Amazon S3."),
        "integrations": [
            {
                "integration-name": "LivePerson",
                "external-doc-url": "https://developers.liveperson.com/",
                "tags": ["service"],
            },
        ],
        "hooks": [
            {
                "integration-name": "LivePerson",
                "python-modules": ["airflow_provider_liveperson.hooks.liveperson"],
            },
        ],
        "transfers": [
            {
                "source-integration-name": "LivePerson",
                # As the Amazon provider spells it: both ends of a transfer must be integrations that exist.
                "target-integration-name": "Amazon Simple Storage Service (S3)",
                "python-module": "airflow_provider_liveperson.transfers.liveperson_to_s3",
            },
        ],
        "connection-types": connection_types(),
        "config": {
            "liveperson": {
                "description": "What airflow-provider-liveperson may do in this deployment, whatever connections say.",
                "options": {
                    "trusted_hosts": {
                        "description": (
                            "The hosts beside LivePerson's own (``*.liveperson.net``) that connections may name in\n"
                            "``service_hosts`` and that are then given LivePerson credentials, and the proxies that a\n"
                            "connection under test may name anew. Separated by commas: ``gateway.example.com`` for\n"
                            "any port, ``gateway.example.com:8443`` for one port, ``*.example.com`` for all below.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "liveperson-gateway.example.com",
                        "default": "",
                    },
                },
            },
        },
        "cli": ["airflow_provider_liveperson.cli_definition.get_liveperson_cli_commands"],
    }

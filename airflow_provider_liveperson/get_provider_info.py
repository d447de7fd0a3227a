"""The metadata that Airflow reads at start-up. Imports nothing heavy, and nothing from Airflow."""

from __future__ import annotations

from typing import Any

from airflow_provider_liveperson.connections.form import connection_types


def get_provider_info() -> dict[str, Any]:
    """Describe this provider to Airflow; the entry point ``apache_airflow_provider`` names this function.

    Airflow 3.1 ignores ``cli`` and, in ``connection-types``, everything but the type and the hook class:
    it asks the hook classes for the rest.
    """
    return {
        # Must be the distribution's name, or discovery refuses the provider.
        "package-name": "airflow-provider-liveperson",
        "name": "LivePerson",
        "description": (
            "Pulls `LivePerson <https://www.liveperson.com/>`__ data into Amazon S3 or any other object store, on a"
            " schedule, exactly once, and with proof that it is complete."
        ),
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
                "python-modules": [
                    f"airflow_provider_liveperson.hooks.{name}"
                    for name in ("liveperson", "api_key", "app_jwt", "web_app", "login")
                ],
            },
        ],
        "transfers": [
            {
                "source-integration-name": "LivePerson",
                # Spelled as in the Amazon provider: both ends of a transfer must be integrations that exist.
                "target-integration-name": "Amazon Simple Storage Service (S3)",
                "python-module": "airflow_provider_liveperson.transfers.liveperson_to_s3",
            },
            {
                "source-integration-name": "LivePerson",
                # The provider of ObjectStoragePath; every Airflow has it.
                "target-integration-name": "Common IO",
                "python-module": "airflow_provider_liveperson.transfers.liveperson_to_object_storage",
            },
            {
                "source-integration-name": "LivePerson",
                "target-integration-name": "Iceberg",
                "python-module": "airflow_provider_liveperson.transfers.liveperson_to_iceberg",
            },
        ],
        "operators": [
            {
                "integration-name": "LivePerson",
                "python-modules": [
                    "airflow_provider_liveperson.operators.erase",
                    "airflow_provider_liveperson.operators.recount",
                    "airflow_provider_liveperson.transfers.readable",
                ],
            },
        ],
        "sensors": [
            {
                "integration-name": "LivePerson",
                "python-modules": ["airflow_provider_liveperson.sensors.data_ready"],
            },
        ],
        "triggers": [
            {
                "integration-name": "LivePerson",
                "python-modules": [
                    f"airflow_provider_liveperson.triggers.{name}" for name in ("data_ready", "data_access")
                ],
            },
        ],
        "connection-types": connection_types(),
        "extra-links": [
            f"airflow_provider_liveperson.transfers.links.{name}"
            for name in ("FolderLink", "ManifestLink", "CoverageLink")
        ],
        "config": {
            "liveperson": {
                "description": "What airflow-provider-liveperson may do in this deployment, whatever connections say.",
                "options": {
                    "trusted_hosts": {
                        "description": (
                            "The hosts besides LivePerson's own (``*.liveperson.net``) that connections may name in\n"
                            "``service_hosts`` and that then receive LivePerson credentials, and the proxies that the\n"
                            "test of a stored connection may switch to. Separated by commas: ``gateway.example.com``\n"
                            "for any port, ``gateway.example.com:8443`` for one port, ``*.example.com`` for all hosts\n"
                            "below a domain.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "liveperson-gateway.example.com",
                        "default": "",
                    },
                    "landings": {
                        "description": (
                            "The landings whose manifests the coverage page may read, each with the connection that\n"
                            "reads it: ``s3://aws_default@my-lake/liveperson``, ``gs://google@my-lake/liveperson``,\n"
                            "``file:///data/liveperson``. Separated by commas or white space. Only users who may read\n"
                            "the connection see them. Without any, the page knows what asset events say.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://aws_default@my-lake/liveperson",
                        "default": "",
                    },
                    "tune_process": {
                        "description": (
                            "Whether the operators may tune the process of their task, which saves memory and time:\n"
                            "exempt the modules loaded so far from garbage collection, have glibc's malloc keep the\n"
                            "memory of pages in one pool, and have Python's threads take turns every millisecond.\n"
                            "Hooks never do this. The environment variable ``LIVEPERSON_TUNE_PROCESS`` takes\n"
                            "precedence.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": None,
                        "default": "True",
                    },
                },
            },
        },
        "cli": ["airflow_provider_liveperson.cli_definition.get_liveperson_cli_commands"],
    }

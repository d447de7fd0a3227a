"""What the hooks of particular connection types have in common: their forms in Airflow 3.1."""

from __future__ import annotations

from typing import Any

from airflow import __version__ as airflow_version

from airflow_provider_liveperson.connections.form import field_behaviour, form_widgets
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook


class TypedHook(LivePersonHook):
    """A hook of one connection type."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Airflow 3.1 ignores form methods that a hook inherits; Airflow 3.2 warns of those that it defines itself.
        if airflow_version.startswith("3.1."):
            for name in ("get_connection_form_widgets", "get_ui_field_behaviour"):
                setattr(cls, name, TypedHook.__dict__[name])

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The extra fields, for Airflow 3.1; later versions read the provider's metadata."""
        return form_widgets(cls.conn_type)

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The standard fields, for Airflow 3.1; later versions read the provider's metadata."""
        return field_behaviour(cls.conn_type)

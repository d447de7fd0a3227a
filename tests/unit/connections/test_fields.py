"""The table of fields, and its rules."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.connections.fields import FORMS

every_type = pytest.mark.parametrize("conn_type", sorted(FORMS))


class TestTheTable:
    def test_names_are_unique_within_a_form(self):
        for form in FORMS.values():
            names = [field.name for field in form.fields]
            assert len(names) == len(set(names))

    @every_type
    def test_each_standard_column_is_used_once(self, conn_type):
        places = [field.place for field in FORMS[conn_type].standard_fields]
        assert sorted(places) == ["host", "login", "password"]

    @every_type
    def test_names_secrets_so_that_airflow_masks_them_in_extra(self, conn_type):
        # Airflow hides what it shows of a connection by the field's name.
        masked = ("access_token", "token", "secret", "password", "api_key", "private_key", "passphrase")
        for field in FORMS[conn_type].extra_fields:
            if field.secret:
                assert any(word in field.name for word in masked), field.name

    @every_type
    def test_every_default_passes_its_own_rules(self, conn_type):
        for field in FORMS[conn_type].fields:
            if field.default is not None:
                assert field.read(field.default) == field.default

    def test_agrees_with_what_a_client_takes(self):
        settings = pytest.importorskip("airflow_provider_liveperson.client.settings")
        form = FORMS["liveperson_app_jwt"]
        made = settings.ClientSettings(account_id="70000001")
        for name in ("host", "timeout", "max_concurrency", "source", "region", "verify", "client_cert"):
            assert form.field(name).default == getattr(made, name), name
        assert set(form.field("region").choices) == set(settings.REGIONS)

    def test_an_unknown_field_is_a_key_error(self):
        with pytest.raises(KeyError):
            FORMS["liveperson_app_jwt"].field("app_key")

"""What a field is, and what it accepts."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.connections.form_field import FormField


def test_max_length_and_secret_rules_of_a_field():
    field = FormField(name="pin", label="PIN", place="extra", max_length=3, secret=True)
    with pytest.raises(ValueError, match=r"PIN \(extra: pin\) must have at most 3 characters$"):
        field.read("1234")

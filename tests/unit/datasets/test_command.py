"""What the command ``datasets`` prints."""

from __future__ import annotations

import json
from pathlib import Path

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.datasets.catalog import DATASETS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "datasets.md"


def test_the_page_is_what_is_declared(capsys):
    assert cli.main(["datasets", "--markdown"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8")


def test_rights_are_told_in_every_form(capsys):
    assert cli.main(["datasets", "--json"]) == 0
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(told) == set(DATASETS)
    for name, dataset in DATASETS.items():
        assert (told[name]["permission"], told[name]["scope"]) == (dataset.permission, dataset.scope)
    assert cli.main(["datasets"]) == 0
    table = " ".join(capsys.readouterr().out.split())
    assert "API key's permission" in table
    assert "Administration → Users" in table
    assert "not documented" in table

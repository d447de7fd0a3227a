"""Blocks that are neither Python nor commands, and that every block is of a kind that is checked."""

from __future__ import annotations

import configparser
import json
import re

import pytest
import sqlglot
import yaml

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.get_provider_info import get_provider_info
from tests.unit.docs.blocks import PAGES, Block, blocks, blocks_of

ELSEWHERE = {"python", "bash", "console"}
# What no program reads: layouts of folders, lines of a log.
PLAIN = {"dockerfile", "text"}
EXTRAS = {field.name for form in FORMS.values() for field in form.extra_fields}


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    found = [block for page in PAGES for block in blocks_of(page)]
    assert len(found) > 50
    unknown = [
        f"{block.where} ({block.kind or 'no kind'})"
        for block in found
        if block.kind not in ELSEWHERE | PLAIN | set(CHECKS) and not block.kind.startswith("{")
    ]
    assert unknown == []


def _json(text: str) -> None:
    """It is JSON, and all fields of a connection's extra are known."""
    content = json.loads(text)
    if isinstance(content, dict) and "account_id" in content and "dataset" not in content:
        assert set(content) <= EXTRAS


def _sql(text: str) -> None:
    """It is SQL, once it is rendered."""
    rendered = re.sub(r"\{\{.*?\}\}", "rendered", text)
    assert all(sqlglot.parse(rendered, dialect="redshift"))


def _ini(text: str) -> None:
    """It is a part of Airflow's configuration, and has options that exist."""
    parser = configparser.ConfigParser()
    parser.read_string(text)
    if parser.has_section("liveperson"):
        known = get_provider_info()["config"]["liveperson"]["options"]
        assert set(parser.options("liveperson")) <= set(known)


def _yaml(text: str) -> None:
    """It is YAML."""
    assert all(yaml.safe_load_all(text))


CHECKS = {"json": _json, "sql": _sql, "ini": _ini, "yaml": _yaml}


@pytest.mark.parametrize("block", [block for kind in CHECKS for block in blocks(kind)], ids=str)
def test_a_block_is_what_it_says(block: Block) -> None:
    CHECKS[block.kind](block.text)

"""What the command ``datasets`` prints."""

from __future__ import annotations

import argparse
import json
import re
from datetime import timedelta

import pytest

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.cli_definition import get_liveperson_cli_commands
from airflow_provider_liveperson.commands import datasets
from airflow_provider_liveperson.commands.datasets import describe
from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.masking import Masking


def test_what_is_declared_is_told_in_every_form(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    told = {}
    for form in ("--json", None):
        assert cli.main(["datasets", *([form] if form else [])]) == 0
        told[form] = capsys.readouterr().out
    described = {one["name"]: one for one in json.loads(told["--json"])}
    assert set(described) == set(DATASETS)
    for name, dataset in DATASETS.items():
        one = described[name]
        assert (one["permission"], one["scope"]) == (dataset.access.permission, dataset.access.scope)
        cursors, kinds = ", ".join(one["cursors"]) or "–", ", ".join(dataset.access.titles)
        limits = [one["max_range"], one["retention"], one["lag"], one["rate"]]
        rows = [re.split(r"\s{2,}", line.strip()) for line in told[None].splitlines()]
        for row in (
            [name, dataset.key, cursors],
            [name, *limits],
            [name, dataset.reader.shape, kinds],
            [name, one["permission"], one["scope"]],
        ):
            assert row in rows
    assert described["outbound_transactions"]["rate"] == "10 a second"


def test_the_tables_fit_a_terminal_of_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["datasets"]) == 0
    table = capsys.readouterr().out
    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in table
    words = set(re.split(r"[\s,]+", table))
    assert [name for name in DATASETS if name not in words] == []
    assert [
        cursor.name for one in DATASETS.values() for cursor in one.cursors if cursor.name not in words
    ] == []
    assert "datasets NAME" in table


@pytest.mark.parametrize("name", DATASETS)
def test_one_dataset_shows_its_fields_filters_cursors_and_limits(capsys, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["datasets", name]) == 0
    told = capsys.readouterr().out
    lines = [line for line in told.splitlines() if "https://" not in line]
    # Paths are not broken, neither those of requests nor those of fields.
    broken = [line for line in lines if "/{account_id}/" not in line and len(line.split()) > 2]
    assert max(map(len, broken)) <= 80
    about = describe(DATASETS[name])
    fields = [line.replace("* ", "  ").split() for line in lines]
    for path, kind in about["fields"].items():
        assert [kind, path] in fields
    for told_of in ("filters", "cursors"):
        assert [it for it in about[told_of] if f"\n  {it}" not in told] == []
    for limit in ("max_range", "retention", "lag", "rate", "documentation", "permission", "scope"):
        assert " ".join(about[limit].split()) in " ".join(told.split())
    assert cli.main(["datasets", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == about


def test_fields_are_told_by_the_paths_that_masks_take(capsys):
    cli.main(["datasets", "messaging_interactions"])
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    for line in (
        ["object", "info"],
        ["integer", "info.startTimeL"],
        ["object[]", "messageRecords"],
        ["text", "messageRecords.messageId"],
        ["text*", "consumerParticipants.email"],
        ["json[]*", "sdes.events"],
    ):
        assert line in told
    for dataset in DATASETS.values():
        declared = list(describe(dataset)["fields"])
        Masking(drop_fields=declared[-1:]).refuse_undeclared(dataset.name, dataset.columns)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("user", "did you mean users?"),
        ("Audit-Trail", "did you mean audit_trail?"),
        ("messaging_interaction", "did you mean messaging_interactions?"),
        ("zzz", f"it must be one of {min(DATASETS)}"),
        ("", f"it must be one of {min(DATASETS)}"),
    ],
)
def test_an_unknown_name_is_an_error_with_what_is_close(capsys, typed, says):
    assert cli.main(["datasets", typed]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        dataset_named(typed)


@pytest.mark.parametrize("name", [["users"], {"users": 1}, None, 7])
def test_a_name_that_is_no_text_is_the_same_error(name):
    with pytest.raises(ConfigurationError, match="must be one of"):
        dataset_named(name)


def test_airflows_command_line_shows_one_as_well(capsys):
    """``airflow liveperson datasets NAME``, as Airflow builds its parser."""
    (group,) = get_liveperson_cli_commands()
    (command,) = (one for one in group.subcommands if one.name == "datasets")
    parser = argparse.ArgumentParser()
    for argument in command.args:
        argument.add_to_parser(parser)
    with pytest.raises(SystemExit) as ended:
        command.func(parser.parse_args(["users"]))
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("users: Users")


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (None, "no known limit"),
        (timedelta(0), "none"),
        (timedelta(minutes=15), "15 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=24), "1 day"),
        (timedelta(hours=36), "36 h"),
        (timedelta(days=397), "397 days"),
    ],
)
def test_a_length_of_time_is_short_and_exact(span, text):
    assert datasets._span(span) == text

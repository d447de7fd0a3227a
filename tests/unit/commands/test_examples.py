"""``examples``: what is listed, what is copied, and what is left alone."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.commands.examples import FOLDER
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator

NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))
ONE = "liveperson_conversations_to_s3"


def run(*arguments: object) -> int:
    return cli.main(["examples", *map(str, arguments)])


def test_every_example_is_listed_with_what_it_does(capsys):
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    for name in NAMES:
        (line,) = (line for line in lines if line.startswith(f"{name} "))
        assert len(line.removeprefix(name).strip()) > 20
    assert lines[-1].startswith("To copy them:")
    assert max(map(len, lines)) <= 120


def test_all_are_copied_byte_for_byte(tmp_path, capsys):
    assert run("--to", tmp_path) == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in FOLDER.glob("*.py")
    }
    assert str(tmp_path / f"{ONE}.py") in capsys.readouterr().out


@pytest.mark.parametrize("name", [ONE, f"{ONE}.py"])
def test_one_is_copied_into_a_folder_that_is_made_for_it(name, tmp_path):
    folder = tmp_path / "airflow" / "dags"
    assert run(name, "--to", folder) == 0
    assert [path.name for path in folder.iterdir()] == [f"{ONE}.py"]


def test_a_home_folder_is_understood(tmp_path, monkeypatch):
    """A shell leaves ~ alone in --to=~/dags."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(ONE, "--to=~/dags") == 0
    assert (tmp_path / "dags" / f"{ONE}.py").exists()


def test_a_changed_file_is_kept_and_then_nothing_is_copied(tmp_path, capsys):
    changed = tmp_path / f"{ONE}.py"
    changed.write_text("mine")
    assert run("--to", tmp_path) == 2
    assert changed.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [changed]
    error = capsys.readouterr().err
    assert str(changed) in error
    assert "move it away" in error


def test_copying_twice_changes_nothing(tmp_path, capsys):
    run(ONE, "--to", tmp_path)
    before = (tmp_path / f"{ONE}.py").stat().st_mtime_ns
    capsys.readouterr()
    assert run(ONE, "--to", tmp_path) == 0
    assert (tmp_path / f"{ONE}.py").stat().st_mtime_ns == before
    assert "is there already" in capsys.readouterr().out


def test_an_unknown_name_is_refused_with_those_that_exist(tmp_path, capsys):
    assert run("nothing", "--to", tmp_path) == 2
    assert ONE in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_refused(tmp_path, monkeypatch, capsys):
    """As of a variable of the shell that is not set."""
    monkeypatch.chdir(tmp_path)
    assert run("--to", "") == 2
    assert "--to is empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, capsys):
    (tmp_path / "dags").write_text("")
    assert run(ONE, "--to", tmp_path / "dags") == 2
    assert "is not a folder" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(ONE, "--to", tmp_path / "file" / "dags") == 2
    assert f"examples: {tmp_path / 'file' / 'dags'}" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
class TestEachExample:
    def test_its_description_is_for_the_reader_of_a_running_dag(self, name):
        """The docstring is the DAG's doc_md; how to copy the file is a comment below it."""
        text = (FOLDER / f"{name}.py").read_text()
        shown = ast.get_docstring(ast.parse(text))
        assert shown
        assert not re.search(r"[Cc]opy this|To copy|this file|top of|connections are", shown)
        assert "doc_md=__doc__" in text

    def test_a_comment_says_how_to_copy_it(self, name):
        comment = (FOLDER / f"{name}.py").read_text().partition('"""\n\n')[2].partition("\n\n")[0]
        assert comment.startswith(f"# To copy: `airflow liveperson examples {name} --to DAGS_FOLDER`")
        assert all(line.startswith("# ") for line in comment.splitlines())

    def test_the_coverage_page_learns_of_what_it_lands(self, name):
        """From the events of the assets among a task's outlets."""
        tasks = [task for dag in dags_of(name).values() for task in dag.tasks]
        landing = [task for task in tasks if issubclass(_operator(task), LivePersonTransferOperator)]
        assert [task.task_id for task in landing if not _outlets(task)] == []


def dags_of(name):
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # before Airflow 3.2
        from airflow.models.dagbag import DagBag

    bag = DagBag(dag_folder=str(FOLDER / f"{name}.py"))
    assert bag.import_errors == {}
    return bag.dags


def test_the_daily_account_leaves_out_what_the_operational_metrics_land(monkeypatch):
    """Both land below one prefix, where overlapping windows are refused."""
    monkeypatch.setenv("LIVEPERSON_BEARER_CONN_ID", "liveperson_login")
    (daily,) = dags_of("liveperson_account_daily").values()
    (metrics,) = dags_of("liveperson_operational_metrics").values()
    landed = {pull["dataset"] for pull in daily.get_task("liveperson.readable").pulls}
    often = {task.dataset for task in metrics.tasks}
    assert sorted(landed & often) == []
    assert landed | often == set(DATASETS)


def test_the_daily_account_pulls_again_what_changes_later():
    (daily,) = dags_of("liveperson_account_daily").values()
    windows = Counter(pull["dataset"] for pull in daily.get_task("liveperson.readable").pulls)
    again = {name: count - 1 for name, count in windows.items() if count > 1}
    assert again == {"outbound_transactions": 7, "outbound_analytics": 7, "engagement_history": 1}


def _operator(task):
    return task.operator_class if task.is_mapped else type(task)


def _outlets(task):
    return task.partial_kwargs.get("outlets") if task.is_mapped else task.outlets

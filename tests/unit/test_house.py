"""The arrows between the package's parts, and what importing them costs."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.switches import declarations

NAME = "airflow_provider_liveperson"
PACKAGE = Path(__file__).resolve().parents[2] / NAME

OUTER = {".cli", ".cli_definition", ".hooks", ".plugins", ".sandbox", ".sensors", ".transfers", ".triggers"}
OUTER |= {".commands", ".coverage", ".diagnostics", ".erasure", ".operators", ".recount", ".tables"}
INNER = {".client", ".datasets", ".landing", ".pull"}
# All but the stores that Airflow's hooks and paths lead to.
LANDING_WITHOUT_AIRFLOW = {
    path.stem for path in (PACKAGE / "landing").glob("*.py") if path.stem not in ("s3", "object_storage")
}
# What a part must not import: outside packages by their name, parts of this package with a leading dot.
FORBIDDEN: dict[str, set[str]] = {
    "exceptions": {"airflow", ".*"},
    "credential_kind": {"airflow", ".*"},
    "airflow_connections": INNER | OUTER,
    "window": {"airflow"} | INNER | OUTER,
    "client": {"airflow"} | INNER - {".client"} | OUTER,
    "datasets": {"airflow", ".landing", ".pull"} | OUTER,
    "spool": {"airflow"} | INNER | OUTER,
    "records": {"airflow"} | INNER | OUTER,
    **{f"landing/{part}": {"airflow"} for part in LANDING_WITHOUT_AIRFLOW},
    "landing": INNER - {".landing"} | OUTER,
    "pull": {"airflow"} | OUTER,
    "land": {"airflow"} | OUTER,
    "readiness": {"airflow", ".landing"} | OUTER,
    "failures": INNER - {".client"} | OUTER,
    "operators": {".client", ".landing", ".pull", ".datasets"}
    | OUTER - {".operators", ".erasure", ".hooks", ".recount"},
    "recount": {"airflow"} | OUTER - {".recount", ".coverage"},
    "sensors": {".landing", ".pull", ".datasets"} | OUTER - {".sensors", ".hooks", ".triggers"},
    "triggers": {".landing"} | OUTER - {".triggers", ".hooks"},
    "coverage": {"airflow", ".client", ".pull"} | OUTER - {".coverage", ".hooks"},
    # Only what begins with an address needs Airflow's connections.
    "coverage/damage": {".datasets"} | OUTER,
    "coverage/landed": OUTER - {".coverage"},
    **{
        f"coverage/{part}": {"airflow", ".landing"} | OUTER - {".coverage"}
        for part in ("events", "freshness", "missing", "picture", "recounts", "rows", "series")
    },
    "coverage/spans": INNER | OUTER,
    "coverage/states": INNER | OUTER,
    "erasure": {"airflow", ".client", ".pull"} | OUTER - {".coverage", ".erasure"},
    "diagnostics": OUTER - {".diagnostics", ".hooks"},
    # Only a whole check begins with Airflow's connections; what it is made of needs none.
    "diagnostics/comparison": {"airflow", ".landing"} | OUTER - {".diagnostics"},
    "diagnostics/probe": {"airflow", ".landing", ".pull"} | OUTER - {".diagnostics"},
    "diagnostics/progress": {"airflow"} | INNER | OUTER - {".diagnostics"},
    "diagnostics/reachability": {"airflow", ".landing", ".pull"} | OUTER - {".diagnostics"},
    "diagnostics/record_set": {"airflow", ".landing"} | OUTER - {".diagnostics"},
    "diagnostics/report": {"airflow", ".datasets", ".landing", ".pull"} | OUTER - {".diagnostics"},
    "diagnostics/token_facts": {"airflow", ".datasets", ".landing", ".pull"} | OUTER - {".diagnostics"},
    "diagnostics/verdict": {"airflow", ".landing", ".pull"} | OUTER - {".diagnostics"},
    "diagnostics/windows": {"airflow", ".client", ".landing", ".pull"} | OUTER - {".diagnostics"},
    "hooks": OUTER - {".hooks", ".diagnostics"},
    "connections": {"airflow"} | INNER | OUTER,
    "tables": {"airflow", ".client", ".pull"} | OUTER - {".tables"},
    "commands": {"airflow", ".landing", ".pull"}
    | OUTER - {".tables", ".commands", ".coverage", ".diagnostics", ".hooks"},
    "plugins": {".landing", ".pull", ".datasets"}
    | OUTER - {".plugins", ".coverage", ".diagnostics", ".hooks"},
    "get_provider_info": {"airflow"} | INNER | OUTER,
    "cli": {"airflow"},
    # The sandbox judges the client, so it shares no code with it.
    "sandbox": {"airflow"} | INNER | OUTER - {".sandbox"},
}


@functools.cache
def imports(path: Path) -> list[tuple[int, str]]:
    """Every module that a file imports, at whatever depth, with the line."""
    package = [NAME, *path.relative_to(PACKAGE).parent.parts]
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
    return found


def is_forbidden(module: str, forbidden: set[str]) -> bool:
    """Whether a module is one of those, or inside one of them."""
    outside, _, inside = module.partition(".")
    if outside != NAME:
        return outside in forbidden
    part = inside.partition(".")[0]
    return f".{part}" in forbidden or (".*" in forbidden and part != "__version__")


def files(part: str) -> list[Path]:
    """The files of a part: a module or a package."""
    module = PACKAGE / f"{part}.py"
    return [module] if module.exists() else sorted((PACKAGE / part).rglob("*.py"))


@pytest.mark.parametrize("part", sorted(FORBIDDEN))
def test_arrows_go_one_way(part):
    assert files(part), f"there is no {part}"
    wrong = [
        f"{path.relative_to(PACKAGE.parent)}:{line} imports {module}"
        for path in files(part)
        for line, module in imports(path)
        if is_forbidden(module, FORBIDDEN[part])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("airflow", {"airflow"}),
        ("airflow.sdk.BaseHook", {"airflow"}),
        (f"{NAME}.landing.parts.Parts", {".landing"}),
        (f"{NAME}.landing", {".landing"}),
        (f"{NAME}.client", {".*"}),
    ],
)
def test_the_rule_finds_violations(module, forbidden):
    assert is_forbidden(module, forbidden)


@pytest.mark.parametrize("module", ["requests", f"{NAME}.window.Window", "airflow_provider_other.x"])
def test_the_rule_allows_the_rest(module):
    assert not is_forbidden(module, {"airflow", ".landing"})


LOADED_BY = """
import json, os, sys
exec(sys.argv[1])
for code in sys.argv[2:]:
    if not (child := os.fork()):
        exec(code)
        print("LOADED" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def loaded_by(*codes: str, first: str = "") -> list[set[str]]:
    """The top-level packages that are loaded after running some code in a new process, for each code.

    :param codes: what each process runs.
    :param first: what all of them have run before, once.
    """
    answer = subprocess.run(
        [sys.executable, "-c", LOADED_BY, first, *codes], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    told = [line for line in answer.stdout.splitlines() if line.startswith("LOADED")]
    assert len(told) == len(codes)
    return [set(json.loads(line.removeprefix("LOADED"))) for line in told]


@pytest.mark.parametrize(
    "module",
    [
        "get_provider_info",
        "connections.form",
        "connections.reading",
        "cli",
        "coverage.gaps",
        "credential_kind",
        "exceptions",
    ],
)
def test_what_airflow_reads_at_start_up_is_light(module):
    heavy = {"airflow", "boto3", "botocore", "fastapi", "isal", "jwt", "msgspec", "oauthlib", "pyarrow"}
    heavy |= {"pydantic", "requests", "requests_oauthlib", "tenacity", "wtforms", "flask_appbuilder"}
    code = f"import {NAME}.{module}"
    if module == "get_provider_info":
        code = f"from {NAME}.get_provider_info import get_provider_info; get_provider_info()"
    (loaded,) = loaded_by(code)
    assert loaded & heavy == set()


IN_DAGS = {
    f"{folder}.{path.stem}": ""
    for folder in ("transfers", "sensors", "triggers")
    for path in sorted((PACKAGE / folder).glob("*.py"))
    if path.stem != "__init__"
}
# Some check their arguments when they are made.
IN_DAGS["sensors.data_ready"] = "LivePersonDataReadySensor(task_id='ready', dataset='audit_trail')"
IN_DAGS["triggers.data_access"] = "LivePersonDataAccessTrigger(dataset='data_access_survey')"


def test_there_are_operators_sensors_and_triggers():
    assert {"transfers.liveperson_to_s3", "sensors.data_ready", "triggers.data_access"} < set(IN_DAGS)


@pytest.fixture(scope="module")
def added() -> dict[str, set[str]]:
    """The top-level packages that each module adds to those of Airflow alone."""
    codes = [f"from {NAME}.{module} import *\n{made}" for module, made in IN_DAGS.items()]
    alone, *others = loaded_by(
        "", *codes, first="import airflow.triggers.base\nfrom airflow.sdk import BaseSensorOperator"
    )
    return {module: loaded - alone for module, loaded in zip(IN_DAGS, others, strict=True)}


@pytest.mark.parametrize("module", IN_DAGS)
def test_parsing_a_dag_with_an_operator_is_light(added, module):
    """Airflow itself loads some of these, depending on its version: what counts is what the operator adds."""
    heavy = {"boto3", "botocore", "fastapi", "graphql", "isal", "jwt", "oauthlib", "pyarrow", "requests"}
    heavy |= {"pyiceberg", "requests_oauthlib", "s3fs", "starlette", "uvicorn", "zstandard"}
    assert added[module] & heavy == set()


def test_only_operators_tune_their_process():
    """A library does not retune its host: neither a hook in somebody's task nor the API server is changed."""
    tuning = f"{NAME}.transfers.process"
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in files(".")
        for _, module in imports(path)
        if module.startswith(tuning)
    }
    assert users == {"transfers/base.py"}
    makers = {
        path.relative_to(PACKAGE).as_posix()
        for path in files(".")
        if re.search(r"\bmallopt\b|\bgc\.(freeze|disable|set_threshold)\b", path.read_text(encoding="utf-8"))
    }
    assert makers == {"transfers/process.py"}


def test_a_long_module_says_why():
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    long = [path for path, text in texts.items() if len(text.splitlines()) > 450]
    docs = {path: ast.get_docstring(ast.parse(texts[path])) or "" for path in long}
    assert [path.relative_to(PACKAGE).as_posix() for path in long if "Long because" not in docs[path]] == []


ROOT = PACKAGE.parent
# Whether a switch can be set, and which values it takes, is tried with any switch.
ABOUT_SWITCHES = {"test_control", "test_command", "test_settings", "test_server", "test_house"}


def own_switches(api: str) -> set[str]:
    """The switches of an API, without those that all APIs have: how much data there is, and who may read it."""
    (group,) = (one.switches_type for one in APIS if one.name == api)
    return {
        name for name, about in declarations(group).items() if not about.fixed and not name.endswith("_auth")
    }


def is_of(path: Path, api: str) -> bool:
    """Whether a file belongs to an API: by its own name or a folder's."""
    return path.stem.startswith((api, f"test_{api}")) or api in path.parts


def test_only_files_of_an_api_name_its_switches():
    texts = {
        path.relative_to(ROOT): path.read_text(encoding="utf-8")
        for folder in ("tests", "devtools", "benchmarks", NAME)
        for path in (ROOT / folder).rglob("*.py")
        if path.stem not in ABOUT_SWITCHES
    }
    wrong = []
    for api in (one.name for one in APIS):
        switches = own_switches(api)
        assert switches
        named = re.compile(rf"\b({'|'.join(sorted(switches))})\b")
        wrong += [
            f"{path} names {', '.join(found)}"
            for path, text in texts.items()
            if not is_of(path, api) and (found := sorted(set(named.findall(text))))
        ]
    assert wrong == [], "put it into a file of the API, or take the switches from its facts"

# `make help` lists the targets. Every target installs what it needs; git, make and Python 3.11 or later are enough.

PYTHON ?= python3
# Any released Airflow from 3.1 on, e.g. `make AIRFLOW_VERSION=3.3.2 test`; empty means the newest: at least 3.3, as the
# resolver might rather take an older one that goes with the newest of something else. An older one
# may need the packages of its time: UV_EXCLUDE_NEWER=2026-06-15 (devtools/matrix.py lists the dates).
AIRFLOW_VERSION ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
KEEP ?=
PYTEST_WORKERS ?= 3

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(or $(AIRFLOW_VERSION),newest)

# Tests start many processes, and each of them would compile everything again.
unexport PYTHONDONTWRITEBYTECODE
# Use an installed Python: a build must not silently download another one.
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## Create .venv with the package and all development tools

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "'$(PYTHON)' was not found. Install Python 3.11 or later, or name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "'$(PYTHON)' is $$($(PYTHON) -V 2>&1), but Python 3.11 or later is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot create virtual environments, because its modules venv and ensurepip are not installed." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13'
	$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --group dev -e '.[s3,fast,zstd,parquet,iceberg,sandbox]' \
	  'apache-airflow$(if $(AIRFLOW_VERSION),==$(AIRFLOW_VERSION),>=3.3)'
	@rm -f $(VENV)/.ready-* && touch $@

.PHONY: demo
demo: $(READY) ## Run everything end to end on this machine; KEEP=1 keeps it running
	$(BIN)/python -m devtools.demo $(if $(filter-out 0 no false,$(KEEP)),--keep)

.PHONY: test
test: $(READY) ## Run the unit, contract and integration tests
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder tests/integration tests/contract tests/unit/transfers tests/unit $(PYTEST_ARGS)

.PHONY: test-matrix
test-matrix: $(READY) ## Run the tests on every supported Airflow and every installed Python
	$(BIN)/python -m devtools.matrix

CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: chromium
chromium:
	@if [ -n '$(CHROMIUM)' ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; \
	else \
	  echo "The browser tests need Chromium, but none is on PATH. On Debian: sudo apt-get install chromium." >&2; \
	  echo "Or name one: make CHROMIUM=/path/to/chromium test-ui" >&2; exit 1; \
	fi

.PHONY: test-ui
test-ui: $(READY) chromium ## Run the browser tests of Airflow's web pages
	CHROMIUM="$${CHROMIUM:-$$(command -v chromium || command -v chromium-browser || command -v google-chrome)}" \
	  $(BIN)/python -m pytest tests/ui $(PYTEST_ARGS)

.PHONY: servers
servers:
	@if command -v redis-server >/dev/null && \
	  { command -v postgres || ls /usr/lib/postgresql/*/bin/postgres || ls /usr/pgsql-*/bin/postgres; } \
	    >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  policy=/usr/sbin/policy-rc.d; \
	  if [ ! -e $$policy ]; then \
	    trap "rm -f $$policy" EXIT HUP INT TERM; \
	    printf '#!/bin/sh\nexit 101\n' >$$policy && chmod 755 $$policy; \
	  fi; \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server postgresql; \
	else \
	  echo "This needs the Redis and PostgreSQL servers. On Debian: sudo apt-get install redis-server postgresql." >&2; \
	  echo "The tests start their own on free ports; the system's services need not run." >&2; exit 1; \
	fi

.PHONY: test-scale
test-scale: $(READY) servers ## Pull a month on two Celery workers and kill one of them midway
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --group scale
	$(BIN)/python -m pytest tests/scale $(PYTEST_ARGS)

.PHONY: bench
bench: $(READY) ## Compare a pull with the bare download and with HttpOperator
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

# What users read, and what contributors do; tests misspell on purpose.
SPELLED := airflow_provider_liveperson benchmarks devtools docs .github $(wildcard *.md *_dags) Makefile

.PHONY: lint
lint: $(READY) ## Check style, formatting, spelling, declared dependencies and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell $(SPELLED)
	$(BIN)/deptry --no-ansi .
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet .github

.PHONY: format
format: $(READY) ## Fix style and formatting
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: types
types: $(READY) ## Check types
	$(BIN)/mypy

.PHONY: docs
docs: $(READY) ## Build the documentation site into build/docs/html, and check its links
	rm -rf build/docs/html
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -b html docs build/docs/html
	$(BIN)/python -m devtools.site_links build/docs/html
	$(BIN)/python -m pytest -q tests/site

# Vulnerabilities are looked up in PyPI's and OSV's databases, so this needs the network; what cannot be looked up fails.
.PHONY: audit
audit: $(READY) ## Look for known vulnerabilities in what users install
	@mkdir -p build
	$(BIN)/uv pip compile --quiet --all-extras --output-file build/audit.txt pyproject.toml
	$(BIN)/uv tool run pip-audit --strict --disable-pip --no-deps --requirement build/audit.txt

# The Pythons that are not to be tried, such as 3.14, with WITHOUT_PYTHON.
.PHONY: release
release: $(READY) ## Rehearse a release; PUBLISH=1 pushes its tag
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group release
	$(BIN)/python -m devtools.release $(strip $(if $(filter-out 0 no false,$(PUBLISH)),--publish) \
	  $(if $(filter-out 0 no false,$(TAGGED)),--tagged) $(WITHOUT_PYTHON:%=--without-python %))

.PHONY: clean
clean: ## Remove everything that these targets created
	rm -rf $(VENV) .venv-matrix build dist docs/datasets .bench .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

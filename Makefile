# Everything a contributor runs.  The first target that needs it makes .venv and installs Interlock there.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup specs test slow versions lint format check bench reports compare clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|'

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Interlock needs Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@mkdir -p $(VENV)/link && ln -sfn ../.. $(VENV)/link/interlock
	@touch $@

setup: $(READY) ## make .venv with Interlock and its tools

specs: $(READY) ## check every spec against its expected verdicts
	@$(BIN)/interlock check specs/

test: $(READY) ## the tests, slow ones left out
	@$(BIN)/python -m pytest -q -n 2 -m "not slow"

slow: $(READY) ## the slow tests and the slow checks
	@$(BIN)/python -m pytest -q -m slow
	@$(BIN)/interlock check --slow specs/ tests/benchmarks/agg_core.py

versions: $(READY) ## other Pythons of this machine, and the lowest dependencies (ARGS="/path/to/python3.14")
	@$(BIN)/python tests/versions.py $(ARGS)

lint: $(READY) ## ruff, mypy, and pyright for models and specs
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "unformatted: run 'make format'" >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/basedpyright >$(VENV)/pyright.txt || { cat $(VENV)/pyright.txt >&2; exit 1; }

format: $(READY) ## let ruff rewrite what it can
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

check: lint compare versions test ## what a change must pass: all that CI runs

bench: $(READY) ## Interlock and its peers, timed side by side (ARGS="--all --write")
	@PYTHONPATH=$(CURDIR) $(BIN)/python tests/benchmarks/bench.py $(ARGS)

reports: $(READY) ## check every spec and write the register of claims (ARGS=--compare: compare it)
	@$(BIN)/interlock report specs/ --into reports $(ARGS)

compare: $(READY) ## check every spec, and compare what comes out with reports/
	@$(MAKE) --no-print-directory reports ARGS=--compare

clean: ## forget .venv and the tools' caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

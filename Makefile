# The verbs of this project; `make` alone lists them.

# The first Python that is new enough; name another with `make PYTHON=... run`.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test lab store readme bench lint

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed ## run lessons 1 to 5 without a screen; pages and numbers go to build/
	@$(BIN)/python -m tools.walkthrough run

test: .venv/installed ## run the unit tests, and every notebook against its stored outputs
	@$(BIN)/python -m pytest

lab: .venv/installed ## open JupyterLab on the lessons
	@$(BIN)/jupyter lab --notebook-dir=notebooks

store: .venv/installed ## after an edit: run the lessons on MNIST and store their outputs, normalised
	@$(BIN)/python -m tools.walkthrough store

readme: .venv/installed ## bring the README's numbers up to those of the last run on MNIST
	@$(BIN)/python -m tools.readme

bench: .venv/installed ## as run, then the seconds of each lesson beside its budget
	@$(BIN)/python -m tools.walkthrough bench

lint: .venv/installed ## format and check modules, tests and notebooks
	@$(BIN)/ruff format && $(BIN)/ruff check --fix && $(BIN)/mypy

.venv/installed: pyproject.toml constraints.txt
	@if [ -z '$(PYTHON)' ]; then \
		echo 'No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)'; exit 1; fi
	@$(PYTHON) -c 'import sys; new = sys.version_info >= (3, 11); new or print(f"$(PYTHON) is Python {sys.version.split()[0]}; these lessons need 3.11 or newer. Nothing was installed."); sys.exit(not new)'
	@echo 'Installing into .venv, this once (two to ten minutes, by the network)'
	@$(PYTHON) -m venv .venv || { echo 'Python could not make .venv; on Debian and Ubuntu, the package python3-venv is missing.'; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --editable '.[test]' --constraint constraints.txt || \
		{ echo 'Installing failed; the lines above say why. Mend that and run make again: it goes on from here.'; exit 1; }
	@touch $@

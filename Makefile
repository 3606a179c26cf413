# The verbs of this project; `make` alone lists them.

# The first Python that is new enough; name another with `make PYTHON=... run`.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test faults lab doctor store readme bench lint

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed ## run lessons 1 to 5 without a screen; pages and numbers go to build/
	@$(BIN)/python -m tools.walkthrough run

test: .venv/installed ## run the unit tests, and every notebook against its stored outputs
	@$(BIN)/python -m pytest

faults: .venv/installed ## bring about each fault that the lessons are made for; print what comes of it, as a table
	@$(BIN)/python -m pytest tests/faults --confcutdir=tests/faults --override-ini=addopts= -p no:nbval -n 2 --dist loadfile -q

lab: .venv/installed ## open JupyterLab on the lessons, for this machine alone and with its token
	@$(BIN)/jupyter lab --ip=127.0.0.1 --notebook-dir=notebooks

doctor: .venv/installed ## say whether this machine has what the lessons need
	@$(BIN)/python -m mnist_helpers doctor

store: .venv/installed ## after an edit: run the lessons on MNIST and store their outputs, normalised
	@$(BIN)/python -m tools.walkthrough store

readme: .venv/installed ## bring the README's numbers up to those of the last run on MNIST
	@$(BIN)/python -m tools.readme

bench: .venv/installed ## measure how fast which accuracy is reached here; QUICK=1 takes less than a minute
	@$(BIN)/python -m tools.bench $(if $(QUICK),--quick)

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

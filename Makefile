# The verbs of this project; `make` alone lists them.

# The first Python that is new enough; name another with `make PYTHON=... run`.
PYTHON ?= $(shell for python in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin

# Threads that wait for each other spin for a short while only, then let go of their core. With the usual 300,000 rounds
# a training beside other work took up to eight times as long; alone, fewer rounds cost nothing that could be measured.
export GOMP_SPINCOUNT ?= 10000

.DEFAULT_GOAL := help
.PHONY: help run test lab doctor demo site kit store readme bench accuracy format lint

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed ## run the six lessons without a screen; pages and numbers go to build/; ALL=1 runs notebooks/deeper, too
	@$(BIN)/python -m tools.walkthrough run $(if $(ALL),--all)

lab: .venv/installed ## open JupyterLab on the lessons, for this machine alone and with its token
	@$(BIN)/python tools/start.py

doctor: .venv/installed ## say whether this machine has what the lessons need
	@$(BIN)/python -m mnist_helpers doctor

test: .venv/installed ## run the tests, and every notebook against its stored outputs
	@$(BIN)/python -m pytest

demo: .venv/installed ## train both networks and write a page that reads your handwriting, build/demo.html
	@$(BIN)/python -m tools.demo

site: .venv/installed ## build the site, build/site: all notebooks as pages to read, and a digit to draw
	@$(BIN)/python -m tools.site

kit: .venv/installed ## write the kit to teach with, build/kit: editions, slides, an archive for the room; WHEELS=1 puts all packages into it, MNIST=1 MNIST
	@$(BIN)/python -m tools.kit $(if $(WHEELS),--wheels) $(if $(MNIST),--mnist)

store: .venv/installed ## after an edit: run all notebooks on MNIST and store their outputs, normalized
	@$(BIN)/python -m tools.walkthrough store

readme: .venv/installed ## bring the README's numbers up to those of the last `make run` on MNIST
	@$(BIN)/python -m tools.readme

bench: .venv/installed ## measure how fast which accuracy is reached here; QUICK=1 takes less than a minute; AGAINST=PATH: lessons beside another checkout's
	@$(BIN)/python -m $(if $(AGAINST),tools.against $(AGAINST),tools.bench $(if $(QUICK),--quick))

accuracy: .venv/installed ## go on with the log that deeper/04_accuracy reads, hours of training; INTO=FILE begins one of your own
	@$(BIN)/python -m tools.accuracy $(if $(INTO),--into $(INTO))

format: .venv/installed ## format modules, tests and notebooks
	@$(BIN)/ruff format && $(BIN)/ruff check --fix

lint: .venv/installed ## check format, style and types; changes nothing
	@$(BIN)/ruff format --check && $(BIN)/ruff check && $(BIN)/mypy

.venv/installed: pyproject.toml constraints.txt
	@if [ -z '$(PYTHON)' ]; then \
		echo 'No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)'; exit 1; fi
	@$(PYTHON) tools/start.py --install

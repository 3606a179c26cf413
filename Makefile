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
	@$(BIN)/jupyter lab --ip=127.0.0.1 --ServerApp.root_dir="$(CURDIR)" --LabApp.app_settings_dir=tools/lab --LabApp.default_url=/lab/tree/notebooks/01_data.ipynb --ServerApp.tornado_settings='{"websocket_max_message_size": 100000000}'

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

bench: .venv/installed ## measure how fast which accuracy is reached here; QUICK=1 takes less than a minute
	@$(BIN)/python -m tools.bench $(if $(QUICK),--quick)

accuracy: .venv/installed ## go on with the log that deeper/04_accuracy reads, hours of training; INTO=FILE begins one of your own
	@$(BIN)/python -m tools.accuracy $(if $(INTO),--into $(INTO))

format: .venv/installed ## format modules, tests and notebooks
	@$(BIN)/ruff format && $(BIN)/ruff check --fix

lint: .venv/installed ## check format, style and types; changes nothing
	@$(BIN)/ruff format --check && $(BIN)/ruff check && $(BIN)/mypy

.venv/installed: pyproject.toml constraints.txt
	@if [ -z '$(PYTHON)' ]; then \
		echo 'No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)'; exit 1; fi
	@$(PYTHON) -c 'import sys; new = sys.version_info >= (3, 11); new or print(f"$(PYTHON) is Python {sys.version.split()[0]}; these lessons need 3.11 or newer. Nothing was installed."); sys.exit(not new)'
	@echo 'Installing PyTorch, JupyterLab and what they need into .venv, this once: up to 3 GB on Linux,'
	@echo 'two to ten minutes by the network. What pip says goes to build/install.log.'
	@mkdir -p build
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv || { echo 'Python could not make .venv; on Debian and Ubuntu, the package python3-venv is missing.'; exit 1; }
	@if $(BIN)/python -c 'import torch, torchvision' 2>/dev/null; then sed '/^torch/d' constraints.txt; else cat constraints.txt; fi >build/constraints.txt
	@PIP_USER=0 $(BIN)/python -m pip install --disable-pip-version-check --editable '.[test]' --constraint build/constraints.txt >build/install.log 2>&1 & \
	pip=$$!; while kill -0 $$pip 2>/dev/null; do printf .; sleep 2; done; echo; wait $$pip || { tail -n 12 build/install.log; \
		echo 'Installing failed; the lines above are the end of build/install.log. Mend that and run make again: it goes on from here.'; exit 1; }
	@touch $@

# Everything runs from .venv, which make creates and fills; only Python 3.11+ must be there.
PYTHON ?= python3
OUT ?=
SEED ?=

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --no-input --progress-bar off -c constraints.txt

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint clean

help:
	@echo "make demo   the main job on packaged data: no key, no GPU (OUT=folder, SEED=number)"
	@echo "make test   all tests"
	@echo "make lint   ruff, pyright, import-linter"
	@echo "make clean  remove .venv and all caches; your runs stay"
	@echo "PYTHON=python3.12 chooses the Python that .venv is made with"

demo: .venv/.ready-demo
	$(BIN)/medresearcher demo $(if $(OUT),--out "$(OUT)") $(if $(SEED),--seed "$(SEED)")

test: .venv/.ready-test
	@$(BIN)/medresearcher sources pull || echo "no source data: the tests on real data are skipped"
	$(BIN)/python -m pytest

lint: .venv/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

clean:
	rm -rf .venv build dist src/*.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Quiet at first; where that fails, once more with all that pip has to say. The development
# install holds the plain one, so it makes both stamps.
.venv/.ready-test: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing medresearcher and its development tools into .venv"
	@$(INSTALL) -qq -e ".[dev]" || $(INSTALL) -e ".[dev]"
	@touch .venv/.ready-demo $@

.venv/.ready-demo: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing medresearcher into .venv"
	@$(INSTALL) -qq -e . || $(INSTALL) -e .
	@touch $@

$(BIN)/pip:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "'$(PYTHON)' was not found; name a Python 3.11 or newer: make PYTHON=python3.12" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "medresearcher needs Python 3.11 or newer, '$(PYTHON)' is" \
			"$$("$(PYTHON)" --version); name another: make PYTHON=python3.12" >&2; \
		exit 1; }
	"$(PYTHON)" -m venv .venv

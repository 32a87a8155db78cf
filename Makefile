# `make demo` and `make test` are all that a newcomer needs; each sets up what it uses.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint benchmarks clean

$(VENV)/installed: requirements.txt setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[lint]'
	touch $@

demo: $(VENV)/installed
	@if [ -d runs/demo ]; then $(BIN)/python scripts/train.py --resume runs/demo; \
	else $(BIN)/python scripts/train.py cgan --out runs/demo; fi

test: $(VENV)/installed
	$(BIN)/python -m pytest

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

benchmarks: $(VENV)/installed
	$(BIN)/python benchmarks/throughput.py --out benchmarks/results/throughput

clean:
	rm -rf $(VENV) build *.egg-info

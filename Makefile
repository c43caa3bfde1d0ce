# Two commands do everything on a fresh machine: `make demo` and `make test`.
# TORCH hands any torch requirement or option to pip, for example: make demo TORCH='torch==2.13.0'

PYTHON ?= python3
TORCH ?= torch -c constraints.txt
BIN := .venv/bin
# Only one thread a library: the tests are many small jobs, and WORKERS processes share them, a module each.
WORKERS ?= 2
SHARED := -n $(WORKERS) --dist loadscope
QUICK := OMP_NUM_THREADS=1 MPLBACKEND=Agg

.PHONY: demo test setup lint types docs check long faults clean

demo: .venv/core
	$(BIN)/layerwise demo

# Types are checked by one process, the pages executed by two: side by side no processor waits.
test: .venv/dev lint
	$(MAKE) --jobs=2 --output-sync=line types docs
	$(MAKE) check

setup: .venv/dev
	$(BIN)/pip install --quiet -c constraints.txt -e '.[vision,dev]'

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/core: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing PyTorch and layerwise into .venv (about a minute) ..."
	$(BIN)/pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/dev: .venv/core pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/dev
	$(BIN)/mypy

docs: .venv/dev
	$(QUICK) $(BIN)/python docs/build.py --strict

# The arithmetic, the layers and the networks are tested with the shapes of their annotations enforced.
SHAPED := tests/byhand tests/layers tests/models tests/golden
CHECKED := layerwise.byhand,layerwise.layers,layerwise.models,beartype.beartype

# Tests that measure time, and what holds them: to look through all others for them takes longer than they do.
ALONE := $(shell grep -rl "pytest.mark.alone" --include="test_*.py" tests)

check: .venv/dev
	$(QUICK) $(BIN)/pytest -m alone $(ALONE)
	$(QUICK) $(BIN)/pytest $(SHARED) --doctest-modules src/layerwise
	$(QUICK) $(BIN)/pytest $(SHARED) $(SHAPED) --jaxtyping-packages=$(CHECKED)
	$(QUICK) $(BIN)/pytest $(SHARED) -m "not long and not alone" $(addprefix --ignore=,$(SHAPED))

long: .venv/dev
	$(BIN)/pytest -m long

# Everything that can go wrong between a run and its disk, and the same for other ways to save. Parts that need strace,
# or the right to mount a file system, say so where they are left out.
faults: .venv/dev
	$(QUICK) $(BIN)/pytest -s -rs tests/faults
	$(QUICK) $(BIN)/python benchmarks/checkpoint_faults.py

clean:
	rm -rf .venv build dist site .mypy_cache .ruff_cache .pytest_cache

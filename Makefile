# Everything a newcomer needs: `make demo` and `make test`. Needs Python >= 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_PIN := 0.13.9
PYTEST_ARGS ?=

.PHONY: demo test lint types imports check nightly clean bench \
        prove-demo prove-idempotent prove-kill prove-bad-input prove-wire prove-commits \
        prove-circle prove-service prove-metrics prove

# Installed once; again only when the dependencies change. uv is faster than pip and optional.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_PIN) \
	  && $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -c constraints.txt -e '.[dev]' \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/tieout demo

test: $(STAMP)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

check: lint types imports test

prove-demo: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_demo.py

prove-idempotent: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_idempotent.py

prove-kill: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_kill.py

prove-bad-input: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_bad_input.py

prove-wire: $(STAMP)
	@$(BIN)/python tests/contract/prove_wire.py

prove-commits: $(STAMP)
	@$(BIN)/python tests/simulation/prove_commits.py

prove-circle: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_circle.py

prove-service: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_service.py

prove-metrics: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_metrics.py

prove: prove-demo prove-idempotent prove-kill prove-bad-input prove-wire prove-commits prove-circle prove-service prove-metrics

bench: $(STAMP)
	@$(BIN)/python bench/run.py

nightly: check prove

clean:
	rm -rf $(VENV) build dist *.egg-info demo

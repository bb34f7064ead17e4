# Every target starts from a bare checkout. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TYPINGS := $(VENV)/typings
STUBS := micropython-esp32-stubs==1.29.0.post1 micropython-stdlib-stubs==1.29.0.post2
UV := $(BIN)/uv
UV_RELEASE := uv==0.13.9
INSTALL := $(UV) pip install --quiet --system-certs --python $(BIN)/python
MUTATOR := mutmut==3.8.1
MUTANTS := $(VENV)/mutants
SAMPLE ?= 0
LONGEST ?= inf
FUZZER := atheris==3.0.0
FUZZ := $(VENV)/fuzz
SECONDS ?= 300
PEERS := tests/real/peers
# Side by side: most tests with real parts wait for a clock, so four share two cores well.
WORKERS ?= 4

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo screenshots test coverage mutants lint hardware peers bench long fuzz firmware flash lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

demo: $(READY) ## play the stories (keys and live lamps in a terminal)
	$(BIN)/rung demo

test: $(READY) ## run the tests; those without their real peer skip and say how to get it
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

coverage: $(READY) ## every statement and branch of the policy's code, by the tests of its room alone
	RUNG_SEED=1 $(BIN)/pytest -q -n 2 tests/policy --ignore tests/policy/test_properties.py \
	    --cov=rung.policy --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

mutants: $(MUTANTS)/.ready ## break the policy's code on purpose: make mutants ONLY='rung.policy.press.*' SAMPLE=300
	rm -rf $(MUTANTS)/src $(MUTANTS)/tests $(MUTANTS)/mutants
	mkdir -p $(MUTANTS)/src $(MUTANTS)/tests/bench $(MUTANTS)/host
	cp -r host/rung firmware/rung_wire $(MUTANTS)/src
	cp -r tests/conftest.py tests/policy $(MUTANTS)/tests && cp host/POLICIES.md $(MUTANTS)/host
	cp tests/bench/*.toml $(MUTANTS)/tests/bench
	cd $(MUTANTS)/tests/policy && rm test_properties.py test_card.py test_people.py test_policies_doc.py
	mv $(MUTANTS)/tests/policy/mutants.toml $(MUTANTS)/pyproject.toml
	cd $(MUTANTS) && RUNG_SEED=1 RUNG_POLICY_SEEDS=500 PYTHONPATH=site \
	    ../bin/python tests/policy/mutation.py --sample $(SAMPLE) --longest $(LONGEST) $(ONLY)

lint: $(READY) $(TYPINGS)/.ready ## ruff, mypy on host and firmware, who may import whom, the electrical rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file firmware/mypy.ini
	PYTHONPATH=host:firmware $(BIN)/lint-imports
	$(BIN)/python -m hardware check

hardware: $(READY) ## write netlists, wiring drawings, templates and the bill of materials out of the circuits
	$(BIN)/python -m hardware

peers: ## install the real telephones and the PBX that tests/real talks to
	$(PEERS)/install.sh

bench: $(READY) ## measure a step of the ladder, the record, flashing, a press from edge to phone, each phone, the floor, the agent's page, a console of 50 desks
	$(BIN)/python -m tests.bench.steps
	$(BIN)/python -m tests.bench.journal
	$(BIN)/python -m tests.bench.flash
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.phones
	$(BIN)/python -m tests.bench.floor_site
	$(BIN)/python -m tests.bench.floor_many
	$(BIN)/python -m tests.bench.shift
	$(BIN)/python -m tests.bench.asterisk
	$(BIN)/python -m tests.bench.broker
	$(BIN)/python -m tests.bench.page
	$(BIN)/python -m tests.bench.console

screenshots: $(READY) ## make the pictures of both pages anew, in host/pictures (real Chromium)
	$(BIN)/python -m tests.page.screenshots

long: $(READY) ## the box's tests at full length and their figures, on a quiet computer (20 minutes)
	RUNG_LONG=1 $(BIN)/pytest -v -s --no-header --timeout 1800 tests/real/test_box*.py tests/real/test_virtual_box*.py

fuzz: $(FUZZ)/.ready ## look for bytes that harm either end of the wire: make fuzz SECONDS=300
	PYTHONPATH=$(FUZZ) $(BIN)/python -m tests.wire.fuzz $(FUZZ)/found -max_total_time=$(SECONDS)

firmware: $(READY) ## write the firmware as mpremote takes it, compiled, with a package.json: build/new
	rm -rf build/new
	$(BIN)/python -m rung.firmware build/new

# The firmware that is already in build/new takes over from whatever the board has: see firmware/README.md.
flash: firmware ## put the firmware on a board with mpremote alone: make flash PORT=/dev/ttyUSB0
	@test -n "$(PORT)" || { echo "Say which port: make flash PORT=/dev/ttyUSB0" >&2; exit 2; }
	$(BIN)/mpremote connect $(PORT) exec "import machine; machine.WDT(timeout=600000)" + fs cp -r build/new : + \
	    exec "import sys; sys.path.insert(0, '/new'); sys.modules.pop('rung_box', 0); from rung_box import switch; switch.take()" + \
	    reset

lock: $(UV) ## choose and pin newer releases of everything
	$(UV) pip compile --quiet --system-certs --universal --upgrade --generate-hashes --extra dev \
	    --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

clean: ## remove what make and the tests have made
	rm -rf $(VENV) build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	    .import_linter_cache
	find . -name __pycache__ -prune -exec rm -r {} +

# uv puts the environment there in seconds, where pip takes most of a minute; only pip may know of a mirror of PyPI.
$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Rung needs Python 3.11 or newer; name one: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet $(UV_RELEASE)

# The lock is whole, so nobody need look for what else is wanted: that would miss what pyproject.toml leaves out.
$(READY): pyproject.toml requirements.lock | $(UV)
	$(INSTALL) --no-deps --require-hashes -r requirements.lock || \
	    $(BIN)/pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

# Linux on x86_64 alone has a wheel of it; only `make fuzz` needs it.
$(FUZZ)/.ready: $(READY)
	rm -rf $(FUZZ)
	$(INSTALL) --no-deps --target $(FUZZ) $(FUZZER)
	touch $@

$(MUTANTS)/.ready: $(READY)
	rm -rf $(MUTANTS)
	$(INSTALL) --target $(MUTANTS)/site $(MUTATOR)
	touch $@

# MicroPython's types replace Python's own, so they never enter the environment itself.
$(TYPINGS)/.ready: $(READY)
	rm -rf $(TYPINGS)
	$(INSTALL) --no-deps --target $(TYPINGS) $(STUBS)
	touch $@

# `make run` and `make test` are the two a newcomer needs; every verb sets up what it needs.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
WORKERS := 8  # most tests wait for processes and clocks: two cores carry eight
SOURCES := $(wildcard *.py bench/*.py bench/*/*.py channels/*.py channels/*/*.py console/*.py queue/*.py queue/*/*.py router/*.py router/*/*.py \
	sandbox/*.py skills/*.py)
CHROMIUM := $(shell command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome)
TESTED := $(STAMP)-test $(if $(CHROMIUM),$(STAMP)-browser)

.PHONY: help run test setup check check-long promises screenshots bench chaos races leak mail clean

help:            ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(STAMP)-run: pyproject.toml | $(BIN)/python
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tierline needs Python 3.11 or later: make PYTHON=python3.12"; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@mkdir -p .types && ln -sfn .. .types/tierline
	@touch $@

# Compiled here: where PYTHONDONTWRITEBYTECODE is set, each start would compile everything anew, half a second of it.
$(STAMP)-compiled: $(STAMP)-run $(SOURCES)
	@$(BIN)/python -m compileall -q $(sort $(dir $(SOURCES))) -l
	@touch $@

$(STAMP)-test: $(STAMP)-run
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test,check,bench]'
	@touch $@

# Beside the others: a Chromium that was installed later counts from then on.
$(STAMP)-browser: $(STAMP)-test
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[browser]'
	@touch $@

setup: $(TESTED) $(STAMP)-compiled ## install everything that the other verbs need

run: $(STAMP)-compiled ## set up and start the sandbox: one command on a fresh machine
	@$(BIN)/python -m tierline sandbox

# pytest writes assertions anew so that they tell what was there: once, not once in each worker.
$(STAMP)-rewritten: $(wildcard tests/*.py tests/*/*.py) $(TESTED)
	@export PYTHONDONTWRITEBYTECODE=; for tests in tests/unit "tests --ignore tests/unit"; do \
		$(BIN)/python -m pytest -q --collect-only $$tests >/dev/null 2>&1 & done; wait
	@touch $@

test: $(TESTED) $(STAMP)-compiled $(STAMP)-rewritten ## set up and pass all tests
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n $(WORKERS) -p tests.spread -p tests.promises $(ARGS)

check: $(STAMP)-test ## ruff (rules and layout), mypy, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_house.py

check-long: $(TESTED) ## the sampled properties, whole
	TIERLINE_LONG=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/unit tests/store tests/channels/test_mailbox_in_trouble.py \
		tests/channels/test_mail_while_the_store_dies.py tests/channels/test_slow_clients.py --timeout 3600 $(ARGS)

promises: $(TESTED) ## promise by promise: which tests show it, and do they pass
	$(BIN)/python -m tests.promises $(ARGS)

screenshots: $(TESTED) ## one picture per state of the sandbox page
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

bench: $(STAMP)-test ## the bars of docs/performance.md; ARGS=--quick, ARGS="--only backlog"
	$(BIN)/python -m tierline.bench.run $(ARGS)

chaos: $(STAMP)-test ## real processes and sockets, seeded faults: SEED=1 N=20000; ARGS=--bugs proves the checker
	$(BIN)/python -m tierline.bench.chaos --seed $(or $(SEED),1) -n $(or $(N),200) $(ARGS)

races: $(STAMP)-test ## calls in any order of callbacks, seed by seed: SEED=1 N=10000; ARGS="--show 17" tells one
	$(BIN)/python -m tierline.bench.races --seed $(or $(SEED),1) -n $(or $(N),1000) $(ARGS)

leak: $(STAMP)-test ## what may reach a customer, over random steps at the desk: SEED=1 N=100000; ARGS=--bugs proves it
	$(BIN)/python -m tierline.bench.leak --seed $(or $(SEED),1) -n $(or $(N),10000) $(ARGS)

mail: $(STAMP)-test ## every mail of a folder through the door, and what became of each: DIR=folder
	@$(BIN)/python -m tierline.bench.mail $(or $(DIR),tests/mail)

clean:           ## remove what the verbs made
	rm -rf .venv .types build var *.egg-info

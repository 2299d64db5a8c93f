# Sets everything up in .venv and runs what a developer or a visitor wants. See CONTRIBUTING.md.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO_READY := $(VENV)/.demo-ready
HOST   ?= 127.0.0.1
PORT   ?= 5000

.PHONY: help setup demo demo-prod test test-all test-oldest test-servers test-stores check websockets conformance legacy programs nightly bench faults fuzz leaks format clean

help:
	@echo "make demo         set everything up and serve the music time machine on http://$(HOST):$(PORT)"
	@echo "make demo-prod    the same with PostgreSQL, Redis, two workers and nginx"
	@echo "make test         set everything up and run the tests"
	@echo "make check        lint, format, types, layers"
	@echo "make test-all     the same on Python 3.11, 3.12 and 3.13, where they are installed"
	@echo "make fuzz         throw variations of hostile requests at an app; SEED=1 SECONDS=60"
	@echo "make leaks        look for what a million requests leave behind; REQUESTS=1000000"
	@echo "make test-oldest  the tests with the oldest dependencies that are allowed"
	@echo "make test-servers the parity tables over HTTP, on every server; and nginx in front of each"
	@echo "make test-stores  PostgreSQL, MariaDB and Redis, killed under load"
	@echo "make bench        measure against Flask and other peers; writes benchmarks/results"
	@echo "make faults       kill, reload, overload and slow down bolthead serve; prints a figure for each"
	@echo "make conformance  run the suites of Flask and its extensions on Bolthead"

setup: $(READY)

CHECK_PYTHON := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Bolthead needs Python 3.11 or later; run make PYTHON=python3.11")'

$(READY): pyproject.toml
	$(CHECK_PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev --editable ".[dotenv,adhoc,serve,examples]"
	touch $(READY) $(DEMO_READY)

# What the demo runs with, in the same place, without the tools of developers.
$(DEMO_READY): pyproject.toml
	$(CHECK_PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --no-compile --editable ".[dotenv,serve,examples]"
	touch $(DEMO_READY)

demo: $(DEMO_READY)
	$(BIN)/python examples/music/demo.py --host $(HOST) --port $(PORT)

# With PostgreSQL, Redis, two workers and nginx, from Debian's packages.
demo-prod: $(DEMO_READY)
	$(BIN)/python examples/music/prod.py --host $(HOST) --port $(PORT)

# PYTEST has more options for the first run, such as --last-failed.
test: $(READY)
	$(BIN)/python -m pytest $(PYTEST)
	PARITY_PROTOCOL=asgi $(BIN)/python -m pytest --quiet tests/parity
	PARITY_PROTOCOL=asgi-loop $(BIN)/python -m pytest --quiet tests/parity/test_hooks_errors.py tests/parity/test_contexts.py

# Each minor version in an environment of its own; one that is not installed is skipped aloud.
test-all:
	@for version in 3.11 3.12 3.13; do \
	  python=$$(command -v python$$version || ls -d $$HOME/.pyenv/versions/$$version.*/bin/python 2>/dev/null | tail -n 1); \
	  if [ -z "$$python" ]; then echo "SKIPPED: Python $$version is not installed"; continue; fi; \
	  $(MAKE) test PYTHON=$$python VENV=.venv-$$version || exit 1; \
	done

# The oldest versions of all that the package asks for. Left out: what looks at the source alone
# (architecture, types, docs), at packages that are not the package's (check, benchmarks), and
# what stands with programs of this machine (servers, nginx, deployment files).
OLDEST := .venv-oldest
test-oldest:
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --upgrade "pip>=25.1" packaging
	$(OLDEST)/bin/python tests/oldest.py > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --quiet --constraint $(OLDEST)/constraints.txt \
	  --group dev --editable ".[dotenv,adhoc,serve]"
	$(OLDEST)/bin/python tests/oldest.py --check
	@echo "left out: architecture, check, docs, benchmarks, servers, nginx, deployment files"
	$(OLDEST)/bin/python -m pytest --quiet tests $(addprefix --ignore tests/,$(NOT_OLDEST))
NOT_OLDEST := architecture check programs test_behind_nginx.py test_benchmarks.py \
  test_call_counts.py test_deploy_files.py test_docs.py test_real_servers.py test_types.py

# The parity tables over HTTP, on each kind of server that can be installed here.
SERVERS_READY := $(VENV)/.servers-ready
$(SERVERS_READY): $(READY)
	@for group in gevent uwsgi mod_wsgi; do \
	  $(BIN)/python -m pip install --quiet --group $$group || \
	    echo "SKIPPED: $$group could not be installed; mod_wsgi needs apache2, apache2-dev, python3-dev"; \
	done
	touch $(SERVERS_READY)

test-servers: $(SERVERS_READY)
	$(BIN)/python tests/run_servers.py $(KINDS)
	$(BIN)/python -m pytest --quiet tests/test_behind_nginx.py tests/test_deploy_files.py

# PostgreSQL, MariaDB and Redis from Debian's packages, started by the tests and killed under load.
STORES_READY := $(VENV)/.stores-ready
$(STORES_READY): $(READY)
	$(BIN)/python -m pip install --quiet --group stores
	touch $(STORES_READY)

test-stores: $(STORES_READY)
	$(BIN)/python -m pytest --quiet tests/stores

nightly: $(READY)
	BOLTHEAD_MATCHER_CASES=200000 $(BIN)/python -m pytest tests/test_matcher.py

# SEED and SECONDS choose the variations and for how long they are thrown.
SEED    ?= 0
SECONDS ?= 60

fuzz: $(READY)
	$(BIN)/python tests/fuzz --seed $(SEED) --seconds $(SECONDS)
	@$(BIN)/python -m pip install --quiet --group fuzz || echo "SKIPPED: atheris cannot be installed for this Python"
	$(BIN)/python tests/fuzz --parsers --seed $(SEED) --seconds $(SECONDS)

# What a million mixed requests leave behind: memory, threads, descriptors, contexts.
leaks: $(READY)
	$(BIN)/python tests/fuzz/leaks.py --requests $(or $(REQUESTS),1000000) --seed $(SEED)

bench:
	$(PYTHON) benchmarks/run.py

# What becomes of requests when a server meets trouble; LONG=--long takes as long as the figures say.
faults: $(READY)
	$(BIN)/python benchmarks/faults/run.py $(LONG)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

conformance: $(READY)
ifdef ADD
	$(BIN)/python tests/conformance/run.py --add $(ADD)
else
	$(BIN)/python tests/conformance/run.py $(or $(SUITES),--write-docs)
	$(BIN)/python tests/conformance/served.py
endif

# Extensions that died of a removed name, on `adopt --legacy`.
legacy: $(READY)
	$(BIN)/python tests/conformance/legacy.py

# RFC 6455, case by case: bolthead serve on each engine, and uvicorn by itself.
websockets: $(READY)
	WEBSOCKET_ENGINES=serve,serve-granian,uvicorn $(BIN)/python -m pytest --quiet tests/websocket_conformance

# httpbin, moto, Dash, Locust, OpenTelemetry, Sentry: unmodified, each in its own environment.
programs: $(READY)
	$(BIN)/python -m pytest tests/programs

clean:
	rm -rf $(VENV) .cache build dist

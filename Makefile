# `make` installs, `make demo` shows it. Needs Python 3.11 or newer and make, nothing else.
# Nothing is downloaded twice: without a change to uv.lock or pyproject.toml no target but `kafka`
# and the tests' own broker (once) touches the network.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := .uv/$(UV_VERSION)/bin/uv
STAMP := .venv/.installed
CODE := engine projections schemas infra tests

# No step hangs on one download: each waits a minute at most, and is tried again.
export UV_HTTP_TIMEOUT ?= 60
export UV_HTTP_RETRIES ?= 5
export UV_CONCURRENT_DOWNLOADS ?= 4
export UV_PYTHON_DOWNLOADS := never
ifdef CI
export UV_NO_PROGRESS := 1
endif
PIP_BOUNDS := --timeout 60 --retries 5 --disable-pip-version-check --quiet
TRIES := 1 2 3

.DEFAULT_GOAL := install
.DELETE_ON_ERROR:
.PHONY: install demo test lint audit wheel-test drawings release bench kills simulate-faults kafka kafka-stop clean help

install: $(STAMP)  ## Create .venv with the command `metaorder` in it.

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is older than Python 3.11; run make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .uv/$(UV_VERSION) || { \
	  echo "$(PYTHON) -m venv failed; on Debian run apt-get install python3-venv" >&2; exit 1; }
	@for try in $(TRIES); do \
	  .uv/$(UV_VERSION)/bin/python -m pip install $(PIP_BOUNDS) uv==$(UV_VERSION) && exit 0; \
	  echo "installing uv failed, try $$try of 3" >&2; \
	done; exit 1

$(STAMP): pyproject.toml uv.lock | $(UV)
	@for try in $(TRIES); do \
	  $(UV) sync --locked --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" \
	    && touch $@ && exit 0; \
	  echo "uv sync failed, try $$try of 3" >&2; \
	done; exit 1

demo: $(STAMP)  ## A real trading day through the whole chain, on the embedded log.
	@$(BIN)/metaorder demo

# Four times pytest: the core under the branch gate, its long properties, which no branch waits
# for, a thousand days under faults, then everything else, a file in one process. A core runs one
# test process; the last part waits much for brokers, so it gets one more. All share one Kafka.
SPREAD := -n auto --maxprocesses 4
WAITING := -n 3
CORE := tests/core tests/lies tests/reference tests/runtime
FAULTS := tests/faults/test_faults_seeds.py
test: lint  ## Lint, the core's tests with 100 % branch coverage, then all other tests.
	$(BIN)/pytest $(SPREAD) $(CORE) -m "not slow" --cov --cov-report=term-missing:skip-covered --cov-fail-under=100
	$(BIN)/pytest $(SPREAD) $(CORE) -m slow
	$(BIN)/pytest $(SPREAD) $(FAULTS)
	$(BIN)/pytest $(WAITING) --dist loadfile --no-loadscope-reorder $(CORE:%=--ignore=%) $(FAULTS:%=--ignore=%) --durations=15

lint: $(STAMP)  ## Format, ruff, mypy --strict, generated files.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/python -m schemas --check

# Not part of `test`: it asks a service elsewhere, whose outage it says and does not fail for.
audit: $(STAMP) | $(UV)  ## Bill of materials (out/sbom.cdx.json), and known vulnerabilities of what uv.lock names.
	@$(BIN)/python -m infra.dependency_audit --uv $(UV)

wheel-test: $(STAMP)  ## Build the wheel, install it on its own, play the demo with it; `test` does it too.
	$(BIN)/pytest -n 0 tests/test_wheel.py

drawings: $(STAMP)  ## Print the drawings of docs/architecture.md anew from the code.
	$(BIN)/python tests/test_architecture.py

release: $(STAMP)  ## Tag the version of pyproject.toml with its section of the changelog.
	@$(BIN)/python -m infra.release

bench: $(STAMP)  ## Throughput and latency on both logs, as a table and as JSON.
	@$(BIN)/python -m infra.bench

KILLS ?= 100
kills: $(STAMP)  ## Kill workers with -9 under load, KILLS times on each log; minutes to hours.
	$(BIN)/python -m infra.campaigns.kills --log embedded --kills $(KILLS)
	$(BIN)/python -m infra.campaigns.kills --log kafka --kills $(KILLS)

SEEDS ?= 1000
FIRST ?= 0
simulate-faults: $(STAMP)  ## The whole system under faults, SEEDS=N runs from seed FIRST on.
	@$(BIN)/python -m infra.faults --first $(FIRST) --count $(SEEDS)

kafka: $(STAMP)  ## A local real Kafka from Maven jars on 127.0.0.1:9092, without Docker.
	@$(BIN)/python -m infra.kafka.local start

kafka-stop: $(STAMP)  ## Stop it.
	@$(BIN)/python -m infra.kafka.local stop

clean:  ## Remove what make and the commands made; the next make installs again.
	rm -rf .venv .uv out dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

help:  ## This list.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

# Everything here works on a machine that has Python 3.11, 3.12 or 3.13 and make; the rest is installed into .venv.

VENV := .venv
BIN := $(VENV)/bin
# Pinned, so that two machines resolve and compile alike; the packages themselves are pinned by hash in requirements.lock.
UV := uv==0.13.8
# The environment is made again only when what it is made of has changed.
READY := $(VENV)/.ready-$(shell cksum < requirements.lock | tr ' ' '-')
# The first interpreter that really runs and is new enough: a shim may exist without its Python.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)

# Without bytecode Airflow starts 2.3 times slower.
export UV_COMPILE_BYTECODE := 1
# Behind a company's proxy only the machine's own certificates are right; pip trusts those already.
export UV_SYSTEM_CERTS := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo-live test test-all lint docs docs-serve screenshot terraform bench lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY)  ## Set up, then take one simulated plant-day the whole way through Airflow
	@$(BIN)/lakeward demo

demo-live: $(READY)  ## Let a simulated plant send to a broker for two minutes, and count what arrived (needs mosquitto)
	@$(BIN)/lakeward demo --live

# One worker more than cores, as some wait for a broker or a browser; one with a Spark session takes some 3 GB. WORKERS=0 runs in one process.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')
PYTEST = $(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal --durations=15

# What tests write lies in memory where 4 GB are free: a run of one batch waits 24 times for a disk.
MEMORY := $(shell test "$$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 4000000 2>/dev/null && echo /dev/shm)

test: $(READY)  ## Set up, then run the tests of every change; the last line says what is left out
	@$(BIN)/lakeward spark setup >/dev/null || echo "Tests of the Spark engine are skipped"
	@$(if $(MEMORY),PYTEST_DEBUG_TEMPROOT=$(MEMORY)) $(PYTEST)

test-all: $(READY)  ## Run also the tests that are too long for every change: Spark on files, clusters, kills and strangers (some three hours on two cores)
	@$(BIN)/lakeward spark setup --s3 >/dev/null
	@$(PYTEST) -m ''

lint: $(READY)  ## Check style, types and the layers of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# checkov and moto pin what Lakeward pins otherwise, so they live beside the lock, in an environment of their own.
TOOLS := .cache/terraform-tools
TOOLS_READY := $(TOOLS)/.ready-$(shell cksum < terraform/tools.txt | tr ' ' '-')

terraform: $(READY) $(TOOLS_READY)  ## Check terraform/, apply it to an emulator and destroy it again (minutes; needs terraform and the AWS provider)
	@TERRAFORM_TOOLS=$(TOOLS) $(BIN)/pytest tests/terraform -m '' --timeout 900 --durations=10

$(TOOLS_READY): terraform/tools.txt
	@$(BIN)/python -m venv $(TOOLS)
	@$(BIN)/uv pip install --python $(TOOLS)/bin/python --quiet -r terraform/tools.txt
	@touch $@

bench: $(READY)  ## Measure governed ingest against plain writes (minutes)
	@$(BIN)/python tests/bench/governed_ingest.py

docs: $(READY)  ## Write the reference pages anew from the code, then build the site into site/; no network is needed
	@PYTHONPATH=docs $(BIN)/python -m generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@touch site/.strict

docs-serve: $(READY)  ## Show the site at http://127.0.0.1:8000 and build it again whenever a page changes
	@PYTHONPATH=docs $(BIN)/python -m generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

screenshot: $(READY)  ## Run the demo, then take the pictures of its scorecard in docs/pictures/ (needs Chromium)
	@$(BIN)/lakeward demo
	@PYTHONPATH=docs $(BIN)/python -m generate.screenshot

bench-quality: $(READY)  ## Measure judging against other judges; parts and rows as BENCH="wide --rows 100000" (an hour)
	@$(BIN)/python tests/bench/quality.py $(BENCH)

bench-batch: $(READY)  ## Measure batches of three rows; options as BENCH="--datasets 300 --against FOLDER" (a minute)
	@PYTHONPATH=tests $(BIN)/python tests/bench/small_batch.py $(BENCH)

bench-faults: $(READY)  ## Try flows under faults of an object store; names as BENCH="ingest maintain" (an hour of a core; needs versitygw)
	@PYTHONPATH=tests $(BIN)/python tests/bench/faults.py $(BENCH)

bench-portal: $(READY)  ## Measure every page of the portal, and the static scorecard, at 1,000 datasets (ten minutes)
	@PYTHONPATH=tests $(BIN)/python tests/bench/portal.py $(BENCH)

bench-airflow: $(READY)  ## Measure a real Airflow over 500 contracts, and 20 runs at once (five minutes; needs PostgreSQL)
	@PYTHONPATH=tests $(BIN)/python tests/bench/airflow.py $(BENCH)

bench-spark: $(READY)  ## Measure the Spark engine against stock Spark; parts and rows as BENCH="judge --rows 1000000" (an hour)
	@$(BIN)/python tests/bench/spark.py $(BENCH)

bench-streams: $(READY)  ## Measure messages from their sender to a served view, the collector, and a day in time lapse (half an hour; needs mosquitto)
	@PYTHONPATH=tests $(BIN)/python tests/bench/streams.py $(BENCH)

bench-drain: $(READY)  ## Measure draining landed messages against reading the same rows from Parquet files (minutes)
	@PYTHONPATH=tests $(BIN)/python tests/bench/drain.py $(BENCH)

lock: $(READY)  ## Pin the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-annotate --no-emit-index-url --no-header --quiet -o requirements.lock

clean:  ## Remove the environment, caches and builds; never a lake
	@rm -rf $(VENV) .airflow .cache dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Expected Python 3.11, 3.12 or 3.13; found none. Next: install one, or make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON); once, and again when requirements.lock or pyproject.toml changes"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	@$(BIN)/uv pip sync --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --editable .
	@touch $@

# Two commands: `make app` sets up and serves the app, `make test` sets up and passes the tests.
# PYTHON chooses the interpreter (3.11 or newer), PIP_FLAGS goes to pip (say, a CPU wheel index).
# TORCH=cpu takes torch without CUDA: uv installs then, since it knows where such wheels are.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP_FLAGS ?=
TORCH ?=
UV := uv==0.13.9
PORT ?= 8501
FILES := --dist loadfile --no-loadscope-reorder
BIN := .venv/bin
RUN := $(BIN)/python -m
# What was compiled is kept: each server and worker of the tests would compile all of ours again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: app test quick coverage lint docs setup clean

app: .venv/app.stamp
	$(RUN) afn serve --port $(PORT)

# A wait for a browser or a process can run out where others need the machine: what waited in vain,
# and only that, is tried once more, and told. Three files at a time on two cores: browsers wait much.
test: lint
	$(RUN) pytest -n 3 $(FILES) -r R \
		--reruns 1 --only-rerun 'TimeoutError' --only-rerun 'waited \d+ s' \
		--only-rerun 'Locator expected' --only-rerun 'Page (URL|title) expected'

quick: .venv/dev.stamp
	$(RUN) pytest -n 2 $(FILES) -m "not slow and not browser and not real_data"

# Of the lines that run in these processes; those of servers and workers are not counted.
coverage: .venv/dev.stamp
	$(RUN) pytest -n 2 $(FILES) -m "not browser" --cov=afn --cov=app --cov-report=term:skip-covered

lint: .venv/dev.stamp
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(BIN)/lint-imports --no-cache

# Pages of every public name.
docs: .venv/dev.stamp
	$(BIN)/python docs/api.py site

setup: .venv/dev.stamp

.venv/app.stamp: requirements.txt pyproject.toml setup.py
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one: make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
ifdef TORCH
	$(RUN) pip install $(PIP_FLAGS) $(UV)
	$(RUN) uv pip install --torch-backend $(TORCH) -r requirements.txt
else
	$(RUN) pip install $(PIP_FLAGS) -r requirements.txt
endif
	$(RUN) pip install --no-deps --no-build-isolation -e .
	touch $@

.venv/dev.stamp: .venv/app.stamp requirements-dev.txt
	$(RUN) pip install $(PIP_FLAGS) -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv build site afn.egg-info .mypy_cache .pytest_cache .ruff_cache

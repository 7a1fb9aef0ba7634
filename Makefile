# Every target sets up what it needs; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
UV_VERSION := 0.13.8
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
BIN := .venv/bin
WEB := api/web
DEBIAN := curl prometheus prometheus-alertmanager prometheus-snmp-exporter victoria-metrics snmpd snmp openssh-server postgresql iproute2 frr docker-compose chromium fonts-noto-core

.PHONY: help demo test lint format bench soak web servers clean messages metrics

help:  ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.stamp web  ## a simulated state on this machine: collectors, judgement, map
	@exec $(BIN)/python manage.py demo $(ARGS)

test: .venv/.stamp web servers  ## the whole suite (below 15 minutes)
	@$(BIN)/pytest -m "not soak" -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .venv/.stamp  ## ruff, mypy strict, import-linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy . && $(BIN)/lint-imports

format: .venv/.stamp  ## let ruff format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix --quiet .

bench: .venv/.stamp  ## the benchmarks, as JSON
	@$(BIN)/python manage.py bench all --json

soak: .venv/.stamp web servers  ## the long tests
	@$(BIN)/pytest -m soak $(ARGS)

web: api/static/dist/.stamp

messages: .venv/.stamp  ## collect the pages' texts for their translators (api/locale)
	@$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output --omit-header --no-wrap -o api/locale/messages.pot .
	@$(BIN)/pybabel -q update -i api/locale/messages.pot -d api/locale --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date

metrics: .venv/.stamp  ## the tables of docs/metrics.md, made from the code
	@$(BIN)/python -m collectors.sinks.page

clean:  ## remove what make made (not data/)
	rm -rf .venv .tools $(WEB)/node_modules api/static/dist artefacts

.venv/.stamp: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "make: Python 3.11 or newer is missing: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "make: Python's venv is missing: apt-get install python3-venv"; exit 1; }
	@test -x .tools/bin/uv || { $(PYTHON) -m venv .tools && .tools/bin/pip install --quiet uv==$(UV_VERSION); }
	@.tools/bin/uv sync --quiet --frozen --python $(PYTHON)
	@touch $@

api/static/dist/.stamp: $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/build.mjs $(wildcard $(WEB)/src/*)
	@command -v npm >/dev/null && node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)' \
	  || { echo "make: Node.js 20 or newer with npm is missing"; exit 1; }
	@cd $(WEB) && npm ci --silent --no-fund --no-audit && node build.mjs
	@touch $@

servers:
	@missing=""; for p in $(DEBIAN); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q "ok installed" || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else echo "make: the tests need Debian's servers; as root: apt-get install$$missing"; exit 1; fi; fi

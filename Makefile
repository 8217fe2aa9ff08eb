# Everything below needs Python 3.11 or newer and make; the rest is fetched into .venv.
# PYTHON=python3.13 make ... takes another Python.

VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3.14 python3.13 python3.12 python3.11 python3
PYTHON ?= $(firstword $(foreach name,$(CANDIDATES),\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt
NPM_CI := PATH="$(CURDIR)/$(BIN):$$PATH" $(CURDIR)/$(BIN)/npm ci --ignore-scripts --no-audit --no-fund \
	--loglevel=error --fetch-retry-mintimeout=2000 >/dev/null || { echo "npm could not fetch what the pages are built with." \
	"It needs the network and its registry; then run make again." >&2; exit 1; }
CATALOGUES := $(wildcard web/locale/*/LC_MESSAGES/*.po)
STATIC := $(wildcard web/static/*.js web/static/css/*.css web/static/js/*.js web/static/js/*/*.js)

.PHONY: install run test faults simulate bench lighthouse screenshots demo two-cities constraints clean
.DEFAULT_GOAL := run

## install: the virtual environment, the dependencies, the pages' assets and catalogues
install: $(VENV)/installed $(VENV)/assets $(CATALOGUES:.po=.mo)

## run: an instance at http://localhost:8080, with a demo city on first start
run: install
	@$(BIN)/madang demo --if-empty
	@$(BIN)/madang serve

## demo: the demo city, without starting it
demo: install
	@$(BIN)/madang demo

## two-cities: two demo cities side by side that follow each other
two-cities: install
	@$(BIN)/python -m web.demo.two_cities

## test: lint, types, import rules and every test that this machine can run, WORKERS=3 at a time
# A test waits for a quarter of its time: one worker more than CI has cores keeps these busy.
# All workers collect the same tests, which start many processes: what one compiles serves all.
WORKERS ?= 3
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/installed-dev
	@$(MAKE) --no-print-directory -j 2 checked $(VENV)/assets $(CATALOGUES:.po=.mo) $(VENV)/clients
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q

# Types take as long as fetching what the pages and a client need: neither waits for the other.
.PHONY: checked
checked: $(VENV)/installed-dev
	@./check --no-tests

## faults: kills, full disks, restarts and the like at length (ROUNDS=N: as many seeds; needs root for small disks)
faults: $(VENV)/installed-dev $(VENV)/assets $(CATALOGUES:.po=.mo)
	@FAULT_ROUNDS=$(or $(ROUNDS),1) $(BIN)/python -m pytest -q -s -o timeout=1800 tests/faults

## bench: what an activity, a delivery and a page cost here
bench: $(VENV)/installed-dev $(VENV)/assets $(CATALOGUES:.po=.mo)
	@$(BIN)/python -m tests.bench

## simulate: SEEDS=200 worlds in which everything goes wrong, from seed FROM=1; what fails can be replayed
simulate: $(VENV)/installed-dev
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),200) --from $(or $(FROM),1)

## screenshots: every page as phones and desks show it, into var/screenshots (README=1: those of the README)
screenshots: $(VENV)/installed-dev $(VENV)/assets $(CATALOGUES:.po=.mo)
	@$(BIN)/python -m tests.screenshots $(if $(README),--readme)

## lighthouse: Lighthouse's phone on five pages of a demo city; below 95 fails
lighthouse: $(VENV)/installed-dev $(VENV)/assets $(CATALOGUES:.po=.mo) $(VENV)/lighthouse
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.lighthouse

## constraints: pin what is installed now
constraints: $(VENV)/installed-dev
	@{ sed -n "/^#/p" constraints.txt; $(BIN)/python -m pip freeze --all --exclude-editable \
		--exclude pip --exclude wheel; } | grep -E "^(#|[A-Za-z0-9_.-]+==)" > constraints.new
	@mv constraints.new constraints.txt

## clean: everything that the above made, but not var/
clean:
	rm -rf $(VENV) node_modules tests/lighthouse/node_modules tests/clients/node_modules web/static/built build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find web/locale -name '*.mo' -delete

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Madang needs Python 3.11 or newer; install it, or say PYTHON=/path/to/python make." >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv." >&2; exit 1; }

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing ..."
	@$(PIP) -e .
	@touch $@

# Nobody imports most of what stands behind moto: to compile it is two fifths of the work.
UNREAD := /(sympy|networkx|cfnlint|moto)/
$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing with the development tools ..."
	@$(PIP) --no-compile -e '.[dev,assets]'
	@$(BIN)/python -m compileall -qq -j 0 -x '$(UNREAD)' $(VENV)/lib || true
	@touch $@ $(VENV)/installed

# Node comes with a Python wheel; nothing of it is needed while Madang runs.
$(BIN)/node: | $(VENV)/installed
	@$(PIP) -e '.[assets]'

# The stamps in .venv outlive what they stand for: where that was removed, it is made again.
.PHONY: gone
$(VENV)/npm: package.json package-lock.json $(if $(wildcard node_modules/.package-lock.json),,gone) | $(BIN)/node
	@echo "Fetching what the pages are built with ..."
	@$(NPM_CI)
	@touch $@

$(VENV)/lighthouse: tests/lighthouse/package.json tests/lighthouse/package-lock.json | $(BIN)/node
	@echo "Fetching Lighthouse ..."
	@cd tests/lighthouse && { $(NPM_CI); }
	@touch $@

$(VENV)/clients: tests/clients/package.json tests/clients/package-lock.json \
		$(if $(wildcard tests/clients/node_modules/.package-lock.json),,gone) | $(BIN)/node
	@echo "Fetching the client that the tests drive an instance with ..."
	@cd tests/clients && { $(NPM_CI); }
	@touch $@

$(VENV)/assets: $(STATIC) $(VENV)/npm $(if $(wildcard web/static/built/madang.css),,gone)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm run build --silent
	@touch $@

%.mo: %.po | $(VENV)/installed
	@$(BIN)/python -m web.i18n compile

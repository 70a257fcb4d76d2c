# Two commands to know: `make demo` and `make test`. Everything installs what it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo serve test test-postgres check format bench bench-calibration bench-gate \
	bench-experiments bench-ope bench-learning bench-values bench-flights bench-allocate bench-night bench-distributed \
	bench-collectbench \
	bench-next-action bench-understanding \
	screenshots constraints clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

$(VENV)/base: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Recoup needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/dev: $(VENV)/base
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev,postgres,bench,check,spark,lab]'
	touch $@

setup: $(VENV)/base  ## Install what running needs
	@sh deploy/system-packages.sh pango
	$(BIN)/python -m recoup.site.browser_files
	$(BIN)/python -m recoup.site.catalogues

setup-dev: setup $(VENV)/dev  ## Install what testing needs
	@sh deploy/system-packages.sh chromium java

demo: setup  ## A lender that never existed goes through nights and days, then the desks open
	$(BIN)/recoup demo $(ARGS)

serve: setup  ## The desks at http://127.0.0.1:8000
	$(BIN)/recoup serve $(ARGS)

check: setup-dev  ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check  ## Everything that CI runs
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

test-postgres: setup-dev  ## The same suite against a real PostgreSQL
	$(BIN)/python -m tests.postgres -n 2 --dist loadgroup $(ARGS)

bench: setup-dev  ## The figures of docs/, measured here
	@for script in intake portfolio scoring allocate assign assigning gate replay gate_http simulator night experiments ope learning; do \
		echo; echo "== $$script"; $(BIN)/python -m bench.$$script || exit 1; done

bench-calibration: setup-dev  ## The simulator against published experiments: make bench-calibration ARGS="--ranges"
	$(BIN)/python -m bench.calibration $(ARGS)

bench-gate: setup-dev  ## What the law costs: verdicts, permits, a million replayed, over HTTP
	@for script in gate replay gate_http; do echo; echo "== $$script"; $(BIN)/python -m bench.$$script || exit 1; done

bench-flights: setup-dev  ## A strategy flown over a book: CPU beside two minutes, what common chance saves
	$(BIN)/python -m bench.flights $(ARGS)

bench-allocate: setup-dev  ## The plan beside PDLP, GLOP and HiGHS: CPU, certified gap (P1, P2, P3)
	$(BIN)/python -m bench.allocate $(ARGS)

bench-night: setup-dev  ## A whole night in columns: make bench-night ARGS="--accounts 1000000" (P6, P7)
	$(BIN)/python -m bench.columnar $(ARGS)

bench-distributed: setup-dev  ## The same night by Spark and by one process: identical decisions, CPU, peak
	$(BIN)/python -m bench.distributed $(ARGS)

bench-collectbench: setup-dev  ## The public benchmark of policies: make bench-collectbench ARGS="--size ci" (P5)
	$(BIN)/python -m bench.collectbench $(ARGS)

bench-experiments: setup-dev  ## Champion and challenger under daily looks: false alarms, power, duration
	$(BIN)/python -m bench.experiments

bench-ope: setup-dev  ## Judging a policy from the log of another: coverage, and silence where due
	$(BIN)/python -m bench.ope

bench-values: setup-dev  ## Effects, hazards, collectability and scores beside the truth and beside plain peers: make bench-values ARGS="hazards"
	$(BIN)/python -m bench.values $(ARGS)

bench-learning: setup-dev  ## Learning with priced budgets beside a fixed champion: regret, budgets (simulated)
	$(BIN)/python -m bench.learning $(ARGS)

bench-next-action: setup-dev  ## The next best action of one case: in process, over HTTP, after an event (P8)
	$(BIN)/python -m bench.next_action $(ARGS)

bench-understanding: setup-dev  ## How well borrowers' turns are understood: make bench-understanding ARGS="--confusion"
	$(BIN)/python -m bench.understanding $(ARGS)

screenshots: setup-dev  ## The pictures in docs/screenshots, of a running demo: make screenshots ARGS="URL PASSWORD"
	$(BIN)/python docs/screenshots.py $(ARGS)

format: setup-dev  ## Put the code in the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

constraints: setup-dev  ## Write constraints.txt anew from what is installed
	@{ echo "# What \`make setup\` installs, to the version. Made by \`make constraints\`."; \
	   $(PIP) freeze --exclude-editable; } > constraints.new && mv constraints.new constraints.txt

clean:  ## Remove the environment; data under var/ stays
	rm -rf $(VENV) node_modules

# Everything runs in .venv, which the first target makes: Python 3.11 or newer, git and make are enough.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
CREWAI := .venv-crewai
# Tests wait for servers half of their time, so four of them keep two cores busy.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 2)
PATHS := semmem extractors retrieval migrations evals tests scripts examples

# pip says a line or more for each package; this counts them, on a terminal.
PROGRESS := /^Collecting/ && terminal { printf "\r  %d packages found", ++found; fflush() } \
	/^Installing collected/ { print (found ? "\n" : "") "  putting them in place ..."; fflush() }

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-fleet test test-crewai coverage example-crewai example-langgraph example-mcp example-fleet format soak fleet full storm machine bench drill llm-cost scale eval eval-short schema weights clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## watch an agent recall a returning customer, on real servers
	@$(BIN)/semmem demo

demo-fleet: $(INSTALLED)  ## watch three agents in three processes work on one memory, and one of them killed
	@$(BIN)/semmem demo --fleet

test: $(INSTALLED)  ## format, lint, types, import rules and all tests
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not soak" --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

soak: $(INSTALLED)  ## promises kept many times over: kills, faults, storms, any order of calls; EXAMPLES=200
	@SEMMEM_TEST_EXAMPLES=$(or $(EXAMPLES),12) $(BIN)/pytest -m soak --numprocesses $(WORKERS) --dist loadfile

# TESTS="tests/unit tests/contract" measures these alone. Whether tests pass, `make test` says: those that measure time
# fail while each branch is counted.
coverage: $(INSTALLED)  ## the branches that tests reach, by package; fails where the core's are below 95 %
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest --numprocesses $(WORKERS) --dist loadfile $(TESTS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage json --quiet -o .coverage-report.json
	@$(BIN)/python -m scripts.branch_coverage .coverage-report.json

fleet: $(INSTALLED)  ## what agents share, at whole counts: 50,000 events of 20 writers, 20,000 histories; half an hour
	@SEMMEM_TEST_FULL=1 $(BIN)/pytest tests/fleet tests/state --timeout 0 --numprocesses $(WORKERS) --dist load

full: $(INSTALLED)  ## every way into what `make test` tries, and whole counts: two hours
	@SEMMEM_TEST_FULL=1 $(BIN)/pytest -m "not soak" --timeout 0 --numprocesses $(WORKERS) --dist load

storm: $(INSTALLED)  ## 20,000 events while workers and stores are killed; STORM="--events 2000 --seed 7", --help for more
	@$(BIN)/python -m tests.storm $(STORM)

machine: $(INSTALLED)  ## calls, crashes and losses in random orders against a small model; EXAMPLES=10000 STEPS=50
	@HYPOTHESIS_PROFILE=default SEMMEM_TEST_EXAMPLES=$(or $(EXAMPLES),10000) SEMMEM_TEST_STEPS=$(or $(STEPS),50) \
		$(BIN)/pytest tests/machine --timeout 0 --numprocesses $(WORKERS) --dist load

# CrewAI pins older releases of openai, pydantic and mcp, so it has an environment of its own; 1.3 GB, made once.
test-crewai: $(CREWAI)/.installed  ## the CrewAI provider's types, tests and example, beside CrewAI itself
	$(CREWAI)/bin/mypy --follow-imports silent $(wildcard semmem/integrations/crewai/*.py semmem/evals/crewai_*.py \
		tests/crewai/*.py tests/typing/crewai.py examples/support_crew.py)
	$(CREWAI)/bin/pytest tests/crewai --numprocesses $(WORKERS) --dist loadfile

example-crewai: $(CREWAI)/.installed  ## a support crew over two days; no key needed
	@$(CREWAI)/bin/python examples/support_crew.py

example-langgraph: $(INSTALLED)  ## a LangGraph agent that knows its callers again; no key needed
	@$(BIN)/python examples/langgraph_agent.py

example-mcp: $(INSTALLED)  ## a model that uses semmem's MCP tools over two sessions; no key needed
	@$(BIN)/python examples/mcp_host.py

example-fleet: $(INSTALLED)  ## a team of three agents in three processes, of whom one is killed; no key needed
	@$(BIN)/python examples/launch_team.py

format: $(INSTALLED)  ## put the code into its shape
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)

faults: $(INSTALLED)  ## every fault before every store and model, as a table: what each call answers, and how soon
	@$(BIN)/python -m tests.faults.table

bench: $(INSTALLED)  ## speed, as ratios in one run; LOCOMO=locomo_dev.json adds the import
	@$(BIN)/python -m semmem.evals.bench $(if $(LOCOMO),--locomo "$(LOCOMO)")

drill: $(INSTALLED)  ## what three agents lose in five ways of sharing, in virtual time; DRILL="--payments 1000 --plot drill.svg"
	@$(BIN)/python -m semmem.evals.drill $(DRILL)

llm-cost: $(INSTALLED)  ## model calls and tokens of an ingest; needs LOCOMO=locomo_dev.json
	@$(BIN)/python -m semmem.evals.llm_cost --locomo "$(LOCOMO)"

eval: $(INSTALLED)  ## retrieval and baselines on LOCOMO=, BEAM=, REALTALK=, FRIENDSQA= (paths, any of them): one table
	@$(BIN)/python -m semmem.evals.yardsticks $(if $(LOCOMO),--locomo "$(LOCOMO)") $(if $(BEAM),--beam "$(BEAM)") \
		$(if $(REALTALK),--realtalk "$(REALTALK)") $(if $(FRIENDSQA),--friendsqa "$(FRIENDSQA)") \
		--report eval-report --json eval-report/result.json $(EVAL)

scale: $(INSTALLED)  ## how recall grows from 5,000 to 100,000 turns in one scope
	@$(BIN)/python -m semmem.evals.scale

eval-short: $(INSTALLED)  ## one conversation of LOCOMO=locomo10.json, failing below what it should reach
	@$(BIN)/semmem eval retrieval --dataset locomo --data "$(LOCOMO)" --conversations conv-26 \
		--fail-under R@10=0.83 --fail-under nDCG@10=0.67 --fail-under cov@1000=0.80

schema: $(INSTALLED)  ## write migrations/schema.sql anew, after a new revision
	@$(BIN)/python scripts/schema.py

weights: $(INSTALLED)  ## what each signal of retrieval is worth on LOCOMO=... and BEAM=..., and the weights to choose
	@$(BIN)/python -m semmem.evals.weights $(if $(LOCOMO),--locomo "$(LOCOMO)") $(if $(BEAM),--beam "$(BEAM)")

clean:  ## remove the environment and all caches
	rm -rf .venv .venv-crewai .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist semmem.egg-info eval-report
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): ENV := .venv
$(INSTALLED): EXTRAS := embedded,local,evals,langgraph,mcp,dev
$(CREWAI)/.installed: ENV := $(CREWAI)
$(CREWAI)/.installed: EXTRAS := embedded,local,crewai,dev
$(INSTALLED) $(CREWAI)/.installed: pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "semmem needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "making $(ENV) with $$($(PYTHON) --version) ..."
	@test -x $(ENV)/bin/python || $(PYTHON) -m venv $(ENV)
	@echo "installing packages (a minute or two the first time) ..."
	@[ -t 1 ] && terminal=1 || terminal=0; \
	$(ENV)/bin/python -m pip install --disable-pip-version-check --editable '.[$(EXTRAS)]' 2>&1 \
		| tee $(ENV)/install.log | awk -v terminal=$$terminal '$(PROGRESS)' || { tail -n 30 $(ENV)/install.log; exit 1; }
	@touch $@

# Everything runs in .venv, which the first target makes: Python 3.11 or newer, git and make are enough.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
PATHS := semmem extractors retrieval migrations evals tests scripts examples

# pip says a line or more for each package; this counts them.
PROGRESS := /^Collecting/ { printf "\r  %d packages found", ++found; fflush() } \
	/^Installing collected/ { print "\n  putting them in place ..."; fflush() }

# Without this table tokens are counted by an upper bound; with it, exactly and without a network.
export TIKTOKEN_CACHE_DIR := $(CURDIR)/.venv/tiktoken

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test format bench llm-cost scale eval eval-short weights clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## watch an agent recall a returning customer, on real servers
	@$(BIN)/semmem demo

test: $(INSTALLED)  ## format, lint, types, import rules and all tests
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

format: $(INSTALLED)  ## put the code into its shape
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)

bench: $(INSTALLED)  ## speed, as ratios in one run; LOCOMO=locomo_dev.json adds the import
	@$(BIN)/python -m semmem.evals.bench $(if $(LOCOMO),--locomo "$(LOCOMO)")

llm-cost: $(INSTALLED)  ## model calls and tokens of an ingest; needs LOCOMO=locomo_dev.json
	@$(BIN)/python -m semmem.evals.llm_cost --locomo "$(LOCOMO)"

eval: $(INSTALLED)  ## retrieval on LOCOMO=locomo10.json and BEAM=chats/100K: a table, a report page
	@test -n "$(LOCOMO)$(BEAM)" || { echo "make eval LOCOMO=/path/to/locomo10.json [BEAM=/path/to/chats/100K]"; \
		echo "LoCoMo: data/locomo10.json of github.com/snap-research/locomo, CC BY-NC 4.0"; \
		echo "BEAM: the chats of github.com/mohammadtavakoli78/BEAM, no licence stated"; exit 2; }
	@$(if $(LOCOMO),$(BIN)/semmem eval retrieval --dataset locomo --data "$(LOCOMO)" \
		--report eval-report --json eval-report/result.json)
	@$(if $(BEAM),$(BIN)/semmem eval retrieval --dataset beam --data "$(BEAM)" \
		--report eval-report/beam --json eval-report/beam/result.json)

scale: $(INSTALLED)  ## how recall grows from 5,000 to 100,000 turns in one scope
	@$(BIN)/python -m semmem.evals.scale

eval-short: $(INSTALLED)  ## one conversation of LOCOMO=locomo10.json, failing below what it should reach
	@$(BIN)/semmem eval retrieval --dataset locomo --data "$(LOCOMO)" --conversations conv-26 \
		--fail-under R@10=0.83 --fail-under nDCG@10=0.67 --fail-under cov@1000=0.80

weights: $(INSTALLED)  ## what each signal of retrieval is worth on LOCOMO=... and BEAM=..., and the weights to choose
	@$(BIN)/python -m semmem.evals.weights $(if $(LOCOMO),--locomo "$(LOCOMO)") $(if $(BEAM),--beam "$(BEAM)")

clean:  ## remove the environment and all caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist semmem.egg-info eval-report
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml scripts/tiktoken_table.py
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "semmem needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "making .venv with $$($(PYTHON) --version) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing packages (a minute or two the first time) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --editable '.[embedded,local,evals,langgraph,mcp,dev]' 2>&1 \
		| tee .venv/install.log | awk '$(PROGRESS)' || { tail -n 30 .venv/install.log; exit 1; }
	@echo "fetching the tokenizer's table ..."
	@$(BIN)/python scripts/tiktoken_table.py "$(TIKTOKEN_CACHE_DIR)" || true
	@touch $@

# One command per chore, the same by hand and in CI.
.DEFAULT_GOAL := help
.PHONY: help setup run test check format bench lock initial-migration
BIN := .venv/bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 — /p' Makefile

setup: ## install distribution packages, .venv with the command `orchestrator` in it, and what tests need
	@./setup.sh

run: ## PostgreSQL, API, workers and the demo, until Ctrl-C
	@./setup.sh run
	@$(BIN)/orchestrator up

check: setup ## linters, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## check, then every test; each processor with a private PostgreSQL of its own
	$(BIN)/pytest --numprocesses logical --dist loadfile

format: setup ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## the table of ratios, also in bench/results.json
	$(BIN)/python -m bench

lock: setup ## pin the newest allowed version of every dependency
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --python-version 3.11 --group dev \
		--no-annotate --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

initial-migration: ## write migrations/0001_initial.sql anew from sql/, as long as nothing was released
	@! grep -q 0001_initial migrations/frozen.txt || { echo "0001_initial is released: write the next migration" >&2; exit 1; }
	@{ echo '-- One file, however long: all of sql/roles.sql, sql/schema.sql and sql/tables in order; make initial-migration writes it.'; \
	cat sql/roles.sql sql/schema.sql $$(sed -n 's|^.ir \(tables/\)|sql/\1|p' sql/install.sql); } >migrations/0001_initial.sql

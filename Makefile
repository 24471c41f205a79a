# Everything that is more than a line lives in meterbase/bootstrap, which needs nothing but Python.
PYTHON ?= python3
BOOTSTRAP = $(PYTHON) meterbase/bootstrap
MANAGE = .venv/bin/python manage.py
LOCK = .venv/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 $(if $(filter 1,$(UPGRADE)),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check screenshots chaos lock

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## Install what MeterBase runs on into .venv
	@exec $(BOOTSTRAP) runtime

demo: ## Run the whole job on the sandbox, then serve the pages (ONCE=1: stop after the job)
	@$(BOOTSTRAP) runtime
	@exec $(MANAGE) demo $(if $(filter 1,$(ONCE)),--once)

run: ## Bring the database up to date and start the web server and the worker
	@$(BOOTSTRAP) runtime
	@$(MANAGE) migrate
	@exec $(MANAGE) start

test: ## Set up everything, then run all checks and all tests, on SQLite and on PostgreSQL
	@exec $(BOOTSTRAP) dev browser postgres checks tests

check: ## Run the linters, the types and Django's own checks, without the tests
	@exec $(BOOTSTRAP) dev checks

screenshots: ## Keep pictures of the demonstration's main pages in var/screenshots
	@exec $(BOOTSTRAP) dev browser screenshots

chaos: ## Post charges while everything is killed at random (ROUNDS=200 SEED=1 to choose)
	@ROUNDS=$(or $(ROUNDS),200) SEED=$(SEED) exec $(BOOTSTRAP) dev postgres chaos

lock: ## Lock the requirements again (UPGRADE=1: to the newest versions that they allow)
	@$(BOOTSTRAP) dev
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -o requirements-dev.txt

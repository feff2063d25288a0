# The developer commands. They need make and Python 3.11 or newer; everything else is installed by them.
#   make test ARGS="-k inbox"     make demo WEB_PORT=8010 PLUGGY_PORT=9010     make demo PYTHON=/path/to/python3

.PHONY: help demo test chaos pictures lock sbom stop clean wipe venv

help:
	@echo 'make demo            Run the product on this machine: web, workers, PostgreSQL, Redis, local Pluggy'
	@echo 'make test            Run all checks and tests; ARGS="-k inbox" passes options to pytest'
	@echo 'make chaos           Run the product under random faults and check its data; RUNS=5 SEED=1'
	@echo 'make pictures        Take the pictures of docs/pictures from the running product'
	@echo 'make bench-sync      Measure the speed of a sync against COPY and the ORM; ARGS="--rows 20000"'
	@echo 'make bench-ingest    Measure webhooks per second against a plain INSERT; ARGS="--requests 2000"'
	@echo 'make bench-reports   Measure reports over a million transactions; ARGS="--keep" reuses the last data'
	@echo 'make bench-peers     Compare with Actual Budget, ledger and hledger (bench/README.md has all benchmarks)'
	@echo 'make lock            Write requirements*.txt, with all versions and hashes, from requirements*.in'
	@echo 'make sbom            Write var/sbom.json: what the product consists of (CycloneDX)'
	@echo 'make stop            Stop the private PostgreSQL and Redis, if they still run after a crash'
	@echo 'make clean           Delete .venv and caches; keep the demo data'
	@echo 'make wipe            Delete the demo data and .env without asking'

venv:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python3.14; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			exec "$$python" -m dev.venv; \
		fi; \
	done; \
	echo '✗ Python 3.11 or newer was not found. Install it (python.org, apt, brew), or name it: make demo PYTHON=/path/to/python3' >&2; \
	exit 1

demo: venv
	@WEB_PORT='$(WEB_PORT)' PLUGGY_PORT='$(PLUGGY_PORT)' exec .venv/bin/python -m dev.demo

test: venv
	@exec .venv/bin/python -m dev.check $(CHECK) -- $(ARGS)

chaos: venv
	@exec .venv/bin/python -m dev.chaos $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED))

pictures: venv
	@exec .venv/bin/python -m dev.pictures

lock: venv
	@exec .venv/bin/python -m dev.lock $(ARGS)

sbom: venv
	@mkdir -p var
	@exec .venv/bin/python -W ignore -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file var/sbom.json

bench-%: venv
	@exec .venv/bin/python -m dev.bench $* $(ARGS)

stop:
	@test ! -d .venv || .venv/bin/python -m dev.services stop
	@test ! -d .venv || test ! -d var/test || .venv/bin/python -m dev.services stop --dir var/test
	@test ! -d .venv || test ! -d var/bench || .venv/bin/python -m dev.services stop --dir var/bench

clean: stop
	@rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -rf packages/*/build packages/*/src/*.egg-info packages/*/.pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

wipe:
	@test ! -d .venv || .venv/bin/python -m dev.services wipe
	@test ! -d .venv || test ! -d var/test || .venv/bin/python -m dev.services wipe --dir var/test
	@test ! -d .venv || test ! -d var/bench || .venv/bin/python -m dev.services wipe --dir var/bench
	@rm -rf var .env packages/*/var

# The commands of a developer; each needs only make and a Python of 3.11 or newer.
#   make test ARGS="-k inbox"     make demo WEB_PORT=8010 PLUGGY_PORT=9010     make demo PYTHON=/path/to/python3

.PHONY: help demo test chaos stop clean wipe venv

help:
	@echo 'make demo    runs everything on this machine: web, worker, PostgreSQL, Redis and a local Pluggy'
	@echo 'make test    runs every check and test; ARGS="-k inbox" goes to pytest'
	@echo 'make bench-sync   rows per second of a sync beside COPY and the ORM; ARGS="--rows 20000"'
	@echo 'make bench-ingest   webhooks per second of the door beside one INSERT; ARGS="--requests 2000"'
	@echo 'make bench-reports  reports of a million rows among ten million; ARGS="--keep" goes on with those of the last run'
	@echo 'make bench-peers    spending by category, beside Actual Budget, ledger and hledger'
	@echo 'make chaos RUNS=5 SEED=1   kills and freezes everything while banks report; then compares every row'
	@echo 'make stop    stops the private PostgreSQL and Redis, should a crash have left them running'
	@echo 'make clean   removes .venv and caches; the data of the demo stay'
	@echo 'make wipe    removes the data of the demo and .env for good, without asking'

venv:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python3.14; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			exec "$$python" -m dev.venv; \
		fi; \
	done; \
	echo '✗ No Python of 3.11 or newer was found: install one (python.org, apt, brew), or name it: make demo PYTHON=/path/to/python3' >&2; \
	exit 1

demo: venv
	@WEB_PORT='$(WEB_PORT)' PLUGGY_PORT='$(PLUGGY_PORT)' exec .venv/bin/python -m dev.up

test: venv
	@exec .venv/bin/python -m dev.check $(CHECK) -- $(ARGS)

chaos: venv
	@exec .venv/bin/python -m dev.chaos $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED))

bench-%: venv
	@exec .venv/bin/python -m dev.bench $* $(ARGS)

stop:
	@test ! -d .venv || .venv/bin/python -m dev.services stop
	@test ! -d .venv || test ! -d var/test || .venv/bin/python -m dev.services stop --dir var/test
	@test ! -d .venv || test ! -d var/bench || .venv/bin/python -m dev.services stop --dir var/bench

clean: stop
	@rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

wipe:
	@test ! -d .venv || .venv/bin/python -m dev.services wipe
	@test ! -d .venv || test ! -d var/test || .venv/bin/python -m dev.services wipe --dir var/test
	@test ! -d .venv || test ! -d var/bench || .venv/bin/python -m dev.services wipe --dir var/bench
	@rm -rf var .env

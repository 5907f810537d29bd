# What a person or a pipeline does here, each in one word.

PYTHON ?= python3
CASES ?= 20000
ANSWERS ?= 200000
SCHEDULES ?= 300
SECONDS ?= 600
SEED ?= 1
COUNT ?= 20
# More than there are processors: tests wait a third of their time, for a process, a socket or a patience that ends.
WORKERS ?= 4
BIN := .venv/bin
COMPILE = .cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --no-emit-find-links --no-header $(LOCK)

.PHONY: help test types suite demo bench same storm oracle cosign conformance replay corpus fuzz fuzz-answers faults endurance mutants docs picture lock venv machine clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

test: machine ## all checks, cheapest first: just what CI runs
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory --jobs 2 types suite

types:
	$(BIN)/mypy

suite:
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

demo: venv ## a registry, an environment repository and three passes, in the folder demo/
	@$(BIN)/imagebot demo demo

bench: machine ## time and memory, each beside something to compare it with
	@for file in tests/bench/bench_*.py; do \
		$(BIN)/python -m tests.bench.$$(basename "$$file" .py) || exit; done

same: machine ## random repositories through an older version and this one: the same bytes on their branches; minutes
	@$(BIN)/python -m tests.bench.same

storm: machine ## 500 changes at once, and 1 500 policies while nothing is new, by a GitHub that counts; minutes
	@$(BIN)/python -m tests.storm

oracle: venv ## ask npm's semver and Debian's Masterminds/semver what our ranges answer
	@$(BIN)/python -m tests.oracle

cosign: machine ## build cosign from its module and ask it what imagebot answers about signatures; minutes, the first time
	@$(BIN)/python -m tests.cosign

conformance: machine ## build the distribution specification's suite and ask it what our registries are; minutes, the first time
	@$(BIN)/python -m tests.conformance

replay: venv ## edit a public repository's real history again and compare the bytes
	@$(BIN)/python -m tests.replay

corpus: venv ## every field of hundreds of public files, to another version and back
	@$(BIN)/python -m tests.corpus $(if $(VERBOSE),--verbose)

fuzz: venv ## CASES=20000 files that nobody wrote, through the editor; SEED=1
	@$(PYTHON) tests/set_up.py fuzz
	@$(BIN)/python -m tests.fuzz $(CASES) $(SEED)

fuzz-answers: machine ## ANSWERS=200000 of registries and forges that nobody meant, and a part through whole passes; SEED=1
	@$(BIN)/python -m tests.fuzz.answers $(ANSWERS) $(SEED) "$(ONLY)"

faults: machine ## every trouble of every step, then SCHEDULES=300 from SEED=1 on; PART=3/8, PAIRS=0:400, ONLY=17, FIRST=1; half an hour
	@$(BIN)/python -m tests.faults $(SCHEDULES) $(SEED) "$(PART)" "$(PAIRS)" "$(ONLY)" "$(FIRST)"

mutants: machine ## COUNT=20 small wrong changes of each room, which its tests must notice; ROOM=plan SEED=1; hours
	@$(PYTHON) tests/set_up.py mutants
	@$(BIN)/python -m tests.mutants "$(ROOM)" $(SEED) $(COUNT)

endurance: machine ## `run` for SECONDS=600 with faults of registries, git, forges and policies; SEED=1
	@$(BIN)/python -m tests.endurance $(SECONDS) $(SEED)

docs: venv ## write the pages of docs/ that follow from the code
	@$(BIN)/python docs/make.py

picture: venv ## a pull request of a real pass in a real browser, for the README
	@$(PYTHON) tests/set_up.py picture
	@$(BIN)/python -m tests.picture

lock: ## lock what pyproject.toml names; LOCK=--upgrade takes the newest of each
	@test -x .cache/uv/bin/uv || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv; }
	$(COMPILE) --output-file requirements/run.txt pyproject.toml --all-extras
	$(COMPILE) --output-file requirements/dev.txt pyproject.toml --all-extras --group dev
	$(COMPILE) --output-file requirements/build.txt --group build
	$(COMPILE) --output-file requirements/fuzz.txt --group fuzz
	$(COMPILE) --output-file requirements/mutants.txt --group mutants
	@$(PYTHON) tests/lock.py requirements/*.txt

venv:
	@$(PYTHON) tests/set_up.py venv

machine:
	@$(PYTHON) tests/set_up.py

clean: ## remove what was made, the virtual environment too
	rm -rf .venv .cache demo dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

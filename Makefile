# Every command of the project; `make` alone lists them. Each target brings what it needs, so any of them may come first.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1 && { command -v $$p; break; }; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# A folder with lines_val.jsonl, pages.jsonl and the like: what trainings read and benchmarks are measured on.
DATA ?= $(or $(INKLOOP_DATA),$(wildcard ../shared/data))
NEED_DATA = @test -d "$(DATA)" || { echo "Say where the ground truth is: make $@ DATA=/path/to/data" >&2; exit 1; }
MINUTES ?= 60
# Tests to run; none named: those of pyproject.toml, which is all of them.
TESTS ?=
# Processes that share them, a file at a time; each that needs one starts a PostgreSQL, a Label Studio and a Chromium of its own.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install install-train run test check format benchmark benchmark-document benchmark-screen benchmark-vandalism benchmark-selection benchmark-kraken benchmark-photographs benchmark-labelstudio demo-loop evaluate-ink train-reader train-finder train-gpu labelstudio

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Prepare .venv with everything that Inkloop imports

install-train: $(VENV)/.installed-train ## Add what trainings begin from: the wheel with the first weights

run: install ## Start Inkloop and its worker: creates or upgrades its store, finds a free port, prints the address
	@$(BIN)/python app.py --worker

test: $(VENV)/.installed $(VENV)/.installed-dev $(VENV)/.installed-train ## Check and test everything; as root on Debian it installs PostgreSQL and Chromium
	@.ci/services
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(TESTS)

check: $(VENV)/.installed $(VENV)/.installed-dev ## Lint, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run make format." >&2; exit 1; }
	@$(BIN)/mypy

format: $(VENV)/.installed-dev ## Let ruff format the code and put the imports in order
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

benchmark: $(VENV)/.installed-dev $(VENV)/.installed-train ## Read the lines and pages of DATA with Inkloop and its peers, in turns
	@$(BIN)/python -m benchmarks.reading $(if $(DATA),--data $(DATA)) $(BENCHMARK)

benchmark-document: $(VENV)/.installed-dev ## Read a PDF of 30 pages: do they arrive one by one, how much memory does it take
	@$(BIN)/python -m benchmarks.long_document

benchmark-screen: $(VENV)/.installed-dev ## How long the correction screen of a 60-line page makes people wait, in Chromium
	@$(BIN)/python -m benchmarks.screen $(BENCHMARK)

benchmark-vandalism: $(VENV)/.installed-dev ## Which share of spoilt and of honest corrections of DATA waits for a review
	@$(BIN)/python -m benchmarks.vandalism $(if $(DATA),--data $(DATA)) $(BENCHMARK)

benchmark-selection: $(VENV)/.installed-dev ## How many chosen lines of the adapt hands of DATA teach as much as 128 random ones; resumes
	$(NEED_DATA)
	@$(BIN)/python -m benchmarks.selection --data $(DATA) $(BENCHMARK)

benchmark-kraken: MINUTES := $(if $(filter file,$(origin MINUTES)),20,$(MINUTES))
benchmark-kraken: $(VENV)/.installed-dev $(VENV)/.installed-train ## Train Inkloop and kraken, in its own environment, on the same lines of DATA for MINUTES (20)
	$(NEED_DATA)
	@$(BIN)/python -m benchmarks.kraken --data $(DATA) --minutes $(MINUTES) $(BENCHMARK)

benchmark-photographs: $(VENV)/.installed-dev $(VENV)/.installed-train ## Read the val pages of DATA as photos: tilted, curled, dark, held by a thumb
	$(NEED_DATA)
	@$(BIN)/python -m benchmarks.photographs --data $(DATA) $(BENCHMARK)

benchmark-labelstudio: $(VENV)/.installed-dev $(VENV)/.installed-train ## Push 10,000 lines to a Label Studio and pull labels, beside its SDK alone
	@$(BIN)/python -m benchmarks.label_studio $(BENCHMARK)

demo-loop: install ## The whole loop by itself: pages read, corrected, reviewed in a Label Studio, learnt, read again
	@$(BIN)/python -m benchmarks.loop $(BENCHMARK)

evaluate-ink: install ## Score the model on the UNIPEN validation words and sentences of DATA, drawn as lines
	$(NEED_DATA)
	@$(BIN)/python -m recognizer render-ink $(DATA)/unipen_text.parquet --output var/ink --json
	@$(BIN)/python -m recognizer evaluate var/ink/words.jsonl --json
	@$(BIN)/python -m recognizer evaluate var/ink/sentences.jsonl --json

train-reader: install-train ## Train the line reader on DATA for MINUTES (60) into var/train/reader; run again to resume
	$(NEED_DATA)
	@$(BIN)/python -m recognizer train --data $(DATA) --output var/train/reader --minutes $(MINUTES) $(TRAIN)

train-finder: install-train ## Train the line finder on DATA into var/train/finder; run again to resume
	$(NEED_DATA)
	@$(BIN)/python -m recognizer.training.finder_training --data $(DATA) --output var/train/finder $(TRAIN)

# GPU_PYTHON names a python that has torch already; the checkpoint also lies there in pieces small enough to carry.
train-gpu: GPU := var/train/gpu
train-gpu: $(if $(GPU_PYTHON),,$(VENV)/.installed) ## Train the shipped line reader on, on a GPU: CALL (8) of MINUTES (24) a call, each goes on with the last
	$(NEED_DATA)
	@mkdir -p $(GPU)
	@test -f $(GPU)/last.ckpt || ! test -f $(GPU)/last.ckpt.00 || cat $(GPU)/last.ckpt.?? >$(GPU)/last.ckpt
	@$(or $(GPU_PYTHON),$(BIN)/python) -m recognizer train --data $(DATA) --output $(GPU) --start recognizer/weights \
		--minutes $(if $(filter file,$(origin MINUTES)),24,$(MINUTES)) --call_minutes $(or $(CALL),8) \
		--batch_size 160 --learning_rate 8e-4 --workers $$(($$(nproc) - 1)) $(TRAIN)
	@split --bytes=15M --numeric-suffixes --suffix-length=2 $(GPU)/last.ckpt $(GPU)/last.ckpt.

labelstudio: $(VENV)/bin/pip ## Start a Label Studio of our own on this machine, in its own environment under var/
	@$(BIN)/python -m flywheel.label_studio_server

# pip comes last into a new environment: one that broke off half-way is made again.
$(VENV)/bin/pip:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo \
		"Inkloop needs Python 3.11 and found none. Install it, or name it: make install PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo \
		"$(PYTHON) cannot make environments. On Debian: apt-get install python3.11-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV)

# torch before the rest, so that nothing else chooses its build.
$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/pip
	@echo "Installing Inkloop's libraries into $(VENV): minutes the first time."
	@$(PIP) "$$(grep '^torch==' requirements.txt)"
	@$(PIP) --editable .
	@touch $@

# The extras of pyproject.toml: dev, train.
$(VENV)/.installed-%: $(VENV)/.installed
	@echo "Installing what '$*' needs into $(VENV)."
	@$(PIP) --editable ".[$*]"
	@touch $@

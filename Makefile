# Everything a developer types; CONTRIBUTING.md tells it in a page.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_LOG ?= demo-log

.PHONY: demo test crash bench lint format lock clean accuracy refold-speed notebook notebooks-check

demo: $(VENV)/.run-time
	$(BIN)/python -m emberline.demo $(DEMO_LOG)

test: $(VENV)/.development
	$(BIN)/pytest -n 2

notebook: $(VENV)/.development
	@test -d $(DEMO_LOG) || $(BIN)/python -m emberline.demo $(DEMO_LOG)
	EMBERLINE_LOG=$(abspath $(DEMO_LOG)) $(BIN)/jupyter lab notebooks

# Every notebook from an empty kernel, about a minute.
notebooks-check: $(VENV)/.development
	$(BIN)/pytest -n 2 -p nbmake.pytest_plugin --nbmake --nbmake-timeout=300 notebooks

# A thousand kills, some hundreds of damages, a full disk: a quarter of an hour on two quiet cores; see docs/reliability.md.
crash: $(VENV)/.development
	$(BIN)/python -m tests.crash.kills --kills 1000
	$(BIN)/python -m tests.crash.damages --each 200 --others 50
	$(BIN)/pytest -n 0 tests/crash/test_full_disk.py

# A long, mostly idle watch with a small quota; SOAK_HOURS=1 for a short one. See docs/reliability.md.
SOAK_HOURS ?= 24
.PHONY: soak-storage
soak-storage: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.soak.storage --hours $(SOAK_HOURS)

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# Settings recommended from half of the caco clips, held against the default on the other half; see docs/tuning.md.
.PHONY: tune-halves
tune-halves: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.accuracy.halves $(SHARED_DATA)

# Every sensitivity in every scene mode over three real clips, beside single replays; see docs/tuning.md.
.PHONY: sweep-bench
sweep-bench: $(VENV)/.development
	NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python tests/benchmarks/sweep_speed.py $(SHARED_DATA)

format: $(VENV)/.development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
    --generate-hashes --no-header --no-annotate --no-emit-index-url

lock: $(VENV)/.development
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra test --extra notebooks --extra cluster --extra export --extra hardware \
	    --extra onnx -c requirements.lock -o requirements-dev.lock
	$(LOCK) --extra peers --no-emit-package opencv-python -o requirements-peers.lock

# Compiled detectors know their own file's changes, not those of files that they call: all of them go when one changes.
$(VENV)/.compiled: $(wildcard detectors/*.py) | $(VENV)/bin/pip
	find detectors -name '*.nb[ic]' -delete
	touch $@

demo test bench accuracy video-cpu sweep-bench: $(VENV)/.compiled

clean:
	rm -rf $(VENV) .venv-peers $(DEMO_LOG)

# dvr-scan and trackeval bring an OpenCV of their own, so they live apart.
PEERS := .venv-peers

$(PEERS)/.installed: requirements-peers.lock
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-peers.lock
	touch $@

accuracy: $(PEERS)/.installed

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "error: Emberline needs Python 3.11 or newer; say PYTHON=python3.11 or the like" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' \
	    || { echo "error: Python's venv is missing; on Debian: apt install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-time: $(VENV)/bin/pip requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.development: $(VENV)/.run-time requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

bench: $(VENV)/.development
	NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/pytest tests/benchmarks --benchmark-only \
	    --benchmark-columns=median,iqr,min,max,rounds --benchmark-group-by=group -n 0

# CPU time a frame of decoding and watching a video, beside dvr-scan; CLIPS="a.mp4 b.mp4" for more than the stated mix.
CLIPS ?=
.PHONY: video-cpu
video-cpu: $(VENV)/.development $(PEERS)/.installed
	PYTHONPATH=.:tests $(BIN)/python -m tests.benchmarks.video_cpu $(CLIPS)

refold-speed: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.benchmarks.refold_speed

SHARED_DATA ?= ../shared/data

# Public data sets for those who have them, as LAYOUT=FOLDER …; see datasets/README.md.
DATASETS ?=

accuracy: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python tests/accuracy/tables.py $(SHARED_DATA) $(DATASETS) > docs/accuracy.md.new
	mv docs/accuracy.md.new docs/accuracy.md

.PHONY: alarm-flood evidence-latency

# A thousand alarms in a minute, mailed and posted; see docs/outputs/README.md.
alarm-flood: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.benchmarks.alarm_flood

# From an alarm to its relay while clips are rendered and while not; see docs/outputs/README.md.
evidence-latency: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.benchmarks.evidence_latency

.PHONY: day-bench
# A day of 500 segments, its tables read before and after they are put into one file; see docs/reading.md.
day-bench: $(VENV)/.development
	PYTHONPATH=. $(BIN)/python -m tests.benchmarks.day_of_log --segments 500

.PHONY: fuzz soak soak-rtsp

# A million mutated wire messages; about five minutes.
fuzz: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.devices.fuzz --messages 1000000

# Two channels through real drivers, and an RTSP server that goes away three times; see docs/live.md.
SOAK_MINUTES ?= 60

soak: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.soak.two_channels --minutes $(SOAK_MINUTES)

soak-rtsp: $(VENV)/.development
	PYTHONPATH=.:tests $(BIN)/python -m tests.soak.rtsp --minutes 10 --restarts 3

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUT ?=
OUT ?= out
# Workers of the suite; a third is a minute quicker on two cores, and finds more races.
JOBS ?= 2
# plugins/audiocraft is not among them: its pins need an environment of their own.
PLUGINS := $(filter-out plugins/audiocraft/,$(dir $(wildcard plugins/*/pyproject.toml)))
PACKAGES := $(patsubst plugins/%/,studio_%,$(PLUGINS))

# Only the plugins of pytest that are used: finding and compiling the others takes seconds a worker.
PYTEST := OMP_NUM_THREADS=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(BIN)/python -m pytest -q \
	-p xdist -p timeout -p hypothesispytest

.PHONY: setup demo test compile studio check coverage torture benchmarks screenshots clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt -e '.[all,dev]' $(foreach plugin,$(filter-out plugins/audiocraft/%,$(wildcard plugins/*/pyproject.toml)),-e $(dir $(plugin)))
	touch $@

demo: setup  ## make a texture pack from real pictures: make demo [INPUT=folder] [OUT=out]
	$(BIN)/studio --home $(OUT)/home demo --out $(OUT) $(if $(INPUT),--input $(INPUT))

test: setup compile  ## the whole suite
	$(PYTEST) -n $(JOBS) --dist worksteal -m "not slow and not gpu and not network"

compile: setup  ## bytecode, also where the environment forbids to write it: tests start many processes
	$(BIN)/python -m compileall -q -j 2 studio plugins -x '/(build|tests)/'

studio: setup  ## serve the web interface
	$(BIN)/studio serve

check: setup  ## lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p studio
	MYPYPATH=$(subst / ,:,$(PLUGINS)) $(BIN)/mypy $(foreach package,$(PACKAGES),-p $(package))
	$(BIN)/lint-imports

coverage: setup compile  ## the suite again, slower, with the coverage of studio/
	$(PYTEST) -p pytest_cov -n $(JOBS) --dist worksteal -m "not slow and not gpu and not network" --cov --cov-report=term:skip-covered --cov-fail-under=90

torture: setup  ## the long tests
	$(PYTEST) -m slow

benchmarks: setup  ## write benchmarks/RESULTS.md
	$(BIN)/python benchmarks/core.py
	$(BIN)/python benchmarks/textures.py
	$(BIN)/python benchmarks/music.py
	$(BIN)/python benchmarks/music_sound.py
	$(BIN)/python benchmarks/music_tunes.py
	$(BIN)/python benchmarks/server.py
	$(BIN)/python benchmarks/superres.py
	$(BIN)/python benchmarks/generators.py
	$(BIN)/python benchmarks/sprites_gan.py
	$(BIN)/python benchmarks/learned_pbr.py

screenshots: setup  ## every tab of the web interface, light and dark, into docs/screenshots
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf $(VENV) build dist *.egg-info plugins/*/*.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis

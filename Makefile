# make run    train the members, fit the ensemble, write output/images.png and output/report.json
# make test   the unit tests and every notebook, on up to four cores
# make lab    JupyterLab at lesson 00
# make book   the site with all lessons, output/book/index.html; needs no network
# make slides a deck for each lesson, output/slides; needs no network
# Each does all the set-up first; the second time it starts at once.

PYTHON ?= $(shell for name in python3.12 python3.13 python3.11 python3 python; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
READY := .venv/ready

.PHONY: run test lab book slides lock clean

run: $(READY)
	@$(BIN)/python -m ensgen_tutorial run --output output $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -p no:cacheprovider \
		--nbval-lax --nbval-current-env notebooks tests $(ARGS)

lab: $(READY)
	@$(BIN)/jupyter lab notebooks/00_start_here.ipynb

# The stamp comes last, so an interrupted set-up is simply done again.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found: install one of them, or say" \
		"where it is with 'make PYTHON=/path/to/python3.12'." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
		f"This course needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is {v[0]}.{v[1]}: say where one is with make PYTHON=/path/to/python3.12.")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks the venv module: install it" \
		"(Debian, Ubuntu: apt install python3-venv), then say make again." >&2; exit 1; }
	@echo "Setting up .venv (once; about two minutes and 2 GB) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(READY)
	@$(BIN)/python book/build.py $(ARGS)

slides: $(READY)
	@$(BIN)/python book/slides.py $(ARGS)

# For maintainers: needs uv. Universal: one file for every system and Python version.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra test pyproject.toml -o requirements.lock --upgrade

clean:
	rm -rf .venv output

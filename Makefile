# make lab       set everything up, then open the course in JupyterLab
# make test      set everything up, then run every check
# make check NB=02   rebuild and test one notebook
# make notebooks     rebuild all notebooks from sources/
# make datasets      regenerate datasets/
# make kit         make the teaching kit, instructor/, anew
# make site        the solved notebooks as a static site, in site/ (open site/index.html; no network)
# make bench         print each notebook's size, seconds and memory (on a quiet machine)
#
# PY=/path/to/python3.12 chooses the Python (3.11 or newer) that the environment is made from.
# TORCH_INDEX=https://... installs torch from that index; without it, from where pip is set to look.
# CONSTRAINTS=constraints-lowest.txt takes the lowest versions that the course supports, CONSTRAINTS= the latest releases.

PY ?= python3
CONSTRAINTS ?= constraints.txt
BIN := .venv/bin
STAMP := .venv/.ready-$(or $(CONSTRAINTS),latest)
export PYTHONHASHSEED = 0
export TORCH_INDEX
ifeq ($(CONSTRAINTS),constraints.txt)
NBVAL := --nbval
else
# Other versions print and draw a little differently, and deprecate what they use of each other. Everything must run without
# an error, and every test, check and claim must hold.
NBVAL := --nbval-lax
export PYTEST_ADDOPTS = -W default::DeprecationWarning
endif

.PHONY: lab test check notebooks datasets kit site bench lint clean
.DEFAULT_GOAL := lab

$(STAMP): pyproject.toml $(CONSTRAINTS) tools/setup.sh tools/lab_settings.json
	@sh tools/setup.sh "$(PY)" $(CONSTRAINTS)
	@touch $@

lab: $(STAMP)
	$(BIN)/python -m course_utils lab

test: $(STAMP) $(if $(filter --nbval,$(NBVAL)),lint)
	tools/with_empty_home $(BIN)/python -m pytest -q tests
	tools/with_empty_home $(BIN)/python -m pytest -q --doctest-modules course_utils
	tools/with_empty_home $(BIN)/python -m pytest -q -p no:cacheprovider -n 2 --dist loadscope \
		$(NBVAL) --nbval-current-env --nbval-cell-timeout=60 notebooks solutions

lint: $(STAMP)
	$(BIN)/ruff check -q .
	$(BIN)/codespell README.md CONTRIBUTING.md SOURCES.md course_utils sources datasets worksheets instructor/*.md instructor/notes.toml

check: $(STAMP)
	$(BIN)/python -m course_utils.build $(NB)
	tools/with_empty_home $(BIN)/python -m pytest -q -p no:cacheprovider --nbval --nbval-current-env \
		notebooks/$(NB)_*.ipynb solutions/$(NB)_*.ipynb

notebooks: $(STAMP)
	$(BIN)/python -m course_utils.build

datasets: $(STAMP)
	$(BIN)/python -m course_utils datasets

kit: $(STAMP)
	$(BIN)/python tools/kit.py

site: $(STAMP)
	$(BIN)/python tools/website.py

bench: $(STAMP)
	$(BIN)/python tools/bench.py $(NB)

clean:
	rm -rf .venv

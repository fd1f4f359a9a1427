# The two commands are `make run` and `make test`; both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
BROWSERS := chromium chromium-headless-shell firefox-esr w3m
MISSING = $(strip $(foreach package,$(BROWSERS) openssl tmux gpgsm mutt shellcheck redis-server,$(if $(shell command -v $(package)),,$(package))) \
	$(if $(wildcard /usr/lib/nginx/modules/ngx_http_brotli_static_module.so),,nginx-light libnginx-mod-http-brotli-static) \
	$(if $(shell command -v systemd-analyze),,systemd) \
	$(if $(wildcard /usr/lib/postgresql/*/bin/postgres),,postgresql) \
	$(if $(shell command -v nft),,nftables))

CORES = $(shell nproc)

EXTRACT = $(BIN)/pybabel -q extract -F pyproject.toml -c Translators: -s \
	--sort-by-file --project Udvej --copyright-holder "Udvej's maintainers"
OF_THE_SITE := -k _ -k pgettext:1c,2
OF_EDITORS := --no-default-keywords -k tell -k deferred

# The tests start a Python hundreds of times; each would else compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-fast bench check format setup setup-test setup-system setup-ci screenshots guide-pictures snapshots translations lock clean

run: setup
	$(BIN)/udvej serve

test: setup-test setup-system
	$(BIN)/pytest -m "not slow"

# While one writes: no browsers, no nginx, no PostgreSQL or Redis, no processes that are killed, no floods, no sites made
# whole, and no content judged, neither ours nor the tests' own. A worker a core, since none of it waits for long and
# each has to read all tests first.
test-fast: setup-test
	$(BIN)/pytest -m "not slow and not heavy and not browser and not content" -n $(CORES) \
		--ignore tests/browser --ignore tests/deploy --ignore tests/faults --ignore tests/real_content --ignore tests/server

# The mail program that one of the slow tests opens, and the machine under systemd of another.
NEEDED_BY_BENCH = $(strip $(if $(shell command -v thunderbird),,thunderbird) \
	$(if $(shell command -v debootstrap),,debootstrap) \
	$(if $(shell command -v systemd-nspawn),,systemd-container))

# The slow tests, among them whole machines, which a disk has room for; then the figures of the README.
bench: setup-test
	@$(MAKE) --no-print-directory setup-system MISSING="$(strip $(MISSING) $(NEEDED_BY_BENCH))"
	TMPDIR=/var/tmp $(BIN)/pytest -m slow -rP
	PYTHONPATH=tests $(BIN)/python -m bench.cpr
	PYTHONPATH=tests $(BIN)/python -m bench.form
	PYTHONPATH=tests $(BIN)/python -m bench.databases
	PYTHONPATH=tests $(BIN)/python -m bench.municipalities
	PYTHONPATH=tests $(BIN)/python -m bench.attacked
	PYTHONPATH=tests $(BIN)/python -m bench.serving

check: setup-test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/udvej check
	PYTHONPATH=tests $(BIN)/python -m support.cpr_figures
	$(EXTRACT) $(OF_THE_SITE) -o .venv/udvej.pot .
	@diff -I '^#' -I '^"POT-Creation-Date' translations/udvej.pot .venv/udvej.pot >/dev/null || \
		{ echo "translations/udvej.pot is behind the program; run: make translations" >&2; exit 1; }

format: setup-test
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

setup: .venv/installed

setup-test: .venv/installed-for-tests

# Debian packages that the tests want.
setup-system:
ifneq ($(MISSING),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && apt-get install -q -y --no-install-recommends $(MISSING); \
	else \
		echo "Missing: $(MISSING). Install with: sudo apt-get install $(MISSING)" >&2; exit 1; \
	fi
endif

# The Nu HTML checker and Lighthouse, which `make test` uses where they are installed.
CHECKERS := vnu-jar@26.9.27 lighthouse@12.8.2
NEEDED_BY_CHECKERS = $(strip $(if $(shell command -v java),,default-jre-headless) \
	$(if $(shell command -v npm),,npm))

setup-ci: setup-test
	@$(MAKE) --no-print-directory setup-system MISSING="$(strip $(MISSING) $(NEEDED_BY_CHECKERS))"
	npm install --no-package-lock --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
		--prefix .checkers $(CHECKERS)

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it: make PYTHON=python3.12")'
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/installed-for-tests: .venv/installed requirements-dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# Every Danish text of the program into the template, and that and the content's into each
# catalogue; then a look at all of them.
translations: setup
	$(EXTRACT) $(OF_THE_SITE) -o translations/udvej.pot .
	$(BIN)/pybabel -q update -i translations/udvej.pot -d translations -D udvej --ignore-obsolete
	$(EXTRACT) $(OF_EDITORS) -o .venv/editors.pot .
	$(BIN)/pybabel -q update -i .venv/editors.pot -d translations -D editors -l en --ignore-obsolete
	$(BIN)/udvej translations
	$(BIN)/udvej check

# Pictures of every page, to be looked at after each visible change.
screenshots: setup-test setup-system
	PYTHONPATH=tests $(BIN)/python -m support.screenshots

# The pictures of the editors' guide.
guide-pictures: setup-test setup-system
	PYTHONPATH=tests $(BIN)/python -m support.guide_pictures

# What each page sounds like, to be read through after each change that is heard.
snapshots: setup-test setup-system
	PYTHONPATH=tests $(BIN)/python -m support.accessibility

# Newer dependencies; needs uv.
lock:
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --upgrade \
		--group build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --upgrade \
		--group build --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv .checkers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

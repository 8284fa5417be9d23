# One command each, on a bare machine: every target sets up .venv/ and, as root on Debian, the
# system packages that it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS ?= test
STAMP := $(VENV)/.installed

RUNTIME_PACKAGES := python3-venv libgl1 libegl1 libglib2.0-0 libfontconfig1 libdbus-1-3 \
	libxkbcommon0 libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-randr0 \
	libxcb-shape0 libx11-xcb1 libportaudio2 fonts-nanum
TEST_PACKAGES := xvfb xauth ffmpeg flite poppler-utils mupdf-tools qpdf openssl softhsm2 opensc

.PHONY: demo test bench soak screenshots lint gui translations system system-test lock clean

demo: $(STAMP)
	$(BIN)/seongmun demo --out demo-output

test: system-test $(STAMP) lint
	xvfb=$$(command -v xvfb-run); $${xvfb:+$$xvfb -a} $(BIN)/python -m pytest -n auto --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: system-test $(STAMP)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.case
	$(BIN)/python -m benchmarks.validation
	$(BIN)/python -m benchmarks.gallery
	$(BIN)/python -m benchmarks.report
	xvfb=$$(command -v xvfb-run); $${xvfb:+$$xvfb -a} $(BIN)/python -m benchmarks.window

# Random input into the window for half an hour.
soak: system-test $(STAMP)
	xvfb=$$(command -v xvfb-run); $${xvfb:+$$xvfb -a} $(BIN)/python -m benchmarks.soak

# Pictures of every view; a few are kept in docs/.
screenshots: system-test $(STAMP)
	xvfb=$$(command -v xvfb-run); $${xvfb:+$$xvfb -a -s "-screen 0 1600x1000x24"} \
		$(BIN)/python -m docs.screenshots.make

gui: $(STAMP)
	$(BIN)/seongmun gui

$(STAMP): requirements.lock pyproject.toml | system
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

system:
	@.ci/system-packages $(RUNTIME_PACKAGES)

system-test: system
	@.ci/system-packages $(TEST_PACKAGES)

# The lock holds hashes and no index host. Needs uv.
lock:
	uv pip compile pyproject.toml --extra test --extra build --python-version 3.11 --universal \
		--generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) demo-output

# The window's texts: collected from the program, translated by hand in the .ts files, compiled.
translations: $(STAMP)
	$(BIN)/pyside6-lupdate $$(find ui -name '*.py') -silent -no-obsolete -locations none \
		-source-language en -target-language ko -ts resources/i18n/seongmun_ko.ts
	$(BIN)/pyside6-lupdate $$(find ui -name '*.py') -silent -no-obsolete -locations none \
		-source-language en -target-language en -pluralonly -ts resources/i18n/seongmun_en.ts
	for language in ko en; do $(BIN)/pyside6-lrelease -silent \
		resources/i18n/seongmun_$$language.ts -qm resources/i18n/seongmun_$$language.qm; done

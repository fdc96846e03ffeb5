# make demo · test · test-browser · lint · bench · space: each makes .venv and installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-browser lint bench space clean
demo: $(VENV)/demo.done
	$(BIN)/python app.py

test: $(VENV)/dev.done
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder  # in the order of tests/conftest.py

# The part of the suite that drives the real page in a headless Chromium (Debian: apt install chromium).
test-browser: $(VENV)/dev.done
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/test_browser*.py tests/test_report_browser.py

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/demo.done
	$(BIN)/python -m benchmarks.signal_engine
	$(BIN)/python -m benchmarks.engine

# Do the Space's requirements fit together on its Python 3.12, and does its bundle start from an empty folder? Needs a package index.
space: $(VENV)/demo.done
	$(BIN)/python -m affectgpt.hub.resolve
	$(BIN)/python -m affectgpt.hub.trial

# mediapipe 0.10.21 is the last wheel that carries its models. Its dependency list asks for numpy < 2 and much that is
# not needed, so it is refused here and what it really needs stands in requirements.txt. There is no wheel for Python 3.13:
# the engine then finds faces with OpenCV's cascades and says so in every answer.
$(VENV)/demo.done: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt -e .
	$(BIN)/python -m pip install --quiet --no-deps mediapipe==0.10.21 || echo "mediapipe: no wheel for this Python; faces fall back to OpenCV"
	touch $@

$(VENV)/dev.done: $(VENV)/demo.done
	$(BIN)/python -m pip install --quiet -e .[dev]
	touch $@

clean:
	rm -rf $(VENV)

# `make run` shows what Edge does, `make test` is everything that CI checks. Both install what is missing.

PYTHON = .venv/bin/python
OUT = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/edge/out
DEVICES = pi-zero pi-64 x86_64-linux board
QUESTION = {"cron": "*/20 7-9 * * mon-fri", "after": "2026-01-30T09:30:00Z", "count": 2}

.PHONY: run test test-full build setup libraries check fast hostile bench clean

# What `build` makes, all of it in one go.
LIBRARIES = host
run: LIBRARIES += board
test test-full libraries bench: LIBRARIES += $(DEVICES)
hostile: LIBRARIES += board

run: build
	@echo "== a plugin, from source to an artifact for the Pi Zero" >&2
	mkdir -p $(OUT)
	plugin="$$($(PYTHON) -m cross.guests cron-next)" && .venv/bin/edge compile "$$plugin" --target pi-zero -o $(OUT)
	@echo "== called on the emulated Pi Zero" >&2
	cross/pizero --icount --with $(OUT)/cron-next.pulley32.cwasm -- edge run cron-next.pulley32.cwasm '$(QUESTION)'

test: check
	$(PYTHON) -m pytest -q -n auto --dist loadfile
	$(PYTHON) -m tests.mutations 10000
	$(PYTHON) -m tests.every_python
	$(PYTHON) -m bench
	$(PYTHON) -m pytest -q bench

# The same at full count, where `test` takes a sample.
test-full: test
	$(PYTHON) -m tests.differential 5000
	$(PYTHON) -m tests.power --killed
	$(PYTHON) -m tests.power soak
	$(PYTHON) -m tests.faults
	$(PYTHON) -m tests.faults.commands
	$(PYTHON) -m tests.faults.commands --crowd 300
	EDGE_SEQUENCES=500 $(PYTHON) -m pytest -q tests/store/test_downgrades.py tests/store/test_consent_sequences.py
	$(PYTHON) -m tests.fuzz --minutes 60

setup:
	@cross/setup.sh

# The host's library stands beside the module that opens it; .venv/bin/edge is this checkout.
build: setup
	@echo "== the native library for: $(LIBRARIES)" >&2
	@libraries="$$($(PYTHON) -m cross.build $(LIBRARIES))" && \
		ln -sfn "$$(printf '%s\n' "$$libraries" | head -n 1)" edge/_native/libedge.so

libraries: build

check: build
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(PYTHON) -m cross.build --lint
	.venv/bin/lint-imports
	$(PYTHON) -m cross.dependencies

# Between two edits of Python or documents: static checks, and the tests of what differs from SINCE (HEAD).
fast:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTHON) -m tests.changed $(SINCE)

# Every hostile plugin, here and a chosen few on the emulated Pi Zero.
hostile: build
	$(PYTHON) -m tests.hostile
	$(PYTHON) -m tests.hostile --board

bench: build
	$(PYTHON) -m bench
	$(PYTHON) -m pytest -q bench

clean:
	rm -rf .venv edge/_native/libedge.so "$(OUT)"

# `make run` shows what Edge does, `make test` is everything that CI checks. Both install what is missing.

PYTHON = .venv/bin/python
OUT = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/edge/out
DEVICES = pi-zero pi-64 x86_64-linux board
QUESTION = {"cron": "*/20 7-9 * * mon-fri", "after": "2026-01-30T09:30:00Z", "count": 2}

.PHONY: run test build setup libraries check bench clean

run: build
	@echo "== the library for the emulated Pi Zero" >&2
	$(PYTHON) -m cross.build board
	@echo "== a plugin, from source to an artifact for the Pi Zero" >&2
	mkdir -p $(OUT)
	.venv/bin/edge compile "$$($(PYTHON) -m cross.guests cron-next)" --target pi-zero -o $(OUT)
	@echo "== called on the emulated Pi Zero" >&2
	cross/pizero --icount --with $(OUT)/cron-next.pulley32.cwasm -- edge run cron-next.pulley32.cwasm '$(QUESTION)'

test: check libraries
	$(PYTHON) -m pytest -q
	$(PYTHON) -m tests.every_python
	$(PYTHON) -m bench

setup:
	@cross/setup.sh

# The host's library stands beside the module that opens it; .venv/bin/edge is this checkout.
build: setup
	@library="$$($(PYTHON) -m cross.build host)" && ln -sfn "$$library" edge/_native/libedge.so

libraries: build
	$(PYTHON) -m cross.build $(DEVICES)

check: build
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(PYTHON) -m cross.build --lint

bench: libraries
	$(PYTHON) -m bench
	$(PYTHON) -m pytest -q bench

clean:
	rm -rf .venv edge/_native/libedge.so "$(OUT)"

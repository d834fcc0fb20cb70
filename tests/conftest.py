"""The native library and plugins, out of the build cache, for the tests that need them.

EDGE_BUILD_PYTHON names the Python that builds what the cache lacks, where the one that runs the tests is too
old for cross/.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import settings

# A busy machine is slow for reasons of its own; what CI finds has to be found again.
settings.register_profile("edge", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("edge")

# What runs in a shell's background ignores Ctrl-C, and so would every process that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
BUILDER = os.environ.get("EDGE_BUILD_PYTHON", sys.executable)
# The tests move HOME, in which toolchains look for themselves.
ENVIRONMENT = dict(os.environ)
SHARED_MEMORY = "/dev/shm"


@cache
def built(module: str, name: str) -> Path:
    """What `python -m MODULE NAME` builds."""
    command = [BUILDER, "-m", module, name]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    return Path(done.stdout.strip())


if not os.environ.get("EDGE_LIBRARY"):
    os.environ["EDGE_LIBRARY"] = str(built("cross.build", "host"))


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of the tests' own, with a signing key and counters of its own."""
    path = tmp_path_factory.mktemp("home")
    from tests.support.home import settled

    with (
        settled(path),
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as counters,
    ):
        patch.setenv("XDG_RUNTIME_DIR", counters)
        from edge.trust import key_file

        key_file.local_seed()
        yield path


@pytest.fixture(scope="session")
def wasm() -> Callable[[str], Path]:
    """The .wasm of a plugin in examples/ or tests/guests/."""
    return lambda name: built("cross.guests", name)


@pytest.fixture(scope="session")
def artifact(
    wasm: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory, home: Path
) -> Callable[..., Path]:
    """A plugin compiled for this machine, or for the engine that is named, signed with its key."""
    folder = tmp_path_factory.mktemp("artifacts")

    @cache
    def compiled(name: str, engine: str = "") -> Path:
        from edge import _native as native
        from edge.dev.compile import compile_to
        from tests.support.home import settled

        engine = engine or native.about()["engine"]
        source = wasm(name)
        with settled(home):
            (found,) = compile_to(str(folder), source.read_bytes(), source.name, [engine])
        return Path(found.path)

    return compiled


@pytest.fixture
def compiled(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engines that something was compiled for since the test began; nothing is cached by then."""
    from edge.dev import compiler

    engines: list[str] = []
    compile_component = compiler.compile_component

    def count(wasm: bytes, file: str, engine: str, *rest: Any, **options: Any) -> dict[str, Any]:
        engines.append(engine)
        return compile_component(wasm, file, engine, *rest, **options)

    monkeypatch.setattr(compiler, "compile_component", count)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return engines


@pytest.fixture(scope="session")
def package(
    wasm: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory, home: Path
) -> Callable[..., Path]:
    """A plugin of examples/ or tests/guests/ as `edge pack` packs it, signed with this machine's key.

    `package("faults", edge={"release": 7}, permissions=["config_read"])`: fields of the manifest that are to
    be others, None for none; the tables of `edge` one by one. `engines`: by default this machine's. `seed`:
    of another key. `with_wasm`: the component as well. The same wish is packed once in a session.
    """
    made: dict[str, Path] = {}

    def pack(
        name: str,
        /,
        *,
        engines: tuple[str, ...] = (),
        seed: bytes | bytearray = b"",
        with_wasm: bool = False,
        **changes: Any,
    ) -> Path:
        from edge import _native as native
        from edge.trust import key_file
        from tests.support import packing
        from tests.support.home import settled

        engines = engines or (native.about()["engine"],)
        wish = repr((name, engines, seed, with_wasm, sorted(changes.items())))
        if wish not in made:
            folder = packing.folder(tmp_path_factory.mktemp(name), name, wasm(name), changes)
            path = folder / f"{name}.edge"
            with settled(home):
                signer = seed or key_file.local_seed()
                made[wish] = packing.packed(path, folder, engines, signer, with_wasm=with_wasm)
        return made[wish]

    return pack

"""Runs Edge with its modules imported from the one file that modules.py makes, which halves the start time.

This module uses only what Edge needs anyway: formatting bytes, reading a number or unpacking a list would
load 64 to 128 kB more of the interpreter. The file is:

    head size       4 bytes, the lowest first
    head            this module's code, the folder that the sources are in, the index
    modules         of each, its code and the names of Edge's modules that it imports when it is imported

The index has a record for each module: a line end, its name, a zero, `+` for a package or `-`, and 4 bytes
each for where it begins behind the head and how long it is. Head and modules are marshalled.
"""

from __future__ import annotations

import gc
import posix
import sys
from marshal import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType
    from typing import Any, NoReturn

# Without importing importlib or types.
Spec: Any = type(sys.__spec__)
Module: Any = type(sys)
WORD = 4
LAST_STANDARD_STREAM = 2
COMMAND = 1
COMMANDS = "edge.cli"
INTERRUPTED = 130
GARBAGE = 10_000
"""Objects created before the garbage collector runs; imports alone reach the default of 700 repeatedly."""


class Finder:
    """The finder in `sys.meta_path`, and the loader of what it finds. `file`, a descriptor, stays open."""

    def __init__(self, file: int, lib: str, index: bytes) -> None:
        self._file = file
        self._lib = lib
        self._index = index
        self._start = WORD + _number(posix.pread(file, WORD, 0))

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """None for modules that are not Edge's."""
        record = self._record(name)
        if record < 0:
            return None
        spec: ModuleSpec = Spec(name, self, is_package=self._is_package(record))
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations = [self._path(name)]
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        """None: Python creates the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Runs a module's code."""
        record = self._record(module.__name__)
        self._run(module, record, self._read(module.__name__, record)[0])

    def load(self, name: str) -> None:
        """Imports a module after its own imports: importlib takes a Pi Zero 0.15 ms longer for each."""
        record = self._record(name)
        if record < 0:
            return
        module = sys.modules[name] = Module(name)
        parent, _, child = name.rpartition(".")
        if self._is_package(record):
            module.__path__ = [self._path(name)]
            module.__package__ = name
        else:
            module.__package__ = parent
        code, needed = self._read(name, record)
        for other in needed:
            if other not in sys.modules:
                self.load(other)
        self._run(module, record, code)
        if parent:
            setattr(sys.modules[parent], child, module)

    def _record(self, name: str) -> int:
        """The position of a module's record in the index."""
        found = self._index.find(b"\n" + name.encode() + b"\0")
        return found if found < 0 else found + len(name) + 2

    def _is_package(self, record: int) -> bool:
        return self._index[record] == b"+"[0]

    def _path(self, name: str) -> str:
        return f"{self._lib}/{name.replace('.', '/')}"

    def _read(self, name: str, record: int) -> tuple[CodeType, tuple[str, ...]]:
        at = record + 1
        start = self._start + _number(self._index[at : at + WORD])
        size = _number(self._index[at + WORD : at + 2 * WORD])
        try:
            read: tuple[CodeType, tuple[str, ...]] = loads(posix.pread(self._file, size, start))  # noqa: S302 ours
        except (EOFError, TypeError, ValueError):
            read = self._compiled(self._source(name, record))
        return read

    def _compiled(self, source: str) -> tuple[CodeType, tuple[str, ...]]:
        """Handles a damaged file: removes it, so that the next start creates another one."""
        try:  # noqa: SIM105 without importing contextlib
            posix.unlink(posix.readlink(f"/proc/self/fd/{self._file}"))
        except OSError:
            # Already removed, or read-only: modules are imported from sources.
            pass
        with open(source, "rb") as text:
            return compile(text.read(), source, "exec", dont_inherit=True), ()

    def _source(self, name: str, record: int) -> str:
        return self._path(name) + ("/__init__.py" if self._is_package(record) else ".py")

    def _run(self, module: ModuleType, record: int, code: CodeType) -> None:
        module.__file__ = self._source(module.__name__, record)
        exec(code, module.__dict__)  # noqa: S102 ours


def _number(word: bytes) -> int:
    return int.from_bytes(word, "little")


def find(lib: str, file: int, made_in: str, index: bytes) -> None:
    """Imports modules from `file`; raises `ValueError` if it was made in another folder than `lib`."""
    if lib[:1] != "/":
        lib = f"{posix.getcwd()}/{lib[2:] if lib[:2] == './' else lib}"
    if lib != made_in:
        raise ValueError(f"{lib} was {made_in}")
    if file <= LAST_STANDARD_STREAM:
        from fcntl import F_DUPFD_CLOEXEC, fcntl

        # A standard stream is closed, and the file must not take its place.
        taken, file = file, fcntl(file, F_DUPFD_CLOEXEC, LAST_STANDARD_STREAM + 1)
        posix.close(taken)
    sys.meta_path.insert(0, Finder(file, lib, index))


def _load(finder: object) -> None:
    """Imports what the command needs; failures appear again where the command imports it."""
    if not isinstance(finder, Finder):
        return
    before = set(sys.modules)
    gc.set_threshold(GARBAGE)
    try:
        finder.load(COMMANDS)
        if len(sys.argv) > COMMAND:
            finder.load(f"{COMMANDS}.{sys.argv[COMMAND]}")
    except KeyboardInterrupt:
        posix._exit(INTERRUPTED)
    except Exception:
        for name in set(sys.modules) - before:
            del sys.modules[name]


def run() -> NoReturn:
    """Runs the command line and ends the process."""
    # Where _cffi_backend may be: in Debian's package, the system's or beside this Python; or where pip puts
    # it, also in a virtual environment.
    release = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    prefix = sys.executable.rpartition("/bin/")[0]
    sys.path += [
        "/usr/lib/python3/dist-packages",
        f"{prefix}/lib/{release}/site-packages",
        f"{prefix}/lib/python3/dist-packages",
        f"/usr/local/lib/{release}/dist-packages",
    ]
    _load(sys.meta_path[0])
    from edge.cli import main

    status = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # RATIONALE, "Why `edge` ends without the interpreter's own end".
        posix._exit(status)

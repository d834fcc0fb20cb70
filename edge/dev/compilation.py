"""Code of one component for several engines: each is taken from the cache or compiled once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from edge import errors, files
from edge._native import making
from edge.dev import compiler, memory
from edge.dev.cache import Cache
from edge.dev.progress import Draw, watch_all
from edge.limits import MEMORY
from edge.trust import key_file

Say = Callable[[str], None]


class Code:
    """Code for one engine, in a file that only this user can write.

    fd           an artifact of it, signed by this machine's key, which says nothing of tools
    description  its description
    receipt      of a check of it (`Runtime.load_open`), empty where there was none
    """

    __slots__ = ("description", "fd", "receipt")

    def __init__(self, fd: int, description: dict[str, Any], receipt: bytes = b"") -> None:
        self.fd = fd
        self.description = description
        self.receipt = receipt

    def write(self, path: str, to: int, facts: dict[str, Any], seed: bytes | bytearray) -> dict[str, Any]:
        """Writes an artifact with these additional facts to an empty file, and returns its description."""
        description = dict(sorted({**facts, **self.description}.items()))
        trailer = memoryview(making.seal_artifact(json.dumps(description).encode(), seed))
        try:
            memory.copy(to, self.fd, description["artifact"]["size"])
            while trailer:
                trailer = trailer[os.write(to, trailer) :]
        except OSError as error:
            files.raise_for(path, error)
        return description


class Compilation:
    """Code of one component, for the duration of a `with`.

    public  the public half of the key that signs the code, this machine's

    The private half is read only when something is to be signed, and wiped at the end.
    """

    def __init__(
        self,
        given: bytes,
        file: str,
        *,
        memory: float = 0,
        say: Say = lambda _: None,
        draw: Draw | None = None,
        needs_key: bool = True,
    ) -> None:
        """`given`: the file that is the component or makes it. `file` is for messages.

        `memory`: bytes that calls may be granted, where it is more than 16 MB: without, memories of pulley32
        have no more. RATIONALE, "Why a memory for a Pi Zero gets a maximum".
        `say`: takes why code is not kept. `draw`: shows progress (edge.dev.progress). `needs_key`: raises
        where this machine can have no key; without, a key that nobody keeps takes its place, for code that
        another one signs in the end.
        """
        self._file = file
        self._draw = draw
        self._large_memory = memory > MEMORY
        self._digest = hashlib.sha256(given).hexdigest()
        self._code: dict[str, Code] = {}
        self._processes = compiler.Processes()
        self._cache: Cache | None = None
        self._seed: bytearray | None = None
        try:
            self.public = key_file.local_public() or making.public_key(self.seed)
        except errors.EnvironmentFault:
            if needs_key:
                raise
            self._seed = making.new_key()
            self.public = making.public_key(self._seed)
        else:
            self._cache = Cache(self.public, say, large_memory=self._large_memory)

    @property
    def seed(self) -> bytearray:
        """The private key. It stays this object's."""
        if self._seed is None:
            self._seed = key_file.local_seed()
        return self._seed

    def find(self, engine: str) -> Code | None:
        """The code for an engine, if it is cached."""
        if engine not in self._code and self._cache is not None:
            found = self._cache.find(self._digest, engine)
            if found is not None:
                self._code[engine] = Code(*found)
        return self._code.get(engine)

    def code(self, component: bytes, engines: Iterable[str]) -> dict[str, Code]:
        """The code for these engines; what is not cached is compiled now, several engines at once.

        Raises as `compiler.compile_component` does; then nothing is compiled any more. RATIONALE, "Why this
        machine's engine is compiled first, and the others together".
        """
        wanted = list(dict.fromkeys(engines))
        missing = [engine for engine in wanted if self.find(engine) is None]
        if missing:
            compile_one = partial(self._compile, component, self.seed)
            watch_all(
                f"{self._file}: compiling for",
                {engine: partial(compile_one, engine) for engine in missing},
                draw=self._draw,
                at_once=compiler.at_once(len(component)),
                stop=self._processes.end,
            )
        return {engine: self._code[engine] for engine in wanted}

    def _compile(self, component: bytes, seed: bytearray, engine: str) -> None:
        fd = memory.new_file()
        try:
            description = compiler.compile_component(
                component, self._file, engine, seed, fd, self._processes, large_memory=self._large_memory
            )
            memory.seal(fd)
            if self._cache is not None:
                self._cache.keep(self._digest, engine, fd, description, seed)
        except BaseException:
            os.close(fd)
            raise
        self._code[engine] = Code(fd, description)

    def __enter__(self) -> Compilation:
        return self

    def __exit__(self, *_: object) -> None:
        if self._seed is not None:
            key_file.wipe(self._seed)
        for code in list(self._code.values()):
            with contextlib.suppress(OSError):
                os.close(code.fd)

"""From a manifest and a plugin's WebAssembly to a signed package: same input and key, same bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edge import _native as native
from edge import errors, files, trust
from edge._native import making
from edge.dev import memory
from edge.dev.compilation import Code, Compilation
from edge.dev.compile import describe
from edge.dev.loadable import provided
from edge.dev.pack_source import CheckInput, Source
from edge.dev.progress import Draw, watch
from edge.limits import PI_64, PI_ZERO, Limits
from edge.package import CODE, MANIFEST, WASM, open_package
from edge.runtime import Plugin, Runtime
from edge.targets import ENGINES, engine_of

DEFAULT_ENGINES = tuple(map(engine_of, ("pi-zero", "pi-64", "x86_64-linux")))
SMALL_ENGINE = "pulley32"


class Part:
    """A file of a package: its metadata, and its bytes or the descriptor to read them from."""

    def __init__(self, entry: dict[str, Any], contents: bytes = b"", fd: int = -1) -> None:
        self.entry = entry
        self.contents = contents
        self.fd = fd


def pack(
    fd: int,
    source: Source,
    engines: Iterable[str],
    seed: bytes | bytearray,
    *,
    with_wasm: bool = False,
    given: CheckInput | None = None,
    say: Callable[[str], None] = lambda _: None,
    draw: Draw | None = None,
    file: str = "the package",
) -> dict[str, Any]:
    """Writes a package to an empty file, and returns its description.

    `engines`: the engines to include code for. `with_wasm`: includes the component. `given`: input of its
    self-check. `say`: takes the reason why a check is skipped. `draw`: shows progress (edge.dev.progress).
    `file` is for messages. Raises `errors.BadManifest` and other `errors.Refused` for what a device would
    refuse, and `errors.CheckFailed` if the plugin fails its own check.
    """
    with contextlib.ExitStack() as stack:
        compilation = Compilation(
            source.given,
            source.wasm_name,
            memory=source.manifest.limits.get("memory", 0),
            say=say,
            draw=draw,
            needs_key=False,
        )
        stack.enter_context(compilation)
        compiled = _compile_all(compilation, source, engines, given or CheckInput(), say)
        parts = [_part(MANIFEST, source.text), *compiled.parts]
        if with_wasm:
            parts.append(_part(WASM, source.component["wasm"]))
        description = _description(source, compiled, parts)
        head = making.seal_package(_spelled(description), seed)
        _write(fd, [head, *parts], file)
    watch(f"{file}: checking", lambda: _verify(fd, file, description["name"], seed), draw)
    return description


def pack_source_in_memory(
    source: Source,
    engines: Iterable[str],
    seed: bytes | bytearray,
    *,
    say: Callable[[str], None],
    draw: Draw,
    file: str = "the package",
) -> int:
    """A descriptor of a package in memory; as `pack`."""
    fd = memory.new_file()
    try:
        pack(fd, source, engines, seed, say=say, draw=draw, file=file)
    except BaseException:
        os.close(fd)
        raise
    return fd


class Compiled:
    """The result of compiling.

    common  data that is the same for every engine
    facts   what the plugin reports about itself
    parts   the code for each engine
    """

    def __init__(self, common: dict[str, Any], facts: dict[str, Any], parts: list[Part]) -> None:
        self.common = common
        self.facts = facts
        self.parts = parts


def _compile_all(
    compilation: Compilation,
    source: Source,
    engines: Iterable[str],
    given: CheckInput,
    say: Callable[[str], None],
) -> Compiled:
    """Compiles for this machine first, because the plugin is queried before the rest is compiled."""
    here = native.about()["engine"]
    wanted = set(engines)
    component = source.component["wasm"]
    own = compilation.code(component, [here])[here]
    runtime = Runtime(trusted=[compilation.public])
    plugin = runtime.load_open(own.fd, source.wasm_name, interfaces=provided(given.secrets))
    facts = describe(plugin, say, source.manifest.limits.get("memory", 0))
    source.check_facts(facts, say)
    if source.adopted:
        for line in source.assumed(facts):
            say(f"edge: {source.manifest.name} is adopted: {line}")
    plugin.describe(facts)
    limits = PI_ZERO.limits if SMALL_ENGINE in wanted else PI_64.limits
    _try(plugin, source, limits, given, say)
    code = compilation.code(component, [engine for engine in ENGINES if engine in wanted])
    return Compiled(own.description, facts, [_code(found) for found in code.values()])


def _try(
    plugin: Plugin, source: Source, limits: Limits, given: CheckInput, say: Callable[[str], None]
) -> None:
    """Carries out the check that devices make before a release becomes theirs, within their limits.

    RATIONALE, "Why packing calls the plugin".
    """
    if not source.manifest.check_arguments:
        return
    lacks = source.not_tried(given)
    if lacks:
        say(f"edge: self-check skipped: it needs {lacks}; the device runs it at installation")
        return
    asked = {name: x if name == "deadline" else int(x) for name, x in source.manifest.limits.items()}
    own = limits.replace(**{name: x for name, x in asked.items() if name in limits.__slots__})
    try:
        result = plugin.call(
            source.manifest.check_arguments,
            tool=source.manifest.check_tool or None,
            config=given.config or None,
            limits=own,
        )
    except (errors.CallFailed, errors.ToolError) as error:
        source.fail_check(error.message)
    else:
        if not result.success:
            source.fail_check(f"it answers {result.error or result.output or 'nothing'}")


def _code(found: Code) -> Part:
    """The ELF file at the beginning of an artifact."""
    artifact = found.description["artifact"]
    return Part({"name": f"{CODE}{artifact['engine']}", **artifact}, fd=found.fd)


def _part(name: str, contents: bytes) -> Part:
    digest = hashlib.sha256(contents).hexdigest()
    return Part({"name": name, "size": len(contents), "sha256": digest}, contents)


def _description(source: Source, compiled: Compiled, parts: Iterable[Part]) -> dict[str, Any]:
    taken = ("format", "compiler", "source", "imports", "exports", "instance_bytes")
    facts = compiled.facts
    return {
        **{name: compiled.common[name] for name in taken},
        "name": source.manifest.name,
        "version": source.manifest.version,
        "release": source.release,
        **({"adopted": True} if source.adopted else {}),
        **({"plugin": facts["plugin"]} if "plugin" in facts else {}),
        "tools": facts.get("tools", []),
        "files": [part.entry for part in parts],
    }


def _spelled(description: dict[str, Any]) -> bytes:
    """The one spelling that a description may have. RATIONALE, "Why a description has one spelling"."""
    return json.dumps(description, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _write(fd: int, pieces: Iterable[bytes | Part], file: str) -> None:
    try:
        for piece in pieces:
            if isinstance(piece, Part) and piece.fd >= 0:
                memory.copy(fd, piece.fd, piece.entry["size"])
            else:
                rest = memoryview(piece if isinstance(piece, bytes) else piece.contents)
                while rest:
                    rest = rest[os.write(fd, rest) :]
    except OSError as error:
        files.raise_for(file, error)


def _verify(fd: int, file: str, name: str, seed: bytes | bytearray) -> None:
    """Opens the package as a device that trusts the key does; loads the code for this machine."""
    trusted = trust.tied(trust.line(making.public_key(seed), "", [name]).encode(), name)
    package = open_package(fd, file, trusted)
    package.check_all()
    package.declared()
    about = native.about()
    for engine in {about["engine"], about["interpreted"]} & set(package.engines):
        with _unpacked(package.unpack, package.code(engine)) as code:
            runtime = Runtime(trusted=trusted, interpret=engine != about["engine"])
            runtime.load_open(code, file, head=package.head, interfaces=provided())


@contextlib.contextmanager
def _unpacked(unpack: Any, name: str) -> Iterator[int]:
    fd = memory.new_file()
    try:
        unpack(name, fd)
        memory.seal(fd)
        yield fd
    finally:
        os.close(fd)

"""The native library as functions: the only package that uses `ffi` and `lib`.

native/edge.h describes each function. Each type below names the owner of its memory. Threads may share
handles. Bytes from the library are copied and freed at once.
"""

from __future__ import annotations

import marshal
import posix
import sys

from edge import files

try:
    from ._ffi import ffi
except ModuleNotFoundError as error:
    from edge import errors

    raise errors.LibraryMissing(
        f"This Python lacks the cffi backend ({error})",
        "Debian, Raspberry Pi OS: `sudo apt install python3-cffi-backend`; others: `pip install cffi`",
    ) from None

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    class Engine:
        """A native engine. Owned: it is freed with its last reference."""

    class Plugin:
        """A native plugin. Owned, as an Engine; does not need its Engine."""

    class Instance:
        """A native instance. Owned, as an Engine; does not need its Plugin. `release` frees its guest."""

    class InstanceOptions:
        """Limits for the library. Owned by Python; the library copies them."""

    class Step:
        """The result of a step. Owned by Python, but for `data`.

        `data` is borrowed from the instance until its next call into the library: `step_values` and
        `fail_step` copy it, and are called while the instance's handle is held.
        """

        data: Any
        len: int
        until: int
        host: int

    class Counters:
        """Native counters. Owned, as an Engine."""

    class Count:
        """Numbers of counters. Owned by Python; contains no pointers."""

        memory: int
        free: int
        kind: int
        calls: int
        wait: int
        error: int


LIBRARY = f"{files.folder(__file__)}/libedge.so"

HEAD_BYTES = 8192
"""The names of all functions of the library are within these."""

MAX_BYTES = 1 << 40
SYMBOL = b"\0edge_abi_version\0"
WIDE = sys.maxsize > 1 << 32

NO_ARMV6 = ("armv4", "armv5")

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32

FORMAT = 2
"""The format of `marshal` in which values cross (edge/runtime/values.py)."""


def library_path() -> str:
    """The path of the library: $EDGE_LIBRARY, or beside this module."""
    return files.environment("EDGE_LIBRARY") or LIBRARY


def platform() -> str:
    """The platform of this Python, which the library must be for: a 64-bit kernel may run a 32-bit one."""
    return getattr(sys.implementation, "_multiarch", "") or f"{posix.uname().machine}-linux"


def open_library(ffi: Any) -> Any:
    """Opens the library, whose ABI must be that of `ffi`; `unusable.py` has the errors."""
    where = library_path()
    machine = posix.uname().machine
    if machine.startswith(NO_ARMV6) or not _looks_whole(where):
        from edge._native import unusable

        unusable.check(where, machine, platform(), is_old=machine.startswith(NO_ARMV6), symbol=SYMBOL)
    try:
        lib = ffi.dlopen(where if "/" in where else f"./{where}")
        version = lib.edge_abi_version()
    except (AttributeError, OSError) as error:
        from edge._native import unusable

        unusable.explain(where, machine, platform(), error)
    if version != lib.EDGE_ABI_VERSION:
        from edge._native import unusable

        unusable.fail_version(where, version, lib.EDGE_ABI_VERSION)
    return lib


def _looks_whole(where: str) -> bool:
    """Whether a file looks like a complete library of Edge: section headers at its end, names at its start.

    Opening a truncated file kills the process (edge.elf); another library must not be opened.
    """
    try:
        fd = posix.open(where, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError:
        return False
    try:
        head = posix.pread(fd, HEAD_BYTES, 0)
        place, word, size = (40, 8, 58) if WIDE else (32, 4, 46)
        start = int.from_bytes(head[place : place + word], "little")
        each = int.from_bytes(head[size : size + 2], "little")
        end = start + each * int.from_bytes(head[size + 2 : size + 4], "little")
        last = posix.pread(fd, each + 1, end - each) if HEAD_BYTES < end < MAX_BYTES else b""
        return len(last) == each and last.count(0) < each and SYMBOL in head
    except OSError:
        return False
    finally:
        posix.close(fd)


lib = open_library(ffi)

OK: int = lib.EDGE_OK
STATE: int = lib.EDGE_STATE
STEP_DONE: int = lib.EDGE_STEP_DONE
STEP_HOST: int = lib.EDGE_STEP_HOST
STEP_WAIT: int = lib.EDGE_STEP_WAIT
STEP_SLICE: int = lib.EDGE_STEP_SLICE
SEAL_BYTES: int = lib.EDGE_SEAL_BYTES
"""How much longer a sealed secret is than the secret."""


def about() -> dict[str, Any]:
    """Version, engine targets and features of this build of the library."""
    out = ffi.new("edge_bytes *")
    _check(lib.edge_about(out), None)
    return _values(_take(out))


def merge_arguments(json: bytes, config: bytes) -> bytes:
    """A tool's arguments, checked, with `config` as their `__config`."""
    return _ask(lib.edge_arguments, json, len(json), config, len(config), texts=(json, config))


def read_json(text: bytes, file: str = "") -> Any:
    """Decodes JSON; the json module would cost a Pi Zero 1 MB and 60 ms."""
    return _values(_ask(lib.edge_json, text, len(text), file=file, texts=(text,)))


def new_engine(stack_bytes: int, *, interpret: bool = False) -> Engine:
    """An engine whose guests have a stack of this size; 0 is the library's default.

    `interpret`: for Pulley code, also where this CPU has native code.
    """
    try:
        options = ffi.new("edge_engine_options *", {"stack_bytes": stack_bytes, "interpret": interpret})
    except (OverflowError, TypeError):
        from edge import errors

        raise errors.OptionsError(
            f"stack_bytes is {stack_bytes!r}; it must be a whole number of 64 bits"
        ) from None
    out, why = ffi.new("edge_engine **"), ffi.new("edge_bytes *")
    _check(lib.edge_engine_new(options, out, why), why)
    return ffi.gc(out[0], lib.edge_engine_free)


def describe_artifact(fd: int, file: str = "") -> tuple[dict[str, Any], bytes]:
    """The description in the trailer of an artifact, and a receipt for this check; loads nothing."""
    out = ffi.new("edge_bytes *")
    receipt = _ask(lib.edge_artifact_describe, fd, out, file=file)
    return _values(_take(out)), receipt


def load_plugin(
    engine: Engine, fd: int, file: str, head: bytes, trust: bytes, receipt: bytes, provides: bytes
) -> tuple[Plugin, dict[str, Any], bytes]:
    """Verifies code and loads it; returns the plugin, its verified description and a new receipt, or b"".

    `head`: of the package that the code is from, empty for a lone artifact. `trust`: native/src/trust.rs.
    `receipt`: while it fits the file, the digest is not computed again; may be empty.
    """
    out, fresh, why = ffi.new("edge_plugin **"), ffi.new("edge_bytes *"), ffi.new("edge_bytes *")
    status = lib.edge_plugin_load(
        engine,
        fd,
        head,
        len(head),
        trust,
        len(trust),
        receipt,
        len(receipt),
        provides,
        len(provides),
        out,
        fresh,
        why,
    )
    _check(status, why, file)
    plugin, description = ffi.gc(out[0], lib.edge_plugin_free), ffi.new("edge_bytes *")
    _check(lib.edge_plugin_describe(plugin, description), None)
    return plugin, _values(_take(description)), _take(fresh)


def instance_options(fields: Mapping[str, int]) -> InstanceOptions:
    """Limits from the fields of `edge_instance_options`; missing ones are the library's defaults."""
    try:
        return ffi.new("edge_instance_options *", fields)
    except (OverflowError, TypeError) as error:
        from edge import errors

        raise errors.OptionsError(f"A limit is out of range: {error}") from None


def new_instance(plugin: Plugin, options: InstanceOptions) -> tuple[Instance, Step]:
    """An instance with these options, and memory for the results of its steps."""
    out, why = ffi.new("edge_instance **"), ffi.new("edge_bytes *")
    _check(lib.edge_instance_new(plugin, options, out, why), why)
    return ffi.gc(out[0], lib.edge_instance_free), ffi.new("edge_step *")


def release(instance: Instance) -> None:
    """Frees the guest and cancels its call, at once or when its running step ends; from any thread."""
    lib.edge_instance_close(instance)


def start_call(instance: Instance, name: bytes, params: bytes) -> None:
    """Starts a call; nothing runs before the first step."""
    why = ffi.new("edge_bytes *")
    _check(lib.edge_call_start(instance, name, len(name), params, len(params), why), why)


step_call = lib.edge_call_step
"""`step_call(instance, step)` runs the guest; returns a STEP_* or the status that ended the call."""


# Used by every host call, so looked up once.
_loads = marshal.loads
_buffer = ffi.buffer
_answer = lib.edge_call_answer
_NULL = ffi.NULL


def step_values(step: Step) -> Any:
    """The parameters of the host function that is called, or the results of the call; a copy."""
    # Only the library writes these bytes, as plain data in marshal's format. No other input reaches marshal,
    # which is not safe for untrusted input.
    return _loads(_buffer(step.data, step.len))


def fail_step(status: int, step: Step, subject: str) -> NoReturn:
    """Raises the error with which a call ended."""
    from edge._native.failure import fail

    fail(status, bytes(ffi.buffer(step.data, step.len)), subject)


def answer_call(instance: Instance, results: bytes) -> None:
    """Answers the host function that is called; `results` are encoded values."""
    status = _answer(instance, results, len(results), _NULL)
    if status:
        _check(status, None)


def fail_call(instance: Instance, message: bytes) -> None:
    """Makes the host function that is called fail; the next step ends the call."""
    _check(lib.edge_call_fail(instance, message, len(message)), None)


def cancel_call(instance: Instance) -> None:
    """Ends the call at its next step; from any thread."""
    lib.edge_call_cancel(instance)


def call_stats(instance: Instance) -> tuple[int, int, int, int]:
    """Fuel, bytes of memory, host calls and slices of the call so far."""
    stats = ffi.new("edge_stats *")
    _check(lib.edge_call_stats(instance, stats), None)
    return stats.fuel, stats.memory_bytes, stats.host_calls, stats.slices


def take_log(instance: Instance) -> tuple[list[tuple[int, bytes]], int] | None:
    """The guest's output (stream, bytes) since the last call, and how many bytes were dropped; or None."""
    out = ffi.new("edge_bytes *")
    _check(lib.edge_call_log(instance, out), None)
    return _values(_take(out)) if out.len else None


def _ask(function: Any, *arguments: Any, file: str = "", texts: tuple[bytes, ...] = ()) -> bytes:
    """Calls a function whose last two parameters receive its result and its error message.

    `texts`: the arguments that must be UTF-8, which is checked first if it fails.
    """
    out, why = ffi.new("edge_bytes *"), ffi.new("edge_bytes *")
    status = function(*arguments, out, why)
    if status != OK:
        from edge._native.failure import fail_text

        fail_text(status, _take(why), file, texts)
    return _take(out)


def _take(out: Any) -> bytes:
    taken = bytes(ffi.buffer(out.data, out.len)) if out.len else b""
    lib.edge_bytes_free(out)
    return taken


def _values(encoded: bytes) -> Any:
    return marshal.loads(encoded)  # noqa: S302 -- from the library alone, as in step_values


def _check(status: int, why: Any, subject: str = "") -> None:
    if status != OK:
        from edge._native.failure import fail

        fail(status, _take(why) if why is not None else b"a call out of order", subject)


NULL: Any = ffi.NULL

COUNT_CLOSED: int = lib.EDGE_COUNT_CLOSED
COUNT_LOCKED: int = lib.EDGE_COUNT_LOCKED
COUNT_MEMORY: int = lib.EDGE_COUNT_MEMORY
COUNT_BUSY: int = lib.EDGE_COUNT_BUSY
COUNT_RATE: int = lib.EDGE_COUNT_RATE
COUNT_PLUGINS: int = lib.EDGE_COUNT_PLUGINS
COUNT_HOLDERS: int = lib.EDGE_COUNT_HOLDERS
COUNT_NAME: int = lib.EDGE_COUNT_NAME

COUNTED_PLUGINS: int = lib.EDGE_COUNTED_PLUGINS
COUNTED_HOLDERS: int = lib.EDGE_COUNTED_HOLDERS
COUNTED_NAME: int = lib.EDGE_COUNTED_NAME


def open_counters(fd: int, root: bytes) -> Counters:
    """Opens counters in a file; the descriptor stays the caller's. `root`: the folder with /proc and /sys."""
    out, why = ffi.new("edge_counters **"), ffi.new("edge_bytes *")
    _check(lib.edge_counters_open(fd, root, len(root), out, why), why)
    return ffi.gc(out[0], lib.edge_counters_free)


def new_count() -> Count:
    """Memory for numbers of counters, or for the reason why a call is not counted."""
    return ffi.new("edge_count *")


enter_counters = lib.edge_counters_enter
"""Counts a call; returns its slot, or 0 and, in `count` where that is not NULL, the reason:

`enter_counters(counters, name, len(name), memory, room, reserve, concurrent, per_minute, seconds, count)`
"""

leave_counters = lib.edge_counters_leave
"""`leave_counters(counters, slot)` stops counting it; returns an errno or 0."""

live_counters = lib.edge_counters_live
"""`live_counters(counters, seconds, count)` returns OK or a COUNT_*."""


def free_bytes(root: bytes) -> int:
    """Free memory of this machine, in bytes; `root`: the folder with /proc and /sys."""
    return lib.edge_free_bytes(root, len(root))

"""The native library as functions: the only package that uses `ffi` and `lib`.

native/edge.h describes each function. Each type below says who owns what it points to. Threads may share
handles. Bytes that the library hands out are copied and freed at once.
"""

from __future__ import annotations

import marshal

from .library import open_library

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
        """A native engine. Owned: it is freed when nothing refers to it any more."""

    class Plugin:
        """A native plugin. Owned, as an Engine; does not need it any more."""

    class Instance:
        """A native instance. Owned, as an Engine; does not need its Plugin. `release` frees its guest."""

    class InstanceOptions:
        """Limits as the library takes them. Owned by Python; the library copies them."""

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
        """Numbers of counters. Owned by Python; it points to nothing."""

        memory: int
        free: int
        kind: int
        calls: int
        wait: int
        error: int


SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32

lib = open_library(ffi)

OK: int = lib.EDGE_OK
STATE: int = lib.EDGE_STATE
STEP_DONE: int = lib.EDGE_STEP_DONE
STEP_HOST: int = lib.EDGE_STEP_HOST
STEP_WAIT: int = lib.EDGE_STEP_WAIT
STEP_SLICE: int = lib.EDGE_STEP_SLICE
SEAL_BYTES: int = lib.EDGE_SEAL_BYTES
"""Bytes that a sealed secret has more than the secret."""


def about() -> dict[str, Any]:
    """Version, engine targets and features of this build of the library."""
    out = ffi.new("edge_bytes *")
    _check(lib.edge_about(out), None)
    return _take_values(out)


def merge_arguments(json: bytes, config: bytes) -> bytes:
    """A tool's arguments, a JSON object, with `config` as their `__config`."""
    out, why = _outputs()
    _check(lib.edge_arguments(json, len(json), config, len(config), out, why), why)
    return _take(out)


def read_json(text: bytes, file: str = "") -> Any:
    """Decodes JSON; the json module would cost a Pi Zero 1 MB and 60 ms."""
    out, why = _outputs()
    _check(lib.edge_json(text, len(text), out, why), why, file)
    return _take_values(out)


def new_engine(stack_bytes: int, *, interpret: bool = False) -> Engine:
    """An engine whose guests have a stack of this size; 0 is the library's default.

    `interpret`: for Pulley code, also where this CPU has native code.
    """
    try:
        options = ffi.new("edge_engine_options *", {"stack_bytes": stack_bytes, "interpret": interpret})
    except (OverflowError, TypeError):
        from edge import errors

        raise errors.OptionsError(f"stack_bytes is {stack_bytes!r}, and no whole number that fits") from None
    out, why = ffi.new("edge_engine **"), ffi.new("edge_bytes *")
    _check(lib.edge_engine_new(options, out, why), why)
    return ffi.gc(out[0], lib.edge_engine_free)


def describe_artifact(fd: int, file: str = "") -> tuple[dict[str, Any], bytes]:
    """The description in the trailer of an artifact, and a receipt for this check; loads nothing."""
    out, why = _outputs()
    receipt = ffi.new("edge_bytes *")
    _check(lib.edge_artifact_describe(fd, out, receipt, why), why, file)
    return _take_values(out), _take(receipt)


def load_plugin(
    engine: Engine, fd: int, file: str, head: bytes, trust: bytes, receipt: bytes, provides: bytes
) -> tuple[Plugin, bytes]:
    """Verifies code and loads it; returns the plugin and a new receipt, empty where there is none.

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
    return ffi.gc(out[0], lib.edge_plugin_free), _take(fresh)


def describe_plugin(plugin: Plugin) -> dict[str, Any]:
    """The verified description."""
    out = ffi.new("edge_bytes *")
    _check(lib.edge_plugin_describe(plugin, out), None)
    return _take_values(out)


def instance_options(fields: Mapping[str, int]) -> InstanceOptions:
    """Limits from the fields of `edge_instance_options`; missing ones are the library's defaults."""
    try:
        return ffi.new("edge_instance_options *", fields)
    except (OverflowError, TypeError) as error:
        from edge import errors

        raise errors.OptionsError(f"A limit is out of range: {error}") from None


def new_instance(plugin: Plugin, options: InstanceOptions) -> Instance:
    """An instance with these options."""
    out, why = ffi.new("edge_instance **"), ffi.new("edge_bytes *")
    _check(lib.edge_instance_new(plugin, options, out, why), why)
    return ffi.gc(out[0], lib.edge_instance_free)


def release(instance: Instance) -> None:
    """Frees the guest and cancels its call, at once or when its running step ends; from any thread."""
    lib.edge_instance_close(instance)


def start_call(instance: Instance, name: bytes, params: bytes) -> None:
    """Begins a call; nothing runs before the first step."""
    why = ffi.new("edge_bytes *")
    _check(lib.edge_call_start(instance, name, len(name), params, len(params), why), why)


def new_step() -> Step:
    """Memory for the result of a step, reused for every step of an instance."""
    return ffi.new("edge_step *")


step_call = lib.edge_call_step
"""`step_call(instance, step)` runs the guest; returns a STEP_* or the status that ended the call."""


# What every host call uses, looked up once.
_loads = marshal.loads
_buffer = ffi.buffer
_answer = lib.edge_call_answer
_NULL = ffi.NULL


def step_values(step: Step) -> Any:
    """The parameters of the host function that is called, or the results of the call; a copy."""
    # These bytes come from the library alone, which writes plain data in marshal's format; nothing else is
    # ever given to marshal, so what makes it unfit for untrusted input does not arise.
    return _loads(_buffer(step.data, step.len))


def fail_step(status: int, step: Step, subject: str) -> NoReturn:
    """Raises the error with which a call ended."""
    _fail(status, bytes(ffi.buffer(step.data, step.len)), subject)


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
    return _take_values(out) if out.len else None


def _outputs() -> tuple[Any, Any]:
    return ffi.new("edge_bytes *"), ffi.new("edge_bytes *")


def _take(out: Any) -> bytes:
    taken = bytes(ffi.buffer(out.data, out.len)) if out.len else b""
    lib.edge_bytes_free(out)
    return taken


def _take_values(out: Any) -> Any:
    return marshal.loads(_take(out))  # noqa: S302 -- from the library alone, as in step_values


def _check(status: int, why: Any, subject: str = "") -> None:
    if status != OK:
        _fail(status, _take(why) if why is not None else b"a call out of order", subject)


def _fail(status: int, why: bytes, subject: str) -> NoReturn:
    from edge import errors
    from edge.text import LIMIT, phrase

    remedy = b""
    if status == lib.EDGE_UNSUPPORTED:
        # Both lines are the library's own.
        why, _, remedy = why.partition(b"\n")
    # Messages of Wasmtime may have several lines, and may cite a guest.
    sentence = phrase(why[: 4 * LIMIT].decode("utf-8", "replace"))
    raise errors.of_status(
        status,
        f"{subject}: {sentence}" if subject else sentence[:1].upper() + sentence[1:],
        remedy.decode(),
    )


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
    """Memory for numbers of counters, or for why a call is not counted."""
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

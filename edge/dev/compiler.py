"""The native compiler, in a process of its own, which contains the damage that a hostile file can do.

The process has limits of memory and CPU time that follow from the file's size, and ends with its parent.
RATIONALE, "Why the compiler runs in a process of its own".
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from _thread import allocate_lock
from collections.abc import Iterator
from typing import IO, Any

from edge import errors, files
from edge.dev import loadable
from edge.limits import admission

MB = 1 << 20

BASE_MB = 512
MB_PER_MB = 64
"""Memory limit: componentize-py's 18 MB take 0.4 GB on 2 cores, more where more cores compile at once."""

USUAL_BASE_MB = 64
USUAL_MB_PER_MB = 24
"""Typical memory on a PC, from which the number of concurrent processes follows."""

BASE_SECONDS = 60
SECONDS_PER_MB = 60
"""CPU time limit, of all cores together: 18 MB take 20 to 60 s on a PC for each engine."""

BOOT = "import sys; sys.path[:] = sys.argv[1:]; from edge.dev.compiler_process import main; main()"
MAX_STDERR = 500
NO_MEMORY = (b"memory allocation", b"MemoryError", b"Cannot allocate memory", b"can't start new thread")

SOFT, HARD = 0, 1
AROUND = {
    resource.RLIMIT_CPU: (HARD, 1, "t", "LimitCPU"),
    resource.RLIMIT_AS: (SOFT, MB, "v", "LimitAS"),
    resource.RLIMIT_DATA: (HARD, MB, "d", "LimitDATA"),
}
"""Limits that the process inherits, with unit and the names in a shell and in a service."""

Facts = dict[str, Any]


class Processes:
    """Compiler processes that are ended together."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_ended = False

    @contextlib.contextmanager
    def counted(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Registers a process for a `with`."""
        with self._lock:
            self._running.add(process)
            if self._is_ended:
                process.kill()
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process)

    def end(self) -> None:
        """Kills the running processes, and every one started from now on."""
        with self._lock:
            self._is_ended = True
            for process in self._running:
                process.kill()


def at_once(size: int) -> int:
    """For how many engines a component of `size` bytes is compiled at once, by CPUs and free memory."""
    need = (USUAL_BASE_MB * MB) + USUAL_MB_PER_MB * size
    return max(1, min(len(os.sched_getaffinity(0)), admission.free_bytes() // need))


def encode(wasm: bytes, file: str) -> Facts:
    """As `decode`, for compilation: raises also for what no device loads (edge.dev.loadable)."""
    found = decode(wasm, file)
    loadable.check(found, file)
    return found


def decode(wasm: bytes, file: str) -> Facts:
    """The component that a plugin is, or that its core module with component metadata makes.

    Answers with `wasm`, the component, `kind`, what was given (component or module), `imports`, `exports`,
    and `missing`, imports of WASI that the library does not provide. Raises `errors.Refused` for what is not
    WebAssembly, is damaged, uses what the engine leaves out, or takes more than it may.
    `file` is for messages.
    """
    with _memory_file() as out:
        encoded = _run({"do": "encode"}, wasm, file, out)
        encoded["wasm"] = _contents(out) if encoded["kind"] == "module" else wasm
    return encoded


def compile_component(
    wasm: bytes,
    file: str,
    engine: str,
    seed: bytes | bytearray,
    fd: int,
    processes: Processes | None = None,
    *,
    large_memory: bool = False,
) -> Facts:
    """Compiles a component for an engine, writes the signed artifact to `fd`, and returns its description.

    `processes`: has the process as long as it runs. `large_memory`: a memory may have more than 16 MB on
    pulley32, for slower code. Raises as `encode`.
    """
    request = {"do": "compile", "engine": engine, "large_memory": large_memory}
    return _run(request, wasm, file, fd, seed, processes)


def _run(
    request: Facts,
    wasm: bytes,
    file: str,
    out: int,
    seed: bytes | bytearray = b"",
    processes: Processes | None = None,
) -> Facts:
    megabytes = -(-len(wasm) // MB)
    limits = {
        "memory_mb": BASE_MB + MB_PER_MB * megabytes,
        "cpu_s": BASE_SECONDS + SECONDS_PER_MB * megabytes,
    }
    with _memory_file(wasm) as given, tempfile.TemporaryFile() as stderr:
        whole = {**request, **limits, "file": file, "wasm": given, "out": out}
        text = json.dumps(whole).encode() + b"\n"
        reply, status = _exchange(text, seed, (given, out), stderr, processes or Processes())
        if status:
            stderr.seek(0)
            raise _ended(status, file, limits, stderr.read(MAX_STDERR))
    answer: Facts = json.loads(reply)
    if "status" in answer:
        raise errors.of_status(answer["status"], answer["message"], answer["remedy"])
    return answer


def _exchange(
    request: bytes, seed: bytes | bytearray, fds: tuple[int, ...], stderr: IO[bytes], processes: Processes
) -> tuple[bytes, int]:
    """The process's reply and exit status. Its standard input stays open: at its end, it ends."""
    command = [sys.executable, "-I", "-S", "-c", BOOT, *sys.path]
    with (
        subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            pass_fds=fds,
            env={**os.environ, "RUST_BACKTRACE": "0"},
        ) as process,
        processes.counted(process),
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(request)
            process.stdin.write(seed)
        reply = process.stdout.read()
        return reply, process.wait()


def _ended(status: int, file: str, limits: Facts, stderr: bytes) -> errors.EdgeError:
    """The error for a process that ended without a reply."""
    if status == -signal.SIGXCPU:
        return _over(file, limits["cpu_s"], "s of CPU time", resource.RLIMIT_CPU)
    if status == -signal.SIGKILL:
        return errors.OutOfMemory(
            f"{file}: the compiler process was killed, probably because memory ran out",
            "Close other programs, or give the service or container more memory",
        )
    if any(sign in stderr for sign in NO_MEMORY):
        kinds = resource.RLIMIT_AS, resource.RLIMIT_DATA
        return _over(file, limits["memory_mb"], "MB of memory", *kinds)
    if status == -signal.SIGINT:
        raise KeyboardInterrupt
    why = _panic(stderr)
    if status < 0:
        return errors.InvalidWasm(f"{file}: the compiler failed: {why or f'signal {-status}'}")
    return errors.InternalFault(f"{file}: the compiler process ended with status {status}: {why}")


def _over(file: str, most: int, unit: str, *kinds: int) -> errors.EdgeError:
    """The error for an exceeded limit: the compiler's own, or a lower one inherited from this process."""
    for kind in kinds:
        which, scale, option, service = AROUND[kind]
        around = resource.getrlimit(kind)[which]
        if around != resource.RLIM_INFINITY and around < most * scale:
            fault = errors.EnvironmentFault if kind == resource.RLIMIT_CPU else errors.OutOfMemory
            return fault(
                f"{file}: compiling needs more than {around // scale} {unit}, the limit of this process",
                f"Raise that limit: `ulimit -{option}` in a shell, {service}= in a service",
            )
    return errors.TooComplex(f"{file}: compiling needs more than {most} {unit}")


def _panic(stderr: bytes) -> str:
    """The panic message of a Rust program, without source locations."""
    lines = stderr.decode("utf-8", "replace").splitlines()
    return " ".join(line.strip() for line in lines if line and not line.startswith(("thread '", "note: ")))


@contextlib.contextmanager
def _memory_file(contents: bytes = b"") -> Iterator[int]:
    fd = os.memfd_create("edge-compiler")
    try:
        rest = memoryview(contents)
        while rest:
            rest = rest[os.write(fd, rest) :]
        yield fd
    finally:
        os.close(fd)


def _contents(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    return files.read_all(fd)

"""The emulator: starts QEMU, and exchanges requests and results with the board's first process (init/main.c).

They meet at a breakpoint. RATIONALE.md, "Why the emulated board talks through a breakpoint".
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence

from cross.board import gdb
from cross.board.errors import BoardError
from cross.board.kernel import Kernel

QEMU = "qemu-system-arm"
PARAMETERS = (
    "console=ttyAMA0",
    "loglevel=4",
    "panic=-1",
    "rootfstype=ramfs",  # in tmpfs, a program's own file would count as shared memory of it
    "norandmaps",  # memory would differ from start to start
    "cryptomgr.notests",  # seconds
    "initcall_blacklist=bcm2835_pm_driver_init",  # QEMU has no such device; the kernel panics
)
HEADLESS = ("-display", "none", "-monitor", "none", "-nodefaults", "-no-user-config")
SAME_ENTROPY = ("-seed", "1")
DEBUGGED = ("-S", "-gdb", "stdio")
# QEMU ends when this process does, however it ends.
WITH_US = ("setpriv", "--pdeathsig", "KILL")
VIRTUAL_TIME = ("-icount", "shift=1,sleep=off")

PANIC = b"Kernel panic"
LAST_WORDS = 1500

# As in init/host.h.
HOST_CALL = 0xB8000000
CALL_BYTES = 128 * 1024
STREAMS = REQUEST, STDIN, STDOUT, STDERR, OUTCOME, FAILURE = range(6)


class Machine:
    """A running board. It is stopped while no request is being answered."""

    def __init__(self, kernel: Kernel, archives: Sequence[bytes], *, icount: bool) -> None:
        if not shutil.which(QEMU):
            raise BoardError(f"{QEMU} not found: install Debian's qemu-system-arm")
        self._console = open(os.memfd_create("console"), "rb")  # noqa: SIM115
        initrd = _in_memory(archives)
        command = [QEMU, "-M", "raspi0", "-kernel", str(kernel.image), "-dtb", str(kernel.device_tree)]
        command += ["-initrd", _path(initrd), "-append", " ".join(PARAMETERS)]
        command += ["-serial", f"file:{_path(self._console.fileno())}"]
        command += [*HEADLESS, *SAME_ENTROPY, *DEBUGGED, *(VIRTUAL_TIME if icount else ())]
        # In its own session, the terminal's Ctrl-C reaches only this process.
        self._qemu = subprocess.Popen(
            [*WITH_US, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[initrd, self._console.fileno()],
            start_new_session=True,
        )
        os.close(initrd)
        assert self._qemu.stdin and self._qemu.stdout
        self._stub = gdb.Stub(self._qemu.stdin, self._qemu.stdout, self._check_for_panic)

    def boot(self, seconds: float) -> None:
        """Runs the machine until it asks for its first request."""
        with self._diagnosed(f"did not boot within {seconds:.0f} s"):
            self._stub.stop_at(HOST_CALL)
            self._until_next_request(time.monotonic() + seconds, memoryview(b""))

    def exchange(self, request: bytes, stdin: bytes, seconds: float) -> dict[int, bytes]:
        """Sends a request to the board; returns its output until the next request, by stream."""
        with self._diagnosed(f"did not answer within {seconds:.0f} s"):
            self._answer(request)
            return self._until_next_request(time.monotonic() + seconds, memoryview(stdin))

    def close(self) -> None:
        """Switches the board off."""
        self._qemu.kill()
        self._qemu.communicate()
        self._console.close()

    def _until_next_request(self, deadline: float, stdin: memoryview) -> dict[int, bytes]:
        written: dict[int, bytearray] = {}
        while True:
            self._stub.run_to_stop(deadline)
            stream, address, size = self._stub.registers()[:3]
            if stream not in STREAMS or size > CALL_BYTES:
                raise self._broken("made an unexpected call to the host")
            if stream == REQUEST:
                return {stream: bytes(data) for stream, data in written.items()}
            if stream == STDIN:
                self._answer(stdin[:size])
                stdin = stdin[size:]
            else:
                written.setdefault(stream, bytearray()).extend(self._stub.read(address, size))
                self._answer(b"")
            if stream == FAILURE:
                raise self._broken(f"could not start: {written[FAILURE].decode(errors='replace')}")

    def _answer(self, data: bytes | memoryview) -> None:
        """Puts `data` where the board's call expects it, and makes the call return its length."""
        registers = self._stub.registers()
        self._stub.write(registers[1], data)
        registers[0] = len(data)
        registers[gdb.PC] += gdb.INSTRUCTION_BYTES
        self._stub.set_registers(registers)

    @contextlib.contextmanager
    def _diagnosed(self, too_late: str) -> Iterator[None]:
        try:
            yield
        except gdb.TimedOut:
            raise self._broken(too_late) from None
        except gdb.Ended:
            raise self._broken(f"ended: {self._last_error() or 'QEMU reported no reason'}") from None

    def _check_for_panic(self) -> None:
        if PANIC in self._last_words():
            raise self._broken("had a kernel panic")

    def _last_words(self) -> bytes:
        size = self._console.seek(0, os.SEEK_END)
        self._console.seek(max(0, size - LAST_WORDS))
        return self._console.read()

    def _last_error(self) -> str:
        assert self._qemu.stderr
        self._qemu.kill()
        return self._qemu.stderr.read().decode(errors="replace").strip()

    def _broken(self, problem: str) -> BoardError:
        messages = self._last_words().decode(errors="replace").strip()
        return BoardError(
            f"the emulated board {problem}. Try again on a less busy machine; if it persists, compare"
            f" `{QEMU} --version` with 7.2, which is known to work."
            f" The kernel's last messages:\n{messages or '(none)'}"
        )


def _in_memory(parts: Sequence[bytes]) -> int:
    """A file of this process without a name."""
    file = os.memfd_create("initrd")
    with open(file, "wb", closefd=False) as out:
        out.writelines(parts)
    return file


def _path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"

"""Commands on the emulated Pi Zero."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from cross.board import payload, result, userland
from cross.board.errors import BoardError
from cross.board.kernel import kernel
from cross.board.machine import CALL_BYTES, OUTCOME, STDERR, STDOUT, Machine
from cross.board.result import Result

BOOT_SECONDS = 120
TIMEOUT = 300.0
# How much slower than its own clock the emulated board may be, on a busy machine, before it counts as stuck.
SLOWNESS = 20
GRACE_SECONDS = 60

BARE_PYTHON = ("python3.11", "-I", "-S", "-c", "pass")
REQUEST_HEAD = "<3I"
REQUEST_STRINGS = 4000


class Board:
    """A booted board, to be used in a `with` statement.

    `files` are in the folder that commands run in, `bundle` is what `edge bundle --target board` writes. With
    `icount`, time is a function of the executed instructions alone: the same commands on the same files give
    the same figures, to the digit, on any machine.
    """

    def __init__(
        self, files: Iterable[Path] = (), *, bundle: Path | None = None, icount: bool = False
    ) -> None:
        archives = [userland.archive().read_bytes(), payload.archive(files, bundle)]
        debian = kernel()
        self._icount = icount
        started = time.monotonic()
        self._machine = Machine(debian, archives, icount=icount)
        try:
            self._machine.boot(BOOT_SECONDS)
            self.boot_s = time.monotonic() - started
            # The first program finds nothing in the kernel's caches; it must not be a measured command.
            self.run(BARE_PYTHON)
            self.bare = self.run(BARE_PYTHON)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Switches the board off."""
        self._machine.close()

    def run(
        self,
        command: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Result:
        """Runs a command to its end, and kills background processes that it leaves.

        `env` adds to the board's environment. `timeout` counts on the board's clock.
        """
        request = self._request(command, {**userland.ENVIRONMENT, **(env or {})}, timeout)
        patience = timeout * (SLOWNESS if self._icount else 1) + GRACE_SECONDS
        written = self._machine.exchange(request, stdin, patience)
        return result.parse(written.get(STDOUT, b""), written.get(STDERR, b""), written[OUTCOME])

    def put(self, name: str, data: bytes) -> None:
        """Writes a file on the board; a name without folders is in the folder that commands run in."""
        written = self.run(["sh", "-c", 'cat > "$1"', "sh", name], stdin=data)
        if written.exit:
            raise BoardError(
                f"{name} cannot be written on the board: {written.stderr.decode(errors='replace').strip()}"
            )

    def _request(self, command: Sequence[str], env: Mapping[str, str], timeout: float) -> bytes:
        variables = [f"{name}={value}" for name, value in env.items()]
        strings = [f"/{userland.HOME}", *command, *variables]
        text = b"".join(string.encode("utf-8", "surrogateescape") + b"\0" for string in strings)
        head = struct.pack(REQUEST_HEAD, int(timeout * 1000), len(command), len(variables))
        if not command or len(head + text) > CALL_BYTES or len(strings) > REQUEST_STRINGS:
            raise BoardError(
                f"a command for the board must have 1 to {REQUEST_STRINGS} words and, with its environment, "
                f"at most {CALL_BYTES} bytes; put larger input into a file"
            )
        return head + text

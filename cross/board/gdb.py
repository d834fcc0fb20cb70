"""The packets of GDB's remote protocol, by which QEMU's stub stops and reads a machine."""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable
from typing import IO

# QEMU's packets hold 4096 characters, a byte of memory takes two.
MEMORY_AT_ONCE = 2000
# As many as the pipes hold, both ways, while the other end is busy.
PACKETS_AT_ONCE = 8
READ_AT_ONCE = 1 << 16
SILENCE_SECONDS = 1.0
REPLY_SECONDS = 60.0

CORE_REGISTERS = struct.Struct("<16I")
PC = 15
INSTRUCTION_BYTES = 4


class Ended(Exception):
    """The stub is gone, and the emulator with it, or it refuses a required request."""


class TimedOut(Exception):
    """No packet came in time."""


class Stub:
    """One end of a connection to QEMU's stub.

    `watch` is called every second while the stub is silent, and may raise.
    """

    def __init__(self, send: IO[bytes], receive: IO[bytes], watch: Callable[[], None]) -> None:
        self._send = send.fileno()
        self._receive = receive.fileno()
        self._watch = watch
        self._received = b""

    def stop_at(self, address: int) -> None:
        """Sets a breakpoint."""
        self._ask(b"Z1,%x,%x" % (address, INSTRUCTION_BYTES))

    def run_to_stop(self, deadline: float) -> None:
        """Lets the machine run until it stops."""
        self._put(b"c")
        self._get(deadline)

    def registers(self) -> list[int]:
        """Registers r0 to r15."""
        return list(CORE_REGISTERS.unpack_from(bytes.fromhex(self._ask(b"g").decode("ascii"))))

    def set_registers(self, values: list[int]) -> None:
        """Sets r0 to r15; the stub accepts no fewer."""
        self._ask(b"G" + CORE_REGISTERS.pack(*values).hex().encode("ascii"))

    def read(self, address: int, size: int) -> bytes:
        """Reads the machine's memory, as the stopped program sees it."""
        end = address + size
        starts = range(address, end, MEMORY_AT_ONCE)
        parts = self._ask_all([b"m%x,%x" % (start, min(MEMORY_AT_ONCE, end - start)) for start in starts])
        return bytes.fromhex(b"".join(parts).decode("ascii"))

    def write(self, address: int, data: bytes | memoryview) -> None:
        """Writes `data` into the machine's memory."""
        packets = []
        for start in range(0, len(data), MEMORY_AT_ONCE):
            part = data[start : start + MEMORY_AT_ONCE]
            packets.append(b"M%x,%x:%s" % (address + start, len(part), part.hex().encode("ascii")))
        self._ask_all(packets)

    def _ask(self, packet: bytes) -> bytes:
        return self._ask_all([packet])[0]

    def _ask_all(self, packets: list[bytes]) -> list[bytes]:
        replies: list[bytes] = []
        for start in range(0, len(packets), PACKETS_AT_ONCE):
            batch = packets[start : start + PACKETS_AT_ONCE]
            self._put(*batch)
            replies += [self._reply() for _ in batch]
        return replies

    def _reply(self) -> bytes:
        reply = self._get(time.monotonic() + REPLY_SECONDS)
        if not reply or reply.startswith(b"E"):
            raise Ended
        return reply

    def _put(self, *packets: bytes) -> None:
        # The plus acknowledges the previous packet.
        data = b"".join(b"+$%s#%02x" % (packet, sum(packet) & 0xFF) for packet in packets)
        try:
            while data:
                data = data[os.write(self._send, data) :]
        except BrokenPipeError:
            raise Ended from None

    def _get(self, deadline: float) -> bytes:
        while True:
            _, dollar, rest = self._received.partition(b"$")
            packet, end, after = rest.partition(b"#")
            if dollar and end and len(after) >= 2:
                self._received = after[2:]
                return packet
            self._fill(deadline)

    def _fill(self, deadline: float) -> None:
        while not select.select([self._receive], [], [], SILENCE_SECONDS)[0]:
            self._watch()
            if time.monotonic() > deadline:
                raise TimedOut
        data = os.read(self._receive, READ_AT_ONCE)
        if not data:
            raise Ended
        self._received += data

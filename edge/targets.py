"""What `--target` takes: devices and engines by name.

RATIONALE, "Why one engine profile, and fuel always on".
"""

from __future__ import annotations

ENGINES = ("pulley32", "pulley64", "aarch64", "x86_64")
"""Engines that execute artifacts: the interpreter of 32 or 64 bits, or a CPU."""

DEVICES = {
    "pi-zero": "pulley32",
    "pi-64": "aarch64",
    "x86_64-linux": "x86_64",
    "board": "pulley32",
}
"""The engine of each device; cross/targets.toml has the details."""


def engine_of(name: str) -> str:
    """The engine of a device, or the engine itself."""
    if name in ENGINES:
        return name
    try:
        return DEVICES[name]
    except KeyError:
        raise ValueError(f"devices are {', '.join(DEVICES)}; engines {', '.join(ENGINES)}") from None

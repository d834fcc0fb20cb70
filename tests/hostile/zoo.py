"""The hostile plugins: what each is, and whether it came to what it must."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import tomllib
import wasmtime

from edge import errors
from edge._native import making
from tests.hostile.composed import COMPOSED
from tests.hostile.generated import GENERATED

MADE = {**GENERATED, **COMPOSED}

HERE = Path(__file__).parent
ATTACK = HERE / "attack.py"
GOOD = "good"

TIMES = 2
"""A limit may be exceeded this often by the time that a call is over."""

RSS_KB = 1024
PEAK_KB = 12 << 10
"""What an attack may take at its worst: its memory, and what the host holds of it for a moment."""

CPU_FLOOR = 0.3
WALL_FLOOR = 20.0
MESSAGE_LETTERS = 1000


@dataclass(frozen=True)
class Attack:
    """One row of expected.toml."""

    name: str
    ends: str
    says: str = ""
    at: str = "call"
    plugin: str = ""
    limits: dict[str, Any] = field(default_factory=dict)
    function: str = "run"
    listens: bool = True
    board: bool = False

    def wasm(self) -> bytes:
        """The plugin, assembled."""
        name = self.plugin or self.name
        text = MADE[name]() if name in MADE else (HERE / "plugins" / f"{name}.wat").read_text()
        return text if isinstance(text, bytes) else bytes(wasmtime.wat2wasm(text))


@cache
def attacks() -> tuple[Attack, ...]:
    """The whole zoo."""
    table = tomllib.loads((HERE / "expected.toml").read_text())
    common = table["limits"]
    rows = (
        (name, {**row, "limits": {**common, **row.get("limits", {})}})
        for name, row in table["attack"].items()
    )
    return tuple(Attack(name=name, **row) for name, row in rows)


def prepare(
    folder: Path, chosen: Iterable[Attack], engine: str, *, interpret: bool
) -> dict[str, dict[str, Any]]:
    """Compiles attacks into a folder, with a plan for attack.py; answers with reports of those refused."""
    seed = bytes(making.new_key())
    good = Attack(GOOD, "Answer")
    file, _ = _compiled(folder, good, engine, seed)
    refused = {}
    plan = []
    for attack in chosen:
        file_name, refusal = _compiled(folder, attack, engine, seed)
        if refusal:
            refused[attack.name] = {
                "ends": type(refusal).__name__,
                "message": refusal.message,
                "at": "compile",
            }
        else:
            plan.append(
                {
                    "name": attack.name,
                    "file": file_name,
                    "function": attack.function,
                    "limits": attack.limits,
                    "listens": attack.listens,
                }
            )
    key = making.public_key(seed).hex()
    whole = {"key": key, "interpret": interpret, "good": file, "attacks": plan}
    (folder / "attacks.json").write_text(json.dumps(whole))
    return refused


def _compiled(
    folder: Path, attack: Attack, engine: str, seed: bytes | bytearray
) -> tuple[str, errors.EdgeError | None]:
    file = f"{attack.name}.cwasm"
    fd = os.open(folder / file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        component = making.encode_component(attack.wasm(), attack.name)
        making.compile_component(component["wasm"], attack.name, engine, b"{}", seed, fd)
    except errors.EdgeError as error:
        return file, error
    finally:
        os.close(fd)
    return file, None


def complaints(attack: Attack, report: dict[str, Any] | None) -> list[str]:
    """What is wrong with what came of an attack; empty when all is as it must be."""
    if report is None:
        return ["it was never carried out"]
    found = list(_outcome(attack, report))
    if "fuel" in report:
        found += _limits(attack, report)
    if "next" in report:
        found += _aftermath(report)
    elif attack.at != "compile":
        found.append("it never came to a call")
    return found


def _outcome(attack: Attack, report: dict[str, Any]) -> Iterable[str]:
    ends, message = report["ends"], report["message"]
    if ends != attack.ends:
        yield f"it ended as {ends}, not {attack.ends}: {message[:200]}"
    elif attack.says not in message:
        yield f"its message says nothing of {attack.says!r}: {message[:200]}"
    place = report.get("at", "call" if "fuel" in report else "load")
    if place != attack.at:
        yield f"it ended at {place}, not at {attack.at}"
    if len(message) > MESSAGE_LETTERS:
        yield f"its message has {len(message)} letters"


def _limits(attack: Attack, report: dict[str, Any]) -> Iterable[str]:
    limits = attack.limits
    if report["fuel"] > TIMES * limits["fuel"]:
        yield f"it spent {report['fuel']} units of fuel, its limit was {limits['fuel']}"
    if report["memory"] > limits["memory"]:
        yield f"it had {report['memory']} bytes of memory, its limit was {limits['memory']}"
    if report["cpu_s"] > TIMES * limits["deadline"] + CPU_FLOOR:
        yield f"it took {report['cpu_s']:.2f} s of CPU time, its deadline was {limits['deadline']} s"
    if report["wall_s"] > TIMES * limits["deadline"] + WALL_FLOOR:
        yield f"it took {report['wall_s']:.2f} s, its deadline was {limits['deadline']} s"
    if report["logged"] > limits["log_bytes"]:
        yield f"it logged {report['logged']} bytes, its limit was {limits['log_bytes']}"


def _aftermath(report: dict[str, Any]) -> Iterable[str]:
    after, left = report["next"], report["left"]
    if (after["ends"], after.get("answer")) != ("Answer", "'well'"):
        yield f"the next call came to {after}"
    if left["rss_kb"] > RSS_KB:
        yield f"{left['rss_kb']} kB stayed"
    if report["peak_kb"] > PEAK_KB:
        yield f"it took {report['peak_kb']} kB at its worst"
    for name in ("descriptors", "threads"):
        if left[name]:
            yield f"{left[name]} {name} stayed"

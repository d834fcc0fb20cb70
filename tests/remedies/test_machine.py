"""Remedies about this machine: the library, memory, variables and what confines a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.limits import PI_ZERO, Limits, admission, here
from edge.limits.admission import Admission, Counters
from tests.limits.test_admission import Machine
from tests.remedies.reading import Advice, advice
from tests.runtime import test_confinement as confined

Edge = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
MB = 1 << 20
NOTHING = '{"do": "nothing"}'


def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Edge in a process of its own, with other variables; an empty one is unset. All it says is in stderr."""
    kept = {name: value for name, value in os.environ.items() if environment.get(name, "x")}
    done = subprocess.run(
        [sys.executable, "-m", "edge", *map(str, words)],
        cwd=ROOT,
        env={**kept, **{name: value for name, value in environment.items() if value}},
        capture_output=True,
        text=True,
        check=False,
    )
    done.stderr = f"{done.stdout}\n{done.stderr}"
    return done


def checked(edge: Edge, name: str) -> str:
    """The remedy of a check of doctor's."""
    return next(
        str(one["remedy"]) for one in edge("doctor", "--json").document["checks"] if one["name"] == name
    )


def test_a_library_that_is_not_there() -> None:
    for words in (("--version",), ("doctor",)):
        ran = run(*words, EDGE_LIBRARY="/nowhere/libedge.so")
        if words == ("doctor",):
            told = advice(
                ran, "In a checkout, run `make build`; a bundle contains it; EDGE_LIBRARY names another one"
            )
        else:
            told = advice(
                ran, "In a checkout, run `make build`; a bundle contains it; EDGE_LIBRARY names another one"
            )
        assert told.command() == ["make", "build"]
        assert "\nbuild: " in (ROOT / "Makefile").read_text()
    assert run("--version").returncode == 0


def test_a_library_that_is_another_one(tmp_path: Path) -> None:
    import _cffi_backend

    ran = run("--version", EDGE_LIBRARY=_cffi_backend.__file__)
    advice(ran, "EDGE_LIBRARY must name Edge's libedge.so; if it is not set, the one in this package is used")
    assert run("--version", EDGE_LIBRARY="").returncode == 0
    cut = tmp_path / "libedge.so"
    cut.write_bytes(Path(os.environ["EDGE_LIBRARY"]).read_bytes()[:100_000])
    advice(
        run("--version", EDGE_LIBRARY=str(cut)),
        "Copy it again, or install the bundle again; in a checkout, run `make build`",
    )
    cut.write_bytes(Path(os.environ["EDGE_LIBRARY"]).read_bytes())
    assert run("--version", EDGE_LIBRARY=str(cut)).returncode == 0


def test_no_place_for_what_edge_keeps(tmp_path: Path) -> None:
    nowhere = {"HOME": "", "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
    told = advice(run("key", "new", "office", **nowhere), "Set one of them: export HOME=/home/USER")
    name, _, value = told.text.partition("export ")[2].partition("=")
    assert value.startswith("/")
    assert run("key", "new", "office", **{**nowhere, name: str(tmp_path)}).returncode == 0


@pytest.mark.skipif(not confined.IS_NATIVE, reason="what is interpreted needs little")
@pytest.mark.parametrize("what", ["addresses", "mappings"])
def test_what_confines_a_process(artifact: Callable[..., Path], what: str) -> None:
    confine = {"addresses": confined.few_addresses, "mappings": confined.no_executable_mappings}[what]
    if what == "mappings" and not confined.has_mdwe():
        pytest.skip("needs Linux 6.3")
    words = ("run", str(artifact("faults")), NOTHING)
    ran = confined.edge(confine, *words)
    told: Advice
    if what == "addresses":
        told = advice(
            ran,
            "ulimit -v unlimited, or LimitAS=infinity in the service; MemoryMax= limits the memory in use",
        )
        command = told.text.partition(",")[0]
        shell = (
            f"ulimit -Sv 2000000; {command}; exec {sys.executable} -m edge {words[0]} {words[1]} '{NOTHING}'"
        )
        assert subprocess.run(["/bin/sh", "-c", shell], cwd=ROOT, check=False).returncode == 0
    else:
        advice(ran, "MemoryDenyWriteExecute=no in the service that runs Edge: plugins are native code here")
        assert confined.edge(None, *words).returncode == 0


@pytest.fixture
def memory(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def counters(tmp_path: Path, memory: Machine) -> Iterator[Counters]:
    with Counters(str(tmp_path / "counters"), root=memory.root) as found:
        yield found


def test_a_plugin_that_no_call_of_fits(edge: Edge, installed: Callable[..., Any]) -> None:
    told = advice(
        installed(f"[edge.limits]\nmemory = {here().memory}\n", "--yes"),
        "`edge policy revoke {} limits memory {}` limits it to the memory that needs no consent on this "
        "device",
    )
    called = edge("call", "faults", NOTHING)
    assert (called.status, told.text in " ".join(called.err.split())) == (5, True)
    assert checked(edge, "room") == told.text
    edge(*told.edge())
    assert edge("call", "faults", NOTHING).status == 0
    assert checked(edge, "room") == ""


def test_memory_that_this_machine_never_has(edge: Edge, counters: Counters) -> None:
    large = Admission(counters, PI_ZERO)
    with pytest.raises(errors.NotAdmitted) as caught:
        large.admit("large", Limits(memory=PI_ZERO.memory))
    told = advice(
        caught.value,
        "It never fits on this device: `edge run --memory MB` sets a lower limit; its author can "
        "declare less",
    )
    assert "--memory" in edge(*told.edge(MB=1), "--help").out
    large.admit("small", Limits(memory=MB)).close()


def test_memory_that_other_programs_have(counters: Counters, memory: Machine) -> None:
    memory.free(admission.RESERVE_BYTES + 20 * MB)
    with pytest.raises(errors.NotAdmitted) as caught:
        Admission(counters, PI_ZERO).admit("large", Limits(memory=30 * MB))
    advice(
        caught.value,
        "Close other programs, or declare less memory under [edge.limits] in the manifest",
    )
    Admission(counters, PI_ZERO).admit("large", Limits(memory=MB)).close()


def test_memory_that_others_have(counters: Counters) -> None:
    each = Limits(memory=31 * MB)
    slots = [
        Admission(counters, PI_ZERO).admit(f"plugin-{number}", each)
        for number in range(PI_ZERO.memory // admission.need(each, PI_ZERO))
    ]
    with pytest.raises(errors.NotAdmitted) as caught:
        Admission(counters, PI_ZERO).admit("more", each)
    advice(
        caught.value,
        "Wait until another call has ended, or declare less memory under [edge.limits] in the manifest",
    )
    slots.pop().close()
    Admission(counters, PI_ZERO).admit("more", each).close()
    for slot in slots:
        slot.close()


def test_data_that_can_not_be_written(edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/self")
    advice(checked(edge, "disk"), "Set XDG_DATA_HOME to a folder that this user can write")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    assert not checked(edge, "disk")


def test_a_limit_of_memory_around_this_process(wasm: Callable[[str], Path], tmp_path: Path) -> None:
    """The compiler's process inherits it, and what it lacks is no fault of the plugin's."""
    words = f"{sys.executable} -m edge compile {wasm('cron-next')} --target pi-zero -o {tmp_path}"
    few = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -Sv 60000; XDG_CACHE_HOME={tmp_path}/cache {words}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert few.returncode == 5, few.stderr
    told = advice(few.stderr, "Raise that limit: `ulimit -{}` in a shell, {}= in a service")
    assert told.built_in("ulimit -Sv 60000") == "60000"


def test_memory_that_this_process_may_not_have() -> None:
    code = (
        "import resource\nfrom edge import cli\n"
        "def fail(*_):\n    raise MemoryError\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))\n"
        "cli._dispatch = fail\n"
        "raise SystemExit(cli.main(['list']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 5
    told = advice(ran.stderr, "This process is limited to {} MB: see `ulimit -{}`, in a service Limit{}=")
    assert told.filled[:2] == ("1024", "d")

"""Seeds and secrets leave neither core dumps nor copies in memory behind."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge._native import making
from edge.trust import key_file
from tests.support.home import move

ROOT = Path(__file__).resolve().parent.parent.parent

SIGNED = '{"files":[],"format":1}'

STATE = """
import ctypes, resource
def state():
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE), flush=True)
resource.setrlimit(resource.RLIMIT_CORE, (4096, resource.getrlimit(resource.RLIMIT_CORE)[1]))
"""

IMPORTS = "from edge._native import making\nfrom edge.trust import key_file\n"

USES = {
    "the own key is read": "from edge.trust import key_file; key_file.local_seed()",
    "a key is made": "from edge._native import making; making.new_key()",
    "something is signed": f"from edge._native import making; making.seal_package(b'{SIGNED}', bytes(32))",
    "a secret is sealed": "from edge._native import making; making.seal(bytes(32), b'', b'secret')",
    "a secret is opened": """
from edge import errors
from edge._native import making
try:
    making.unseal(bytes(32), b'', bytes(64), '')
except errors.BadSeal:
    pass
""",
}


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move(monkeypatch, tmp_path)


def ran(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("use", USES)
def test_memory_is_private_from_the_first_use_of_a_secret_on(use: str) -> None:
    key_file.wipe(key_file.local_seed())
    done = ran(f"{STATE}\nimport edge; edge.Runtime(trusted=b'')\nstate()\n{USES[use]}\nstate()")
    before, after = (line.split() for line in done.stdout.splitlines())
    assert (before[:2], after[:2]) == (["1", "4096"], ["0", "0"])
    assert before[2] == after[2], "the process may raise its limit again"


def test_whoever_embeds_edge_may_have_core_dumps_all_the_same() -> None:
    code = (
        f"{USES['a key is made']}\nctypes.CDLL(None).prctl(4, 1, 0, 0, 0)\n{USES['a key is made']}\nstate()"
    )
    assert ran(STATE + code).stdout.split()[0] == "1"


def test_a_process_that_dies_leaves_no_core(tmp_path: Path) -> None:
    code = "import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (1 << 26, 1 << 26))\n"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}{USES['a key is made']}\nos.abort()"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    _, status = os.waitpid(process.pid, 0)
    process.returncode = 0
    assert (os.WIFSIGNALED(status), os.WCOREDUMP(status), list(tmp_path.glob("core*"))) == (True, False, [])


def memory_of(pid: int) -> Iterator[bytes]:
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found and "[v" not in line:
                start, end = (int(digits, 16) for digits in found.groups())
                memory.seek(start)
                yield memory.read(end - start)


def copies(code: str, needles: dict[str, bytes]) -> dict[str, int]:
    """How often each needle is in the memory of a process that ran some code and is alive."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print('ready', flush=True); sys.stdin.read()"]
    with subprocess.Popen(
        command, cwd=ROOT, env=dict(os.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        memory = list(memory_of(process.pid))
    return {name: sum(part.count(needle) for part in memory) for name, needle in needles.items()}


def secrets_of(seed: bytes) -> dict[str, bytes]:
    """A seed, and what a signature is made with: both halves of its digest."""
    digest = hashlib.sha512(seed).digest()
    scalar = bytes([digest[0] & 248, *digest[1:31], digest[31] & 63 | 64])
    return {"seed": seed, "digest": digest[:32], "scalar": scalar, "prefix": digest[32:]}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of a process that hides it")
@pytest.mark.parametrize(
    "use",
    [
        "key_file.local_public()",
        "seed = key_file.local_seed(); making.public_key(seed); key_file.wipe(seed)",
        f"seed = key_file.local_seed(); making.seal_package(b'{SIGNED}', seed); key_file.wipe(seed)",
    ],
)
def test_no_copy_of_a_seed_stays_in_memory(use: str) -> None:
    seed = bytes(key_file.local_seed())
    found = copies(f"{IMPORTS}{use}", secrets_of(seed))
    assert found == dict.fromkeys(found, 0)
    kept = copies(f"{IMPORTS}kept = key_file.local_seed()\n{use}", secrets_of(seed))
    assert kept["seed"] == 1, "what is kept is found"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of a process that hides it")
def test_no_copy_of_an_opened_secret_stays_in_memory(tmp_path: Path) -> None:
    key, secret = bytes(key_file.local_seed()), os.urandom(20).hex().encode()
    (tmp_path / "sealed").write_bytes(making.seal(key, b"", secret))
    code = f"""
from edge._native import making\nfrom edge.trust import key_file
key = key_file.local_seed()
opened = making.unseal(key, b"", open({str(tmp_path / "sealed")!r}, "rb").read(), "")
key_file.wipe(key)
assert len(opened) == {len(secret)}
key_file.wipe(opened)
"""
    assert copies(code, {"key": key, "secret": secret}) == {"key": 0, "secret": 0}


def test_the_public_half_of_the_own_key_is_known_without_its_seed() -> None:
    key_file.wipe(key_file.local_seed())
    done = ran(f"{STATE}\nfrom edge.trust import key_file; key_file.local_public()\nstate()")
    assert done.stdout.split()[:2] == ["1", "4096"]

from __future__ import annotations

import pytest

from cross import sysroot, targets

USERLANDS = {"pi-zero": "armv7l", "pi-64": "aarch64", "board": "armv6l"}


@pytest.mark.parametrize(("target", "machine"), USERLANDS.items())
def test_every_userland_is_of_its_cpu(target: str, machine: str) -> None:
    code = "import platform, _cffi_backend; print(platform.machine(), _cffi_backend.__file__)"
    done = sysroot.python(target, ["-c", code], timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(machine)
    assert str(sysroot.userland(target)) in done.stdout


def test_a_target_without_a_userland_says_so() -> None:
    with pytest.raises(targets.UnknownTarget, match="no userland for host"):
        sysroot.userland("host")

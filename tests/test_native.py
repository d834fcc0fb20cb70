from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge import _native as native
from edge import errors
from edge._native import library
from edge._native._ffi import ffi

NOBODY = 65534
PACKAGE = Path(library.__file__).parent.parent


def test_the_generated_module_is_what_the_header_generates() -> None:
    pytest.importorskip("cffi.recompiler", reason="only the cffi backend is here")
    from edge.dev import generate_ffi

    assert generate_ffi.MODULE.read_text() == generate_ffi.generate(generate_ffi.HEADER.read_text())


def test_one_module_alone_knows_the_library() -> None:
    knowing = [
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("_ffi")
    ]
    assert knowing == [Path("_native/__init__.py")]


def test_about_says_what_the_library_is() -> None:
    about = native.about()
    assert about["abi"] == native.lib.EDGE_ABI_VERSION
    assert about["wasmtime"].startswith("48.")
    assert about["engine"] in about["fingerprints"]


def test_a_missing_library_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_LIBRARY", "/nowhere/libedge.so")
    with pytest.raises(errors.LibraryMissing, match="/nowhere/libedge.so") as caught:
        library.open_library(ffi)
    assert "make build" in caught.value.remedy


def test_a_library_for_another_cpu_says_what_this_one_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arm = bytearray(Path(library.path()).read_bytes()[:4096])
    arm[18:20] = b"\x28\0"
    (tmp_path / "libedge.so").write_bytes(arm)
    monkeypatch.setenv("EDGE_LIBRARY", str(tmp_path / "libedge.so"))
    with pytest.raises(errors.LibraryMissing, match=library.platform()) as caught:
        library.open_library(ffi)
    assert "edge bundle --target" in caught.value.remedy


def test_a_library_of_another_release_is_refused() -> None:
    class OtherRelease:
        EDGE_ABI_VERSION = 1

        @staticmethod
        def edge_abi_version() -> int:
            return 2

        def dlopen(self, _: str) -> OtherRelease:
            return self

    with pytest.raises(errors.LibraryMissing, match="ABI 2"):
        library.open_library(OtherRelease())


@pytest.mark.skipif(os.geteuid() != 0, reason="changes users")
def test_a_library_that_this_user_may_not_read_is_not_called_missing(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGE_LIBRARY", str(closed / "libedge.so"))
        os.seteuid(NOBODY)
        try:
            with pytest.raises(errors.LibraryMissing, match="may not read"):
                library.open_library(ffi)
        finally:
            os.seteuid(0)


def test_a_cpu_before_armv6_is_refused_before_the_library_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    class Armv5:
        machine = "armv5tejl"

    monkeypatch.setattr("posix.uname", Armv5)
    with pytest.raises(errors.LibraryMissing, match="armv5tejl"):
        library.open_library(None)


def test_without_the_cffi_backend_the_package_to_install_is_named() -> None:
    code = (
        "import sys; sys.modules['_cffi_backend'] = None\n"
        "from edge.cli import main; sys.exit(main(['--version']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 5
    assert "sudo apt install python3-cffi-backend" in done.stderr


def test_letters_that_this_python_does_not_know_are_spelled_in_messages() -> None:
    # Of Unicode 16, which the library knows and Python 3.13 does not.
    letter = chr(0x13460)
    with pytest.raises(errors.ArgumentsError) as refused:
        native.merge_arguments(f'"{letter}"'.encode(), b"{}")
    assert refused.value.message.isprintable()

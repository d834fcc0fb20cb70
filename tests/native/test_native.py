from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge import _native as native
from edge import errors
from edge._native import making
from edge._native._ffi import ffi

NOBODY = 65534
PACKAGE = Path(native.__file__).parent.parent


def test_the_generated_module_is_what_the_header_generates() -> None:
    pytest.importorskip("cffi.recompiler", reason="only the cffi backend is here")
    from edge.dev import generate_ffi

    assert generate_ffi.MODULE.read_text() == generate_ffi.generate(generate_ffi.HEADER.read_text())


def test_one_package_alone_knows_the_library() -> None:
    knowing = {
        path.parent.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("_ffi")
    }
    assert knowing == {Path("_native")}


def test_every_type_of_the_boundary_says_who_owns_it() -> None:
    tree = ast.parse((PACKAGE / "_native" / "__init__.py").read_text())
    types = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    said = {node.name: ast.get_docstring(node) or "" for node in types}
    assert said
    assert [name for name, text in said.items() if "Owned" not in text] == []
    pointing = [
        node.name
        for node in types
        for field in node.body
        if isinstance(field, ast.AnnAssign) and ast.unparse(field.annotation) != "int"
    ]
    assert [name for name in pointing if "borrowed from" not in said[name]] == []


def test_about_says_what_the_library_is() -> None:
    about = native.about()
    assert about["abi"] == native.lib.EDGE_ABI_VERSION
    assert about["wasmtime"].startswith("48.")
    assert about["engine"] in about["fingerprints"]


def test_a_missing_library_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_LIBRARY", "/nowhere/libedge.so")
    with pytest.raises(errors.LibraryMissing, match="/nowhere/libedge.so") as caught:
        native.open_library(ffi)
    assert "make build" in caught.value.remedy


def test_a_library_for_another_cpu_says_what_this_one_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arm = bytearray(Path(native.library_path()).read_bytes()[:4096])
    arm[18:20] = b"\x28\0"
    (tmp_path / "libedge.so").write_bytes(arm)
    monkeypatch.setenv("EDGE_LIBRARY", str(tmp_path / "libedge.so"))
    with pytest.raises(errors.LibraryMissing, match=native.platform()) as caught:
        native.open_library(ffi)
    assert "edge bundle --target" in caught.value.remedy


CUTS = (0, 3, 52, 100, 4096, 20_000, -5_000_000, -1)


def opened(monkeypatch: pytest.MonkeyPatch, path: Path) -> errors.LibraryMissing:
    """What opening this file as the library raises."""
    monkeypatch.setenv("EDGE_LIBRARY", str(path))
    with pytest.raises(errors.LibraryMissing, match=re.escape(str(path))) as caught:
        native.open_library(ffi)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("size", CUTS)
def test_a_library_that_is_cut_short_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int
) -> None:
    whole = Path(os.environ["EDGE_LIBRARY"]).read_bytes()
    (tmp_path / "libedge.so").write_bytes(whole[:size])
    assert re.search("cut short|not a library", opened(monkeypatch, tmp_path / "libedge.so").message)


def test_a_library_whose_end_was_never_written_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = Path(os.environ["EDGE_LIBRARY"]).read_bytes()
    (tmp_path / "libedge.so").write_bytes(whole[:-100_000] + bytes(100_000))
    assert "ends with empty bytes" in opened(monkeypatch, tmp_path / "libedge.so").message


@pytest.mark.parametrize(("place", "number"), [(56, 0), (56, 2), (56, 65535), (54, 57), (16, 9), (4, 7)])
def test_a_library_whose_header_is_damaged_is_called_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: int, number: int
) -> None:
    """On 64 bits: how many program headers there are, how large each is, the kind of file, of machine."""
    whole = bytearray(Path(os.environ["EDGE_LIBRARY"]).read_bytes())
    whole[place : place + 2] = number.to_bytes(2, "little")
    (tmp_path / "libedge.so").write_bytes(whole)
    assert "libedge.so is damaged: " in opened(monkeypatch, tmp_path / "libedge.so").message


def test_a_cut_library_ends_no_process_by_a_signal(tmp_path: Path) -> None:
    whole = Path(os.environ["EDGE_LIBRARY"]).read_bytes()
    (tmp_path / "libedge.so").write_bytes(whole[: len(whole) // 2])
    environment = {**os.environ, "EDGE_LIBRARY": str(tmp_path / "libedge.so")}
    for words, code in ((["--version"], 5), (["doctor"], 1)):
        command = [sys.executable, "-m", "edge", *words]
        done = subprocess.run(
            command, cwd=PACKAGE.parent, env=environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == code
        assert "cut short" in done.stdout + done.stderr


def test_what_is_no_library_of_edge_is_not_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import _cffi_backend

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("libedge")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "text", Path("/dev/null")):
        assert re.search("is not a file|not a library", opened(monkeypatch, path).message)
    assert "another library" in opened(monkeypatch, Path(_cffi_backend.__file__)).message


def test_a_library_that_lacks_a_function_is_another_one() -> None:
    class Other:
        def dlopen(self, _: str) -> object:
            return object()

    with pytest.raises(errors.LibraryMissing, match="another library"):
        native.open_library(Other())


def test_the_name_of_a_library_means_a_file_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.so").symlink_to(os.path.realpath(os.environ["EDGE_LIBRARY"]))
    monkeypatch.chdir(tmp_path)
    opened(monkeypatch, Path("libc.so.6"))
    monkeypatch.setenv("EDGE_LIBRARY", "mine.so")
    assert native.open_library(ffi).edge_abi_version() == native.lib.EDGE_ABI_VERSION


def test_a_library_of_another_release_is_refused() -> None:
    class OtherRelease:
        EDGE_ABI_VERSION = 1

        @staticmethod
        def edge_abi_version() -> int:
            return 2

        def dlopen(self, _: str) -> OtherRelease:
            return self

    with pytest.raises(errors.LibraryMissing, match="ABI 2"):
        native.open_library(OtherRelease())


@pytest.mark.skipif(os.geteuid() != 0, reason="changes users")
def test_a_library_that_this_user_may_not_read_is_not_called_missing(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGE_LIBRARY", str(closed / "libedge.so"))
        os.seteuid(NOBODY)
        try:
            with pytest.raises(errors.LibraryMissing, match="cannot read"):
                native.open_library(ffi)
        finally:
            os.seteuid(0)


def test_a_cpu_before_armv6_is_refused_before_the_library_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    class Armv5:
        machine = "armv5tejl"

    monkeypatch.setattr("posix.uname", Armv5)
    with pytest.raises(errors.LibraryMissing, match="armv5tejl"):
        native.open_library(None)


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


def test_a_description_that_is_no_json_is_not_signed() -> None:
    with pytest.raises(errors.OptionsError, match="description must be JSON"):
        making.seal_artifact(b"[", bytes(32))

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import _native as native
from edge import errors, trust
from edge._native import making
from edge.package import CODE, MANIFEST, WASM, Package, is_package, open_package
from edge.trust import key_file
from tests.support import packing

Packed = Callable[..., Path]
ENGINE = native.about()["engine"]


@contextmanager
def opened(contents: bytes, trusted: bytes | None) -> Iterator[Package]:
    fd = os.memfd_create("package")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(contents)
        yield open_package(fd, "a.edge", trusted)
    finally:
        os.close(fd)


@pytest.fixture(scope="module")
def contents(package: Packed) -> bytes:
    return package("cron-next", engines=(ENGINE, "pulley32"), with_wasm=True).read_bytes()


def saying(contents: bytes, **changes: Any) -> bytes:
    """The package with another description, signed by this machine."""
    description, files = packing.apart(contents)
    text = packing.spelled({**description, **changes})
    return packing.head(text, key_file.local_seed()) + b"".join(files.values())


def test_a_package_tells_what_it_holds(contents: bytes, tmp_path: Path) -> None:
    with opened(contents, trust.text()) as package:
        assert is_package(package.fd)
        assert package.names == [MANIFEST, f"{CODE}pulley32", f"{CODE}{ENGINE}", WASM]
        assert package.engines == ["pulley32", ENGINE]
        assert package.head + b"".join(packing.apart(contents)[1].values()) == contents
        assert package.manifest().startswith(b'name = "cron-next"')
        assert package.declared().name == "cron-next"
        package.check_all()
        with (tmp_path / "code").open("w+b") as copy:
            receipt = package.unpack(package.code(ENGINE), copy.fileno())
            assert Path(copy.name).read_bytes() == packing.apart(contents)[1][f"{CODE}{ENGINE}"]
            assert str(os.fstat(copy.fileno()).st_ino) in receipt.decode().split()


def test_code_for_an_engine_that_is_not_there_is_refused(contents: bytes) -> None:
    with opened(contents, None) as package, pytest.raises(errors.WrongTarget, match="has code for pulley32"):
        package.code("aarch64")


def test_anybodys_package_is_described_and_trust_is_asked_later(package: Packed) -> None:
    strange = package("cron-next", seed=making.new_key()).read_bytes()
    with opened(strange, None) as found:
        found.check_all()
        with pytest.raises(errors.Untrusted, match=r"^a\.edge: "):
            found.check_trust(trust.text())
    with pytest.raises(errors.Untrusted), opened(strange, trust.text()):
        pass


def test_only_the_file_that_is_damaged_is_told(contents: bytes) -> None:
    _, files = packing.apart(contents)
    for name in files:
        changed = {**files, name: files[name][:-1] + bytes([files[name][-1] ^ 1])}
        head = contents[: len(contents) - sum(map(len, files.values()))]
        with opened(head + b"".join(changed.values()), None) as package:
            for other in files:
                if other != name:
                    package.check(other)
            with pytest.raises(errors.Damaged, match=f"{name} does not have the digest"):
                package.check_all()


def test_a_manifest_of_another_plugin_is_refused(contents: bytes) -> None:
    for field, other in (("name", "weather"), ("version", "1.0.1")):
        with (
            opened(saying(contents, **{field: other}), None) as package,
            pytest.raises(errors.BadPackage, match=f"{field} .*, its description {other}"),
        ):
            package.declared()


def test_a_manifest_as_long_as_no_manifest_is_not_read(contents: bytes) -> None:
    description, files = packing.apart(contents)
    long = b"#" * (1 << 20) + b"\n"
    entry = {"name": MANIFEST, "size": len(long), "sha256": "0" * 64}
    text = packing.spelled({**description, "files": [entry, *description["files"][1:]]})
    body = b"".join({**files, MANIFEST: long}.values())
    with (
        opened(packing.head(text, key_file.local_seed()) + body, None) as package,
        pytest.raises(errors.BadPackage, match="longer than 256 kB"),
    ):
        package.manifest()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": None},
        {"name": ["cron-next"]},
        {"name": "../cron"},
        {"version": ""},
        {"release": 0},
        {"release": True},
        {"release": 1.5},
        {"release": 2**60},
        {"compiler": {"wasmtime": "48"}},
        {"source": {"size": -1, "sha256": "0" * 64}},
        {"source": {"size": 1, "sha256": "0"}},
        {"imports": "wasi"},
        {"exports": [None]},
        {"instance_bytes": "0"},
        {"plugin": {"name": "cron-next"}},
        {"tools": [{"name": "a"}]},
    ],
)
def test_a_description_that_lacks_something_is_refused(contents: bytes, changes: dict[str, Any]) -> None:
    (field,) = changes
    with (
        pytest.raises(errors.BadPackage, match=f"its description: `{field}`"),
        opened(saying(contents, **changes), None),
    ):
        pass


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda files: files[1:], "it has no manifest.toml"),
        (lambda files: [files[0], files[-1]], "it contains no code"),
        (lambda files: [{**files[0], "engine": "x"}, *files[1:]], "manifest.toml is not code"),
        (lambda files: [*files, {**files[0], "name": "readme"}], "unexpected file readme"),
        (lambda files: [files[0], {**files[1], "engine": "pulley64"}], "unexpected file code.pulley32"),
        (lambda files: [files[0], {**files[1], "engine": 7}], "unexpected file code.pulley32"),
        (lambda files: [files[0], {**files[1], "fingerprint": None}], "unexpected file code.pulley32"),
    ],
)
def test_files_that_mean_nothing_are_refused(
    contents: bytes, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], message: str
) -> None:
    description, files = packing.apart(contents)
    entries = change(description["files"])
    body = b"".join(files.get(entry["name"], files[MANIFEST]) for entry in entries)
    head = packing.head(packing.spelled({**description, "files": entries}), key_file.local_seed())
    with pytest.raises(errors.BadPackage, match=message), opened(head + body, None):
        pass


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ("compiler", "exports", "files", "format", "imports", "instance_bytes", "name", "plugin", "release")


@given(
    changes=st.dictionaries(st.sampled_from((*FIELDS, "source", "tools", "version", "signer")), VALUES),
    entry=st.dictionaries(st.sampled_from(("name", "size", "sha256", "engine", "fingerprint")), VALUES),
)
def test_whatever_somebody_signs_is_a_package_or_refused(
    contents: bytes, changes: dict[str, Any], entry: dict[str, Any]
) -> None:
    description, _ = packing.apart(contents)
    files = [*description["files"][:-1], {**description["files"][-1], **entry}]
    try:
        with opened(saying(contents, **{"files": files, **changes}), None) as package:
            package.check_all()
            package.declared()
    except errors.Refused as error:
        assert error.message.startswith("a.edge")
        return
    assert package.description["signer"] == key_file.local_public().hex()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "contents", [b"", b"EDGE", b"EDGEPKG1", b"EDGEPKG1" + bytes(100), b"\x7fELF" + bytes(200)]
)
def test_what_is_no_package_is_told(contents: bytes) -> None:
    with pytest.raises(errors.Refused, match=r"^a\.edge: "), opened(contents, None):
        pass


def test_opening_a_package_imports_little() -> None:
    import subprocess
    import sys

    heavy = {"argparse", "edge.manifest", "hashlib", "json", "logging", "os", "pathlib", "re", "tomllib"}
    code = f"import sys; sys.path[:0] = {sys.path!r}; import edge.package; print(*{heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""

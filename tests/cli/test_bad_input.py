"""Bad input through the command line: what is said, with which exit code, and that nothing is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from edge import Runtime, errors
from edge.trust import key_file

Edge = Callable[..., Any]
Artifact = Callable[..., Path]
Wasm = Callable[[str], Path]

EMPTY_MODULE = b"\0asm\1\0\0\0"
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts and changes users")


def refused(ran: Any, status: int, *said: str) -> None:
    assert (ran.status, ran.out) == (status, "")
    first, second = ran.err.splitlines()[-2:]
    assert first.startswith("edge: ")
    assert second.startswith("      ")
    assert "Traceback" not in ran.err
    for words in said:
        assert words in ran.err


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(contents: bytes) -> Path:
        path = tmp_path / "input" / "plugin.bin"
        path.parent.mkdir()
        path.write_bytes(contents)
        return path

    return write


NO_WASM = [b"", b"\0", b"\0asm", b"\x7fELF" + bytes(200), b"not wasm at all\n", b"PK\3\4" + bytes(64)]


@pytest.mark.parametrize("contents", NO_WASM)
def test_not_wasm(edge: Edge, file: Callable[[bytes], Path], contents: bytes, tmp_path: Path) -> None:
    path = file(contents)
    (tmp_path / "out").mkdir()
    refused(edge("compile", path, "--target", "pi-zero", "-o", tmp_path / "out"), 3, "plugin.bin: ")
    assert os.listdir(tmp_path / "out") == []
    refused(edge("run", path, "{}"), 3, "plugin.bin: ")


def test_a_core_module_without_metadata(edge: Edge, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    path = file(EMPTY_MODULE)
    ran = edge("compile", path, "--target", "pi-zero", "-o", tmp_path / "input")
    refused(ran, 3, "core module without component metadata", "wit-bindgen")
    assert os.listdir(tmp_path / "input") == ["plugin.bin"]
    refused(edge("run", path, "{}"), 3, "core module without component metadata")


@pytest.fixture(scope="module")
def contents(artifact: Artifact) -> bytes:
    return artifact("faults").read_bytes()


@given(data=st.data())
def test_a_truncated_artifact(contents: bytes, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(contents) - 1))
    assert_refused(contents[:length])


@given(data=st.data())
def test_an_artifact_with_a_flipped_bit(contents: bytes, data: st.DataObject) -> None:
    # Half of the flips where most of the format is: in the trailer.
    start = data.draw(st.sampled_from([0, len(contents) - 2000]))
    place = data.draw(st.integers(start * 8, len(contents) * 8 - 1))
    damaged = bytearray(contents)
    damaged[place // 8] ^= 1 << place % 8
    assert_refused(bytes(damaged))


@given(data=st.data())
def test_an_artifact_with_bytes_put_in(contents: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(contents)))
    assert_refused(contents[:place] + data.draw(st.binary(min_size=1, max_size=64)) + contents[place:])


def assert_refused(contents: bytes) -> None:
    fd = os.memfd_create("artifact")
    try:
        os.write(fd, contents)
        with pytest.raises(errors.Refused):
            Runtime().load_open(fd, "artifact")
    finally:
        os.close(fd)


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_truncated_artifact_is_explained(
    edge: Edge, file: Callable[[bytes], Path], contents: bytes, keep: float
) -> None:
    refused(edge("run", file(contents[: int(len(contents) * keep)]), "{}"), 3, "plugin.bin: ", "trailer")


def test_a_flipped_bit_in_the_code_is_explained(
    edge: Edge, file: Callable[[bytes], Path], contents: bytes
) -> None:
    damaged = contents[:5000] + bytes([contents[5000] ^ 1]) + contents[5001:]
    refused(edge("run", file(damaged), "{}"), 3, "digest", "Copy the file again")


def test_an_artifact_of_a_machine_that_is_not_trusted(
    edge: Edge, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = artifact("faults")
    monkeypatch.setenv("HOME", str(tmp_path))
    refused(edge("run", path, "{}"), 3, "signed by key", "not trusted here", "edge key trust")
    assert os.listdir(tmp_path) == []


def test_an_artifact_for_another_engine(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", artifact("faults", "pulley32"), "{}")
    refused(ran, 3, "compiled for `pulley32`", "edge compile --target")


def test_an_artifact_of_another_engine_version(
    edge: Edge, file: Callable[[bytes], Path], contents: bytes
) -> None:
    def change(description: dict[str, Any]) -> None:
        description["artifact"]["fingerprint"] = "0123456789abcdef"
        description["compiler"]["wasmtime"] = "47.0.1"

    path = file(resigned(contents, change))
    refused(edge("run", path, "{}"), 3, "0123456789abcdef", "wasmtime 47.0.1", "Compile the plugin again")


def test_a_description_that_was_changed_and_not_signed_again(
    edge: Edge, file: Callable[[bytes], Path], contents: bytes
) -> None:
    refused(edge("run", file(contents.replace(b'"faults"', b'"virtue"')), "{}"), 3, "signature")


def resigned(contents: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """An artifact whose description is changed and signed again with this machine's key."""
    key_at, signature_at, length_at, magic_at = (len(contents) - size for size in (108, 76, 12, 8))
    elf_size = key_at - int.from_bytes(contents[length_at:magic_at], "little")
    description = json.loads(contents[elf_size:key_at])
    change(description)
    text = json.dumps(description).encode()
    key = Ed25519PrivateKey.from_private_bytes(key_file.local_seed())
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert public == contents[key_at:signature_at]
    signature = key.sign(b"edge artifact description v1\n" + text)
    length = len(text).to_bytes(4, "little")
    return contents[:elf_size] + text + public + signature + length + contents[magic_at:]


@pytest.mark.parametrize("arguments", ["", "{", "[1]", "do it", '{"do": "nothing"} {}', "\udcff"])
def test_arguments_that_are_not_a_json_object(edge: Edge, artifact: Artifact, arguments: str) -> None:
    refused(edge("run", artifact("faults"), arguments), 2, "JSON object")


def test_a_tool_that_is_not_there(edge: Edge, artifact: Artifact) -> None:
    refused(edge("run", artifact("faults"), "fly", "{}"), 2, "no tool `fly`", "It offers faults")


def test_an_import_that_nobody_provides(edge: Edge, artifact: Artifact) -> None:
    refused(edge("run", artifact("types"), "{}"), 3, "edge:types/echo@0.1.0")


def test_a_trap(edge: Edge, artifact: Artifact) -> None:
    refused(edge("run", artifact("faults"), '{"do": "trap"}'), 4, "faults: ", "unreachable")


def test_endless_recursion(edge: Edge, artifact: Artifact) -> None:
    refused(edge("run", artifact("faults"), '{"do": "recurse"}'), 4, "stack")


def test_a_guest_that_exits(edge: Edge, artifact: Artifact) -> None:
    refused(edge("run", artifact("faults"), '{"do": "exit"}'), 4, "exited with status 1")


@pytest.mark.parametrize(
    "command", [("run", "FILE", "{}"), ("inspect", "FILE"), ("compile", "FILE", "--target", "pi-64")]
)
@pytest.mark.parametrize("kind", ["missing", "directory", "fifo"])
def test_an_input_that_is_no_file(edge: Edge, tmp_path: Path, command: tuple[str, ...], kind: str) -> None:
    path = tmp_path / kind
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    refused(edge(*(path if word == "FILE" else word for word in command)), 2, str(path))


@contextlib.contextmanager
def another_user() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@as_root
@pytest.mark.parametrize(
    "command", [("run", "FILE", "{}"), ("inspect", "FILE"), ("compile", "FILE", "--target", "pi-64")]
)
def test_an_unreadable_file(edge: Edge, tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "secret.wasm"
    path.write_bytes(EMPTY_MODULE)
    path.chmod(0)
    tmp_path.chmod(0o755)
    with another_user():
        ran = edge(*(path if word == "FILE" else word for word in command))
    refused(ran, 5, "secret.wasm: Permission denied")


@as_root
def test_a_folder_that_can_not_be_written(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    mount("-t", "tmpfs", "-o", "ro", output)
    try:
        refused(
            edge("compile", wasm("cron-next"), "--target", "pi-64", "-o", output), 5, "Read-only file system"
        )
    finally:
        subprocess.run(["umount", output], check=True)


@as_root
@pytest.mark.parametrize("kilobytes", [0, 64, 400])
def test_a_full_disk_while_compiling(edge: Edge, wasm: Wasm, tmp_path: Path, kilobytes: int) -> None:
    output = tmp_path / "out"
    output.mkdir()
    # Two artifacts of some 200 kB: the disk is full before the first, within it, or within the second.
    mount("-t", "tmpfs", "-o", f"size={max(kilobytes, 4)}k", output)
    try:
        if not kilobytes:
            (output / "old").write_bytes(bytes(4096))
        before = os.listdir(output)
        targets = ("--target", "pulley32", "--target", "pulley64")
        refused(edge("compile", wasm("cron-next"), *targets, "-o", output), 5, "No space left")
        assert os.listdir(output) == before
    finally:
        subprocess.run(["umount", output], check=True)


@as_root
def test_a_full_disk_leaves_the_older_artifact(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", output)
    try:
        old = output / "cron-next.pulley32.cwasm"
        old.write_bytes(b"old")
        refused(edge("compile", wasm("cron-next"), "--target", "pi-zero", "-o", output), 5, "No space left")
        assert old.read_bytes() == b"old"
        assert os.listdir(output) == [old.name]
    finally:
        subprocess.run(["umount", output], check=True)


def mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, (*words[:-1], "tmpfs", words[-1]))], check=True)


@pytest.mark.parametrize(
    "words", [("run", "", "{}"), ("inspect", ""), ("compile", "", "--target", "pi-64"), ("install", "")]
)
def test_an_empty_name_is_no_file(edge: Edge, words: tuple[str, ...]) -> None:
    refused(edge(*words), 2, "An empty name is no file", "Name a file")

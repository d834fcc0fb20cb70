"""What a command reads and verifies, counted where Python enters the native library and reads files."""

from __future__ import annotations

import posix
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from edge import errors, files, installed, store, trust
from edge._native import making
from edge.cli import main
from edge.policy import change
from edge.policy import file as policy_file
from edge.store import lifecycle, records
from edge.store.view import View
from edge.trust import edit, key_file

Put = Callable[..., Any]

NAMES = ("faults", "other")


class Counted:
    """How often each head was verified, and each guarded file was read."""

    def __init__(self) -> None:
        self.heads: Counter[bytes] = Counter()
        self.files: Counter[str] = Counter()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Counted]]:
    found = Counted()
    verify, load, read = native.lib.edge_head_describe, native.lib.edge_plugin_load, files.read_guarded

    class Library:
        """The library, which counts the heads that it is given to verify."""

        def __getattr__(self, name: str) -> Any:
            return getattr(lib, name)

        def edge_head_describe(self, head: bytes, *others: Any) -> Any:
            found.heads[head] += 1
            return verify(head, *others)

        def edge_plugin_load(self, engine: Any, fd: int, head: bytes, *others: Any) -> Any:
            found.heads[head] += 1
            return load(engine, fd, head, *others)

    def reads(path: str, *others: Any, **more: Any) -> Any:
        found.files[path] += 1
        return read(path, *others, **more)

    lib = native.lib

    def run(*words: str, status: int = 0, act: Callable[..., object] = main) -> Counted:
        found.heads.clear()
        found.files.clear()
        with monkeypatch.context() as patch:
            for module in (native, making):
                patch.setattr(module, "lib", Library())
            patch.setattr(files, "read_guarded", reads)
            assert act(words) == status
        return found

    yield run


def heads(*names: str) -> set[bytes]:
    """Of the current releases of plugins, and of those that are kept."""
    found = [records.get(name) for name in names]
    folders = [folder for each in found for folder in (each.current, each.previous) if folder]
    return {(Path(store.release_path(folder)) / store.HEAD).read_bytes() for folder in folders}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("list",), NAMES),
        (("doctor",), NAMES),
        (("show", "faults"), ("faults",)),
        (("audit", "faults"), ("faults",)),
        (("audit", "--engine"), NAMES),
        (("policy", "show", "faults"), ("faults",)),
    ],
)
def test_a_command_verifies_a_head_once_and_reads_trust_and_policy_once(
    put: Put, counted: Callable[..., Counted], words: tuple[str, ...], names: tuple[str, ...]
) -> None:
    change.set_unattended("medium")
    put(1)
    put(2)
    put(1, name="other")
    found = counted(*words, status=main(list(words)))
    assert set(found.heads) <= heads(*names)
    assert set(found.heads.values()) == {1}
    guarded = [policy_file.default_path(), *trust.paths()]
    assert [path for path in guarded if found.files[path] != 1] == []


def from_python(words: tuple[str, ...]) -> int:
    """`edge.installed.list` or `get`."""
    return 0 if getattr(installed, words[0])(*words[1:]) else 1


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (main, ("list",)),
        (main, ("show", "plugin-7")),
        (main, ("show", "plugin-49")),
        (from_python, ("list",)),
        (from_python, ("get", "plugin-7")),
    ],
)
def test_of_fifty_plugins_each_signature_is_verified_once_and_trust_and_policy_are_opened_once(
    fifty: list[str],
    counted: Callable[..., Counted],
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[..., int],
    words: tuple[str, ...],
) -> None:
    opened: Counter[str] = Counter()
    posix_open = posix.open

    def opens(path: str, *others: Any, **more: Any) -> int:
        opened[path] += 1
        return posix_open(path, *others, **more)

    monkeypatch.setattr(posix, "open", opens)
    found = counted(*words, act=act)
    # What is refused for its contents says nothing: that it is whole is looked at again.
    refused = heads("plugin-3")
    assert {head: count for head, count in found.heads.items() if head not in refused} == dict.fromkeys(
        heads(*(words[1:] or fifty)) - refused, 1
    )
    assert max(found.heads.values()) <= 2
    assert [opened[path] for path in (trust.operator_path(), policy_file.default_path())] == [1, 1]
    assert [path for path in (*trust.paths(), trust.local_path()) if opened[path] > 1] == []


@pytest.fixture
def fifty(put: Put) -> list[str]:
    """Installed plugins, in all states, with what the operator has said of several."""
    names = sorted(f"plugin-{number}" for number in range(50))
    releases = {name: put(name=name).record.current for name in names}
    public = key_file.local_public()
    assert public is not None
    edit.add(public, "own", ["plugin-*"])
    edit.revoke(edit.SHA256, releases["plugin-3"][:64], "")
    change.set_level("strict", "plugin-7")
    change.set_level("paranoid", "plugin-8")
    change.set_unattended("medium")
    lifecycle.disable("plugin-9")
    return names


def test_a_call_verifies_one_head_and_reads_trust_once(put: Put, counted: Callable[..., Counted]) -> None:
    put(1)
    found = counted("call", "faults", "{}", status=main(["call", "faults", "{}"]))
    assert dict(found.heads) == dict.fromkeys(heads("faults"), 1)
    assert [found.files[path] for path in trust.paths()] == [1, 1]
    assert found.files[policy_file.default_path()] == 0


def test_what_is_described_are_the_bytes_that_were_verified(put: Put) -> None:
    put(1)
    release = View().release(records.get("faults").current, "faults")
    assert release.refusal is None
    (Path(store.release_path(release.id)) / store.HEAD).write_bytes(b"")
    assert release.description["name"] == "faults"
    assert making.describe_head(release.head, "", None) == release.description
    with pytest.raises(errors.StoreDamaged):
        assert View().release(release.id, "faults").description


def test_another_view_sees_what_changed(put: Put) -> None:
    put(1)
    view = View()
    release = records.get("faults").current
    assert (view.release(release, "faults").refusal, view.policy.level) == (None, "default")
    change.set_level("strict")
    assert (view.release(release, "faults").refusal, view.policy.level) == (None, "default")
    assert isinstance(View().release(release, "faults").refusal, errors.Untrusted)


def test_what_is_refused_is_described_all_the_same(put: Put) -> None:
    put(1)
    change.set_level("strict")
    release = View().release(records.get("faults").current, "faults")
    assert isinstance(release.refusal, errors.Untrusted)
    assert release.description["version"] == "1.0.0"


def test_what_can_not_be_read_is_raised_each_time(put: Put) -> None:
    put(1)
    Path(policy_file.default_path()).parent.mkdir(parents=True)
    Path(policy_file.default_path()).write_text("{")
    view = View()
    for _ in range(2):
        with pytest.raises(errors.EnvironmentFault, match="is not a valid policy"):
            assert view.policy
    release = view.release(records.get("faults").current, "faults")
    assert isinstance(release.refusal, errors.EnvironmentFault)
    assert release.description["name"] == "faults"

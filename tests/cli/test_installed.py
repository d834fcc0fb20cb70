"""The life of an installed plugin on the command line: what is answered, and with which exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from tests.support import packages, packing
from tests.support.home import LOCAL, move

ROOT = Path(__file__).resolve().parent.parent.parent
Edge = Callable[..., Any]

LOUD = '{"do": "log-flood", "count": 1, "text": "loud"}'
HTTP = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["example.org"]\n'


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store and counters of its own, with the signing key of all tests."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        yield


@pytest.fixture
def packed(wasm: Callable[[str], Path], tmp_path: Path) -> Callable[..., Path]:
    def make(release: int = 1, manifest: str = "", version: str = "1.0.0") -> Path:
        path = tmp_path / f"faults-{release}.edge"
        path.write_bytes(
            packages.package(
                wasm("faults"), name="faults", version=version, release=release, manifest=manifest
            )
        )
        return path

    return make


def test_from_a_package_to_an_answer(edge: Edge, packed: Callable[..., Path]) -> None:
    ran = edge("install", packed())
    assert (ran.status, ran.out) == (0, "faults 1.0.0 installed\n")
    assert edge("list").out.split() == [
        *("name", "version", "release", "state", "tools"),
        *("faults", "1.0.0", "1", "enabled", "faults"),
    ]
    ran = edge("call", "faults", '{"do": "nothing"}')
    assert ran.status == 0
    assert edge("install", packed()).out == "faults 1.0.0 is already installed\n"


def test_every_command_answers_one_document(edge: Edge, packed: Callable[..., Path]) -> None:
    done = edge("install", packed(1), "--json").document
    assert (done["plugin"], done["change"], done["enabled"], done["previous"]) == (
        "faults",
        "installed",
        True,
        None,
    )
    again = edge("install", packed(2, version="1.1.0"), "--json").document
    assert (again["change"], again["previous"], again["version"]) == ("upgraded", done["id"], "1.1.0")
    listed = edge("list", "--json").document["plugins"]
    assert [(row["name"], row["release"], row["state"]) for row in listed] == [("faults", 2, "enabled")]
    shown = edge("show", "faults", "--json").document
    assert (shown["release"], shown["previous"]["release"], shown["floor"]) == (2, 1, 2)
    assert edge("rollback", "faults", "--json").document["version"] == "1.0.0"
    assert edge("disable", "faults", "--json").document["enabled"] is False
    assert edge("enable", "faults", "--json").document["enabled"] is True
    assert edge("reload", "faults", "--json").document["id"] == done["id"]
    assert edge("call", "faults", '{"do": "nothing"}', "--json").document["success"] is True
    assert edge("remove", "faults", "--json").document["plugin"] == "faults"
    assert edge("list", "--json").document == {"plugins": []}


@pytest.mark.parametrize("command", ["show", "enable", "disable", "rollback", "remove", "reload"])
def test_what_is_not_installed_is_wrong_usage(edge: Edge, command: str) -> None:
    ran = edge(command, "faults")
    assert (ran.status, ran.out) == (2, "")
    assert "No plugin `faults` is installed" in ran.err
    assert "edge list" in ran.err


def test_a_call_of_nothing_is_wrong_usage(edge: Edge) -> None:
    assert edge("call", "faults", "{}").status == 2


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ('{"do": "trap"}', 4),
        ("[]", 2),
        ("{", 2),
        ('{"do": "spin"}', 4),
        ('{"do": "no-such-thing"}', 1),
    ],
)
def test_exit_codes_of_calls(edge: Edge, packed: Callable[..., Path], arguments: str, status: int) -> None:
    edge("install", packed(manifest="[edge.limits]\nfuel = 10000000\n"))
    ran = edge("call", "faults", arguments)
    assert (ran.status, ran.out) == (status, "")
    assert "Traceback" not in ran.err


def test_a_tool_that_is_not_there(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed())
    ran = edge("call", "faults", "fly", "{}")
    assert ran.status == 2
    assert "It offers faults" in ran.err


def test_nobody_at_a_terminal_leaves_it_disabled(edge: Edge, packed: Callable[..., Path]) -> None:
    ran = edge("install", packed(manifest=HTTP))
    assert (ran.status, ran.out) == (0, "faults 1.0.0 installed\n")
    assert "requests http_client example.org" in ran.err
    assert "edge enable faults" in ran.err
    ran = edge("call", "faults", "{}")
    assert ran.status == 3
    assert edge("enable", "faults").status == 3
    assert edge("enable", "faults", "--yes").status == 0
    assert edge("call", "faults", '{"do": "nothing"}').status == 0


def test_a_release_that_wants_more_says_what(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(1))
    ran = edge("install", packed(2, HTTP))
    assert (ran.status, ran.out) == (3, "")
    assert "+ WIDER declares http_client example.org" in ran.err
    assert f"edge install {packed(2, HTTP)} --yes" in ran.err
    assert edge("install", packed(2, HTTP), "--yes").status == 0


def test_a_downgrade_is_refused_with_what_to_do(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(2))
    ran = edge("install", packed(1))
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.endswith("Get a newer release\n")
    edge("install", packed(3))
    assert edge("install", packed(1)).err.endswith("or go back to the previous one: `edge rollback faults`\n")
    assert edge("rollback", "faults").status == 0
    edge("remove", "faults")
    ran = edge("install", packed(1))
    assert ran.err.endswith("Get a newer release, or delete this record: `edge remove faults --forget`\n")
    assert edge("remove", "faults", "--forget").status == 0
    assert edge("install", packed(1)).status == 0


@contextmanager
def asked(package: Path) -> Iterator[tuple[bytes, Callable[[str], dict[str, Any]]]]:
    """An installation at a terminal, at its question: what it said, and what answers and ends it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge", "install", str(package), "--json"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True
    )
    os.close(theirs)
    said = b""
    while not said.endswith(b"[y/N] "):
        said += os.read(ours, 1024)

    def answer(word: str) -> dict[str, Any]:
        assert process.poll() is None
        os.write(ours, f"{word}\n".encode())
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        facts: dict[str, Any] = json.loads(out)
        return facts

    yield said, answer
    os.close(ours)


@pytest.mark.parametrize("word", ["y", "n"])
def test_a_person_at_a_terminal_is_asked(packed: Callable[..., Path], word: str) -> None:
    with asked(packed(manifest=HTTP)) as (said, answer):
        assert b"requests http_client example.org" in said
        assert answer(word)["enabled"] == (word == "y")


def test_while_a_person_is_asked_others_install(
    edge: Edge, packed: Callable[..., Path], wasm: Callable[[str], Path]
) -> None:
    first = packed(manifest=HTTP)
    other = first.with_name("other.edge")
    other.write_bytes(packages.package(wasm("faults"), name="other"))
    with asked(first) as (_, answer):
        assert edge("install", other).status == 0
        assert answer("y")["enabled"]
    assert [row["name"] for row in edge("list", "--json").document["plugins"]] == ["faults", "other"]


def test_what_a_manifest_does_not_say_takes_no_line(edge: Edge, packed: Callable[..., Path]) -> None:
    ran = edge("install", packed(manifest=HTTP))
    assert ran.err.splitlines()[0] == "faults 1.0.0"
    named = [line.partition(" ")[0] for line in edge("show", "faults").out.splitlines()]
    assert not {"description", "author", "config"} & set(named)


def test_without_a_release_that_was_kept_rollback_is_wrong_usage(
    edge: Edge, packed: Callable[..., Path]
) -> None:
    edge("install", packed())
    assert edge("rollback", "faults").status == 2


def test_an_unattended_call_of_high_risk_is_refused(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(1))
    ran = edge("call", "faults", '{"do": "nothing"}', "--unattended")
    assert ran.status == 3
    edge("install", packed(2, '[[edge.tools]]\nname = "faults"\nrisk = "low"\n'), "--yes")
    assert edge("call", "faults", '{"do": "nothing"}', "--unattended").status == 0


def test_too_many_calls_a_minute_are_refused(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(manifest="[edge.limits]\ncalls_per_minute = 2\n"))
    statuses = [edge("call", "faults", '{"do": "nothing"}').status for _ in range(3)]
    assert statuses == [0, 0, 4]


def test_a_removal_takes_the_log_and_leaves_the_calls_of_the_last_minute_counted(
    edge: Edge, packed: Callable[..., Path]
) -> None:
    more = "[edge.limits]\ncalls_per_minute = 2\n"
    edge("install", packed(manifest=more))
    assert [edge("call", "faults", LOUD).status for _ in range(2)] == [0, 0]
    assert edge("log", "faults", "--json").document["lines"]
    edge("remove", "faults", "--forget")
    edge("install", packed(manifest=more))
    assert edge("log", "faults", "--json").document["lines"] == []
    assert edge("call", "faults", LOUD).status == 4


def test_a_plugin_whose_files_are_damaged_is_listed_as_such(
    edge: Edge, packed: Callable[..., Path], tmp_path: Path
) -> None:
    edge("install", packed())
    (tmp_path / "data/edge/store/plugins/faults.json").write_text("?")
    ran = edge("list", "--json")
    assert ran.status == 1
    assert ran.document["plugins"][0]["state"] == "damaged"
    assert edge("call", "faults", "{}").status == 5


@pytest.mark.parametrize(
    ("file", "text"), [("policy.json", "{"), ("trusted.keys", "nonsense\n"), ("trusted.keys", "")]
)
def test_what_is_installed_is_listed_where_nobody_can_say_what_is_allowed(
    edge: Edge, packed: Callable[..., Path], tmp_path: Path, file: str, text: str
) -> None:
    edge("install", packed())
    path = tmp_path / "config" / "edge" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    ran = edge("list")
    assert (ran.status, ran.out.splitlines()[1].split()) == (
        5,
        ["faults", "1.0.0", "1", "unknown", "faults"],
    )
    assert (str(path) in ran.err, ran.err.count("edge: ")) == (True, 1)
    ran = edge("list", "--json")
    assert (ran.status, str(path) in ran.document["error"]["message"]) == (5, True)
    assert ran.document["plugins"][0]["state"] == "unknown"
    edge("remove", "faults", "--forget")
    assert edge("list").status == (0 if text.startswith("n") else 5)


def test_the_store_of_root_honours_xdg(edge: Edge, packed: Callable[..., Path], tmp_path: Path) -> None:
    edge("install", packed())
    assert (tmp_path / "data/edge/store/plugins/faults.json").is_file()
    assert not (tmp_path / "config").exists()


def test_without_a_home_there_is_no_store(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("HOME")
    ran = edge("list")
    assert ran.status == 5
    assert "XDG_DATA_HOME" in ran.err


@pytest.mark.parametrize("kind", ["folder", "zip", "gztar", "bztar", "xztar"])
def test_somebody_elses_plugin_is_compiled_here(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "there" / "my-channel"
    folder.mkdir(parents=True)
    (folder / "plugin.wasm").write_bytes(wasm("channel").read_bytes())
    (folder / "manifest.toml").write_text(
        'name = "my-channel"\nversion = "0.1.0-beta"\nwasm_path = "plugin.wasm"\n'
        'capabilities = ["channel"]\npermissions = ["config_read"]\nunknown = 1\n'
    )
    what = folder
    if kind != "folder":
        what = Path(shutil.make_archive(str(tmp_path / "a"), kind, folder.parent, folder.name))
    ran = edge("install", what, "--yes")
    assert (ran.status, ran.out) == (0, "my-channel 0.1.0-beta installed\n")
    assert "warning: its manifest, line 6: unknown field `unknown`" in ran.err
    assert "downloads/" not in ran.err
    assert edge("list", "--json").document["plugins"][0]["state"] == "enabled"
    assert not list((tmp_path / "data/edge/downloads").glob("*"))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "cron-last", "line 1: name is cron-last, but the plugin reports cron-next"),
        ("version", "1.0.1", "line 2: version is 1.0.1, but the plugin reports 1.0.0"),
    ],
)
def test_somebody_elses_plugin_that_calls_itself_otherwise_goes_by_its_manifest(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path, field: str, value: str, said: str
) -> None:
    folder = packing.folder(tmp_path / "there", "cron-next", wasm("cron-next"), {field: value})
    ran = edge("install", folder, "--json")
    assert (ran.status, f"edge: warning: {folder}/manifest.toml, {said}" in ran.err) == (0, True)
    (listed,) = edge("list", "--json").document["plugins"]
    assert listed[field] == value


def test_a_device_says_what_to_run_where(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my-channel"
    folder.mkdir()
    (folder / "plugin.wasm").write_bytes(wasm("channel").read_bytes())
    (folder / "manifest.toml").write_text('name = "my-channel"\nversion = "0.1.0"\n')
    # A bundle has no edge.dev.
    monkeypatch.setitem(sys.modules, "edge.dev.pack_source", None)
    ran = edge("install", folder)
    assert (ran.status, ran.out) == (5, "")
    assert "not compiled" in ran.err
    assert "edge pack" in ran.err


def test_a_digest_that_differs_is_refused(edge: Edge, packed: Callable[..., Path]) -> None:
    assert edge("install", packed(), "--sha256", "ab" * 32).status == 3
    assert edge("list", "--json").document == {"plugins": []}


def test_a_level_that_stops_plugins_names_them(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed())
    ran = edge("policy", "level", "strict", "--json")
    assert (ran.status, ran.document["stops"]) == (0, ["faults"])
    assert "calls no longer load faults: it is signed by key" in ran.err
    assert f"edge key trust {edge('show', 'faults', '--json').document['signer'].split()[0]}" in ran.err
    listed = edge("list", "--json")
    (row,) = listed.document["plugins"]
    assert (listed.status, row["state"], row["enabled"]) == (0, "refused", True)
    assert "faults: it is signed by key" in edge("list").err
    shown = edge("show", "faults", "--json").document
    assert (shown["state"], shown["problem"], shown["level"]) == ("refused", row["problem"], "strict")
    assert edge("call", "faults", '{"do": "nothing"}').status == 3
    assert edge("key", "trust", "local").status == 0
    assert edge("call", "faults", '{"do": "nothing"}').status == 0


def test_what_holds_for_one_plugin(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(manifest=HTTP), "--yes")
    edge("policy", "level", "strict", "faults")
    edge("policy", "grant", "faults", "limits", "fuel", "5")
    out = edge("policy", "show", "faults").out
    for line in (
        "level       strict, its own",
        "keys        only keys that the operator added are accepted",
        "granted     limits fuel 5",
        "consented   http_client example.org (ignored at level strict)",
    ):
        assert f"\n{line}\n" in out
    assert re.search(r"^limits .*fuel \d+.* \(profile [\w-]+\)$", out, re.MULTILINE)


def test_what_strict_gives_without_a_grant_is_not_said_to_be_missing(
    edge: Edge, packed: Callable[..., Path]
) -> None:
    edge("key", "trust", "local")
    edge("policy", "level", "strict")
    err = edge("install", packed(manifest=f"{HTTP}[edge.limits]\nfuel = 1000\nhost_calls = 900\n")).err
    assert "requests limits fuel 1000\n" in err
    assert "requests limits host_calls 900 (not granted at level strict)\n" in err
    assert "requests http_client example.org (not granted at level strict)\n" in err


def test_a_call_over_a_limit_says_who_can_raise_it(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("key", "trust", "local")
    edge("install", packed(manifest="[edge.limits]\ncrossing_bytes = 4194304\nfuel = 100000000\n"))
    edge("policy", "level", "strict", "faults")
    large = '{"do": "big-output", "count": 3000000}'
    ran = edge("call", "faults", large, "--json")
    found = re.search(
        r"`edge (policy grant faults limits crossing_bytes 4194304)`", ran.document["error"]["remedy"]
    )
    assert (ran.status, bool(found)) == (4, True)
    assert found is not None
    assert edge(*found[1].split()).status == 0
    assert edge("call", "faults", large).status == 0
    ran = edge("call", "faults", '{"do": "spin"}')
    assert (ran.status, "can raise fuel under [edge.limits]" in ran.err) == (4, True)


@pytest.mark.parametrize("words", [("log", "absent"), ("policy", "show", "absent"), ("audit", "absent")])
def test_a_name_of_nothing_is_wrong_usage(edge: Edge, words: tuple[str, ...]) -> None:
    ran = edge(*words)
    assert (ran.status, ran.out, "No plugin `absent` is installed" in ran.err) == (2, "", True)


def test_what_is_gone_is_forgotten_once(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(1))
    assert edge("remove", "faults").out == "faults removed\n"
    ran = edge("remove", "faults")
    assert (ran.status, "edge remove faults --forget" in ran.err) == (2, True)
    assert (
        edge("remove", "faults", "--forget").out
        == "faults was already removed; older releases are accepted now\n"
    )
    ran = edge("remove", "faults", "--forget")
    assert (ran.status, "No plugin `faults` is installed\n" in ran.err) == (2, True)


def test_a_time_below_a_millisecond_is_told(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(1))
    ran = edge("call", "faults", '{"do": "spin"}', "--timeout", "0.0001")
    assert (ran.status, "longer than 100 us" in ran.err) == (4, True)


def test_arguments_over_the_limit_name_the_grant(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(1))
    ran = edge("call", "faults", f'{{"text": "{"a" * (5 << 20)}"}}')
    assert ran.status == 4
    assert "edge policy grant faults limits crossing_bytes AMOUNT" in ran.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("instal", "x"), "install"),
        (("policy", "grnat", "x"), "grant"),
        (("key", "lst"), "list"),
        (("call", "fault", "{}"), "faults"),
        (("call", "faults", "{}", "--unatended"), "--unattended"),
    ],
)
def test_a_word_that_is_mistyped_is_told_what_was_meant(
    edge: Edge, packed: Callable[..., Path], words: tuple[str, ...], meant: str
) -> None:
    edge("install", packed(1))
    ran = edge(*words)
    assert (ran.status, f"id you mean {meant}?" in ran.err) == (2, True)


def test_a_plugin_that_is_gone_is_not_what_was_meant(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(1))
    edge("remove", "faults")
    assert "mean" not in edge("call", "fault", "{}").err

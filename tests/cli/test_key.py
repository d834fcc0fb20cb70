from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import audit, files, trust
from edge.policy import change
from edge.trust import held, key_file, keyring
from tests.support import home, packages
from tests.support.terminal import typed

Edge = Callable[..., Any]
KEY = bytes(range(32))
PHRASE = b"correct horse"


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.move(monkeypatch, tmp_path)


def test_a_key_goes_from_one_machine_to_another(edge: Edge, tmp_path: Path) -> None:
    line = edge("key", "new", "office").out
    assert line == edge("key", "show", "office").out
    (tmp_path / "office.pub").write_text(line)
    ran = edge("key", "trust", tmp_path / "office.pub", "--plugins", "weather,pump-*")
    assert ran.status == 0
    (entry,) = held.entries()
    assert (entry.label, entry.plugins) == ("office", ("weather", "pump-*"))


def test_a_line_that_show_printed_is_pasted(edge: Edge) -> None:
    line = f"ed25519 {KEY.hex()} plugins=weather office/2"
    assert edge("key", "trust", line).status == 0
    (entry,) = held.entries()
    assert (entry.public, entry.label, entry.plugins) == (KEY, "office/2", ("weather",))
    assert KEY.hex() in edge("key", "show", line).out
    assert edge("key", "revoke", line).status == 0
    assert held.entries() == []


@pytest.mark.parametrize(
    "line",
    [
        f"ed25519 {KEY.hex()[:-1]}",
        "ed25519 KEY",
        f"ED25519 {KEY.hex()}",
        f"ed25519 {KEY.hex()}\nwasmtime 1.0.0",
    ],
)
def test_a_line_that_is_none_is_refused_with_what_to_paste(edge: Edge, line: str) -> None:
    ran = edge("key", "trust", line)
    assert ran.status == 2
    assert "Paste the line that `edge key show NAME` prints" in ran.err
    assert held.entries() == []


def test_a_folder_does_not_hide_the_key_of_its_name(
    edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("office").mkdir()
    assert edge("key", "trust", KEY.hex(), "--label", "office").status == 0
    assert edge("key", "trust", "office", "--plugins", "weather").status == 0
    assert held.entries()[0].plugins == ("weather",)


@pytest.mark.parametrize("name", ["pub.key", "office", "a file"])
def test_a_file_of_any_name_is_trusted(
    edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(f"# from the office\n{trust.line(KEY, 'office', ['weather'])}")
    assert edge("key", "trust", name).status == 0
    (entry,) = held.entries()
    assert (entry.public, entry.label, entry.plugins) == (KEY, "office", ("weather",))
    assert edge("key", "trust", name, "--plugins", "*").status == 0
    assert held.entries()[0].plugins == ()


def test_an_own_key_comes_before_a_file_of_its_name(
    edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("office").write_text(trust.line(KEY, "another"))
    public = edge("key", "new", "office", "--json").document["public"]
    edge("key", "trust", "office")
    assert [entry.public.hex() for entry in held.entries()] == [public]
    edge("key", "trust", "./office")
    assert len(held.entries()) == 2


@pytest.mark.parametrize("more", ["revoked sha256 " + "ab" * 32, "wasmtime 48.0.1", "release 7", "plugin a"])
def test_a_file_that_says_more_than_keys_is_not_trusted(edge: Edge, tmp_path: Path, more: str) -> None:
    (tmp_path / "a.pub").write_text(trust.line(KEY, "office") + more + "\n")
    assert edge("key", "trust", tmp_path / "a.pub").status == 2
    assert held.entries() == []


def test_trust_is_narrowed_and_widened(edge: Edge) -> None:
    digits = KEY.hex()
    edge("key", "trust", digits, "--label", "office", "--plugins", "weather,pump-*")
    assert edge("key", "trust", digits, "--plugins", "pump-*").out == f"{digits} is trusted for pump-*\n"
    assert edge("key", "trust", digits, "--label", "the office").out == f"{digits} is trusted for pump-*\n"
    assert edge("key", "trust", digits, "--plugins", "*").out == f"{digits} is trusted for every plugin\n"
    assert held.entries()[0].label == "the office"


def test_narrowing_what_is_trusted_elsewhere_is_remarked(edge: Edge) -> None:
    key_file.local_seed()
    ran = edge("key", "trust", "local", "--plugins", "weather")
    assert "this machine's own key, which is trusted for every plugin" in ran.err


def test_a_lower_floor_is_remarked(edge: Edge) -> None:
    edge("key", "floor", "48.0.8")
    ran = edge("key", "floor", "48.0.1")
    assert "the floor was 48.0.8" in ran.err
    assert ran.out == "code of compilers older than wasmtime 48.0.1 is not loaded\n"


def test_a_key_that_is_revoked_is_shown_as_that(edge: Edge) -> None:
    edge("key", "revoke", KEY.hex())
    assert edge("key", "show", KEY.hex(), "--json").document["revoked"]
    assert "revoked" in edge("key", "show", KEY.hex()).err


def test_a_damaged_key_is_told_and_the_rest_is_listed(edge: Edge, tmp_path: Path) -> None:
    edge("key", "new", "office")
    edge("key", "new", "home")
    (tmp_path / "data/edge/keys/home.key").chmod(0o644)
    ran = edge("key", "list")
    assert (ran.status, ran.out.count("own "), "home.key" in ran.err) == (0, 1, True)


def test_a_passphrase_comes_through_a_pipe(edge: Edge) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"correct horse\n")
    os.close(writer)
    ran = edge("key", "new", "office", "--passphrase-file", f"/dev/fd/{reader}", "--json")
    os.close(reader)
    assert ran.document["locked"]
    assert keyring.seed_of("office", lambda _: b"correct horse")


def test_a_passphrase_is_typed_twice_and_not_shown() -> None:
    ended, said = typed(
        [sys.executable, "-m", "edge", "key", "new", "office", "--passphrase"], PHRASE, PHRASE
    )
    assert ended == 0
    assert PHRASE not in said
    assert keyring.seed_of("office", lambda _: PHRASE)
    ended, said = typed(
        [sys.executable, "-m", "edge", "key", "new", "b", "--passphrase"], PHRASE, b"another one"
    )
    assert (ended, b"differ" in said, b"another one" in said) == (2, True, False)
    assert not keyring.is_there("b")


def test_one_document_of_each(edge: Edge) -> None:
    made = edge("key", "new", "office", "--json").document
    assert (
        edge("key", "trust", made["public"], "--label", "the office", "--json").document["trusted"][0]["key"]
        == made["public"]
    )
    assert edge("key", "revoke", "sha256:" + "ab" * 32, "--reason", "bad", "--json").status == 0
    assert edge("key", "floor", "48.0.1", "--json").document["wasmtime"] == "48.0.1"
    listed = edge("key", "list", "--json").document
    assert listed == {
        "own": [{"name": "office", "public": made["public"], "locked": False}],
        "trusted": [
            {
                "public": made["public"],
                "label": "the office",
                "plugins": [],
                "file": trust.operator_path(),
                "counts": True,
            }
        ],
        "revoked": [{"kind": "sha256", "digits": "ab" * 32, "reason": "bad", "file": trust.operator_path()}],
        "floor": "48.0.1",
        "level": "default",
        "problems": [],
    }
    assert edge("key", "show", made["public"], "--json").document["trusted"]


def test_a_key_that_is_revoked_and_trusted_again(edge: Edge) -> None:
    public = edge("key", "new", "office", "--json").document["public"]
    edge("key", "trust", "office")
    assert edge("key", "revoke", "office", "--reason", "lost").status == 0
    ran = edge("key", "trust", public)
    assert (ran.status, "--again" in ran.err) == (2, True)
    ran = edge("key", "trust", public, "--again")
    assert (ran.status, "is trusted again" in ran.err) == (0, True)
    assert "is trusted again" not in edge("key", "trust", public, "--again").err


def test_revoking_this_machines_own_key_is_remarked(edge: Edge) -> None:
    key_file.local_seed()
    assert "own key" in edge("key", "revoke", "local").err
    assert held.entries() == []


@pytest.mark.parametrize(
    "words",
    [
        ("fly",),
        (),
        ("new",),
        ("new", "../up"),
        ("new", "local"),
        ("show", "nobody"),
        ("trust", "ab" * 31),
        ("trust", "nobody"),
        ("trust", "ab" * 32, "--plugins", "A B"),
        ("trust", "ab" * 32, "--plugins", "a*b"),
        ("trust", "ab" * 32, "--plugins", ","),
        ("trust", "ab" * 32, "--plugins="),
        ("trust", "nowhere/office.pub"),
        ("trust", "ab" * 32, "--reason", "none"),
        ("show", "ab" * 32),
        ("list", "--again"),
        ("new", "office", "--label", "the office"),
        ("trust", "ab" * 32, "--label", "a # b"),
        ("trust", "ab" * 32, "--label", "plugins=all"),
        ("revoke", "sha256:12"),
        ("floor", "48"),
        ("floor", "999.0.0"),
        ("floor", "\uff14\uff18.0.1"),
        ("list", "more"),
    ],
)
def test_wrong_usage_changes_nothing(edge: Edge, tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = edge("key", *words)
    assert (ran.status, ran.out) == (2, "")
    assert list(tmp_path.rglob("*.keys")) == []


def test_a_file_of_keys_may_begin_with_a_byte_order_mark(edge: Edge, tmp_path: Path) -> None:
    """As Notepad saves it; within the file of what is trusted, the mark stays an error."""
    (tmp_path / "office.pub").write_bytes(b"\xef\xbb\xbfed25519 " + b"ab" * 32 + b" office\r\n")
    assert edge("key", "trust", tmp_path / "office.pub").status == 0


def test_a_file_of_nonsense_is_not_trusted(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "a.pub").write_text("ed25519 12\n")
    ran = edge("key", "trust", tmp_path / "a.pub")
    assert (ran.status, "line 1 of trust" in ran.err, "ed25519 KEY NAME" in ran.err) == (2, True, True)
    (tmp_path / "b.pub").write_text("# nothing\n")
    assert edge("key", "trust", tmp_path / "b.pub").status == 2
    assert held.entries() == []


def test_a_passphrase_comes_from_a_file_and_signs(
    edge: Edge, tmp_path: Path, wasm: Callable[[str], Path]
) -> None:
    (tmp_path / "phrase").write_text("correct horse\n")
    (tmp_path / "wrong").write_text("correct horsE\n")
    made = edge("key", "new", "office", "--passphrase-file", tmp_path / "phrase", "--json").document
    assert made["locked"]
    folder = Path(__file__).resolve().parent.parent.parent / "examples" / "cron-next"
    words = ("pack", folder, "--wasm", wasm("cron-next"), "--target", "x86_64", "--key", "office")
    output = tmp_path / "a.edge"
    ran = edge(*words, "-o", output, "--passphrase-file", tmp_path / "wrong")
    assert (ran.status, output.exists()) == (3, False)
    assert edge(*words, "-o", output, "--passphrase-file", tmp_path / "phrase").status == 0
    assert edge("inspect", output, "--json").document["signer"] == made["public"]
    assert edge("install", output).status == 3
    edge("key", "trust", "office", "--plugins", "weather")
    assert "not trusted to sign `cron-next`" in edge("install", output).err
    edge("key", "trust", "office", "--plugins", "cron-*")
    assert edge("install", output).status == 0


def test_without_a_terminal_or_a_file_there_is_no_passphrase(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        ran = edge("key", "new", "office", "--passphrase")
    assert ran.status == 2
    assert "--passphrase-file" in ran.err


def test_a_short_passphrase_is_refused(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "phrase").write_text("short\n")
    assert edge("key", "new", "office", "--passphrase-file", tmp_path / "phrase").status == 2
    assert edge("key", "list", "--json").document["own"] == []


def test_changes_of_trust_are_in_the_log(edge: Edge) -> None:
    edge("key", "trust", "ab" * 32)
    assert list(audit.entries())[-1]["key"] == "ab" * 32


def test_a_trusted_key_goes_by_its_label(edge: Edge) -> None:
    edge("key", "trust", KEY.hex(), "--label", "office")
    assert edge("key", "show", "office").out == trust.line(KEY, "office")
    assert (
        edge("key", "trust", "office", "--plugins", "weather").out == f"{KEY.hex()} is trusted for weather\n"
    )
    edge("key", "trust", bytes(32).hex(), "--label", "office")
    ran = edge("key", "revoke", "office")
    assert (ran.status, "2 keys here" in ran.err) == (2, True)
    edge("key", "trust", bytes(32).hex(), "--label", "home")
    assert edge("key", "revoke", "office").status == 0
    assert [entry.label for entry in held.entries()] == ["home"]


def test_a_package_is_revoked_by_its_file(
    edge: Edge, tmp_path: Path, wasm: Callable[[str], Path], artifact: Callable[..., Path]
) -> None:
    key_file.local_seed()
    package = tmp_path / "a.edge"
    package.write_bytes(packages.package(wasm("faults"), name="faults"))
    assert edge("install", package).status == 0
    assert edge("key", "revoke", package, "--reason", "bad").status == 0
    assert edge("call", "faults", '{"do": "nothing"}').status == 3
    assert edge("install", package).status == 3
    assert edge("key", "revoke", artifact("faults")).status == 0


def test_keys_that_do_not_count_at_the_devices_level_are_marked(edge: Edge) -> None:
    key_file.local_seed()
    edge("key", "trust", KEY.hex(), "--label", "office")
    assert "not accepted" not in edge("key", "list").out
    change.set_level("strict")
    office, own = (line for line in edge("key", "list").out.splitlines() if line.startswith("trusted"))
    assert ("not accepted" in office, "not accepted at level strict" in own) == (False, True)
    listed = edge("key", "list", "--json").document["trusted"]
    assert [entry["counts"] for entry in listed] == [True, False]


@pytest.mark.parametrize(("plugins", "counts"), [((), [True, True]), (("--plugins", "a"), [True, False])])
def test_a_key_that_the_operator_added_counts_wherever_else_it_stands(
    edge: Edge, plugins: tuple[str, ...], counts: list[bool]
) -> None:
    key_file.local_seed()
    edge("key", "trust", "local", *plugins)
    change.set_level("strict")
    listed = edge("key", "list", "--json").document["trusted"]
    assert [entry["counts"] for entry in listed] == counts


def test_a_narrower_scope_names_the_plugins_that_it_leaves_out(
    edge: Edge, tmp_path: Path, wasm: Callable[[str], Path]
) -> None:
    edge("key", "new", "office")
    edge("key", "trust", "office")
    package = tmp_path / "a.edge"
    seed = keyring.seed_of("office", lambda _: b"")
    package.write_bytes(packages.package(wasm("faults"), name="faults", seed=seed))
    assert edge("install", package, "--yes").status == 0
    ran = edge("key", "trust", "office", "--plugins", "weather", "--json")
    assert ran.document["stops"] == ["faults"]


@pytest.mark.parametrize("action", ["trust", "revoke"])
def test_neither_a_key_nor_a_file(edge: Edge, action: str) -> None:
    ran = edge("key", action, "nobody")
    assert (ran.status, "no key or file `nobody`" in ran.err) == (2, True)


def test_a_file_with_any_name_is_revoked(
    edge: Edge, tmp_path: Path, wasm: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file.local_seed()
    (tmp_path / "download").write_bytes(packages.package(wasm("faults"), name="faults"))
    assert edge("install", tmp_path / "download").status == 0
    monkeypatch.chdir(tmp_path)
    ran = edge("key", "revoke", "download", "--json")
    assert (ran.document["kind"], ran.document["stops"]) == ("sha256", ["faults"])
    assert "calls no longer load faults: sha256 " in ran.err


@pytest.mark.parametrize(
    "scope", ["plugin=weather", "Plugins=weather", "plugins = weather", "\u00a0plugins=weather"]
)
def test_a_scope_that_is_misspelt_is_never_shown_as_one(edge: Edge, tmp_path: Path, scope: str) -> None:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text(f"ed25519 {KEY.hex()} {scope}\n")
    path.chmod(0o644)
    for words in (("key", "list"), ("key", "trust", KEY.hex(), "--label", "office"), ("doctor",)):
        ran = edge(*words)
        assert (ran.status != 0, "line 1 of trust: " in ran.err + ran.out) == (True, True)
    (tmp_path / "office.pub").write_text(path.read_text())
    path.unlink()
    ran = edge("key", "trust", tmp_path / "office.pub")
    assert (ran.status, "line 1 of trust: " in ran.err, held.entries()) == (2, True, [])


@pytest.mark.parametrize("label", ["plugin: weather", "a=b", "plugins : x"])
def test_a_label_that_seems_a_scope_is_wrong_usage(edge: Edge, label: str) -> None:
    ran = edge("key", "trust", KEY.hex(), "--label", label)
    assert (ran.status, held.entries()) == (2, [])
    assert edge("key", "revoke", KEY.hex(), "--reason", "for plugins=x").status == 2


def test_the_digits_that_messages_show_name_a_key_that_is_listed(edge: Edge) -> None:
    own = edge("key", "new", "office", "--json").document["public"]
    assert edge("key", "trust", own[:16], "--plugins", "weather").out == f"{own} is trusted for weather\n"
    assert held.entries()[0].label == "office"
    edge("key", "trust", KEY.hex(), "--label", own[:16])
    ran = edge("key", "revoke", own[:16])
    assert (ran.status, "2 keys here match" in ran.err) == (2, True)
    assert edge("key", "revoke", own[:15]).status == 2
    assert edge("key", "revoke", own[:17]).status == 0


def test_the_digits_of_an_unknown_key_are_all_needed(edge: Edge) -> None:
    assert edge("key", "trust", KEY.hex()[:16]).status == 2
    assert held.entries() == []


def listing_work(edge: Edge, monkeypatch: pytest.MonkeyPatch, keys_there: int, lines_each: int) -> int:
    """Functions and steps of generators that listing so many keys takes."""
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    publics = [number.to_bytes(32, "big") for number in range(1, keys_there + 1)]
    path.write_text(
        "".join(
            trust.line(public, "label", [f"plugin{at}"]) for public in publics for at in range(lines_each)
        )
    )
    read = files.read_guarded
    reads: list[str] = []

    def counted(where: str, *others: Any, **more: Any) -> Any:
        reads.append(where)
        return read(where, *others, **more)

    steps = 0

    def step(_: object, event: str, __: object) -> None:
        nonlocal steps
        steps += event == "call"

    with monkeypatch.context() as patch:
        patch.setattr(files, "read_guarded", counted)
        sys.setprofile(step)
        try:
            ran = edge("key", "list")
        finally:
            sys.setprofile(None)
    assert (ran.status, ran.out.count("trusted ")) == (0, keys_there * lines_each)
    assert reads.count(str(path)) == 1
    return steps


@pytest.mark.parametrize("shape", [(1, 0), (0, 1)])
def test_listing_takes_time_in_proportion_to_the_keys(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int]
) -> None:
    """Many keys, and many lines of one key."""
    counts = [listing_work(edge, monkeypatch, *(amount**of for of in shape)) for amount in (100, 200, 400)]
    assert counts[2] - counts[1] < 2.2 * (counts[1] - counts[0])

"""Remedies about keys, trust and signatures, followed as they are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from edge import trust
from edge._native import making
from edge.trust import key_file
from tests.remedies.reading import advice
from tests.support import packing
from tests.support.home import LOCAL

Edge = Callable[..., Any]
Install = Callable[..., Any]
Packed = Callable[..., Path]
NOTHING = '{"do": "nothing"}'
Wasm = Callable[[str], Path]
ENGINE = native.about()["engine"]
STRANGER = bytes(range(32))


def signer(edge: Edge, file: Path) -> str:
    """The 64 digits that `edge inspect` shows."""
    return str(edge("inspect", file, "--json").document["signer"])


def test_a_signer_that_nobody_trusts(edge: Edge, packed: Packed) -> None:
    file = packed(seed=STRANGER)
    told = advice(
        edge("install", file),
        "If you trust the signer: `edge key trust {}`",
    )
    assert told.filled == (making.public_key(STRANGER).hex(),)
    assert edge(*told.edge(0)).status == 0
    assert edge("install", file).status == 0


def test_a_signer_of_a_package_that_is_not_whole_is_not_offered(edge: Edge, packed: Packed) -> None:
    file = packed(seed=STRANGER)
    content = bytearray(file.read_bytes())
    place = content.index(b'"version"')
    content[place + 1 : place + 3] = b"VE"
    file.write_bytes(content)
    told = advice(
        edge("install", file),
        "If you trust the signer: `edge key trust KEY`. `edge inspect FILE` shows all 64 digits; the "
        "first 16 are enough for a key in `edge key list`",
    )
    # Then it says that the signature is wrong.
    assert edge(*told.edge(1, FILE=file)).status == 3
    assert edge(*told.edge(0, KEY="local")).status == 0
    assert edge(*told.edge(2)).status == 0


def test_a_signer_of_a_lone_file_that_nobody_trusts(edge: Edge, machine: Path, wasm: Wasm) -> None:
    assert edge("compile", wasm("faults"), "--target", ENGINE, "-o", machine).status == 0
    # What was compiled on another machine.
    (machine / "data" / LOCAL).unlink()
    words = ("run", machine / f"faults.{ENGINE}.cwasm", NOTHING)
    told = advice(edge(*words), "If you trust the signer: `edge key trust {}`")
    assert edge(*told.edge(0)).status == 0
    assert edge(*words).status == 0


def test_a_lone_file_of_a_key_that_may_sign_other_plugins(edge: Edge, machine: Path, wasm: Wasm) -> None:
    key = key_file.local_public()
    assert key
    assert edge("compile", wasm("faults"), "--target", ENGINE, "-o", machine).status == 0
    (machine / "data" / LOCAL).unlink()
    edge("key", "trust", key.hex(), "--plugins", "weather")
    words = ("run", machine / f"faults.{ENGINE}.cwasm", NOTHING)
    told = advice(
        edge(*words),
        "`edge key list` shows which plugins a key may sign; `edge key trust KEY --plugins NAMES` changes it",
    )
    assert edge(*told.edge(1, KEY=key.hex()[:16], NAMES="*")).status == 0
    assert edge(*words).status == 0


def test_a_key_of_this_machines_own_that_does_not_count(edge: Edge, wasm: Wasm) -> None:
    words = ("run", wasm("faults"), NOTHING, "--level", "strict")
    assert edge(*advice(edge(*words), "`edge key trust local` adds it").edge()).status == 0
    assert edge(*words).status == 0
    assert edge("key", "revoke", "local").status == 0
    told = advice(edge(*words), "If that was a mistake: `edge key trust local --again`")
    assert edge(*told.edge()).status == 0
    assert edge(*words).status == 0


def test_a_release_that_was_revoked_where_another_is_kept(edge: Edge, packed: Packed) -> None:
    edge("install", packed())
    edge("install", packed(release=2, version="2.0.0"))
    newest = edge("show", "faults", "--json").document["id"]
    ran = edge("key", "revoke", f"sha256:{newest}")
    words = "`edge rollback {}` goes back to {}; `edge key list` shows the reason"
    told = advice(ran, words)
    assert told.filled == ("faults", "1.0.0")
    for ran in (edge("call", "faults", NOTHING), edge("doctor").out, edge("reload", "faults")):
        assert advice(ran, words).filled[0] == "faults"
    assert newest in edge(*told.edge(1)).out
    assert edge(*told.edge(0)).status == 0
    assert edge("call", "faults", NOTHING).status == 0


def test_a_compiler_below_the_floor_where_nothing_better_is_kept(edge: Edge, packed: Packed) -> None:
    edge("install", packed())
    edge("install", packed(release=2))
    Path(trust.operator_path()).parent.mkdir(parents=True, exist_ok=True)
    Path(trust.operator_path()).write_text("wasmtime 999.0.0\n")
    assert "edge rollback" not in edge("call", "faults", NOTHING).err


def test_a_key_that_was_revoked(edge: Edge, packed: Packed) -> None:
    key = making.public_key(STRANGER).hex()
    edge("key", "revoke", key, "--reason", "stolen")
    told = advice(
        edge("install", packed(seed=STRANGER)),
        "Use another release; `edge key list` shows revocations with file and reason",
    )
    assert "stolen" in edge(*told.edge()).out
    assert edge("install", packed(release=2)).status == 0
    again = advice(edge("key", "trust", key), "If that was a mistake: `edge key trust {} --again`")
    assert edge(*again.edge()).status == 0
    assert edge("install", packed(release=3, seed=STRANGER), "--yes").status == 0


def test_a_release_that_is_revoked_as_if_it_were_a_key(edge: Edge, installed: Install) -> None:
    installed()
    release = edge("show", "faults", "--json").document["id"]
    told = advice(edge("key", "revoke", release), "To revoke it: `edge key revoke sha256:{}`")
    assert edge("call", "faults", NOTHING).status == 0
    assert edge(*told.edge()).status == 0
    assert edge("call", "faults", NOTHING).status == 3


def test_a_key_that_may_sign_other_plugins_only(edge: Edge, packed: Packed) -> None:
    key = making.public_key(STRANGER).hex()
    edge("key", "trust", key, "--plugins", "weather")
    file = packed(seed=STRANGER)
    told = advice(
        edge("install", file),
        "`edge key list` shows which plugins a key may sign; `edge key trust {} --plugins {}` adds this one",
    )
    assert "weather" in edge(*told.edge(0)).out
    assert told.filled == (key, "weather,faults")
    assert edge(*told.edge(1)).status == 0
    assert edge("install", file).status == 0


def test_a_compiler_that_is_not_taken(edge: Edge, packed: Packed) -> None:
    file = packed()
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("wasmtime 999.0.0\n")
    told = advice(
        edge("install", file),
        "Compile the plugin again with a newer release of Edge, or get such a file; `edge key list` shows "
        "the oldest compiler accepted",
    )
    assert "999.0.0" in edge(*told.edge()).out
    path.unlink()
    assert edge("install", file).status == 0
    path.write_text("wasmtime 999.0.0\n")
    advice(
        edge("call", "faults", NOTHING),
        "Install a release packed with this release of Edge; `edge audit --engine` lists all",
    )
    assert "999.0.0" in edge("audit", "--engine").out


def test_a_line_of_a_key_that_was_cut_short(edge: Edge) -> None:
    edge("key", "new", "office")
    told = advice(
        edge("key", "trust", "ed25519 0123"),
        "Paste the line that `edge key show NAME` prints, ed25519 KEY NAME, or the 64 digits of KEY alone",
    )
    line = edge(*told.edge(NAME="office")).out.strip()
    assert edge("key", "trust", line).status == 0
    assert edge("key", "trust", line.split()[1]).status == 0


def test_a_key_that_is_not_there(edge: Edge, tmp_path: Path, wasm: Callable[[str], Path]) -> None:
    told = advice(edge("key", "show", "office"), "`edge key list` shows the known keys")
    assert edge(*told.edge()).status == 0
    told = advice(edge("key", "revoke", "ab" * 8), "`edge key list` shows the known keys")
    assert edge(*told.edge()).status == 0
    folder = packing.folder(tmp_path / "plugin", "faults", wasm("faults"), {})
    ran = edge("pack", folder, "--key", "office")
    told = advice(ran, "`edge key list` shows the existing keys")
    assert edge(*told.edge()).status == 0


def test_a_key_of_a_name_that_is_taken(edge: Edge) -> None:
    edge("key", "new", "office")
    told = advice(edge("key", "new", "office"), "Choose another name, or use it: `edge key show {}`")
    assert edge(*told.edge()).status == 0
    assert edge("key", "new", "office-2").status == 0


def test_a_file_that_holds_no_keys(edge: Edge, tmp_path: Path) -> None:
    path = tmp_path / "office.pub"
    path.write_text("nothing\n")
    told = advice(
        edge("key", "trust", path),
        "A file of keys contains lines that `edge key show NAME` printed: ed25519 KEY NAME",
    )
    edge("key", "new", "office")
    path.write_text(edge(*told.edge(NAME="office")).out)
    assert edge("key", "trust", path).status == 0


def test_a_digest_that_is_none(edge: Edge, installed: Install, packed: Packed) -> None:
    installed()
    told = advice(
        edge("key", "revoke", "sha256:12"),
        "`edge show NAME --json` shows that of a release (id), `edge inspect FILE` those of a file",
    )
    digest = edge(*told.edge(0, NAME="faults")).document["id"]
    assert edge("key", "revoke", f"sha256:{digest}").status == 0
    of_file = edge(*told.edge(1, FILE=packed()), "--json").document["files"][0]["sha256"]
    assert edge("key", "revoke", f"sha256:{of_file}").status == 0


def test_a_label_that_means_something_else(edge: Edge) -> None:
    told = advice(
        edge("key", "trust", "ab" * 32, "--label", "plugins=all"),
        "`edge key --help` describes the labels and plugins of a key",
    )
    assert "--label" in edge(*told.edge()).out
    assert edge("key", "trust", "ab" * 32, "--label", "office").status == 0


def test_a_signing_key_that_is_damaged(edge: Edge, tmp_path: Path) -> None:
    edge("key", "new", "office")
    (tmp_path / "data/edge/keys/office.key").write_bytes(bytes(20))
    told = advice(edge("key", "show", "office"), "{}, and create another: `edge key new {}`")
    told.shell(0)
    assert edge(*told.edge(1)).status == 0
    assert edge("key", "show", "office").status == 0
    other = tmp_path / "data/edge/keys/other.key"
    other.touch(mode=0o600)
    other.write_bytes(bytes(20))
    ran = edge("doctor", "--json")
    (check,) = (one for one in ran.document["checks"] if one["name"] == "keys")
    told = advice(
        check["remedy"],
        "Restore the file from a backup; without one, move it away and create another: `edge key new NAME`",
    )
    other.rename(tmp_path / "away")
    assert edge(*told.edge(NAME="other")).status == 0


def test_this_machines_key_that_is_damaged(edge: Edge, installed: Install, tmp_path: Path) -> None:
    installed()
    (tmp_path / "data/edge/keys/local.key").write_bytes(b"")
    told = advice(
        edge("call", "faults", NOTHING),
        "{}, and pack again what it signed; a new key is created at the next use",
    )
    told.shell(0)
    assert edge("call", "faults", NOTHING).status == 3
    # Another key than before, which has to be agreed to.
    assert installed("", "--yes", release=2).status == 0
    assert edge("call", "faults", NOTHING).status == 0


def test_trust_that_is_lost(edge: Edge, packed: Packed) -> None:
    key = making.public_key(STRANGER).hex()
    edge("key", "trust", key)
    path = Path(trust.operator_path())
    path.write_bytes(bytes(40))
    told = advice(
        edge("install", packed(seed=STRANGER)),
        "Restore it from a backup; without one, trust and revoke again: {}",
    )
    assert edge(*told.edge(0, KEY=key)).status == 0
    assert edge("install", packed(seed=STRANGER)).status == 0
    assert edge(*told.edge(1, KEY=key)).status == 0


def test_a_line_of_trust_that_means_nothing(edge: Edge, packed: Packed) -> None:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("ed25519 12\n")
    told = advice(
        edge("install", packed()),
        "Remove the line; `edge key trust` and `edge key revoke` write valid lines",
    )
    path.write_text("")
    path.unlink()
    key = making.public_key(STRANGER).hex()
    assert edge(*told.edge(0), key).status == 0
    assert edge(*told.edge(1), key).status == 0
    assert edge("install", packed()).status == 0


def test_nobody_is_trusted(edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = making.public_key(STRANGER).hex()
    edge("policy", "level", "strict")
    ran = edge("doctor", "--json")
    (check,) = (one for one in ran.document["checks"] if one["name"] == "trust")
    told = advice(
        check["remedy"], "Trust a key: `edge key trust KEY`, or `edge key trust local` for this machine's key"
    )
    assert edge(*told.edge(0, KEY=key)).status == 0
    assert edge(*told.edge(1)).status == 0
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    ran = edge("doctor", "--json")
    (check,) = (one for one in ran.document["checks"] if one["name"] == "trust")
    assert edge(*advice(check["remedy"], "Trust a key: `edge key trust KEY`").edge(KEY=key)).status == 0


def test_a_passphrase_without_a_terminal(edge: Edge, tmp_path: Path) -> None:
    advice(edge("key", "new", "office", "--passphrase"), "Use --passphrase-file FILE")
    (tmp_path / "passphrase").write_text("correct horse\n")
    assert edge("key", "new", "office", "--passphrase-file", tmp_path / "passphrase").status == 0

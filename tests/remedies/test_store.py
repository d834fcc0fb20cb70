"""Remedies for operators of installed plugins, followed as they are told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import store
from edge.store import config, records
from tests.remedies.reading import advice

Edge = Callable[..., Any]
Install = Callable[..., Any]
HOSTS = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["*.example.org"]\n'
CROSSING = "[edge.limits]\ncrossing_bytes = 8388608\n"
SECRET = """permissions = ["config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
[config_schema.properties.place]
type = "string"
"""
NOTHING = '{"do": "nothing"}'
SAME_AGAIN = (
    "Install the same release again to repair it; its configuration is kept; `edge rollback {}` goes "
    "back to the previous one"
)


def works(edge: Edge, name: str = "faults") -> bool:
    return bool(edge("call", name, NOTHING).status == 0)


def release(name: str = "faults") -> Path:
    return Path(store.release_path(records.get(name).current))


def test_a_plugin_that_is_not_enabled(edge: Edge, installed: Install) -> None:
    installed(HOSTS)
    told = advice(
        edge("call", "faults", NOTHING),
        "`edge show {}` shows its permission requests; `edge enable {}` enables it",
    )
    assert "example.org" in edge(*told.edge(0)).out
    refused = edge(*told.edge(1))
    agreed = advice(refused, "`edge audit {}` shows them; `edge enable {} --yes` consents")
    assert edge(*agreed.edge(0)).status in (0, 1)
    assert edge(*agreed.edge(1)).status == 0
    assert works(edge)


def test_a_revocation_that_something_wider_undoes(edge: Edge, installed: Install) -> None:
    installed(HOSTS, "--yes")
    ran = edge("policy", "revoke", "faults", "http_client", "a.example.org")
    assert ran.status == 1
    (wider,) = re.findall("`edge ([^`]+)`|: edge ([a-z].*)$", ran.err, re.MULTILINE)
    assert edge(*(wider[0] or wider[1]).split()).status == 0
    assert edge("policy", "revoke", "faults", "http_client", "a.example.org").status == 0


def test_a_limit_that_the_manifest_asks_for(edge: Edge, installed: Install) -> None:
    installed(CROSSING, "--yes")
    edge("policy", "revoke", "faults", "limits")
    arguments = json.dumps({"do": "nothing", "text": "a" * (5 << 20)})
    ran = edge("call", "faults", arguments)
    assert ran.status == 4
    assert edge(*advice(ran, "Its manifest requests {}; `{} {}` grants it").edge()).status == 0
    assert edge("call", "faults", arguments).status == 0


def test_a_limit_that_the_manifest_does_not_ask_for(edge: Edge, installed: Install) -> None:
    installed()
    arguments = json.dumps({"do": "nothing", "text": "a" * (5 << 20)})
    told = advice(
        edge("call", "faults", arguments),
        "Its author can raise {} under [edge.limits] of its manifest, now {}; `{} AMOUNT` grants more "
        "than this device gives without consent",
    )
    assert edge(*told.edge(AMOUNT=8 << 20)).status == 0
    # The grant alone gives nothing that the manifest does not ask for; with both, it works.
    assert installed(f"[edge.limits]\n{told.filled[0]} = {8 << 20}\n", "--yes", release=2).status == 0
    assert edge("call", "faults", arguments).status == 0


def test_less_time_than_the_plugin_has(edge: Edge, installed: Install) -> None:
    installed()
    ran = edge("call", "faults", '{"do": "spin"}', "--timeout", "0.05")
    assert ran.status == 4
    advice(ran, "Without --timeout the limit is {} s")
    assert works(edge)


def test_a_name_that_is_mistyped(edge: Edge, installed: Install) -> None:
    installed()
    meant = re.search(r"Did you mean (\S+)\?", edge("show", "fualts").err)
    assert meant
    assert edge("show", meant[1]).status == 0


def test_a_plugin_that_nobody_installed(edge: Edge) -> None:
    for words in (("show", "weather"), ("log", "weather")):
        told = advice(edge(*words), "`edge list` shows the installed plugins")
        assert edge(*told.edge()).status == 0
    told = advice(edge("log", "../a"), "`edge list` shows the installed plugins")
    assert edge(*told.edge()).status == 0


def test_code_that_changed(edge: Edge, installed: Install, packed: Callable[..., Path]) -> None:
    installed()
    code = release() / store.CODE
    code.write_bytes(code.read_bytes()[:-1] + b"?")
    told = advice(
        edge("call", "faults", NOTHING),
        "Install the same release again to repair it; `edge doctor` checks all others",
    )
    ran = edge("doctor", "--json")
    assert found(ran, "plugins") == "Install the same release again to repair it; its configuration is kept"
    assert edge(*told.edge(), "--json").document["checks"]
    assert edge("install", packed()).status == 0
    assert works(edge)


def found(ran: Any, check: str) -> str:
    """The remedy of a check of doctor's."""
    return next(str(one["remedy"]) for one in ran.document["checks"] if one["name"] == check)


def test_a_release_without_code(edge: Edge, installed: Install, packed: Callable[..., Path]) -> None:
    installed()
    installed(release=2)
    (release() / store.CODE).unlink()
    told = advice(edge("call", "faults", NOTHING), SAME_AGAIN)
    advice(found(edge("doctor", "--json"), "plugins"), SAME_AGAIN)
    assert edge(*told.edge()).status == 0
    assert works(edge)
    edge("rollback", "faults")
    (release() / store.HEAD).write_bytes(b"")
    advice(edge("call", "faults", NOTHING), SAME_AGAIN)
    again = packed()
    # Nobody can say what a damaged release was granted, so that has to be agreed to.
    told = advice(
        edge("install", again), "`edge audit {}` shows its requests; `edge install {} --yes` consents"
    )
    assert edge(*told.edge(1)).status == 0
    assert works(edge)


def test_a_record_that_is_damaged(edge: Edge, installed: Install, packed: Callable[..., Path]) -> None:
    installed()
    path = Path(store.record_path("faults"))
    path.write_bytes(b"{}")
    told = advice(edge("show", "faults"), "Remove the plugin and install it again: `edge remove {} --forget`")
    whole = edge("doctor", "--json")
    assert found(whole, "store") == told.text
    assert edge(*told.edge()).status == 0
    assert edge("install", packed()).status == 0
    assert works(edge)


def test_a_record_that_is_lost(edge: Edge, installed: Install, packed: Callable[..., Path]) -> None:
    remedy = "Install it again to keep what is left, or remove that too: `edge remove {} --forget`"
    for way in ("install", "forget"):
        installed(SECRET, "--yes")
        edge("config", "faults", "place=here")
        Path(store.record_path("faults")).unlink()
        told = advice(edge("show", "faults"), remedy)
        if way == "install":
            assert edge("install", packed(SECRET), "--yes").status == 0
            assert config.values("faults") == {"place": "here"}
        else:
            assert edge(*told.edge()).status == 0
            assert config.values("faults") == {}


def test_an_older_release(edge: Edge, installed: Install) -> None:
    installed(release=2)
    installed(release=3)
    told = advice(installed(release=2), "`edge rollback {}` goes back to it")
    assert edge(*told.edge()).status == 0
    assert works(edge)
    edge("remove", "faults")
    told = advice(
        edge("remove", "faults"),
        "`edge remove {} --forget` deletes this record, so that older releases can be installed again",
    )
    ran = installed()
    again = advice(ran, "Get a newer release, or delete this record: `edge remove {} --forget`")
    assert told.edge() == again.edge()
    assert edge(*again.edge()).status == 0
    assert installed().status == 0


def test_a_release_with_other_contents(installed: Install) -> None:
    installed()
    ran = installed("# other\n")
    advice(ran, "Raise the version, or [edge] release, in its manifest; during development, use --again")
    assert installed("# other\n", "--again").status == 0
    assert installed("# another\n", release=2).status == 0


def test_nothing_to_go_back_to(edge: Edge, installed: Install, packed: Callable[..., Path]) -> None:
    installed()
    told = advice(edge("rollback", "faults"), "`edge install SOURCE` installs another release of {}")
    assert edge(*told.edge(SOURCE=packed(release=2))).status == 0
    assert edge("rollback", "faults").status == 0


def test_what_needs_consent_before_it_replaces(edge: Edge, installed: Install) -> None:
    installed()
    told = advice(
        installed(HOSTS, release=2), "`edge audit {}` shows its requests; `edge install {} --yes` consents"
    )
    assert "example.org" in edge(*told.edge(0)).out
    assert edge(*told.edge(1)).status == 0
    assert works(edge)


def test_a_configuration_that_is_damaged(edge: Edge, installed: Install) -> None:
    installed(SECRET, "--yes")
    edge("config", "faults", "place=here")
    Path(store.config_path("faults")).write_bytes(bytes(20))
    told = advice(
        edge("call", "faults", '{"do": "arguments"}'),
        "Restore it from a backup; without one, `edge config {} --reset` deletes it, and the values "
        "must be set again",
    )
    assert edge(*told.edge()).status == 0
    assert edge("config", "faults", "place=here").status == 0
    assert works(edge)


def test_a_setting_that_is_none(edge: Edge, installed: Install) -> None:
    installed(SECRET, "--yes")
    ran = edge("config", "faults", "place=7", "--json-value", "place=7")
    told = advice(ran, "`edge config {}` shows the settings of the plugin")
    assert "place" in edge(*told.edge()).out
    assert edge("config", "faults", "place=here").status == 0


def test_a_setting_that_is_a_secret(edge: Edge, installed: Install, tmp_path: Path) -> None:
    installed(SECRET, "--yes")
    value = tmp_path / "token.txt"
    value.write_text("s3cret")
    told = advice(edge("config", "faults", "token=a"), "`edge secret {} {}` reads it from standard input")
    assert edge(*told.edge(), "--from", value).status == 0
    (tmp_path / "all.json").write_text('{"token": "a"}')
    ran = edge("config", "faults", "--from", tmp_path / "all.json")
    told = advice(ran, "`edge secret {} {}` sets it")
    assert edge(*told.edge(), "--from", value).status == 0
    assert edge("call", "faults", '{"do": "secret", "text": "token"}').out.strip() == 'Ok("s3cret")'


@pytest.mark.parametrize("damage", ["file", "seal", "key", "no key"])
def test_secrets_that_are_damaged(edge: Edge, installed: Install, tmp_path: Path, damage: str) -> None:
    installed(SECRET, "--yes")
    value = tmp_path / "token.txt"
    value.write_text("s3cret")
    edge("secret", "faults", "token", "--from", value)
    file = tmp_path / "data/edge/secrets/faults.json"
    key = tmp_path / "data/edge/keys/secrets.key"
    if damage == "file":
        file.write_bytes(b"{")
    elif damage == "seal":
        sealed = json.loads(file.read_text())
        digit = "1" if sealed["token"][9] == "0" else "0"
        sealed["token"] = f"{sealed['token'][:9]}{digit}{sealed['token'][10:]}"
        file.write_text(json.dumps(sealed))
    elif damage == "key":
        key.write_bytes(b"")
    else:
        key.unlink()
    ran = edge("call", "faults", '{"do": "secret", "text": "token"}')
    told = SECRETS[damage](ran)
    assert edge(*told.edge(NAME="faults", PROPERTY="token"), "--from", value).status == 0
    assert edge("call", "faults", '{"do": "secret", "text": "token"}').out.strip() == 'Ok("s3cret")'


SECRETS: dict[str, Callable[[Any], Any]] = {
    "file": lambda ran: advice(
        ran, "Set the secrets again, which creates a new file: `edge secret {} PROPERTY`"
    ),
    "seal": lambda ran: advice(ran, "Set the secret again: `edge secret {} {}`"),
    "key": lambda ran: advice(
        ran, "set the secrets again, which creates a new key: `edge secret NAME PROPERTY`"
    ),
    "no key": lambda ran: advice(
        ran, "Set the secrets again, which creates a new key: `edge secret NAME PROPERTY`"
    ),
}


def test_a_tool_that_nobody_watches(edge: Edge, installed: Install) -> None:
    installed('[[edge.tools]]\nname = "faults"\nrisk = "high"\n', "--yes")
    told = advice(
        edge("call", "faults", NOTHING, "--unattended"),
        "Call it from a terminal, or allow that risk: `edge policy unattended {}`",
    )
    ran = edge(*told.edge())
    advice(ran, "Consent at a terminal, or use --yes")
    assert edge(*told.edge(), "--yes").status == 0
    assert edge("call", "faults", NOTHING, "--unattended").status == 0


def test_a_grant_that_is_none(edge: Edge, installed: Install) -> None:
    installed(HOSTS)
    told = advice(
        edge("policy", "grant", "faults", "http_client", "https://a.example.org/"),
        "`edge policy --help` has an example; `edge show NAME` shows what a plugin requests",
    )
    example = edge(*told.edge(0)).out.split("Example:\n  edge ")[1].split()
    assert edge(*example).status == 0
    assert "*.example.org" in edge(*told.edge(1, NAME="faults")).out
    assert edge("policy", "grant", "faults", "http_client", "*.example.org").status == 0


def test_an_audit_log_that_somebody_changed(edge: Edge, installed: Install, tmp_path: Path) -> None:
    installed()
    edge("disable", "faults")
    log = tmp_path / "data/edge/audit/log"
    log.write_bytes(log.read_bytes().replace(b'"install"', b'"removed"'))
    told = advice(
        found(edge("doctor", "--json"), "audit"),
        "`edge audit --verify` shows every problem; find out who changed the log",
    )
    assert edge(*told.edge()).status == 1


def test_files_that_somebody_removed(edge: Edge, installed: Install, tmp_path: Path) -> None:
    installed(SECRET, "--yes")
    value = tmp_path / "token.txt"
    value.write_text("s3cret")
    edge("secret", "faults", "token", "--from", value)
    edge("config", "faults", "place=Bonn")
    for folder in ("config", "secrets"):
        (tmp_path / f"data/edge/{folder}/faults.json").unlink()
    ran = edge("doctor", "--json")
    told = advice(
        found(ran, "configuration"),
        "Restore it from a backup, or set it again, as `edge config {}` shows; if it was removed "
        "on purpose: `edge config {} --reset`",
    )
    assert "place" in edge(*told.edge(0)).out
    assert edge(*told.edge(1)).status == 0
    told = advice(found(ran, "secrets"), "Restore it from a backup, or set it again: `edge secret {} {}`")
    assert edge(*told.edge(), "--from", value).status == 0
    ran = edge("doctor", "--json")
    assert (found(ran, "configuration"), found(ran, "secrets")) == ("", "")


def test_settings_that_a_plugin_requires(edge: Edge, installed: Install, tmp_path: Path) -> None:
    required = '[config_schema]\nrequired = ["token", "place"]\n'
    installed(SECRET.replace("[config_schema", f"{required}[config_schema", 1), "--yes")
    ran = edge("doctor", "--json")
    told = advice(found(ran, "configuration"), "Set it: `edge config {} {}=VALUE`")
    assert edge(*told.edge()).status == 0
    value = tmp_path / "token.txt"
    value.write_text("s3cret")
    told = advice(found(ran, "secrets"), "Set it: `edge secret {} {}`")
    assert edge(*told.edge(), "--from", value).status == 0
    ran = edge("doctor", "--json")
    assert (found(ran, "configuration"), found(ran, "secrets")) == ("", "")

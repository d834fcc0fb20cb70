"""`edge audit NAME`, `--log` and `--verify`: the audit log (edge/audit)."""

from __future__ import annotations

from edge import audit, errors
from edge.cli import audit_columns as columns
from edge.cli import output
from edge.digits import COUNT, is_digest
from edge.doctor.finding import counted
from edge.json_text import json_text
from edge.operations.words import is_file
from edge.permissions import requests
from edge.policy import grants
from edge.store import status
from edge.text import plain, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments

    Entry = dict[str, Any]

FILES = (".edge", ".cwasm", ".wasm")
OF_THE_LOG = ("seq", "time", "boot", "prev", "since", "past", "event")
DIGITS = 16
NO_CLOCK = 1_704_067_200  # 2024-01-01: this release of Edge is younger


def run(arguments: Arguments) -> int | None:
    """The exit code; None if the argument is a file."""
    if arguments.get("log") or arguments.get("verify"):
        return _log(arguments)
    if not arguments.positional:
        raise errors.UsageError("audit: FILE or NAME missing", "`edge audit --help` shows details")
    name = arguments.positional[0]
    if status.is_installed(name):
        return _plugin(arguments, name)
    if not (is_file(name) or name.endswith(FILES) or arguments.get("manifest")):
        raise errors.NotInstalled(f"No plugin `{name}` is installed, and there is no file of that name")
    if arguments.get("last"):
        raise errors.UsageError(
            "audit: --last needs --log or the NAME of an installed plugin",
            "Usage: edge audit NAME --last N, or edge audit --log --last N",
        )
    return None


def _log(arguments: Arguments) -> int:
    if arguments.positional or (arguments.get("log") and arguments.get("verify")):
        raise errors.UsageError(
            "audit: --log and --verify take no FILE or NAME, and exclude each other",
            "Usage: edge audit --log [--last N], or edge audit --verify",
        )
    if arguments.get("verify"):
        return _verify(arguments)
    entries = _last(arguments, audit.entries())
    if arguments.get("json"):
        output.document({"entries": entries})
    else:
        _show(entries, with_plugin=True)
    return 0


def _verify(arguments: Arguments) -> int:
    problems, newest = audit.verify(), audit.ends()
    count = sum(1 for _ in audit.entries())
    if arguments.get("json"):
        output.document({"ok": not problems, "entries": count, "problems": problems, "newest": newest})
    else:
        for problem in problems:
            output.show(problem)
        output.answer(f"{counted(count, 'entry', 'entries')}, {counted(len(problems), 'problem')}")
        for name, digest in newest.items():
            output.answer(f"newest of {name}: {digest}")
    return 1 if problems else 0


def _plugin(arguments: Arguments, name: str) -> int:
    """Exits with 1 if an import is not granted, or if calls do not load the plugin."""
    from edge.store.installed import Installed
    from edge.store.view import View

    wrong = [option for option in ("manifest", "old-manifest") if arguments.get(option)]
    if wrong or len(arguments.positional) > 1:
        what = f"--{wrong[0]}" if wrong else f"`{arguments.positional[1]}`"
        raise errors.UsageError(
            f"audit: {name} is an installed plugin, and {what} is only for files",
            f"For a file of that name: ./{name}",
        )
    view = View()
    plugin = Installed(name, view)
    profile = arguments.get("profile") or view.profile
    granted = grants.resolve(
        plugin.manifest,
        view.policy.agreed(name, plugin.record.consents),
        profile=profile,
        name=name,
        level=arguments.get("level", ""),
    )
    rows = granted.rows(plugin.description["imports"])
    refused = [row for row in rows if row.imported and not row.granted]
    state, problem = status.state(plugin.record, view)
    is_loaded = state in (status.ENABLED, status.DISABLED)
    entries = _last(arguments, audit.entries(name))
    if arguments.get("json"):
        output.document(
            {
                "plugin": name,
                "version": plugin.description["version"],
                "enabled": plugin.enabled,
                "state": state,
                "problem": problem,
                "level": granted.level,
                "rows": [columns.facts(row) for row in rows],
                "profile": profile.name,
                "limits": granted.limits,
                "refused": [row.capability for row in refused],
                "entries": entries,
                "ok": is_loaded and not refused,
            }
        )
    else:
        columns.show(f"{name} {plugin.description['version']}", granted, rows, profile)
        columns.show_end(refused, [])
        if not is_loaded:
            output.answer("")
            output.show(f"{state}, calls do not load it: {problem}")
        output.answer("")
        _show(entries, with_plugin=False)
    return 0 if is_loaded and not refused else 1


def _last(arguments: Arguments, entries: Any) -> list[Entry]:
    newest = list(entries)
    return newest[-arguments.get("last", len(newest)) :] if newest else newest


def _show(entries: list[Entry], *, with_plugin: bool) -> None:
    if not entries:
        output.say("The log has no entries of this plugin" if not with_plugin else "The log is empty")
    versions = _versions()
    for entry in entries:
        who = [word(str(entry["plugin"]))] if with_plugin and entry.get("plugin") else []
        what = [
            f"{word(name)} {_value_text(name, value, versions)}" for name, value in _details(entry).items()
        ]
        line = f"{_number(entry):>7}  {_time(entry)}  {' '.join((plain(str(entry.get('event', '?'))), *who))}"
        output.show(f"{line}: {', '.join(what)}" if what else line)


def _versions() -> dict[str, str]:
    """Versions of the releases in the log, by id."""
    return {
        entry["id"]: entry["version"]
        for entry in audit.entries()
        if isinstance(entry.get("id"), str) and isinstance(entry.get("version"), str)
    }


def _details(entry: Entry) -> Entry:
    """The shown fields of an entry; `before` only if there was an earlier release."""
    left_out = (*OF_THE_LOG, "plugin") if entry.get("before") else (*OF_THE_LOG, "plugin", "before")
    return {name: value for name, value in entry.items() if name not in left_out}


def _number(entry: Entry) -> str:
    """The number of an entry.

    Entries of plugins have two numbers: that of the operator's last entry, then their own. Entries about uses
    are counted separately, with a `u`.
    """
    kind = "u" if "past" in entry else ""
    return f"{entry['since']}+{kind}{entry['seq']}" if "since" in entry else str(entry["seq"])


def _time(entry: Entry) -> str:
    from time import gmtime, strftime

    seconds = entry.get("time")
    if not isinstance(seconds, int) or not 0 <= seconds < 1 << 40:
        return f"{'?':<20}"
    # A device without a clock starts in 1970; the number of its boot tells more then.
    if seconds < NO_CLOCK:
        return f"{'boot ' + word(str(entry.get('boot'))):<20}"
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


def _value_text(name: str, value: Any, versions: dict[str, str]) -> str:
    """A value as shown: `before` by its version, digests and keys by their first digits."""
    if name == "before" and value in versions:
        return f"version {word(versions[value])}"
    if name == "plugins" and value == []:
        # The plugins that a trusted key may sign.
        return "every plugin"
    return " ".join(word[:DIGITS] if _is_digest(word) else word for word in _text(value).split(" "))


def _is_digest(word: str) -> bool:
    """Whether the word starts with a digest or a key; the id of a release may be longer."""
    return is_digest(word[:COUNT])


def _text(value: Any) -> str:
    if isinstance(value, str):
        return plain(value) or "''"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return requests.spelled(tuple(value)) or "nothing"
    return json_text(value, ascii_only=True)

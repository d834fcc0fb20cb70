"""`edge enable|disable|rollback|remove|reload`: changes the state of an installed plugin."""

from __future__ import annotations

from edge import errors
from edge.cli import output
from edge.cli.options import Command, Option
from edge.store import lifecycle
from edge.store.parts import description_of
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments
    from edge.store import Record

COMMANDS = {
    "enable": Command(
        "enable",
        "NAME",
        "Enables a plugin: shows its permission requests, asks for consent at the terminal, and runs its\n"
        "self-check.",
        (Option("yes", "", "consent to its permission requests", short="-y"),),
        "edge enable cron-next",
    ),
    "disable": Command(
        "disable",
        "NAME",
        "Disables a plugin: blocks new calls. Running calls finish.",
        (),
        "edge disable cron-next",
    ),
    "rollback": Command(
        "rollback",
        "NAME",
        "Goes back to the previous release, which Edge keeps. The newer release is kept in its place. A\n"
        "release that never had consent is restored as disabled. Exits with 2 if no other release is kept.",
        (),
        "edge rollback cron-next",
    ),
    "remove": Command(
        "remove",
        "NAME",
        "Removes a plugin with its configuration, secrets, log and grants. Edge remembers the number of its\n"
        "newest release and refuses older ones; --forget deletes that too. Exits with 2 if the plugin is\n"
        "not installed.",
        (Option("forget", "", "accept older releases later; also removes a damaged plugin"),),
        "edge remove cron-next",
    ),
    "reload": Command(
        "reload",
        "NAME",
        "Verifies every byte of a plugin again, and computes its grants again.",
        (),
        "edge reload cron-next",
    ),
}


def run(name: str, arguments: Arguments) -> int:
    """Runs the command of this name."""
    plugin = arguments.positional[0]
    if name == "remove":
        was_there = lifecycle.remove(plugin, forget=arguments.get("forget", False))
        _show(
            arguments,
            plugin,
            "removed" if was_there else "was already removed; older releases are accepted now",
            None,
        )
        return 0
    if name == "enable":
        from edge.cli.consent import consent_of

        now = lifecycle.enable(plugin, consent=consent_of(arguments))
    else:
        now = {"disable": lifecycle.disable, "rollback": lifecycle.rollback, "reload": lifecycle.reload}[
            name
        ](plugin)
    done = {
        "enable": "is enabled",
        "disable": "is disabled",
        "rollback": "is current again",
        "reload": "is verified",
    }
    _show(arguments, plugin, done[name], now)
    if name == "rollback" and not now.enabled:
        output.say(f"It is not enabled: `edge enable {plugin}` enables it")
    if now.enabled:
        from edge.cli.consent import show_misfit
        from edge.store.fitting import misfit

        show_misfit(misfit(plugin))
    return 0


def _show(arguments: Arguments, plugin: str, done: str, now: Record | None) -> None:
    version = _version(now) if now is not None else None
    if arguments.get("json"):
        output.document(
            {
                "plugin": plugin,
                "version": version,
                "enabled": now.enabled if now is not None else False,
                "id": now.current if now is not None else None,
                "previous": (now.previous or None) if now is not None else None,
            }
        )
    else:
        output.show(" ".join(filter(None, (plugin, version and word(version), done))))


def _version(now: Record) -> str | None:
    """The version of the release; None if it is damaged, which does not prevent disabling it."""
    try:
        version: str = description_of(now.current)["version"]
    except errors.EdgeError:
        return None
    return version

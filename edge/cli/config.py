"""`edge config`: shows or changes the settings of an installed plugin."""

from __future__ import annotations

from edge import _native as native
from edge import errors, files
from edge.cli import output
from edge.cli.options import Command, Option
from edge.files.encoding import check
from edge.json_text import json_text
from edge.operations import settings
from edge.schema import from_text
from edge.schema.values import named
from edge.store import awaited, config
from edge.text import phrase, plain, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments
    from edge.manifest import Manifest

STDIN = 0
NOTE_LIMIT = 300
MAX_UNCHECKED = 5

COMMAND = Command(
    "config",
    "NAME [KEY=VALUE...]",
    "Shows a plugin's settings and what its schema accepts, or changes settings. Values have the types of\n"
    "the schema. `edge secret` sets secrets; they are never shown.",
    (
        Option("unset", "KEY", "remove a value", many=True),
        Option("reset", "", "first remove all values; also if the file is damaged"),
        Option("json-value", "KEY=JSON", "set a value given as JSON", many=True),
        Option("from", "FILE", "set all values of a JSON object; - for stdin"),
    ),
    "edge config cron-next utc_offset_minutes=60",
)


def run(arguments: Arguments) -> int:
    """Changes the configuration if the arguments say so, then shows it."""
    name, *pairs = arguments.positional
    manifest = awaited.settable(name)
    changes = {**_from(arguments), **_changes(manifest, pairs), **_from_json(manifest, arguments)}
    done = settings.change(name, changes, arguments.get("unset", []), reset=arguments.get("reset", False))
    for key in done.names:
        output.say(
            f"edge: the schema of {name} does not define `{plain(key, NOTE_LIMIT)}`: it is not checked"
        )
    if done.rules:
        listed = ", ".join(plain(place, NOTE_LIMIT) for place in done.rules[:MAX_UNCHECKED])
        more = f" and {len(done.rules) - MAX_UNCHECKED} more" if len(done.rules) > MAX_UNCHECKED else ""
        output.say(f"edge: the schema of {name} has rules that are not checked here: {listed}{more}")
    _show(arguments, name)
    return 0


def _from(arguments: Arguments) -> dict[str, Any]:
    path = arguments.get("from")
    if not path:
        return {}
    values = _json(_read(path), path if path != "-" else "standard input")
    if not isinstance(values, dict):
        raise errors.ArgumentsError(f"{path} is not a JSON object")
    return values


def _json(text: bytes, file: str = "") -> Any:
    """The value of a JSON text. Refuses duplicate names, of which JSON parsers use only the last."""
    value = native.read_json(text, file)
    import json

    def once(pairs: list[tuple[str, Any]]) -> None:
        seen = set()
        for name, _ in pairs:
            if name in seen:
                where = f"{file}: " if file else ""
                raise errors.ArgumentsError(f"{where}`{name}` is set twice", "Keep one of them")
            seen.add(name)

    json.loads(text, object_pairs_hook=once)
    changed = from_text.changed_number(files.decode(text.removeprefix(files.BYTE_ORDER_MARK)))
    if changed:
        where = f"{file}: a number" if file else "a number"
        raise errors.ArgumentsError(
            f"{where} {changed}", "Use fewer digits, or text if the plugin accepts text"
        )
    return value


def _read(path: str) -> bytes:
    if path != "-":
        return check(files.read_input(path), path)
    try:
        return files.read_all(STDIN)
    except OSError as error:
        files.raise_for("standard input", error)


def _from_json(manifest: Manifest, arguments: Arguments) -> dict[str, Any]:
    values = {}
    for pair in arguments.get("json-value", []):
        key, text = _pair(manifest, pair)
        try:
            values[key] = _json(files.encode(text))
        except errors.ArgumentsError as error:
            raise errors.ConfigError(
                f"{manifest.name}: {key}: {error.message}", config.takes(manifest.name)
            ) from None
    return values


def _changes(manifest: Manifest, pairs: list[str]) -> dict[str, Any]:
    rules = config.schema_of(manifest)
    known, others = rules.get("properties", {}), rules.get("additionalProperties", True)
    values = {}
    for pair in pairs:
        key, text = _pair(manifest, pair)
        try:
            values[key] = from_text.typed(known.get(key, others), text, rules)
        except ValueError as error:
            raise errors.ConfigError(f"{manifest.name}: {key} {error}", config.takes(manifest.name)) from None
    return values


def _pair(manifest: Manifest, pair: str) -> tuple[str, str]:
    key, equals, text = pair.partition("=")
    if not (key and equals):
        raise errors.UsageError("config: expected KEY=VALUE", f"Usage: {COMMAND.usage()}")
    if key in manifest.secrets:
        # The shell's history keeps command lines.
        raise errors.ConfigError(
            f"{key} is a secret of {manifest.name}; nothing was set",
            f"`edge secret {manifest.name} {key}` reads it from standard input",
        )
    return key, text


def _show(arguments: Arguments, name: str) -> None:
    facts = settings.describe(name)
    known, values, secrets = facts["schema"], facts["values"], facts["secrets"]
    withheld, is_free = facts.pop("withheld"), facts.pop("free")
    if arguments.get("json"):
        output.document(facts)
        return
    for key in dict.fromkeys((*known, *values)):
        rules = known.get(key, {}) if isinstance(known.get(key), dict) else {}
        kind = named(from_text.types(rules)) or "any value"
        note = phrase(str(rules.get("description", "")), NOTE_LIMIT)
        default = f", {json_text(rules['default'])} by default" if "default" in rules else ""
        value = json_text(values[key]) if key in values else f"not set{default}"
        output.show(f"{word(key)} = {value}  ({kind}{': ' if note else ''}{note})")
    for key, is_set in secrets.items():
        output.show(f"{word(key)} is a secret, {'set' if is_set else 'not set'}")
    if is_free:
        output.say(f"{name} has no configuration schema: any text is accepted without a check")
    elif not (known or values or secrets):
        output.say(f"{name} has no settings")
    for key in withheld:
        output.say(
            f"edge: {word(key)} is a setting of another release; the installed release does not receive it"
        )
    for key in facts["missing"]:
        output.say(f"edge: {name} requires {word(key)}, which is not set")

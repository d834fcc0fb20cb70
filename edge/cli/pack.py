"""`edge pack`: makes one signed file of a plugin for all its devices."""

from __future__ import annotations

from edge.cli import output, tool
from edge.cli.options import Command, Option, at_least_one, named_file
from edge.files.staged import Staged
from edge.operations.words import is_folder
from edge.targets import engine_of
from edge.trust import key_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments
    from edge.dev.pack_source import CheckInput as TriedWith
    from edge.dev.pack_source import Source

SUFFIX = ".edge"


def _number(text: str) -> int:
    from edge.package import MAX_RELEASE

    return at_least_one(text, MAX_RELEASE - 1)


COMMAND = Command(
    "pack",
    "DIR",
    "Makes a package of the plugin in DIR: its manifest.toml, and its WebAssembly compiled for every\n"
    "target, signed with this machine's key. Refuses whatever a device would refuse, and names the line of\n"
    "the manifest. Skips a check that needs secrets or a setting, with a message, unless --secret and\n"
    "--config give them. The same plugin, targets and key give the same bytes.\n"
    "--adopt packs a third-party plugin: it reports missing fields of the manifest instead of refusing them\n"
    "(tools without a risk get high risk), and devices show that the plugin is adopted.",
    (
        Option(
            "target", "NAME", "device or engine; pi-zero, pi-64, x86_64-linux", many=True, convert=engine_of
        ),
        Option(
            "output",
            "FILE",
            "output file, or DIR/ for DIR/NAME-VERSION.edge; default: current folder",
            short="-o",
        ),
        Option("key", "NAME", "key to sign with (edge key new)"),
        Option("passphrase-file", "FILE", "file with the passphrase of that key; default: ask"),
        Option("wasm", "FILE", "WebAssembly to pack instead of the manifest's wasm_path"),
        Option("adopt", "", "use defaults for missing fields of a third-party manifest"),
        Option("release", "N", "release number, with --adopt", convert=_number),
        Option("secret", "NAME=FILE", "secret for the plugin's own check", many=True, convert=named_file),
        Option("config", "JSON", "configuration for that check, or @FILE"),
        Option("with-wasm", "", "include the source component so that it can be recompiled"),
    ),
    "edge pack cron-next --target pi-zero --target pi-64",
)


def run(arguments: Arguments) -> int:
    """Prints the path of the package."""
    try:
        import signal

        from edge.dev.pack_source import CheckInput as TriedWith
        from edge.dev.pack_source import Source
        from edge.dev.probe import made_folder, probe
    except ImportError:
        from edge import errors

        raise errors.NoCompiler(
            "This installation of Edge has no compiler",
            "On a PC: `edge pack DIR`; then install the package here",
        ) from None
    # SIGTERM cleans up as an interrupt does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    path = arguments.get("output", "")
    folder = path if not path or path.endswith("/") or is_folder(path) else ""
    if path and not folder:
        probe(path)
    tried_with = TriedWith(tool.secrets(arguments), _config(arguments))
    source = Source(
        arguments.positional[0],
        arguments.get("wasm", ""),
        adopted=arguments.get("adopt", False),
        release=_release(arguments),
    )
    with made_folder(folder or "."):
        if not path or folder:
            path = f"{folder and folder.rstrip('/') + '/'}{_default(source)}"
            probe(path)
        description = _pack(arguments, source, tried_with, path)
    if arguments.get("json"):
        output.document({"file": path, **description})
    else:
        output.answer(path)
    return 0


def _pack(arguments: Arguments, source: Source, tried_with: TriedWith, path: str) -> dict[str, Any]:
    from edge.dev.pack import DEFAULT_ENGINES, pack

    with key_file.wiped(_seed(arguments)) as seed, Staged(path) as staged:
        description = pack(
            staged.fd,
            source,
            arguments.get("target", DEFAULT_ENGINES),
            seed,
            with_wasm=arguments.get("with-wasm", False),
            given=tried_with,
            say=output.say,
            draw=output.draw,
            file=path,
        )
        staged.commit()
    return description


def _release(arguments: Arguments) -> int:
    number: int = arguments.get("release", 0)
    if number and not arguments.get("adopt"):
        from edge import errors

        raise errors.UsageError(
            "pack: --release needs --adopt", "Set the number in the manifest: release under [edge]"
        )
    return number


def _config(arguments: Arguments) -> bytes:
    """The configuration as a JSON object, or nothing."""
    config = tool.config(arguments) or b""
    if config:
        from edge import _native as native

        native.merge_arguments(config, b"")
    return config


def _default(source: Source) -> str:
    name = f"{source.manifest.name}-{source.manifest.version}{SUFFIX}"
    if "/" not in name:
        return name
    from edge import errors

    raise errors.UsageError(
        f"pack: {name} is not a valid file name", "Name the output file: -o FILE, for instance weather.edge"
    )


def _seed(arguments: Arguments) -> bytearray:
    from edge import errors
    from edge.trust import keyring

    name = arguments.get("key")
    if arguments.get("passphrase-file") and not (name and keyring.find(name).locked):
        whose = f"the key {name}" if name else "this machine's own key"
        raise errors.UsageError(
            f"pack: {whose} has no passphrase", "Omit --passphrase-file, or name another key with --key"
        )
    if not name:
        return key_file.local_seed()
    from edge.cli.passphrase import asker

    return keyring.seed_of(name, asker(arguments))

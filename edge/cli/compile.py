"""`edge compile`: compiles a plugin's WebAssembly into artifacts for devices."""

from __future__ import annotations

from edge import files
from edge.cli import output
from edge.cli.options import Command, Option, megabytes
from edge.targets import engine_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments
    from edge.dev.compile import Artifact

COMMAND = Command(
    "compile",
    "PLUGIN.wasm",
    "Compiles a component, or a core module with component metadata, and signs the result with this\n"
    "machine's key. Writes one NAME.ENGINE.cwasm for each engine of the targets.",
    (
        Option("target", "NAME", "device or engine", many=True, convert=engine_of),
        Option("memory", "MB", "largest memory to grant to calls, if more than 16", convert=megabytes),
        Option("output", "DIR", "output folder, created if missing; default: current folder", short="-o"),
    ),
    "edge compile cron-next.wasm --target pi-zero --target pi-64 -o build",
)


def run(arguments: Arguments) -> int:
    """Prints the paths of the artifacts."""
    from edge import errors

    engines = arguments.get("target")
    if not engines:
        raise errors.UsageError(
            "compile: --target missing", f"Usage: {COMMAND.usage()}; --help shows details"
        )
    try:
        import signal

        from edge.dev.compile import compile_to
        from edge.dev.probe import made_folder
    except ImportError:
        raise errors.NoCompiler("This installation of Edge has no compiler") from None
    # SIGTERM cleans up as an interrupt does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    path, folder = arguments.positional[0], arguments.get("output", ".")
    wasm = files.read_input(path)
    with made_folder(folder):
        artifacts = compile_to(
            folder,
            wasm,
            files.base_name(path),
            engines,
            memory=arguments.get("memory", 0) << 20,
            say=output.say,
            draw=output.draw,
        )
    if arguments.get("json"):
        output.document({"artifacts": [_facts(artifact) for artifact in artifacts]})
    else:
        for artifact in artifacts:
            output.answer(artifact.path)
    return 0


def _facts(artifact: Artifact) -> dict[str, Any]:
    return {"file": artifact.path, **artifact.description}

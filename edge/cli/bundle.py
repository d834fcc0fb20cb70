"""`edge bundle`: makes the archive that installs Edge on a device."""

from __future__ import annotations

from edge.cli import output
from edge.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments

COMMAND = Command(
    "bundle",
    "",
    "Makes an archive with everything that Edge needs on a device except Python and its cffi backend.\n"
    "Unpack it anywhere and run edge/edge. It trusts the key of the machine that makes it.",
    (
        Option("target", "DEVICE", "pi-zero, pi-64, x86_64-linux or board"),
        Option("output", "FILE", "output file, for instance edge-pi-zero.tar.gz", short="-o"),
    ),
    "edge bundle --target pi-zero -o edge-pi-zero.tar.gz",
)


def run(arguments: Arguments) -> int:
    """Prints the path of the archive."""
    from edge import errors

    target, path = arguments.get("target"), arguments.get("output")
    if not (target and path):
        raise errors.UsageError(
            "bundle: --target and --output are required", f"For instance: {COMMAND.example}"
        )
    try:
        from edge.dev import bundle
    except ImportError:
        raise errors.EnvironmentFault(
            "This installation of Edge cannot make bundles; a source checkout can"
        ) from None
    members = bundle.write(path, target)
    if arguments.get("json"):
        output.document({"file": path, "target": target, "members": members})
    else:
        output.answer(path)
    return 0

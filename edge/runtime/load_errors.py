"""Why a plugin could not be loaded if its file is not the cause."""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors
from edge._native import making
from edge.package import is_package
from edge.runtime import confinement
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.policy.grants import Grants


def explain(error: Exception, fd: int, name: str, head: bytes, grants: Grants | None) -> None:
    """Raises the first cause to fix: another file, a file of trust, a grant, a limit of this machine."""
    if isinstance(error, errors.OptionsError):
        held.check_all()
    if isinstance(error, (errors.IoFault, errors.OutOfMemory)):
        confinement.explain(error, fd)
    if isinstance(error, errors.NotArtifact) and not head:
        _explain_package(fd, name)
        explain_other(fd, name)
    if isinstance(error, errors.MissingImport) and grants is not None:
        if head:
            description = making.describe_head(head, name, None)
        else:
            description, _ = native.describe_artifact(fd, name)
        grants.check_load(description["imports"])


def _explain_package(fd: int, name: str) -> None:
    if is_package(fd):
        raise errors.NotArtifact(
            f"{name} is a package, which must be installed before it runs",
            "`edge install FILE`, then `edge call NAME JSON`; `edge inspect FILE` shows the name",
        )


def explain_other(fd: int, name: str) -> None:
    """Raises the fault of a file that is neither WebAssembly nor compiled code."""
    if posix.fstat(fd).st_size == 0:
        raise errors.NotWasm(f"{name}: the file is empty", "Copy the file again, or build it again")
    if name.endswith(".wasm"):
        raise errors.NotWasm(f"{name}: it is not WebAssembly")

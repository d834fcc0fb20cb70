"""An engine, and plugins loaded into it."""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files, trust
from edge.interfaces import Context, flatten, offered
from edge.runtime.plugin import Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from edge.interfaces import Interface
    from edge.policy.grants import Grants
    from edge.runtime.instance import Output


class Runtime:
    """Loads plugins. One is enough for a process; what it loaded lives on without it."""

    __slots__ = ("_engine", "_trust")

    def __init__(
        self,
        *,
        trusted: Iterable[bytes] | bytes | None = None,
        stack_bytes: int = 0,
        interpret: bool = False,
    ) -> None:
        """`trusted`: public keys whose artifacts may run, or text that says more of trust (edge.trust).

        By default that is what this machine trusts. `stack_bytes`: the stack of every guest, 0 for the
        library's default. `interpret`: for Pulley code, which any CPU executes, instead of this CPU's own.
        """
        self._engine = native.new_engine(stack_bytes, interpret=interpret)
        if trusted is None:
            self._trust = trust.text()
        else:
            self._trust = trusted if isinstance(trusted, bytes) else trust.of_keys(trusted)

    def load(
        self,
        path: str | PathLike[str] | bytes,
        *,
        interfaces: Iterable[Interface] | None = None,
        grants: Grants | None = None,
        output: Output | None = None,
    ) -> Plugin:
        """Verifies and loads a .cwasm, named by a text or a `pathlib.Path`.

        `interfaces`: what the plugin may import beside WASI; by default logging to stderr, and no secrets.
        `grants`: what it is granted; one that imports more is refused (`errors.NotGranted`). Its limits are
        in `grants.call_limits`, and interfaces take grants of their own.
        `output`: takes what the plugin writes to its standard streams, as (1 or 2, bytes); by default it is
        dropped.
        """
        named = posix.fspath(path)
        path = named if isinstance(named, str) else files.decode(named)
        fd = files.open_input(path)
        try:
            return self.load_open(
                fd, files.base_name(path), interfaces=interfaces, grants=grants, output=output
            )
        finally:
            files.close(fd)

    def load_open(
        self,
        fd: int,
        name: str,
        *,
        head: bytes = b"",
        receipt: bytes = b"",
        interfaces: Iterable[Interface] | None = None,
        grants: Grants | None = None,
        output: Output | None = None,
    ) -> Plugin:
        """As `load`, from an open descriptor, which stays the caller's; `name` is for messages.

        `head`: of the package that this code is from. `receipt`: what an earlier check of the same file
        answered, kept where nobody else can write; the plugin has a new one where it was checked again.
        RATIONALE, "Why a checked artifact has a receipt".
        """
        provides, functions = flatten(offered(Context()) if interfaces is None else interfaces)
        try:
            handle, fresh = native.load_plugin(self._engine, fd, name, head, self._trust, receipt, provides)
        except Exception as error:
            from edge.runtime.load_errors import explain

            explain(error, fd, name, head, grants)
            raise
        plugin = Plugin(handle, name, provides, functions, output, fresh)
        if grants is not None:
            grants.check_load(plugin.description["imports"])
        return plugin

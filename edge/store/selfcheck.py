"""Whether a release works on this machine, asked before it becomes the current one.

Its code has to load, to say of itself what its description says, and to carry out the call that its manifest
names under [edge.check], on the terms on which it would be called.
"""

from __future__ import annotations

from edge import errors, files, levels, store, trust
from edge.profiles import here
from edge.runtime import Runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.grants import Grants
    from edge.interfaces import Interface
    from edge.manifest import Manifest
    from edge.plugin import Plugin
    from edge.store.release import Kept, Staged

PLUGIN_INFO = "zeroclaw:plugin/plugin-info@0.1.0#"


def load(staged: Staged | Kept, grants: Grants | None) -> Plugin:
    """Loads what was unpacked; it is not called. With `grants`, what it may not import is refused."""
    profile = here()
    operator_only = grants is not None and levels.operator_only(grants.level)
    trusted = trust.text(operator_only=operator_only) + f"\nplugin {staged.manifest.name}\n".encode()
    head = files.read_input(f"{staged.path}/{store.HEAD}")
    fd = files.open_input(f"{staged.path}/{store.CODE}")
    try:
        return Runtime(
            trusted=trusted, stack_bytes=profile.stack_bytes, interpret=staged.interpret
        ).load_open(
            fd,
            staged.manifest.name,
            head=head,
            receipt=staged.receipt,
            interfaces=_interfaces(staged.manifest.name, grants),
            grants=grants,
        )
    finally:
        files.close(fd)


def check(staged: Staged | Kept, grants: Grants) -> None:
    """Raises `errors.CheckFailed` for a release that loads and does not work."""
    name, version = staged.manifest.name, staged.manifest.version
    plugin = load(staged, grants)
    limits = grants.call_limits(here().limits)
    try:
        if f"{PLUGIN_INFO}plugin-version" in plugin.description["exports"]:
            with plugin.instance(limits) as instance:
                told = instance.call(f"{PLUGIN_INFO}plugin-version")
            if told != plugin.description["plugin"]["version"]:
                _fail(name, version, f"it says that it is version {told}")
        _call(plugin, staged.manifest, grants)
    except errors.CallFailed as error:
        _fail(name, version, error.message)
    except errors.ToolError as error:
        _fail(name, version, error.message)


def _call(plugin: Plugin, manifest: Manifest, grants: Grants) -> None:
    if not manifest.check_arguments:
        return
    from edge import config

    result = plugin.call(
        manifest.check_arguments,
        tool=manifest.check_tool or None,
        config=config.read(manifest.name) or None,
        limits=grants.call_limits(here().limits),
    )
    if not result.success:
        _fail(manifest.name, manifest.version, f"it answers {result.error or result.output or 'nothing'}")


def _interfaces(name: str, grants: Grants | None) -> tuple[Interface, ...]:
    from edge.interfaces.inbound import Inbound
    from edge.interfaces.logging import Logging
    from edge.interfaces.secrets import Secrets
    from edge.sealed import Sealed

    return Logging(lambda *_: None), Secrets(Sealed(name), grants), Inbound(grants)


def _fail(name: str, version: str, why: str) -> None:
    raise errors.CheckFailed(
        f"{name} {version} does not pass its own check: {why}",
        f"{_left(name)}; if the plugin is not yours, tell its author",
    )


def _left(name: str) -> str:
    """What there is of a plugin whose release did not pass."""
    from edge.store import record

    found = record.find(name)
    if found is None or not found.current:
        return "It was not installed"
    return "The installed release still runs" if found.enabled else "It stays disabled, as it was"

"""Whether a release works on this machine, checked before it becomes the current one.

Its code must load, report the version in its description, and carry out the call under [edge.check] of its
manifest with the grants and limits of a real call. RATIONALE, "Why a release is tried before
the switch and not after".
"""

from __future__ import annotations

from edge import errors, files, store, trust
from edge.contract import PLUGIN_INFO
from edge.interfaces import Context, offered
from edge.interfaces.secrets import NOT_FOUND, Secrets
from edge.limits import here
from edge.permissions import levels
from edge.permissions.catalogue import interfaces
from edge.runtime import Runtime
from edge.store.secrets import StoredSecrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from edge.limits import Limits
    from edge.manifest import Manifest
    from edge.policy.grants import Grants
    from edge.runtime import Plugin
    from edge.runtime.call import Call
    from edge.store.release import Kept, Staged

SET_SECRET, SET_CONFIG = "secret {} {}", "config {} {}=VALUE"
MAX_MISSED = 100
"""A plugin may read any number of names."""


class _Noted(Secrets):
    """Secrets of a plugin; notes those that it reads and that are not set."""

    __slots__ = ("missed",)

    def __init__(self, name: str, grants: Grants | None) -> None:
        super().__init__(StoredSecrets(name), grants)
        self.missed: dict[str, None] = {}

    def _get(self, call: Call, name: str) -> tuple[tuple[str, Any]]:
        answer = super()._get(call, name)
        if answer[0][1] == NOT_FOUND and len(self.missed) < MAX_MISSED:
            self.missed[name] = None
        return answer


def load(staged: Staged | Kept, grants: Grants | None) -> Plugin:
    """Loads an unpacked release without calling it. With `grants`, imports without a grant are refused."""
    return _load(staged, grants, _Noted(staged.manifest.name, grants))


def _load(staged: Staged | Kept, grants: Grants | None, secrets: _Noted) -> Plugin:
    profile = here()
    operator_only = grants is not None and levels.operator_only(grants.level)
    trusted = trust.text_for(staged.manifest.name, operator_only=operator_only)
    head = files.read_input(f"{staged.path}/{store.HEAD}")
    context = Context(lambda *_: None, grants=lambda: grants, own={"secrets": secrets})
    fd = files.open_input(f"{staged.path}/{store.CODE}")
    try:
        return Runtime(
            trusted=trusted, stack_bytes=profile.stack_bytes, interpret=staged.interpret
        ).load_open(
            fd,
            staged.manifest.name,
            head=head,
            receipt=staged.receipt,
            interfaces=offered(context, interfaces()),
            grants=grants,
        )
    finally:
        files.close(fd)


def check(staged: Staged | Kept, grants: Grants) -> None:
    """Raises `errors.CheckFailed` for a release that loads but does not work.

    That is `errors.NotConfigured` if a secret that it reads, or a required setting, is not set.
    """
    secrets = _Noted(staged.manifest.name, grants)
    plugin = _load(staged, grants, secrets)
    limits = here().limits.within(grants.limits)
    try:
        if f"{PLUGIN_INFO}plugin-version" in plugin.description["exports"]:
            with plugin.instance(limits) as instance:
                version = instance.call(f"{PLUGIN_INFO}plugin-version")
            if version != plugin.description["plugin"]["version"]:
                _fail(staged.manifest, f"it reports version {version}", secrets)
        _call(plugin, staged.manifest, limits, secrets)
    except errors.CallFailed as error:
        _fail(staged.manifest, error.message, secrets)
    except errors.ToolError as error:
        _fail(staged.manifest, error.message, secrets)


def _call(plugin: Plugin, manifest: Manifest, limits: Limits, secrets: _Noted) -> None:
    if not manifest.check_arguments:
        return
    from edge.store import config

    result = plugin.call(
        manifest.check_arguments,
        tool=manifest.check_tool or None,
        config=config.given(manifest) or None,
        limits=limits,
    )
    if not result.success:
        _fail(manifest, f"it answers {result.error or result.output or 'nothing'}", secrets)


def _fail(manifest: Manifest, why: str, secrets: _Noted) -> NoReturn:
    name = manifest.name
    wanted = _wanted(manifest, secrets)
    if wanted:
        commands = [f"edge {kind.format(name, setting)}" for setting, kind in wanted.items()]
        raise errors.NotConfigured(
            f"{name} {manifest.version} does not pass its own check without {', '.join(wanted)}: {why}",
            f"Set what it needs, then try again: {', '.join(f'`{command}`' for command in commands)}",
            commands,
        )
    raise errors.CheckFailed(
        f"{name} {manifest.version} does not pass its own check: {why}",
        f"{_left(name)}; if the plugin is not yours, report it to its author",
    )


def _left(name: str) -> str:
    """The state of a plugin whose release did not pass."""
    record = store.find(name)
    if record is None or not record.current:
        return "It was not installed"
    return "The installed release still runs" if record.enabled else "It stays disabled"


def _wanted(manifest: Manifest, secrets: _Noted) -> dict[str, str]:
    """What is not set and may be the reason, each with the command that sets it."""
    from edge.store import config
    from edge.store import secrets as stored_secrets

    missing = config.missing(manifest, stored_secrets.names(manifest.name))
    asked = [name for name in secrets.missed if name in manifest.secrets]
    is_secret = manifest.secrets.__contains__
    return {name: SET_SECRET if is_secret(name) else SET_CONFIG for name in (*asked, *missing)}

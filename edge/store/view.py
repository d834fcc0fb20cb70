"""The store, trust and policy as one command sees them: each file read once, each head verified once.

A command opens a View, passes it on and drops it. Nothing of it outlives the command: whoever changes
something, or runs on, opens another one for what comes after. RATIONALE, "Why a command passes on what it
read".
"""

from __future__ import annotations

from edge import errors, store, trust
from edge._native import making
from edge.limits import here
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.store import records
from edge.store.parts import damaged, part, read_manifest
from edge.trust import held as trust_held
from edge.trust.advice import advise
from edge.trust.held import Held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from edge.errors import EdgeError
    from edge.manifest import Manifest
    from edge.policy.model import Policy
    from edge.store import Record

    T = TypeVar("T")


class View:
    """What a command sees; each property is read when it is first asked for.

    trust    the files of trust
    profile  of this device
    """

    __slots__ = ("_kept", "_releases", "profile", "trust")

    def __init__(self) -> None:
        self.trust = Held()
        self.profile = here()
        self._kept: dict[str, Any] = {}
        self._releases: dict[tuple[str, str], Release] = {}

    @property
    def policy(self) -> Policy:
        """What the operator has said. Raises `errors.EnvironmentFault` each time where it can't be read."""
        return self._once("policy", policy_file.load)

    def trust_text(self, *, operator_only: bool) -> bytes:
        """As `trust.text`; raises `errors.EnvironmentFault` each time for a file that can't be read."""
        return self._once(
            f"trust {operator_only}", lambda: trust.text(operator_only=operator_only, held=self.trust)
        )

    def record(self, name: str) -> Record | None:
        """The record of a plugin, as `store.find`."""
        return self._once(f"record {name}", lambda: store.find(name))

    def installed(self) -> Iterator[Record]:
        """The records of all plugins that are installed, but those that are damaged."""
        for name in self._once("names", records.named):
            try:
                found = self.record(name)
            except errors.StoreDamaged:
                continue
            if found is not None and found.current:
                yield found

    def release(self, release_id: str, name: str) -> Release:
        """A release of a plugin."""
        if (release_id, name) not in self._releases:
            self._releases[release_id, name] = Release(self, release_id, name)
        return self._releases[release_id, name]

    def check(self) -> None:
        """Raises `errors.EnvironmentFault` where a file of the policy or of trust can't be read."""
        self.trust_text(operator_only=levels.operator_only(self.policy.level))

    def check_lines(self) -> None:
        """The same, also for a line of trust that means nothing."""
        self.check()
        trust_held.check_all(self.trust)

    def _once(self, what: str, make: Callable[[], T]) -> T:
        """What `make` answers or raises, which is kept."""
        if what not in self._kept:
            try:
                self._kept[what] = make()
            except errors.EdgeError as error:
                self._kept[what] = error
        found: T | EdgeError = self._kept[what]
        if isinstance(found, errors.EdgeError):
            raise found.with_traceback(None)
        return found


class Release:
    """A release as a view sees it: its head as it was read, and what was found of just these bytes.

    id    its folder
    name  of its plugin
    """

    __slots__ = ("_compiled", "_description", "_head", "_manifest", "_refusal", "_view", "id", "name")

    def __init__(self, view: View, release_id: str, name: str) -> None:
        self._view = view
        self.id = release_id
        self.name = name
        self._head: bytes | None = None
        self._compiled: bytes | None = None
        self._description: dict[str, Any] | EdgeError | None = None
        self._refusal: EdgeError | None = None
        self._manifest: Manifest | None = None

    @property
    def head(self) -> bytes:
        """The signed head; `errors.StoreDamaged` where there is none."""
        if self._head is None:
            self._head = part(self.id, store.HEAD)
        return self._head

    @property
    def signed(self) -> dict[str, Any]:
        """What its head says. The signature is checked, trust in the signer is not; raises what is wrong."""
        self._look()
        if self._description is None:
            # What is refused says nothing; that it is whole is looked at again.
            self._description = _tried(lambda: making.describe_head(self.head, "", None))
        if isinstance(self._description, errors.EdgeError):
            raise self._description.with_traceback(None)
        return self._description

    @property
    def description(self) -> dict[str, Any]:
        """The same; `errors.StoreDamaged` for a head that is not whole any more."""
        try:
            return self.signed
        except errors.EdgeError as error:
            damaged(error, self.id, store.HEAD)
            raise

    @property
    def compiled(self) -> bytes:
        """Its manifest, compiled, as its file has it; `errors.StoreDamaged` where there is none."""
        if self._compiled is None:
            self._compiled = part(self.id, store.COMPILED)
        return self._compiled

    @property
    def manifest(self) -> Manifest:
        """Its manifest, as it was checked when that was installed."""
        if self._manifest is None:
            self._manifest = read_manifest(self.compiled, self.id)
        return self._manifest

    @property
    def level(self) -> str:
        """The security level that holds for it: the policy's, or its manifest's if that is stricter."""
        return level_of(self.manifest, self._view.policy, self.name)

    @property
    def refusal(self) -> EdgeError | None:
        """Why nobody who is trusted stands for it, None where somebody does."""
        self._look()
        return self._refusal

    def _look(self) -> None:
        """One look answers both what it says and whether it is trusted."""
        if self._description is not None or self._refusal is not None:
            return
        try:
            level = self.level
            trusted = self._view.trust_text(operator_only=levels.operator_only(level))
            # The line ties the signature to the plugin, as that of a call does (edge/store/call.py).
            self._description = making.describe_head(self.head, self.name, trust.tied(trusted, self.name))
        except errors.OptionsError as error:
            self._refusal = self._fault_of_trust(error)
        except errors.EdgeError as error:
            advise(error, lambda: making.describe_head(self.head, "", None))
            error.remedy = way_back(error, self.id, self.name, self._view) or error.remedy
            self._refusal = error

    def _fault_of_trust(self, error: EdgeError) -> EdgeError:
        """Which file of trust means nothing."""
        try:
            trust_held.check_all(self._view.trust)
        except errors.EdgeError as told:
            return told
        return error


def level_of(manifest: Manifest, policy: Policy, name: str) -> str:
    """The security level that holds: the policy's, or the manifest's own where that is stricter."""
    level = policy.level_of(name)
    return levels.stricter(level, manifest.level) if manifest.level else level


def way_back(error: EdgeError, release_id: str, name: str, view: View) -> str:
    """The remedy for a current release that was revoked, where the one that is kept was not; or empty."""
    if not isinstance(error, (errors.Revoked, errors.OldCompiler)):
        return ""
    try:
        found = view.record(name)
        kept = view.release(found.previous, name) if found is not None and found.previous else None
        if found is None or found.current != release_id or kept is None or kept.refusal is not None:
            return ""
        version = kept.signed["version"]
    except errors.EdgeError:
        return ""
    return f"`edge rollback {name}` goes back to {version}; `edge key list` shows the reason"


def _tried(make: Callable[[], dict[str, Any]]) -> dict[str, Any] | EdgeError:
    try:
        return make()
    except errors.EdgeError as error:
        return error

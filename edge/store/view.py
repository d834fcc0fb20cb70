"""The store, trust and policy as one command sees them: each file read once, each head verified once.

A command opens a View, passes it on and drops it. After a change, and in a process that goes on, another one
is opened. RATIONALE, "Why a command passes on what it
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
    """The view of a command; each property is read at its first use.

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
        """The operator's policy. Raises `errors.EnvironmentFault` each time if it cannot be read."""
        return self._once("policy", policy_file.load)

    def trust_text(self, *, operator_only: bool) -> bytes:
        """As `trust.text`; raises `errors.EnvironmentFault` each time for a file that cannot be read."""
        return self._once(
            f"trust {operator_only}", lambda: trust.text(operator_only=operator_only, held=self.trust)
        )

    def record(self, name: str) -> Record | None:
        """The record of a plugin, as `store.find`."""
        return self._once(f"record {name}", lambda: store.find(name))

    def installed(self) -> Iterator[Record]:
        """The records of all installed plugins, without damaged ones."""
        for name in self._once("names", records.named):
            try:
                record = self.record(name)
            except errors.StoreDamaged:
                continue
            if record is not None and record.current:
                yield record

    def release(self, release_id: str, name: str) -> Release:
        """A release of a plugin."""
        if (release_id, name) not in self._releases:
            self._releases[release_id, name] = Release(self, release_id, name)
        return self._releases[release_id, name]

    def check(self) -> None:
        """Raises `errors.EnvironmentFault` if the policy or a file of trust cannot be read."""
        self.trust_text(operator_only=levels.operator_only(self.policy.level))

    def check_lines(self) -> None:
        """The same, also for an invalid line of trust."""
        self.check()
        trust_held.check_all(self.trust)

    def _once(self, what: str, make: Callable[[], T]) -> T:
        """The result or error of `make`, which is stored."""
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
    """A release in a view: its head as it was read, and the results of checking exactly these bytes.

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
        """The signed head; `errors.StoreDamaged` if it is missing."""
        if self._head is None:
            self._head = part(self.id, store.HEAD)
        return self._head

    @property
    def signed(self) -> dict[str, Any]:
        """Its description. The signature is checked, trust in the signer is not; raises its fault."""
        self._look()
        if self._description is None:
            # A refusal has no description; the signature is checked again.
            self._description = _tried(lambda: making.describe_head(self.head, "", None))
        if isinstance(self._description, errors.EdgeError):
            raise self._description.with_traceback(None)
        return self._description

    @property
    def description(self) -> dict[str, Any]:
        """The same; `errors.StoreDamaged` for a damaged head."""
        try:
            return self.signed
        except errors.EdgeError as error:
            damaged(error, self.id, store.HEAD)
            raise

    @property
    def compiled(self) -> bytes:
        """The text of its compiled manifest; `errors.StoreDamaged` if it is missing."""
        if self._compiled is None:
            self._compiled = part(self.id, store.COMPILED)
        return self._compiled

    @property
    def manifest(self) -> Manifest:
        """Its manifest, as it was checked at installation."""
        if self._manifest is None:
            self._manifest = read_manifest(self.compiled, self.id)
        return self._manifest

    @property
    def level(self) -> str:
        """The security level in force for it: the policy's, or its manifest's if that is stricter."""
        return level_of(self.manifest, self._view.policy, self.name)

    @property
    def refusal(self) -> EdgeError | None:
        """Why it is not trusted; None if it is."""
        self._look()
        return self._refusal

    def _look(self) -> None:
        """Reads the description and checks trust in one step."""
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
        """The error that names the invalid file of trust."""
        try:
            trust_held.check_all(self._view.trust)
        except errors.EdgeError as told:
            return told
        return error


def level_of(manifest: Manifest, policy: Policy, name: str) -> str:
    """The security level in force: the policy's, or the manifest's if that is stricter."""
    level = policy.level_of(name)
    return levels.stricter(level, manifest.level) if manifest.level else level


def way_back(error: EdgeError, release_id: str, name: str, view: View) -> str:
    """The remedy for a revoked current release if the previous one is not revoked; otherwise empty."""
    if not isinstance(error, (errors.Revoked, errors.OldCompiler)):
        return ""
    try:
        record = view.record(name)
        kept = view.release(record.previous, name) if record is not None and record.previous else None
        if record is None or record.current != release_id or kept is None or kept.refusal is not None:
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

"""The tree of errors, by cause.

EdgeError
├── ToolError                  the plugin reports a failure
├── UsageError                 the caller requested something that does not exist or is not valid
│   ├── ArgumentsError             not a JSON object
│   ├── NoSuchTool                 the plugin offers no tool of that name
│   ├── NoSuchExport               the component exports no such function
│   ├── ValueMismatch              a value does not have the type that the component expects
│   ├── StateError                 a call in the wrong order, for example into an interrupted instance
│   ├── OptionsError               an option is outside its range
│   ├── NotInstalled               no plugin of that name is installed
│   └── ConfigError                a configuration that the plugin's schema does not allow
├── CheckFailed                a failed check: a plugin's self-check, a device that needs attention
│   └── NotConfigured              the self-check needs a secret or a setting that is not set
├── Refused                    a file that will not be loaded, or a use of it that is not allowed
│   ├── NotWasm, NotComponent, InvalidWasm, Unsupported, TooComplex
│   ├── NotArtifact, Damaged, WrongTarget, WrongEngine
│   ├── Untrusted, BadSignature, Revoked, OutOfScope
│   ├── OldCompiler, Downgrade     signed by a trusted key, but no longer accepted
│   ├── NotPackage, BadPackage     not a package, or one that must not be created or installed
│   ├── BadSeal                    a secret that cannot be decrypted
│   ├── NotEnabled, NeedsConsent   installed, and waiting for the operator
│   ├── MissingImport              it imports an interface that is not provided
│   ├── BadManifest                its manifest is not valid
│   ├── NotGranted                 it imports an interface without a grant
│   └── Denied                     a use of a capability, or a call, that is not allowed
│       └── NotDelegated               a plugin called another plugin's tool without permission
├── CallFailed                 the guest did not end by itself
│   ├── Trapped, Exited, Cancelled
│   ├── OutOfFuel, DeadlineExceeded, OverLimit
│   ├── RateExceeded, Busy         not started: too many calls of this plugin a minute, or at once
│   └── HostFailed                 a host function raised; that exception is the cause
└── EnvironmentFault           this machine
    ├── LibraryMissing             no native library, or not one for this CPU
    ├── IoFault, DiskFull, OutOfMemory
    ├── NotAdmitted                what the call may use is not free
    ├── NoCompiler                 a device's library, without a compiler
    ├── FetchFailed                a download failed
    ├── StoreDamaged               the store of installed plugins is damaged
    ├── KeyDamaged                 a key file that does not contain a complete key
    └── InternalFault              a fault in Edge itself

Every error has a message (what happened, and to what) and a remedy (what to do), which may be empty. Both are
one line without control characters, of at most 1,000 characters, even with foreign text in it.

Importing these classes takes a Pi Zero 7 ms, so a successful call never does: modules on its path import this
one where they raise.
"""

from __future__ import annotations

from edge.text import LIMIT, phrase, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class EdgeError(Exception):
    """Root of all errors that Edge raises on purpose."""

    status = 0
    """The native library's number of the error (native/edge.h); 0 for errors that only Python raises."""

    exit_code = 5
    """The exit code of the command line."""

    advice = ""
    """The default remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        message = _one_line(message)
        super().__init__(message)
        self.message = message
        self.remedy = _one_line(remedy or self.advice)

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message


class ToolError(EdgeError):
    """The tool ran and reported a failure; the message has the beginning of its answer."""

    exit_code = 1


class UsageError(EdgeError):
    """The caller requested something that does not exist or is not valid."""

    exit_code = 2


class ArgumentsError(UsageError):
    """The arguments are not a JSON object."""

    status = 0x201
    advice = "Pass one JSON object, for example '{\"name\": 1}'"


class NoSuchTool(UsageError):
    """The plugin offers no tool of that name."""


class NoSuchExport(UsageError):
    """The component exports no such function."""

    status = 0x202
    advice = "`edge inspect` lists what a plugin exports"


class ValueMismatch(UsageError):
    """A value does not have the type that the component expects."""

    status = 0x203


class StateError(UsageError):
    """A call in the wrong order."""

    status = 0x204


class OptionsError(UsageError):
    """An option is outside its range."""

    status = 0x205


class NotInstalled(UsageError):
    """No plugin of that name is installed."""

    advice = "`edge list` shows the installed plugins"


class ConfigError(UsageError):
    """A configuration that the plugin's schema does not allow."""


class CheckFailed(EdgeError):
    """A check that failed."""

    exit_code = 1


class NotConfigured(CheckFailed):
    """A plugin's self-check needs secrets or settings that are not set.

    needs  the commands that set them
    """

    def __init__(self, message: str, remedy: str = "", needs: Iterable[str] = ()) -> None:
        super().__init__(message, remedy)
        self.needs = tuple(needs)


class Refused(EdgeError):
    """A file that will not be loaded, or a use of it that is not allowed."""

    exit_code = 3


class NotWasm(Refused):
    """The input is not WebAssembly."""

    status = 0x301
    advice = "Use the .wasm that your toolchain built"


class NotComponent(Refused):
    """A core module without component metadata."""

    status = 0x302
    advice = "Build it with bindings (wit-bindgen, componentize-py) for a world of wit/ in Edge's repository"


class InvalidWasm(Refused):
    """WebAssembly that does not validate."""

    status = 0x303
    advice = "Build the plugin again with released tools, or copy the file again if it came from elsewhere"


class Unsupported(Refused):
    """WebAssembly with features that the engine profile leaves out."""

    status = 0x312


class TooComplex(Refused):
    """A component nested too deeply, or with more instances, functions or cases than the compiler accepts."""

    status = 0x311
    advice = "Build the plugin from fewer or smaller components"


class NotArtifact(Refused):
    """The file does not end with the trailer of `edge compile`."""

    status = 0x304
    advice = "Use a .cwasm that `edge compile` wrote; `edge inspect` shows what a file is"


class Damaged(Refused):
    """Sizes, digest or description do not agree."""

    status = 0x305
    advice = "Copy the file again from its source, and compare the sizes"


class WrongTarget(Refused):
    """Compiled for another engine target."""

    status = 0x306
    advice = "Compile it for this machine's engine with `edge compile --target ENGINE`, or get a file for it"


class WrongEngine(Refused):
    """Compiled for another engine: the fingerprints differ."""

    status = 0x307
    advice = "Compile the plugin again with this machine's release of Edge, or get such a file"


class Untrusted(Refused):
    """Signed by a key that is not trusted here."""

    status = 0x308
    advice = (
        "If you trust the signer: `edge key trust KEY`. `edge inspect FILE` shows all 64 digits; the "
        "first 16 are enough for a key in `edge key list`"
    )


class BadSignature(Refused):
    """The signature does not verify: the description was changed after it was signed."""

    status = 0x309
    advice = "Do not use this file; get it again from its author"


class Revoked(Refused):
    """Its signer or its digest was revoked on this machine."""

    status = 0x30B
    advice = "Use another release; `edge key list` shows revocations with file and reason"


class OutOfScope(Refused):
    """Another plugin than requested, or one that its signer may not sign."""

    status = 0x30C
    advice = (
        "`edge key list` shows which plugins a key may sign; `edge key trust KEY --plugins NAMES` changes it"
    )


class OldCompiler(Refused):
    """Compiled by a compiler that is no longer accepted."""

    status = 0x30D
    advice = (
        "Compile the plugin again with a newer release of Edge, or get such a file; `edge key list` "
        "shows the oldest compiler accepted"
    )


class Downgrade(Refused):
    """An older release than is accepted."""

    status = 0x30E
    advice = "Get a newer release; `edge show NAME` shows the installed and the previous one"


class NotPackage(Refused):
    """The file does not begin with the head of `edge pack`."""

    status = 0x30F
    advice = "Use a .edge that `edge pack` wrote; `edge inspect` shows what a file is"


class BadPackage(Refused):
    """A package that must not be created, or installed, as it is."""


class BadSeal(Refused):
    """A secret that cannot be decrypted: sealed with another key or for another purpose, or damaged."""

    status = 0x310


class NotEnabled(Refused):
    """The plugin is installed but not enabled."""


class NeedsConsent(Refused):
    """The plugin's requests need the operator's consent."""


class MissingImport(Refused):
    """The component imports an interface that is not provided."""

    status = 0x30A
    advice = "Build it for a world of wit/ in Edge's repository, or provide the interface to Runtime.load"


class BadManifest(Refused):
    """The manifest is not valid.

    heading   which manifest, and how many problems it has
    problems  each with its line, at most 100; the message has as many as fit
    """

    MAX_PROBLEMS = 100

    def __init__(self, heading: str, remedy: str = "", problems: Iterable[str] = ()) -> None:
        found = tuple(problems)
        listed = tuple(map(_one_line, found[: self.MAX_PROBLEMS]))
        if len(found) > len(listed):
            listed = (*listed, f"{len(found) - len(listed)} more")
        self.heading = _one_line(heading)
        self.problems = listed
        message = f"{self.heading}: {'; '.join(listed)}" if listed else heading
        super().__init__(message, remedy)


class NotGranted(Refused):
    """The component imports an interface without a grant."""

    advice = "`edge audit` shows what the plugin imports, declares and is granted"


class Denied(Refused):
    """A use of a capability, or a call, that is not allowed."""


class NotDelegated(Denied):
    """A plugin called another plugin's tool without permission."""

    advice = "Add the tool, as plugin/tool, to the delegation list of the calling plugin, and grant it"


class CallFailed(EdgeError):
    """The guest did not end by itself; its instance is not used again."""

    exit_code = 4


class Trapped(CallFailed):
    """The guest trapped."""

    status = 0x401
    advice = (
        "This is a fault in the plugin; if it is not yours, report it to its author with the arguments "
        "of the call"
    )


class OutOfFuel(CallFailed):
    """The fuel of the call is used up."""

    status = 0x402
    advice = "Raise the limit (--fuel, Limits.fuel) if the plugin needs more"


class DeadlineExceeded(CallFailed):
    """The time of the call is used up."""

    status = 0x403
    advice = "Raise the limit (--timeout, Limits.deadline) if the plugin needs more"


class OverLimit(CallFailed):
    """The guest exceeded another limit, which the message names."""

    status = 0x404
    advice = "Raise the limit if you trust the plugin with it: edge.Limits, `edge run --help`"


class Cancelled(CallFailed):
    """The call was cancelled."""

    status = 0x405


class Exited(CallFailed):
    """The guest exited through wasi:cli/exit."""

    status = 0x406
    advice = "A plugin must return its answer instead of exiting; if it is not yours, report it to its author"


class HostFailed(CallFailed):
    """A host function raised; that exception is the cause."""

    status = 0x407


class RateExceeded(CallFailed):
    """Not started: the plugin was called too often in the last minute."""

    advice = "Try again later; the limit is calls_per_minute"


class Busy(CallFailed):
    """Not started: too many calls of the plugin are running."""

    advice = "Try again when a call has ended; the limit is concurrent_calls"


class EnvironmentFault(EdgeError):
    """Something on this machine is missing or does not work."""

    exit_code = 5


class LibraryMissing(EnvironmentFault):
    """There is no native library, or none for this CPU."""


class IoFault(EnvironmentFault):
    """Reading or writing failed."""

    status = 0x501
    advice = "`dmesg` shows whether the disk is failing or has become read-only"


class DiskFull(EnvironmentFault):
    """No space is left."""

    status = 0x502
    advice = "Free some space and try again; nothing was left behind"


class OutOfMemory(EnvironmentFault):
    """The system gives no more memory."""

    status = 0x503
    advice = "Close other programs, or lower the plugin's memory limit"


class NotAdmitted(EnvironmentFault):
    """The call's memory limit exceeds what this machine has free."""

    advice = "Wait until another call has ended, or declare less memory under [edge.limits] in the manifest"


class NoCompiler(EnvironmentFault):
    """This build of the native library has no compiler."""

    status = 0x504
    advice = "Compile on a PC: `edge compile PLUGIN.wasm --target DEVICE -o DIR`, then copy the .cwasm here"


class FetchFailed(EnvironmentFault):
    """A download failed."""


class StoreDamaged(EnvironmentFault):
    """The store of installed plugins is damaged."""

    advice = (
        "`edge doctor` shows details; to repair it, run `edge remove NAME --forget` and install the "
        "plugin again"
    )


class KeyDamaged(EnvironmentFault):
    """A key file that does not contain a complete key."""


class InternalFault(EnvironmentFault):
    """A fault in Edge itself."""

    status = 0x505
    advice = "Please report it, with the command and the file"


def _one_line(text: str) -> str:
    """As `safe`, and without runs of blanks, after which a terminal may begin another line."""
    return phrase(text, LIMIT) if "   " in text[:LIMIT] else safe(text)


def of_status(status: int, message: str, remedy: str = "") -> EdgeError:
    """The error for a status of the native library; `remedy` replaces the default one."""
    return _BY_STATUS.get(status, InternalFault)(message, remedy)


def _by_status(root: type[EdgeError]) -> dict[int, type[EdgeError]]:
    found = {root.status: root} if root.status else {}
    for kind in root.__subclasses__():
        found.update(_by_status(kind))
    return found


_BY_STATUS = _by_status(EdgeError)

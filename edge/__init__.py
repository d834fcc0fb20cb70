"""Edge runs WebAssembly plugins on machines as small as a Raspberry Pi Zero.

    import edge

    plugin = edge.Runtime().load("cron-next.pulley32.cwasm")
    result = plugin.call('{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}')
    print(result.output)

`edge.installed` lists, calls and changes installed plugins. Names are resolved at first use, because on a
device every import has its price.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge import errors, installed
    from edge._version import __version__
    from edge.errors import CallFailed, EdgeError, EnvironmentFault, Refused, ToolError, UsageError
    from edge.interfaces import Interface
    from edge.interfaces.delegation import Chain
    from edge.interfaces.inbound import Inbound
    from edge.interfaces.logging import Logging
    from edge.interfaces.secrets import Secrets
    from edge.limits import PI_64, PI_ZERO, WORKSTATION, Limits, Profile
    from edge.limits.admission import Admission, Counters, Slot
    from edge.policy.grants import Grants, Row
    from edge.runtime import Plugin, Runtime, ToolResult
    from edge.runtime.call import Call, Instance, Stats
    from edge.runtime.scheduler import Scheduler, Task

__all__ = [
    "PI_64",
    "PI_ZERO",
    "WORKSTATION",
    "Admission",
    "Call",
    "CallFailed",
    "Chain",
    "Counters",
    "EdgeError",
    "EnvironmentFault",
    "Grants",
    "Inbound",
    "Instance",
    "Interface",
    "Limits",
    "Logging",
    "Plugin",
    "Profile",
    "Refused",
    "Row",
    "Runtime",
    "Scheduler",
    "Secrets",
    "Slot",
    "Stats",
    "Task",
    "ToolError",
    "ToolResult",
    "UsageError",
    "__version__",
    "errors",
    "installed",
]

_MODULES = ("errors", "installed")

_HOMES = {
    "_version": ("__version__",),
    "errors": ("CallFailed", "EdgeError", "EnvironmentFault", "Refused", "ToolError", "UsageError"),
    "interfaces": ("Interface",),
    "interfaces.delegation": ("Chain",),
    "interfaces.inbound": ("Inbound",),
    "interfaces.logging": ("Logging",),
    "interfaces.secrets": ("Secrets",),
    "limits": ("PI_64", "PI_ZERO", "WORKSTATION", "Limits", "Profile"),
    "limits.admission": ("Admission", "Counters", "Slot"),
    "policy.grants": ("Grants", "Row"),
    "runtime": ("Plugin", "Runtime", "ToolResult"),
    "runtime.call": ("Call", "Instance", "Stats"),
    "runtime.scheduler": ("Scheduler", "Task"),
}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return __import__(f"edge.{name}", None, None, ["__name__"])
    for home, names in _HOMES.items():
        if name in names:
            value: object = getattr(__import__(f"edge.{home}", None, None, names), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'edge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

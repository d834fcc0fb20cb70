"""Delegation: which tools of other plugins a plugin may call, how deep, and on whose time and fuel.

A host function that calls another plugin's tool asks the caller's Chain for the callee's. The callee runs in
its own instance, with its own grants:

    inner = chain.to("weather", "forecast", targets_of("weather"))
    callee = plugin.start(arguments, limits=inner.limits(call, own_limits))
    try:
        results = callee.run()
    finally:
        inner.settle(call, callee)
"""

from __future__ import annotations

from edge.text import LIMIT, MAX_NAME, plain, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from edge.limits import Limits
    from edge.policy.grants import Audit
    from edge.runtime.call import Call

WILDCARDS = frozenset("*?[]{}")


class Chain:
    """A plugin, its callers, and the tools that it may call itself.

    plugin   its name
    targets  what it may call, each as `plugin/tool`; its own grant, never its caller's
    caller   the Chain of the plugin that called it; None if no plugin did
    depth    the maximum number of plugins in a chain, including this one
    audit    takes an event for every refused call, as in edge/policy/grants.py; None for no audit
    """

    __slots__ = ("audit", "caller", "depth", "plugin", "targets")

    def __init__(
        self,
        plugin: str,
        targets: Iterable[str] = (),
        *,
        depth: int,
        caller: Chain | None = None,
        audit: Audit | None = None,
    ) -> None:
        self.plugin = plugin
        self.targets = frozenset(targets)
        self.caller = caller
        self.depth = depth
        self.audit = audit
        for target in self.targets:
            check_target(target)

    @property
    def plugins(self) -> tuple[str, ...]:
        """The names of all plugins in the chain, first caller first."""
        return (*self.caller.plugins, self.plugin) if self.caller else (self.plugin,)

    def to(self, plugin: str, tool: str, targets: Iterable[str] = ()) -> Chain:
        """The chain of a callee with the grant `targets`; raises NotDelegated if it may not be called."""
        if f"{plugin[:LIMIT]}/{tool[:LIMIT]}" not in self.targets:
            self._refuse(plugin, tool, "its delegation list does not contain it")
        if plugin in self.plugins:
            self._refuse(plugin, tool, f"{plugin} is already in the chain", CYCLE)
        if len(self.plugins) >= self.depth:
            self._refuse(plugin, tool, f"the chain would have more than {self.depth} plugins", DEPTH)
        return Chain(plugin, targets, depth=self.depth, caller=self, audit=self.audit)

    def limits(self, call: Call, own: Limits) -> Limits:
        """The callee's limits: its own, with time and fuel at most what the caller's `call` has left.

        Raises DeadlineExceeded or OutOfFuel if nothing is left.
        """
        time, fuel = call.time_left(), call.fuel_left()
        if not time or not fuel:
            from edge import errors

            kind, what = (errors.OutOfFuel, "fuel") if time else (errors.DeadlineExceeded, "time")
            raise kind(f"{call.plugin}: it has no {what} left for {self.plugin}")
        return own.replace(deadline=min(own.deadline, time), fuel=min(own.fuel, fuel))

    def settle(self, call: Call, callee: Call) -> None:
        """Charges the caller for its callee's fuel, however the callee ended; once, before it is closed."""
        # An outside interruption of the callee has closed it, and ends the caller too.
        if not callee.instance.closed:
            call.charge(callee.instance.stats.fuel + callee.charged)

    def _refuse(self, plugin: str, tool: str, why: str, remedy: str = "") -> NoReturn:
        from edge import errors

        chain = " > ".join(self.plugins)
        target = f"{shorten(plugin, MAX_NAME)}/{shorten(tool, MAX_NAME)}"
        if self.audit is not None:
            self.audit(
                {
                    "event": "denied",
                    "plugin": self.plugin,
                    "capability": "delegate",
                    "target": target,
                    "chain": chain,
                    "reason": why,
                }
            )
        raise errors.NotDelegated(f"{chain} may not call {plain(target)}: {why}", remedy)

    def __repr__(self) -> str:
        return f"Chain({' > '.join(self.plugins)})"


CYCLE = "Plugins must not call each other in a circle; remove one of the delegations"
DEPTH = "Let a plugin earlier in the chain call it"


def check_target(target: str) -> None:
    """Checks that a delegation names one tool of one plugin; raises OptionsError."""
    plugin, _, tool = target.partition("/")
    if plugin and tool and "/" not in tool and not WILDCARDS.intersection(target):
        return
    from edge import errors

    raise errors.OptionsError(
        f"`{target}` is not a delegation target", "Name one tool as plugin/tool; wildcards are not allowed"
    )

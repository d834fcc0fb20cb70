"""Messages to the operator after a change."""

from __future__ import annotations

from edge.cli import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.operations.impact import Done


def tell(done: Done) -> None:
    """Shows the remarks of a change, the plugins that calls no longer load, and remedies."""
    for remark in done.remarks:
        output.say(f"edge: {remark}")
    for plugin in done.stopped:
        output.say(f"edge: calls no longer load {plugin.name}: {plugin.why}")
    for remedy in dict.fromkeys(plugin.error.remedy for plugin in done.stopped if plugin.error.remedy):
        output.say(f"      {remedy}")

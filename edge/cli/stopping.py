"""What an operator is told of a change that was made."""

from __future__ import annotations

from edge.cli import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.operations.impact import Done


def tell(done: Done) -> None:
    """Says what does not follow from what was asked, which plugins calls no longer load, and what to do."""
    for remark in done.remarks:
        output.say(f"edge: {remark}")
    for plugin in done.stopped:
        output.say(f"edge: calls no longer load {plugin.name}: {plugin.why}")
    for remedy in dict.fromkeys(plugin.error.remedy for plugin in done.stopped if plugin.error.remedy):
        output.say(f"      {remedy}")

"""What to say where a proxy is named, of which Edge makes no use. RATIONALE, "Why no proxy is used"."""

from __future__ import annotations

from edge.files import environment

VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def without_proxy(remedy: str) -> str:
    """The remedy for a server that can't be reached, or what to do where a proxy would reach it."""
    named = next(filter(environment, VARIABLES), "")
    if not named:
        return remedy
    return (
        f"{named} is set, but Edge does not use proxies: download the file (curl -O URL) and install it "
        "from disk"
    )

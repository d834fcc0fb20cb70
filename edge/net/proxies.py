"""The remedy if a proxy is configured, which Edge does not use. RATIONALE, "Why no proxy is used"."""

from __future__ import annotations

from edge.files import environment

VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def without_proxy(remedy: str) -> str:
    """The remedy for an unreachable server, or what to do if a proxy is configured."""
    named = next(filter(environment, VARIABLES), "")
    if not named:
        return remedy
    return (
        f"{named} is set, but Edge does not use proxies: download the file (curl -O URL) and install it "
        "from disk"
    )

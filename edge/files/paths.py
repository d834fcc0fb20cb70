"""Where Edge keeps things: below $XDG_DATA_HOME, $XDG_CONFIG_HOME, $XDG_CACHE_HOME; root's own for root."""

from __future__ import annotations

from edge import files

NO_PLACE = "There is no place for {}: neither {} nor HOME is set to an absolute path"
SET_ONE = "Set one of them: export HOME=/home/USER"


def config_home() -> str:
    """Where this user's configuration is; empty where there is no such place."""
    return _home("XDG_CONFIG_HOME", ".config")


def data_home() -> str:
    """Where this user's data is; empty where there is no such place."""
    return _home("XDG_DATA_HOME", ".local/share")


def cache_home() -> str:
    """Where this user's caches are; empty where there is no such place."""
    return _home("XDG_CACHE_HOME", ".cache")


def data() -> str:
    """The folder of all that Edge keeps for this user; an error where there is no place for it."""
    home = data_home()
    if home:
        return f"{home}/edge"
    from edge import errors

    raise errors.EnvironmentFault(NO_PLACE.format("what Edge keeps", "XDG_DATA_HOME"), SET_ONE)


def policy_file() -> str:
    """What the operator allows (edge/policy/__init__.py); empty where there is no place for it."""
    config = config_home()
    return f"{config}/edge/policy.json" if config else ""


def _home(variable: str, below_home: str) -> str:
    named = files.environment(variable)
    # The XDG standard: a relative path is to be ignored.
    if named.startswith("/"):
        return named
    home = files.environment("HOME")
    # One that is relative would be another place in every working directory.
    return f"{home}/{below_home}" if home.startswith("/") else ""

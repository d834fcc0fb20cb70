"""`edge run`: one call of a plugin's tool, with no store and no installation."""

from __future__ import annotations

import posix
from time import monotonic_ns

from edge import files
from edge.cli import tool
from edge.cli.options import Command, Option, at_least_one, megabytes, named_file, narrow, seconds
from edge.interfaces import Context, offered
from edge.limits import NAMELESS, PI_ZERO, here, named
from edge.limits.admission import Admission, Counters
from edge.runtime import Runtime
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.cli.options import Arguments
    from edge.limits import Limits, Profile
    from edge.operations.run import Terms
    from edge.runtime import Plugin, ToolResult

    Ran = tuple[str, ToolResult, float]

WASM_MAGIC = b"\0asm"
FIXED_CLOCK = 946_684_800  # 2000-01-01


def _level(text: str) -> str:
    from edge.permissions.levels import level

    return level(text)


COMMAND = Command(
    "run",
    "FILE [TOOL] JSON",
    "Calls a tool of a plugin once. FILE is a .cwasm, or a .wasm if the compiler is available. JSON is an\n"
    "object with the arguments, or - to read it from stdin. TOOL is optional if the plugin has one tool.",
    (
        Option("config", "JSON", "configuration of the plugin, or @FILE"),
        Option("secret", "NAME=FILE", "a secret's value, from a file", many=True, convert=named_file),
        Option("profile", "NAME", "limits: pi-zero (default), pi-64, workstation, here", convert=named),
        Option("fuel", "N", "units of work for the call", convert=at_least_one),
        Option("timeout", "SECONDS", "time for the call", convert=seconds),
        Option("memory", "MB", "linear memory of the plugin", convert=megabytes),
        Option("host-calls", "N", "calls out of the sandbox", convert=narrow),
        Option("manifest", "FILE", "manifest.toml of the plugin; grants what it declares and policy allows"),
        Option("level", "LEVEL", "security level, instead of the policy's", convert=_level),
        Option("unattended", "", "refuse tools above the policy's risk for unattended calls"),
        Option("fixed", "", "freeze clock and random numbers: same input, same output, same fuel"),
        Option("stats", "", "show the cost of the call on stderr"),
    ),
    """edge run cron-next.pulley32.cwasm '{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}'""",
)


def run(arguments: Arguments) -> int:
    """Exits with 1 when the tool reports a failure."""
    profile = arguments.get("profile", PI_ZERO)
    terms = _terms(arguments, profile)
    config = tool.config(arguments)
    fd = files.open_input(arguments.positional[0])
    try:
        if terms is None:
            return tool.show(arguments, *_run_bare(fd, arguments, config, profile))
        return tool.show(arguments, *_run_under(terms, fd, arguments, config, profile))
    finally:
        files.close(fd)


def _run_bare(fd: int, arguments: Arguments, config: bytes | None, profile: Profile) -> Ran:
    limits = _limits(arguments, profile.limits)
    # Before loading: the pages of the library that counting needs are released with those of loading.
    with Admission(Counters(), here()).admit(NAMELESS, limits, concurrent=0, per_minute=0):
        log = tool.GuestLog(log_bytes=limits.log_bytes)
        return _call(arguments, _load(fd, arguments, config, profile, None, log), config, limits, log)


def _run_under(terms: Terms, fd: int, arguments: Arguments, config: bytes | None, profile: Profile) -> Ran:
    limits = _limits(arguments, terms.grants.call_limits(profile.limits))
    log = tool.GuestLog(log_bytes=limits.log_bytes)
    plugin = _load(fd, arguments, config, profile, terms, log)
    _, *named, _ = arguments.positional
    if arguments.get("unattended"):
        terms.check_unattended(plugin, named)
    with terms.admit(plugin, limits):
        return _call(arguments, plugin, config, limits, log)


def _call(
    arguments: Arguments, plugin: Plugin, config: bytes | None, limits: Limits, log: tool.GuestLog
) -> Ran:
    _, *named, json_text = arguments.positional
    # The name is known only after loading.
    log.name = word(plugin.name)
    started = monotonic_ns()
    try:
        result = plugin.call(
            tool.arguments(json_text), tool=named[0] if named else None, config=config, limits=limits
        )
    except Exception as error:
        from edge.operations.limit_remedy import explain_run

        explain_run(error)
        raise
    finally:
        log.end()
    return plugin.name, result, (monotonic_ns() - started) / 1e6


def _terms(arguments: Arguments, profile: Profile) -> Terms | None:
    """The terms if options name any; None if not, because running a bare file grants what options give."""
    if not any(map(arguments.get, ("manifest", "level", "unattended"))):
        return None
    from edge.cli.granting import resolve_terms

    return resolve_terms(arguments, profile)


def _load(
    fd: int,
    arguments: Arguments,
    config: bytes | None,
    profile: Profile,
    terms: Terms | None,
    log: tool.GuestLog,
) -> Plugin:
    path = arguments.positional[0]
    context = Context(log.log, lambda: tool.secrets(arguments), lambda: terms.grants if terms else None)
    interfaces = offered(context)

    def load(code: int, *, interpret: bool = False, receipt: bytes = b"") -> Plugin:
        trusted = terms.trusted() if terms else None
        runtime = Runtime(stack_bytes=profile.stack_bytes, trusted=trusted, interpret=interpret)
        grants = terms.grants if terms else None
        name = files.base_name(path)
        try:
            return runtime.load_open(
                code, name, receipt=receipt, interfaces=interfaces, grants=grants, output=log.write
            )
        except Exception as error:
            from edge.operations.run import explain_load

            explain_load(error, code, path)
            raise

    if posix.pread(fd, len(WASM_MAGIC), 0) == WASM_MAGIC:
        _check_arguments(arguments, config)
        return _load_source(fd, arguments, load, terms)
    return load(fd)


def _load_source(fd: int, arguments: Arguments, load: Callable[..., Plugin], terms: Terms | None) -> Plugin:
    from edge.cli import output

    path, *named, _ = arguments.positional
    try:
        from edge.dev import run_source
    except ImportError:
        from edge import _native as native
        from edge import errors
        from edge.suggest import shell

        raise errors.NoCompiler(
            f"{path} is not compiled, and this installation of Edge has no compiler",
            f"On a PC: `edge compile {shell(files.base_name(path))} --target {native.about()['engine']}`; "
            "then copy the result here",
        ) from None

    def check(imports: list[str]) -> None:
        if terms is not None:
            terms.check_source(
                files.base_name(path), imports, unattended=named if arguments.get("unattended") else ()
            )

    return run_source.load(
        files.read_open(fd, path),
        files.base_name(path),
        load,
        check=check,
        say=output.say,
        draw=output.draw,
    )


def _check_arguments(arguments: Arguments, config: bytes | None) -> None:
    """Checks the arguments before compiling, which may take half a minute."""
    from edge import _native as native

    json_text = tool.arguments(arguments.positional[-1])
    # Standard input is read once.
    arguments.positional[-1] = files.decode(json_text)
    native.merge_arguments(json_text, config or b"")


def _limits(arguments: Arguments, base: Limits) -> Limits:
    asked = {
        "fuel": arguments.get("fuel", 0),
        "deadline": arguments.get("timeout", 0),
        "memory": arguments.get("memory", 0) << 20,
        "host_calls": arguments.get("host-calls", 0),
        "fixed": arguments.get("fixed", False),
    }
    if not any(asked.values()):
        return base
    changes = {name: value for name, value in asked.items() if value}
    return base.replace(fixed_clock=FIXED_CLOCK, **changes)

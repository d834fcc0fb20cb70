from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import pytest

import edge
from edge import errors

PUBLIC = {
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
}
INSTALLED = {
    "Change",
    "InstalledPlugin",
    "Loaded",
    "Manifest",
    "ManifestTool",
    "Outcome",
    "Request",
    "Unchecked",
    "call",
    "configure",
    "disable",
    "enable",
    "get",
    "install",
    "list",
    "load",
    "plan_enable",
    "plan_install",
    "reload",
    "remove",
    "rollback",
    "set_secret",
    "settings",
    "unset_secret",
}

OUR_OWN = {
    "Counters.open": "native.Counters",
    "Instance.handle": "native.Instance",
    "Plugin.options_for": "native.InstanceOptions",
}
"""For other modules of Edge; what they answer is nothing to an application."""

MADE_BY_EDGE = {
    "Call",
    "Change",
    "Grants",
    "InstalledPlugin",
    "Instance",
    "Loaded",
    "Manifest",
    "ManifestTool",
    "Outcome",
    "Plugin",
    "Request",
    "Row",
    "Slot",
    "Task",
    "ToolResult",
    "Unchecked",
}
"""Classes that an application gets from others and makes none of."""


def test_the_public_names_are_exactly_these() -> None:
    assert set(edge.__all__) == PUBLIC == set(dir(edge))


def test_what_is_public_of_installed_plugins_is_exactly_this() -> None:
    assert set(edge.installed.__all__) == INSTALLED


def test_every_public_name_resolves() -> None:
    for name in edge.__all__:
        assert getattr(edge, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    assert not hasattr(edge, "nothing_of_that_name")


def everything() -> dict[str, Any]:
    """All that is public, by name."""
    found = {name: getattr(edge, name) for name in edge.__all__}
    return found | {name: getattr(edge.installed, name) for name in edge.installed.__all__}


def functions() -> Iterator[tuple[str, FunctionType]]:
    """Every public function, and of each public class its methods and properties."""
    for name, value in everything().items():
        if isinstance(value, FunctionType):
            yield name, value
        if not isinstance(value, type) or issubclass(value, errors.EdgeError):
            continue
        for own, member in vars(value).items():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            is_public = own[0] != "_" or (own == "__init__" and name not in MADE_BY_EDGE)
            if isinstance(function, FunctionType) and is_public:
                yield f"{name}.{own}", function


FUNCTIONS = dict(functions())


@cache
def meanings(module: ModuleType) -> dict[str, str | ast.expr]:
    """What names of a module mean: `home.name` of an import, or the type that one stands for."""
    found: dict[str, str | ast.expr] = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom):
            found.update((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, node.value)
    return found


def classes(annotation: ast.expr, module: ModuleType) -> Iterator[str]:
    """The classes of Edge that an annotation names, as `module.Class`; of other types as they are written."""
    known = meanings(module)
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from classes(ast.parse(node.value, mode="eval").body, module)
        elif isinstance(node, ast.Attribute):
            # A class of a module, of which `errors` is public as a whole.
            if not ast.unparse(node).startswith("errors."):
                yield ast.unparse(node)
        elif isinstance(node, ast.Name):
            own = getattr(module, node.id, None)
            meant = known.get(node.id)
            if isinstance(own, TypeVar):
                continue
            if isinstance(meant, ast.expr) and not isinstance(own, type):
                yield from classes(meant, module)
            elif isinstance(meant, str) and meant.startswith("edge"):
                home, _, name = meant.rpartition(".")
                __import__(home)
                other = sys.modules[home]
                if isinstance(getattr(other, name, None), (type, ModuleType)):
                    yield meant
                else:
                    yield from classes(ast.Name(name), other)
            elif isinstance(own, type) and own.__module__.startswith("edge"):
                yield f"{own.__module__}.{node.id}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_public_function_takes_and_answers_is_typed_and_public(name: str) -> None:
    function = FUNCTIONS[name]
    module = sys.modules[function.__module__]
    code = function.__code__
    taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    assert {*taken} - {"self", "cls"} <= {*function.__annotations__}
    assert "return" in function.__annotations__
    public = {id(value) for value in everything().values()}
    for text in function.__annotations__.values():
        for found in classes(ast.parse(text, mode="eval").body, module):
            home, _, own = found.rpartition(".")
            is_public = home in sys.modules and id(getattr(sys.modules[home], own)) in public
            assert is_public or found == OUR_OWN.get(name) or found == "edge._native", (name, found)


def raised(function: FunctionType) -> Iterator[str]:
    """The errors that a function raises itself, by name."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = ast.unparse(node.exc.func).removeprefix("errors.")
            if hasattr(errors, name):
                yield name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_says_what_it_does_and_what_it_raises(name: str) -> None:
    function = FUNCTIONS[name]
    owner = getattr(edge, name.partition(".")[0], None) or getattr(edge.installed, name.partition(".")[0])
    said = f"{function.__doc__ or ''} {owner.__doc__}"
    assert function.__doc__ or name.endswith(".__init__")
    assert [error for error in raised(function) if error not in said] == []
    if function.__module__.startswith(("edge.installed", "edge.operations")) and "." not in name:
        assert "aises" in said

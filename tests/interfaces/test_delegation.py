from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Call, Interface, Limits, Plugin, Runtime, errors
from edge.interfaces.delegation import Chain, check_target
from edge.limits import PI_ZERO
from tests.runtime.test_call import ECHO, NAMES, RELAY
from tests.support import limits_guest

NAMES_OF_PLUGINS = ("a", "b", "c", "d", "e")
TOOLS = ("one", "two")

Artifact = Callable[[str], Path]
Grants = dict[str, frozenset[str]]


@pytest.mark.parametrize(
    "target",
    [
        "",
        "weather",
        "weather/",
        "/forecast",
        "weather/*",
        "*/forecast",
        "*",
        "we?ther/x",
        "a/[b]",
        "a/{b}",
        "a/b/c",
    ],
)
def test_a_delegation_names_one_tool_of_one_plugin(target: str) -> None:
    with pytest.raises(errors.OptionsError, match="is not a delegation target"):
        check_target(target)
    with pytest.raises(errors.OptionsError):
        Chain("planner", [target], depth=3)


def test_a_tool_that_is_named_may_be_called() -> None:
    chain = Chain("planner", ["weather/forecast"], depth=2)
    assert chain.to("weather", "forecast").plugins == ("planner", "weather")


@pytest.mark.parametrize(("plugin", "tool"), [("weather", "history"), ("clock", "forecast"), ("*", "*")])
def test_a_tool_that_is_not_named_may_not(plugin: str, tool: str) -> None:
    chain = Chain("planner", ["weather/forecast"], depth=2)
    with pytest.raises(
        errors.NotDelegated, match=f"planner may not call .{plugin[1:]}.*does not contain it"
    ) as caught:
        chain.to(plugin, tool)
    assert caught.value.exit_code == 3
    assert "delegation list" in caught.value.remedy


def test_a_callee_has_its_own_grant_and_not_its_callers() -> None:
    outer = Chain("planner", ["weather/forecast", "mail/send"], depth=9)
    inner = outer.to("weather", "forecast", ["clock/now"])
    with pytest.raises(errors.NotDelegated, match="planner > weather may not call mail/send"):
        inner.to("mail", "send")
    inner.to("clock", "now")
    with pytest.raises(errors.NotDelegated):
        outer.to("clock", "now")


def test_a_plugin_that_is_in_the_chain_is_not_called_again() -> None:
    chain = Chain("a", ["b/x"], depth=9).to("b", "x", ["a/x", "b/y"])
    for plugin, tool in (("a", "x"), ("b", "y")):
        with pytest.raises(errors.NotDelegated, match=f"{plugin} is already in the chain") as caught:
            chain.to(plugin, tool)
        assert "circle" in caught.value.remedy


@given(
    st.fixed_dictionaries(
        {
            name: st.frozensets(
                st.sampled_from([f"{plugin}/{tool}" for plugin in NAMES_OF_PLUGINS for tool in TOOLS])
            )
            for name in NAMES_OF_PLUGINS
        }
    ),
    st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from(NAMES_OF_PLUGINS), st.sampled_from(TOOLS)), max_size=8),
)
def test_a_chain_is_as_deep_as_it_may_and_every_step_of_it_granted(
    grants: Grants, depth: int, steps: list[tuple[str, str]]
) -> None:
    chain = Chain("a", grants["a"], depth=depth)
    model = ["a"]
    for plugin, tool in steps:
        may = f"{plugin}/{tool}" in grants[model[-1]] and plugin not in model and len(model) < depth
        try:
            chain = chain.to(plugin, tool, grants[plugin])
        except errors.NotDelegated:
            assert not may
        else:
            assert may
            model.append(plugin)
        assert list(chain.plugins) == model


class Household:
    """Plugins that ask for one another's tools: each host function delegates to what is next."""

    def __init__(self, artifact: Artifact, grants: dict[str, list[str]], **own: Limits) -> None:
        self.grants = grants
        self.own = own
        self.path = str(artifact("types"))
        self.runtime = Runtime()
        self.seen: list[tuple[tuple[str, ...], Limits]] = []
        self.spent: dict[str, int] = {}
        self.interrupt_at = ""

    def plugin(self, chain: Chain, route: list[str]) -> Plugin:
        def delegate(call: Call, value: int) -> tuple[int]:
            if chain.plugin == self.interrupt_at:
                raise KeyboardInterrupt
            if not route:
                return (value + 1,)
            inner = chain.to(route[0], "relay", self.grants.get(route[0], []))
            limits = inner.limits(call, self.own.get(route[0], Limits()))
            self.seen.append((inner.plugins, limits))
            with self.plugin(inner, route[1:]).instance(limits) as instance:
                callee = instance.start(f"{RELAY}#relay-u8", value)
                try:
                    return (callee.run()[0],)
                finally:
                    inner.settle(call, callee)
                    if not instance.closed:
                        self.spent[inner.plugin] = instance.stats.fuel

        return self.runtime.load(self.path, interfaces=[Interface(ECHO, dict.fromkeys(NAMES, delegate))])

    def call(self, route: list[str], limits: Limits | None = None) -> Any:
        chain = Chain(route[0], self.grants.get(route[0], []), depth=PI_ZERO.delegation_depth)
        self.first = self.plugin(chain, route[1:]).instance(limits).start(f"{RELAY}#relay-u8", 7)
        (result,) = self.first.run()
        return result


def cause(error: BaseException) -> BaseException:
    """What went wrong first: each plugin on the way failed by its host function."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def test_plugins_call_one_another(artifact: Artifact) -> None:
    household = Household(artifact, {"a": ["b/relay"], "b": ["c/relay"]})
    assert household.call(["a", "b", "c"]) == 8
    assert [plugins for plugins, _ in household.seen] == [("a", "b"), ("a", "b", "c")]


def test_a_callee_gets_no_more_time_and_fuel_than_its_caller_has_left(artifact: Artifact) -> None:
    household = Household(artifact, {"a": ["b/relay"]}, b=Limits(deadline=100, fuel=10**12, memory=1 << 21))
    household.call(["a", "b"], Limits(deadline=5, fuel=10**6))
    ((_, limits),) = household.seen
    assert 0 < limits.deadline < 5
    assert 0 < limits.fuel <= 10**6
    assert limits.memory == 1 << 21


def test_a_callee_with_less_of_its_own_keeps_to_that(artifact: Artifact) -> None:
    household = Household(artifact, {"a": ["b/relay"]}, b=Limits(deadline=1, fuel=10**5))
    household.call(["a", "b"])
    ((_, limits),) = household.seen
    assert (limits.deadline, limits.fuel) == (1, 10**5)


def test_a_caller_pays_for_its_callees_and_theirs(artifact: Artifact) -> None:
    household = Household(artifact, {"a": ["b/relay"], "b": ["c/relay"]})
    household.call(["a", "b", "c"])
    assert household.first.charged == household.spent["b"] + household.spent["c"] > 0


def test_an_interrupt_passes_all_that_call_one_another(artifact: Artifact) -> None:
    household = Household(artifact, {"a": ["b/relay"], "b": ["c/relay"]})
    household.interrupt_at = "c"
    with pytest.raises(KeyboardInterrupt):
        household.call(["a", "b", "c"])
    assert household.first.instance.closed


def test_a_caller_pays_for_a_callee_that_failed() -> None:
    callees: list[Call] = []

    def ask(call: Call) -> tuple[()]:
        inner = Chain("a", ["b/spin"], depth=2).to("b", "spin")
        callees.append(limits_guest.load().instance(inner.limits(call, Limits(fuel=1000))).start("spin"))
        try:
            callees[0].run()
        finally:
            inner.settle(call, callees[0])
        return ()

    call = limits_guest.load(ask).instance().start("ask", 1)
    with pytest.raises(errors.HostFailed) as caught:
        call.run()
    assert isinstance(cause(caught.value), errors.OutOfFuel)
    assert call.charged == callees[0].instance.stats.fuel == 1000


@pytest.mark.parametrize(
    ("route", "why"),
    [
        (["a", "c"], "does not contain it"),
        (["a", "b", "a"], "already in the chain"),
        (["a", "b", "c", "d"], "more than 3 plugins"),
    ],
)
def test_what_the_guard_refuses_ends_the_call(artifact: Artifact, route: list[str], why: str) -> None:
    household = Household(artifact, {"a": ["b/relay"], "b": ["a/relay", "c/relay"], "c": ["d/relay"]})
    with pytest.raises(errors.HostFailed) as caught:
        household.call(route)
    refused = cause(caught.value)
    assert isinstance(refused, errors.NotDelegated)
    assert why in refused.message


@pytest.mark.parametrize("used", ["time", "fuel"])
def test_a_caller_that_has_nothing_left_delegates_nothing(used: str) -> None:
    asked: list[Limits] = []

    def ask(call: Call) -> tuple[()]:
        if used == "fuel":
            call.charge(10**9)
        else:
            while call.time_left():
                pass
        asked.append(Chain("b", depth=2).limits(call, Limits()))
        return ()

    call = limits_guest.load(ask).instance(Limits(deadline=0.05)).start("ask", 1)
    with pytest.raises(errors.CallFailed) as caught:
        call.run()
    kind = errors.OutOfFuel if used == "fuel" else errors.DeadlineExceeded
    assert kind in (type(caught.value), type(cause(caught.value)))
    assert asked == []


def test_whatever_is_refused_is_told_to_the_audit_of_the_chain() -> None:
    told: list[dict[str, Any]] = []
    chain = Chain("a", ["b/one"], depth=2, audit=told.append).to("b", "one", ["a/one", "c/one"])
    for plugin, tool in (("d", "one"), ("a", "one"), ("c", "one")):
        with pytest.raises(errors.NotDelegated):
            chain.to(plugin, tool)
    assert [(fact["event"], fact["plugin"], fact["capability"]) for fact in told] == [
        ("denied", "b", "delegate")
    ] * 3
    assert [(fact["target"], fact["chain"]) for fact in told] == [
        ("d/one", "a > b"),
        ("a/one", "a > b"),
        ("c/one", "a > b"),
    ]
    assert all(fact["reason"] for fact in told)

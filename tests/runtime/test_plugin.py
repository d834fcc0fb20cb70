from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import Limits, Plugin, Runtime, Secrets, errors
from edge.interfaces.logging import Logging

Artifact = Callable[[str], Path]
MB = 1 << 20


@pytest.fixture(scope="module")
def faults(artifact: Artifact) -> Plugin:
    return Runtime().load(str(artifact("faults")))


@pytest.mark.parametrize("example", ["cron-next", "sensor-digest"])
def test_examples_answer_their_cases(artifact: Artifact, example: str) -> None:
    plugin = Runtime().load(str(artifact(example)), interfaces=[Logging(lambda *_: None), Secrets({})])
    cases = json.loads((Path(__file__).parents[2] / "examples" / example / "cases.json").read_text())
    for case in cases:
        result = plugin.call(case["arguments"], config=case.get("config"))
        if "error" in case:
            assert (result.success, result.error) == (False, case["error"])
        else:
            output = json.loads(result.output)
            assert result.success
            assert {name: output[name] for name in case["output"]} == case["output"]


def test_a_plugin_says_who_it_is_and_what_it_offers(artifact: Artifact) -> None:
    plugin = Runtime().load(str(artifact("cron-next")))
    assert plugin.name == "cron-next"
    (tool,) = plugin.tools
    assert tool["name"] == "cron_next"
    assert json.loads(tool["parameters"])["type"] == "object"
    assert "zeroclaw:plugin/tool@0.1.0#execute" in plugin.description["exports"]


@pytest.mark.parametrize("arguments", ['{"do": "nothing"}', b'{"do": "nothing"}', {"do": "nothing"}])
def test_arguments_are_json_or_a_mapping(faults: Plugin, arguments: str | bytes | Mapping[str, Any]) -> None:
    assert faults.call(arguments).success


@pytest.mark.parametrize("arguments", ["", "[]", "{", "7", '{"a": 1} x', b"\xff", "\ud800", '{"a": nan}'])
def test_arguments_that_are_no_json_object_are_refused(faults: Plugin, arguments: str | bytes) -> None:
    with pytest.raises(errors.ArgumentsError, match="JSON object"):
        faults.call(arguments)


def test_config_is_the_hosts_and_never_the_callers(faults: Plugin) -> None:
    sent = {"do": "arguments", "__config": {"from": "caller"}}
    assert "__config" not in json.loads(faults.call(sent).output)
    received = json.loads(faults.call(sent, config={"from": "host"}).output)
    assert received["__config"] == {"from": "host"}


def test_numbers_keep_their_digits_on_the_way(faults: Plugin) -> None:
    digits = "12345678901234567890.12345678901234567890"
    assert digits in faults.call(f'{{"do": "arguments", "n": {digits}}}').output


def test_a_tool_is_called_by_its_name_or_by_none(faults: Plugin) -> None:
    assert faults.call({"do": "nothing"}, tool="faults").success
    with pytest.raises(errors.NoSuchTool, match="no tool `virtues`") as caught:
        faults.call({"do": "nothing"}, tool="virtues")
    assert "It offers faults" in caught.value.remedy


def test_a_plugin_without_tools_says_so(artifact: Artifact) -> None:
    from edge import Inbound

    plugin = Runtime().load(str(artifact("channel")), interfaces=[Logging(lambda *_: None), Inbound()])
    with pytest.raises(errors.NoSuchTool, match="channel is a channel plugin"):
        plugin.call("{}")


def test_no_is_an_answer_and_an_error_is_raised(faults: Plugin) -> None:
    result = faults.call({"do": "no", "text": "half done"})
    assert (result.success, result.output, result.error) == (False, "half done", "no")
    with pytest.raises(errors.ToolError, match="faults says: out of paper"):
        faults.call({"do": "error", "text": "out of paper"})


def test_every_call_gets_an_instance_of_its_own(faults: Plugin) -> None:
    first = faults.call({"do": "touch", "count": 40})
    assert first.output == "40"
    assert faults.call({"do": "nothing"}).stats.memory_bytes < first.stats.memory_bytes


FAULTS: list[tuple[dict[str, Any], type[errors.EdgeError], Limits | None]] = [
    ({"do": "trap"}, errors.Trapped, None),
    ({"do": "panic"}, errors.Trapped, None),
    ({"do": "recurse"}, errors.Trapped, None),
    ({"do": "exit-ok"}, errors.Exited, None),
    ({"do": "exit"}, errors.Exited, None),
    ({"do": "spin"}, errors.OutOfFuel, Limits(fuel=10**6)),
    ({"do": "spin"}, errors.DeadlineExceeded, Limits(deadline=0.1, fuel=10**15)),
    ({"do": "big-output", "count": 2**16}, errors.OverLimit, Limits(crossing_bytes=2**16)),
    (
        {"do": "log-flood", "count": 1, "text": "x" * 2**15},
        errors.OverLimit,
        Limits(crossing_bytes=2**15 + 2**6),
    ),
    ({"do": "nothing"}, errors.OverLimit, Limits(memory=2**16)),
]


@pytest.mark.parametrize(("wish", "kind", "limits"), FAULTS)
def test_what_misbehaves_is_ended_and_the_next_call_works(
    faults: Plugin, wish: dict[str, Any], kind: type[errors.EdgeError], limits: Limits | None
) -> None:
    with pytest.raises(kind) as caught:
        faults.call(wish, limits=limits)
    assert type(caught.value) is kind
    assert faults.call({"do": "nothing"}).success


def test_more_events_than_host_calls_are_dropped_and_fail_nothing(artifact: Artifact) -> None:
    told: list[str] = []
    log = Logging(lambda _plugin, _level, event: told.append(event["message"]))
    plugin = Runtime().load(
        str(artifact("faults")), interfaces=[log, Secrets({"token": "s3cret"})], output=lambda *_: None
    )
    wish = {"do": "log-flood", "count": 1001, "text": "x" * 20}
    found = plugin.call(wish, limits=Limits(host_calls=1000))
    assert found.success
    assert len(told) == found.stats.host_calls == 1000
    assert found.stats.log_dropped == len("faults::execute") + 20


def test_memory_grows_up_to_its_limit(faults: Plugin) -> None:
    result = faults.call({"do": "grow", "count": 1000}, limits=Limits(memory=4 * MB))
    assert 0 < int(result.output) < 64
    assert result.stats.memory_bytes <= 4 * MB


def test_the_same_question_costs_the_same_fuel(faults: Plugin) -> None:
    costs = {faults.call({"do": "work", "count": 1000}).stats.fuel for _ in range(5)}
    assert len(costs) == 1


def test_secrets_reach_execute(artifact: Artifact) -> None:
    secrets = Secrets({"token": "s3cret"})
    plugin = Runtime().load(str(artifact("faults")), interfaces=[Logging(lambda *_: None), secrets])
    assert plugin.call({"do": "secret", "text": "token"}).output == 'Ok("s3cret")'
    assert "not-found" in plugin.call({"do": "secret", "text": "other"}).output


def test_events_reach_the_sink(artifact: Artifact) -> None:
    events: list[tuple[str, str, str]] = []
    logging = Logging(lambda plugin, level, event: events.append((plugin, level, event["message"])))
    plugin = Runtime().load(str(artifact("faults")), interfaces=[logging, Secrets({})])
    plugin.call({"do": "log-flood", "count": 2, "text": "hello"})
    assert events == [("faults", "info", "hello")] * 2


def test_what_a_guest_writes_reaches_the_embedder(artifact: Artifact) -> None:
    written: list[tuple[int, bytes]] = []
    plugin = Runtime().load(str(artifact("wasi")), output=lambda *piece: written.append(piece))
    plugin.call({})
    streams = {stream: b"".join(piece for at, piece in written if at == stream) for stream in (1, 2)}
    assert streams == {1: b"out: {}\n", 2: b"err: {}\n"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes"])
def test_what_is_no_json_is_refused_before_the_call(artifact: Callable[[str], Path], value: Any) -> None:
    plugin = Runtime().load(str(artifact("faults")))
    with pytest.raises(errors.ArgumentsError, match="cannot be written as JSON"):
        plugin.call({"do": "nothing", "value": value})
    with pytest.raises(errors.ArgumentsError, match="cannot be written as JSON"):
        plugin.call({"do": "nothing"}, config={"value": value})

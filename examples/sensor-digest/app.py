"""A tool that sums up sensor readings."""

import json
import time
from typing import Any

from componentize_py_types import Err
from digest import digest
from wit_world import exports
from wit_world.exports.tool import ToolResult
from wit_world.imports.logging import LogLevel, PluginAction, PluginEvent, PluginOutcome, log_record

DEFAULT_THRESHOLD = 3.5

# The square of a larger number would be out of range, and no sensor has one.
LARGEST = 1e100

PARAMETERS = {
    "type": "object",
    "properties": {
        "readings": {
            "type": "object",
            "description": "each sensor's readings, oldest first; null for one that is missing",
            "additionalProperties": {"type": "array", "items": {"type": ["number", "null"]}},
        },
        "threshold": {"type": "number", "exclusiveMinimum": 0, "default": DEFAULT_THRESHOLD},
    },
    "required": ["readings"],
}


class PluginInfo(exports.PluginInfo):
    """Who this is."""

    def plugin_name(self) -> str:
        return "sensor-digest"

    def plugin_version(self) -> str:
        return "1.0.0"


class Tool(exports.Tool):
    """The tool; what its functions mean stands in the contract."""

    def name(self) -> str:
        return "sensor_digest"

    def description(self) -> str:
        return "Sums up sensor readings: range, mean, trend, and the readings that do not fit the others."

    def parameters_schema(self) -> str:
        return json.dumps(PARAMETERS)

    def execute(self, args: str) -> ToolResult:
        try:
            question = json.loads(args)
        except ValueError as error:
            raise Err(f"arguments: {error}") from error
        fault = fault_of(question)
        if fault:
            return ToolResult(success=False, output="", error=fault)
        threshold = question.get("threshold", DEFAULT_THRESHOLD)
        sensors = {name: digest(readings, threshold) for name, readings in question["readings"].items()}
        report(sensors)
        answer = {"sensors": sensors, "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        return ToolResult(success=True, output=json.dumps(answer), error=None)


def fault_of(question: Any) -> str | None:
    """What is wrong with the arguments, None when nothing is."""
    readings = question.get("readings") if isinstance(question, dict) else None
    if not isinstance(readings, dict):
        return "readings: an object of lists is needed"
    for name, values in readings.items():
        if not isinstance(values, list) or not all(value is None or is_number(value) for value in values):
            return f"readings: {name} is not a list of numbers and nulls"
    threshold = question.get("threshold", DEFAULT_THRESHOLD)
    if not is_number(threshold) or threshold <= 0:
        return "threshold: a number above 0 is needed"
    return None


def is_number(value: Any) -> bool:
    """Whether it is a number that a sensor can have; Python counts true and false among the ints."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def report(sensors: dict[str, Any]) -> None:
    """Tells the host's log how many readings are odd."""
    odd = sum(len(sensor.get("odd", ())) for sensor in sensors.values())
    event = PluginEvent(
        function_name="sensor-digest::execute",
        action=PluginAction.COMPLETE,
        outcome=PluginOutcome.SUCCESS,
        duration_ms=None,
        attrs=json.dumps({"sensors": len(sensors), "odd": odd}),
        message=f"{odd} odd readings from {len(sensors)} sensors",
    )
    log_record(LogLevel.WARN if odd else LogLevel.INFO, event)

"""Tool arguments against the JSON schemas that the trajectory itself recorded."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from medresearcher.records.trajectory import Trajectory
from medresearcher.trajectories.turns import Call, arguments, calls

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_SETS_OF_TOOLS = 64


def unknown_tools(trajectory: Trajectory) -> list[str]:
    """Names that are called and that the trajectory has no tool for."""
    known = {tool["function"]["name"] for tool in trajectory.tools}
    return [name for one in calls(trajectory) if (name := one.call.function.name) not in known]


def misfits(trajectory: Trajectory) -> list[Call]:
    """Calls whose arguments are an object that the schema of the tool refuses."""
    validators = _validators(json.dumps(trajectory.tools, sort_keys=True))
    found: list[Call] = []
    for one in calls(trajectory):
        validator = validators.get(one.call.function.name)
        if validator and not validator.is_valid(arguments(one.call.function.arguments)):
            found.append(one)
    return found


@lru_cache(maxsize=_SETS_OF_TOOLS)
def _validators(tools: str) -> "dict[str, Validator]":
    from jsonschema import Draft202012Validator

    return {
        tool["function"]["name"]: Draft202012Validator(tool["function"].get("parameters", {}))
        for tool in json.loads(tools)
    }

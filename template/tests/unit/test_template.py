"""What the linters do not look at: references inside variables and policies, variables."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delivery.template import read

ROOT = Path(__file__).parents[2]


TEXT = (ROOT / "template.yaml").read_text("utf-8")
TEMPLATE = read(TEXT)
FUNCTIONS: dict[str, Any] = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def references(node: Any) -> Iterator[str]:
    """The names that !Ref, !GetAtt and !Sub point to."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref":
                yield value
            elif key == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                text, local = (value, {}) if isinstance(value, str) else value
                names = re.findall(r"\$\{([^!}.]+)[^}]*\}", text)
                yield from (name for name in names if name not in local)
                yield from references(local)
            else:
                yield from references(value)


# What SAM makes of an event beside the function; of kinds that are not here, at most two.
RESOURCES_OF_EVENTS = {"HttpApi": 1, "EventBridgeRule": 2, "ScheduleV2": 2, "SNS": 2}


def resources_after_sam() -> int:
    """How many resources CloudFormation gets: SAM makes several of some."""
    count = 1  # the application of CodeDeploy
    for resource in TEMPLATE["Resources"].values():
        properties = resource.get("Properties", {})
        count += 1
        if resource["Type"] == "AWS::Serverless::Function":
            count += "Role" not in properties
            count += 2  # version and alias
            count += properties.get("DeploymentPreference", {}).get("Enabled", True)
            count += "EventInvokeConfig" in properties
            kinds = [event["Type"] for event in properties.get("Events", {}).values()]
            count += sum(RESOURCES_OF_EVENTS.get(kind, 2) for kind in kinds)
        elif resource["Type"] == "AWS::Serverless::HttpApi":
            count += 1
    return count


def test_the_stack_fits_into_cloudformation() -> None:
    """A stack has at most 500 resources; from 400 on it is time to split (docs/architecture.md)."""
    count = resources_after_sam()
    assert count <= 500, f"{count} resources, and a stack has at most 500: docs/architecture.md"
    if count >= 400:
        warnings.warn(
            f"{count} of 500 resources: split the service soon (docs/architecture.md)", stacklevel=1
        )


def test_every_reference_is_declared() -> None:
    resources = TEMPLATE["Resources"]
    # From these SAM makes more, whose names begin with theirs: AppFunctionRole.
    serverless = [name for name in resources if "::Serverless::" in resources[name]["Type"]]
    unknown = {
        name
        for name in references([resources, TEMPLATE["Outputs"]])
        if not name.startswith(("AWS::", *serverless))
        and name not in TEMPLATE["Parameters"]
        and name not in resources
    }
    assert not unknown, f"template.yaml refers to what it does not declare: {sorted(unknown)}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_settings_read_is_passed(name: str) -> None:
    settings = ROOT / FUNCTIONS[name]["CodeUri"] / "lambda_pkg" / "settings.py"
    read = {
        node.value
        for node in ast.walk(ast.parse(settings.read_text("utf-8")))
        if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(node.value))
    }
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    missing = read - shared.keys() - FUNCTIONS[name]["Environment"]["Variables"].keys()
    assert not missing, f"{settings} reads what {name} in template.yaml does not pass: {missing}"

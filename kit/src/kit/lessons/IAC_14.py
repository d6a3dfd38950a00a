"""IAC-14: The stack stays below CloudFormation's limits of 500 resources and 1 MB, and a warning
comes long before.

Why: The deployment that did not fit any more was an urgent one, and splitting a service is not done
in a hurry.

Here: `make lessons` counts what SAM makes of `template.yaml`, and warns from 400 on.

Fix: Split the service by what changes together, as `docs/architecture.md` says under Growth.

Defended by: gate.

See: docs/architecture.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.resources import mapping_of
from kit.gate.service import TEMPLATE, Service

LESSON = Lesson.read(__doc__)


# CloudFormation's limits of a stack, and from where on a warning is told.
LIMITS = {"resources": (400, 500), "parameters": (160, 200), "outputs": (160, 200)}


LIMITS |= {"bytes": (800_000, 1_000_000)}


# What SAM makes of an event beside the function; of kinds that are not here, at most two.
RESOURCES_OF_EVENTS = {"HttpApi": 1, "EventBridgeRule": 2, "ScheduleV2": 2, "SNS": 2}


# What it makes of a resource beside the one that is named.
RESOURCES_OF_TYPES = {"AWS::Serverless::Api": 2, "AWS::Serverless::HttpApi": 1}


RESOURCES_OF_TYPES |= {"AWS::Serverless::StateMachine": 1}


@LESSON.check
def the_stack_fits(service: Service) -> Iterator[Finding]:
    sizes = {
        "resources": resources_after_sam(service),
        "parameters": len(mapping_of(service.template, "Parameters")),
        "outputs": len(mapping_of(service.template, "Outputs")),
        "bytes": len(service.text(TEMPLATE).encode()),
    }
    for what, size in sizes.items():
        near, most = LIMITS[what]
        if size > most:
            told = f"the stack has {size} {what}, and may have {most}"
            yield LESSON.finding(TEMPLATE, 0, told)
        elif size >= near:
            told = f"the stack has {size} of {most} {what}: split the service soon"
            yield LESSON.finding(TEMPLATE, 0, told, warning=True)


def resources_after_sam(service: Service) -> int:
    """How many resources CloudFormation gets: SAM makes several of some."""
    count = len(service.resources)
    shifting = False
    for function in service.functions:
        preference = function.get("DeploymentPreference")
        shifts = isinstance(preference, dict) and preference.get("Enabled", True) is not False
        shifting = shifting or shifts
        count += function.get("Role") is None
        count += 2 * (function.get("AutoPublishAlias") is not None)  # version and alias
        count += shifts
        count += function.get("EventInvokeConfig") is not None
        count += 2 * (function.get("FunctionUrlConfig") is not None)
        count += sum(
            RESOURCES_OF_EVENTS.get(event["Type"], 2) for event in function.events.values()
        )
    count += sum(RESOURCES_OF_TYPES.get(each.type, 0) for each in service.resources.values())
    return count + shifting  # the application of CodeDeploy

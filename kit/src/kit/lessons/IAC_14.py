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
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.template import at, mapping_of

LESSON = Lesson.read(__doc__)

# CloudFormation's limits, which come with a warning from four fifths on.
LIMITS = {"resources": 500, "parameters": 200, "outputs": 200, "bytes": 1_000_000}
# How many resources SAM makes of an event of a function; of others two, with a permission.
OF_EVENTS = {"HttpApi": 1}
# How many it makes of a property of a function, and of a resource beside that itself.
OF_PROPERTIES = {"AutoPublishAlias": 2, "EventInvokeConfig": 1, "FunctionUrlConfig": 2}
OF_TYPES = {
    "AWS::Serverless::Api": 2,
    "AWS::Serverless::HttpApi": 1,
    "AWS::Serverless::StateMachine": 1,
}


@LESSON.check
def the_stack_fits(service: Service) -> Iterator[Finding]:
    """Neither resources nor parameters, outputs or bytes are more than a stack may have."""
    sizes = {
        "resources": resources_after_sam(service),
        "parameters": len(mapping_of(service.template, "Parameters")),
        "outputs": len(mapping_of(service.template, "Outputs")),
        "bytes": len(service.text(TEMPLATE).encode()),
    }
    for what, size in sizes.items():
        limit = LIMITS[what]
        if size > limit:
            message = f"the stack has {size} {what}, and may have {limit}"
            yield LESSON.finding(TEMPLATE, 0, message)
        elif size >= 0.8 * limit:
            message = f"the stack has {size} of {limit} {what}: split the service soon"
            yield LESSON.finding(TEMPLATE, 0, message, warning=True)


def resources_after_sam(service: Service) -> int:
    """How many resources CloudFormation gets: SAM makes several of some."""
    count = len(service.resources)
    count += sum(OF_TYPES.get(resource.type, 0) for resource in service.resources.values())
    preferences = [function.get("DeploymentPreference") for function in service.functions]
    groups = sum(at(preference, "Enabled") is not False for preference in preferences if preference)
    count += groups + bool(groups)  # the groups of CodeDeploy, and the application that has them
    for function in service.functions:
        count += function.get("Role") is None
        count += sum(n for key, n in OF_PROPERTIES.items() if function.get(key) is not None)
        count += sum(OF_EVENTS.get(event["Type"], 2) for event in function.events.values())
    return count

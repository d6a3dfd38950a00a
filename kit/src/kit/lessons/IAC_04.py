"""IAC-04: A physical name ends in `-${EnvironmentName}` and stays within the length that its
service allows, in every environment.

Why: Dev and prod took each other's names, and the limit of 64 characters was first met in prod.

Here: `FunctionName`, `TableName`, `QueueName` and all other names in `template.yaml`, but for those
of roles (IAM-07) and secrets (SEC-01). The path of an SSM parameter may have the environment as a
folder: `/<service>/dev/limit`.

Fix: Write the name as `!Sub <service>-<what>-${EnvironmentName}` and shorten the middle, or leave
the name to CloudFormation.

Defended by: prompt, gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.resources import resolved_names
from kit.gate.service import TEMPLATE, Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def names_end_in_the_environment_and_fit(service: Service) -> Iterator[Finding]:
    found: dict[int, Finding] = {}
    for name, environment, text in resolved_names(service):
        told = f"{name.property} comes to {text} in {environment}"
        # A FIFO queue or topic must end so.
        # The path of a parameter may have the environment as one of its folders.
        in_path = name.resource.type == "AWS::SSM::Parameter" and environment in text.split("/")
        ends = in_path or text.removesuffix(".fifo").endswith(f"-{environment}")
        if not name.local and not ends:
            told += f", without -{environment} at its end"
        elif len(text) > name.kind.limit:
            told += f": {len(text)} characters, and may have {name.kind.limit}"
        else:
            continue
        about = name.resource.logical_id
        found[name.line] = LESSON.finding(TEMPLATE, name.line, told, resource=about)
    yield from found.values()

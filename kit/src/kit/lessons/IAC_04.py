"""IAC-04: A physical name ends in `-${EnvironmentName}` and stays within the length that AWS allows,
in every environment.

Why: Dev and prod took each other's names, and the limit of 64 characters was first met in prod.

Here: `FunctionName`, `TableName`, `QueueName` and all other names in `template.yaml`, but for those
of roles (IAM-07) and secrets (SEC-01). The path of an SSM parameter may have the environment as a
folder: `/<service>/dev/limit`.

Fix: Write the name as `!Sub <service>-<what>-${EnvironmentName}`, with a short middle, or leave the
name to CloudFormation.

Defended by: prompt, gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.names import LIMITS, Name, names
from kit.gate.service import ACCOUNT, Service
from kit.layout import ENVIRONMENTS

LESSON = Lesson.read(__doc__)


@LESSON.check
def names_end_in_the_environment_and_fit(service: Service) -> Iterator[Finding]:
    """Each name is reported once, for the first environment in which it is wrong."""
    for name in names(service):
        for environment, text in name.texts.items():
            if problem := _problem(name, environment, text):
                message = f"{name.property} is {text} in {environment}{problem[0]}"
                yield LESSON.finding_in(name.resource, name.line, message, problem[1])
                break


def _problem(name: Name, environment: str, text: str) -> tuple[str, str] | None:
    """What is wrong with a name, and what to do."""
    limit = LIMITS.get(name.resource.type, len(text))
    in_path = name.resource.type == "AWS::SSM::Parameter" and environment in text.split("/")
    # The name of a FIFO queue or topic must end in .fifo.
    if not (name.is_local or in_path or text.removesuffix(".fifo").endswith(f"-{environment}")):
        middle = re.sub(rf"-({'|'.join(ENVIRONMENTS)})(?![a-z])", "", text.removesuffix(".fifo"))
        wanted = middle.replace(ACCOUNT, "${AWS::AccountId}") + "-${EnvironmentName}"
        wanted += ".fifo" if text.endswith(".fifo") else ""
        fix = f"Write `!Sub {wanted}`, or leave the name to CloudFormation."
        return f", without -{environment} at its end", fix
    if len(text) > limit:
        fix = (
            f"Shorten what stands before `-${{EnvironmentName}}` by {len(text) - limit} characters"
        )
        return f": {len(text)} characters, and AWS allows {limit}", f"{fix} or more."
    return None

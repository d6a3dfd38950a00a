"""IAC-01: Every resource of the service is in `template.yaml`, from the first day.

Why: What had been clicked together by hand had to be found and rebuilt when the second environment
came.

Here: One `template.yaml` for both environments; the only other one, `infra/environment.yaml`, is
what has to be there before it. No script, Makefile or workflow creates resources, but for ones on
the machine that it runs on.

Fix: Declare the resource in `template.yaml`, and delete what creates it here; what exists already
can be imported with `make deploy IMPORT=yes`.

Defended by: gate, deploy.

See: docs/decisions/0001-one-template.md.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.resources import ELSEWHERE, other_templates
from kit.gate.runs import all_commands
from kit.gate.service import Service
from kit.template import line_of

LESSON = Lesson.read(__doc__)

# Files of other tools that create resources.
TOOLS = {
    "Pulumi.yaml": "Pulumi",
    "cdk.json": "the CDK",
    "serverless.yml": "the Serverless Framework",
    "serverless.yaml": "the Serverless Framework",
}
# The words that `aws <service> create-…` and boto3's create_… end with where they create a resource.
# Others are work: a backup, an invalidation, a support case. Values of secrets are in no template.
CREATE = re.compile(
    r"create[-_](?:\w+[-_])*(?:alias|api|authorizer|bucket|bus|canary|cluster|connection|database"
    r"|distribution|domain|function|gateway|group|instance|key|layer|machine|mapping|pipe|pipeline"
    r"|pool|queue|repository|role|stage|stream|subnet|table|topic|trail|user|vault|volume|vpc)"
)
# What creates resources, or parts of them, and is not called create-….
CREATES = {
    *("add-permission", "attach-role-policy", "mb", "publish-layer-version", "put-metric-alarm"),
    *("put-bucket-policy", "put-parameter", "put-role-policy", "put-rule", "put-targets"),
    "subscribe",
}
LOCAL = ("localhost", "127.0.0.1", "host.docker.internal", "localstack", "dynamodb-local")


@LESSON.check
def nothing_is_declared_beside_the_template(service: Service) -> Iterator[Finding]:
    """No other template and no other tool creates resources."""
    for path, resources in other_templates(service).items():
        if not resources.keys() & service.resources.keys():  # else it is a copy, as IAC-02 says
            first = next(iter(resources))
            message = f"declares {first} in a template of its own"
            yield LESSON.finding(path, line_of(resources, first), message)
    for path in sorted(service.files):
        name = path.rpartition("/")[2]
        tool = "Terraform" if name.endswith((".tf", ".tf.json")) else TOOLS.get(name)
        if tool and not path.startswith(ELSEWHERE):
            yield LESSON.finding(path, 0, f"creates resources with {tool}")


@LESSON.check
def no_script_creates_resources(service: Service) -> Iterator[Finding]:
    """Neither scripts nor workflows create resources, but for ones on this machine. What functions
    do as they run is no concern of this rule."""
    for path, command in all_commands(service):
        if command.program == "aws" and not _is_local(command):
            service_name, operation, *_ = (*command.plain, "", "")
            if operation in CREATES or CREATE.fullmatch(operation):
                yield LESSON.finding(path, command.line, f"calls `aws {service_name} {operation}`")
    for module in service.modules():
        if module.path.startswith((*ELSEWHERE, "src/")):
            continue
        for method in module.nodes(ast.Attribute):
            is_creating = CREATE.fullmatch(method.attr) or method.attr.replace("_", "-") in CREATES
            if is_creating and _is_of_boto3(module):
                yield LESSON.finding(module.path, method.lineno, f"calls {method.attr}() of boto3")


def _is_of_boto3(module: Module) -> bool:
    """Whether a module calls AWS, and nothing on this machine instead."""
    imports = {alias.name for node in module.nodes(ast.Import) for alias in node.names}
    imports |= {str(node.module) for node in module.nodes(ast.ImportFrom)}
    options = {keyword.arg for keyword in module.nodes(ast.keyword)}
    return "boto3" in imports and "endpoint_url" not in options


def _is_local(command: Command) -> bool:
    texts = (*command.words, *command.variables.values())
    return any(host in text for text in texts for host in LOCAL)

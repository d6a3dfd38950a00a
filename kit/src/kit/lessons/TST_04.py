"""TST-04: Integration tests take the addresses and names of what they test from the outputs of the
stack.

Why: They tested the address of a stack that was long gone, or of another environment.

Here: `tests/integration/conftest.py`.

Fix: Take it from the fixture `outputs`, as `outputs["ApiUrl"]`, and declare the output in
`template.yaml` if it is not there.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.service import Service
from kit.gate.tested import INTEGRATION

LESSON = Lesson.read(__doc__)

ARN = re.compile(r"arn:[\w-]*:[\w-]+:[\w-]*:\d{12}:")
# Addresses of what a stack creates. sts.eu-central-1.amazonaws.com is of AWS itself.
STACK_ADDRESS = re.compile(
    r".*(\.(execute-api|appsync-api|lambda-url|s3)[.-]([\w.-]+\.)?(amazonaws\.com|on\.aws)"
    r"|//sqs\.[\w-]+\.amazonaws\.com/\d|\.cloudfront\.net|\.awsapprunner\.com)"
)
# Other addresses, but those of AWS, of RFC 2606 and of this machine.
ADDRESS = re.compile(
    r"(?:https?|wss?)://(?!(?:[\w.-]*\.)?(?:amazonaws\.com|example(?:\.com|\.net|\.org)?|test"
    r"|invalid|localhost)(?:[:/]|$)|127\.)\w"
)


@LESSON.check
def addresses_come_from_outputs(service: Service) -> Iterator[Finding]:
    """No address, ARN or physical name of a stack stands in an integration test.

    IAC-13 checks that the outputs which they read exist.
    """
    name = re.compile(rf"{re.escape(service.name)}(-[\w.-]+)?-(dev|prod)$")
    problems = {
        ARN: "the ARN of one stack's resource",
        name: "the name of a resource in one environment",
        STACK_ADDRESS: "the address of one stack",
        ADDRESS: "an address that no output gives",
    }
    for module in service.modules(INTEGRATION):
        docstrings = {id(expression.value) for expression in module.nodes(ast.Expr)}
        arguments = {id(node) for node in _arguments(module)}
        for node in module.nodes(ast.Constant):
            text = str(node.value)
            patterns = [p for p in problems if p.match(text) and id(node) not in docstrings]
            if patterns and (patterns[0] is not ADDRESS or id(node) in arguments):
                message = f"{text} is {problems[patterns[0]]}"
                yield LESSON.finding(module.path, node.lineno, message)


def _arguments(module: Module) -> Iterator[ast.expr]:
    """The arguments of calls; of f-strings their parts."""
    for call in module.nodes(ast.Call):
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            yield from value.values if isinstance(value, ast.JoinedStr) else [value]

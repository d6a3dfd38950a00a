"""The operations of AWS that scripts, Makefiles and workflows call by the CLI."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .commands import Command
from .runs import all_commands
from .service import Service

LOCAL = ("localhost", "127.0.0.1", "host.docker.internal", "localstack", "dynamodb-local")


@dataclass(frozen=True)
class AwsCall:
    """A call of `aws`.

    Args:
        service: sqs.
        operation: create-queue.
        is_local: whether it is for something that runs on this machine.
    """

    path: str
    line: int
    service: str
    operation: str
    is_local: bool


def aws_calls(service: Service) -> Iterator[AwsCall]:
    """Every call of `aws` outside of documents, tests and what is deployed."""
    for path, command in all_commands(service):
        if command.program == "aws":
            yield from _call(path, command)
    for module in service.modules():
        if not module.path.startswith(("src/", "tests/")):
            for command in _lists(module.nodes(ast.List)):
                yield from _call(module.path, command)


def _lists(nodes: list[ast.List]) -> Iterator[Command]:
    """Lists that begin with "aws", as subprocess takes them."""
    for node in nodes:
        values = [getattr(item, "value", None) for item in node.elts]
        words = tuple(value if isinstance(value, str) else "?" for value in values)
        if words[:1] == ("aws",):
            yield Command(words, {}, node.lineno)


def _call(path: str, command: Command) -> Iterator[AwsCall]:
    told = (*command.words, *command.variables.values())
    is_local = any(name in each for each in told for name in LOCAL)
    if len(command.plain) >= 2:
        yield AwsCall(path, command.line, command.plain[0], command.plain[1], is_local)

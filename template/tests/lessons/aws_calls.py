"""The operations of AWS that scripts, Makefiles and workflows call by the CLI."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .runs import all_commands
from .service import Service

# Options of `aws` itself that a value follows.
WITH_VALUE = {
    *("--ca-bundle", "--cli-connect-timeout", "--cli-read-timeout", "--color", "--endpoint-url"),
    *("--output", "--profile", "--query", "--region"),
}
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
            told = (*command.words, *command.variables.values())
            yield from _call(path, command.line, command.arguments, told)
    for module in service.modules():
        if not module.path.startswith(("src/", "tests/")):
            for line, words in _lists(module.nodes(ast.List)):
                yield from _call(module.path, line, words[1:], words)


def _lists(nodes: list[ast.List]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Lists that begin with "aws", as subprocess takes them."""
    for node in nodes:
        values = [getattr(item, "value", None) for item in node.elts]
        words = tuple(value if isinstance(value, str) else "?" for value in values)
        if words[:1] == ("aws",):
            yield node.lineno, words


def _call(
    path: str, line: int, arguments: tuple[str, ...], told: tuple[str, ...]
) -> Iterator[AwsCall]:
    plain = list(_without_options(arguments))
    if len(plain) >= 2:
        is_local = any(name in each for each in told for name in LOCAL)
        yield AwsCall(path, line, plain[0], plain[1], is_local)


def _without_options(words: tuple[str, ...]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            yield word

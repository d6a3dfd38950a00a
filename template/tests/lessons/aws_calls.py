"""The commands of `aws` that scripts, Makefiles and workflows call."""

from __future__ import annotations

import ast
import contextlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .findings import BrokenFileError
from .parsers import Module, at, line_of
from .service import Service

# Options of `aws` itself that a value follows.
WITH_VALUE = {
    *("--ca-bundle", "--cli-connect-timeout", "--cli-read-timeout", "--color", "--endpoint-url"),
    *("--output", "--profile", "--query", "--region"),
}
LOCAL = ("localhost", "127.0.0.1", "host.docker.internal", "localstack", "dynamodb-local")


@dataclass(frozen=True)
class Command:
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


def aws_commands(service: Service) -> Iterator[Command]:
    """Every call of `aws` outside of documents, tests and what is deployed."""
    for path, script, line in _scripts(service):
        # The text of a block begins on the line after its key.
        yield from _of_script(path, script, line + ("\n" in script))
    for path in service.files_in("", "Makefile", ".mk", ".sh", ".bash"):
        yield from _of_script(path, service.text(path), 1)
    for module in service.modules():
        if not module.path.startswith(("src/", "tests/")):
            yield from _of_module(module)


def _scripts(service: Service) -> Iterator[tuple[str, str, int]]:
    """What workflows run, and actions of the service's own, with the lines of their keys."""
    found = [(job.path, job.body) for job in service.jobs]
    for path in service.files_in(".github/actions", "action.yml", "action.yaml"):
        with contextlib.suppress(BrokenFileError):  # told once, by `unreadable`
            found.append((path, at(service.yaml(path), "runs")))
    for path, body in found:
        steps = at(body, "steps")
        for number, step in enumerate(steps if isinstance(steps, list) else ()):
            script = at(step, "run")
            if isinstance(script, str):
                yield path, script, line_of(body, "steps", number, "run")


def _of_script(path: str, text: str, start: int) -> Iterator[Command]:
    for number, line in _logical_lines(text):
        if "aws" in line:
            for words in _split(line):
                yield from _of_words(path, start + number, words)


def _of_module(module: Module) -> Iterator[Command]:
    """Lists that begin with "aws", as subprocess takes them."""
    for node in module.nodes(ast.List):
        words = [getattr(item, "value", None) for item in node.elts]
        texts = [word if isinstance(word, str) else "?" for word in words]
        if texts[:1] == ["aws"]:
            yield from _of_words(module.path, node.lineno, texts)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that continue them, and the number of their first one, from 0."""
    first, whole = 0, ""
    for number, line in enumerate(text.splitlines()):
        first = first if whole else number
        whole += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield first, whole
            whole = ""
    yield first, whole


def _split(line: str) -> Iterator[list[str]]:
    """The words of a line of a shell, and of the commands within them: "$(aws …)"."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.wordchars += ":@$%,{}"
    try:
        words = list(lexer)
    except ValueError:  # a quote that ends on another line
        words = line.split()
    yield words
    for word in words:
        for inner in re.split(r"\$\(|`", word)[1:]:
            yield from _split(inner)


def _of_words(path: str, line: int, words: list[str]) -> Iterator[Command]:
    for place, word in enumerate(words):
        if word.lstrip("@-") != "aws" and not word.endswith("/aws"):
            continue
        rest = words[place + 1 :]
        end = next((n for n, each in enumerate(rest) if set(each) <= set(";|&()<>")), len(rest))
        plain = list(_without_options(rest[:end]))
        if len(plain) >= 2:
            is_local = any(name in each for each in rest[:end] for name in LOCAL)
            yield Command(path, line, plain[0], plain[1], is_local)


def _without_options(words: list[str]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            yield word

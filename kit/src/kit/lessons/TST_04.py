"""TST-04: Integration tests find what they test by the outputs of the stack.

Why: They tested the address of a stack that was long gone, or of another environment.

Here: `tests/integration/conftest.py`.

Fix: Take the address or the name from the fixture `outputs`, and declare in `template.yaml` what it
lacks.

Defended by: gate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.pytest_config import INTEGRATION
from kit.gate.python_names import constant, last, scopes
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


# Hosts of what a stack has made.
STACK_HOSTS = ("amazonaws.com", "on.aws", "cloudfront.net", "awsapprunner.com")


# Hosts that stand for any (RFC 2606), and this machine.
ANY_HOST = re.compile(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost)$|^127\.|^$")


# Names under which one keeps an address, and what they are called if it is of somebody else.
ADDRESS = re.compile(r"(?i)(url|endpoint|host|base|api)")


ELSEWHERE = re.compile(r"(?i)(origin|referer|token|issuer|auth|login|jwks|audience)")


REQUESTS = {"get", "post", "put", "patch", "delete", "head", "options", "request", "stream"}


REQUESTS |= {"Client", "AsyncClient", "Session", "urlopen", "Request", "getenv"}


@LESSON.check
def addresses_come_from_outputs(service: Service) -> Iterator[Finding]:
    """No address, ARN or physical name of a stack stands in an integration test.

    That the outputs which they read are there is for IAC-13.
    """
    for module in service.modules(INTEGRATION):
        addresses = {id(node) for node in _addresses(module)}
        documented = {id(each.value) for each in module.nodes(ast.Expr)}
        for node in module.nodes(ast.Constant):
            if isinstance(node.value, str) and id(node) not in documented:
                what = _of_a_stack(node.value, service.name, id(node) in addresses)
                if what:
                    found = f"{node.value} is {what}"
                    yield LESSON.finding(module.path, node.lineno, found)


def _of_a_stack(text: str, service: str, is_address: bool) -> str:
    """What a text names of a stack; empty if it names nothing of one."""
    if re.match(r"arn:[\w-]*:[\w-]+:[\w-]*:\d{12}:", text):
        return "the ARN of one stack's resource"
    if re.fullmatch(rf"{re.escape(service)}(-[\w.-]+)?-(dev|prod)", text):
        return "the name of something in one environment"
    address = urlsplit(text) if re.match(r"(https?|wss?)://", text) else None
    host = (address.hostname or "") if address else ""
    bare = text if re.fullmatch(r"[\w.-]+", text) else ""
    if (host or bare).endswith(STACK_HOSTS) and _is_made(
        host or bare, address.path if address else ""
    ):
        return "the address of one stack"
    if is_address and host and not ANY_HOST.search(host):
        return "an address that is written out"
    return ""


def _is_made(host: str, path: str) -> bool:
    """Whether it is of something that was made: sts.eu-central-1.amazonaws.com is of AWS itself."""
    labels = host.removesuffix(".amazonaws.com").split(".")
    return not host.endswith(".amazonaws.com") or len(labels) > 2 or bool(path.strip("/"))


def _addresses(module: Module) -> Iterator[ast.AST]:
    """Texts by which a test finds what it calls."""
    for call in module.nodes(ast.Call):
        name = last(dotted(call.func)) or getattr(call.func, "attr", "")
        if name in REQUESTS:
            given = [
                *call.args[:2],
                *(k.value for k in call.keywords if k.arg in ("base_url", "url")),
            ]
            key = constant(call.args[0]) if call.args else None
            if not (isinstance(key, str) and ELSEWHERE.search(key) and "://" not in key):
                yield from (each for part in given for each in _parts(part))
    for scope in scopes(module.parsed):
        for name, value in scope.bindings.items():
            if ADDRESS.search(name) and not ELSEWHERE.search(name):
                yield from _parts(value)


def _parts(node: ast.AST) -> list[ast.AST]:
    """A text, or the parts of an f-string."""
    return list(node.values) if isinstance(node, ast.JoinedStr) else [node]

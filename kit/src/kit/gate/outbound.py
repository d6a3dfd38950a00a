"""How long the calls that Python code makes may take."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .parsers import Module, dotted
from .python_names import imported

# Calls that wait for ever unless told otherwise: at which place their time-out may stand.
WITHOUT_LIMIT = {
    "ftplib.FTP": 4,
    "http.client.HTTPConnection": 2,
    "http.client.HTTPSConnection": 2,
    "smtplib.SMTP": 3,
    "socket.create_connection": 1,
    "urllib.request.urlopen": 2,
}
SESSIONS = (
    *("requests.Session", "requests.session", "requests.sessions.Session"),
    *("urllib3.HTTPConnectionPool", "urllib3.HTTPSConnectionPool", "urllib3.PoolManager"),
)
# The adapter of requests that has no time-out of its own; others may.
ADAPTERS = ("requests.adapters.HTTPAdapter", "requests.HTTPAdapter")
HTTP_METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "request")
# Clients of AWS, Powertools' among them.
CLIENTS = {
    "boto3.client",
    "boto3.resource",
    "aws_lambda_powertools.utilities.idempotency.DynamoDBPersistenceLayer",
    "aws_lambda_powertools.utilities.parameters.AppConfigProvider",
    "aws_lambda_powertools.utilities.parameters.DynamoDBProvider",
    "aws_lambda_powertools.utilities.parameters.SSMProvider",
    "aws_lambda_powertools.utilities.parameters.SecretsProvider",
}
AWS_SESSIONS = ("boto3.Session", "boto3.session.Session")
# What gives them a Config of botocore, or a client that has one.
CONFIGURED = ("boto3_client", "boto_config", "config")
CONFIGS = ("botocore.config.Config", "botocore.client.Config")
# What botocore does when it is not told: seconds, and attempts of its legacy mode.
DEFAULTS = {"connect_timeout": 60.0, "read_timeout": 60.0, "total_max_attempts": 5.0}
# The least that a Config may come to that is merged into another one.
AT_LEAST = {"connect_timeout": 0.0, "read_timeout": 0.0, "total_max_attempts": 1.0}


@dataclass(frozen=True)
class Call:
    """A call whose length is known, or known to have no end.

    Args:
        seconds: how long it may take; None when nothing ends it.
        what: what it is, in words.
    """

    path: str
    line: int
    what: str
    seconds: float | None


def calls(modules: Iterable[Module]) -> list[Call]:
    """The calls of a function's modules whose length can be told."""
    modules = list(modules)
    numbers = _numbers(modules)
    told_once = any(
        dotted(call.func).endswith("set_default_client_config")
        for module in modules
        for call in module.nodes(ast.Call)
    )
    found: list[Call] = []
    for module in modules:
        view = _View(module, numbers)
        found += [*view.http(), *view.configs()]
        found += [] if told_once else view.clients()
    return found


def _numbers(modules: Iterable[Module]) -> dict[str, float]:
    """The constants of all modules that are numbers, but for those that two modules have."""
    found: dict[str, float] = {}
    twice: set[str] = set()
    for module in modules:
        for statement in module.tree.body:
            if isinstance(statement, ast.Assign):
                targets, value = statement.targets, statement.value
            elif isinstance(statement, ast.AnnAssign) and statement.value:
                targets, value = [statement.target], statement.value
            else:
                continue
            number = _number(value, {})
            for name in map(dotted, targets):
                if number is not None:
                    twice |= {name} & found.keys()
                    found[name] = number
    return {name: number for name, number in found.items() if name not in twice}


def _number(node: ast.AST | None, numbers: dict[str, float]) -> float | None:
    value = getattr(node, "value", None)
    if isinstance(node, ast.Constant) and isinstance(value, int | float):
        return float(value)
    return numbers.get(dotted(node).rpartition(".")[2]) if node is not None else None


class _View:
    """A module's calls by the full names of what they call."""

    def __init__(self, module: Module, numbers: dict[str, float]) -> None:
        self._module = module
        self._numbers = numbers
        self._imported = imported(module.parsed, "", False)
        self._calls = [(self._name(each.func), each) for each in module.nodes(ast.Call)]

    def _name(self, node: ast.AST) -> str:
        """What is called, by the name under which it is imported anywhere."""
        first, dot, rest = dotted(node).partition(".")
        return f"{self._imported.get(first, first)}{dot}{rest}"

    def _made(self, makers: tuple[str, ...]) -> dict[str, ast.Call]:
        """What these return, by the names to which it is bound."""
        bound: list[tuple[ast.AST | None, list[Any]]] = [
            *((each.value, each.targets) for each in self._module.nodes(ast.Assign)),
            *((each.value, [each.target]) for each in self._module.nodes(ast.AnnAssign)),
            *((e.context_expr, [e.optional_vars]) for e in self._module.nodes(ast.withitem)),
        ]
        return {
            dotted(target): value
            for value, targets in bound
            for target in targets
            if isinstance(value, ast.Call) and self._name(value.func) in makers and target
        }

    def _waiting(self) -> set[str]:
        """The sessions whose calls wait for ever, unless the call says otherwise."""
        plain = self._made(ADAPTERS)
        found = {
            name
            for name, made in self._made(SESSIONS).items()
            if _argument(made, "timeout") is None and not _has_unknown(made)
        }
        for call in self._module.nodes(ast.Call):
            session, _, method = dotted(call.func).rpartition(".")
            adapter = call.args[1] if method == "mount" and len(call.args) > 1 else None
            if isinstance(adapter, ast.Call) and self._name(adapter.func) in ADAPTERS:
                continue
            if adapter is not None and dotted(adapter) not in plain:
                found.discard(session)  # it may have a time-out
        return found

    def http(self) -> Iterator[Call]:
        sessions = self._waiting()
        for name, call in self._calls:
            before, _, method = dotted(call.func).rpartition(".")
            of_session = before in sessions and method in HTTP_METHODS
            given = self._timeout(call, name)
            if given is not None:
                seconds = self._seconds(given)
                if seconds is not None:
                    yield self._told(call, f"{dotted(call.func)}() waits {seconds:g} s", seconds)
            elif (name in WITHOUT_LIMIT or of_session) and not _has_unknown(call):
                yield self._told(call, f"{dotted(call.func)}() has no timeout", None)

    def _timeout(self, call: ast.Call, name: str) -> ast.AST | None:
        """What a call of HTTP says of its time-out."""
        library = name.split(".")[0]
        given = _argument(call, "timeout")
        if given is None and name in WITHOUT_LIMIT:
            place = WITHOUT_LIMIT[name]
            given = call.args[place] if len(call.args) > place else None
        if given is None and name == "httpx.Timeout" and call.args:
            given = call.args[0]
        known = library in ("httpx", "requests") or name in WITHOUT_LIMIT
        is_method = dotted(call.func).rpartition(".")[2] in HTTP_METHODS
        return given if known or is_method else None

    def _seconds(self, node: ast.AST) -> float | None:
        if isinstance(node, ast.Tuple):  # of requests: to connect, and to read
            parts = [_number(each, self._numbers) for each in node.elts]
            return None if None in parts else sum(part for part in parts if part is not None)
        return _number(node, self._numbers)

    def _merged(self) -> set[ast.AST]:
        """The configurations that only change another one: CONFIG.merge(Config(…))."""
        named = self._made(CONFIGS)
        given = [
            argument
            for call in self._module.nodes(ast.Call)
            if isinstance(call.func, ast.Attribute) and call.func.attr == "merge"
            for argument in call.args
        ]
        return {named.get(dotted(each), each) for each in given}

    def configs(self) -> Iterator[Call]:
        merged = self._merged()
        for name, call in self._calls:
            if name in CONFIGS and not _has_unknown(call):
                seconds = self._of_config(call, AT_LEAST if call in merged else DEFAULTS)
                if seconds is not None:
                    yield self._told(
                        call, f"calls with this Config take up to {seconds:g} s", seconds
                    )

    def _of_config(self, call: ast.Call, unsaid: dict[str, float]) -> float | None:
        """Seconds of all attempts together; None where a number is not literal."""
        values: dict[str, float | None] = dict(unsaid)
        for key in ("connect_timeout", "read_timeout"):
            if (given := _argument(call, key)) is not None:
                values[key] = _number(given, self._numbers)
        retries = _argument(call, "retries")
        if isinstance(retries, ast.Dict):
            pairs = {
                getattr(k, "value", None): v
                for k, v in zip(retries.keys, retries.values, strict=True)
            }
            if getattr(pairs.get("mode"), "value", "legacy") != "legacy" and unsaid is DEFAULTS:
                values["total_max_attempts"] = 3.0
            if "max_attempts" in pairs:  # counts what follows the first one
                number = _number(pairs["max_attempts"], self._numbers)
                values["total_max_attempts"] = None if number is None else number + 1
            if "total_max_attempts" in pairs:
                values["total_max_attempts"] = _number(pairs["total_max_attempts"], self._numbers)
        elif retries is not None:
            return None
        connect, read, attempts = values.values()
        if connect is None or read is None or attempts is None:
            return None
        return (connect + read) * attempts

    def clients(self) -> Iterator[Call]:
        sessions = self._made(AWS_SESSIONS)
        for name, call in self._calls:
            before, _, method = dotted(call.func).rpartition(".")
            made = call.func.value if isinstance(call.func, ast.Attribute) else None
            if isinstance(made, ast.Call) and isinstance(call.func, ast.Attribute):
                of_session = self._name(made.func) in AWS_SESSIONS  # Session().client("s3")
                method = call.func.attr
            else:
                of_session = before in sessions
            of_session = of_session and method in ("client", "resource")
            told = any(_argument(call, key) for key in CONFIGURED)
            if (name in CLIENTS or of_session) and not told and not _has_unknown(call):
                seconds = (DEFAULTS["connect_timeout"] + DEFAULTS["read_timeout"]) * 5
                called = dotted(call.func) or method
                what = f"{called}() without a Config takes up to {seconds:g} s"
                yield self._told(call, what, seconds)

    def _told(self, call: ast.Call, what: str, seconds: float | None) -> Call:
        return Call(self._module.path, call.lineno, what, seconds)


def _argument(call: ast.Call, name: str) -> ast.AST | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def _has_unknown(call: ast.Call) -> bool:
    """Whether it is given *arguments or **arguments."""
    return any(each.arg is None for each in call.keywords) or any(
        isinstance(each, ast.Starred) for each in call.args
    )

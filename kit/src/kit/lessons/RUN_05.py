"""RUN-05: Clients are made once per container and used by every call.

Why: Each call paid for a TLS handshake.

Here: `utils/aws.py`, called where modules begin.

Fix: Make the client, also one that `….from_url(…)` makes, at the top of the module or in a function
with `functools.cache`; call `httpx` and `requests` through a client.

Defended by: gate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.handlers import every_code
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import (
    POWERTOOLS,
    Code,
    Definition,
    last,
)
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


# What opens connections that later calls can use again. Asynchronous clients belong to an event loop, which may be
# another one in the next call: they are not among these.
CLIENTS = {
    f"boto3.{path}{name}"
    for path in ("", "Session().", "session.Session().")
    for name in ("client", "resource")
}


CLIENTS |= {"boto3.Session", "boto3.session.Session", "botocore.session.get_session"}


CLIENTS |= {"httpx.Client", "requests.Session", "requests.session", "urllib3.PoolManager"}


CLIENTS |= {"redis.Redis", "pymongo.MongoClient", "sqlalchemy.create_engine", "openai.OpenAI"}


CLIENTS |= {"anthropic.Anthropic", "opensearchpy.OpenSearch"}


CLIENTS |= {
    f"{library}.{method}"
    for library in ("httpx", "requests")
    for method in ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
}


CLIENTS |= {"redis.StrictRedis", "redis.RedisCluster", "valkey.Valkey", "redis", "valkey"}


# By these, clients and modules make clients: redis.Redis.from_url(…), redis.from_url(…).
CONSTRUCTORS = {"connect", "create", "from_connection_string", "from_env", "from_url"}


POWERTOOLS_CLIENTS = {"SecretsProvider", "SSMProvider", "AppConfigProvider", "DynamoDBProvider"}


POWERTOOLS_CLIENTS |= {"DynamoDBPersistenceLayer"}


# With these a client is somebody's, and can't be everybody's.
CREDENTIALS = {"aws_access_key_id", "aws_session_token"}


# With one of these a class needs no client of its own.
GIVEN = ("client", "session", "resource", "table", "connection", "http")


class Makers:
    """Which functions and classes of some code make a client each time that they are called."""

    def __init__(self, code: Code) -> None:
        self.code = code
        # Functions that hand a new client on, and classes that keep one in each instance.
        self.names: set[str] = set()
        size = -1
        while size < len(self.names):
            size = len(self.names)
            for where in code.definitions.values():
                if where.scope.node and not _is_cached(where):
                    self._look(where)

    def client(self, call: ast.Call, where: Definition) -> str:
        """What a call makes that is a client or has one; empty for anything else."""
        given = {each.arg or "" for each in call.keywords}
        name = self.code.name_of(call.func, where)
        # Those of a session count as well.
        session = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(session, ast.Name):
            session = where.scope.bindings.get(session.id)
        of_session = session.keywords if isinstance(session, ast.Call) else []
        if (given | {each.arg or "" for each in of_session}) & CREDENTIALS:
            return ""
        made_by = name.rpartition(".")[0] if last(name) in CONSTRUCTORS else name
        if made_by in CLIENTS or (name.startswith(POWERTOOLS) and last(name) in POWERTOOLS_CLIENTS):
            return dotted(call.func) or last(name)
        if name in self.names and not any(word in each for each in given for word in GIVEN):
            return dotted(call.func) or last(name)
        return ""

    def made(self, where: Definition) -> list[ast.Call]:
        return [call for call in where.scope.calls if self.client(call, where)]

    def wasted(self, where: Definition) -> list[ast.Call]:
        """The clients that end with the call of the function that made them."""
        made = self.made(where)
        handed_on = {id(each) for each in self._handed_on(where)} if made else set()
        return [call for call in made if id(call) not in handed_on]

    def _look(self, where: Definition) -> None:
        kept, returned = self._kept(where), self._returned(where)
        made = {id(each) for each in self.made(where)}
        if any(id(each) in made for each in returned):
            self.names.add(where.name)
        if any(id(each) in made for each in kept) and "." in where.scope.name:
            self.names.add(where.name.rpartition(".")[0])

    def _handed_on(self, where: Definition) -> Iterator[ast.AST]:
        yield from self._returned(where)
        yield from self._kept(where)
        shared = {
            name for node in where.scope.of(ast.Global) for name in getattr(node, "names", [])
        }
        for targets, value in _assigned(where):
            names = {each.id for each in targets if isinstance(each, ast.Name)}
            elsewhere = any(isinstance(each, ast.Subscript | ast.Attribute) for each in targets)
            if names & shared or elsewhere:
                yield from _parts(value, where)

    def _returned(self, where: Definition) -> Iterator[ast.AST]:
        values = [node.value for node in where.scope.of(ast.Return)]
        values += [node.value for node in where.scope.of(ast.Yield)]
        for value in values:
            yield from _parts(value, where)

    def _kept(self, where: Definition) -> Iterator[ast.AST]:
        """What is assigned to self.…"""
        for targets, value in _assigned(where):
            if any(dotted(target).startswith("self.") for target in targets):
                yield from _parts(value, where)


def _assigned(where: Definition) -> Iterator[tuple[list[ast.expr], ast.expr]]:
    for node in where.scope.nodes:
        if isinstance(node, ast.Assign):
            yield node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield [node.target], node.value


def _parts(node: ast.AST | None, where: Definition, depth: int = 0) -> Iterator[ast.AST]:
    """The calls whose results are in a value, also by a variable: `given or Items(make())`."""
    if node is None or depth > 5:
        return
    if isinstance(node, ast.Name):
        yield from _parts(where.scope.bindings.get(node.id), where, depth + 1)
    elif isinstance(node, ast.BoolOp | ast.Tuple | ast.List):
        for each in node.values if isinstance(node, ast.BoolOp) else node.elts:
            yield from _parts(each, where, depth + 1)
    elif isinstance(node, ast.IfExp):
        yield from _parts(node.body, where, depth + 1)
        yield from _parts(node.orelse, where, depth + 1)
    elif isinstance(node, ast.NamedExpr):
        yield from _parts(node.value, where, depth + 1)
    elif isinstance(node, ast.Call):
        yield node
        name = last(dotted(node.func)) or getattr(node.func, "attr", "")
        # Resource("dynamodb").Table(name) has the client in it, and so has Items(client), which
        # its own class methods call cls(client).
        if name[:1].isupper() or name in ("cast", "cls"):
            if isinstance(node.func, ast.Attribute):
                yield from _parts(node.func.value, where, depth + 1)
            for each in [*node.args, *(given.value for given in node.keywords)]:
                yield from _parts(each, where, depth + 1)


def _is_cached(where: Definition) -> bool:
    names = (dotted(d.func if isinstance(d, ast.Call) else d) for d in where.scope.decorators)
    return any("cache" in last(name) and last(name) != "cached_property" for name in names)


@LESSON.check
def clients_are_made_once(service: Service) -> Iterator[Finding]:
    """No function that runs in each call makes a client, itself or by another function."""
    for code in every_code(service):
        makers = Makers(code)
        for where in code.definitions.values():
            if where.scope.node is None or _is_cached(where) or _runs_at_import(code, where):
                continue
            for call in makers.wasted(where):
                made = makers.client(call, where)
                found = f"`{where.place}` makes a client with `{made}` in each call"
                yield LESSON.finding(where.module.path, call.lineno, found)
        for where, call, name in code.calls:
            target = (
                code.name_of(call.args[0], where) if last(name) == "Depends" and call.args else ""
            )
            if target in makers.names:
                found = f"each request makes a client, as it depends on `{last(target)}`"
                fix = f"Decorate `{last(target)}` with `functools.cache`, or make the client at the top."
                yield LESSON.finding(where.module.path, call.lineno, found, fix=fix)


# Other decorators may hand a function to something that calls it: @app.get("/rates").
CALLED_BY_NAME = {"classmethod", "staticmethod"}


def _runs_at_import(code: Code, where: Definition, depth: int = 0) -> bool:
    """Whether only the modules themselves call it, as they are imported."""
    if depth > 5 or any(dotted(each) not in CALLED_BY_NAME for each in where.scope.decorators):
        return False
    users = [each for each in code.definitions.values() if where.name in code.used_by(each)]
    return bool(users) and all(
        not each.scope.node or (each is not where and _runs_at_import(code, each, depth + 1))
        for each in users
    )

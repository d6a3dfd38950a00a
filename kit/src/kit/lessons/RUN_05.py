"""RUN-05: Clients are made once per container and used by every call.

Why: Each call paid for a TLS handshake.

Here: `utils/aws.py`, called where modules begin.

Fix: Make the client, also one that `….from_url(…)` makes, at the top of the module or in a function
with `functools.cache`; call `httpx` and `requests` through a client.

Defended by: gate.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import (
    POWERTOOLS,
    Code,
    Definition,
    assignments,
    every_code,
    last,
)
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
# What opens connections that later calls can use again. Asynchronous clients belong to an event
# loop, which may be another one in the next call: they are not among these.
CLIENTS = {
    *("boto3.Session", "boto3.session.Session", "botocore.session.get_session"),
    *(f"boto3.{before}{kind}" for before in ("", "Session().", "session.Session().")
      for kind in ("client", "resource")),
    *("httpx.Client", "requests.Session", "requests.session", "urllib3.PoolManager"),
    *(f"{library}.{method}" for library in ("httpx", "requests") for method in METHODS),
    *("redis", "redis.Redis", "redis.RedisCluster", "redis.StrictRedis", "valkey"),
    *("valkey.Valkey", "pymongo.MongoClient", "sqlalchemy.create_engine", "openai.OpenAI"),
    *("anthropic.Anthropic", "opensearchpy.OpenSearch"),
}  # fmt: skip
POWERTOOLS_CLIENTS = {
    *("AppConfigProvider", "DynamoDBPersistenceLayer", "DynamoDBProvider", "SSMProvider"),
    "SecretsProvider",
}
# By these, clients and modules make clients: redis.Redis.from_url(…), redis.from_url(…).
CONSTRUCTORS = {"connect", "create", "from_connection_string", "from_env", "from_url"}
# With these a client belongs to a caller, and can't be shared.
CREDENTIALS = {"aws_access_key_id", "aws_session_token"}
# Functions with other decorators may be called by a framework: @app.get("/rates").
PLAIN_DECORATORS = {"classmethod", "staticmethod"}


@LESSON.check
def clients_are_made_once(service: Service) -> Iterator[Finding]:
    """No function that runs in each call makes a client."""
    for code in every_code(service):
        callers = _callers(code)
        derived = {
            f"{name}.{node.name}"
            for name, module in code.modules.items()
            for node in module.nodes(ast.ClassDef)
            if any(_makes(code.name_of(base, code.definitions[name])) for base in node.bases)
        }
        for where, call, name in code.calls:
            is_repeated = not _is_cached(where) and not _runs_at_import(callers, where)
            is_client = name in derived or _is_client(where, call, name)
            if is_repeated and is_client and not _is_kept(where, call):
                made_by = dotted(call.func) or last(name)
                message = f"`{where.place}` makes a client with `{made_by}` in each call"
                yield LESSON.finding(where.module.path, call.lineno, message, fix=_fix(where, name))


def _fix(where: Definition, name: str) -> str:
    library, _, method = name.rpartition(".")
    if f"{library}.Client" in CLIENTS and method in METHODS:
        return (
            f"Make a client (`{library}.Client`) at the top of the module, and call its `{method}`."
        )
    if "." in where.place:  # the client is part of an object
        maker = where.place.removesuffix(".__init__")
        return (
            f"Call `{maker}` once: at the top of a module, or in a function with `functools.cache`."
        )
    return "Make the client at the top of the module, or in a function with `functools.cache`."


def _is_client(where: Definition, call: ast.Call, name: str) -> bool:
    session = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(session, ast.Name):
        session = where.scope.bindings.get(session.id)
    keywords = [*call.keywords, *(session.keywords if isinstance(session, ast.Call) else [])]
    if CREDENTIALS & {keyword.arg for keyword in keywords}:
        return False
    return _makes(name.rpartition(".")[0] if last(name) in CONSTRUCTORS else name)


def _makes(name: str) -> bool:
    return name in CLIENTS or (name.startswith(POWERTOOLS) and last(name) in POWERTOOLS_CLIENTS)


def _is_cached(where: Definition) -> bool:
    names = {*where.scope.decorator_names} - {"cached_property"}
    return any("cache" in name for name in names)


def _is_kept(where: Definition, call: ast.Call) -> bool:
    """Whether what a call returns outlives the function: in a global variable, in a mapping, or in
    an attribute that is set when it is first needed."""
    shared = {name for node in where.scope.of(ast.Global) for name in node.names}
    is_constructor = last(where.scope.name) == "__init__"
    return any(
        isinstance(target, ast.Subscript)
        or dotted(target) in shared
        or (dotted(target).startswith("self.") and not is_constructor)
        for target, value in assignments(where.scope.nodes)
        if call in ast.walk(value)
    )


def _callers(code: Code) -> dict[str, list[Definition]]:
    """Where functions are called, by their names; constructors by those of their classes, too."""
    callers = defaultdict(list)
    for where, _call, name in code.calls:
        callers[f"{name}.__init__" if name in code.classes else name].append(where)
    return callers


def _runs_at_import(
    callers: dict[str, list[Definition]], where: Definition, depth: int = 0
) -> bool:
    """Whether only the modules themselves call it, as they are imported."""
    if where.scope.node is None:
        return True
    if depth > 5 or {*where.scope.decorator_names} - PLAIN_DECORATORS:
        return False
    users = callers.get(where.name, [])
    return bool(users) and all(_runs_at_import(callers, user, depth + 1) for user in users)

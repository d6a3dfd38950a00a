"""How long the calls that Python code makes may take."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .parsers import Module, dotted
from .payloads import record_handlers
from .python_names import POWERTOOLS, Code, Definition, code_in, constant, is_open, keyword, last

# Calls that wait for ever without a timeout, with the place that it has among their arguments.
ENDLESS = {
    "ftplib.FTP": 4,
    "http.client.HTTPConnection": 2,
    "http.client.HTTPSConnection": 2,
    "smtplib.SMTP": 3,
    "socket.create_connection": 1,
    "urllib.request.urlopen": 2,
}
# What makes sessions whose requests wait for ever, unless the session has a timeout of its own.
SESSIONS = (
    *("requests.Session()", "requests.session()", "requests.sessions.Session()"),
    *("urllib3.HTTPConnectionPool()", "urllib3.HTTPSConnectionPool()", "urllib3.PoolManager()"),
)
# What handles several records at a time, or stops before the function does.
CONCURRENT = {
    *("AsyncBatchProcessor", "TaskGroup", "ThreadPoolExecutor", "async_process_partial_response"),
    *("gather", "get_remaining_time_in_millis"),
}
HTTP_METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "request")
# Clients of databases, which wait for ever unless something about them says how long.
DATABASES = {
    *("psycopg.connect", "psycopg.Connection.connect", "psycopg2.connect", "pymysql.connect"),
    *("psycopg_pool.ConnectionPool", "pymongo.MongoClient", "pymssql.connect", "MySQLdb.connect"),
    *("sqlalchemy.create_engine", "sqlmodel.create_engine", "mysql.connector.connect"),
    *("asyncpg.connect", "asyncpg.create_pool", "oracledb.connect", "pg8000.connect"),
    *(f"{library}.{before}{maker}" for library in ("redis", "valkey")
      for before, maker in (("", "Redis"), ("", "StrictRedis"), ("", "RedisCluster"),
                            ("", "Valkey"), ("", "from_url"), ("Redis.", "from_url"),
                            ("StrictRedis.", "from_url"), ("Valkey.", "from_url"))),
}  # fmt: skip
PARAMETERS = f"{POWERTOOLS}utilities.parameters."
# Clients of AWS, Powertools' among them.
CLIENTS = {
    *(f"boto3.{before}{kind}" for before in ("", "Session().", "session.Session().")
      for kind in ("client", "resource")),
    f"{POWERTOOLS}utilities.idempotency.DynamoDBPersistenceLayer",
    *(f"{PARAMETERS}{kind}Provider" for kind in ("AppConfig", "DynamoDB", "SSM", "Secrets")),
}  # fmt: skip
# What gives them a Config of botocore, or a client that has one.
CONFIGURED = ("boto3_client", "boto_config", "config")
CONFIGS = ("botocore.config.Config", "botocore.client.Config")
# What botocore does unless a Config says otherwise: seconds, and attempts of its legacy mode.
DEFAULTS = {"connect_timeout": 60.0, "read_timeout": 60.0, "total_max_attempts": 5.0}
# The least that a Config may come to which is merged into another one.
AT_LEAST = {"connect_timeout": 0.0, "read_timeout": 0.0, "total_max_attempts": 1.0}


@dataclass(frozen=True)
class Call:
    """A call whose length is known, or known to have no end.

    Args:
        seconds: how long it may take; None when nothing ends it.
        what: what it is, in words.
        fix: what to do, where that is more exact than what the lesson says.
        is_repeated: whether it is an HTTP call for each record of a batch, one after the other.
    """

    path: str
    line: int
    what: str
    seconds: float | None
    is_repeated: bool = False
    fix: str | None = None


def calls(modules: Iterable[Module]) -> Iterator[Call]:
    """The calls of a function's modules whose length is known."""
    code = code_in(modules)
    # Sessions with a timeout for all of their requests, or with an adapter that may have one.
    limited = {name.removesuffix(".mount") for name in code.used if name.endswith("().mount")}
    limited |= {f"{name}()" for _w, call, name in code.calls if keyword(call, "timeout")}
    defaults = AT_LEAST if any(name.endswith("Config().merge") for name in code.used) else DEFAULTS
    repeated = _for_each_record(code)
    has_default_config = "set_default_client_config" in map(last, code.used)
    for where, call, name in code.calls:
        session, _, method = name.rpartition(".")
        waits = session in SESSIONS and session not in limited and method in HTTP_METHODS
        path, line, what = where.module.path, call.lineno, f"{dotted(call.func) or method}()"
        is_configured = has_default_config or any(keyword(call, key) for key in CONFIGURED)
        timeout = _timeout(call, name)
        if timeout is not None:
            seconds = _seconds(code, where, timeout)
            if seconds is not None:
                is_repeated = where.name in repeated or id(call) in repeated
                yield Call(path, line, f"{what} waits {seconds:g} s", seconds, is_repeated)
        elif name in DATABASES and not (is_open(call) or _says_timeout(code, where, call)):
            fix = "Give the client a timeout: `connect_timeout`, `socket_timeout`, `timeoutMS`, or what"
            fix += f" `{name.partition('.')[0]}` calls it; for SQLAlchemy in `connect_args`."
            yield Call(path, line, f"{what} has no timeout", None, fix=fix)
        elif (waits or name in ENDLESS) and not is_open(call):
            yield Call(path, line, f"{what} has no timeout", None)
        elif name in CONFIGS and not is_open(call):
            seconds = _of_config(code, where, call, defaults)
            if seconds is not None:
                what = f"calls with this Config take up to {seconds:g} s"
                yield Call(path, line, what, seconds)
        elif name in CLIENTS and not (is_configured or is_open(call)):
            seconds = _total(DEFAULTS)
            yield Call(path, line, f"{what} without a Config takes up to {seconds:g} s", seconds)


def _for_each_record(code: Code) -> set[object]:
    """The functions, by name, and the calls, by id, that run once for each record of a batch, unless
    several run at the same time or the code looks how much time is left."""
    used = set(map(last, code.used))
    if CONCURRENT & used:
        return set()
    starts = {function.name for function in record_handlers(code)}
    repeated: set[object] = set()
    for where in code.definitions.values():
        for loop in where.scope.of(ast.For):
            if "records" in ast.unparse(loop.iter).lower():
                calls = [node for node in ast.walk(loop) if isinstance(node, ast.Call)]
                repeated |= {id(call) for call in calls}
                starts |= {code.name_of(call.func, where) for call in calls}
    for start in starts & code.definitions.keys():
        repeated |= {item.name for item in code.reached_from(code.definitions[start])}
    return repeated


def _says_timeout(code: Code, where: Definition, call: ast.Call) -> bool:
    """Whether a database's client has a timeout: as an argument, in a dictionary, a pool or a URL;
    or needs none, as SQLite is no server."""
    values = [*call.args, *(item.value for item in call.keywords)]
    parts = [call, *(code.value_of(value, where) for value in values)]
    nodes = [node for part in parts for node in ast.walk(part)]
    words = [str(node.arg if isinstance(node, ast.keyword) else constant(node)) for node in nodes]
    return any(
        "timeout" in w.lower() or w.startswith("sqlite") for w in words if w != "pool_timeout"
    )


def _timeout(call: ast.Call, name: str) -> ast.expr | None:
    """The timeout that an HTTP call has."""
    if name == "httpx.Timeout":
        return keyword(call, "timeout", 0)
    is_http = name.startswith(("httpx.", "requests.", "urllib3.")) or name in ENDLESS
    return keyword(call, "timeout", ENDLESS.get(name)) if is_http else None


def _seconds(code: Code, where: Definition, timeout: ast.expr) -> float | None:
    # Of requests: to connect, and to read.
    parts = timeout.elts if isinstance(timeout, ast.Tuple) else [timeout]
    seconds = [code.number(part, where) for part in parts]
    return None if None in seconds else sum(part for part in seconds if part is not None)


def _of_config(
    code: Code, where: Definition, call: ast.Call, defaults: dict[str, float]
) -> float | None:
    """Seconds of all attempts together; None where a number is not literal."""
    settings = {item.arg: item.value for item in call.keywords}
    retries = settings.get("retries")
    if isinstance(retries, ast.Dict):
        settings |= {str(constant(k)): v for k, v in zip(retries.keys, retries.values, strict=True)}
    elif retries is not None:
        return None
    values: dict[str, float] = dict(defaults)
    if constant(settings.get("mode")) in ("standard", "adaptive"):
        values["total_max_attempts"] = min(3.0, values["total_max_attempts"])
    for key in ("max_attempts", *values):
        if key in settings:
            number = code.number(settings[key], where)
            if number is None:
                return None
            # max_attempts counts what follows the first one.
            more = key == "max_attempts"
            values["total_max_attempts" if more else key] = number + more
    return _total(values)


def _total(values: dict[str, float]) -> float:
    return (values["connect_timeout"] + values["read_timeout"]) * values["total_max_attempts"]

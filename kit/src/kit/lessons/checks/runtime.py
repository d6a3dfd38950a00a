"""RUN: what runs in Lambda."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..findings import Finding, and_more, check
from ..parsers import at, dotted
from ..python_names import (
    POWERTOOLS,
    Code,
    Definition,
    code_of,
    constant,
    handlers,
    is_open,
    keyword,
    last,
)
from ..service import TEMPLATE, Function, Resource, Service, is_intrinsic, references
from ..variables import reads
from ..wiring import HTTP_EVENTS


def every_code(service: Service) -> Iterator[Code]:
    return (code_of(service, folder) for folder in service.function_folders)


# ── RUN-01: logs ─────────────────────────────────────────────────────────────

# Libraries that log JSON, or calls that let the standard library do so.
STRUCTURED: tuple[str, ...] = (
    "aws_lambda_powertools.Logger",
    "aws_lambda_powertools.logging",
    "structlog",
)
STRUCTURED += ("pythonjsonlogger", "json_log_formatter", "logging.config.dictConfig", "loguru")
# Where lines get the keys that all of them have.
KEYS_ARE_GIVEN_BY = {"append_keys", "bind", "bind_contextvars", "structure_logs", "set_keys"}
KEYS_ARE_GIVEN_BY |= {"thread_safe_append_keys", "append_context_keys", "LambdaPowertoolsFormatter"}
# Where lines get the request's id.
REQUEST_IDS = {"inject_lambda_context", "set_correlation_id", "aws_request_id"}
LOG_METHODS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}
PROSE = {"logging.basicConfig", "traceback.print_exc", "traceback.print_exception"}
PROSE |= {"traceback.print_stack", "pprint.pp"} | {f"logging.{each}" for each in LOG_METHODS}
# What print does, without its name.
PRINTS = {
    f"sys.{stream}.{method}"
    for stream in ("stdout", "stderr", "__stdout__", "__stderr__", "stdout.buffer", "stderr.buffer")
    for method in ("write", "writelines")
}


@check("RUN-01")
def log_format(service: Service) -> Iterator[Finding]:
    """Lambda writes JSON, and a parameter says which levels."""
    found: dict[tuple[int, str, str, str | None], list[str]] = {}
    for function in (*service.functions, *service.of_type("AWS::Lambda::Function")):
        for problem in _log_format(function, function.get("LoggingConfig")):
            found.setdefault(problem, []).append(function.logical_id)
    # What Globals say is one edit, however many functions have it.
    for (line, key, said, fix), names in found.items():
        told = f"`{key}` of {and_more([f'`{name}`' for name in names])} {said}"
        yield Finding("RUN-01", TEMPLATE, line, told, resource=names[0], fix=fix)


def _log_format(function: Resource, config: Any) -> Iterator[tuple[int, str, str, str | None]]:
    """What is wrong: the line, the key, what is said of it, and what to do."""
    if is_intrinsic(config):
        return
    written = at(config, "LogFormat")
    if written != "JSON" and not is_intrinsic(written):
        line = function.line_of("LoggingConfig", "LogFormat")
        yield line, "LoggingConfig", "has no `LogFormat: JSON`", None
    levels: list[tuple[str, ...]] = [("LoggingConfig", "ApplicationLogLevel")]
    levels += [("Environment", "Variables", each) for each in ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL")]
    given = [keys for keys in levels if function.get(*keys) is not None]
    for keys in given:
        level = function.get(*keys)
        if not is_intrinsic(level):
            said, fix = f"is `{level}` in every environment", f"Write `{keys[-1]}: !Ref LogLevel`."
            yield function.line_of(*keys), keys[-1], said, fix
    if not given:
        line, fix = (
            function.line_of("LoggingConfig"),
            "Write `ApplicationLogLevel: !Ref LogLevel`.",
        )
        yield line, "LoggingConfig", "has no `ApplicationLogLevel`", fix


@check("RUN-01")
def logged_prose(service: Service) -> Iterator[Finding]:
    """Nothing is printed, and nothing is logged past the logger that knows request, service and stage."""
    for told in service.tools.ruff:
        if told.rule in ("T201", "T203") and "/lambda_pkg/" in told.path:
            found = "prints, and logs without request id, service and stage"
            yield Finding("RUN-01", told.path, told.line, found)
    for code in every_code(service):
        are_formatted = _formats_all_loggers(code)
        for where, call, name in code.calls:
            if name in PRINTS:
                found = f"`{dotted(call.func) or last(name)}` prints, and logs without request id, service and stage"
                yield Finding("RUN-01", where.module.path, call.lineno, found)
            elif are_formatted:
                continue
            elif name in PROSE or _logs_by_a_plain_logger(call, name):
                found = f"`{dotted(call.func) or last(name)}` logs without service and stage"
                yield Finding("RUN-01", where.module.path, call.lineno, found)


def _logs_by_a_plain_logger(call: ast.Call, name: str) -> bool:
    """logging.getLogger(…).info(…), also by a variable."""
    return name.startswith("logging.getLogger().") and last(name) in LOG_METHODS and bool(call.args)


def _formats_all_loggers(code: Code) -> bool:
    """Whether the loggers of the standard library are given the one format."""
    known = {
        "copy_config_to_registered_loggers",
        "dictConfig",
        "setFormatter",
        "ProcessorFormatter",
    }
    return any(last(name) in known for _where, _call, name in code.calls)


@check("RUN-01")
def logger_of_each_function(service: Service) -> Iterator[Finding]:
    """Each function has a logger, whose lines know the request, the service and the stage."""
    for function, code, handler in handlers(service):
        if handler is None:
            continue  # STR-06 tells
        loggers = [each for each in code.calls if _makes_logger(each[2])]
        path, line = handler.module.path, handler.scope.node.lineno if handler.scope.node else 1
        if not loggers and not _mentions(code, STRUCTURED):
            found = f"the code of `{function.name}` has no structured logger"
            yield Finding("RUN-01", path, line, found)
            continue
        if not _has_request_id(code):
            found = f"no line that `{function.name}` logs has the request's id"
            fix = "Decorate the handler with `@logger.inject_lambda_context(clear_state=True)`."
            yield Finding("RUN-01", path, line, found, fix=fix)
        yield from _loggers(function, code, loggers)


def _makes_logger(name: str) -> bool:
    return name.startswith(POWERTOOLS) and last(name) == "Logger"


def _mentions(code: Code, names: tuple[str, ...]) -> bool:
    return any(
        used.startswith(names)
        for where in code.definitions.values()
        for used in code.used_by(where)
    )


def _has_request_id(code: Code) -> bool:
    attributes = (node for each in code.modules.values() for node in each.nodes(ast.Attribute))
    return any(node.attr in REQUEST_IDS for node in attributes)


def _loggers(
    function: Function, code: Code, loggers: list[tuple[Definition, ast.Call, str]]
) -> Iterator[Finding]:
    """Loggers without stage or service, or with a level of their own."""
    keyed = [call for _w, call, name in code.calls if last(name) in KEYS_ARE_GIVEN_BY]
    staged = any(_says_stage(call) for call in keyed)
    for where, call, _name in loggers:
        path = where.module.path
        if not (staged or _says_stage(call) or constant(keyword(call, "child")) is True):
            found = "the logger that is made here does not know the stage"
            fix = "Write `Logger(stage=settings.stage, …)`, or `Logger(child=True)` beside one that has it."
            yield Finding("RUN-01", path, call.lineno, found, fix=fix)
        named = "POWERTOOLS_SERVICE_NAME" in function.variables
        if not (named or call.args or keyword(call, "service") or is_open(call)):
            found = f"the logger of `{function.name}` does not know the service"
            fix = f"Pass `POWERTOOLS_SERVICE_NAME` to `{function.logical_id}` in {TEMPLATE}."
            yield Finding("RUN-01", path, call.lineno, found, fix=fix)
    for where, call, name in code.calls:
        own = _makes_logger(name) or (
            last(name) == "setLevel" and _makes_logger(name.removesuffix("().setLevel"))
        )
        level = keyword(call, "level") or (
            call.args[0] if last(name) == "setLevel" and call.args else None
        )
        if own and level is not None and _is_fixed(level):
            found = f"the level of the logger is always `{ast.unparse(level)}`"
            fix = "Leave the level to `LoggingConfig` in `template.yaml`."
            yield Finding("RUN-01", where.module.path, call.lineno, found, fix=fix)


def _says_stage(call: ast.Call) -> bool:
    return keyword(call, "stage") is not None or is_open(call)


def _is_fixed(level: ast.expr) -> bool:
    """ "DEBUG", 10 or logging.DEBUG."""
    return isinstance(level, ast.Constant) or dotted(level).startswith("logging.")


# ── RUN-04: handlers ─────────────────────────────────────────────────────────

STARTUP = {"on_event", "add_event_handler"}
STARTUP_KEYWORDS = {"lifespan", "on_startup", "on_shutdown"}


@check("RUN-04")
def synchronous_handlers(service: Service) -> Iterator[Finding]:
    """No declared handler gives Lambda a coroutine."""
    for function, code, handler in handlers(service):
        if handler is None or handler.scope.node is None:
            continue  # an adapter that is called itself, or STR-06 tells
        node, path = handler.scope.node, handler.module.path
        if isinstance(node, ast.AsyncFunctionDef) and not _is_run(node):
            found = f"the handler `{node.name}` of `{function.name}` is `async`"
            yield Finding("RUN-04", path, node.lineno, found)
            continue
        for each in handler.scope.of(ast.Return):
            value = each.value
            target = (
                code.definitions.get(code.name_of(value.func, handler))
                if isinstance(value, ast.Call)
                else None
            )
            if (
                target
                and isinstance(target.scope.node, ast.AsyncFunctionDef)
                and not _is_run(target.scope.node)
            ):
                found = (
                    f"the handler of `{function.name}` returns the coroutine of `{target.place}`"
                )
                fix = f"Write `return asyncio.run({target.place}(…))`."
                yield Finding("RUN-04", path, each.lineno, found, fix=fix)


def _is_run(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a decorator makes it synchronous: @async_to_sync, @run_async."""
    names = (dotted(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list)
    return any("sync" in last(name) for name in names)


@check("RUN-04")
def mangum_without_lifespan(service: Service) -> Iterator[Finding]:
    """Mangum runs no startup events, and none are there that would wait for it."""
    for code in every_code(service):
        calls = list(code.calls)
        adapters = [each for each in calls if each[2] in ("mangum.Mangum", "mangum.adapter.Mangum")]
        for where, call, _name in adapters:
            lifespan = keyword(call, "lifespan")
            if not is_open(call) and (
                lifespan is None or (isinstance(lifespan, ast.Constant) and lifespan.value != "off")
            ):
                found = f'`{ast.unparse(call)}` has no `lifespan="off"`'
                yield Finding("RUN-04", where.module.path, call.lineno, found)
        for where, call, name in calls if adapters else []:
            given = {each.arg for each in call.keywords} & STARTUP_KEYWORDS
            if last(name) in STARTUP or (
                given and last(name) in ("FastAPI", "APIRouter", "Starlette")
            ):
                found = f"`{last(name)}` waits for a start of the application, which Lambda does not have"
                fix = "Do it at import, at the top of the module."
                yield Finding("RUN-04", where.module.path, call.lineno, found, fix=fix)


# ── RUN-05: clients ──────────────────────────────────────────────────────────

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


@check("RUN-05")
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
                yield Finding("RUN-05", where.module.path, call.lineno, found)
        for where, call, name in code.calls:
            target = (
                code.name_of(call.args[0], where) if last(name) == "Depends" and call.args else ""
            )
            if target in makers.names:
                found = f"each request makes a client, as it depends on `{last(target)}`"
                fix = f"Decorate `{last(target)}` with `functools.cache`, or make the client at the top."
                yield Finding("RUN-05", where.module.path, call.lineno, found, fix=fix)


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


# ── IAC-09: variables are checked as the code starts ─────────────────────────────────────────

# Modules whose business it is: what they get may be None, as they look at it.
SETTINGS = ("settings.py", "config.py", "configuration.py")


@check("IAC-09")
def variables_are_checked(service: Service) -> Iterator[Finding]:
    """No module but the settings gets None for a variable that is passed and came to be missing."""
    for folder in service.function_folders:
        passed = {
            name
            for function in service.functions
            if function.folder == folder
            for name in function.variables
        }
        for read in reads(service.modules(f"{folder}/lambda_pkg")):
            if read.may_be_none and read.name in passed and not read.path.endswith(SETTINGS):
                found = f"reads `{read.name}`, which is `None` here when it is missing"
                yield Finding("IAC-09", read.path, read.line, found)


# ── RUN-07: events that come twice ───────────────────────────────────────────

# Events of a function that come once, or whose sender waits for the answer.
ONCE = HTTP_EVENTS | {"AlexaSkill", "Cognito"}
# Resources that send events to a function, with the property that says to which.
SENDERS: list[tuple[str, tuple[str, ...]]] = [
    ("AWS::Lambda::EventSourceMapping", ("FunctionName",)),
    ("AWS::Events::Rule", ("Targets",)),
    ("AWS::Scheduler::Schedule", ("Target",)),
    ("AWS::SNS::Subscription", ("Endpoint",)),
    ("AWS::S3::Bucket", ("NotificationConfiguration", "LambdaConfigurations")),
    ("AWS::Logs::SubscriptionFilter", ("DestinationArn",)),
]
# Decorators and arguments by which work is done once, of Powertools and of AWS.
DECORATORS = {"idempotent", "idempotent_function"}
ARGUMENTS = {"ConditionExpression", "ClientRequestToken", "ClientToken", "MessageDeduplicationId"}
ARGUMENTS |= {"IfNoneMatch", "IfMatch", "Idempotency-Key", "idempotency_key"}
STATEMENTS = (
    "ON CONFLICT",
    "MERGE INTO",
    "INSERT IGNORE",
    "ON DUPLICATE KEY",
    "ATTRIBUTE_NOT_EXISTS",
)
# A function of the template that tells people twice what comes twice, which does no harm. The
# questions let no other function have its name.
HARMLESS = {"chat_notifier"}


@check("RUN-07")
def work_is_done_once(service: Service) -> Iterator[Finding]:
    """What a handler calls has a part that a second time changes nothing."""
    for function, code, handler in handlers(service):
        senders = sorted(_senders(service, function))
        if handler is None or not senders or function.name in HARMLESS:
            continue
        if not any(_is_once(code, each) for each in code.reached_from(handler)):
            given = " or ".join(f"`{each}`" for each in senders)
            found = f"`{function.name}` does its work again when {given} delivers an event twice"
            line = handler.scope.node.lineno if handler.scope.node else 1
            yield Finding("RUN-07", handler.module.path, line, found)


def _senders(service: Service, function: Function) -> set[str]:
    kinds = {event["Type"] for event in function.events.values()} - ONCE
    for kind, keys in SENDERS:
        for each in service.of_type(kind):
            # !Ref AppFunction.Alias is what SAM makes of the function, too.
            targets = {found.target.split(".")[0] for found in references(each.get(*keys))}
            if function.logical_id in targets:
                kinds.add(kind.rpartition("::")[2])
    return kinds


def _is_once(code: Code, where: Definition) -> bool:
    for each in where.scope.decorators:
        if last(dotted(each.func if isinstance(each, ast.Call) else each)) in DECORATORS:
            return True
    for node in where.scope.nodes:
        if isinstance(node, ast.keyword) and node.arg in ARGUMENTS:
            return True
        if isinstance(node, ast.Call) and last(code.name_of(node.func, where)) in DECORATORS:
            return True
        value = constant(node)
        if isinstance(value, str) and (
            value in ARGUMENTS or any(s in value.upper() for s in STATEMENTS)
        ):
            return True
    return False

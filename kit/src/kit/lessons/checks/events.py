"""EVT: events and triggers."""

import ast
from collections.abc import Iterator
from typing import Any

from kit.delivery.template import Template

from ..environments import all_deployed, deployed, exists, resolved
from ..findings import Finding, check
from ..parsers import Module, at, dotted
from ..policies import (
    comments,
    last_line,
    listed,
    targets,
)
from ..python_names import Code, Definition, code_of, keyword, last
from ..service import ENVIRONMENTS, TEMPLATE, Function, Resource, Service, strings
from ..wiring import (
    STREAMS,
    asynchronous,
    dead_letters,
    failures_of,
    invoke_configs,
    invoked,
    sources,
    watched,
)

# ── EVT-02: one helper that publishes ────────────────────────────────────────

# What PutEvents says of entries that it did not take.
RESULTS = {"FailedEntryCount", "ErrorCode"}


@check("EVT-02")
def one_publisher(service: Service) -> Iterator[Finding]:
    """Each function publishes in one module, which looks at what became of every entry."""
    for folder in service.function_folders:
        publishing: list[tuple[Module, list[ast.Call]]] = []
        for module in service.modules(folder):
            calls = [each for each in module.nodes(ast.Call) if _puts_events(each)]
            if calls:
                publishing.append((module, calls))
        # The one that checks is the helper, and of several the one in utils/.
        publishing.sort(
            key=lambda each: (not _checks_results(each[0]), "/utils/" not in each[0].path)
        )
        for number, (module, calls) in enumerate(publishing):
            dropped = {
                each.value.lineno
                for each in module.nodes(ast.Expr)
                if isinstance(each.value, ast.Call) and _puts_events(each.value)
            }
            for call in calls:
                if not _checks_results(module) or call.lineno in dropped:
                    found = "publishes, and does not look at the result"
                    yield Finding("EVT-02", module.path, call.lineno, found)
                elif number:
                    found = f"publishes itself, beside `{publishing[0][0].path}`"
                    yield Finding("EVT-02", module.path, call.lineno, found)


def _puts_events(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "put_events"


def _checks_results(module: Module) -> bool:
    return any(each.value in RESULTS for each in module.nodes(ast.Constant))


# ── EVT-03: what failed is kept ──────────────────────────────────────────────

# Events of SAM that EventBridge hands over, and tries again; the first two are the same.
RETRYING = ("CloudWatchEvent", "EventBridgeRule", "Schedule", "ScheduleV2")


@check("EVT-03")
def failures_are_kept(service: Service) -> Iterator[Finding]:
    """Whatever is invoked asynchronously has somewhere to put what it gave up on."""
    for function in asynchronous(service):
        if not failures_of(service, function):
            found = (
                f"`{function.logical_id}` is invoked asynchronously, and keeps nothing that fails"
            )
            yield function.finding("EVT-03", function.line, found)
        for name, event in function.events.items():
            key = {"SNS": "RedrivePolicy"}.get(event["Type"], "DeadLetterConfig")
            keeps = event["Type"] in ("SNS", *RETRYING)
            if keeps and not at(event, "Properties", key):
                found = f"`{name}` of `{function.logical_id}` has no `{key}`"
                yield function.finding("EVT-03", function.line_of("Events", name), found)
    for source in sources(service):
        if source.kind in STREAMS and not at(source.settings, "DestinationConfig", "OnFailure"):
            found = f"{source.name} keeps no record that fails"
            yield source.owner.finding("EVT-03", source.line, found)
        if source.queue and not source.queue.get("RedrivePolicy"):
            found = f"`{source.queue.logical_id}` has no `RedrivePolicy`"
            yield source.queue.finding("EVT-03", source.queue.line, found)
    for each in service.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if any(not at(target, "DeadLetterConfig") for target in invoked(each)):
            found = f"`{each.logical_id}` has no `DeadLetterConfig`"
            yield each.finding("EVT-03", each.line, found)
    for each in service.of_type("AWS::SNS::Subscription"):
        is_machine = str(each.get("Protocol")).lower() in (
            "firehose",
            "http",
            "https",
            "lambda",
            "sqs",
        )
        if is_machine and not each.get("RedrivePolicy"):
            yield each.finding("EVT-03", each.line, f"`{each.logical_id}` has no `RedrivePolicy`")


@check("EVT-03")
def dead_letters_raise_an_alarm(service: Service) -> Iterator[Finding]:
    """Each queue for what failed has an alarm on its messages."""
    alarmed: set[str] = set()
    for _alarm, namespace, metric, of in watched(service):
        if namespace == "AWS/SQS" and metric in DEPTHS:
            alarmed |= of
    for queue in service.of_type("AWS::SQS::Queue"):
        if queue.logical_id in dead_letters(service) - alarmed:
            found = f"`{queue.logical_id}` has no alarm on its messages"
            yield queue.finding("EVT-03", queue.line, found)


DEPTHS = {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}


# ── EVT-04: batches ──────────────────────────────────────────────────────────

REPORTS = "ReportBatchItemFailures"
# How code reports which records failed: Powertools' functions, and the key of the answer.
REPORTING = {
    *("process_partial_response", "async_process_partial_response"),
    *("batch_processor", "async_batch_processor"),
}


@check("EVT-04")
def batches_report(service: Service) -> Iterator[Finding]:
    """What reads a batch says which of its records failed, and Lambda listens."""
    for source in sources(service):
        if str(at(source.settings, "BatchSize")) == "1":
            continue  # a batch of one fails whole
        if REPORTS not in listed(at(source.settings, "FunctionResponseTypes")):
            found = f"{source.name} has no `FunctionResponseTypes: [{REPORTS}]`"
            yield source.owner.finding("EVT-04", source.line_of("FunctionResponseTypes"), found)
        if source.function:
            yield from _silent(service, source.function)


def _silent(service: Service, function: Function) -> Iterator[Finding]:
    """A handler that takes a batch and does not return which records failed."""
    handler = str(function.get("Handler") or "")
    file, _, name = handler.rpartition(".")
    path = f"{function.folder}/{file.replace('.', '/')}.py"
    if not service.has(path):
        return  # which is told by its own lesson
    modules = list(service.modules(function.folder))
    own = next((each for each in modules if each.path == path), None)
    if own is None:
        return
    found = next((each for each in own.functions if each.name == name), None)
    line = found.lineno if found else 1
    if not any(_reports(each) for each in modules):
        told = f"`{name}` takes batches, and does not say which records failed"
        yield Finding("EVT-04", path, line, told)
    elif found and not _answers(found.body):
        told = f"`{name}` takes batches, and does not always return which records failed"
        yield Finding("EVT-04", path, line, told)


def _reports(module: Module) -> bool:
    names = {dotted(each.func).split(".")[-1] for each in module.nodes(ast.Call)}
    empty = {id(key) for answer in module.nodes(ast.Dict) for key in _empty_lists(answer)}
    return bool(names & REPORTING) or any(
        each.value == "batchItemFailures" and id(each) not in empty
        for each in module.nodes(ast.Constant)
    )


def _empty_lists(answer: ast.Dict) -> Iterator[ast.expr]:
    """The keys of a mapping whose value is `[]`: that is what an empty batch is answered with."""
    for key, value in zip(answer.keys, answer.values, strict=True):
        if key and isinstance(value, ast.List) and not value.elts:
            yield key


def _answers(statements: list[ast.stmt]) -> bool:
    """Whether a function with this body returns something, however it gets to its end."""
    match statements[-1]:
        case ast.Return(value=value):
            return not _is_none(value)
        case ast.Raise():
            return True
        case ast.If(body=body, orelse=orelse):
            return bool(orelse) and _answers(body) and _answers(orelse)
        case ast.With(body=body) | ast.AsyncWith(body=body):
            return _answers(body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            ends = [orelse or body, *(handler.body for handler in handlers)]
            return all(map(_answers, ends)) or (bool(final) and _answers(final))
        case ast.Match(cases=cases):
            return all(_answers(case.body) for case in cases)
        case ast.While(test=ast.Constant(value=True)):
            return True
    return False


# Powertools' processors, by whether they know of groups.
POWERTOOLS = "aws_lambda_powertools."
IN_ORDER, IN_NO_ORDER = "SqsFifoPartialProcessor", {"AsyncBatchProcessor", "BatchProcessor"}


@check("EVT-04")
def groups_keep_their_order(service: Service) -> Iterator[Finding]:
    """What reads a FIFO queue handles no message of a group after one that failed."""
    for source in sources(service):
        single = str(at(source.settings, "BatchSize")) == "1"
        folder = source.function.folder if source.function else ""
        if single or not source.is_fifo or folder not in service.function_folders:
            continue
        made = [each for each in code_of(service, folder).calls if each[2].startswith(POWERTOOLS)]
        if any(last(name) == IN_ORDER for _where, _call, name in made):
            continue
        for where, call, name in made:
            if last(name) in IN_NO_ORDER:
                told = f"`{last(name)}` goes on in a group of the FIFO queue of {source.name} after"
                told += " a message that failed"
                fix = f"Take `{IN_ORDER}(skip_group_on_error=True)`."
                yield Finding("EVT-04", where.module.path, call.lineno, told, fix=fix)


# Exceptions that are every exception, and what code does that keeps nothing of one.
ANY = {"BaseException", "Exception", "builtins.Exception"}
LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log", "append_keys"}
HARMLESS = {"json.loads", "len", "print", "str"}
Guard = ast.Try | ast.With


@check("EVT-04")
def records_can_fail(service: Service) -> Iterator[Finding]:
    """A function for one record lets something out when it fails: by that its batch is told."""
    folders = {each.function.folder for each in sources(service) if each.function}
    for folder in sorted(folders & {*service.function_folders}):
        code = code_of(service, folder)
        for where, call, name in code.calls:
            given = keyword(call, "record_handler")
            if last(name) not in REPORTING or not (given or len(call.args) > 1):
                continue
            handle = code.definitions.get(code.name_of(given or call.args[1], where))
            guards = _guards(code, handle) if handle else []
            if handle and guards and not _can_fail(code, handle, guards):
                line, told = guards[0].lineno, f"`{handle.place}` lets no exception out"
                told += ", so no record is ever reported as failed"
                fix = "Raise it again after the log entry (`raise`), or catch only the error after"
                fix += " which a record may be dropped."
                yield Finding("EVT-04", handle.module.path, line, told, fix=fix)


def _guards(code: Code, where: Definition) -> list[Guard]:
    """Where a function catches every exception and does no more than log it."""
    guards: list[Guard] = []
    guards += [each for each in where.scope.of(ast.Try) if any(map(_only_logs, each.handlers))]
    for each in where.scope.of(ast.With):
        if any(_suppresses_all(code, where, item.context_expr) for item in each.items):
            guards.append(each)
    return guards


def _only_logs(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    if not any(each is None or dotted(each) in ANY for each in caught):
        return False
    return all(
        isinstance(each, ast.Pass | ast.Continue)
        or (isinstance(each, ast.Return) and _is_none(each.value))
        or (isinstance(each, ast.Expr) and _only_tells(each.value))
        for each in handler.body
    )


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _only_tells(node: ast.expr) -> bool:
    """Whether it is a log entry, or a text that stands for nothing."""
    if isinstance(node, ast.Call):
        return dotted(node.func) == "print" or last(dotted(node.func)) in LOGGING
    return isinstance(node, ast.Constant)


def _suppresses_all(code: Code, where: Definition, call: ast.expr) -> bool:
    return (
        isinstance(call, ast.Call)
        and code.name_of(call.func, where) == "contextlib.suppress"
        and any(dotted(each) in ANY for each in call.args)
    )


def _can_fail(code: Code, where: Definition, guards: list[Guard]) -> bool:
    """Whether a function raises, or calls more than a logger, where nothing is caught."""
    caught: list[ast.AST] = []
    for guard in guards:
        caught += guard.body
        if isinstance(guard, ast.With):
            caught += guard.items
        else:
            caught += [each for each in guard.handlers if _only_logs(each)]
    inside = {id(each) for part in caught for each in ast.walk(part)}
    raised = [each for each in where.scope.of(ast.Raise) if id(each) not in inside]
    names = [dotted(each.func) for each in where.scope.calls if id(each) not in inside]
    return bool(raised) or any(name not in HARMLESS and last(name) not in LOGGING for name in names)


# ── EVT-05: chosen numbers ───────────────────────────────────────────────────

# What is to be said of each kind of source.
CHOSEN = {
    "SQS": ("BatchSize", "MaximumBatchingWindowInSeconds"),
    "DynamoDB": ("BatchSize", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"),
    "Kinesis": ("BatchSize", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"),
}
TIMES = 6
# What AWS takes when nothing is said.
DEFAULT_VISIBILITY, DEFAULT_TIMEOUT = 30, 3


@check("EVT-05")
def numbers_are_chosen(service: Service) -> Iterator[Finding]:
    """Retries, batches, windows and concurrency are written down."""
    for source in sources(service):
        # There is nothing to wait for with a batch of one, and FIFO queues have no window.
        single = str(at(source.settings, "BatchSize")) == "1"
        for key in CHOSEN[source.kind]:
            if key not in source.settings and not ("Window" in key and (single or source.is_fifo)):
                found = f"{source.name} has no `{key}`"
                yield source.owner.finding("EVT-05", source.line, found)
        limited = at(source.settings, "ScalingConfig", "MaximumConcurrency") is not None
        reserved = source.function and source.function.get("ReservedConcurrentExecutions")
        if source.kind == "SQS" and not limited and reserved is None:
            found = f"{source.name} has no `MaximumConcurrency`"
            yield source.owner.finding("EVT-05", source.line, found)
        redrive = source.queue.get("RedrivePolicy") if source.queue else None
        if source.queue and redrive and at(redrive, "maxReceiveCount") is None:
            found = f"`{source.queue.logical_id}` has no `maxReceiveCount`"
            yield source.queue.finding("EVT-05", source.queue.line_of("RedrivePolicy"), found)
    for function in asynchronous(service):
        for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
            configs = invoke_configs(service, function)
            if not any(key in config for config, _line in configs):
                line = configs[0][1] if configs else function.line
                found = f"`{function.logical_id}` has no `{key}` for what is asynchronous"
                yield function.finding("EVT-05", line, found)
        for name, event in function.events.items():
            if event["Type"] in RETRYING and not at(event, "Properties", "RetryPolicy"):
                found = f"`{name}` of `{function.logical_id}` has no `RetryPolicy`"
                yield function.finding("EVT-05", function.line_of("Events", name), found)
    for each in service.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if any(not at(target, "RetryPolicy") for target in invoked(each)):
            yield each.finding("EVT-05", each.line, f"`{each.logical_id}` has no `RetryPolicy`")


@check("EVT-05")
def queues_hide_long_enough(service: Service) -> Iterator[Finding]:
    """A queue hides a message for six times as long as its function may work on it."""
    for source in sources(service):
        if source.queue is None or source.function is None:
            continue
        for environment in ENVIRONMENTS:
            template = deployed(service, TEMPLATE, environment)
            problem = _visibility_problem(source.queue, source.function, template)
            if problem:
                line = source.queue.line_of("VisibilityTimeout")
                yield source.queue.finding("EVT-05", line, problem)
                break


def _visibility_problem(queue: Resource, function: Function, template: Template) -> str:
    hides = _seconds(resolved(template, queue.get("VisibilityTimeout")), DEFAULT_VISIBILITY)
    works = _seconds(resolved(template, function.get("Timeout")), DEFAULT_TIMEOUT)
    if hides is None or works is None or hides >= TIMES * works:
        return ""
    unset = queue.get("VisibilityTimeout") is None
    default = " (the default: it has no `VisibilityTimeout`)" if unset else ""
    return (
        f"`{queue.logical_id}` hides messages for {hides} seconds{default}, and"
        f" `{function.logical_id}` may take {works}: {TIMES} times that is {TIMES * works}"
    )


def _seconds(value: Any, default: int) -> int | None:
    """A number of seconds; None where that can't be told."""
    if value is None:
        return default
    return int(value) if str(value).isdigit() else None


# ── EVT-06: alarms ───────────────────────────────────────────────────────────


@check("EVT-06")
def functions_raise_alarms(service: Service) -> Iterator[Finding]:
    """Each function has alarms on what may go wrong with it, at least in prod."""
    prod = deployed(service, TEMPLATE, ENVIRONMENTS[-1])
    has: set[tuple[str, str]] = set()
    for alarm, namespace, metric, of in watched(service):
        if namespace == "AWS/Lambda" and exists(prod, alarm):
            has |= {(metric, name) for name in of}
    behind = {
        each.function.logical_id
        for each in sources(service)
        if each.kind in STREAMS and each.function
    }
    for function in service.functions:
        metrics = ["Errors", "Throttles"]
        metrics += ["IteratorAge"] if function.logical_id in behind else []
        for metric in metrics:
            if (metric, function.logical_id) not in has:
                found = f"`{function.logical_id}` has no alarm on `{metric}`"
                yield function.finding("EVT-06", function.line, found)


@check("EVT-06")
def alarms_reach_people(service: Service) -> Iterator[Finding]:
    """Each alarm tells somebody, is a part of one that does, or is of one version: that one is for
    rolling back, and CD-10's."""
    composites = service.of_type("AWS::CloudWatch::CompositeAlarm")
    parts = targets([each.get("AlarmRule") for each in composites])
    told: set[str] = set()
    for each in service.of_type("AWS::SNS::Subscription"):
        told |= targets(each.get("TopicArn"))
    for function in service.functions:
        for event in function.events.values():
            told |= targets(at(event, "Properties", "Topic"))
    topics = {each.logical_id: each for each in service.of_type("AWS::SNS::Topic")}
    told |= {name for name, each in topics.items() if each.get("Subscription")}
    for alarm in [*service.of_type("AWS::CloudWatch::Alarm"), *composites]:
        actions = alarm.get("AlarmActions")
        off = str(alarm.get("ActionsEnabled")).lower() == "false"
        names = {at(each, "Name") for each in listed(alarm.get("Dimensions"))}
        is_of_a_version = bool(names & {"ExecutedVersion", "FunctionVersion"})
        if (not actions or off) and alarm.logical_id not in parts and not is_of_a_version:
            found = f"`{alarm.logical_id}` tells nobody: it has no `AlarmActions`"
            found = f"`{alarm.logical_id}` tells nobody: its actions are off" if off else found
            yield alarm.finding("EVT-06", alarm.line_of("AlarmActions"), found)
        for name in sorted(targets(actions) & topics.keys() - told):
            found = f"`{alarm.logical_id}` tells `{name}`, to which nobody subscribes"
            yield alarm.finding("EVT-06", alarm.line_of("AlarmActions"), found)


# ── EVT-07: schedules ────────────────────────────────────────────────────────

# What has a schedule, and the property that says it; the first are events of functions.
SCHEDULED_EVENTS = {"Schedule": "Schedule", "ScheduleV2": "ScheduleExpression"}
SCHEDULED = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")


@check("EVT-07")
def schedules_are_of_minutes(service: Service) -> Iterator[Finding]:
    """No schedule comes more often than EventBridge can."""
    for resource, keys, name in _schedules(service):
        for template in all_deployed(service, TEMPLATE).values():
            said = str(resolved(template, resource.get(*keys)))
            if _is_below_a_minute(said):
                found = f"{name} is `{said}`, and EventBridge has nothing below a minute"
                yield resource.finding("EVT-07", resource.line_of(*keys), found)
                break


def _schedules(service: Service) -> Iterator[tuple[Resource, tuple[str, ...], str]]:
    for function in service.functions:
        for event, body in function.events.items():
            if key := SCHEDULED_EVENTS.get(body["Type"]):
                keys = ("Events", event, "Properties", key)
                yield function, keys, f"`{key}` of `{event}` of `{function.logical_id}`"
    for each in service.of_type(*SCHEDULED):
        key = "ScheduleExpression"
        yield each, (key,), f"`{key}` of `{each.logical_id}`"


def _is_below_a_minute(schedule: str) -> bool:
    """rate(30 seconds), rate(0.5 minutes), or a cron(…) with a seventh field, for seconds."""
    kind, _, rest = schedule.strip().partition("(")
    words = rest.rstrip(")").split()
    if kind == "cron":
        return len(words) == 7
    if kind != "rate" or len(words) != 2:
        return False
    number, unit = words
    try:
        return unit.startswith("second") or (unit.startswith("minute") and float(number) < 1)
    except ValueError:
        return False  # no number, which the linters tell


# ── EVT-08: public or not ────────────────────────────────────────────────────

APIS = {"HttpApi": "AWS::Serverless::HttpApi", "Api": "AWS::Serverless::Api"}
# Endpoints without SAM: the property that says who may call them, and how it says "with a token".
ENDPOINTS = {
    "AWS::ApiGateway::Method": ("AuthorizationType", "COGNITO_USER_POOLS"),
    "AWS::ApiGatewayV2::Route": ("AuthorizationType", "JWT"),
}
URL = "AWS::Lambda::Url"


@check("EVT-08")
def endpoints_say_who_may_call(service: Service) -> Iterator[Finding]:
    """Each endpoint names its authorizer, or says that it is public."""
    for function in service.functions:
        for name, event in function.events.items():
            problem = event["Type"] in APIS and _access_problem(service, function, name, event)
            if problem:
                found = f"`{name}` of `{function.logical_id}` {problem}"
                yield function.finding("EVT-08", function.line_of("Events", name), found)
        url = function.get("FunctionUrlConfig")
        if url and not at(url, "AuthType"):
            line = function.line_of("FunctionUrlConfig")
            yield _url_finding(function, f"the URL of `{function.logical_id}`", line)
    for each in service.of_type(URL):
        if not each.get("AuthType"):
            yield _url_finding(each, f"`{each.logical_id}`", each.line)
    for kind, (key, token) in ENDPOINTS.items():
        for each in service.of_type(kind):
            if not each.get(key):
                found = f"`{each.logical_id}` has no `{key}`"
                fix = f"Set `{key}: {token}` and its `AuthorizerId`, or `{key}: NONE` if it is public."
                name = each.logical_id
                yield Finding("EVT-08", TEMPLATE, each.line, found, resource=name, fix=fix)


def _url_finding(resource: Resource, what: str, line: int) -> Finding:
    where = "" if resource.type == URL else " under `FunctionUrlConfig`"
    fix = f"Set `AuthType: AWS_IAM`{where}, or `AuthType: NONE` if it is public."
    found = f"{what} has no `AuthType`"
    return Finding("EVT-08", TEMPLATE, line, found, resource=resource.logical_id, fix=fix)


def _access_problem(
    service: Service, function: Function, name: str, event: dict[str, Any]
) -> str | None:
    if at(event, "Properties", "Auth", "Authorizer"):
        return None
    key = {"HttpApi": "ApiId", "Api": "RestApiId"}[event["Type"]]
    names = targets(at(event, "Properties", key))
    shared = at(service.template, "Globals", event["Type"], "Auth", "DefaultAuthorizer")
    apis = [each for each in service.of_type(APIS[event["Type"]]) if each.logical_id in names]
    private = shared or any(each.get("Auth", "DefaultAuthorizer") for each in apis)
    # Without authorizers SAM takes no `Authorizer: NONE`: a comment has to say it, with a reason.
    line = function.line_of("Events", name)
    said = comments(service, TEMPLATE, line, max(line, last_line(event)))
    public = any(each.lower().startswith("public:") and each[7:].strip() for each in said)
    if private:
        return "says that it is public, and its API asks for a token" if public else None
    return None if public else "does not say whether it is public"


# ── EVT-10: certificates ─────────────────────────────────────────────────────

# CloudFront takes certificates from here only; so does what stands on it.
EDGE = "us-east-1"


@check("EVT-10")
def certificates_name_their_region(service: Service) -> Iterator[Finding]:
    """A custom domain's certificate is, and is said to be, in the Region that AWS looks in."""
    templates = all_deployed(service, TEMPLATE)
    for resource in service.resources.values():
        for certificate, at_edge, line in _certificates(resource):
            for environment, template in templates.items():
                region = EDGE if at_edge else str(template.pseudo["AWS::Region"])
                problem = _region_problem(service, environment, certificate, region)
                if problem and exists(template, resource):
                    found = f"`{resource.logical_id}` needs a certificate of {region}: {problem}"
                    yield resource.finding("EVT-10", line, found)
                    break


def _certificates(resource: Resource) -> Iterator[tuple[Any, bool, int]]:
    """The certificates of a resource: what is written, whether CloudFront has it, and where."""
    places: list[tuple[tuple[str | int, ...], bool]] = []
    edge = "EDGE" in str(resource.get("EndpointConfiguration"))
    match resource.type:
        case "AWS::ApiGatewayV2::DomainName":
            given = listed(resource.get("DomainNameConfigurations"))
            places = [
                (("DomainNameConfigurations", number, "CertificateArn"), False)
                for number in range(len(given))
            ]
        case "AWS::ApiGateway::DomainName":
            places = [(("CertificateArn",), True), (("RegionalCertificateArn",), False)]
        case "AWS::Serverless::HttpApi" | "AWS::Serverless::Api":
            edge = "EDGE" in str(resource.get("Domain", "EndpointConfiguration"))
            places = [(("Domain", "CertificateArn"), edge)]
        case "AWS::CloudFront::Distribution":
            viewer = ("DistributionConfig", "ViewerCertificate", "AcmCertificateArn")
            places = [(viewer, True)]
        case "AWS::Cognito::UserPoolDomain":
            places = [(("CustomDomainConfig", "CertificateArn"), True)]
    for keys, at_edge in places:
        written = resource.get(*keys)
        if written:
            yield written, at_edge, resource.line_of(*keys)


def _region_problem(service: Service, environment: str, written: Any, region: str) -> str:
    """Why a certificate is not one of that Region for sure; empty if it is."""
    template = deployed(service, TEMPLATE, environment)
    for name in sorted(targets(written)):
        parameter = at(service.template, "Parameters", name)
        declared = service.resources.get(name)
        if declared and declared.type == "AWS::CertificateManager::Certificate":
            here = str(template.pseudo["AWS::Region"])
            return "" if here == region else f"`{name}` is made in {here}"
        if isinstance(parameter, dict) and at(written, "Ref") == name:
            given = service.parameters(environment).get(name, str(parameter.get("Default") or ""))
            if given.startswith("arn:") or region in given:
                return _other_region(given, region) if given.startswith("arn:") else ""
            pattern = str(parameter.get("AllowedPattern") or "")
            return (
                ""
                if region in pattern
                else f"the `AllowedPattern` of `{name}` does not name the Region"
            )
    value = resolved(template, written)
    if isinstance(value, str) and value.startswith("arn:"):
        return _other_region(value, region)
    said = [text for text, _line in strings(written)]
    return "" if any(region in text for text in said) else "it is not told where this one is"


def _other_region(arn: str, region: str) -> str:
    here = (arn.split(":") + [""] * 4)[3]
    return "" if here == region else f"this one is in {here or 'none'}"

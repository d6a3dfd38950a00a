"""EVT-09: Whatever is referred to is declared, and what calls a function can.

Why: A typo was deployed, and an event went nowhere.

Here: References in `template.yaml`, the queues and functions of events, the example events that
tests read.

Fix: Write the name as it is declared, or declare it; delete what is left over of what is gone.

Defended by: gate.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import environments, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.names import names
from kit.gate.parsers import Module, dotted
from kit.gate.policies import targets
from kit.gate.python_names import constant, keyword, last
from kit.gate.service import TEMPLATE, Function, Service
from kit.gate.wiring import is_true
from kit.template import Reference, Template, at, line_of, references

LESSON = Lesson.read(__doc__)


PSEUDO = {
    *("AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region"),
    *("AWS::StackId", "AWS::StackName", "AWS::URLSuffix"),
}


# What SAM makes beside a function, whose names begin with its own: AppFunctionRole. Those of its
# events are called after these, those of aliases and versions after theirs.
OF_FUNCTIONS = ("Alias", "DeploymentGroup", "EventInvokeConfig", "Role", "Url", "Version")


# What SAM makes of several, under names of its own.
OF_ALL = {"CodeDeployServiceRole", "ServerlessDeploymentApplication", "ServerlessHttpApi"}


OF_ALL |= {
    "ServerlessRestApi",
    "ServerlessRestApiProdStage",
    "ServerlessHttpApiApiGatewayDefaultStage",
}


# How many lines of the same mistake are told.
MOST_LINES = 5


# What an event of SAM says the name or ARN of, where that may be written out.
SOURCES = ("ApiId", "Bucket", "EventBusName", "Queue", "RestApiId", "Stream", "Topic")


@LESSON.check
def references_are_declared(service: Service) -> Iterator[Finding]:
    """Each !Ref, !GetAtt, !Sub, DependsOn points to what template.yaml declares or SAM makes."""
    template = service.template
    if any(str(name).startswith("Fn::ForEach") for name in template["Resources"]):
        return  # which resources that makes is known to CloudFormation alone
    declared = set(service.resources) | set(at(template, "Parameters") or {}) | PSEUDO | OF_ALL
    found = [
        reference
        for section in ("Conditions", "Globals", "Outputs", "Resources")
        for reference in references(template.get(section))
    ]
    for resource in service.resources.values():
        after = resource.body.get("DependsOn")
        for name in after if isinstance(after, list) else [after]:
            if isinstance(name, str):
                line = line_of(resource.body, "DependsOn")
                found.append(Reference(name, "", line))
    places: dict[str, list[int]] = defaultdict(list)
    for reference in found:
        target = reference.target.split(".")[0]
        if target not in declared and not _is_made_by_sam(service, target):
            places[target].append(reference.line)
    for target, (first, *others) in places.items():
        told = f"refers to `{target}`, which is not declared{_so_do(others)}"
        yield LESSON.finding(TEMPLATE, first, told)


def _so_do(lines: list[int]) -> str:
    """Where else somebody refers to the same, of many the first."""
    shown = ", ".join(map(str, lines[:MOST_LINES]))
    more = f" and {len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else ""
    start = "; so does line" if len(lines) == 1 else "; so do lines"
    return f"{start} {shown}{more}" if lines else ""


def _is_made_by_sam(service: Service, name: str) -> bool:
    for resource in service.of_type("AWS::Serverless::"):
        rest = name.removeprefix(resource.logical_id)
        if rest == name:
            continue
        if isinstance(resource, Function):
            if rest.startswith((*OF_FUNCTIONS, *resource.events)):
                return True
        # Stages and deployments of APIs; a layer's name ends in a digest.
        elif rest[0].isupper() or resource.type == "AWS::Serverless::LayerVersion":
            return True
    return False


@LESSON.check
def conditions_and_maps_are_declared(service: Service) -> Iterator[Finding]:
    template = service.template
    conditions, maps = at(template, "Conditions") or {}, at(template, "Mappings") or {}
    for name, line in _named(template, 0):
        kind, _, wanted = name.partition(" ")
        if wanted not in (maps if kind == "map" else conditions):
            yield LESSON.finding(
                TEMPLATE, line, f"uses the {kind} `{wanted}`, which is not declared"
            )


def _named(node: Any, line: int) -> Iterator[tuple[str, int]]:
    """Every condition and map that a part of a template names."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _named(item, line_of(node, number) or line)
    elif isinstance(node, dict):
        for key, value in node.items():
            here = line_of(node, key) or line
            first = at(value, 0)
            # A policy's Condition is a mapping.
            if (
                key == "Condition"
                and isinstance(value, str)
                and (len(node) == 1 or "Type" in node or "Value" in node)
            ):
                yield f"condition {value}", here
            elif key == "Fn::If" and isinstance(first, str):
                yield f"condition {first}", here
            elif key == "Fn::FindInMap" and isinstance(first, str):
                yield f"map {first}", here
            yield from _named(value, here)


@LESSON.check
def sources_of_events_are_declared(service: Service) -> Iterator[Finding]:
    """A queue, topic, bus or bucket that is written out and called after this service is its own.

    What belongs to others may be called anything.
    """
    templates = environments(service)
    for function in service.functions:
        for event, body in function.events.items():
            for key in SOURCES:
                node = at(body, "Properties", key)
                for environment, template in templates.items():
                    text = resolved(template, node)
                    name = text.rpartition(":")[2] if isinstance(text, str) else ""
                    own = service.name and name.startswith(f"{service.name}-")
                    if own and name not in _physical(service, template):
                        line = function.line_of("Events", event, "Properties", key)
                        told = f"`{event}` of `{function.logical_id}` comes from `{name}` in {environment}"
                        told += ", which is not declared"
                        about = function.logical_id
                        yield LESSON.finding(TEMPLATE, line, told, resource=about)
                        break


@LESSON.check
def sources_on_the_own_bus_are_known(service: Service) -> Iterator[Finding]:
    """A rule of the service's own bus waits for what the service, AWS or its code sends."""
    buses = {each.logical_id for each in service.of_type("AWS::Events::EventBus")}
    sent = {service.name}
    for module in service.modules("src"):
        sent |= {each.value for each in module.nodes(ast.Constant) if isinstance(each.value, str)}
    for function in service.functions:
        for event, body in function.events.items():
            bus = {each.target for each in references(at(body, "Properties", "EventBusName"))}
            sources = at(body, "Properties", "Pattern", "source")
            for source in sources if bus & buses and isinstance(sources, list) else ():
                if isinstance(source, str) and source not in sent and not source.startswith("aws."):
                    path = ("Events", event, "Properties", "Pattern", "source")
                    told = f"`{event}` of `{function.logical_id}` waits for events of `{source}`"
                    told += ", which nothing here sends"
                    about = function.logical_id
                    line = function.line_of(*path)
                    yield LESSON.finding(TEMPLATE, line, told, resource=about)


@LESSON.check
def topics_can_call_functions(service: Service) -> Iterator[Finding]:
    """A FIFO topic brings its messages to queues only."""
    topics = service.of_type("AWS::SNS::Topic")
    fifo = {each.logical_id for each in topics if is_true(each.get("FifoTopic"))}
    fix = "Subscribe a FIFO queue to it, and let the function read that; or take a standard topic."
    for function in service.functions:
        for event, body in function.events.items():
            keys = ("Events", event, "Properties", "Topic")
            if body["Type"] == "SNS" and targets(function.get(*keys)) & fifo:
                told = f"`{event}` of `{function.logical_id}` is a FIFO topic, which can't call it"
                yield function.finding(LESSON.id, function.line_of(*keys), told, fix=fix)
    for each in service.of_type("AWS::SNS::Subscription"):
        if each.get("Protocol") == "lambda" and targets(each.get("TopicArn")) & fifo:
            told = f"`{each.logical_id}` is of a FIFO topic, which can't call a function"
            yield each.finding(LESSON.id, each.line_of("TopicArn"), told, fix=fix)


@LESSON.check
def names_are_of_functions_that_are_here(service: Service) -> Iterator[Finding]:
    """What the template makes for a function is called after it: <service>-<function>-<end>-<env>.

    What is called in another way may be called anything.
    """
    templates = environments(service)
    for name in names(service):
        function, end = _role_of(service, name.resource.logical_id)
        if function is None or function.folder not in service.function_folders:
            continue  # where its folder is not there, STR-06 says so
        kebab = function.name.replace("_", "-")
        for environment, template in templates.items():
            text = str(resolved(template, name.node))
            form = rf"(?:/aws/lambda/)?{re.escape(service.name)}-(.+?){end}-{environment}"
            other = re.fullmatch(form, text)
            if other and not f"{other[1]}-".startswith(f"{kebab}-"):
                what = f"{name.property} comes to {text} in {environment}, which names no function here"
                fix = f"The function is `{function.name}`: {service.name}-{kebab}{end}-..."
                yield name.resource.finding(LESSON.id, name.line, what, fix)
                break


# How the names of a function's resources end, by the end of the logical id.
ENDS = {
    "Function": "",
    "LogGroup": "",
    "DeadLetterQueue": "-dead-letters",
    "DeadLettersAlarm": "-dead-letters",
    "ErrorsAlarm": "-errors",
    "NewVersionAlarm": "-new-version",
    "ThrottlesAlarm": "-throttles",
    "QueueAgeAlarm": "-queue-age",
}


def _role_of(service: Service, logical_id: str) -> tuple[Function | None, str]:
    """The function that a resource is made for, and how its name ends. A queue or topic is left
    out: it may be called after what is in it."""
    for function in service.functions:
        end = logical_id.removeprefix(function.logical_id.removesuffix("Function"))
        if end in ENDS and end != logical_id and function.folder.startswith("src/"):
            return function, ENDS[end]
    return None, ""


def _physical(service: Service, template: Template) -> set[str]:
    """All names that the stack gives in an environment."""
    return {str(resolved(template, name.node)) for name in names(service)}


@LESSON.check
def parameters_of_deployments_are_declared(service: Service) -> Iterator[Finding]:
    declared = at(service.template, "Parameters") or {}
    for environment, body in service.samconfig.items():
        for name in service.parameters(environment) if isinstance(body, dict) else ():
            if name not in declared:
                line = _line_in(service, environment, f"{name}=")
                told = f"passes `{name}` to {environment}, a parameter that `template.yaml` does not have"
                yield LESSON.finding("samconfig.toml", line, told)


def _line_in(service: Service, environment: str, text: str) -> int:
    """The line of samconfig.toml with that text, in a table of that environment if there is one."""
    table = ""
    for number, line in enumerate(service.text("samconfig.toml").splitlines(), 1):
        table = line if line.startswith("[") else table
        if text in line and table.startswith(f"[{environment}."):
            return number
    return service.line_with("samconfig.toml", text)


@LESSON.check
def example_events_are_of_functions(service: Service) -> Iterator[Finding]:
    known = {function.name for function in service.functions}
    # A function whose CodeUri is wrong is there all the same: STR-01 and STR-06 tell.
    known |= {folder.rpartition("/")[2] for folder in service.function_folders}
    folders = {path.split("/")[1] for path in service.files_in("events") if path.count("/") > 1}
    for folder in sorted(folders - known):
        path = service.files_in(f"events/{folder}")[0]
        told = f"is an example event of `{folder}`, a function that `template.yaml` does not have"
        yield LESSON.finding(path, 0, told)


@LESSON.check
def events_of_tests_are_there(service: Service) -> Iterator[Finding]:
    """The example events that tests load by the fixture `event`, or by their paths, are there."""
    folders: dict[str, str] = {}  # of tests, and of the events that their fixture loads
    modules = list(service.modules("tests"))
    for module in modules:
        for path, line in _event_paths(module):
            if path.endswith(".json"):
                if path not in service.files:
                    told = f"reads `{path}`, which is not there"
                    yield LESSON.finding(module.path, line, told)
            elif not service.files_in(path):
                yield LESSON.finding(module.path, line, f"reads `{path}`, which is not there")
            elif any(each.name == "event" for each in module.functions):
                folders[module.path.rpartition("/")[0]] = path
    for module in modules:
        events = folders.get(module.path.rpartition("/")[0])
        for name, line in _loaded(module) if events else ():
            if f"{events}/{name}.json" not in service.files:
                told = f"loads the event `{name}`, but `{events}/{name}.json` is not there"
                yield LESSON.finding(module.path, line, told)


def _event_paths(module: Module) -> Iterator[tuple[str, int]]:
    """Paths below events/ that a module puts together: ROOT / "events" / "worker"."""
    inner = {each.left for each in module.nodes(ast.BinOp)}
    for node in module.nodes(ast.BinOp):
        parts: list[str] = []
        below: ast.AST = node
        while isinstance(below, ast.BinOp) and isinstance(below.op, ast.Div):
            parts.insert(0, str(getattr(below.right, "value", "")))
            below = below.left
        path = "/".join(parts)
        if node not in inner and path.startswith("events/") and "" not in parts:
            yield path, node.lineno


def _loaded(module: Module) -> Iterator[tuple[str, int]]:
    """The names of events that tests load by event("job"), or by one of their parameters."""
    for function in module.functions:
        wanted = [each.arg for each in function.args.args]
        if "event" not in wanted:
            continue
        values = _parametrized(function)
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and dotted(call.func) == "event" and len(call.args) == 1:
                (given,) = call.args
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value, call.lineno
                yield from values.get(dotted(given), ())


def _parametrized(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
) -> dict[str, list[tuple[str, int]]]:
    """The texts that pytest.mark.parametrize gives to each parameter of a test."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for mark in function.decorator_list:
        if not isinstance(mark, ast.Call) or not dotted(mark.func).endswith("parametrize"):
            continue
        if len(mark.args) < 2 or not isinstance(mark.args[1], ast.List | ast.Tuple):
            continue
        first = mark.args[0]
        if isinstance(first, ast.List | ast.Tuple):
            parameters = [str(getattr(each, "value", "")) for each in first.elts]
        else:
            parameters = [each.strip() for each in str(getattr(first, "value", "")).split(",")]
        for given in mark.args[1].elts:
            # pytest.param("job", id="one") is a row as well.
            row: ast.expr = given
            if isinstance(given, ast.Call) and dotted(given.func).endswith("param"):
                row = given.args[0] if len(given.args) == 1 else ast.Tuple(given.args)
            several = len(parameters) > 1 and isinstance(row, ast.List | ast.Tuple)
            cells = row.elts if several and isinstance(row, ast.List | ast.Tuple) else [row]
            for parameter, cell in zip(parameters, cells, strict=False):
                if isinstance(cell, ast.Constant) and isinstance(cell.value, str):
                    found[parameter].append((cell.value, cell.lineno))
    return found


METHODS = {"delete", "get", "head", "options", "patch", "post", "put"}


API_EVENTS = {"Api", "HttpApi"}


RESOLVERS = {"APIGatewayHttpResolver", "APIGatewayRestResolver"}


# A parameter of a route: `{item_id}` and `{path:path}` in FastAPI, `<item_id>` in Powertools.
PARAMETER = re.compile(r"\{[^}]*\}|<[^>]*>")


@LESSON.check
def routes_are_reached(service: Service) -> Iterator[Finding]:
    """A route that no event of the function matches exists in tests, and not on AWS."""
    for function in service.functions:
        declared = _declared(service, function)
        if not declared:
            continue
        for module in service.modules(function.folder):
            for line, method, paths in _routes(module):
                if not any(_is_sent(method, path, declared) for path in paths):
                    route = f"{method.upper()} {paths[0]}"
                    found = f"`{route}` matches no event of `{function.logical_id}`: the API does not know it"
                    fix = (
                        f"Write the route below a path that the function's events have, `{declared[0][1]}`,"
                        " or give the function an event with its `Path` and `Method`."
                    )
                    yield LESSON.finding(module.path, line, found, fix=fix)


def _declared(service: Service, function: Function) -> list[tuple[str, str]]:
    """The methods and paths of a function's events; none where something else may send it more."""
    elsewhere = function.get("FunctionUrlConfig") or service.of_type(
        "AWS::ApiGatewayV2::Route", "AWS::ApiGateway::Method"
    )
    events = [each for each in function.events.values() if each.get("Type") in API_EVENTS]
    pairs = [(at(each, "Properties", "Method"), at(each, "Properties", "Path")) for each in events]
    known = all(isinstance(part, str) for pair in pairs for part in pair)
    return [(str(method), str(path)) for method, path in pairs] if known and not elsewhere else []


def _is_sent(method: str, path: str, declared: list[tuple[str, str]]) -> bool:
    """Whether a request that the route answers matches one of the events."""
    request = PARAMETER.sub("x", path).rstrip("/") or "/"
    return any(
        verb.lower() in (method, "any", "*", "x-amazon-apigateway-any-method")
        and re.fullmatch(_expression(pattern), request)
        for verb, pattern in declared
    )


def _expression(pattern: str) -> str:
    """The regular expression of a path of API Gateway: `{id}` is one part, `{proxy+}` is any number."""
    return "".join(
        (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]*\})", pattern)
    )


def _routes(module: Module) -> Iterator[tuple[int, str, list[str]]]:
    """Line, method and possible paths of the routes of whatever is surely known of an app."""
    prefixes = _prefixes(module)
    for function in module.functions:
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
                continue
            app, method = dotted(decorator.func.value), decorator.func.attr
            given = decorator.args[0] if decorator.args else keyword(decorator, "path")
            path = constant(given)
            if method in METHODS and app in prefixes and isinstance(path, str):
                yield decorator.lineno, method, [prefix + path for prefix in prefixes[app]]


def _prefixes(module: Module) -> dict[str, list[str]]:
    """What stands before the routes of each app and router of a module, by the name it has."""
    known: dict[str, list[str]] = {}
    routers: dict[str, str] = {}
    for node in module.nodes(ast.Assign):
        if not isinstance(node.value, ast.Call) or len(node.targets) != 1:
            continue
        name, maker = dotted(node.targets[0]), last(dotted(node.value.func))
        if maker == "FastAPI" and not keyword(node.value, "root_path"):
            known[name] = [""]
        elif maker in RESOLVERS:
            stripped = keyword(node.value, "strip_prefixes")
            texts = [constant(each) for each in getattr(stripped, "elts", [])]
            if stripped is None or (texts and all(isinstance(each, str) for each in texts)):
                known[name] = [str(each) for each in texts] or [""]
        elif maker == "APIRouter":
            prefix = constant(keyword(node.value, "prefix") or ast.Constant(""))
            if isinstance(prefix, str):
                routers[name] = prefix
    for call in module.nodes(ast.Call):
        if last(dotted(call.func)) == "include_router" and call.args:
            router = dotted(call.args[0])
            before = constant(keyword(call, "prefix") or ast.Constant(""))
            if router in routers and isinstance(before, str):
                known[router] = [*known.get(router, []), before + routers[router]]
    return known

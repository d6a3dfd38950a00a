"""EVT-09: Whatever is referred to is declared, and what calls a function can.

Why: A typo was deployed, and an event went nowhere.

Here: References in `template.yaml`, the queues and functions of events, routes, the example events
that tests read.

Fix: Write the name as it is declared, or declare it; delete what is left over of what is gone.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from kit.gate.environments import in_prod, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.names import names
from kit.gate.parsers import Module, dotted
from kit.gate.policies import listed, referenced_ids
from kit.gate.python_names import constant, keyword, last
from kit.gate.resources import is_true, mapping_of
from kit.gate.samconfig import SAMCONFIG
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.spelling import kebab
from kit.template import Reference, at, line_of, references

LESSON = Lesson.read(__doc__)

# How the logical ids end of what the template makes for a function, and calls after it. Queues and
# topics may be called after what is in them.
OWN = re.compile(
    r"(\w+?)(?:Function|LogGroup|DeadLetterQueue|(?:DeadLetters|Errors|NewVersion|Throttles)Alarm)"
)
# What an event of SAM has the name or the ARN of.
SOURCES = ("Bucket", "EventBusName", "Queue", "Stream", "Topic")
METHODS = {"delete", "get", "head", "options", "patch", "post", "put"}
# What routes are declared on, and the argument that says what stands before their paths.
APPS = {
    "APIGatewayHttpResolver": "strip_prefixes",
    "APIGatewayRestResolver": "strip_prefixes",
    "APIRouter": "prefix",
    "FastAPI": "root_path",
}


@LESSON.check
def references_are_declared(service: Service) -> Iterator[Finding]:
    """Each reference, DependsOn and Condition is to what template.yaml declares or SAM makes."""
    template = service.template
    if any(str(name).startswith("Fn::ForEach") for name in template["Resources"]):
        return  # which resources that makes is known to CloudFormation alone
    declared = {
        str(name)
        for section in ("Conditions", "Parameters", "Resources")
        for name in mapping_of(template, section)
    }
    used = list(references(template))
    for resource in service.resources.values():
        for key in ("Condition", "DependsOn"):
            line = line_of(resource.body, key)
            used += [Reference(str(name), "", line) for name in listed(resource.body.get(key))]
    # SAM makes AppFunctionRole of AppFunction, and more that is called after itself.
    prefixes = "|".join(resource.logical_id for resource in service.of_type("AWS::Serverless::"))
    by_sam = re.compile(
        rf"AWS::\w+|Serverless\w+|CodeDeployServiceRole|(?:{prefixes or r'(?!)'})[A-Z]\w*"
    )
    lines: dict[str, int] = {}
    for reference in used:
        target = reference.target.split(".")[0]
        if target not in declared and not by_sam.fullmatch(target):
            lines.setdefault(target, reference.line)
    for target, line in lines.items():
        yield LESSON.finding(TEMPLATE, line, f"refers to `{target}`, which is not declared")


@LESSON.check
def sources_of_events_are_declared(service: Service) -> Iterator[Finding]:
    """A queue, topic, bus or bucket that is written out and called after this service is its own."""
    prod = in_prod(service)
    declared = {text for name in names(service) for text in name.texts.values()}
    for function in service.functions:
        for event, body in function.events.items():
            for key in SOURCES:
                name = str(resolved(prod, at(body, "Properties", key))).rpartition(":")[2]
                if name.startswith(f"{service.name}-") and name not in declared:
                    message = f"`{event}` of `{function.logical_id}` comes from `{name}`"
                    message += ", which is not declared"
                    line = function.line_of("Events", event, "Properties", key)
                    yield LESSON.finding_in(function, line, message)


@LESSON.check
def sources_on_the_own_bus_are_known(service: Service) -> Iterator[Finding]:
    """A rule of the service's own bus waits for what the service, AWS or its code sends."""
    buses = {bus.logical_id for bus in service.of_type("AWS::Events::EventBus")}
    sent = {service.name}
    for module in service.modules("src"):
        sent |= {str(constant(node)) for node in module.nodes(ast.Constant)}
    for function in service.functions:
        for event, body in function.events.items():
            path = ("Events", event, "Properties", "Pattern", "source")
            if not referenced_ids(at(body, "Properties", "EventBusName")) & buses:
                continue
            for source in listed(function.get(*path)):
                if isinstance(source, str) and source not in sent and not source.startswith("aws."):
                    message = f"`{event}` of `{function.logical_id}` waits for events of `{source}`"
                    message += ", which nothing here sends"
                    yield LESSON.finding_in(function, function.line_of(*path), message)


@LESSON.check
def topics_can_call_functions(service: Service) -> Iterator[Finding]:
    """A FIFO topic brings its messages to queues only."""
    topics = service.of_type("AWS::SNS::Topic")
    fifo = {topic.logical_id for topic in topics if is_true(topic.get("FifoTopic"))}
    for function in service.functions:
        for event, body in function.events.items():
            if body["Type"] == "SNS" and referenced_ids(at(body, "Properties", "Topic")) & fifo:
                message = f"the FIFO topic of `{event}` can't call `{function.logical_id}`"
                fix = "Let the function read a FIFO queue of that topic, or take a standard topic."
                line = function.line_of("Events", event, "Properties", "Topic")
                yield LESSON.finding_in(function, line, message, fix)


@LESSON.check
def names_are_of_functions_that_are_here(service: Service) -> Iterator[Finding]:
    """What the template makes for a function is called after it: <service>-<function>-…"""
    owners = {
        function.logical_id.removesuffix("Function"): function for function in service.functions
    }
    for name in names(service):
        made = OWN.fullmatch(name.resource.logical_id)
        owner = owners.get(made[1]) if made else None
        text = name.texts.get("prod", "").removeprefix("/aws/lambda/")
        if owner and owner.folder in service.function_folders:
            expected = f"{service.name}-{kebab(owner.name)}"
            if text.startswith(f"{service.name}-") and not text.startswith(expected):
                message = f"{name.property} is {text} in prod, which names no function here"
                fix = f"The function is `{owner.name}`: begin the name with {expected}."
                yield LESSON.finding_in(name.resource, name.line, message, fix)


@LESSON.check
def parameters_of_deployments_are_declared(service: Service) -> Iterator[Finding]:
    """samconfig.toml passes no parameter that template.yaml does not have."""
    declared = mapping_of(service.template, "Parameters")
    for environment in service.samconfig:
        for name in sorted(service.parameters(environment).keys() - declared.keys()):
            message = f"passes `{name}` to {environment}, which is no parameter of {TEMPLATE}"
            line = service.line_with(SAMCONFIG, f"{name}=")
            yield LESSON.finding(SAMCONFIG, line, message)


@LESSON.check
def example_events_are_of_functions(service: Service) -> Iterator[Finding]:
    """Each folder below events/ is called after a function."""
    functions = {folder.rpartition("/")[2] for folder in service.function_folders}
    functions |= {function.name for function in service.functions}
    for path in service.files_in("events"):
        _events, folder, *below = path.split("/")
        if below and folder not in functions:
            message = f"is an example event of `{folder}`, a function that is not here"
            yield LESSON.finding(path, 0, message)


@LESSON.check
def events_of_tests_are_there(service: Service) -> Iterator[Finding]:
    """The example events that a function's tests load by the fixture `event` are there."""
    for module in service.modules("tests/unit"):
        folder = f"events/{module.path.split('/')[2]}"
        for call in module.nodes(ast.Call) if service.has(folder) else ():
            name = constant(call.args[0]) if call.args else None
            path = f"{folder}/{name}.json"
            if dotted(call.func) == "event" and isinstance(name, str) and not service.has(path):
                message = f"loads the event `{name}`, but `{path}` is not there"
                yield LESSON.finding(module.path, call.lineno, message)


@LESSON.check
def routes_are_reached(service: Service) -> Iterator[Finding]:
    """A route that no event of the function matches exists in tests, and not on AWS."""
    for function in service.functions:
        events = [at(event, "Properties", "Path") for event in function.events.values()]
        paths = [re.sub(r"\{[^}]*\}", "*", path) for path in events if isinstance(path, str)]
        for module in service.modules(function.folder) if paths else ():
            for call, routes in _routes(module):
                if not any(fnmatchcase(route, path) for route in routes for path in paths):
                    message = f"no event of `{function.logical_id}` has the route `{routes[0]}`"
                    fix = f"Write the route below a path of the function's events, `{paths[0]}`, or"
                    fix += " give the function an event with its `Path` and `Method`."
                    yield LESSON.finding(module.path, call.lineno, message, fix=fix)


def _routes(module: Module) -> Iterator[tuple[ast.Call, list[str]]]:
    """The routes on apps that a module makes, with the paths that each answers."""
    apps: dict[str, list[str]] = {}
    for assign in module.nodes(ast.Assign):
        call = assign.value
        if isinstance(call, ast.Call) and last(dotted(call.func)) in APPS:
            prefixes = keyword(call, APPS[last(dotted(call.func))]) or ast.Constant("")
            literals = [constant(item) for item in getattr(prefixes, "elts", [prefixes])]
            apps[dotted(assign.targets[0])] = [text for text in literals if isinstance(text, str)]
    decorators = [
        decorator for function in module.functions for decorator in function.decorator_list
    ]
    for call in (decorator for decorator in decorators if isinstance(decorator, ast.Call)):
        app, _, method = dotted(call.func).rpartition(".")
        path = constant(call.args[0]) if call.args else None
        if method in METHODS and apps.get(app) and isinstance(path, str):
            yield call, [f"{prefix}{path}".rstrip("/") or "/" for prefix in apps[app]]

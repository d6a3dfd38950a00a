"""EVT-09: Whatever is referred to is declared, and what calls a function, or sends to a queue, can.

Why: A typo was deployed, and an event went nowhere.

Here: References in `template.yaml`, the queues and functions of events, routes, the example events
that tests read.

Fix: Write the name as it is declared, or declare it; delete what is left over of what is gone.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from kit.gate.environments import in_prod, resolved
from kit.gate.findings import Finding
from kit.gate.http import http_functions, routes
from kit.gate.lesson import Lesson
from kit.gate.names import names
from kit.gate.parsers import dotted
from kit.gate.policies import listed, referenced_ids
from kit.gate.python_names import code_of, constant
from kit.gate.resources import is_true
from kit.gate.samconfig import SAMCONFIG
from kit.gate.service import Service
from kit.gate.wiring import UNDELIVERED, deliveries, filled_by_services
from kit.layout import TEMPLATE
from kit.spelling import kebab
from kit.template import Reference, at, line_of, mapping_of, references

LESSON = Lesson.read(__doc__)

# How the logical ids end of what the template makes for a function, and calls after it. Queues and
# topics may be called after what is in them.
OWN = re.compile(
    r"(\w+?)(?:Function|LogGroup|DeadLetterQueue|(?:DeadLetters|Errors|NewVersion|Throttles)Alarm)"
)
# What an event of SAM has the name or the ARN of.
SOURCES = ("Bucket", "EventBusName", "Queue", "Stream", "Topic")
ANSWERING_GET = {"api_route", "get", "route"}


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
        message = f"refers to `{target}`, which is not declared"
        near = get_close_matches(target, [*declared], 1)
        fix = f"Write `{near[0]}`, if that is meant, or declare `{target}`." if near else None
        yield LESSON.finding(TEMPLATE, line, message, fix=fix)


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
                    fix = "Refer to the resource that is meant (`!Ref`, `!GetAtt`), or declare it."
                    yield LESSON.finding_in(function, line, message, fix)


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
                    fix = f"Write `{service.name}`, or the source that the publisher has."
                    yield LESSON.finding_in(function, function.line_of(*path), message, fix)


@LESSON.check
def topics_can_call_functions(service: Service) -> Iterator[Finding]:
    """A FIFO topic brings its messages to queues only."""
    topics = service.of_type("AWS::SNS::Topic")
    fifo = {topic.logical_id for topic in topics if is_true(topic.get("FifoTopic"))}
    for function in service.functions:
        for event, body in function.events.items():
            if body["Type"] == "SNS" and referenced_ids(at(body, "Properties", "Topic")) & fifo:
                message = f"the FIFO topic of `{event}` can't call `{function.logical_id}`"
                fix = "Make it a standard topic (without `FifoTopic` and `.fifo`), or let a FIFO queue"
                fix += " subscribe to it, which the function reads."
                line = function.line_of("Events", event, "Properties", "Topic")
                yield LESSON.finding_in(function, line, message, fix)


@LESSON.check
def queues_take_what_is_sent(service: Service) -> Iterator[Finding]:
    """EventBridge and SNS can send to a queue that its policy lets them; schedules have a role."""
    policies = service.of_type("AWS::SQS::QueuePolicy")
    open_queues = referenced_ids([policy.get("Queues") for policy in policies])
    for delivery in deliveries(service):
        settings, key = delivery.settings, UNDELIVERED[delivery.kind]
        by_role = "ScheduleExpression" in settings or at(settings, "RoleArn")
        sent = referenced_ids([at(settings, name) for name in (key, "Arn", "Endpoint")])
        for queue in service.of_type("AWS::SQS::Queue") if not by_role else ():
            if queue.logical_id in sent - open_queues:
                principal = "sns" if delivery.kind == "SNS" else "events"
                message = f"no policy lets {delivery.name} send to `{queue.logical_id}`"
                fix = f"Declare an `AWS::SQS::QueuePolicy` with `Queues: [!Ref {queue.logical_id}]`"
                fix += f" that allows `sqs:SendMessage` to `{principal}.amazonaws.com`."
                yield LESSON.finding_in(delivery.owner, delivery.line, message, fix)


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
            near = get_close_matches(name, [*declared], 1)
            fix = f"Delete it{', or write `' + near[0] + '`' if near else ''}."
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)


@LESSON.check
def example_events_are_of_functions(service: Service) -> Iterator[Finding]:
    """Each folder below events/ is called after a function."""
    functions = {folder.rpartition("/")[2] for folder in service.function_folders}
    functions |= {function.name for function in service.functions}
    for path in service.files_in("events"):
        _events, folder, *below = path.split("/")
        if below and folder not in functions:
            message = f"is an example event of `{folder}`, a function that is not here"
            yield LESSON.finding(path, 0, message, fix="Delete it.")


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
                fix = f"Write that file, or load an event of `{folder}/`."
                yield LESSON.finding(module.path, call.lineno, message, fix=fix)


@LESSON.check
def routes_are_reached(service: Service) -> Iterator[Finding]:
    """A route that no event of the function matches exists in tests, and not on AWS."""
    for function in service.functions:
        events = [at(event, "Properties", "Path") for event in function.events.values()]
        paths = [re.sub(r"\{[^}]*\}", "*", path) for path in events if isinstance(path, str)]
        for route in routes(code_of(service, function.folder)) if paths else ():
            if not any(fnmatchcase(text, path) for text in route.paths for path in paths):
                message = f"no event of `{function.logical_id}` has the route `{route.paths[0]}`"
                fix = f"Write the route below a path of the function's events, `{paths[0]}`, or"
                fix += f" give `{function.logical_id}` an event with its `Path` and `Method`."
                yield LESSON.finding(route.module.path, route.line, message, fix=fix)


@LESSON.check
def new_versions_can_be_tried(service: Service) -> Iterator[Finding]:
    """A function behind an API answers what the hook asks before a version gets traffic."""
    for function, code, handler in http_functions(service):
        preference = function.get("DeploymentPreference")
        is_off = str(at(preference, "Enabled")).lower() == "false"
        known = list(routes(code))
        paths = [path for route in known if route.method in ANSWERING_GET for path in route.paths]
        if not known:  # it looks at the path itself
            paths = [str(node.value) for node in code.nodes(ast.Constant)]
        is_tried = at(preference, "Hooks", "PreTraffic") and not is_off
        if is_tried and not any(path.endswith("/health") for path in paths):
            path = f"/{kebab(function.name)}/health"
            message = f"`{function.name}` has no `GET {path}`, which is asked of each new version"
            fix = "Let a route for `GET` with the path `/health` answer 200."
            yield LESSON.finding(handler.module.path, handler.line, message, fix=fix)


@LESSON.check
def senders_can_use_keys(service: Service) -> Iterator[Finding]:
    """AWS's own keys encrypt nothing for services: a queue or topic that they fill needs another."""
    filled = filled_by_services(service)
    for resource in service.of_type("AWS::SNS::Topic", "AWS::SQS::Queue"):
        key = str(resolved(in_prod(service), resource.get("KmsMasterKeyId")))
        if resource.logical_id in filled and "alias/aws/" in key:
            message = f"AWS services send to `{resource.logical_id}`, and can't use its key `{key}`"
            fix = (
                "Delete `KmsMasterKeyId`, or name a key of your own whose policy lets them use it."
            )
            yield LESSON.finding_in(resource, resource.line_of("KmsMasterKeyId"), message, fix)

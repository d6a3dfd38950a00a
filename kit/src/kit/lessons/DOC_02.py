"""DOC-02: The picture of the architecture and the endpoints in READMEs are those that exist.

Why: The picture on the wall was of last year.

Here: The picture in `README.md`, made from the same answers as `template.yaml`; the table of
endpoints in the README of each `api` function.

Fix: Draw every function by its name, and nothing that `template.yaml` does not declare; list the
routes that the code has.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.http import http_functions
from kit.gate.lesson import Lesson
from kit.gate.python_names import Code, last
from kit.gate.service import Function, Service
from kit.layout import TEMPLATE
from kit.template import at

LESSON = Lesson.read(__doc__)

PICTURES = ("README.md", "docs/architecture.md")
# Functions of the template that watch over the others: no event of the service passes them.
NOT_DRAWN = {"traffic_check", "chat_notifier"}
# A node of Mermaid with its text: fn_app["app"], table[("DynamoDB table")], topic>"topic"].
NODE = re.compile(r"""\b(\w+)(?:\[|\(|>|\{)[\[\](){}\\/]*"?([^"\[\](){}]*)""")
# The text at an arrow, and names of events in it: order.placed, OrderPlaced.
LABEL = re.compile(r"\|([^|]*)\|")
EVENT = re.compile(r"\b[A-Za-z]\w*(?:\.\w+)+\b|\b(?:[A-Z][a-z0-9]+){2,}\b")
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
ENDPOINT = re.compile(rf"^({'|'.join(METHODS)}) (/[^\s?]*)")
# Nodes that stand for resources; those of one function have its name: queue_worker.
RESOURCES = {
    "api": ("AWS::Serverless::HttpApi", "AWS::Serverless::Api", "AWS::ApiGateway"),
    "bus": ("AWS::Events::EventBus",),
    "table": ("AWS::DynamoDB::",),
    "queue": ("AWS::SQS::Queue",),
    "bucket": ("AWS::S3::Bucket",),
    "topic": ("AWS::SNS::Topic",),
}


@LESSON.check
def the_picture_is_true(service: Service) -> Iterator[Finding]:
    """The picture has each function of template.yaml, and nothing that is not declared."""
    lines = _lines(service)
    nodes = [(*node, path, number) for path, number, line in lines for node in NODE.findall(line)]
    if not nodes:
        fix = f"Draw it in a block ```mermaid of `{PICTURES[0]}` or `{PICTURES[1]}`."
        has = "has" if PICTURES[0] in service.files else "is missing, and with it there is"
        message = f"{has} no picture of the architecture (```mermaid)"
        yield LESSON.finding(PICTURES[0], 0, message, fix=fix)
        return
    first, line = nodes[0][2:]
    drawn = {_plain(word) for name, text, *_ in nodes for word in (name, text)}
    functions = {f.name: f for f in service.functions if f.folder in service.function_folders}
    for name, function in functions.items():
        words = {_plain(name), _plain(f"fn_{name}"), _plain(function.logical_id)}
        if name not in NOT_DRAWN and not words & drawn:
            fix = f"Draw `fn_{name}` with what starts it and what it uses."
            yield LESSON.finding(first, line, f"the picture lacks the function `{name}`", fix=fix)
    # A function whose CodeUri is wrong exists all the same: STR-01 and STR-06 report it.
    known = {_plain(folder.rpartition("/")[2]) for folder in service.function_folders}
    known |= {_plain(function.logical_id) for function in service.functions}
    types = [resource.type for resource in service.resources.values()]
    for name, text, path, line in sorted({node[:2]: node for node in reversed(nodes)}.values()):
        kind, _, owner = name.partition("_")
        is_unknown = kind == "fn" and owner and not {_plain(owner), _plain(text)} & known
        if kind in RESOURCES and owner in ("", *functions):
            is_unknown = not any(declared.startswith(RESOURCES[kind]) for declared in types)
        if is_unknown:
            message = f"the picture has `{text or name}`, which `template.yaml` does not declare"
            fix = f"Delete `{name}` from the picture, with its arrows."
            yield LESSON.finding(path, line, message, fix=fix)


@LESSON.check
def events_are_sent(service: Service) -> Iterator[Finding]:
    """The events at the arrows from and to a bus are in the code, or in template.yaml."""
    modules = list(service.modules("src"))
    known = {str(node.value) for module in modules for node in module.nodes(ast.Constant)}
    for path, number, line in _lines(service):
        for label in LABEL.findall(line) if "bus" in line.lower() else ():
            for event in EVENT.findall(label):
                if event not in known and event not in service.text(TEMPLATE):
                    message = f"the picture has the event `{event}`, which nothing sends or expects"
                    fix = "Name an event that the code publishes, or delete the arrow."
                    yield LESSON.finding(path, number, message, fix=fix)


@LESSON.check
def endpoints_exist(service: Service) -> Iterator[Finding]:
    """Each endpoint that a function's README lists is a route of its code, or of an event."""
    for function, code, _handler in http_functions(service):
        readme = f"{function.folder}/README.md"
        routes = list(_routes(function, code))
        sections = service.document(readme) if readme in service.files and routes else ()
        for row in (row for section in sections for row in section.rows):
            for method, path in ENDPOINT.findall(row.cells[0]):
                if not any(_answers(route, method, path) for route in routes):
                    message = f"lists `{method} {path}`, which `{function.name}` does not answer"
                    fix = "Delete the row, or write the endpoint as the route in the code is."
                    yield LESSON.finding(readme, row.line, message, fix=fix)


def _routes(function: Function, code: Code) -> Iterator[tuple[str, str]]:
    """The methods and paths of routes: at("/path") of any method, `ANY` for other paths in code."""
    methods = {id(call.args[0]): last(name) for _w, call, name in code.calls if call.args}
    for node in code.nodes(ast.Constant):
        if str(node.value).startswith("/"):
            yield methods.get(id(node), "any").upper(), str(node.value)
    for event in function.events.values():
        path = str(at(event, "Properties", "Path"))
        if "+}" not in path:
            yield str(at(event, "Properties", "Method")).upper(), path


def _answers(route: tuple[str, str], method: str, path: str) -> bool:
    """Whether a route is that endpoint, whatever stands before its path."""
    wanted, known = (re.sub(r"[{<][^}>]*[}>]", "*", text).strip("/") for text in (path, route[1]))
    is_path = wanted == known or wanted.endswith(f"/{known}") or not (known or "/" in wanted)
    return is_path and (route[0] == method or route[0] not in METHODS)


def _lines(service: Service) -> Iterator[tuple[str, int, str]]:
    """The lines of all pictures, with their files and numbers."""
    for path in filter(service.files.__contains__, PICTURES):
        for fence in (fence for section in service.document(path) for fence in section.fences):
            if fence.language.split()[:1] == ["mermaid"]:
                for number, line in enumerate(fence.content.splitlines(), fence.line + 1):
                    if not line.lstrip().startswith("%%"):
                        yield path, number, line


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())

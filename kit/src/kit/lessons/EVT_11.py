"""EVT-11: No function's output is its own input.

Why: A function put its thumbnails into the bucket that it listened to, and made thumbnails of them
until somebody saw the bill.

Here: A function publishes other events than it gets, and writes to nothing that it listens to.

Fix: Write to another bucket, table, queue or topic, or publish another `DetailType`.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from kit.gate.environments import deployed, resolved
from kit.gate.findings import Finding
from kit.gate.flows import glob_of, globs, overlap, variables_in
from kit.gate.inputs import Input, inputs_of
from kit.gate.lesson import Lesson
from kit.gate.policies import grants, listed, referenced_ids
from kit.gate.python_names import Code, Definition, constant, handlers, keyword, last
from kit.gate.resources import TABLES
from kit.gate.service import Function, Service
from kit.layout import TEMPLATE
from kit.template import at

LESSON = Lesson.read(__doc__)

# What methods write to: the types of resources, the keywords that name one, what the methods are of
# otherwise, the permission for them, and how to fix a loop.
Kind = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str, str | None]
KINDS: dict[str, Kind] = {
    r"(copy|put)(_object)?|create_multipart_upload|upload_file(obj)?": (
        ("AWS::S3::Bucket",),
        ("Bucket",),
        (".Bucket()", ".Object()"),
        "s3:PutObject",
        "Write to another bucket; or let the event's `Pattern` have a `prefix` under `detail`,"
        " `object`, `key`, and begin `Key` with another one.",
    ),
    r"send_messages?(_batch)?": (
        ("AWS::SQS::Queue",),
        ("QueueUrl",),
        (".Queue()",),
        "sqs:SendMessage",
        "Send to another queue; what is to be tried again comes again when its record fails.",
    ),
    r"publish(_batch)?": (
        ("AWS::SNS::Topic",),
        ("TopicArn", "TargetArn"),
        (".Topic()",),
        "sns:Publish",
        "Publish to another topic.",
    ),
    r"(put|update|delete)_item|(batch|transact)_write_items?": (
        TABLES,
        ("TableName", "RequestItems", "TransactItems"),
        ("",),
        "dynamodb:PutItem",
        "Write to another table; or give the mapping of the stream a `FilterCriteria` that leaves"
        " out what the function writes.",
    ),
    r"put_records?": (
        ("AWS::Kinesis::Stream",),
        ("StreamName", "StreamARN"),
        (),
        "kinesis:PutRecord",
        None,
    ),
}
ITSELF = re.compile(r"\bcontext\.(function_name|invoked_function_arn)|AWS_LAMBDA_FUNCTION_NAME")


@LESSON.check
def outputs_are_noinputs_of(service: Service) -> Iterator[Finding]:
    """No function writes to what it listens to, nor publishes the events that it gets."""
    for function, code, _handler in handlers(service):
        inputs = [*inputs_of(service, function)]
        for where, call, name in code.calls if inputs else ():
            method = last(name) or getattr(call.func, "attr", "")
            kind = next((kind for rule, kind in KINDS.items() if re.fullmatch(rule, method)), None)
            target = _target(code, where, call, kind) if kind else None
            if kind and target:
                ids = _written(service, function, code, where, target, kind)
                for written in ids & {logical_id for item in inputs for logical_id in item.ids}:
                    if any(_comes_back(code, where, call, i) for i in inputs if written in i.ids):
                        message = f"`{method}` writes to `{written}`, which"
                        message += f" `{function.logical_id}` listens to"
                        yield LESSON.finding(where.module.path, call.lineno, message, fix=kind[-1])
        yield from _published_again(service, function, code, inputs)
        on_success = ("EventInvokeConfig", "DestinationConfig", "OnSuccess")
        heard = {i for item in inputs if not (item.texts or item.pattern) for i in item.ids}
        for written in referenced_ids(function.get(*on_success)) & {function.logical_id, *heard}:
            message = f"`OnSuccess` sends to `{written}` what comes back to `{function.logical_id}`"
            line = function.line_of(*on_success)
            yield LESSON.finding_in(function, line, message, "Name another `Destination`.")


@LESSON.check
def functions_do_not_invoke_themselves(service: Service) -> Iterator[Finding]:
    """No function invokes the function that it is."""
    for function, code, _handler in handlers(service):
        for where, call, _name in code.calls:
            named = (
                keyword(call, "FunctionName")
                if "invoke" in getattr(call.func, "attr", "")
                else None
            )
            if named and ITSELF.search(ast.unparse(code.value_of(named, where))):
                message = f"`{function.logical_id}` invokes itself"
                fix = "Send what is left to a queue that another function takes, or loop in this call."
                yield LESSON.finding(where.module.path, call.lineno, message, fix=fix)


def _target(code: Code, where: Definition, call: ast.Call, kind: Kind) -> ast.expr | None:
    """What names the thing that a call writes to: an argument, or what it is made on."""
    _types, keys, makers, *_rest = kind
    named = next(filter(None, (keyword(call, key) for key in keys)), None)
    if (
        named is None and keys == ("Bucket",) and len(call.args) > 2
    ):  # upload_file(file, bucket, key)
        named = call.args[1]
    if named is None and isinstance(call.func, ast.Attribute) and makers:
        on = call.func.value
        return on if code.name_of(on, where).endswith(makers) else None
    return named


def _written(
    service: Service,
    function: Function,
    code: Code,
    where: Definition,
    target: ast.expr,
    kind: Kind,
) -> set[str]:
    """The logical id of what is written to: by the variable that has its name, or, where code does
    not show one, by what the function may write to."""
    template = deployed(service, TEMPLATE, "prod")
    resources = {resource.logical_id: resource for resource in service.of_type(*kind[0])}
    names = {template.name(r.type, r.properties): r.logical_id for r in resources.values()}

    def ids(node: Any) -> set[str]:
        text = str(resolved(template, node))
        physical = {names[part] for part in re.split("[:/]", text) if part in names}
        return referenced_ids(node) & resources.keys() | physical

    naming = {name for name, value in function.variables.items() if ids(value)}
    variables = variables_in(code, target, where, naming)
    written = set().union(*(ids(function.variables[name]) for name in variables))
    if len(written) == 1:
        return written
    holders = {function.logical_id, *referenced_ids(function.get("Role"))}
    allowed = [
        statement.body.get("Resource")
        for statement in grants(service, TEMPLATE)
        if statement.holder.logical_id in holders and statement.covers(kind[3])
    ]
    allowed += [
        policy
        for policy in listed(function.get("Policies"))
        if re.search(r"^\{'\w*(?:Crud|Write|SendMessage|Publish)", str(policy))
    ]
    written = ids(allowed)
    return written if len(written) == 1 else set()


def _comes_back(code: Code, where: Definition, call: ast.Call, listened: Input) -> bool:
    """Whether what a call writes is let through by the filter of an input."""
    attributes = keyword(call, "MessageAttributes")
    if attributes and listened.texts:
        return bool(listened.texts & {str(constant(node)) for node in ast.walk(attributes)})
    key = keyword(call, "Key", 2)
    glob = glob_of(code, where, key) if key else "*"
    is_guarded = "startswith" in {node.attr for node in code.nodes(ast.Attribute)}
    if is_guarded and not glob.startswith("*"):
        return False  # the code looks itself whether it wrote an object
    return any(overlap(glob, pattern) for pattern in listened.keys)


def _published_again(
    service: Service, function: Function, code: Code, inputs: Iterable[Input]
) -> Iterator[Finding]:
    buses = {bus.logical_id for bus in service.of_type("AWS::Events::EventBus")}
    passed = referenced_ids([*function.variables.values()]) & buses
    texts = {str(node.value) for node in code.nodes(ast.Constant)} | {service.name}
    for listened in inputs:
        types, origins = (globs(at(listened.pattern, key)) for key in ("detail-type", "source"))
        is_own = any(fnmatchcase(text, origin) for origin in origins for text in texts)
        if listened.pattern is None or not is_own or (passed and not passed & listened.ids):
            continue
        for where, node in _detail_types(code):
            glob, value = glob_of(code, where, node), code.value_of(node, where)
            is_relayed = any(constant(part) == "detail-type" for part in ast.walk(value))
            is_known = glob.strip("*") and any(overlap(glob, kind) for kind in types)
            if is_relayed or is_known:
                what = "the events that it gets" if is_relayed else f"`{glob}`"
                message = f"publishes {what}, which `{function.logical_id}` listens to"
                fix = "Publish it by a `DetailType` that the `Pattern` of the function lacks."
                yield LESSON.finding(where.module.path, node.lineno, message, fix=fix)


def _detail_types(code: Code) -> Iterator[tuple[Definition, ast.expr]]:
    """What code gives as the type of an event: in an entry of PutEvents, or to what makes one."""
    fields = {
        node.name: [
            getattr(item.target, "id", "") for item in node.body if isinstance(item, ast.AnnAssign)
        ]
        for node in code.nodes(ast.ClassDef)
    }
    for where in code.definitions.values():
        for entry in where.scope.of(ast.Dict):
            for key, value in zip(entry.keys, entry.values, strict=True):
                if constant(key) == "DetailType":
                    yield where, value
        for call in where.scope.calls:
            names = fields.get(last(code.name_of(call.func, where)), [])
            place = names.index("detail_type") if "detail_type" in names else None
            named = keyword(call, "DetailType") or keyword(call, "detail_type", place)
            if named:
                yield where, named

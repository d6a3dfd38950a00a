"""What functions get from their triggers, and what their code reads of it.

A place in a payload is written `Records[].body`; the payload itself is empty.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.template import at, references

from .environments import in_prod, resolved
from .parsers import dotted
from .policies import listed
from .python_names import (
    LONGEST_CHAIN,
    POWERTOOLS,
    Code,
    Definition,
    assignments,
    constant,
    keyword,
    last,
)
from .service import Function, Service
from .wiring import Source, callers_of

# The keys at each place of a payload, `*` for any; what is elsewhere may have any, too.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
_HTTP = "body headers isBase64Encoded pathParameters queryStringParameters requestContext"
_HTTP += " stageVariables version"
_CONTEXT = "accountId apiId authorizer domainName domainPrefix requestId stage"
_RECORD = "awsRegion eventID eventName eventSource eventSourceARN eventVersion"
_STREAM = (
    "Records eventSourceARN isFinalInvokeForWindow isWindowTerminatedEarly shardId state window"
)
PAYLOADS = {
    "Api": {
        "": f"{_HTTP} httpMethod multiValueHeaders multiValueQueryStringParameters path resource",
        "requestContext": f"{_CONTEXT} deploymentId extendedRequestId httpMethod identity"
        " operationName path protocol requestTime requestTimeEpoch resourceId resourcePath",
        "requestContext.authorizer": "claims principalId *",
    },
    "HttpApi": {
        "": f"{_HTTP} cookies rawPath rawQueryString routeKey",
        "requestContext": f"{_CONTEXT} authentication http routeKey time timeEpoch",
        "requestContext.authorizer": "iam jwt lambda",
        "requestContext.http": "method path protocol sourceIp userAgent",
    },
    "EventBridge": {
        "": "account detail detail-type id region resources source time version",
        "detail": "*",
    },
    "S3": {"": "Records", "Records[]": f"{_RECORD} s3 *", "Records[].s3": "*"},
    "SNS": {
        "": "Records",
        "Records[]": "EventSource EventSubscriptionArn EventVersion Sns",
        "Records[].Sns": "Message MessageAttributes MessageId Signature SignatureVersion"
        " SigningCertURL SigningCertUrl Subject Timestamp TopicArn Type UnsubscribeURL"
        " UnsubscribeUrl",
    },
    "SQS": {
        "": "Records",
        "Records[]": "attributes awsRegion body eventSource eventSourceARN md5OfBody"
        " md5OfMessageAttributes messageAttributes messageId receiptHandle",
    },
    "DynamoDB": {
        "": _STREAM,
        "Records[]": f"{_RECORD} dynamodb tableName userIdentity",
        "Records[].dynamodb": "ApproximateCreationDateTime ApproximateCreationDateTimePrecision"
        " Keys NewImage OldImage SequenceNumber SizeBytes StreamViewType",
    },
    "Kinesis": {"": _STREAM, "Records[]": f"{_RECORD} invokeIdentityArn kinesis"},
}
# What S3 sends to EventBridge.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
_OF_S3 = {
    "detail": {
        *("bucket", "deletion-type", "destination-storage-class", "object", "reason", "request-id"),
        *("requester", "restore-expiry-time", "source-ip-address", "source-storage-class"),
        *("destination-access-tier", "source-access-tier", "version"),
    },
    "detail.bucket": {"name"},
    "detail.object": {"etag", "key", "sequencer", "size", "version-id"},
}
# Powertools' classes by what they read.
READERS = {
    name: kind
    for kind, names in {
        "Api": "APIGatewayProxyEvent APIGatewayProxyEventModel APIGatewayRestResolver"
        " ApiGatewayEnvelope",
        "HttpApi": "APIGatewayProxyEventV2 APIGatewayProxyEventV2Model APIGatewayHttpResolver"
        " ApiGatewayV2Envelope LambdaFunctionUrlEvent LambdaFunctionUrlModel"
        " LambdaFunctionUrlResolver LambdaFunctionUrlEnvelope",
        "EventBridge": "EventBridgeEvent EventBridgeModel EventBridgeEnvelope"
        " S3EventBridgeNotificationEvent S3EventNotificationEventBridgeModel",
        "S3": "S3Event S3Model",
        "SNS": "SNSEvent SnsModel SnsEnvelope",
        "SQS": "SQS SQSEvent SqsModel SqsEnvelope SnsSqsEnvelope S3SqsEventNotificationModel",
        "DynamoDB": "DynamoDBStreams DynamoDBStreamEvent DynamoDBStreamModel"
        " DynamoDBStreamEnvelope",
        "Kinesis": "KinesisDataStreams KinesisStreamEvent KinesisDataStreamModel"
        " KinesisDataStreamEnvelope",
    }.items()
    for name in names.split()
}
# Powertools' functions that report which records failed.
REPORTING = {
    *("process_partial_response", "async_process_partial_response"),
    *("batch_processor", "async_batch_processor"),
}
# Attributes of Powertools' classes that are parts of a payload; others say nothing of its kind.
ATTRIBUTES = {"records": "Records", "request_context": "requestContext", "sns": "Sns"}
ATTRIBUTES |= {name: name for name in ("authorizer", "body", "claims", "detail", "dynamodb")}
ATTRIBUTES |= {name: name for name in ("kinesis", "s3")}
# Calls that return what they get last.
SAME = {"cast", "dict", "filter", "iter", "list", "reversed", "sorted", "tuple", *READERS}
# Resources that refer to functions, and send them nothing of their own.
PASSIVE = (
    *("AWS::CloudWatch::", "AWS::CodeDeploy::", "AWS::Events::", "AWS::IAM::", "AWS::Lambda::"),
    *("AWS::Logs::LogGroup", "AWS::Logs::MetricFilter", "AWS::SNS::", "AWS::SQS::"),
    "AWS::Scheduler::",
)


@dataclass(frozen=True)
class Trigger:
    """What calls a function, with the keys at each place of what it sends.

    Args:
        kind: one of PAYLOADS, or Input for what the template writes itself.
    """

    source: Source
    kind: str
    keys: dict[str, set[str]]


def triggers(service: Service, function: Function) -> list[Trigger]:
    """What calls a function; nothing where something does whose payload is not known."""
    name = function.logical_id
    for resource in service.resources.values():
        if resource is not function and not resource.type.startswith(PASSIVE):
            # References to versions are for the check of new ones.
            used = [r for r in references(resource.body) if r.target.split(".")[0] == name]
            if any("Version" not in reference.attribute for reference in used):
                return []
    known = [_trigger(service, source) for source in callers_of(service, function)]
    return [trigger for trigger in known if trigger] if all(known) else []


def _trigger(service: Service, source: Source) -> Trigger | None:
    kind, settings = source.kind, source.settings
    if kind == "HttpApi" and str(at(settings, "PayloadFormatVersion")).startswith("1"):
        kind = "Api"
    if at(settings, "InputPath") or at(settings, "InputTransformer") or kind not in PAYLOADS:
        return None
    sent: Any = {place: {*keys.split()} for place, keys in PAYLOADS[kind].items()}
    if listed(at(settings, "Pattern", "source")) == ["aws.s3"]:
        sent = {**sent, **_OF_S3}
    if at(settings, "Input") is not None:
        try:
            sent = json.loads(str(resolved(in_prod(service), settings["Input"])))
        except ValueError:
            return None
        kind, sent = "Input", {"": {*sent}} if isinstance(sent, dict) else None
    return Trigger(source, kind, sent) if isinstance(sent, dict) else None


@dataclass(frozen=True)
class Read:
    """What code reads of a payload.

    Args:
        where: the function that does.
        line: where that is.
        place: the part of the payload that it reads from.
        key: what it reads there: a key, `0` for one item of a list, `*` for all; or the class of
            Powertools that reads.
        how: `[]`; `get` or `in` where code goes on without it; `class`; `json` where code parses
            the place itself as text.
    """

    where: Definition
    line: int
    place: str
    key: str
    how: str = "[]"


def reads_of(code: Code, handler: Definition) -> list[Read]:
    """What a handler, and all that it passes its event to, reads of it."""
    ahead = [(handler, frozenset((item.arg, "") for item in handler.scope.placed[:1]))]
    for function in record_handlers(code):
        ahead.append(
            (function, frozenset((item.arg, "Records[]") for item in function.scope.placed[:1]))
        )
    # For app.current_event, request.scope["aws.event"] and decorators.
    ahead += [(where, frozenset()) for where in code.definitions.values()]
    seen, reads = set(), []
    while ahead:
        where, known = ahead.pop()
        if (where, known) not in seen:
            seen.add((where, known))
            part = _Part(code, where, dict(known))
            reads += part.reads
            ahead += part.passed
    return list(dict.fromkeys(reads))


def record_handlers(code: Code) -> list[Definition]:
    """The functions that process_partial_response(event, handle, …) and its like call."""
    arguments = [
        (keyword(call, "record_handler", 1), where)
        for where, call, name in code.calls
        if last(name) in REPORTING
    ]
    known = (code.definition(node, where) for node, where in arguments if node)
    return [function for function in known if function]


class _Part:
    """A function that gets a payload, or parts of it.

    Args:
        known: the places of its arguments in the payload.
    """

    def __init__(self, code: Code, where: Definition, known: dict[str, str]) -> None:
        self._code, self._where, self._known = code, where, known
        for _round in range(LONGEST_CHAIN):
            before, self._known = self._known, self._names(known)
            if before == self._known:
                break
        nodes = where.scope.nodes
        self.reads = [read for node in nodes for read in self._reads(node)]
        for _target, items in self._loops():
            if (place := self._place(items)) is not None:
                self.reads.append(Read(where, items.lineno, place, "*", "in"))
        self.passed = [passed for call in where.scope.calls for passed in self._passed(call)]

    def _names(self, arguments: dict[str, str]) -> dict[str, str]:
        """The places of its names; of those that are also something else none."""
        places: dict[str, set[str | None]] = defaultdict(set)
        for name, place in arguments.items():
            places[name].add(place)
        for target, value in assignments(self._where.scope.nodes):
            places[dotted(target)].add(self._place(value))
        for target, items in self._loops():
            places[dotted(target)].add(self._item(items))
        return {
            name: place
            for name, (place, *others) in places.items()
            if place is not None and not others
        }

    def _loops(self) -> Iterator[tuple[ast.expr, ast.expr]]:
        """What loops over what: of enumerate(…) the item."""
        for node in self._where.scope.nodes:
            if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
                match node.target, node.iter:
                    case ast.Tuple(elts=[_, item]), ast.Call(func=ast.Name("enumerate"), args=[it]):
                        yield item, it
                    case target, items:
                        yield target, items

    def _item(self, items: ast.expr) -> str | None:
        place = self._place(items)
        return None if place is None else f"{place}[]"

    def _place(self, node: ast.expr | None) -> str | None:
        """The part of the payload that an expression is; None for all else."""
        match node:
            case ast.Name(id=name):
                return self._known.get(name)
            case ast.BoolOp(values=[value, *_]) | ast.IfExp(body=value) | ast.Await(value=value):
                return self._place(value)
            case ast.NamedExpr(value=value) | ast.Attribute(value=value, attr="raw_event"):
                return self._place(value)
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self._place(value)
            case (
                ast.Attribute(attr="current_event") | ast.Subscript(slice=ast.Constant("aws.event"))
            ):
                return ""
            case ast.Call(func=ast.Name("next"), args=[value, *_]):
                return self._item(value)
            case ast.Call(func=function, args=[*_, value]) if last(dotted(function)) in SAME:
                return self._place(value)
        read = self._read(node)
        if read is None:
            return None
        return f"{read.place}[]" if read.key == "0" else f"{read.place}.{read.key}".lstrip(".")

    def _read(self, node: ast.AST | None) -> Read | None:
        """What an expression reads of the payload: event["x"], event.get("x"), event.x"""
        how = "[]"
        match node:
            case ast.Subscript(value=value, slice=ast.UnaryOp(), ctx=ast.Load()):
                key: object = "0"
            case ast.Subscript(value=value, slice=index, ctx=ast.Load()):
                key = constant(self._code.value_of(index, self._where))
                key = "0" if isinstance(key, int) else key
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[first, *_]):
                key, how = constant(self._code.value_of(first, self._where)), "get"
            case ast.Attribute(value=value, attr=attribute):
                key = ATTRIBUTES.get(attribute)
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[value]):
                key, how = constant(left), "in"
            case _:
                return None
        place = self._place(value) if isinstance(key, str) else None
        return None if place is None else Read(self._where, node.lineno, place, str(key), how)

    def _reads(self, node: ast.AST) -> Iterator[Read]:
        read = self._read(node)
        if read:
            yield read
        if isinstance(node, ast.Call):
            yield from self._classes(node)
            names = [last(dotted(call.func)) for call in self._where.scope.calls]
            place = self._place(node.args[0]) if node.args else None
            if (
                last(dotted(node.func)) == "loads"
                and place is not None
                and "isinstance" not in names
            ):
                yield Read(self._where, node.lineno, place, "", "json")

    def _classes(self, call: ast.Call) -> Iterator[Read]:
        """The class of Powertools by which a call reads the whole payload."""
        keywords = ("envelope", "data_class", "model", "event_type")
        named = next(filter(None, (keyword(call, word) for word in keywords)), None)
        name = self._code.name_of(named or call.func, self._where)
        if name.startswith(POWERTOOLS) and last(name) in READERS:
            event = keyword(call, "event", 0)
            is_whole = self._place(event) == "" if event else named or name.endswith("Resolver")
            if is_whole:
                yield Read(self._where, call.lineno, "", last(name), "class")

    def _passed(self, call: ast.Call) -> Iterator[tuple[Definition, frozenset[tuple[str, str]]]]:
        """The functions that a call passes parts of the payload to, with their names there."""
        function = self._code.definition(call.func, self._where)
        if function and function.scope.node:
            names = [item.arg for item in function.scope.placed]
            pairs = [*zip(names, call.args, strict=False)]
            pairs += [(item.arg, item.value) for item in call.keywords if item.arg]
            places = {name: self._place(value) for name, value in pairs}
            yield function, frozenset((n, p) for n, p in places.items() if p is not None)

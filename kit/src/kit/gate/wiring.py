"""What invokes functions, and where events go that fail, as template.yaml wires them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.template import at, line_of, strings

from .environments import all_deployed, exists, resolved
from .policies import listed, targets
from .service import TEMPLATE, Function, Resource, Service

# Events of SAM that Lambda takes at once and handles later, and those that it fetches itself.
ASYNCHRONOUS = {
    *("CloudWatchEvent", "CloudWatchLogs", "EventBridgeRule", "IoTRule", "S3", "SNS"),
    *("Schedule", "ScheduleV2"),
}
# Events by which a function answers HTTP.
HTTP_EVENTS = {"Api", "HttpApi"}
STREAMS = {"DynamoDB", "Kinesis"}
POLLED = {"SQS", *STREAMS}
# Only mappings of Kafka, of message brokers and of DocumentDB have these.
ELSE = ("Topics", "Queues", "SelfManagedEventSource", "DocumentDBEventSourceConfig")
# Who may invoke a function without waiting for its answer, by AWS::Lambda::Permission.
ASYNCHRONOUS_CALLERS = (
    *(
        "events.amazonaws.com",
        "iot.amazonaws.com",
        "logs.",
        "s3.amazonaws.com",
        "ses.amazonaws.com",
    ),
    *("sns.amazonaws.com",),
)


@dataclass(frozen=True, eq=False)
class Source:
    """What Lambda fetches records from for a function: a queue or a stream.

    Args:
        kind: SQS, DynamoDB or Kinesis.
        settings: the properties of the mapping, or of the event in SAM's words.
        function: what it is for, if that is declared here.
        queue: the queue, if it is declared here.
        owner: the resource that has the settings.
        name: what to call it.
        line: where it begins.
    """

    kind: str
    settings: dict[str, Any]
    function: Function | None
    queue: Resource | None
    owner: Resource
    name: str
    line: int

    def line_of(self, *keys: str) -> int:
        return line_of(self.settings, *keys) or self.line

    @property
    def is_fifo(self) -> bool:
        """Whether it is a queue that keeps an order."""
        if self.queue:
            return is_true(self.queue.get("FifoQueue"))
        named = [at(self.settings, "EventSourceArn"), at(self.settings, "Queue")]
        return self.kind == "SQS" and any(text.endswith(".fifo") for text, _ in strings(named))


def is_true(value: Any) -> bool:
    """Whether a property says yes: YAML has true, and CloudFormation takes "true" for it."""
    return str(value).lower() == "true"


def sources(service: Service) -> Iterator[Source]:
    """Every queue and stream that a function reads."""
    for function in service.functions:
        for name, event in function.events.items():
            given = at(event, "Properties")
            if event["Type"] in POLLED and isinstance(given, dict):
                queue = _queue(service, [given.get("Queue"), given.get("Stream")])
                line = function.line_of("Events", name)
                called = f"`{name}` of `{function.logical_id}`"
                yield Source(event["Type"], given, function, queue, function, called, line)
    for mapping in service.of_type("AWS::Lambda::EventSourceMapping"):
        arn = mapping.get("EventSourceArn")
        kind = _kind(service, arn, mapping)
        if not kind:
            continue
        names = targets(mapping.get("FunctionName"))
        reader = next((each for each in service.functions if each.logical_id in names), None)
        queue = _queue(service, arn)
        called = f"`{mapping.logical_id}`"
        yield Source(kind, mapping.properties, reader, queue, mapping, called, mapping.line)


def _queue(service: Service, node: Any) -> Resource | None:
    names = targets(node)
    return next((q for q in service.of_type("AWS::SQS::Queue") if q.logical_id in names), None)


def _kind(service: Service, arn: Any, mapping: Resource) -> str:
    """What a mapping reads: by what it refers to, or by what only streams have."""
    kinds = {
        "AWS::SQS::Queue": "SQS",
        "AWS::Kinesis::Stream": "Kinesis",
        "AWS::DynamoDB::Table": "DynamoDB",
        "AWS::DynamoDB::GlobalTable": "DynamoDB",
    }
    for name in sorted(targets(arn)):
        declared = service.resources.get(name)
        if declared and declared.type in kinds:
            return kinds[declared.type]
    # What is declared elsewhere is told by the properties that only it has.
    if any(mapping.get(key) for key in ELSE):
        return ""
    return "Kinesis" if mapping.get("StartingPosition") else "SQS"


def asynchronous(service: Service) -> list[Function]:
    """The functions that something invokes without waiting for what comes of it."""
    called: set[str] = set()
    for each in service.of_type("AWS::Lambda::Permission"):
        caller = str(each.get("Principal"))
        if caller.startswith(ASYNCHRONOUS_CALLERS):
            called |= targets(each.get("FunctionName"))
    for each in service.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        called |= targets([at(target, "Arn") for target in invoked(each)])
    for each in service.of_type("AWS::SNS::Subscription"):
        called |= targets(each.get("Endpoint"))
    return [
        each
        for each in service.functions
        if each.logical_id in called
        or any(event["Type"] in ASYNCHRONOUS for event in each.events.values())
    ]


def invoked(caller: Resource) -> list[Any]:
    """The targets of a rule or a schedule."""
    return [each for each in [*listed(caller.get("Targets")), caller.get("Target")] if each]


def invoke_configs(service: Service, function: Function) -> list[tuple[dict[str, Any], int]]:
    """What is said of a function's asynchronous invocations, in it or beside it, and where."""
    own = function.get("EventInvokeConfig")
    found = []
    if isinstance(own, dict):
        found.append((own, function.line_of("EventInvokeConfig")))
    for each in service.of_type("AWS::Lambda::EventInvokeConfig"):
        if function.logical_id in targets(each.get("FunctionName")):
            found.append((each.properties, each.line))
    return found


def failures_of(service: Service, function: Function) -> list[Any]:
    """Where a function's own failures go."""
    kept = [function.get("DeadLetterQueue"), function.get("DeadLetterConfig")]
    for config, _line in invoke_configs(service, function):
        kept.append(at(config, "DestinationConfig", "OnFailure"))
    return [each for each in kept if each]


def dead_letters(service: Service) -> set[str]:
    """The queues and topics that get what functions, queues, rules and topics gave up on."""
    kept: list[Any] = []
    for function in service.functions:
        kept += failures_of(service, function)
        for event in function.events.values():
            given = at(event, "Properties")
            kept += [at(given, "DeadLetterConfig"), at(given, "RedrivePolicy")]
    kept += [at(each.settings, "DestinationConfig", "OnFailure") for each in sources(service)]
    for each in service.of_type("AWS::SQS::Queue", "AWS::SNS::Subscription"):
        kept.append(each.get("RedrivePolicy"))
    for each in service.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        kept += [at(target, "DeadLetterConfig") for target in invoked(each)]
    return targets(kept)


def watched(service: Service) -> Iterator[tuple[Resource, str, str, set[str]]]:
    """What each alarm watches: the alarm, the namespace, the metric and the resources it is of.

    An alarm on versions of a function is none on the function.
    """
    for alarm in service.of_type("AWS::CloudWatch::Alarm"):
        metrics = [alarm.properties]
        for each in listed(alarm.get("Metrics")):
            metric = at(each, "MetricStat", "Metric")
            metrics += [metric] if isinstance(metric, dict) else []
        for metric in metrics:
            dimensions = listed(metric.get("Dimensions"))
            if any(at(each, "Name") == "ExecutedVersion" for each in dimensions):
                continue
            of = targets([at(each, "Value") for each in dimensions])
            of |= {name for each in dimensions for name in _called(service, alarm, each)}
            yield alarm, str(metric.get("Namespace")), str(metric.get("MetricName")), of


# What has the physical name that a dimension says, in the property that is called like it.
NAMED = {
    "FunctionName": ("AWS::Serverless::Function", "AWS::Lambda::Function"),
    "QueueName": ("AWS::SQS::Queue",),
}


def _called(service: Service, alarm: Resource, dimension: Any) -> Iterator[str]:
    """The resources that have, wherever the alarm is, the physical name that a dimension says."""
    key, value = at(dimension, "Name"), at(dimension, "Value")
    if targets(value) & service.resources.keys():
        return
    templates = [each for each in all_deployed(service, TEMPLATE).values() if exists(each, alarm)]
    said = [resolved(each, value) for each in templates]
    for resource in service.of_type(*NAMED.get(str(key), ())) if said and all(said) else ():
        if said == [resolved(each, resource.get(key)) for each in templates]:
            yield resource.logical_id

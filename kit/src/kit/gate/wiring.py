"""What invokes functions, and where events go that fail, as template.yaml wires them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.template import at, line_of, mapping_of, statements, strings

from .policies import listed, referenced_ids
from .resources import is_true
from .service import Function, Resource, Service

# Events by which a function answers HTTP.
HTTP_EVENTS = {"Api", "HttpApi"}
# Events of a function that come once, or whose sender waits for the answer.
ONCE = HTTP_EVENTS | {"AlexaSkill", "Cognito"}
# Resources that send events to a function, with the property that names it.
SENDERS = {
    "AWS::Lambda::EventSourceMapping": ("FunctionName",),
    "AWS::Events::Rule": ("Targets",),
    "AWS::Scheduler::Schedule": ("Target",),
    "AWS::SNS::Subscription": ("Endpoint",),
    "AWS::S3::Bucket": ("NotificationConfiguration", "LambdaConfigurations"),
    "AWS::Logs::SubscriptionFilter": ("DestinationArn",),
}
# Events that EventBridge delivers, and tries again; the first two are the same.
RETRYING = ("CloudWatchEvent", "EventBridgeRule", "Schedule", "ScheduleV2")
# Events that Lambda takes at once and handles later, and those that it fetches itself.
ASYNCHRONOUS = {*RETRYING, "CloudWatchLogs", "IoTRule", "S3", "SNS"}
STREAMS = {"DynamoDB", "Kinesis"}
POLLED = {"SQS", *STREAMS}
# Resources by which EventBridge invokes a function, and all that do so without waiting for it.
RULES = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")
SUBSCRIPTION, MAPPING = "AWS::SNS::Subscription", "AWS::Lambda::EventSourceMapping"
CALLERS = (*RULES, "AWS::Logs::SubscriptionFilter", SUBSCRIPTION)
SOURCES = {
    "AWS::DynamoDB::GlobalTable": "DynamoDB",
    "AWS::DynamoDB::Table": "DynamoDB",
    "AWS::Kinesis::Stream": "Kinesis",
    "AWS::SQS::Queue": "SQS",
}
# The property with the queue for what can't be delivered, and the protocols that programs read.
UNDELIVERED = {"EventBridge": "DeadLetterConfig", "SNS": "RedrivePolicy"}
PROGRAM_PROTOCOLS = {"firehose", "http", "https", "lambda", "sqs"}
# Only mappings of Kafka, of message brokers and of DocumentDB have these.
OTHERS = {"DocumentDBEventSourceConfig", "Queues", "SelfManagedEventSource", "Topics"}


@dataclass(frozen=True, eq=False)
class Source:
    """What calls a function: where Lambda reads records for it, or what delivers an event.

    Args:
        kind: SQS, DynamoDB, Kinesis; EventBridge, SNS; for other events the type that SAM has.
        settings: the properties of the mapping or the rule, or of the event in SAM's words.
        function: the function, if it is declared here.
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
    def batch_size(self) -> int:
        """How many records it brings at most; AWS's default where that is no number."""
        size = str(self.settings.get("BatchSize"))
        return int(size) if size.isdecimal() else 10 if self.kind == "SQS" else 100

    @property
    def is_single(self) -> bool:
        """Whether it brings one record at a time: such a batch fails whole, and waits for nothing."""
        return str(self.settings.get("BatchSize")) == "1"

    @property
    def is_fifo(self) -> bool:
        """Whether it is a queue that keeps an order."""
        if self.queue:
            return is_true(self.queue.get("FifoQueue"))
        names = [self.settings.get("EventSourceArn"), self.settings.get("Queue")]
        return any(text.endswith(".fifo") for text, _line in strings(names))


def callers(service: Service) -> Iterator[Source]:
    """Whatever calls a function: its events, and mappings, rules and subscriptions beside it."""
    for function in service.functions:
        for name, event in function.events.items():
            kind = "EventBridge" if event["Type"] in RETRYING else event["Type"]
            settings = mapping_of(event, "Properties")
            queue = _queue(service, settings.get("Queue")) if kind == "SQS" else None
            line = function.line_of("Events", name)
            title = f"`{name}` of `{function.logical_id}`"
            yield Source(kind, settings, function, queue, function, title, line)
    for rule in service.of_type(*RULES):
        for target in [*listed(rule.get("Targets")), *listed(rule.get("Target"))]:
            reader, title = _function(service, at(target, "Arn")), f"`{rule.logical_id}`"
            yield Source("EventBridge", target, reader, None, rule, title, rule.line)
    for resource in service.of_type(SUBSCRIPTION, MAPPING):
        settings, title = resource.properties, f"`{resource.logical_id}`"
        arn, kind = resource.get("EventSourceArn"), "SNS"
        if resource.type == SUBSCRIPTION:
            is_known = str(resource.get("Protocol")).lower() in PROGRAM_PROTOCOLS
        else:
            is_known = not OTHERS & settings.keys()
            kinds = [SOURCES.get(declared.type, "") for declared in _declared(service, arn)]
            kind = kinds[0] if kinds else "Kinesis" if "StartingPosition" in settings else "SQS"
        if is_known:
            reader = _function(service, resource.get("FunctionName") or resource.get("Endpoint"))
            queue = _queue(service, arn)
            yield Source(kind, settings, reader, queue, resource, title, resource.line)


def callers_of(service: Service, function: Function) -> list[Source]:
    """What calls that function."""
    return [source for source in callers(service) if source.function is function]


def sources(service: Service) -> Iterator[Source]:
    """Every queue and stream that a function reads."""
    return (source for source in callers(service) if source.kind in POLLED)


def deliveries(service: Service) -> Iterator[Source]:
    """Whatever EventBridge or SNS delivers, to functions and to others."""
    return (source for source in callers(service) if source.kind in UNDELIVERED)


def _declared(service: Service, node: Any) -> list[Resource]:
    """The resources of template.yaml that a part of it refers to."""
    return [
        service.resources[name] for name in sorted(referenced_ids(node) & service.resources.keys())
    ]


def _queue(service: Service, node: Any) -> Resource | None:
    declared = _declared(service, node)
    return next((resource for resource in declared if resource.type == "AWS::SQS::Queue"), None)


def _function(service: Service, node: Any) -> Function | None:
    declared = _declared(service, node)
    return next((resource for resource in declared if isinstance(resource, Function)), None)


def asynchronous(service: Service) -> list[Function]:
    """The functions that something invokes without waiting for the result."""
    invoked = referenced_ids([caller.properties for caller in service.of_type(*CALLERS)])
    return [
        function
        for function in service.functions
        if function.logical_id in invoked
        or any(event["Type"] in ASYNCHRONOUS for event in function.events.values())
    ]


def senders(service: Service, function: Function) -> set[str]:
    """The kinds of what sends events to a function and may send one twice: SQS, S3, Rule."""
    kinds = {event["Type"] for event in function.events.values()} - ONCE
    return kinds | {
        sender.type.rpartition("::")[2]
        for sender in service.of_type(*SENDERS)
        if function.logical_id in referenced_ids(sender.get(*SENDERS[sender.type]))
    }


def invoke_configs(service: Service, function: Function) -> list[dict[str, Any]]:
    """The settings of a function's asynchronous invocations, in it or beside it."""
    configs = [function.get("EventInvokeConfig")]
    for config in service.of_type("AWS::Lambda::EventInvokeConfig"):
        if function.logical_id in referenced_ids(config.get("FunctionName")):
            configs.append(config.properties)
    return [config for config in configs if isinstance(config, dict)]


def failures_of(service: Service, function: Function) -> list[Any]:
    """Where a function's own failures go."""
    kept = [function.get("DeadLetterQueue"), function.get("DeadLetterConfig")]
    for config in invoke_configs(service, function):
        kept.append(at(config, "DestinationConfig", "OnFailure"))
    return [node for node in kept if node]


def dead_letters(service: Service) -> set[str]:
    """The queues and topics that get what functions, queues, rules and topics gave up on."""
    kept: list[Any] = []
    for function in service.functions:
        kept += failures_of(service, function)
    kept += [at(source.settings, UNDELIVERED[source.kind]) for source in deliveries(service)]
    kept += [at(source.settings, "DestinationConfig", "OnFailure") for source in sources(service)]
    kept += [queue.get("RedrivePolicy") for queue in service.of_type("AWS::SQS::Queue")]
    return referenced_ids(kept)


def watched(service: Service) -> Iterator[tuple[Resource, str, str]]:
    """What alarms watch: the alarm, `<namespace> <metric>`, and the resource that it is about.

    An alarm on one version of a function is no alarm on the function, nor is one on too few errors.
    """
    for alarm in service.of_type("AWS::CloudWatch::Alarm"):
        if str(alarm.get("ComparisonOperator")).startswith("LessThan"):
            continue
        metrics = [at(query, "MetricStat", "Metric") for query in listed(alarm.get("Metrics"))]
        for metric in [alarm.properties, *metrics]:
            dimensions = listed(at(metric, "Dimensions"))
            if any(at(dimension, "Name") == "ExecutedVersion" for dimension in dimensions):
                continue
            name = f"{at(metric, 'Namespace')} {at(metric, 'MetricName')}"
            # Of a queue, !Ref is the URL: no metric has that.
            values = [
                at(dimension, "Value")
                for dimension in dimensions
                if at(dimension, "Name") != "QueueName" or not at(dimension, "Value", "Ref")
            ]
            ids = referenced_ids(values)
            # A physical name counts where the resource has it in the same words.
            for resource in service.of_type("AWS::Serverless::Function", "AWS::SQS::Queue"):
                if (resource.get("FunctionName") or resource.get("QueueName")) in values:
                    ids.add(resource.logical_id)
            yield from ((alarm, name, logical_id) for logical_id in ids)


def filled_by_services(service: Service) -> set[str]:
    """The logical ids of the queues and topics that services of AWS send to."""
    senders = [
        [alarm.get("AlarmActions"), alarm.get("OKActions")]
        for alarm in service.of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    ]
    senders += [subscription.get("Endpoint") for subscription in service.of_type(SUBSCRIPTION)]
    senders += [[at(t, "Arn") for t in listed(r.get("Targets"))] for r in service.of_type(RULES[0])]
    for policy in service.of_type("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        if any(at(statement, "Principal", "Service") for statement in statements(policy.body)):
            senders += [policy.get("Queues"), policy.get("Topics")]
    return referenced_ids(senders)

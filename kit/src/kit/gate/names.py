"""The physical names that template.yaml gives to resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.template import NAMES, at

from .environments import environments, exists, resolved
from .policies import referenced_ids
from .service import Resource, Service

# The properties with the names; NAMES of kit.template has those of the types that are here at first.
_NAMES = NAMES | {
    "AWS::ApiGateway::RestApi": ("Name",),
    "AWS::ApiGatewayV2::Api": ("Name",),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::Cognito::UserPool": ("UserPoolName",),
    "AWS::DynamoDB::GlobalTable": ("TableName",),
    "AWS::ECR::Repository": ("RepositoryName",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Kinesis::Stream": ("Name",),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamName",),
    "AWS::Lambda::LayerVersion": ("LayerName",),
    "AWS::Pipes::Pipe": ("Name",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::Scheduler::Schedule": ("Name",),
    "AWS::Serverless::Api": ("Name",),
    "AWS::Serverless::HttpApi": ("Name",),
    "AWS::Serverless::LayerVersion": ("LayerName",),
    "AWS::Serverless::SimpleTable": ("TableName",),
    "AWS::Serverless::StateMachine": ("Name",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
}
# What SAM makes of events of functions, and the property with its name.
_EVENTS = {
    "EventBridgeRule": ("AWS::Events::Rule", "RuleName"),
    "Schedule": ("AWS::Events::Rule", "Name"),
    "ScheduleV2": ("AWS::Scheduler::Schedule", "Name"),
}
# Their names are the business of IAM-07 and SEC-01.
_OTHERS = {"AWS::IAM::Role", "AWS::SecretsManager::Secret"}
# How many characters AWS allows in the names of a type, where that is fewer than 128.
LIMITS = {
    "AWS::Budgets::Budget": 100,
    "AWS::Events::Rule": 64,
    "AWS::Lambda::Function": 64,
    "AWS::S3::Bucket": 63,
    "AWS::SQS::Queue": 80,
    "AWS::Scheduler::Schedule": 64,
    "AWS::Scheduler::ScheduleGroup": 64,
    "AWS::Serverless::Function": 64,
    "AWS::Serverless::StateMachine": 80,
    "AWS::StepFunctions::StateMachine": 80,
}
# A rule on a bus of this stack, and a schedule in a group of it, need names only within that.
_PARENTS = {"AWS::Events::Rule": "EventBusName", "AWS::Scheduler::Schedule": "GroupName"}


@dataclass(frozen=True)
class Name:
    """A physical name.

    Args:
        resource: what has it.
        property: the property that says it: QueueName.
        node: what is written there.
        line: where that is.
        texts: what it comes to in each environment that has the resource, where that can be told.
        is_local: whether it need only be unique within a parent that this stack declares.
    """

    resource: Resource
    property: str
    node: Any
    line: int
    texts: dict[str, str]
    is_local: bool


def names(service: Service) -> Iterator[Name]:
    """Every physical name in template.yaml but those of roles and secrets."""
    templates = environments(service)
    named = [(each, _NAMES[each.type]) for each in service.of_type(*(_NAMES.keys() - _OTHERS))]
    for resource, path in (*named, *_of_events(service)):
        node = resource.get(*path)
        texts = {
            environment: str(text)
            for environment, template in templates.items()
            if exists(template, resource) and (text := resolved(template, node))
        }
        parents = referenced_ids(resource.get(_PARENTS.get(resource.type, "")))
        is_local = bool(parents & service.resources.keys())
        if texts:
            yield Name(resource, path[-1], node, resource.line_of(*path), texts, is_local)


def _of_events(service: Service) -> Iterator[tuple[Resource, tuple[str, ...]]]:
    """The rules and schedules that SAM makes of events, with the property that has their name."""
    for function in service.functions:
        for event, body in function.events.items():
            kind, key = _EVENTS.get(body["Type"], ("", ""))
            properties = at(body, "Properties")
            if kind and isinstance(properties, dict):
                logical_id = f"{function.logical_id}{event}"
                line = function.line_of("Events", event)
                yield Resource(logical_id, kind, body, properties, line), (key,)

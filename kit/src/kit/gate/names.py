"""The physical names that template.yaml gives to resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.template import NAMES

from .environments import environments, exists, resolved
from .policies import referenced_ids
from .service import Resource, Service

# The properties with the names; NAMES of kit.template has those of the types that are here at first.
_NAMES = NAMES | {
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::DynamoDB::GlobalTable": ("TableName",),
    "AWS::ECR::Repository": ("RepositoryName",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Kinesis::Stream": ("Name",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::Scheduler::Schedule": ("Name",),
    "AWS::Serverless::HttpApi": ("Name",),
    "AWS::Serverless::SimpleTable": ("TableName",),
    "AWS::Serverless::StateMachine": ("Name",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
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
    for resource in service.of_type(*(_NAMES.keys() - _OTHERS)):
        path = _NAMES[resource.type]
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

"""Where resources say their physical names, and what AWS demands of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.template import NAMES, at, references

from .service import Resource, Service


@dataclass(frozen=True)
class Kind:
    """What is known of the names of a type.

    Args:
        limit: the most characters that such a name may have.
        within: what a name must be unique in: "account", "world", or nothing.
        path: the property that has it.
    """

    limit: int
    within: str
    path: tuple[str, ...]


# Types that make the preflight's names, with the limits of their services.
_LIMITS = {
    "AWS::Budgets::Budget": 100,
    "AWS::CloudWatch::Alarm": 255,
    "AWS::DynamoDB::Table": 255,
    "AWS::Events::EventBus": 256,
    "AWS::IAM::Role": 64,
    "AWS::Lambda::Function": 64,
    "AWS::Logs::LogGroup": 512,
    "AWS::S3::Bucket": 63,
    "AWS::SNS::Topic": 256,
    "AWS::SQS::Queue": 80,
    "AWS::Scheduler::ScheduleGroup": 64,
    "AWS::SecretsManager::Secret": 512,
    "AWS::Serverless::Function": 64,
}
# Types that a service has not at first. APIs, user pools and such may share a name with others.
_OTHERS = {
    "AWS::ApiGateway::RestApi": Kind(128, "", ("Name",)),
    "AWS::ApiGatewayV2::Api": Kind(128, "", ("Name",)),
    "AWS::Athena::WorkGroup": Kind(128, "account", ("Name",)),
    "AWS::Backup::BackupVault": Kind(50, "account", ("BackupVaultName",)),
    "AWS::CloudWatch::CompositeAlarm": Kind(255, "account", ("AlarmName",)),
    "AWS::CloudWatch::Dashboard": Kind(255, "account", ("DashboardName",)),
    "AWS::CodeBuild::Project": Kind(255, "account", ("Name",)),
    "AWS::CodeDeploy::Application": Kind(100, "account", ("ApplicationName",)),
    "AWS::Cognito::UserPool": Kind(128, "", ("UserPoolName",)),
    "AWS::Cognito::UserPoolDomain": Kind(63, "account", ("Domain",)),
    "AWS::DynamoDB::GlobalTable": Kind(255, "account", ("TableName",)),
    "AWS::ECS::Cluster": Kind(255, "account", ("ClusterName",)),
    "AWS::ElastiCache::ReplicationGroup": Kind(40, "account", ("ReplicationGroupId",)),
    "AWS::ElastiCache::ServerlessCache": Kind(40, "account", ("ServerlessCacheName",)),
    "AWS::ECR::Repository": Kind(256, "account", ("RepositoryName",)),
    "AWS::Events::Rule": Kind(64, "account", ("Name",)),
    "AWS::IAM::ManagedPolicy": Kind(128, "account", ("ManagedPolicyName",)),
    "AWS::IAM::User": Kind(64, "account", ("UserName",)),
    "AWS::KMS::Alias": Kind(256, "account", ("AliasName",)),
    "AWS::Kinesis::Stream": Kind(128, "account", ("Name",)),
    "AWS::KinesisFirehose::DeliveryStream": Kind(64, "account", ("DeliveryStreamName",)),
    "AWS::Lambda::LayerVersion": Kind(140, "account", ("LayerName",)),
    "AWS::OpenSearchService::Domain": Kind(28, "account", ("DomainName",)),
    "AWS::Pipes::Pipe": Kind(64, "account", ("Name",)),
    "AWS::RDS::DBCluster": Kind(63, "account", ("DBClusterIdentifier",)),
    "AWS::RDS::DBInstance": Kind(63, "account", ("DBInstanceIdentifier",)),
    "AWS::SSM::Parameter": Kind(1011, "account", ("Name",)),
    "AWS::Scheduler::Schedule": Kind(64, "account", ("Name",)),
    "AWS::Serverless::Api": Kind(128, "", ("Name",)),
    "AWS::Serverless::HttpApi": Kind(128, "", ("Name",)),
    "AWS::Serverless::LayerVersion": Kind(140, "account", ("LayerName",)),
    "AWS::Serverless::SimpleTable": Kind(255, "account", ("TableName",)),
    "AWS::Serverless::StateMachine": Kind(80, "account", ("Name",)),
    "AWS::StepFunctions::StateMachine": Kind(80, "account", ("StateMachineName",)),
    "AWS::Synthetics::Canary": Kind(255, "account", ("Name",)),
    "AWS::WAFv2::WebACL": Kind(128, "account", ("Name",)),
}
_WORLDWIDE = {"AWS::S3::Bucket"}
KINDS: dict[str, Kind] = {
    **{
        kind: Kind(_LIMITS[kind], "world" if kind in _WORLDWIDE else "account", path)
        for kind, path in NAMES.items()
        if kind in _LIMITS
    },
    **_OTHERS,
}
# A rule on a bus of one's own, and a schedule in a group of one's own, are named within that.
PARENTS = {"AWS::Events::Rule": "EventBusName", "AWS::Scheduler::Schedule": "GroupName"}
# The same for what SAM makes of a function's events.
EVENTS = {
    "EventBridgeRule": ("AWS::Events::Rule", "RuleName"),
    "CloudWatchEvent": ("AWS::Events::Rule", "RuleName"),
    "Schedule": ("AWS::Events::Rule", "Name"),
    "ScheduleV2": ("AWS::Scheduler::Schedule", "Name"),
}


@dataclass(frozen=True)
class Name:
    """A physical name in template.yaml."""

    resource: Resource
    property: str
    kind: Kind
    node: Any
    line: int
    local: bool
    """Whether it needs to be unique only within a parent of this stack."""


def names(service: Service) -> Iterator[Name]:
    """Every physical name that template.yaml gives, to resources and by events of functions."""
    for resource in service.resources.values():
        kind = KINDS.get(resource.type)
        node = resource.get(*kind.path) if kind else None
        if kind and node is not None:
            parent = resource.get(PARENTS.get(resource.type, ""))
            line = resource.line_of(*kind.path)
            yield Name(resource, kind.path[-1], kind, node, line, _is_here(service, parent))
    for function in service.functions:
        for event, body in function.events.items():
            kind_name, key = EVENTS.get(body["Type"], ("", ""))
            node = at(body, "Properties", key)
            if kind_name and node is not None:
                parent = at(body, "Properties", PARENTS[kind_name])
                line = function.line_of("Events", event, "Properties", key)
                local = _is_here(service, parent)
                yield Name(function, key, KINDS[kind_name], node, line, local)


def _is_here(service: Service, parent: Any) -> bool:
    """Whether a parent is a resource of template.yaml; the bus `default` is the account's."""
    return any(each.target in service.resources for each in references(parent))

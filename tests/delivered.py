"""A rendered service's `delivery` package, imported, and its files as they come to in one account."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from aws import expand
from kit.template import Template, read

ACCOUNT = "111122223333"


def delivery(module: str) -> ModuleType:
    """A module of kit.delivery."""
    return importlib.import_module(f"kit.delivery.{module}")


def command(name: str, *arguments: str) -> int:
    """Run a command as `python .kit NAME` does; its exit code. Errors are raised."""
    module = importlib.import_module("kit.__main__").COMMANDS[name][0]
    code: int = delivery("command").call(name, module, [*arguments])
    return code


def infra(service: Path, environment: str, **parameters: str) -> Any:
    """infra/environment.yaml of a service in one environment: a Template."""
    named = delivery("service").Service(service, environment)
    owner, repository = named.repository.split("/")
    given = {
        "EnvironmentName": environment,
        "GitHubOwner": owner,
        "GitHubOwnerId": "1001",
        "GitHubRepository": repository,
        "GitHubRepositoryId": "2002",
        "Branch": named.branch,
        "CreateOidcProvider": "true",
        "TemplateVersion": "0",
    }
    pseudo = {
        "AWS::AccountId": ACCOUNT,
        "AWS::Region": named.region,
        "AWS::StackName": named.infra_stack,
        "AWS::Partition": "aws",
    }
    bucket = named.bucket(ACCOUNT)
    known = {
        "ArtifactBucket.Arn": f"arn:aws:s3:::{bucket}",
        "Boundary": named.arn(ACCOUNT, "policy", named.boundary),
        "ExecutionRole.Arn": named.arn(ACCOUNT, "role", named.execution_role),
        **{
            name: name
            for name in ("FunctionsPolicy", "DataPolicy", "EventsPolicy", "OperationsPolicy")
        },
    }
    text = (service / "infra" / "environment.yaml").read_text("utf-8")
    return Template(read(text), {**given, **parameters}, pseudo, known)


def arns(template: Any, region: str, stack: str) -> dict[str, str]:
    """The ARN of each resource of a stack; names that CloudFormation makes up begin with the stack."""
    found = {}
    for resource in template.resources():
        # As long names are cut: by CloudFormation, which says nowhere how (25 of each was seen).
        made_up = f"{stack}-{resource.logical_id}-A1B2C3D4E5F6"
        if len(made_up) > 64:
            made_up = f"{stack[:25]}-{resource.logical_id[:25]}-A1B2C3D4E5F6"
        name = resource.name or made_up
        service, rest = {
            "AWS::ApiGatewayV2::Api": ("apigateway", "/apis/a1b2c3"),
            # The evaluator's data mix up the stages of REST and HTTP APIs: the API stands for its stage.
            "AWS::ApiGatewayV2::Stage": ("apigateway", "/apis/a1b2c3"),
            "AWS::Budgets::Budget": ("budgets", f"budget/{name}"),
            "AWS::CloudWatch::Alarm": ("cloudwatch", f"alarm:{name}"),
            "AWS::CloudWatch::Dashboard": (
                "cloudwatch",
                f"dashboard/{template.resolve(resource.properties.get('DashboardName', ''))}",
            ),
            "AWS::CodeDeploy::Application": ("codedeploy", f"application:{name}"),
            "AWS::CodeDeploy::DeploymentGroup": (
                "codedeploy",
                f"deploymentgroup:{stack}-ServerlessDeploymentApplication-A1B2C3D4E5F6/{name}",
            ),
            "AWS::DynamoDB::Table": ("dynamodb", f"table/{name}"),
            "AWS::Events::EventBus": ("events", f"event-bus/{name}"),
            "AWS::IAM::Role": ("iam", f"role/{name}"),
            "AWS::Lambda::EventSourceMapping": (
                "lambda",
                "event-source-mapping:6f0b9c5e-0000-4000-8000-0123456789ab",
            ),
            "AWS::Lambda::Function": ("lambda", f"function:{name}"),
            "AWS::Logs::LogGroup": ("logs", f"log-group:{name}"),
            "AWS::S3::Bucket": ("s3", name),
            "AWS::SNS::Topic": ("sns", name),
            "AWS::SQS::Queue": ("sqs", name),
            "AWS::Scheduler::Schedule": (
                "scheduler",
                f"schedule/{stack}/{template.resolve(resource.properties.get('Name', ''))}",
            ),
            "AWS::Scheduler::ScheduleGroup": ("scheduler", f"schedule-group/{name}"),
        }.get(resource.type, ("", ""))
        if resource.type == "AWS::Events::Rule":
            bus = stack + "/" if "EventBusName" in resource.properties else ""
            service, rest = "events", f"rule/{bus}{made_up}"
        owner = {"apigateway": ":", "s3": "::"}.get(service, f":{ACCOUNT}")
        where = "" if service in ("budgets", "iam", "s3") or "dashboard/" in rest else region
        separator = "" if service == "s3" else ":"
        found[resource.logical_id] = (
            f"arn:aws:{service}:{where}{owner}{separator}{rest}" if service else ""
        )
    return found


def expanded(service: Path, environment: str) -> tuple[Any, dict[str, str]]:
    """What CloudFormation gets of a service in one environment: a Template, and its resources' ARNs."""
    named = delivery("service").Service(service, environment)
    known: dict[str, Any] = {}
    template = Template(expand(service), named.parameters, named.template(ACCOUNT).pseudo, known)
    by_id = arns(template, named.region, named.stack)
    types = {resource.logical_id: resource for resource in template.resources()}
    for logical_id, arn in by_id.items():
        known[f"{logical_id}.Arn"] = arn
        known[f"{logical_id}.QueueName"] = arn.rsplit(":", 1)[-1]
        known[f"{logical_id}.StreamArn"] = f"{arn}/stream/2026-01-02T03:04:05.678"
        known[f"{logical_id}.Version"] = "5"
        if types[logical_id].type == "AWS::SNS::Topic":
            known[logical_id] = arn
        elif not types[logical_id].name:
            known[logical_id] = arn.rsplit("/", 1)[-1] or logical_id
    for item in types.values():
        if item.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            function = by_id[item.properties["FunctionName"]["Ref"]]
            by_id[item.logical_id] = f"{function}:live" if "Alias" in item.type else f"{function}:5"
            known[item.logical_id] = by_id[item.logical_id]
    return template, by_id

"""Who may do what: the policies of infra/environment.yaml and template.yaml, evaluated as IAM would."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, SAMPLES, check
from delivered import ACCOUNT, delivery, expanded, infra

PERMISSIONS = yaml.safe_load((ROOT / "tests" / "permissions.yml").read_text("utf-8"))
OTHER = "444455556666"
Request = dict[str, Any]


@pytest.fixture(scope="module")
def service(rendered_samples: dict[str, Path]) -> Path:
    return rendered_samples["all-triggers"]


@pytest.fixture(scope="module", params=["dev", "prod"])
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def access(service: Path, environment: str) -> Access:
    return Access(service, environment)


class Access:
    """The roles of one environment, and what an evaluator of IAM policies says about them."""

    def __init__(self, service: Path, environment: str) -> None:
        self.named = delivery("service").Service(service, environment)
        self.template = infra(service, environment)
        self.resources = {each.logical_id: each for each in self.template.resources()}
        self.region = self.named.region

    def document(self, policy: str) -> Any:
        return self.template.resolve(self.resources[policy].properties["PolicyDocument"])

    @property
    def deploy(self) -> list[Any]:
        policies = self.template.resolve(self.resources["DeployRole"].properties["Policies"])
        return [each["PolicyDocument"] for each in policies]

    @property
    def execution(self) -> list[Any]:
        attached = self.resources["ExecutionRole"].properties["ManagedPolicyArns"]
        return [self.document(each["Ref"]) for each in attached]

    @property
    def trust(self) -> Any:
        role = self.resources["DeployRole"].properties
        return self.template.resolve(role["AssumeRolePolicyDocument"])

    def arn(self, service: str, rest: str, region: str | None = None) -> str:
        return f"arn:aws:{service}:{self.region if region is None else region}:{ACCOUNT}:{rest}"


def simulate(
    requests: list[Request], policies: list[Any], boundary: Any = None, resource_policy: Any = None
) -> list[str]:
    """What IAM says to each request: Allowed, or a kind of denial."""
    named = [{"name": str(number), "policy": each} for number, each in enumerate(policies)]
    simulations = [
        {
            "request": {
                "principal": f"arn:aws:iam::{ACCOUNT}:role/Tested",
                "account": ACCOUNT,
                "contextVariables": {},
                **request,
            },
            "identityPolicies": named,
            **({"permissionBoundaryPolicies": [{"name": "b", "policy": boundary}]} if boundary else {}),
            **({"resourcePolicy": resource_policy} if resource_policy else {}),
        }
        for request in requests
    ]
    printed = check("node", ROOT / "tests" / "simulate.mjs", cwd=ROOT, input=json.dumps(simulations))
    answers: list[str] = json.loads(printed.splitlines()[-1])
    return answers


def refused(requests: list[Request], *arguments: Any, **options: Any) -> list[str]:
    """The requests that are not allowed, readable."""
    answers = simulate(requests, *arguments, **options)
    return [
        f"{request['action']} on {request['resource']}: {answer}"
        for request, answer in zip(requests, answers, strict=True)
        if answer != "Allowed"
    ]


# ── CloudFormation's role can make everything that a service renders ──


def left_out(permission: str, kind: str) -> bool:
    return any(
        re.fullmatch(each["pattern"], permission) and kind in each.get("types", [kind])
        for each in PERMISSIONS["left_out"]
    )


def requests_for(template: Any, arns: dict[str, str], access: Access) -> Iterator[Request]:
    """What CloudFormation's handlers ask for, for each resource of a stack."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{access.named.stack}-SomeRole-A1B2C3"
    for each in template.resources():
        assert each.type in PERMISSIONS["handlers"], f"{each.type} is not in tests/permissions.yml"
        for permission in PERMISSIONS["handlers"][each.type]:
            if left_out(permission, each.type):
                continue
            context: dict[str, str] = {}
            resource = arns[each.logical_id]
            if permission == "iam:PassRole":
                resource = role
                context["iam:PassedToService"] = passed_to(each.type)
            elif permission.startswith("s3:GetObject"):
                resource = f"arn:aws:s3:::{access.named.bucket(ACCOUNT)}/{access.named.stack}/0a1b"
            elif each.type == "AWS::Lambda::EventSourceMapping":
                context["lambda:FunctionArn"] = template.resolve(each.properties["FunctionName"])
            elif each.type in ("AWS::Lambda::Permission", "AWS::Lambda::EventInvokeConfig"):
                resource = function_of(template, each, access)
            elif each.type == "AWS::IAM::Role":
                context["iam:PermissionsBoundary"] = template.resolve(
                    each.properties["PermissionsBoundary"]
                )
            elif each.type == "AWS::Logs::SubscriptionFilter":
                resource = arns[each.properties["LogGroupName"]["Ref"]]
            elif each.type in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
                key = "Queues" if "SQS" in each.type else "Topics"
                resource = arns[each.properties[key][0]["Ref"]]
            elif each.type == "AWS::S3::BucketPolicy":
                resource = arns[each.properties["Bucket"]["Ref"]]
            elif each.type == "AWS::SNS::Subscription":
                resource = template.resolve(each.properties["TopicArn"])
            elif permission == "scheduler:DeleteSchedule":
                resource = access.arn("scheduler", f"schedule/{access.named.stack}/any")
            elif permission.startswith("codedeploy:GetDeploymentConfig"):
                resource = access.arn("codedeploy", "deploymentconfig:CodeDeployDefault.LambdaAllAtOnce")
            elif each.type == "AWS::Lambda::Alias" and permission.startswith("codedeploy:"):
                group = next(arn for arn in arns.values() if ":deploymentgroup:" in arn)
                resource = group
            if permission.endswith("ApplicationRevision"):
                resource = next(arn for arn in arns.values() if ":application:" in arn)
            if "log-group:" in resource:
                resource += ":*"
            if permission == "iam:AttachRolePolicy":
                for policy in each.properties.get("ManagedPolicyArns", []):
                    yield {
                        "action": permission,
                        "resource": resource,
                        "contextVariables": {**context, "iam:PolicyARN": template.resolve(policy)},
                    }
                continue
            yield {"action": permission, "resource": resource, "contextVariables": context}


def passed_to(kind: str) -> str:
    return {
        "AWS::Lambda::Function": "lambda.amazonaws.com",
        "AWS::Scheduler::Schedule": "scheduler.amazonaws.com",
        "AWS::CodeDeploy::DeploymentGroup": "codedeploy.amazonaws.com",
    }[kind]


def function_of(template: Any, resource: Any, access: Access) -> str:
    name = str(template.resolve(resource.properties["FunctionName"]))
    return name if name.startswith("arn:") else access.arn("lambda", f"function:{name}")


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_cloudformation_may_make_every_resource(
    rendered_samples: dict[str, Path], name: str, environment: str
) -> None:
    """IAM-04, IAM-05."""
    access = Access(rendered_samples[name], environment)
    requests = list(requests_for(*expanded(rendered_samples[name], environment), access))
    assert len(requests) > 100
    assert refused(requests, access.execution) == []

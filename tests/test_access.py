"""Who may do what: the policies of infra/environment.yaml and template.yaml, evaluated as IAM would."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT, SAMPLES, check, run
from delivered import ACCOUNT, delivery, expanded, infra

PERMISSIONS = yaml.safe_load((ROOT / "tests" / "permissions.yml").read_text("utf-8"))
ISSUER = "token.actions.githubusercontent.com"
Request = dict[str, Any]
# Whoever shows a token needs no policy; the evaluator asks for one.
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


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
        self.resources = {resource.logical_id: resource for resource in self.template.resources()}
        self.region = self.named.region

    def document(self, policy: str) -> Any:
        return self.template.resolve(self.resources[policy].properties["PolicyDocument"])

    @property
    def deploy(self) -> list[Any]:
        policies = self.template.resolve(self.resources["DeployRole"].properties["Policies"])
        return [*[policy["PolicyDocument"] for policy in policies], *self.attached("DeployRole")]

    @property
    def execution(self) -> list[Any]:
        return self.attached("ExecutionRole")

    def attached(self, role: str) -> list[Any]:
        attached = self.resources[role].properties["ManagedPolicyArns"]
        return [self.document(item["Ref"]) for item in attached]

    @property
    def trust(self) -> Any:
        role = self.resources["DeployRole"].properties
        return self.template.resolve(role["AssumeRolePolicyDocument"])

    @property
    def simulated_trust(self) -> Any:
        """The trust with each claim as a tag of the caller: the evaluator knows not all claims."""
        return json.loads(json.dumps(self.trust).replace(f'"{ISSUER}:', '"aws:PrincipalTag/'))

    def arn(self, service: str, rest: str, region: str | None = None) -> str:
        return f"arn:aws:{service}:{self.region if region is None else region}:{ACCOUNT}:{rest}"


def simulation(
    request: Request, policies: list[Any], boundary: Any = None, resource_policy: Any = None
) -> dict[str, Any]:
    """A request to some role with these policies, as the evaluator takes it."""
    named = [{"name": str(number), "policy": each} for number, each in enumerate(policies)]
    return {
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


def evaluate(simulations: list[dict[str, Any]]) -> list[str]:
    """What IAM says to each: Allowed, or a kind of denial."""
    printed = check(
        "node", ROOT / "tests" / "simulate.mjs", cwd=ROOT, stdin=json.dumps(simulations)
    )
    answers: list[str] = json.loads(printed.splitlines()[-1])
    return answers


def simulate(requests: list[Request], *arguments: Any, **options: Any) -> list[str]:
    """What IAM says to each request with the same policies."""
    return evaluate([simulation(item, *arguments, **options) for item in requests])


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
        re.fullmatch(item["pattern"], permission) and kind in item.get("types", [kind])
        for item in PERMISSIONS["left_out"]
    )


def requests_for(template: Any, arns: dict[str, str], access: Access) -> Iterator[Request]:
    """What CloudFormation's handlers ask for, for each resource of a stack."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{access.named.stack}-SomeRole-A1B2C3"
    for item in template.resources():
        assert item.type in PERMISSIONS["handlers"], f"{item.type} is not in tests/permissions.yml"
        for permission in PERMISSIONS["handlers"][item.type]:
            if left_out(permission, item.type):
                continue
            context: dict[str, str] = {}
            resource = arns[item.logical_id]
            if permission == "iam:PassRole":
                resource = role
                context["iam:PassedToService"] = passed_to(item.type)
            elif permission.startswith("s3:GetObject"):
                resource = f"arn:aws:s3:::{access.named.bucket(ACCOUNT)}/{access.named.stack}/0a1b"
            elif item.type == "AWS::Lambda::EventSourceMapping":
                context["lambda:FunctionArn"] = template.resolve(item.properties["FunctionName"])
            elif item.type in ("AWS::Lambda::Permission", "AWS::Lambda::EventInvokeConfig"):
                resource = function_of(template, item, access)
            elif item.type == "AWS::IAM::Role":
                context["iam:PermissionsBoundary"] = template.resolve(
                    item.properties["PermissionsBoundary"]
                )
            elif item.type in ("AWS::Logs::MetricFilter", "AWS::Logs::SubscriptionFilter"):
                resource = arns[item.properties["LogGroupName"]["Ref"]]
            elif item.type in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
                key = "Queues" if "SQS" in item.type else "Topics"
                resource = arns[item.properties[key][0]["Ref"]]
            elif item.type == "AWS::S3::BucketPolicy":
                resource = arns[item.properties["Bucket"]["Ref"]]
            elif item.type == "AWS::SNS::Subscription":
                resource = template.resolve(item.properties["TopicArn"])
            elif permission == "scheduler:DeleteSchedule":
                resource = access.arn("scheduler", f"schedule/{access.named.stack}/any")
            elif permission.startswith("codedeploy:GetDeploymentConfig"):
                resource = access.arn(
                    "codedeploy", "deploymentconfig:CodeDeployDefault.LambdaAllAtOnce"
                )
            elif item.type == "AWS::Lambda::Alias" and permission.startswith("codedeploy:"):
                group = next(arn for arn in arns.values() if ":deploymentgroup:" in arn)
                resource = group
            if permission.endswith("ApplicationRevision"):
                resource = next(arn for arn in arns.values() if ":application:" in arn)
            if "log-group:" in resource:
                resource += ":*"
            if permission == "iam:AttachRolePolicy":
                for policy in item.properties.get("ManagedPolicyArns", []):
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


@pytest.mark.parametrize(
    ("statement", "actions", "resource"),
    [
        ("ApisHaveNoNarrowerScope", {"DELETE", "GET", "PATCH", "POST", "PUT"}, "/apis/*"),
        (
            "Functions",
            {"DeleteProvisionedConcurrencyConfig", "Get*", "PutProvisionedConcurrencyConfig"},
            "function:warehouse-*-dev:*",
        ),
    ],
)
def test_what_the_evaluator_does_not_know(
    service: Path, statement: str, actions: set[str], resource: str
) -> None:
    access = Access(service, "dev")
    (found,) = [
        item
        for document in access.execution
        for item in document["Statement"]
        if item["Sid"] == statement
    ]
    assert actions <= {action.split(":")[1] for action in found["Action"]}
    assert any(item.endswith(resource) for item in found["Resource"])


def test_a_resource_without_its_permissions_is_noticed(service: Path, access: Access) -> None:
    """What a new type needs has to be in tests/permissions.yml and in the execution role."""
    template, by_id = expanded(service, access.named.environment)
    template.data["Resources"]["New"] = {"Type": "AWS::SSM::Parameter", "Properties": {}}
    by_id["New"] = access.arn("ssm", "parameter/warehouse/new-dev")
    with pytest.raises(AssertionError, match="AWS::SSM::Parameter is not in"):
        list(requests_for(template, by_id, access))
    PERMISSIONS["handlers"]["AWS::SSM::Parameter"] = ["ssm:PutParameter"]
    try:
        requests = list(requests_for(template, by_id, access))
    finally:
        del PERMISSIONS["handlers"]["AWS::SSM::Parameter"]
    assert len(refused(requests, access.execution)) == 1


def form(arn: str) -> tuple[str, int, int]:
    """What ARNs of the same form have alike: the kind of resource, and how many parts."""
    kind = arn.split(":", 5)[-1]
    return re.split("[:/]", kind)[0], arn.count(":"), arn.count("/")


def without_each(documents: list[Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Each action that policies allow, with its statement's id, and the policies without it."""
    for document in documents:
        others = [item for item in documents if item is not document]
        for statement in document["Statement"]:
            if statement["Effect"] != "Allow":
                continue
            actions = statement["Action"]
            actions = actions if isinstance(actions, list) else [actions]
            for action in actions:
                left = [item for item in actions if item != action]
                rest = [item for item in document["Statement"] if item is not statement]
                rest += [{**statement, "Action": left}] if left else []
                yield statement["Sid"], action, [*others, {**document, "Statement": rest}]


def test_no_permission_is_there_for_nothing(service: Path) -> None:
    """Without any one action of its policies CloudFormation could not make this service, but for
    those that no list of a handler has, each with its reason in tests/permissions.yml."""
    access = Access(service, "dev")
    # One resource of each form is enough.
    every = requests_for(*expanded(service, "dev"), access)
    requests = {(item["action"], form(item["resource"])): item for item in every}.values()
    cases = [
        (f"{sid} {action}", simulation(request, policies))
        for sid, action, policies in without_each(access.execution)
        for request in requests
        if fnmatch(request["action"], action)
    ]
    answers = evaluate([asked for _what, asked in cases])
    needed = {
        what for (what, _asked), answer in zip(cases, answers, strict=True) if answer != "Allowed"
    }
    every_one = {f"{sid} {action}" for sid, action, _policies in without_each(access.execution)}
    reasons = [handler["pattern"] for handler in PERMISSIONS["beyond_handlers"]]
    unused = every_one - needed
    assert {item for item in unused if not any(re.fullmatch(r, item) for r in reasons)} == set()
    assert [r for r in reasons if not any(re.fullmatch(r, item) for item in unused)] == []


def test_policies_fit_into_iam(rendered_samples: dict[str, Path]) -> None:
    """6,144 characters in a managed policy, 10,240 in a role's own, with the longest name."""
    access = Access(rendered_samples["everything"], "prod")
    assert len(access.named.name) == 19
    for name in ("FunctionsPolicy", "DataPolicy", "EventsPolicy", "OperationsPolicy", "Boundary"):
        assert len(json.dumps(access.document(name), separators=(",", ":"))) <= 6144, name
    assert len(json.dumps(access.deploy[0], separators=(",", ":"))) <= 10240


# ── What nobody may do ──


def request(action: str, resource: str, **context: str) -> Request:
    names = {name.replace("__", ":"): value for name, value in context.items()}
    return {"action": action, "resource": resource, "contextVariables": names}


def forbidden_to_cloudformation(access: Access) -> list[Request]:
    """Acts of the execution role that would reach out of this service and environment."""
    here = access.named.environment
    there = "prod" if here == "dev" else "dev"
    bucket = access.named.bucket(ACCOUNT)
    role = access.named.arn(ACCOUNT, "role", f"{access.named.stack}-X-A1")
    boundary = access.named.arn(ACCOUNT, "policy", access.named.boundary)
    bounded = {"iam__PermissionsBoundary": boundary}
    iam = access.named.arn
    return [
        # another environment
        request(
            "lambda:UpdateFunctionCode", access.arn("lambda", f"function:warehouse-shop-{there}")
        ),
        request("dynamodb:DeleteTable", access.arn("dynamodb", f"table/warehouse-{there}")),
        request("s3:DeleteBucket", f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-{there}"),
        request("sqs:DeleteQueue", access.arn("sqs", f"warehouse-worker-{there}")),
        request(
            "logs:DeleteLogGroup",
            access.arn("logs", f"log-group:/aws/lambda/warehouse-shop-{there}"),
        ),
        request("iam:PutRolePolicy", iam(ACCOUNT, "role", f"warehouse-{there}-X-A1"), **bounded),
        # another service, another Region
        request("lambda:UpdateFunctionCode", access.arn("lambda", f"function:orders-app-{here}")),
        request("dynamodb:DeleteTable", access.arn("dynamodb", f"table/orders-{here}")),
        request("iam:DeleteRole", iam(ACCOUNT, "role", f"orders-{here}-X-A1")),
        request(
            "lambda:DeleteFunction",
            access.arn("lambda", f"function:warehouse-shop-{here}", "eu-west-1"),
        ),
        # a role without the boundary, or with another, or rid of it
        request("iam:CreateRole", role),
        request(
            "iam:CreateRole",
            role,
            iam__PermissionsBoundary=iam("aws", "policy", "AdministratorAccess"),
        ),
        request("iam:PutRolePolicy", role),
        request(
            "iam:PutRolePermissionsBoundary",
            role,
            iam__PermissionsBoundary=iam("aws", "policy", "Any"),
        ),
        request("iam:DeleteRolePermissionsBoundary", role, **bounded),
        # administrator's policies, other roles, other services' hands
        request(
            "iam:AttachRolePolicy",
            role,
            **bounded,
            iam__PolicyARN="arn:aws:iam::aws:policy/AdministratorAccess",
        ),
        request("iam:PassRole", role, iam__PassedToService="ec2.amazonaws.com"),
        request(
            "iam:PassRole",
            iam(ACCOUNT, "role", "Administrator"),
            iam__PassedToService="lambda.amazonaws.com",
        ),
        request("iam:CreateUser", iam(ACCOUNT, "user", "somebody")),
        request("iam:CreateAccessKey", iam(ACCOUNT, "user", "somebody")),
        request("sts:AssumeRole", iam(ACCOUNT, "role", "Administrator")),
        # what holds itself back
        request("iam:PutRolePolicy", iam(ACCOUNT, "role", access.named.execution_role), **bounded),
        request("iam:UpdateAssumeRolePolicy", iam(ACCOUNT, "role", access.named.deploy_role)),
        request("iam:CreatePolicyVersion", boundary),
        request("s3:PutBucketPolicy", f"arn:aws:s3:::{bucket}"),
        request("s3:DeleteBucket", f"arn:aws:s3:::{bucket}"),
        # data, secrets and code
        request("dynamodb:GetItem", access.arn("dynamodb", f"table/warehouse-{here}")),
        request("s3:GetObject", f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-{here}/scan.pdf"),
        request("s3:PutObject", f"arn:aws:s3:::{bucket}/warehouse-{here}/0a1b"),
        request(
            "secretsmanager:GetSecretValue",
            access.arn("secretsmanager", f"secret:warehouse/carrier-key-{here}-AbCdEf"),
        ),
        request("lambda:InvokeFunction", access.arn("lambda", f"function:warehouse-shop-{here}")),
        request(
            "lambda:CreateEventSourceMapping",
            "*",
            lambda__FunctionArn=access.arn("lambda", f"function:orders-app-{here}:live"),
        ),
    ]


def forbidden_to_github(access: Access) -> list[Request]:
    """Acts of the deploy role beyond handing this service's change sets to CloudFormation."""
    here = access.named.environment
    there = "prod" if here == "dev" else "dev"
    stack = access.arn("cloudformation", f"stack/{access.named.stack}/0a1b")
    execution = access.named.arn(ACCOUNT, "role", access.named.execution_role)
    other = access.named.arn(ACCOUNT, "role", f"warehouse-cloudformation-{there}")
    bucket = access.named.bucket(ACCOUNT)
    return [
        request("cloudformation:CreateChangeSet", stack),
        request("cloudformation:CreateChangeSet", stack, cloudformation__RoleArn=other),
        request("cloudformation:CreateStack", stack, cloudformation__RoleArn=execution),
        request("cloudformation:UpdateStack", stack, cloudformation__RoleArn=execution),
        request("cloudformation:DeleteStack", stack, cloudformation__RoleArn=execution),
        request(
            "cloudformation:CreateChangeSet",
            access.arn("cloudformation", f"stack/warehouse-{there}/0a1b"),
            cloudformation__RoleArn=execution,
        ),
        request(
            "cloudformation:ExecuteChangeSet",
            access.arn("cloudformation", f"stack/warehouse-infra-{here}/0a1b"),
        ),
        request(
            "cloudformation:ExecuteChangeSet",
            access.arn("cloudformation", f"stack/orders-{here}/0a1b"),
        ),
        request("iam:PassRole", execution, iam__PassedToService="lambda.amazonaws.com"),
        request("iam:PassRole", other, iam__PassedToService="cloudformation.amazonaws.com"),
        request("iam:PutRolePolicy", access.named.arn(ACCOUNT, "role", access.named.deploy_role)),
        request(
            "iam:UpdateAssumeRolePolicy",
            access.named.arn(ACCOUNT, "role", access.named.deploy_role),
        ),
        request("sts:AssumeRole", execution),
        request(
            "lambda:UpdateFunctionCode", access.arn("lambda", f"function:warehouse-shop-{here}")
        ),
        request("lambda:InvokeFunction", access.arn("lambda", f"function:warehouse-shop-{here}")),
        request("dynamodb:GetItem", access.arn("dynamodb", f"table/warehouse-{here}")),
        request(
            "secretsmanager:GetSecretValue",
            access.arn("secretsmanager", f"secret:warehouse/carrier-key-{here}-AbCdEf"),
        ),
        request("s3:GetObject", f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-{here}/scan.pdf"),
        request("s3:PutObject", f"arn:aws:s3:::{bucket}/warehouse-{there}/0a1b"),
        request("s3:DeleteObject", f"arn:aws:s3:::{bucket}/warehouse-{here}/0a1b"),
        request("s3:PutBucketPolicy", f"arn:aws:s3:::{bucket}"),
    ]


def allowed(requests: list[Request], *arguments: Any, **options: Any) -> list[str]:
    """The requests that are allowed, or that the evaluator does not understand."""
    answers = simulate(requests, *arguments, **options)
    return [
        f"{each['action']} on {each['resource']}: {answer}"
        for each, answer in zip(requests, answers, strict=True)
        if answer not in ("ImplicitlyDenied", "ExplicitlyDenied")
    ]


def test_cloudformation_may_do_nothing_else(access: Access) -> None:
    """IAM-04, IAM-05."""
    assert allowed(forbidden_to_cloudformation(access), access.execution) == []


def test_github_may_do_nothing_but_hand_over_change_sets(access: Access) -> None:
    """IAM-05."""
    assert allowed(forbidden_to_github(access), access.deploy) == []


def test_an_act_too_many_is_noticed(access: Access) -> None:
    """The lists above can fail."""
    for acts in (forbidden_to_cloudformation(access), forbidden_to_github(access)):
        assert len(allowed(acts, [ANYTHING])) == len(acts)


def test_github_may_deploy(access: Access) -> None:
    """What `sam deploy`, the preflight and what comes after a deployment call."""
    here = access.named.environment
    stack = access.arn("cloudformation", f"stack/{access.named.stack}/0a1b")
    execution = access.named.arn(ACCOUNT, "role", access.named.execution_role)
    bucket = f"arn:aws:s3:::{access.named.bucket(ACCOUNT)}"
    follow = (
        "DescribeChangeSet DescribeEvents DescribeStackEvents DescribeStackResources DescribeStacks"
    )
    follow += " ExecuteChangeSet GetTemplate GetTemplateSummary ListStackResources"
    requests = [
        request("cloudformation:CreateChangeSet", stack, cloudformation__RoleArn=execution),
        *[request(f"cloudformation:{action}", stack) for action in follow.split()],
        request("iam:PassRole", execution, iam__PassedToService="cloudformation.amazonaws.com"),
        request("s3:PutObject", f"{bucket}/{access.named.stack}/0a1b.template"),
        request("s3:GetObject", f"{bucket}/{access.named.stack}/0a1b.template"),
        request("s3:PutObjectTagging", f"{bucket}/{access.named.stack}/0a1b.template"),
        request("s3:DeleteObjectTagging", f"{bucket}/{access.named.stack}/0a1b.template"),
        request("s3:ListBucket", bucket),
        request("s3:GetBucketLocation", bucket),
        request(
            "cloudformation:DescribeStacks",
            access.arn("cloudformation", f"stack/{access.named.infra_stack}/0a1b"),
        ),
        request("iam:GetRole", execution),
        request("iam:GetOpenIDConnectProvider", access.named.arn(ACCOUNT, "oidc-provider", ISSUER)),
        request("lambda:GetAccountSettings", "*"),
        request(
            "secretsmanager:DescribeSecret",
            access.arn("secretsmanager", f"secret:warehouse/carrier-key-{here}-AbCdEf"),
        ),
        request("dynamodb:DescribeTable", access.arn("dynamodb", f"table/warehouse-{here}")),
        request("sqs:GetQueueUrl", access.arn("sqs", f"warehouse-worker-{here}")),
        request("s3:ListBucket", f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-{here}"),
        request(
            "lambda:GetFunctionConfiguration",
            access.arn("lambda", f"function:warehouse-shop-{here}"),
        ),
        request("sns:ListSubscriptionsByTopic", access.arn("sns", f"warehouse-alarms-{here}")),
        request(
            "cloudwatch:DescribeAlarms",
            access.arn("cloudwatch", f"alarm:warehouse-shop-errors-{here}"),
        ),
        request("events:DescribeEventBus", access.arn("events", f"event-bus/warehouse-{here}")),
        request("logs:DescribeLogGroups", "*"),
    ]
    assert refused(requests, access.deploy) == []
    # The evaluator knows no ARNs of transforms.
    transform = f"arn:aws:cloudformation:{access.region}:aws:transform/Serverless-2016-10-31"
    allow = {"Effect": "Allow", "Action": "cloudformation:CreateChangeSet", "Resource": transform}
    assert {"Sid": "ExpandSam", **allow} in access.deploy[0]["Statement"]


# ── The boundary ──


def statements(documents: list[Any]) -> Iterator[Request]:
    """A request for each action and resource of policies that allow something."""
    for document in documents:
        for statement in document["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            for action in actions if isinstance(actions, list) else [actions]:
                # The evaluator can't tell an alias from a version, and knows no resource for the
                # answer of a hook, where AWS's own examples name the deployment group.
                if re.search("ProvisionedConcurrency|PutLifecycleEventHook", action):
                    continue
                for resource in resources if isinstance(resources, list) else [resources]:
                    exact = resource.replace("??????", "AbCdEf").replace("/*", "/key")
                    yield request(action, exact.replace("*", "x") if exact != "*" else exact)


def test_no_role_of_a_service_exceeds_the_boundary(service: Path, access: Access) -> None:
    """What a role of template.yaml allows, its boundary allows too: or it would never work."""
    template, _arns = expanded(service, access.named.environment)
    boundary = access.document("Boundary")
    roles = [resource for resource in template.resources() if resource.type == "AWS::IAM::Role"]
    assert len(roles) > 15
    requests = []
    for role in roles:
        assert template.resolve(role.properties["PermissionsBoundary"]).endswith(
            access.named.boundary
        )
        policies = [prop["PolicyDocument"] for prop in role.properties.get("Policies", [])]
        for policy in policies:
            requests += list(statements([template.resolve(policy)]))
    logs = access.arn(
        "logs", f"log-group:/aws/lambda/warehouse-shop-{access.named.environment}:log-stream:a"
    )
    requests += [request(f"logs:{action}", logs) for action in ("CreateLogStream", "PutLogEvents")]
    assert refused(requests, [boundary]) == []


def test_the_boundary_holds_back_a_role_that_allows_everything(access: Access) -> None:
    here = access.named.environment
    there = "prod" if here == "dev" else "dev"
    requests = [
        request("iam:CreateRole", access.named.arn(ACCOUNT, "role", "x")),
        request("sts:AssumeRole", access.named.arn(ACCOUNT, "role", "Administrator")),
        request(
            "secretsmanager:GetSecretValue",
            access.arn("secretsmanager", f"secret:warehouse/carrier-key-{there}-AbCdEf"),
        ),
        request(
            "secretsmanager:GetSecretValue",
            access.arn("secretsmanager", f"secret:orders/key-{here}-AbCdEf"),
        ),
        request("dynamodb:GetItem", access.arn("dynamodb", f"table/warehouse-{there}")),
        request(
            "lambda:UpdateFunctionCode", access.arn("lambda", f"function:warehouse-shop-{here}")
        ),
        request(
            "s3:PutObject", f"arn:aws:s3:::{access.named.bucket(ACCOUNT)}/warehouse-{here}/0a1b"
        ),
    ]
    assert allowed(requests, [ANYTHING], boundary=access.document("Boundary")) == []


# ── What names match that are somebody else's ──

# What separates a name from what is within it. Elsewhere a name is a whole, with whatever in it, and
# what ends in the environment is of that environment.
SEPARATORS = {"dynamodb": "/", "events": "/", "lambda": ":", "logs": ":", "s3": "/"}
WHOLE_NAMES = re.compile(":(cloudwatch|secretsmanager|sns|sqs):|:event-bus/")


def others(pattern: str, here: str) -> Iterator[str]:
    """ARNs of another environment, account or whoever, that a pattern matches: with a separator for a
    `*` before which the pattern does not say whose it is."""
    there = "prod" if here == "dev" else "dev"
    foreign = f"x-{there}", f"x-{ACCOUNT}-{there}", f"x-444455556666-{here}x", "x"
    prefix, _, name = pattern.partition("warehouse-")
    for found in re.finditer(r"\*", name):
        before, after = name[: found.start()], name[found.end() :].replace("?", "A")
        if re.search(f"(^|-){here}[-/:]", before):
            continue
        for separator in SEPARATORS.get(pattern.split(":")[2], "/:"):
            for middle in foreign:
                start = f"{prefix}warehouse-{before}{middle}{separator}"
                for within in ("y", f"index{separator}y"):
                    yield (start + within + after).replace("*", "z")


def of_others(documents: list[Any], here: str) -> Iterator[Request]:
    """A request for each action of policies, on what is somebody else's and matches all the same."""
    for document in documents:
        for statement in document["Statement"]:
            if statement["Effect"] != "Allow":
                continue
            patterns = statement["Resource"]
            for pattern in patterns if isinstance(patterns, list) else [patterns]:
                if pattern == "*" or WHOLE_NAMES.search(pattern):
                    continue
                actions = statement["Action"]
                for action in actions if isinstance(actions, list) else [actions]:
                    for arn in others(pattern, here):
                        yield request(EXAMPLES.get(str(action), str(action)), arn)


# One of the actions that those with a `*` stand for.
EXAMPLES = {
    "codedeploy:Get*": "codedeploy:GetDeploymentGroup",
    "codedeploy:List*": "codedeploy:ListDeployments",
    "dynamodb:Describe*": "dynamodb:DescribeTable",
    "lambda:Get*": "lambda:GetAlias",
    "lambda:List*": "lambda:ListAliases",
    "s3:GetBucket*": "s3:GetBucketAcl",
}


def without_fences(documents: list[Any]) -> list[Any]:
    return [
        {**item, "Statement": [one for one in item["Statement"] if one["Effect"] == "Allow"]}
        for item in documents
    ]


@pytest.mark.parametrize("who", ["execution", "deploy", "boundary"])
def test_no_name_reaches_across_a_separator(access: Access, who: str) -> None:
    """IAM's `*` crosses `/` and `:`. Without the fences some of these acts are allowed; with them,
    none. The ARNs are made from the policies, so a new pattern is tried without being listed."""
    documents = [access.document("Boundary")] if who == "boundary" else getattr(access, who)
    requests = list(of_others(documents, access.named.environment))
    assert len(requests) > 100
    opened = simulate(requests, without_fences(documents))
    crossing = [r for r, answer in zip(requests, opened, strict=True) if answer == "Allowed"]
    assert len(crossing) > 3
    assert allowed(crossing, documents) == []


@pytest.mark.parametrize(
    ("action", "here", "elsewhere"),
    [
        (
            "s3:GetObject",
            f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-<here>/a/b-<there>/c",
            [
                f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-<there>/x-{ACCOUNT}-<here>/anything",
                f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-<there>/x-{ACCOUNT}-<here>",
                f"arn:aws:s3:::warehouse-legacy/x-{ACCOUNT}-<here>/anything",
                f"arn:aws:s3:::warehouse-scans-444455556666-<here>/x-{ACCOUNT}-<here>/anything",
                f"arn:aws:s3:::orders-files-{ACCOUNT}-<here>/warehouse-x-{ACCOUNT}-<here>/anything",
            ],
        ),
        (
            "dynamodb:Query",
            "arn:aws:dynamodb:<region>:<account>:table/warehouse-items-<here>/index/by-status",
            [
                "arn:aws:dynamodb:<region>:<account>:table/warehouse-items-<there>/index/x-<here>",
                "arn:aws:dynamodb:<region>:<account>:table/warehouse-<there>/index/x-<here>",
                "arn:aws:dynamodb:<region>:444455556666:table/warehouse-items-<here>",
                "arn:aws:dynamodb:<region>:<account>:table/orders-warehouse-x-<here>",
            ],
        ),
        (
            "lambda:InvokeFunction",
            "arn:aws:lambda:<region>:<account>:function:warehouse-shop-<here>:live",
            [
                "arn:aws:lambda:<region>:<account>:function:warehouse-shop-<there>:x-<here>",
                "arn:aws:lambda:<region>:<account>:function:warehouse-shop-<there>:live",
                "arn:aws:lambda:<region>:444455556666:function:warehouse-shop-<here>:live",
            ],
        ),
        (
            "logs:PutLogEvents",
            "arn:aws:logs:<region>:<account>:log-group:/aws/lambda/warehouse-shop-<here>:log-stream:a",
            [
                "arn:aws:logs:<region>:<account>:log-group:/aws/lambda/warehouse-shop-<there>:log-stream:x-<here>",
                "arn:aws:logs:<region>:<account>:log-group:/aws/lambda/orders-app-<here>:log-stream:a",
            ],
        ),
        (
            "sqs:SendMessage",
            "arn:aws:sqs:<region>:<account>:warehouse-worker-<here>.fifo",
            [
                "arn:aws:sqs:<region>:<account>:warehouse-worker-<there>.fifo",
                "arn:aws:sqs:<region>:444455556666:warehouse-worker-<here>.fifo",
                "arn:aws:sqs:<region>:<account>:orders-worker-<here>.fifo",
            ],
        ),
        (
            "sns:Publish",
            "arn:aws:sns:<region>:<account>:warehouse-alarms-<here>.fifo",
            ["arn:aws:sns:<region>:<account>:warehouse-alarms-<there>.fifo"],
        ),
        (
            "events:PutEvents",
            "arn:aws:events:<region>:<account>:event-bus/warehouse-<here>",
            [
                "arn:aws:events:<region>:<account>:event-bus/warehouse-<there>",
                "arn:aws:events:<region>:<account>:event-bus/warehouse-x-<there>",
                "arn:aws:events:<region>:<account>:event-bus/default",
            ],
        ),
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:<region>:<account>:secret:warehouse/key-<here>-AbCdEf",
            [
                "arn:aws:secretsmanager:<region>:<account>:secret:warehouse/key-<there>-AbCdEf",
                "arn:aws:secretsmanager:<region>:<account>:secret:warehouse/key-<here>-x-<there>-AbCdEf",
                "arn:aws:secretsmanager:<region>:<account>:secret:warehouse-x/key-<here>-AbCdEf",
                "arn:aws:secretsmanager:<region>:444455556666:secret:warehouse/key-<here>-AbCdEf",
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.count(":") == 1 else "",
)
def test_roles_of_functions_stay_in_their_environment(
    access: Access, action: str, here: str, elsewhere: list[str]
) -> None:
    """Whatever a role of the service allows, by its boundary it reaches its own things alone."""
    environment = access.named.environment
    words = {
        "<here>": environment,
        "<there>": "prod" if environment == "dev" else "dev",
        "<account>": ACCOUNT,
        "<region>": access.region,
    }

    def asked(arn: str) -> Request:
        return request(action, re.sub("<.*?>", lambda found: words[found[0]], arn))

    boundary = access.document("Boundary")
    assert refused([asked(here)], [ANYTHING], boundary=boundary) == []
    assert allowed([asked(item) for item in elsewhere], [ANYTHING], boundary=boundary) == []


def test_names_that_cloudformation_makes_up_are_the_services_own(access: Access) -> None:
    """IAC-04: who leaves a name out needs no administrator."""
    stack = access.named.stack
    requests = [
        request("dynamodb:CreateTable", access.arn("dynamodb", f"table/{stack}-Table-A1B2")),
        request("lambda:CreateFunction", access.arn("lambda", f"function:{stack}-App-A1B2")),
        request("lambda:PublishVersion", access.arn("lambda", f"function:{stack}-App-A1B2")),
        request("logs:CreateLogGroup", access.arn("logs", f"log-group:{stack}-Logs-A1B2:*")),
        request("cloudwatch:PutMetricAlarm", access.arn("cloudwatch", f"alarm:{stack}-Al-A1B2")),
        request("s3:CreateBucket", f"arn:aws:s3:::{stack}-files-a1b2"),
        request("sqs:CreateQueue", access.arn("sqs", f"{stack}-Queue-A1B2")),
        request("sqs:CreateQueue", access.arn("sqs", f"{stack}-Queue-A1B2.fifo")),
        request("sns:CreateTopic", access.arn("sns", f"{stack}-Topic-A1B2.fifo")),
    ]
    assert refused(requests, access.execution) == []
    requests = [
        request("dynamodb:Query", access.arn("dynamodb", f"table/{stack}-Table-A1B2/index/by")),
        request("s3:PutObject", f"arn:aws:s3:::{stack}-files-a1b2/key"),
        request("sqs:SendMessage", access.arn("sqs", f"{stack}-Queue-A1B2.fifo")),
        request("lambda:InvokeFunction", access.arn("lambda", f"function:{stack}-App-A1B2:live")),
        request(
            "logs:PutLogEvents",
            access.arn("logs", f"log-group:/aws/lambda/{stack}-App-A1B2:log-stream:a"),
        ),
    ]
    assert refused(requests, [ANYTHING], boundary=access.document("Boundary")) == []


@pytest.mark.parametrize("who", ["deploy", "execution", "boundary"])
def test_no_bucket_of_another_account(access: Access, who: str) -> None:
    """Names of buckets are worldwide: another account may have one that looks like the service's."""
    bucket = f"arn:aws:s3:::warehouse-scans-{ACCOUNT}-{access.named.environment}"
    made_up = f"arn:aws:s3:::{access.named.stack}-files-a1b2"
    act = {"deploy": "s3:ListBucket", "execution": "s3:PutBucketPolicy"}.get(who, "s3:GetObject")
    tail = "/key" if act == "s3:GetObject" else ""
    documents = [access.document("Boundary")] if who == "boundary" else getattr(access, who)
    names = [bucket] if who == "deploy" else [bucket, made_up]
    own = [request(act, name + tail, aws__ResourceAccount=ACCOUNT) for name in names]
    foreign = [request(act, name + tail, aws__ResourceAccount="444455556666") for name in names]
    assert refused(own, documents) == []
    assert allowed(foreign, documents) == []


# ── Who may become the deploy role ──


def token(access: Access, **claims: str) -> Request:
    """A request of GitHub with the token of a job that deploys, and other claims."""
    named = access.named
    right = {
        "aud": "sts.amazonaws.com",
        "sub": f"repo:{named.repository}:environment:{named.environment}",
        "repository_id": "2002",
        "environment": named.environment,
        "ref": f"refs/heads/{named.branch}",
        "job_workflow_ref": f"{named.repository}/{DEPLOY}@refs/heads/{named.branch}",
    }
    return {
        "principal": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
        "action": "sts:AssumeRoleWithWebIdentity",
        "resource": named.arn(ACCOUNT, "role", named.deploy_role),
        "contextVariables": {
            f"aws:PrincipalTag/{name}": value
            for name, value in {**right, **claims}.items()
            if value
        },
    }


DEPLOY = ".github/workflows/deploy.yml"


def immutable(access: Access) -> str:
    owner, name = access.named.repository.split("/")
    return f"repo:{owner}@1001/{name}@2002:environment:{access.named.environment}"


def test_the_jobs_of_this_environment_may_deploy(access: Access) -> None:
    """IAM-01, IAM-03: with the subject of either format."""
    requests = [token(access), token(access, sub=immutable(access))]
    assert refused(requests, [ANYTHING], resource_policy=access.simulated_trust) == []


def test_nobody_else_may_deploy(access: Access) -> None:
    """IAM-02, IAM-03."""
    here, repository = access.named.environment, access.named.repository
    there = "prod" if here == "dev" else "dev"
    branch = f"refs/heads/{access.named.branch}"
    requests = [
        token(access, ref="refs/heads/feature"),
        token(
            access, ref="refs/pull/1/merge", sub=f"repo:{repository}:pull_request", environment=""
        ),
        token(access, ref="refs/pull/1/merge"),
        token(
            access, sub=f"repo:{repository}:ref:refs/heads/{access.named.branch}", environment=""
        ),
        token(access, sub=f"repo:{repository}:environment:{there}", environment=there),
        token(access, environment=there),
        # a fork, and a repository that took a name which became free
        token(access, sub=f"repo:somebody/warehouse:environment:{here}", repository_id="3003"),
        token(access, repository_id="3003"),
        token(access, sub=immutable(access).replace("@2002", "@3003"), repository_id="3003"),
        # another workflow of the same branch and environment; this one as another branch has it, or
        # of another repository, which the job calls
        token(access, job_workflow_ref=f"{repository}/.github/workflows/nightly.yml@{branch}"),
        token(access, job_workflow_ref=f"{repository}/{DEPLOY}@refs/heads/feature"),
        token(access, job_workflow_ref=f"somebody/warehouse/{DEPLOY}@{branch}"),
        # a subject of wildcards, another audience, a claim that is not there
        token(access, sub="repo:*"),
        token(access, sub=f"repo:{repository}:environment:*"),
        token(access, aud="https://github.com/somebody"),
        *[
            token(access, **{claim: ""})
            for claim in ("aud", "sub", "repository_id", "environment", "ref", "job_workflow_ref")
        ],
    ]
    assert allowed(requests, [ANYTHING], resource_policy=access.simulated_trust) == []


def test_trust_is_exact(access: Access) -> None:
    """IAM-03: no wildcard, and no operator that an absent claim would satisfy."""
    (statement,) = access.trust["Statement"]
    assert statement["Condition"].keys() == {"StringEquals"}
    assert "*" not in json.dumps(statement)


def test_only_cloudformation_becomes_the_execution_role(access: Access) -> None:
    """IAM-05."""
    role = access.resources["ExecutionRole"].properties["AssumeRolePolicyDocument"]
    assert role["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudformation.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]


def test_the_names_are_those_of_the_pipeline(access: Access) -> None:
    """What other commands derive from the service's name is what this template makes. IAM-07."""
    named = access.named
    names = {
        "DeployRole": ("RoleName", named.deploy_role),
        "ExecutionRole": ("RoleName", named.execution_role),
        "Boundary": ("ManagedPolicyName", named.boundary),
        "ArtifactBucket": ("BucketName", named.bucket(ACCOUNT)),
    }
    for resource, (key, name) in names.items():
        assert access.template.resolve(access.resources[resource].properties[key]) == name


@pytest.mark.parametrize("name", ["everything"])
def test_the_longest_names_fit(rendered_samples: dict[str, Path], name: str) -> None:
    named = delivery("service").Service(rendered_samples[name], "prod")
    assert len(named.deploy_role) <= 64
    assert len(named.execution_role) <= 64
    assert len(named.bucket(ACCOUNT)) <= 63


# ── Linters of policies ──


def checkov(service: Path) -> list[dict[str, Any]]:
    """What checkov finds in a service's templates and workflows, by its .checkov.yaml."""
    done = run(
        *(ROOT / ".venv-checkov" / "bin" / "checkov", "--skip-download", "--output", "json"),
        *("--framework", "cloudformation", "github_actions", "--directory", "."),
        cwd=service,
    )
    reports = json.loads(done.stdout[done.stdout.index("[") :])
    assert {report["check_type"] for report in reports} == {"cloudformation", "github_actions"}
    return [found for report in reports for found in report["results"]["failed_checks"]]


@pytest.mark.parametrize("name", ["all-triggers", "everything"])
def test_checkov_finds_nothing_but_what_is_reasoned(
    rendered_samples: dict[str, Path], name: str
) -> None:
    assert checkov(rendered_samples[name]) == []


def test_checkov_can_find_something(service: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(service, tmp_path / "broken")
    infra_file = broken / "infra" / "environment.yaml"
    text = infra_file.read_text("utf-8")
    infra_file.write_text(text.replace("BlockPublicAcls: true", "BlockPublicAcls: false"), "utf-8")
    assert any(item["resource"].endswith("ArtifactBucket") for item in checkov(broken))


def test_cfn_lint_finds_nothing(rendered_samples: dict[str, Path], tmp_path: Path) -> None:
    files = [service / "infra" / "environment.yaml" for service in rendered_samples.values()]
    lint = ROOT / ".venv-sam" / "bin" / "cfn-lint"
    check(lint, "--non-zero-exit-code", "informational", "--", *files, cwd=tmp_path)
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        files[0].read_text("utf-8").replace("sqs:CreateQueue", "sqs:MakeQueue"), "utf-8"
    )
    assert run(lint, broken, cwd=tmp_path).returncode != 0

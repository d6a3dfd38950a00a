"""A service that can be deployed, and an AWS account on loopback that is prepared for it."""

from __future__ import annotations

import json
import logging
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError, WaiterError
from moto.server import ThreadedMotoServer

from conftest import commit, render
from delivered import delivery

MOTO = "123456789012"
TODAY = datetime.now(UTC).date()
PYTHON = "{}.{}".format(*sys.version_info[:2])
preflight = delivery("preflight")
checks_account = delivery("checks_account")
checks_local = delivery("checks_local")


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def change(action: str, kind: str, logical_id: str) -> dict[str, str]:
    return {"Action": action, "ResourceType": kind, "LogicalResourceId": logical_id}


class ChangeSets:
    """Stands for CloudFormation's change sets: keeps what is done with them.

    Args:
        reason: why none can be made.
    """

    # On two pages, as CloudFormation tells long ones.
    pages = (
        {"Changes": [{"ResourceChange": change("Import", "AWS::DynamoDB::Table", "Table")}]},
        {"Changes": [{"ResourceChange": change("Add", "AWS::SQS::Queue", "Queue")}]},
    )

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.made: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.executed: list[str] = []

    def teach(self, client: Any) -> None:
        client.create_change_set = lambda **given: self.made.append(given)
        client.delete_change_set = lambda **given: self.deleted.append(given["ChangeSetName"])
        client.execute_change_set = lambda **given: self.executed.append(given["ChangeSetName"])
        client.describe_change_set = lambda **_: {"StatusReason": self.reason}
        client.get_waiter = lambda _name: SimpleNamespace(wait=self.wait)

    def wait(self, **_given: Any) -> None:
        if self.reason:
            raise WaiterError("ChangeSetCreateComplete", "it failed", {})


class World:
    """A service that can be deployed, and an account that is prepared for it."""

    def __init__(
        self, root: Path, tools: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.root, self.tools, self.endpoint = root, tools, endpoint
        self.monkeypatch = monkeypatch
        self.service = delivery("service").Service(root, "dev")
        self.limit = {
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 1000,
            "TotalCodeSize": 80 * 2**30,
        }
        self.usage = {"TotalCodeSize": 2**20}
        self.state = ""
        self.pending = False
        self.events: list[dict[str, Any]] = []
        self.drifts: list[dict[str, Any]] | None = None
        self.not_compared = ""  # why the detection of drifts failed for some resources
        self.change_sets: ChangeSets | None = None
        real = delivery("account").Account._client
        monkeypatch.setattr(
            delivery("account").Account,
            "_client",
            lambda account, name: self.taught(real(account, name), name),
        )

    def taught(self, client: Any, name: str) -> Any:
        """A client with what moto does not know: quotas, states of stacks, owners, unanswered mail."""
        if name == "lambda":
            client.get_account_settings = lambda: {
                "AccountLimit": self.limit,
                "AccountUsage": self.usage,
            }
        if name == "cloudformation":
            client.describe_stack_resources = lambda PhysicalResourceId: self.owner(  # noqa: N803
                PhysicalResourceId
            )
        if name == "cloudformation":
            paginator = client.get_paginator

            def pages(operation: str) -> Any:
                if operation == "describe_change_set" and self.change_sets is not None:
                    return SimpleNamespace(paginate=lambda **_: ChangeSets.pages)
                if operation != "describe_events":
                    return paginator(operation)
                if not self.events:
                    raise ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeEvents")
                return SimpleNamespace(paginate=lambda **_: [{"OperationEvents": self.events}])

            client.get_paginator = pages
        if name == "cloudformation" and self.drifts is not None:
            client.detect_stack_drift = lambda **_: {"StackDriftDetectionId": "1"}
            client.describe_stack_drift_detection_status = lambda **_: (
                {
                    "DetectionStatus": "DETECTION_FAILED",
                    "DetectionStatusReason": self.not_compared,
                }
                if self.not_compared
                else {"DetectionStatus": "DETECTION_COMPLETE"}
            )
            client.describe_stack_resource_drifts = self.page_of_drifts
        if name == "cloudformation" and self.change_sets is not None:
            self.change_sets.teach(client)
        if name == "cloudformation" and self.state:
            describe = client.describe_stacks

            def described(StackName: str) -> Any:  # noqa: N803
                found = describe(StackName=StackName)
                if StackName == self.service.stack:
                    found["Stacks"][0]["StackStatus"] = self.state
                return found

            client.describe_stacks = described
        if name == "sns" and self.pending:
            endpoint = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "oncall@example.com"}
            client.list_subscriptions_by_topic = lambda **_: {"Subscriptions": [endpoint]}
        return client

    def page_of_drifts(self, NextToken: str = "0", **_given: Any) -> dict[str, Any]:  # noqa: N803
        """DescribeStackResourceDrifts, one on each page."""
        assert self.drifts is not None
        number = int(NextToken)
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.drifts) else {}
        return {"StackResourceDrifts": self.drifts[number : number + 1], **more}

    def owner(self, physical_id: str) -> Any:
        """DescribeStackResources by a physical id."""
        client = self.client("cloudformation")
        for stack in client.describe_stacks()["Stacks"]:
            found = client.list_stack_resources(StackName=stack["StackName"])
            for summary in found["StackResourceSummaries"]:
                if summary["PhysicalResourceId"] == physical_id:
                    return {"StackResources": [{**summary, "StackName": stack["StackName"]}]}
        return {"StackResources": []}

    def client(self, name: str, region: str = "us-east-1") -> Any:
        return boto3.client(name, region_name=region)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the service, and commit it."""
        path = self.root / name
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), "utf-8")
        commit(self.root)

    def bootstrap(self, **parameters: str) -> None:
        """Make the stack of infra/environment.yaml, as `make bootstrap` would."""
        given = {
            "EnvironmentName": "dev",
            "GitHubOwner": "example-org",
            "GitHubOwnerId": "1001",
            "GitHubRepository": "orders",
            "GitHubRepositoryId": "2002",
            "Branch": "develop",
            "CreateOidcProvider": "true",
            "TemplateVersion": checks_account.template_version(self.service),
        } | parameters
        self.client("cloudformation").create_stack(
            StackName=f"{self.service.name}-infra-{given['EnvironmentName']}",
            TemplateBody=(self.root / "infra" / "environment.yaml").read_text("utf-8"),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
        )

    def deploy(self, **parameters: str) -> None:
        """Make the parts of the service's stack that moto knows."""
        resources = {
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "orders-dev",
                    "BillingMode": "PAY_PER_REQUEST",
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                },
            },
            "AlarmTopic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"TopicName": "orders-alarms-dev"},
            },
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": "orders-worker-dev"},
            },
        }
        given = {"LogLevel": "DEBUG"} | parameters
        template = {
            "Parameters": {name: {"Type": "String"} for name in given},
            "Resources": resources,
            "Outputs": {"AlarmTopicArn": {"Value": {"Ref": "AlarmTopic"}}},
        }
        self.client("cloudformation").create_stack(
            StackName="orders-dev",
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
        )
        sns = self.client("sns")
        (topic,) = (item["TopicArn"] for item in sns.list_topics()["Topics"])
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")

    def no_credentials(self) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            self.monkeypatch.delenv(name)
        self.monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def command(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as `make` does, at the end of what is typed."""
        return subprocess.run(
            [sys.executable, self.root / ".kit", *arguments],
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def run(self) -> dict[tuple[str, str], Any]:
        """What the preflight says: (check, status) → result, passed ones left out."""
        service = delivery("service").Service(self.root, "dev")
        results = preflight.run(service)
        names = {result.check for result in results}
        assert names == {"credentials", *preflight.CHECKS}
        return {(e.check, str(e.status)): e for e in results if str(e.status) != "passed"}


@pytest.fixture(scope="session")
def moto_server() -> Iterator[ThreadedMotoServer]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def deployable(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    service = render(
        template,
        tmp_path_factory.mktemp("preflight") / "orders",
        service_name="orders",
        functions="app:api, worker:queue",
        secrets="stripe-key:app",
        github_repository="example-org/orders",
        python_version=PYTHON,
        architecture="x86_64",
    )
    commit(service)
    return service


@pytest.fixture
def world(
    deployable: Path,
    moto_server: ThreadedMotoServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A healthy one, before the first deployment."""
    return prepared(deployable, moto_server, tmp_path, monkeypatch)


def prepared(
    deployable: Path,
    moto_server: ThreadedMotoServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A copy of a service, and an account that is prepared for it."""
    root = tmp_path / deployable.name
    shutil.copytree(deployable, root)
    tools = tmp_path / "tools"
    tools.mkdir()
    script(tools / "sam", 'test "$1" = --version && echo "SAM CLI, version 1.170.0" || exit 0')
    script(tools / "docker", "echo Docker Desktop")
    _host, port = moto_server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ACCOUNT_ID", "CONTAINER"):
        monkeypatch.delenv(name, raising=False)
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "aws-credentials"),
        "SAM": str(tools / "sam"),
        "PATH": f"{tools}:/usr/bin:/bin",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # Not the calendar's: a test must not begin to fail one day.
    supported = dict.fromkeys(checks_local.SUPPORTED_UNTIL, TODAY + timedelta(days=900))
    monkeypatch.setattr(checks_local, "SUPPORTED_UNTIL", supported)
    world = World(root, tools, endpoint, monkeypatch)
    reset(endpoint)
    world.bootstrap()
    # moto's CloudFormation leaves it out.
    world.client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )
    secret = f"{world.service.name}/stripe-key-dev"
    world.client("secretsmanager").create_secret(Name=secret, SecretString="x")
    return world


def reset(endpoint: str) -> None:
    """Begin with an empty account: moto's belong to the process."""
    assert httpx.post(f"{endpoint}/moto-api/reset").status_code == 200

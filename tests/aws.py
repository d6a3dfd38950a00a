"""An AWS account on loopback, with what a service declares in it, for handlers that really run."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from conftest import ROOT, check

# What handlers talk to; the rest of a stack is not needed to call them.
TYPES = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
ACCOUNT_OF_EVENTS, ACCOUNT_OF_MOTO = "111122223333", "123456789012"


def expand(service: Path) -> dict[str, Any]:
    """What CloudFormation gets of a service's template.yaml."""
    printed = check(
        *(ROOT / ".venv-sam" / "bin" / "python", "-W", "ignore", ROOT / "tests" / "expand.py"),
        service / "template.yaml",
        cwd=service,
        AWS_DEFAULT_REGION="us-east-1",
    )
    template: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return template


def counted(pattern: str, lines: Iterable[str]) -> list[dict[str, Any]]:
    """The log lines that CloudWatch's filter pattern matches, of those with nothing but `=` and `&&`.

    Neither moto nor MiniStack evaluates patterns for JSON.
    """
    term = r'\$\.(\w+) = "([^"]*)"'
    assert re.fullmatch(rf"{{ {term}(?: && {term})* }}", pattern), pattern
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    wanted = dict(re.findall(term, pattern))
    return [entry for entry in entries if wanted.items() <= entry.items()]


class Account:
    """A service's dev stack in moto's server, and what its functions publish."""

    def __init__(self, service: Path) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(port=0, verbose=False)
        self.server.start()
        _host, port = self.server.get_host_and_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        # moto's accounts belong to the process: begin with an empty one.
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/moto-api/reset")
        assert connection.getresponse().status == 200
        self.template = expand(service)
        resources = self.template["Resources"]
        wanted = {name: each for name, each in resources.items() if each["Type"] in TYPES}
        part = {**self.template, "Resources": wanted, "Outputs": {}}
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(StackName="dev", TemplateBody=json.dumps(part))
        made = cloudformation.describe_stack_resources(StackName="dev")["StackResources"]
        self.names = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in made}
        assert self.names.keys() == wanted.keys()
        self.queue = self.listen() if "EventBus" in resources else ""

    def client(self, name: str) -> Any:
        return boto3.client(
            name,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def listen(self) -> str:
        """A queue that gets everything from the bus; its URL."""
        sqs, events = self.client("sqs"), self.client("events")
        bus = self.resolve(self.template["Resources"]["EventBus"]["Properties"]["Name"])
        events.create_event_bus(Name=bus)
        self.names["EventBus"] = bus
        url: str = sqs.create_queue(QueueName="published")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        events.put_rule(Name="all", EventBusName=bus, EventPattern='{"version": ["0"]}')
        target = {"Id": "queue", "Arn": arn["QueueArn"]}
        events.put_targets(Rule="all", EventBusName=bus, Targets=[target])
        return url

    def published(self) -> list[str]:
        """The types of the events that were published since the last call."""
        if not self.queue:
            return []
        found: list[str] = []
        sqs = self.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            found += [json.loads(message["Body"])["detail-type"] for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def environment(self, function: str) -> dict[str, str]:
        """The variables that the template passes to a function, with their values."""
        variables = self.template["Resources"][function]["Properties"]["Environment"]["Variables"]
        return {name: self.resolve(value) for name, value in variables.items()}

    def resolve(self, value: Any) -> str:
        """The value of !Ref, !Sub or !Join in the dev stack."""
        parameters = self.template["Parameters"]
        if isinstance(value, str):
            return value
        ((kind, inner),) = value.items()
        if kind == "Ref":
            return str(self.names.get(inner) or parameters[inner]["Default"])
        if kind == "Fn::Sub":
            return re.sub(r"\$\{(\w+)\}", lambda m: self.resolve({"Ref": m[1]}), inner)
        assert kind == "Fn::Join", value
        separator, items = inner
        return str(separator).join([self.resolve(items)] if isinstance(items, dict) else items)

    def put_object(self, event: dict[str, Any]) -> None:
        """Write the object of an S3 event, and put its version into the event."""
        detail = event["detail"]
        bucket = detail["bucket"]["name"].replace(ACCOUNT_OF_EVENTS, ACCOUNT_OF_MOTO)
        s3 = self.client("s3")
        # moto's CloudFormation leaves it out.
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        put = s3.put_object(Bucket=bucket, Key=detail["object"]["key"], Body=b"name\nan item\n")
        detail["bucket"]["name"] = bucket
        detail["object"]["version-id"] = put["VersionId"]

    def close(self) -> None:
        self.server.stop()

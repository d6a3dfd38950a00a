"""The AWS account that the credentials of this shell lead to."""

import threading
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from kit.errors import KitError

from .service import Service


def _config(connect: int, read: int, attempts: int) -> Config:
    """Time limits in seconds: nobody wants to wait long for "no"."""
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return Config(connect_timeout=connect, read_timeout=read, retries=retries)


CONFIG = _config(5, 20, 3)
# Whose credentials these are is asked first, and shows whether AWS can be reached.
FIRST = _config(3, 5, 2)
# What AWS answers when permissions are missing; "403" where it has no body, as in HeadBucket.
DENIALS = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "Forbidden",
    "UnauthorizedOperation",
}
# What it answers when there is nothing of a name.
ABSENT = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
}


class Account:
    """Clients for the Region of a service, each made once.

    Args:
        service: the service whose samconfig.toml names the Region.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, name: str) -> Any:
        """The client of an AWS service. A session may make only one at a time, a client serves many threads."""
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self._client(name)
            return self._clients[name]

    @cached_property
    def session(self) -> boto3.Session:
        """Made when AWS is needed: it fails when AWS_PROFILE names a profile that does not exist."""
        return boto3.Session(region_name=self.service.region)

    def _client(self, name: str) -> Any:
        make: Any = self.session.client  # the stubs want a literal name
        return make(name, config=FIRST if name == "sts" else CONFIG)

    def pages(self, client: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """The items of all pages of an operation.

        Args:
            key: where an answer has its items.
        """
        pages = self.client(client).get_paginator(operation).paginate(**arguments)
        return [item for page in pages for item in page.get(key, [])]

    def identity(self) -> dict[str, str]:
        """Whose credentials these are: Account and Arn."""
        identity: dict[str, str] = self.client("sts").get_caller_identity()
        return identity

    def now(self) -> datetime:
        """AWS's time, from the Date of an answer: this machine's clock may be ahead or behind."""
        answer: Any = self.client("sts").get_caller_identity()
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def stack(self, name: str) -> dict[str, Any] | None:
        """A stack as DescribeStacks returns it; None when there is none of that name."""
        try:
            (stack,) = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return dict(stack)

    def service_stack(self) -> dict[str, Any]:
        """The service's stack. KitError when there is none."""
        service = self.service
        if stack := self.stack(service.stack):
            return stack
        raise KitError(
            f"There is no stack {service.stack} in {service.region}.",
            f"make deploy ENV={service.environment}",
        )

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """The resources that a stack has."""
        resources = self.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack
        )
        return [
            resource for resource in resources if resource["ResourceStatus"] != "DELETE_COMPLETE"
        ]


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    """The outputs of a stack, by their keys."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def parameters(stack: dict[str, Any]) -> dict[str, str]:
    """The values of a stack's parameters, by their keys."""
    return {item["ParameterKey"]: item["ParameterValue"] for item in stack.get("Parameters", [])}


def pairs(values: dict[str, str], kind: str = "") -> list[dict[str, str]]:
    """Tags, or with the kind "Parameter" parameters, as calls of AWS take them."""
    return [{f"{kind}Key": key, f"{kind}Value": value} for key, value in values.items()]


def code(error: ClientError) -> str:
    """The code of an error of AWS, such as AccessDenied."""
    return str(error.response["Error"]["Code"])


def is_denied(error: ClientError) -> bool:
    """Whether AWS refused because of missing permissions."""
    return code(error) in DENIALS


def unless_absent(call: Any, **arguments: Any) -> Any:
    """What a call of AWS answers; None when there is nothing of that name."""
    try:
        return call(**arguments)
    except ClientError as error:
        if code(error) in ABSENT:
            return None
        raise

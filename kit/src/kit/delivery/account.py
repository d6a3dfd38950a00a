"""The AWS account that the credentials of this shell lead to."""

import threading
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .service import Service

# Nobody wants to wait long for "no".
CONFIG = Config(
    connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3}
)
# Who the credentials belong to is asked first: this call also tells whether AWS can be reached.
FIRST = Config(
    connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
)


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
        """Made when AWS is needed: with a profile that is not there it can't be."""
        return boto3.Session(region_name=self.service.region)

    def _client(self, name: str) -> Any:
        make: Any = self.session.client  # known by more than a literal name
        return make(name, config=FIRST if name == "sts" else CONFIG)

    def identity(self) -> dict[str, str]:
        """Whose credentials these are: Account and Arn."""
        identity: dict[str, str] = self.client("sts").get_caller_identity()
        return identity

    def now(self) -> datetime:
        """AWS's time, from an answer's Date: this machine's clock may be ahead or behind."""
        answer: Any = self.client("sts").get_caller_identity()
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def stack(self, name: str) -> dict[str, Any] | None:
        """A stack as DescribeStacks tells it; None when there is none of that name."""
        try:
            (stack,) = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return dict(stack)

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """The resources that a stack has."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return [
            resource
            for page in pages.paginate(StackName=stack)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceStatus"] != "DELETE_COMPLETE"
        ]


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    """The outputs of a stack, by their keys."""
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def code(error: ClientError) -> str:
    """The code of an error of AWS, such as AccessDenied."""
    return str(error.response["Error"]["Code"])


def is_denied(error: ClientError) -> bool:
    """Whether AWS refused because of missing permissions."""
    return code(error) in (
        "403",  # what has no body, such as HeadBucket, has no other code
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "Forbidden",
        "UnauthorizedOperation",
    )

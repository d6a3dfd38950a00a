"""AWS clients, made once per container and reused by every call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table

# At DEBUG these log whole requests and responses, secrets among them.
for name in ("boto3", "botocore", "urllib3"):
    logging.getLogger(name).setLevel(logging.INFO)

# Two attempts of at most 1 + 2 seconds each end before the function's own timeout does.
CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}
)


def dynamodb_table(name: str) -> Table:
    """The DynamoDB table of that name."""
    return boto3.resource("dynamodb", config=CONFIG).Table(name)

"""How AWS is called: clients are made once per container, and end before the function does."""

import logging
from typing import Any

import boto3
from botocore.config import Config

# At DEBUG these log whole requests and responses.
for name in ("boto3", "botocore", "urllib3"):
    logging.getLogger(name).setLevel(logging.INFO)


def client(service: str, *, read_timeout: int, attempts: int) -> Any:
    """A client of an AWS service.

    Args:
        read_timeout: seconds to wait for an answer.
        attempts: how often a call is tried, the first time included.
    """
    # Known by more than a literal name: boto3's overloads have no word for that.
    make: Any = boto3.client
    config = Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return make(service, config=config)

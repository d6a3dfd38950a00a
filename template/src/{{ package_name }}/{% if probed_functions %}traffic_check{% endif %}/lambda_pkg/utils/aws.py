"""How AWS is called: clients are made once per container, and end before the function does."""

import logging
from typing import Any

import boto3
from botocore.config import Config

# At DEBUG these log whole requests and responses.
for name in ("boto3", "botocore", "urllib3"):
    logging.getLogger(name).setLevel(logging.INFO)

# A new version starts cold, and may take as long as API Gateway waits for it. Not tried twice:
# what fails once is refused.
CONFIG = Config(
    connect_timeout=1, read_timeout=29, retries={"mode": "standard", "total_max_attempts": 1}
)


def client(service: str) -> Any:
    """A client of an AWS service."""
    # Known by more than a literal name: boto3's overloads have no word for that.
    make: Any = boto3.client
    return make(service, config=CONFIG)

"""Tries a version of a function with an event that changes nothing."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import random
from typing import Any

from botocore.exceptions import ClientError

# Lambda has no room just now, which says nothing about the version.
THROTTLED = "TooManyRequestsException"
# AutoPublishAlias in template.yaml: the alias that callers reach.
ALIAS = "live"
LONGEST_PAUSE = 16.0  # seconds


@dataclass(frozen=True)
class Version:
    """A published version of a function; `kind` says what it is tried with."""

    kind: str
    function: str
    number: str
    path: str


def parse(text: str, service: str, stage: str) -> Version:
    """Read "http app 7": kind, function as in paths and names, version.

    Raises:
        ValueError: it has not three parts, or there is no such kind.
    """
    kind, name, number = text.split()
    if kind not in ("http", "records"):
        raise ValueError(f"{text!r}: nothing is known about trying {kind!r}")
    return Version(kind, f"{service}-{name}-{stage}", number, f"/{name}/health")


def is_live(version: Version, functions: Any) -> bool:
    """Whether a version has the traffic already: then this deployment does not change it."""
    try:
        alias = functions.get_alias(FunctionName=version.function, Name=ALIAS)
    except ClientError as error:
        # A new function has none yet, and throttling says nothing: then it is tried.
        if error.response["Error"]["Code"] in ("ResourceNotFoundException", THROTTLED):
            return False
        raise
    return bool(alias["FunctionVersion"] == version.number)


def event_for(version: Version) -> dict[str, Any]:
    """A GET of the health endpoint, as API Gateway sends it, or a batch without records."""
    if version.kind == "records":
        return {"Records": []}
    http = {
        "method": "GET",
        "path": version.path,
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "traffic-check",
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": version.path,
        "rawQueryString": "",
        "headers": {"accept": "application/json"},
        "requestContext": {
            "http": http,
            "requestId": "traffic-check",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "isBase64Encoded": False,
    }


class NotTriedError(Exception):
    """There was no time to try a version; the message says why."""


def answer_of(version: Version, functions: Any, left: Callable[[], float]) -> Any:
    """What Lambda answers to a call of a version, which is repeated only while Lambda has no room.

    Raises:
        NotTriedError: no time is left for a call.
    """
    why = "no time was left for it"
    for attempt in count():
        # Deployment groups check at the same time: they must not come again together.
        pause = min(2.0**attempt, LONGEST_PAUSE) * (0.5 + random() / 2) if attempt else 0.0  # noqa: S311
        if left() <= pause:
            break
        time.sleep(pause)
        try:
            return functions.invoke(
                FunctionName=version.function,
                Qualifier=version.number,
                Payload=json.dumps(event_for(version)).encode(),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != THROTTLED:
                raise
            why = f"Lambda had no room for it ({THROTTLED})"
    raise NotTriedError(why)


def problem_of(version: Version, functions: Any, left: Callable[[], float]) -> str | None:
    """What is wrong with a version; None when it answers as it should.

    Args:
        functions: the Lambda client that calls it.
        left: tells the seconds in which a call may still begin.
    """
    name = f"version {version.number} of {version.function}"
    try:
        answer = answer_of(version, functions, left)
    except NotTriedError as error:
        return f"{name} was not tried: {error}"
    said = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        kind = said.get("errorType") if isinstance(said, dict) else None
        return f"{name} fails: {kind or answer['FunctionError']}"
    if version.kind == "http" and (not isinstance(said, dict) or said.get("statusCode") != 200):
        status = said.get("statusCode") if isinstance(said, dict) else None
        return f"{name} answers GET {version.path} with {status}"
    return None

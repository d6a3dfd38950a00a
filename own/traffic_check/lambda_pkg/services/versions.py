"""Tries a version of a function with an event that changes nothing."""

import json
import time
from collections.abc import Callable
from random import uniform
from typing import Any

from botocore.exceptions import ClientError

ALIAS = "live"  # AutoPublishAlias in template.yaml: what callers reach


def get(path: str) -> dict[str, Any]:
    """A GET as API Gateway sends it."""
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "application/json"},
        "requestContext": {"http": http, "requestId": "traffic-check", "stage": "$default"},
    }


def patiently(call: Callable[..., Any], left: Callable[[], float], **arguments: Any) -> Any:
    """Call Lambda, and again while it has no room: that says nothing about a version.

    Raises:
        TimeoutError: no time is left for a call; the message says why.
    """
    why, pause = "no time was left for it", 0.0
    while left() > pause:
        time.sleep(pause)
        try:
            return call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TooManyRequestsException":
                raise
        # Deployment groups check at the same time: they must not come again together.
        why, pause = "Lambda had no room for it", uniform(1, 10)  # noqa: S311
    raise TimeoutError(why)


def is_live(function: str, number: str, functions: Any, left: Callable[[], float]) -> bool:
    """Whether a version has the traffic already: then this deployment does not change it."""
    try:
        alias = patiently(functions.get_alias, left, FunctionName=function, Name=ALIAS)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False  # a new function has none yet
    return bool(alias["FunctionVersion"] == number)


def problem_of(
    version: str, service: str, stage: str, functions: Any, left: Callable[[], float]
) -> str | None:
    """What is wrong with a version; None when it answers as it should, or has the traffic.

    Args:
        version: kind, function as in paths and names, number: "http app 7".
        functions: the Lambda client that calls it.
        left: returns the seconds in which a call may still begin.
    """
    kind, name, number = version.split()
    function, path = f"{service}-{name}-{stage}", f"/{name}/health"
    payload = json.dumps({"http": get(path), "records": {"Records": []}}[kind]).encode()
    which = f"version {number} of {function}"
    try:
        if is_live(function, number, functions, left):
            return None
        call = {"FunctionName": function, "Qualifier": number, "Payload": payload}
        answer = patiently(functions.invoke, left, **call)
    except TimeoutError as error:
        return f"{which} was not tried: {error}"
    body = json.loads(answer["Payload"].read() or b"null")
    fields = body if isinstance(body, dict) else {}
    if "FunctionError" in answer:
        return f"{which} fails: {fields.get('errorType') or answer['FunctionError']}"
    if kind == "http" and fields.get("statusCode") != 200:
        return f"{which} answers GET {path} with {fields.get('statusCode')}"
    return None

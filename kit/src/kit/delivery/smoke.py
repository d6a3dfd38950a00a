"""Whether the live service answers, as the version that was just deployed (CD-07)."""

import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx

from kit.terminal import printable

from .account import Account, outputs, parameters
from .service import Service

TIMEOUT = 60.0  # seconds, for all functions together
PAUSE = 2.0  # seconds between two looks at the same function
OPTIONS = {"--timeout": {"type": float, "default": TIMEOUT, "help": "seconds to wait (60)"}}


def paths(template: dict[str, Any]) -> dict[str, str]:
    """The health endpoint of each function with an API, by its logical id."""
    endpoints = {}
    for logical_id, body in template["Resources"].items():
        events = body.get("Properties", {}).get("Events", {}).values()
        routes = [
            event["Properties"]["Path"] for event in events if event["Type"] in ("Api", "HttpApi")
        ]
        # A function may have other routes beside those that the template gave it.
        if routes:
            route = next((path for path in routes if path.endswith("/health")), routes[0])
            endpoints[logical_id] = f"/{route.strip('/').split('/')[0]}/health"
    return endpoints


def problem_of(url: str, version: str, origin: str) -> str:
    """What is wrong with the answer of a health endpoint; empty when it is right.

    Args:
        url: the endpoint.
        version: the version that must answer.
        origin: a page whose origin may call the API; the answer must say so.
    """
    try:
        answer = httpx.get(url, headers={"Origin": origin}, timeout=10)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    if answer.status_code != 200:
        return f"it answers {answer.status_code}"
    try:
        body = answer.json()
    except ValueError:
        return "its answer is not JSON"
    answering = body.get("version") if isinstance(body, dict) else None
    if answering is None:
        return 'its answer has no "version": the handler should return the function_version of its context'
    if str(answering) != version:
        return f"version {answering} answers, {version} was deployed"
    if answer.headers.get("access-control-allow-origin") not in ("*", origin):
        return f"browsers would hide the answer from {origin}: no access-control-allow-origin"
    return ""


def checks(service: Service, account: Account) -> Iterator[tuple[str, Callable[[], str]]]:
    """What to look at: a name, and a function that returns the problem or "".

    Raises:
        KitError: nothing is deployed.
    """
    stack, aws = account.service_stack(), account.client("lambda")
    endpoint, health = outputs(stack).get("ApiEndpoint", ""), paths(service.template("").data)
    allowed = parameters(stack).get("CorsAllowOrigins", "*").split(",")[0].strip()
    origin = "https://www.example.com" if allowed == "*" else allowed

    def health_problem(name: str, url: str) -> str:
        alias = aws.get_alias(FunctionName=name, Name="live")
        return problem_of(url, str(alias["FunctionVersion"]), origin)

    def state_problem(name: str) -> str:
        function = aws.get_function_configuration(FunctionName=name)
        state = function.get("State", "Active"), function.get("LastUpdateStatus", "Successful")
        return "" if state == ("Active", "Successful") else f"Lambda says {' and '.join(state)}"

    functions = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in account.resources(service.stack)
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }
    for logical_id, name in sorted(functions.items()):
        if logical_id in health and endpoint:
            url = endpoint + health[logical_id]
            yield f"GET {url}", partial(health_problem, name, url)
        else:
            yield name, partial(state_problem, name)


def run(service: Service, account: Account, timeout: float = TIMEOUT, pause: float = PAUSE) -> bool:
    """Look at every function until all are well, or the time is over; whether all are well.

    Args:
        timeout: seconds for all of them together.
        pause: seconds between two looks.
    """
    end = time.monotonic() + timeout
    good = True
    for name, check in checks(service, account):
        while (problem := check()) and time.monotonic() + pause < end:
            time.sleep(pause)
        print(printable(f"  FAIL  {name}: {problem}" if problem else f"  ok    {name}"))
        good = good and not problem
    if not good:
        print(f"\n  CD-07: the deployment is not live. make logs ENV={service.environment} FN=...")
    return good


def main(service: Service, options: Namespace) -> int:
    """0 when the live service is what was deployed, 1 otherwise."""
    return 0 if run(service, Account(service), options.timeout) else 1

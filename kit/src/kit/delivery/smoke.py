"""Whether the live service answers, as the version that was just deployed (CD-07)."""

import argparse
import time
from collections.abc import Iterator
from typing import Any

import httpx

from .account import Account, outputs
from .errors import DeliveryError, printable
from .service import Service, here

DEADLINE = 60.0  # seconds, for everything
API_EVENTS = ("HttpApi", "Api")
PAUSE = 2.0  # seconds between two looks at the same function


def paths(data: dict[str, Any]) -> dict[str, str]:
    """The health endpoint of each function with an API: logical id → path."""
    found = {}
    for logical_id, body in data["Resources"].items():
        events = body.get("Properties", {}).get("Events", {}).values()
        routes = [each["Properties"]["Path"] for each in events if each["Type"] in API_EVENTS]
        # A function may have other routes beside those that the template gave it.
        if routes:
            route = next((path for path in routes if path.endswith("/health")), routes[0])
            found[logical_id] = f"/{route.strip('/').split('/')[0]}/health"
    return found


def problem_of(url: str, version: str, origin: str) -> str | None:
    """What is wrong with the answer of a health endpoint; None when it is right.

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
        said = answer.json()
    except ValueError:
        return "its answer is not JSON"
    found = said.get("version") if isinstance(said, dict) else None
    if found is None:
        return 'its answer has no "version": the handler should tell the function_version of its context'
    if str(found) != version:
        return f"version {found} answers, {version} was deployed"
    if answer.headers.get("access-control-allow-origin") not in ("*", origin):
        return f"browsers would hide the answer from {origin}: no access-control-allow-origin"
    return None


class Live:
    """What is deployed of a service.

    Raises:
        DeliveryError: nothing is.
    """

    def __init__(self, service: Service, account: Account) -> None:
        self.service, self.account = service, account
        stack = account.stack(service.stack)
        if stack is None:
            raise DeliveryError(
                f"There is no stack {service.stack} in {service.region}.",
                f"make deploy ENV={service.environment}",
            )
        self.outputs = outputs(stack)
        given = {
            each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])
        }
        first = given.get("CorsAllowOrigins", "*").split(",")[0].strip()
        self.origin = "https://www.example.com" if first == "*" else first
        self.names = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in account.resources(service.stack)
            if each["ResourceType"] == "AWS::Lambda::Function"
        }

    def checks(self) -> Iterator[tuple[str, Any]]:
        """What to look at: a name, and a function that returns the problem or None."""
        where = paths(self.service.template("").data)
        endpoint = self.outputs.get("ApiEndpoint", "")
        for logical_id, name in sorted(self.names.items()):
            if logical_id in where and endpoint:
                url = endpoint + where[logical_id]
                yield f"GET {url}", lambda name=name, url=url: self._answer(name, url)
            else:
                yield name, lambda name=name: self._state(name)

    def _answer(self, name: str, url: str) -> str | None:
        alias = self.account.client("lambda").get_alias(FunctionName=name, Name="live")
        return problem_of(url, str(alias["FunctionVersion"]), self.origin)

    def _state(self, name: str) -> str | None:
        found = self.account.client("lambda").get_function_configuration(FunctionName=name)
        state = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        return None if state == ("Active", "Successful") else f"Lambda says {' and '.join(state)}"


def run(
    service: Service, account: Account, deadline: float = DEADLINE, pause: float = PAUSE
) -> bool:
    """Look at every function until all are well, or the deadline has passed.

    Args:
        deadline: seconds for all of them together.
        pause: seconds between two looks.
    """
    end = time.monotonic() + deadline
    good = True
    for name, look in Live(service, account).checks():
        while (problem := look()) and time.monotonic() + pause < end:
            time.sleep(pause)
        line = f"{'FAIL' if problem else 'ok':<4}  {name}{f': {problem}' if problem else ''}"
        print(f"  {printable(line)}")
        good = good and not problem
    if not good:
        print(
            f"\n  CD-07: what answers wrongly is not deployed. make logs ENV={service.environment} FN=..."
        )
    return good


def main(arguments: list[str]) -> int:
    """`python .kit delivery smoke`: 0 when the live service is what was deployed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="delivery smoke", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument("--deadline", type=float, default=DEADLINE, help="seconds to wait (60)")
    given = parser.parse_args(arguments)
    service = here(given.env)
    return 0 if run(service, Account(service), given.deadline) else 1

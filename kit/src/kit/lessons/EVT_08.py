"""EVT-08: Each endpoint says whether it is public or asks for a token.

Why: It was taken for private, and was open.

Here: `Auth` of each event of an `api` function, or the API's `DefaultAuthorizer`; where the API has
none, a comment `# Public: …` above the event.

Fix: Name the authorizer, or write `Auth: {Authorizer: NONE}` for what is public. SAM refuses that
where the API has no `DefaultAuthorizer`: there write `# Public: why` above the event.

Defended by: gate.
"""

from collections.abc import Iterator
from typing import Any

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import has_reason, referenced_ids
from kit.gate.service import Function, Resource, Service
from kit.gate.wiring import HTTP_EVENTS
from kit.layout import TEMPLATE
from kit.template import at

LESSON = Lesson.read(__doc__)

PUBLIC_API = "Write a comment `# Public: <why>` above it, or name its authorizer under `Auth`."
PRIVATE_API = "Write `Auth: {Authorizer: NONE}` under its `Properties` instead of the comment."
APIS = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi")
PUBLIC = "Public:"
# Endpoints without events: the property that says who may call them, and what to write there.
ENDPOINTS = {
    "AWS::ApiGateway::Method": ("AuthorizationType", "COGNITO_USER_POOLS` and its `AuthorizerId"),
    "AWS::ApiGatewayV2::Route": ("AuthorizationType", "JWT` and its `AuthorizerId"),
    "AWS::Lambda::Url": ("AuthType", "AWS_IAM"),
}


@LESSON.check
def events_say_who_may_call(service: Service) -> Iterator[Finding]:
    """Each event of an API names its authorizer, or says that it is public."""
    for function in service.functions:
        for name, event in function.events.items():
            problem = _access_problem(service, function, name, event)
            if problem and event["Type"] in HTTP_EVENTS:
                message = f"`{name}` of `{function.logical_id}` {problem}"
                fix = PUBLIC_API if "does not say" in problem else PRIVATE_API
                yield LESSON.finding_in(function, function.line_of("Events", name), message, fix)


@LESSON.check
def other_endpoints_say_who_may_call(service: Service) -> Iterator[Finding]:
    """So do routes, methods and URLs of functions."""
    for resource in service.of_type(*ENDPOINTS):
        key, token = ENDPOINTS[resource.type]
        if not resource.get(key) and not _is_connected(service, resource):
            message = f"`{resource.logical_id}` has no `{key}`"
            fix = f"Set `{key}: {token}`, or `{key}: NONE # Public: why` if it is public."
            yield LESSON.finding_in(resource, resource.line, message, fix)
    for function in service.functions:
        url = function.get("FunctionUrlConfig")
        if url and not at(url, "AuthType"):
            message = f"the URL of `{function.logical_id}` has no `AuthType`"
            fix = "Set `AuthType: AWS_IAM` under `FunctionUrlConfig`, or `AuthType: NONE # Public: why`"
            fix += " if it is public."
            yield LESSON.finding_in(function, function.line_of("FunctionUrlConfig"), message, fix)


def _is_connected(service: Service, route: Resource) -> bool:
    """Whether it is a route of a WebSocket API after `$connect`, which alone is authorized.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
    """
    apis = [service.resources.get(name) for name in referenced_ids(route.get("ApiId"))]
    protocols = {str(api.get("ProtocolType")) for api in apis if api}
    return protocols == {"WEBSOCKET"} and route.get("RouteKey") != "$connect"


def _access_problem(
    service: Service, function: Function, name: str, event: dict[str, Any]
) -> str | None:
    """What is wrong with what an event says of who may call."""
    if at(event, "Properties", "Auth", "Authorizer"):
        return None
    ids = referenced_ids(event)
    apis = [api for api in service.of_type(*APIS) if api.logical_id in ids]
    defaults = [at(service.template, "Globals", event["Type"]), *(api.properties for api in apis)]
    is_private = any(at(default, "Auth", "DefaultAuthorizer") for default in defaults)
    line = function.line_of("Events", name)
    if has_reason(service, TEMPLATE, event, line, PUBLIC):
        return "says that it is public, and its API asks for a token" if is_private else None
    return None if is_private else "does not say whether it is public"

"""EVT-08: Each endpoint says whether it is public or asks for a token.

Why: It was taken for private, and was open.

Here: `Auth` of each event of an `api` function, or the API's `DefaultAuthorizer`; where the API has
none, a comment `# Public: …` above the event.

Fix: Name the authorizer, or write `Auth: {Authorizer: NONE}` for what is public. SAM refuses that
where the API has no `DefaultAuthorizer`: there write `# Public: why` above the event; no other
words will do.

Defended by: gate.
"""

from collections.abc import Iterator
from typing import Any

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import comments, last_line, targets
from kit.gate.service import TEMPLATE, Function, Resource, Service
from kit.template import at

LESSON = Lesson.read(__doc__)


APIS = {"HttpApi": "AWS::Serverless::HttpApi", "Api": "AWS::Serverless::Api"}


# Endpoints without SAM: the property that says who may call them, and how it says "with a token".
ENDPOINTS = {
    "AWS::ApiGateway::Method": ("AuthorizationType", "COGNITO_USER_POOLS"),
    "AWS::ApiGatewayV2::Route": ("AuthorizationType", "JWT"),
}


URL = "AWS::Lambda::Url"


@LESSON.check
def endpoints_say_who_may_call(service: Service) -> Iterator[Finding]:
    """Each endpoint names its authorizer, or says that it is public."""
    for function in service.functions:
        for name, event in function.events.items():
            problem = event["Type"] in APIS and _access_problem(service, function, name, event)
            if problem:
                found = f"`{name}` of `{function.logical_id}` {problem}"
                yield function.finding(LESSON.id, function.line_of("Events", name), found)
        url = function.get("FunctionUrlConfig")
        if url and not at(url, "AuthType"):
            line = function.line_of("FunctionUrlConfig")
            yield _url_finding(function, f"the URL of `{function.logical_id}`", line)
    for each in service.of_type(URL):
        if not each.get("AuthType"):
            yield _url_finding(each, f"`{each.logical_id}`", each.line)
    for kind, (key, token) in ENDPOINTS.items():
        for each in service.of_type(kind):
            if not each.get(key):
                found = f"`{each.logical_id}` has no `{key}`"
                fix = f"Set `{key}: {token}` and its `AuthorizerId`, or `{key}: NONE` if it is public."
                name = each.logical_id
                yield LESSON.finding(TEMPLATE, each.line, found, resource=name, fix=fix)


def _url_finding(resource: Resource, what: str, line: int) -> Finding:
    where = "" if resource.type == URL else " under `FunctionUrlConfig`"
    fix = f"Set `AuthType: AWS_IAM`{where}, or `AuthType: NONE` if it is public."
    found = f"{what} has no `AuthType`"
    return LESSON.finding(TEMPLATE, line, found, resource=resource.logical_id, fix=fix)


def _access_problem(
    service: Service, function: Function, name: str, event: dict[str, Any]
) -> str | None:
    if at(event, "Properties", "Auth", "Authorizer"):
        return None
    key = {"HttpApi": "ApiId", "Api": "RestApiId"}[event["Type"]]
    names = targets(at(event, "Properties", key))
    shared = at(service.template, "Globals", event["Type"], "Auth", "DefaultAuthorizer")
    apis = [each for each in service.of_type(APIS[event["Type"]]) if each.logical_id in names]
    private = shared or any(each.get("Auth", "DefaultAuthorizer") for each in apis)
    # Without authorizers SAM takes no `Authorizer: NONE`: a comment has to say it, with a reason.
    line = function.line_of("Events", name)
    said = comments(service, TEMPLATE, line, max(line, last_line(event)))
    public = any(each.lower().startswith("public:") and each[7:].strip() for each in said)
    if private:
        return "says that it is public, and its API asks for a token" if public else None
    return None if public else "does not say whether it is public"

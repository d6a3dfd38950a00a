"""Who may call the endpoints of template.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# The property of an event that names its API, by the event's type.
APIS = {"HttpApi": "ApiId", "Api": "RestApiId"}


def public_endpoints(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each endpoint that needs no token, with the resource and the reason.

    EVT-08 in the gate asks for the same to be stated there.
    """
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for endpoint, reason in _public(template, resource["Type"], properties):
            yield endpoint, f"{logical_id}: {reason}"


def _public(
    template: dict[str, Any], kind: str, properties: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    for event in (properties.get("Events") or {}).values():
        reason = event["Type"] in APIS and _reason(template, event)
        if reason:
            route = event.get("Properties", {})
            method = str(route.get("Method", "ANY")).upper()
            yield f"{method} {route.get('Path', 'any path')}", reason
    url = properties if kind == "AWS::Lambda::Url" else properties.get("FunctionUrlConfig") or {}
    if url.get("AuthType") == "NONE":
        yield "its URL", "says AuthType: NONE"
    no_authorizer = properties.get("AuthorizationType", "NONE") == "NONE"
    if kind == "AWS::ApiGatewayV2::Route" and no_authorizer:
        yield str(properties.get("RouteKey")), "has no authorizer"


def _reason(template: dict[str, Any], event: dict[str, Any]) -> str:
    """Why an event of an API is public; empty when it is not."""
    route = event.get("Properties", {})
    authorizer = (route.get("Auth") or {}).get("Authorizer")
    if authorizer:
        return "says Authorizer: NONE" if authorizer == "NONE" else ""
    api = (route.get(APIS[event["Type"]]) or {}).get("Ref")
    properties = template["Resources"].get(api, {}).get("Properties", {})
    shared = template.get("Globals", {}).get(event["Type"], {})
    default = (properties.get("Auth") or shared.get("Auth") or {}).get("DefaultAuthorizer")
    return "" if default else f"{api or 'its API'} asks for no token"

"""The bridge from template.yaml to what the emulator takes: everything that differs from AWS's way is here.

Before SAM translates the template (`prepared`), CodeDeploy's gradual traffic goes, which the
emulator has not. After it (`bridged`):

- a function runs from its folder in src/, with the packages of .venv (`worker.py`): a saved file
  counts at the next call, and nothing is packaged for another processor;
- an HTTP API's OpenAPI `Body`, which the emulator ignores, becomes routes, integrations,
  authorizers and CORS;
- addresses of APIs are those on this machine;
- types that the emulator does not know are left out, with a line that says so. What refers to such
  a resource gets its logical id in place of its name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.template import at

Content = dict[str, Any]
FUNCTION = "AWS::Lambda::Function"
WORKER = Path(__file__).with_name("worker.py")
# What nobody misses here, with the reason; other types are left out when the emulator refuses them.
LEFT_OUT = {
    "AWS::Budgets::Budget": "nothing costs money here",
    "AWS::CodeDeploy::Application": "a new version gets all traffic at once here",
    "AWS::CodeDeploy::DeploymentGroup": "a new version gets all traffic at once here",
    "AWS::IAM::OIDCProvider": "nobody signs in here",
    "AWS::Lambda::LayerVersion": "functions import from .venv here",
}
# What SAM takes from a file that `sam package` uploads, by type. Nothing is uploaded here.
FILES = {
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::HttpApi": "DefinitionUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}
NOT_UPLOADED = "s3://not-uploaded/here"
INVOKED = re.compile(r"functions/\$\{(\w+?)(?:Alias\w*)?(?:\.Arn)?\}")
API_ADDRESS = re.compile(r"https://\$\{(\w+)\}\.execute-api\.[^/\s\"']*")


@dataclass
class Bridged:
    """What is deployed.

    Args:
        template: a CloudFormation template.
        functions: the folder of each function in src/, by its logical id.
        apis: the logical ids of HTTP APIs, each with the address on this machine.
        paths: the address of the first route of each function, by its logical id.
        notes: what was left out, a line each.
    """

    template: Content
    functions: dict[str, Path] = field(default_factory=dict)
    apis: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def _functions(template: Content) -> dict[str, Content]:
    """The properties of each function, by its logical id; what is malformed is left to SAM to report."""
    return {
        name: properties
        for name in at(template, "Resources") or {}
        if at(template, "Resources", name, "Type") == "AWS::Serverless::Function"
        and isinstance(properties := at(template, "Resources", name, "Properties"), dict)
    }


def folders(template: Content, root: Path) -> dict[str, Path]:
    """The folder of the code of each function that SAM builds, by its logical id."""
    shared = at(template, "Globals", "Function", "CodeUri")
    return {
        name: root / code
        for name, properties in _functions(template).items()
        if isinstance(code := properties.get("CodeUri") or shared, str)
    }


def prepared(template: Content) -> Content:
    """A copy of template.yaml that SAM can translate without packages and without CodeDeploy."""
    copy: Content = json.loads(json.dumps(template, default=str))
    functions = list(_functions(copy).values())
    for properties in functions:
        if "InlineCode" not in properties and properties.get("PackageType") != "Image":
            properties["CodeUri"] = NOT_UPLOADED
    for name in at(copy, "Resources") or {}:
        key = FILES.get(str(at(copy, "Resources", name, "Type")))
        if key and isinstance(at(copy, "Resources", name, "Properties", key), str):
            copy["Resources"][name]["Properties"][key] = NOT_UPLOADED
    for properties in [*functions, at(copy, "Globals", "Function") or {}]:
        properties.pop("DeploymentPreference", None)
    return copy


def bridged(
    expanded: Content,
    code: dict[str, Path],
    packages: Path,
    address: Callable[[str], str],
    unknown: Iterable[str] = (),
) -> Bridged:
    """What SAM made of the template, as the emulator takes it.

    Args:
        expanded: what SAM made of `prepared`; it is changed.
        code: the folders of the functions.
        packages: the folder that has what the functions import.
        address: the address on this machine of the HTTP API of a logical id.
        unknown: types that the emulator does not know.
    """
    result = Bridged(expanded)
    resources: Content = expanded["Resources"]
    absent = _leave_out(resources, set(unknown), result.notes)
    for name, resource in list(resources.items()):
        properties = resource.setdefault("Properties", {})
        if resource["Type"] == FUNCTION and name in code:
            _run_from_folder(properties, code[name], packages)
            result.functions[name] = code[name]
            if layers := properties.pop("Layers", None):
                result.notes.append(f"{name} runs without its {len(layers)} layers")
        elif resource["Type"] == "AWS::Lambda::EventInvokeConfig":
            # The emulator ignores an alias's EventInvokeConfig.
            properties["Qualifier"] = "$LATEST"
        elif properties.pop("BodyS3Location", None):
            properties |= {"Name": name, "ProtocolType": "HTTP"}
            result.notes.append(f"{name} has no routes: its definition is not in template.yaml")
        elif resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in properties:
            result.apis[name] = address(name)
            resources |= _http_api(name, properties, result)
    result.template = _resolved(expanded, absent, result.apis)
    return result


def _leave_out(resources: Content, unknown: set[str], notes: list[str]) -> set[str]:
    """Remove what the emulator can't have; the logical ids of it."""
    absent = set()
    for name, resource in list(resources.items()):
        kind = resource["Type"]
        why = LEFT_OUT.get(kind)
        if kind in unknown:
            why = "the emulator does not know this type"
        elif at(resource, "Properties", "DefinitionS3Location"):
            why = "its definition is in a file, and only one in template.yaml runs here"
        if why:
            notes.append(f"{name} ({kind}) is left out: {why}")
            absent.add(name)
            del resources[name]
    for resource in resources.values():
        needed = resource.pop("DependsOn", [])
        needed = [needed] if isinstance(needed, str) else needed
        if kept := [name for name in needed if name not in absent]:
            resource["DependsOn"] = kept
    return absent


def _run_from_folder(properties: Content, folder: Path, packages: Path) -> None:
    """Let a function run from its folder, by worker.py."""
    environment = properties.setdefault("Environment", {}).setdefault("Variables", {})
    environment |= {
        "KIT_FOLDER": str(folder),
        "KIT_HANDLER": properties["Handler"],
        "PYTHONPATH": str(packages),
    }
    properties["Handler"] = "kit_worker.handler"
    properties["Code"] = {"ZipFile": WORKER.read_text("utf-8")}


def _http_api(name: str, properties: Content, result: Bridged) -> Content:
    """The resources that an HTTP API's `Body` stands for; it goes from the properties."""
    body = properties.pop("Body")
    properties.setdefault("Name", at(body, "info", "title") or name)
    properties["ProtocolType"] = "HTTP"
    if cors := body.get("x-amazon-apigateway-cors"):
        # The emulator keeps what CloudFormation says as it is, and reads it in OpenAPI's spelling.
        properties["CorsConfiguration"] = {
            key: value.split(",") if isinstance(value, str) else value
            for key, value in cors.items()
        }
    schemes = dict(at(body, "components", "securitySchemes") or {})
    for title, scheme in list(schemes.items()):
        if (
            "x-amazon-apigateway-authorizer" not in scheme
        ):  # IAM's signatures, which nothing checks here
            result.notes.append(f"{name} does not check {title} here: its routes are open")
            del schemes[title]
    authorizers = {f"{name}{_word(title)}Authorizer": title for title in schemes}
    resources: Content = {
        logical_id: _authorizer(name, title, schemes[title])
        for logical_id, title in authorizers.items()
    }
    for path, methods in body.get("paths", {}).items():
        condition = None
        if "Fn::If" in methods:  # SAM's own, for a function with a condition
            condition, methods, _absent = methods["Fn::If"]
        for method, operation in methods.items():
            if "x-amazon-apigateway-integration" not in operation:
                continue
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            key = "$default" if path == "/$default" else f"{verb} {path}"
            # The hash, as `/a-b` and `/a/b` are one word.
            digest = hashlib.sha256(key.encode()).hexdigest()[:6]
            route = f"{name}{_word(verb + path).title()}{digest}Route"
            integration = _integration(name, operation["x-amazon-apigateway-integration"])
            resources[f"{route}Integration"] = integration
            if function := INVOKED.search(str(integration["Properties"]["IntegrationUri"])):
                first = result.apis[name] + path.replace("/{proxy+}", "")
                result.paths.setdefault(function[1], first)
            resources[route] = _route(name, key, route, operation)
            for logical_id, title in authorizers.items():
                if any(title in needed for needed in operation.get("security") or []):
                    kind = resources[logical_id]["Properties"]["AuthorizerType"]
                    resources[route]["Properties"] |= {
                        "AuthorizationType": "JWT" if kind == "JWT" else "CUSTOM",
                        "AuthorizerId": {"Ref": logical_id},
                    }
            if condition:
                resources[route]["Condition"] = integration["Condition"] = condition
    return resources


def _authorizer(api: str, title: str, scheme: Content) -> Content:
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    source = authorizer.get("identitySource", "$request.header.Authorization")
    properties = _capitalized({key: value for key, value in authorizer.items() if key != "type"})
    properties |= {
        "ApiId": {"Ref": api},
        "AuthorizerType": str(authorizer.get("type", "jwt")).upper(),
        "IdentitySource": source.split(",") if isinstance(source, str) else source,
        "Name": title,
    }
    if "JwtConfiguration" in properties:
        properties["JwtConfiguration"] = _capitalized(properties["JwtConfiguration"])
    return {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": properties}


def _integration(api: str, integration: Content) -> Content:
    properties = {
        "ApiId": {"Ref": api},
        "IntegrationType": str(integration.get("type", "aws_proxy")).upper(),
        "IntegrationUri": integration.get("uri", ""),
        "IntegrationMethod": integration.get("httpMethod", "POST"),
        "PayloadFormatVersion": integration.get("payloadFormatVersion", "2.0"),
        "TimeoutInMillis": integration.get("timeoutInMillis", 30000),
    }
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}


def _route(api: str, key: str, name: str, operation: Content) -> Content:
    required = operation.get("security") or []
    scopes = [scope for schemes in required for listed in schemes.values() for scope in listed]
    properties: Content = {
        "ApiId": {"Ref": api},
        "RouteKey": key,
        "Target": {"Fn::Sub": "integrations/${" + name + "Integration}"},
        **({"AuthorizationScopes": scopes} if scopes else {}),
    }
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}


def _capitalized(content: Content) -> Content:
    """OpenAPI's keys as CloudFormation has them: enableSimpleResponses → EnableSimpleResponses."""
    return {key[:1].upper() + key[1:]: value for key, value in content.items()}


def _word(text: str) -> str:
    return re.sub(r"\W", "", text)


def _resolved(node: Any, absent: set[str], apis: dict[str, str]) -> Any:
    """A part of the template without references to what is absent, and with the local addresses."""
    if isinstance(node, list):
        return [_resolved(item, absent, apis) for item in node]
    if isinstance(node, str):
        return API_ADDRESS.sub(lambda match: apis.get(match[1], match[0]), node)
    if not isinstance(node, dict):
        return node
    if node.get("Ref") in absent:
        return node["Ref"]
    if isinstance(target := node.get("Fn::GetAtt"), list):
        if target[0] in absent:
            return ".".join(target)
        if target[1] == "ApiEndpoint" and target[0] in apis:
            return apis[target[0]]
    if absent and "Fn::Sub" in node:
        text = json.dumps(node["Fn::Sub"])
        pattern = r"\$\{(" + "|".join(map(re.escape, absent)) + r")((?:\.\w+)?)\}"
        node = {**node, "Fn::Sub": json.loads(re.sub(pattern, r"\1\2", text))}
    return {key: _resolved(value, absent, apis) for key, value in node.items()}

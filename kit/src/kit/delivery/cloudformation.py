"""What a CloudFormation template says: read as it is written, compared, and shown in short form.

Which properties can't change without a new resource, and which resources hold data, is what
cfn-lint says: it has the published schemas of CloudFormation's resource types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from typing import Any

import yaml

from kit.template import SAM, is_intrinsic, read, statements

WIDTH = 100  # characters of a value in a table
MOST = 100_000  # values of a template; CloudFormation takes 1 MB
Keys = tuple[str, ...]
Content = dict[str, Any]


def size(node: Any, known: dict[int, int]) -> int:
    """How many values there are, with what YAML's aliases repeat. RecursionError without end."""
    if id(node) not in known:
        parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        known[id(node)] = 1 + sum(size(part, known) for part in parts)
    return known[id(node)]


def parsed(text: str) -> Content:
    """A template. ValueError when the text is none: it says where, and what is wrong."""
    try:
        found = read(text, literal=True)
        if size(found, {}) > MOST:
            raise ValueError(f"it has more than {MOST} values")
    except (yaml.YAMLError, RecursionError, TypeError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise ValueError("it is no mapping that has a mapping of Resources")
    for name, resource in found["Resources"].items():
        if str(name).startswith("Fn::"):  # a macro or loop makes resources of what is in it
            found["Resources"][name] = {"Type": str(name), "Properties": {"Of": resource}}
        elif not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise ValueError(f"the resource {name} is no mapping that has a Type")
        elif not isinstance(resource.get("Properties", {}), dict):
            raise ValueError(f"the Properties of {name} are no mapping")
    return found


def resources(template: Content) -> Content:
    """The resources by their logical ids. The Globals, which are part of many, are one more; they
    have a name that no resource can have."""
    shared = {"Type": "", "Properties": template.get("Globals")}
    return {"(Globals)": shared, **template.get("Resources", {})}


# ── What a type of resources is like ─────────────────────────────────────────


@cache
def fixed(kind: str) -> dict[Keys, str]:
    """The properties whose change needs a new resource: always (replaced), or in some cases."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError  # takes two seconds

    name, *own = SAM.get(kind, (kind,))
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
    except ResourceNotFoundError:
        return {}
    words = {
        "conditionalCreateOnlyProperties": "perhaps replaced",
        "createOnlyProperties": "replaced",
    }
    return {(item,): "replaced" for item in own} | {
        tuple(pointer.split("/")[2:]): word
        for key, word in words.items()
        for pointer in schema.get(key) or []
    }


@cache
def holds_data(kind: str) -> bool:
    from cfnlint.data import AdditionalSpecs
    from cfnlint.helpers import load_resource

    known = load_resource(AdditionalSpecs, "StatefulResources.json")["ResourceTypes"]
    return SAM.get(kind, (kind,))[0] in known


def outcome(kind: str, keys: Keys) -> str:
    """What becomes of a resource when the value at these keys changes."""
    if keys == ("Type",):
        return "replaced"
    for pointer, word in fixed(kind).items() if keys[0] == "Properties" else ():
        size = min(len(keys) - 1, len(pointer))
        if keys[1 : size + 1] == pointer[:size]:
            return word if size == len(pointer) else "perhaps replaced"
    return "changed"


def own_name(resource: Content) -> tuple[str, Any] | None:
    """The type of a resource and its physical name, if it is given one that no other can have."""
    kind = SAM.get(resource["Type"], (resource["Type"],))[0]
    for key in (f"{kind.split('::')[-1]}Name", "Name"):
        if key in resource.get("Properties", {}) and (key,) in fixed(resource["Type"]):
            return kind, resource["Properties"][key]
    return None


# ── Values ───────────────────────────────────────────────────────────────────


def short(node: Any) -> str:
    """A value in one line, intrinsics as !Ref X. Text that could be taken for more is quoted."""
    if isinstance(node, list):
        return f"[{', '.join(map(short, node))}]"
    if is_intrinsic(node):
        ((key, value),) = node.items()
        if key == "Fn::GetAtt" and isinstance(value, list):
            value = ".".join(map(str, value))
        return f"!{key.removeprefix('Fn::')} {short(value)}"
    if isinstance(node, dict):
        return "{" + ", ".join(f"{short(key)}: {short(node[key])}" for key in node) + "}"
    text = str(node)
    plain = re.sub(r"\$\{[^{}]*\}", "$", text)
    if text and text.isprintable() and not re.search(r'^!|[\[\]{},"]|: ', plain):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def pair(old: Any, new: Any) -> tuple[str, str]:
    """Both values of a change, short: of lists what differs, of long texts from there on."""
    if isinstance(old, list) and isinstance(new, list):
        rest = [x for x in old if x not in new], [x for x in new if x not in old]
        old, new = rest if any(rest) else (old, new)
    texts = ["–" if value is None else short(value) for value in (old, new)]
    if max(map(len, texts)) > WIDTH:
        same = sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(*texts, strict=False)))
        texts = [f"…{text[same - 20 :]}" if same > 20 else text for text in texts]
    first, second = (text if len(text) <= WIDTH else f"{text[:WIDTH]}…" for text in texts)
    return first, second


def flat(node: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """The values in nested mappings, with the keys that lead there."""
    if isinstance(node, dict) and not is_intrinsic(node) and (node or not keys):
        for key, value in node.items():
            yield from flat(value, (*keys, str(key)))
    else:
        yield keys, node


def differences(old: Any, new: Any) -> list[tuple[Keys, Any, Any]]:
    """The values that differ: their keys, what they were and are; None where there is none."""
    was, becomes = dict(flat(old)), dict(flat(new))
    keys = dict.fromkeys([*becomes, *was])
    return [(k, was.get(k), becomes.get(k)) for k in keys if was.get(k) != becomes.get(k)]


# Lists of policies that are sets: with the same items in any order, or one without a list.
SETS = ("Action", "NotAction", "NotResource", "Resource", "Statement")


def meaning(template: Content) -> Content:
    """A template without what changes no resource: descriptions, metadata, the order of sets."""
    sections = {
        key: each for key, each in template.items() if key not in ("Description", "Metadata")
    }
    for name in ("Outputs", "Parameters", "Resources"):
        parts = sections.get(name) or {}
        without = ("Metadata",) if name == "Resources" else ("Description",)
        sections[name] = {
            key: {inner: value for inner, value in part.items() if inner not in without}
            for key, part in parts.items()
        }
    ordered: Content = _ordered(sections)
    return ordered


def _ordered(node: Any) -> Any:
    if isinstance(node, list):
        return [_ordered(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _ordered(value) for key, value in node.items()}
    for key in found.keys() & {*SETS}:
        items = found[key] if isinstance(found[key], list) else [found[key]]
        found[key] = sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(name := found.get("Fn::GetAtt"), str):
        found["Fn::GetAtt"] = name.split(".", 1)
    return found


def values(template: Content, settings: Content) -> Content:
    """What the parameters are: what samconfig.toml of an environment says, or their defaults."""
    declared = flat(template.get("Parameters"))
    defaults = {keys[0]: value for keys, value in declared if keys[1:] == ("Default",)}
    given = dict(flat(settings)).get(("deploy", "parameters", "parameter_overrides"), "")
    pairs = given if isinstance(given, list) else re.findall(r'\w+=(?:"[^"]*"|\S*)', str(given))
    return defaults | dict(str(item).split("=", 1) for item in pairs if "=" in str(item))


# ── What it permits ──────────────────────────────────────────────────────────


def permissions(resource: Content) -> tuple[list[Content], list[Content]]:
    """What a resource may do or lets others do, and what takes of that away."""
    stated, properties = list(statements(resource)), resource.get("Properties", {})
    # An !If may be either.
    allowed = [item for item in stated if item["Effect"] != "Deny"]
    denied = [item for item in stated if item["Effect"] != "Allow"]
    for keys, given in flat(resource):
        if keys[-1] in ("Policies", "ManagedPolicyArns", "Role"):
            entries = given if isinstance(given, list) else [given]
            allowed += [{keys[-1]: entry} for entry in entries if not list(statements(entry))]
        elif keys[-1] == "PermissionsBoundary":
            denied.append({keys[-1]: given})
    if re.search(r"::(\w*Permission|Connector)$", resource["Type"]):
        allowed.append(properties)
    if "Connectors" in resource:
        allowed.append({"Connectors": resource["Connectors"]})
    return allowed, denied


def open_endpoints(template: Content) -> list[str]:
    """What anybody can call without being asked who they are."""

    def at(node: Any, *keys: str) -> Any:
        for key in keys:
            node = node.get(key) if isinstance(node, dict) else None
        return node

    found = []
    for name, resource in template.get("Resources", {}).items():
        properties, kind = resource.get("Properties", {}), resource["Type"].split("::")[-1]
        events = at(properties, "Events")
        for event in events.values() if isinstance(events, dict) else ():
            given, source = at(event, "Properties"), at(event, "Type")
            api = at(given, "ApiId", "Ref") or at(given, "RestApiId", "Ref")
            authorizer = (
                at(given, "Auth", "Authorizer")
                or at(template, "Resources", str(api), "Properties", "Auth", "DefaultAuthorizer")
                or at(template, "Globals", str(source), "Auth", "DefaultAuthorizer")
            )
            if source in ("Api", "HttpApi") and authorizer in (None, "NONE"):
                path = f"{at(given, 'Method') or 'ANY'} {at(given, 'Path') or '/{proxy+}'}"
                found.append(f"{path} ({name})")
        if kind in ("Route", "Method") and at(properties, "AuthorizationType") in (None, "NONE"):
            route = at(properties, "RouteKey") or at(properties, "HttpMethod")
            found.append(f"{short(route)} ({name})")
        url = properties if kind == "Url" else at(properties, "FunctionUrlConfig")
        if url and at(url, "AuthType") != "AWS_IAM":
            found.append(f"function URL ({name})")
    return found

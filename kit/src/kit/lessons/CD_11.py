"""CD-11: The Region is written in one place and read there; no other place repeats it, not even the
right one.

Why: The Region stood in eight places, and of these a move to another one found seven.

Here: `region` in `samconfig.toml`; everything else is computed, `${AWS::Region}` in resources of
templates, boto3's own in code.

Fix: Take the Region out of the file: resources have `${AWS::Region}`, clients of boto3 their own,
workflows the output `region` of `python .kit facts`. In place of a parameter with the
Region, use `!Ref AWS::Region`.

Defended by: gate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.samconfig import (
    GLOBAL_REGION,
    GLOBAL_SERVICES,
    REGION,
    SAMCONFIG,
    has_region,
    line_of_setting,
    region_of,
    settings_in,
)
from kit.gate.service import INFRA, TEMPLATE, Service
from kit.template import leaves

LESSON = Lesson.read(__doc__)


# A Region in an ARN or a host name.
ADDRESS = re.compile(rf"arn:[^:]+:[^:]*:(?P<arn>{REGION.pattern})|[./](?P<host>{REGION.pattern})\.")


# What a parameter gets in samconfig.toml.
GIVEN_ARN = re.compile(r"(?<==)[\"']?arn:[^\s,\"']+")


@LESSON.check
def samconfig_has_it_once(service: Service) -> Iterator[Finding]:
    """No parameter or name of a bucket in samconfig.toml repeats it.

    What others made is passed by its ARN, and is where they made it.
    """
    own = region_of(service)
    for environment, command, name, value in settings_in(service):
        for text in value if isinstance(value, list) else [value]:
            known = REGION.findall(_without_arns_of_others(service, str(text)))
            if name != "region" and own and own in known:
                line = line_of_setting(service, f"{environment}.{command}.parameters", name)
                told = has_region(f"`{name}` of {environment}", own, str(text))
                yield LESSON.finding(SAMCONFIG, line, told)


def _without_arns_of_others(service: Service, text: str) -> str:
    return GIVEN_ARN.sub(lambda arn: arn[0] if f":{service.name}-" in arn[0] else "", text)


OF_PARAMETERS = (
    "Delete the parameter, and use `!Ref AWS::Region`, or `!Sub` with `${AWS::Region}`, where it is"
    " referred to."
)


@LESSON.check
def templates_compute_the_region(service: Service) -> Iterator[Finding]:
    """No parameter repeats the Region. Of what is written out elsewhere in templates, IAC-06 tells."""
    for path in (TEMPLATE, INFRA):
        parameters = service.cloudformation(path).get("Parameters")
        for name, body in parameters.items() if isinstance(parameters, dict) else ():
            for key, text, line in leaves(body):
                if told := _of_parameter(f"`{key}` of the parameter {name}", key, text, service):
                    yield LESSON.finding(path, line, told, name, OF_PARAMETERS)


def _of_parameter(where: str, key: str, text: str, service: Service) -> str:
    """What a part of a parameter says of the Region that it should not."""
    own = region_of(service)
    if key == "Default" and "${AWS::Region}" in text:
        return where + " has `${AWS::Region}`, which CloudFormation does not replace there"
    # A pattern keeps out what is elsewhere: EVT-10 wants one for certificates. Of ARNs IAC-06 tells.
    if key in ("AllowedPattern", "AllowedValues", "Description") or text.startswith("arn:"):
        return ""
    region = _in_address(text) or (own if text == own else "")
    return has_region(where, region, text) if region else ""


def _in_address(text: str) -> str:
    """The Region in the first ARN or host name of a text that is not of a service for all the world."""
    for match in ADDRESS.finditer(text):
        region = match["arn"] or match["host"]
        is_global = region == GLOBAL_REGION and any(
            f":{each}:" in match[0] for each in GLOBAL_SERVICES
        )
        if not is_global and (match["arn"] or "amazonaws" in text or "aws.amazon" in text):
            return region
    return ""


@LESSON.check
def code_takes_the_region_that_it_has(service: Service) -> Iterator[Finding]:
    """What runs in Lambda, and what delivers it, names no Region where one is chosen."""
    for module in (*service.modules("src"), *service.modules("scripts")):
        for text in module.nodes(ast.Constant):
            if isinstance(text.value, str) and (region := _in_address(text.value)):
                told = has_region("an address", region, text.value)
                yield LESSON.finding(module.path, text.lineno, told)
        if any(_literal(each) for each in module.nodes(ast.Constant)):
            for told, line in _chosen(module):
                yield LESSON.finding(module.path, line, told)


def _literal(node: ast.AST) -> str:
    """The Region that an expression is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if REGION.fullmatch(node.value) else ""
    return ""


def _chosen(module: Module) -> Iterator[tuple[str, int]]:
    """Where a Region is chosen: in words, and the line."""
    elsewhere = {
        id(each)
        for call in module.nodes(ast.Call)
        if _is_client(call) and getattr(call.args[0], "value", "") in GLOBAL_SERVICES
        for each in ast.walk(call)
    }
    for parent in ast.walk(module.tree):
        for value in ast.iter_child_nodes(parent):
            if (region := _literal(value)) and id(value) not in elsewhere:
                name, verb = _what(parent, value)
                if "region" in name.lower():
                    yield f"`{name}` {verb} the Region {region}", getattr(value, "lineno", 0)


def _is_client(call: ast.Call) -> bool:
    return bool(call.args) and dotted(call.func).split(".")[-1] in ("client", "resource")


def _what(parent: ast.AST, value: ast.AST) -> tuple[str, str]:
    """What gets a value, and how: a variable, an argument, a key."""
    match parent:
        case ast.keyword(arg=str(name)):
            return name, "is"
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target):
            return ast.unparse(target), "is"
        case ast.Dict(keys=keys, values=items) if value in items:
            key = keys[items.index(value)]
            return ast.unparse(key) if key else "", "is"
        case ast.BoolOp(values=[first, *_]):
            return ast.unparse(first), "falls back to"
        case ast.Call(args=[first, second]) if value is second:
            if _is_client(parent):
                return f"region_name of {ast.unparse(parent.func)}", "is"
            return f"{ast.unparse(parent.func)}({ast.unparse(first)})", "falls back to"
        case ast.arguments():
            return _with_default(parent, value), "falls back to"
    return "", ""


def _with_default(arguments: ast.arguments, default: ast.AST) -> str:
    """The argument that has this default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    last = zip(plain[::-1], arguments.defaults[::-1], strict=False)
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return next((argument.arg for argument, each in (*last, *named) if each is default), "")

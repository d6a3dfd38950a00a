"""CD-11: The Region is written in one place and read there; no other place repeats it, not even the
right one.

Why: The Region was in eight places, and a move to another one changed seven of them.

Here: `region` in `samconfig.toml`; everything else is computed, `${AWS::Region}` in resources of
templates, boto3's own in code.

Fix: Take the Region out of the file: resources have `${AWS::Region}`, clients of boto3 their own,
workflows the output `region` of `python .kit facts`. In place of a parameter with the
Region, use `!Ref AWS::Region`.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.regions import GLOBAL_SERVICES, REGION, read_it, regions_of_pipelines
from kit.gate.samconfig import SAMCONFIG, region_of, settings_in
from kit.gate.service import Service
from kit.layout import INFRA, TEMPLATE
from kit.template import at, line_of, mapping_of

LESSON = Lesson.read(__doc__)
# What a parameter gets in samconfig.toml.
GIVEN_ARN = re.compile(r"(?<==)[\"']?arn:[^\s,\"']+")
HOST = re.compile(rf"[./]({REGION.pattern})\.\S*(?:amazonaws|aws\.amazon)")
PASS_ADDRESS = (
    "Pass the address in `Environment` of the function in `template.yaml`, by `!Ref` or `!GetAtt`, and"
    " read that variable."
)
USE_VARIABLE = (
    'Write `os.environ["AWS_REGION"]`, which Lambda sets, with no other value in its place; leave'
    " `region_name` out of clients."
)
# A Region in one of these is looked up, not chosen.
TABLES = (ast.Dict, ast.List, ast.Set, ast.Tuple, ast.Compare)


@LESSON.check
def samconfig_has_it_once(service: Service) -> Iterator[Finding]:
    """No other setting repeats it; what others own is passed by its ARN, and is where they have it."""
    own = region_of(service)
    for environment, name, value, line in settings_in(service):
        for text in value if isinstance(value, list) else [value]:
            mine = GIVEN_ARN.sub(lambda a: a[0] if f":{service.name}-" in a[0] else "", str(text))
            if name != "region" and own and own in REGION.findall(mine):
                message = f"`{name}` of {environment} repeats the Region {own}: {text}"
                fix = f"Take `{text}` out, and write `${{AWS::Region}}` or a `!GetAtt` where it is used."
                yield LESSON.finding(SAMCONFIG, line, message, fix=fix)


@LESSON.check
def parameters_have_no_region(service: Service) -> Iterator[Finding]:
    """Resources that repeat the Region are IAC-06's."""
    own = region_of(service) or None
    for path in (TEMPLATE, INFRA):
        for name, body in mapping_of(service.cloudformation(path), "Parameters").items():
            default = str(at(body, "Default"))
            if default in (own, "${AWS::Region}"):
                message = f"the default of the parameter {name} is {default}"
                fix = (
                    f"Delete the parameter {name}, and write `!Ref AWS::Region` for `!Ref {name}`."
                )
                yield LESSON.finding(path, line_of(body, "Default"), message, name, fix)


@LESSON.check
def pipelines_do_not_repeat_it(service: Service) -> Iterator[Finding]:
    for path, line, region, text in regions_of_pipelines(service):
        if region == region_of(service):
            message = f"`{text}` repeats the Region {region}"
            yield LESSON.finding(path, line, message, fix=read_it(path))


@LESSON.check
def code_takes_the_region_that_it_has(service: Service) -> Iterator[Finding]:
    """What runs in Lambda, and what delivers it, chooses no Region."""
    for module in (*service.modules("src"), *service.modules("scripts")):
        looked_up = _looked_up(module)
        for text in module.texts:
            value = str(text.value)
            host = HOST.search(value)
            if host or (REGION.fullmatch(value) and id(text) not in looked_up):
                message = f"`{value}` names the Region {host[1] if host else value}"
                fix = PASS_ADDRESS if host else USE_VARIABLE
                yield LESSON.finding(module.path, text.lineno, message, fix=fix)


def _looked_up(module: Module) -> set[int]:
    """The constants of a module that are in a table, or in a client of a global service."""
    calls = [c for c in module.nodes(ast.Call) if any(map(_is_global, c.args))]
    tables = [table for kind in TABLES for table in module.nodes(kind)]
    return {id(node) for parent in (*calls, *tables) for node in ast.walk(parent)}


def _is_global(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and argument.value in GLOBAL_SERVICES

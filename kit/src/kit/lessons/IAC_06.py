"""IAC-06: Resources refer to each other by `!Ref`, `!GetAtt` and `!Sub`; no ARN, account or Region
is written out.

Why: A template that had been copied to another account still wrote to the old one's queue.

Here: All of `template.yaml` and `infra/environment.yaml`; what is AWS's own is put together from
`${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}`.

Fix: Refer to the resource, or use the pseudo parameters; pass what another stack has in a
parameter.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import environments, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.names import names
from kit.gate.policies import referenced_ids
from kit.gate.service import A_REGION, Service
from kit.layout import INFRA, TEMPLATE
from kit.template import at, line_of, mapping_of

LESSON = Lesson.read(__doc__)

# The Region or the account of an ARN, or by itself.
LITERAL = re.compile(
    rf"(?P<Region>(?<![\w-]){A_REGION}[a-f]?(?!\w))" + r"|(?P<account>(?<![\w.])\d{12}(?![\w.]))"
)
ARN = re.compile(r"arn:(?:\$\{[^}]*\}|[^\s\"',])+")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# ARNs of what AWS or others publish: managed policies, integrations of Step Functions, layers, and
# applications of the Serverless Application Repository.
PUBLISHED = re.compile(r":iam::aws:|:(?:states|scheduler):::|:layer:|:serverlessrepo:")
FIX = (
    "Write `${AWS::Region}` and `${AWS::AccountId}` in their places, in a `!Sub`, or refer to the"
    " resource by `!GetAtt`; pass what is of another stack or account in a parameter."
)
OF_A_MAPPING = "Delete it here, and use `!Ref AWS::AccountId` or `!Ref AWS::Region` for it."
# Text for people, in which anything may stand.
PROSE = {"AlarmDescription", "Comment", "Description", "GroupDescription", "Metadata"}
# Keys below which numbers are accounts, beside those that say so.
OF_ACCOUNTS = {"AWS", "CatalogId", "Owner", "Owners", "Principal", "RegistryId"}


@LESSON.check
def nothing_is_written_out(service: Service) -> Iterator[Finding]:
    """No ARN, account or Region is literal. Conditions may compare with a Region."""
    for path in (TEMPLATE, INFRA):
        template = service.cloudformation(path)
        for section in ("Globals", "Mappings", "Resources", "Outputs"):
            for text, line in _texts(template.get(section)):
                if literals := _literals(text):
                    verb = "is" if len(literals) == 1 else "are"
                    message = f"{' and '.join(literals)} {verb} written out"
                    fix = OF_A_MAPPING if section == "Mappings" else FIX
                    yield LESSON.finding(path, line, message, fix=fix)


@LESSON.check
def defaults_are_for_every_account(service: Service) -> Iterator[Finding]:
    """No parameter has an ARN or `${AWS::…}` as its default; CD-11 is about Regions."""
    for path in (TEMPLATE, INFRA):
        parameters = mapping_of(service.cloudformation(path), "Parameters")
        for name, body in parameters.items():
            default = str(at(body, "Default"))
            line = line_of(parameters, name, "Default")
            if ARN.search(default) and (literals := _literals(default)):
                message = f"{literals[0]} is in the default of {name}"
                fix = "Pass it in `samconfig.toml`, for each environment its own."
                yield LESSON.finding(path, line, message, fix=fix)
            elif "${AWS::" in default and "${AWS::Region}" not in default:
                message = f"CloudFormation keeps the `${{AWS::…}}` in the default of {name} as text"
                fix = "Delete the parameter, and use `!Ref` or `!Sub` where it is referred to."
                yield LESSON.finding(path, line, message, fix=fix)


@LESSON.check
def variables_refer_to_resources(service: Service) -> Iterator[Finding]:
    """A function gets the name of a resource of this stack by a reference to it."""
    named = list(names(service))
    templates = environments(service)
    for function in service.functions:
        for variable, node in function.variables.items():
            words = tuple(filter(None, str(variable).split("_")))
            if referenced_ids(node) & service.resources.keys():
                continue
            texts = {key: str(resolved(template, node)) for key, template in templates.items()}
            # A name is the end of an ARN, and of the address of a queue.
            ends = {key: re.split("[/:]", text)[-1] for key, text in texts.items()}
            for name in named:
                kind = name.resource.type.rpartition("::")[2].upper()  # EVENTBUS ends with BUS
                # What refers to the function can't be referred to by it.
                is_circle = function.logical_id in referenced_ids(name.resource.body)
                if name.texts.items() <= ends.items() and kind.endswith(words) and not is_circle:
                    logical_id = name.resource.logical_id
                    message = f"`{variable}` has the name of {logical_id} written out"
                    line = function.line_of("Environment", "Variables", variable)
                    fix = f"Pass `!Ref {logical_id}`, or its attribute by `!GetAtt`."
                    yield LESSON.finding_in(function, line, message, fix)


def _texts(node: Any, line: int = 0, of_account: bool = False) -> Iterator[tuple[str, int]]:
    """Every text with its line, and numbers where accounts are; not what is meant for people."""
    if isinstance(node, dict):
        for key in (key for key in node if key not in PROSE):
            inner = of_account or "account" in str(key).lower() or key in OF_ACCOUNTS
            yield from _texts(node[key], line_of(node, key) or line, inner)
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _texts(item, line_of(node, number) or line, of_account)
    elif isinstance(node, str) or (type(node) is int and of_account):
        yield str(node), line


def _literals(text: str) -> list[str]:
    """What of a text should be a reference, in words: the account 111122223333."""
    own = [arn for arn in ARN.findall(text) if not PUBLISHED.search(arn)]
    parts = (*own, UUID.sub("", ARN.sub("", text)))
    literals = [f"the {m.lastgroup} {m[0]}" for part in parts for m in LITERAL.finditer(part)]
    # What !Join puts together ends in the middle of an ARN.
    arns = [arn for arn in own if "${" not in arn and not arn.endswith(("*", ":"))]
    return list(dict.fromkeys(literals)) or [f"the ARN {arn}" for arn in arns][:1]

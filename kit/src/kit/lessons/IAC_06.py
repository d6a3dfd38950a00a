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

from kit.gate.environments import in_prod, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.names import names
from kit.gate.resources import mapping_of
from kit.gate.service import A_REGION, INFRA, TEMPLATE, Service
from kit.template import at, is_intrinsic, line_of, references

LESSON = Lesson.read(__doc__)


REGION = re.compile(rf"(?<![\w-]){A_REGION}[a-f]?(?!\w)")


ACCOUNT = re.compile(r"(?<![\w.])\d{12}(?![\w.])")


UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


ARN = re.compile(r"arn:[^\s\"',]+")


# What a parameter's default can't have; of the Region CD-11 tells.
PSEUDO = re.compile(r"\$\{AWS::\w+\}")


NO_PARAMETER = "Delete the parameter, and use `!Ref` or `!Sub` where it is referred to."


# Services whose ARNs of no account name what AWS can do: arn:aws:states:::sqs:sendMessage. What
# the Serverless Application Repository has is named by its publisher's account everywhere.
OF_AWS = ("scheduler", "states")


# Text for people, in which anything may stand.
PROSE = {"AlarmDescription", "Comment", "Description", "GroupDescription", "Metadata"}


# Keys below which numbers are accounts, beside those that say so.
OF_ACCOUNTS = {"AWS", "CatalogId", "Owner", "Owners", "Principal", "RegistryId"}


# What a variable is called that has the name of a resource of that type.
NAMED_BY_VARIABLES = {
    "AWS::DynamoDB::Table": "TABLE",
    "AWS::Events::EventBus": "BUS",
    "AWS::Kinesis::Stream": "STREAM",
    "AWS::S3::Bucket": "BUCKET",
    "AWS::SNS::Topic": "TOPIC",
    "AWS::SQS::Queue": "QUEUE",
}


@LESSON.check
def nothing_is_written_out(service: Service) -> Iterator[Finding]:
    """No ARN, account or Region is literal. Conditions may compare with a Region."""
    for path in (TEMPLATE, INFRA):
        template = service.cloudformation(path)
        for section in ("Globals", "Mappings", "Resources", "Outputs"):
            for text, line in _scalars(template.get(section), 0):
                if found := _written_out(text):
                    told = "" if found.endswith(f" {text}") else f": `{_short(text)}`"
                    yield LESSON.finding(path, line, f"{found} is written out{told}")
        for name, body in mapping_of(template, "Parameters").items():
            default = str(at(body, "Default"))
            if found := next(filter(None, map(_of_arn, ARN.findall(default))), ""):
                line = line_of(template, "Parameters", name, "Default")
                fix = "Pass it in `samconfig.toml`, for each environment its own."
                what = f"{found} is in the default of {name}: `{_short(default)}`"
                yield LESSON.finding(path, line, what, fix=fix)
            elif (pseudo := PSEUDO.search(default)) and "${AWS::Region}" not in default:
                line = line_of(template, "Parameters", name, "Default")
                what = (
                    f"the default of {name} has `{pseudo[0]}`, which CloudFormation keeps as text"
                )
                yield LESSON.finding(path, line, what, fix=NO_PARAMETER)


@LESSON.check
def variables_refer_to_resources(service: Service) -> Iterator[Finding]:
    """A function gets the name of a resource of this stack by a reference to it."""
    prod = in_prod(service)
    known = {
        (word, resolved(prod, name.node)): name.resource.logical_id
        for name in names(service)
        if (word := NAMED_BY_VARIABLES.get(name.resource.type))
    }
    for function in service.functions:
        for variable, node in function.variables.items():
            text = str(resolved(prod, node)) if _is_text(node) else ""
            for (word, name), logical_id in known.items():
                if word in str(variable).split("_") and text == name:
                    line = function.line_of("Environment", "Variables", variable)
                    what = f"`{variable}` of {function.logical_id} is the name of {logical_id}"
                    fix = f"Pass `!Ref {logical_id}`, or its attribute by `!GetAtt`."
                    yield function.finding(LESSON.id, line, f"{what}, written out", fix)


def _is_text(node: Any) -> bool:
    """Whether a value is text, or !Sub with nothing but parameters in it."""
    targets = [each.target for each in references(node)]
    plain = isinstance(node, str) or (is_intrinsic(node) and "Fn::Sub" in node)
    return plain and all("::" in target or target == "EnvironmentName" for target in targets)


def _scalars(node: Any, line: int, of_account: bool = False) -> Iterator[tuple[str, int]]:
    """Every text with its line, and numbers where accounts are; not what is meant for people."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in PROSE:
                inner = of_account or "account" in str(key).lower() or key in OF_ACCOUNTS
                yield from _scalars(value, line_of(node, key) or line, inner)
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _scalars(item, line_of(node, number) or line, of_account)
    elif isinstance(node, str) or (type(node) is int and of_account):
        yield str(node), line


def _written_out(text: str) -> str:
    """What of a text should be a reference, in words."""
    for arn in ARN.findall(text):
        if found := _of_arn(arn):
            return found
    rest = UUID.sub("", ARN.sub("", text))
    if match := REGION.search(rest):
        return f"the Region {match[0]}"
    if match := ACCOUNT.search(rest):
        return f"the account {match[0]}"
    return ""


def _of_arn(arn: str) -> str:
    """What of an ARN is literal that should not be. Of what is AWS's own, anything may be."""
    protected = re.sub(r"\$\{[^}]*\}", "${}", arn)  # ${AWS::Region} has colons, too
    parts = protected.split(":", 5)
    if len(parts) < 6:
        return ""
    _arn, _partition, of, region, account, resource = parts
    if account == "aws" or of == "serverlessrepo" or (of in OF_AWS and not account):
        return ""
    if REGION.fullmatch(region):
        return f"the Region {region}"
    # Layers belong to those who publish them, in accounts of theirs.
    if ACCOUNT.fullmatch(account) and not resource.startswith("layer:"):
        return f"the account {account}"
    if "${}" not in protected and not re.fullmatch(r"[*/:]*", resource):
        return "an ARN"
    return ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"

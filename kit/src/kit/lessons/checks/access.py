"""IAM: identity and access."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from kit.delivery.grants import Environment, Gap, gaps
from kit.delivery.template import Template

from ..environments import all_deployed, deployed, exists, resolved
from ..findings import BrokenFileError, Finding, and_more, check
from ..parsers import at, dotted, line_of
from ..policies import (
    ISSUER,
    READING,
    REASON,
    Role,
    Statement,
    as_written,
    listed,
    roles,
    statements,
    targets,
    unscoped,
    wide_actions,
)
from ..service import ENVIRONMENTS, INFRA, TEMPLATE, Function, Resource, Service, leaves, strings

TEMPLATES = (INFRA, TEMPLATE)

# ── IAM-01: no long-lived keys ───────────────────────────────────────────────

# What AWS begins the id of a long-lived key with. Its documents have examples that end in EXAMPLE.
KEY = re.compile(r"(?<![A-Z0-9])AKIA[A-Z2-7]{16}(?![A-Z0-9])")
SIGNS_IN = "aws-actions/configure-aws-credentials"
KEY_INPUTS = ("aws-access-key-id", "aws-secret-access-key")
# Names of secrets that hold a key, and what the AWS CLI and SDKs read one from.
KEY_NAMES = re.compile(r"access_?key(_?id)?\b", re.IGNORECASE)
SECRET = re.compile(r"\bsecrets\s*(?:\.|\[)")


@check("IAM-01")
def no_keys_in_files(service: Service) -> Iterator[Finding]:
    """No file has the id of a key."""
    for path, text in service.texts():
        for found in KEY.finditer(text) if "AKIA" in text else ():
            if not found[0].endswith("EXAMPLE"):
                line = text.count("\n", 0, found.start()) + 1
                yield Finding("IAM-01", path, line, f"has an AWS access key: `{found[0][:8]}…`")


@check("IAM-01")
def no_keys_in_workflows(service: Service) -> Iterator[Finding]:
    """Nothing in .github signs in with a key that it keeps as a secret."""
    for path in service.files_in(".github", ".yml", ".yaml"):
        try:
            data = service.yaml(path)
        except BrokenFileError:
            continue  # told once, by `unreadable`
        seen = set()
        for name, value, line in leaves(data):
            is_key = KEY_NAMES.search(name.replace("-", "_")) or KEY_NAMES.search(value)
            if is_key and SECRET.search(value) and line not in seen:
                seen.add(line)
                told = f"`{name}` is a long-lived AWS key, from a secret of GitHub"
                yield Finding("IAM-01", path, line, told)
    for job in service.jobs:
        for step in job.steps:
            given = at(step, "with")
            # With a session token they are the temporary keys of a role.
            if not _uses(step, SIGNS_IN) or not isinstance(given, dict):
                continue
            if "aws-session-token" in given:
                continue
            for name in KEY_INPUTS:
                line = line_of(step, "with", name)
                if name in given and not SECRET.search(str(given[name])):
                    told = f"job `{job.id}` signs in with `{name}`"
                    yield Finding("IAM-01", job.path, line, told)


def _uses(step: dict[str, Any], action: str) -> bool:
    return str(step.get("uses", "")).split("@")[0] == action


@check("IAM-01")
def no_users(service: Service) -> Iterator[Finding]:
    """No template makes somebody who has a key."""
    for path in TEMPLATES:
        for each in service.resources_of(path).values():
            if each.type in ("AWS::IAM::AccessKey", "AWS::IAM::User"):
                found = f"`{each.logical_id}` is an `{each.type}`"
                yield Finding("IAM-01", path, each.line, found, resource=each.logical_id)


@check("IAM-01")
def no_keys_in_code(service: Service) -> Iterator[Finding]:
    """No code passes a key to an SDK, unless with the token that temporary keys have."""
    for folder in ("src", "scripts"):
        for module in service.modules(folder):
            for call in module.nodes(ast.Call):
                names = {each.arg for each in call.keywords}
                if "aws_secret_access_key" in names and "aws_session_token" not in names:
                    name = f"`{dotted(call.func)}`" if dotted(call.func) else "a call"
                    found = f"{name} gets `aws_secret_access_key`"
                    yield Finding("IAM-01", module.path, call.lineno, found)


# ── IAM-02: a role for each environment ──────────────────────────────────────


@check("IAM-02")
def roles_differ(service: Service) -> Iterator[Finding]:
    """A role that GitHub deploys with has another name in each environment."""
    for path in TEMPLATES:
        for role in roles(service, path):
            if role.signs_in and _drives(role):
                names = _names(service, role)
                if len(names) == len(ENVIRONMENTS) and len(set(names)) == 1:
                    line = role.resource.line_of("RoleName")
                    found = f"`{role.id}` is called `{names[0]}` in every environment"
                    if mapping := _same_for_all(service, role):
                        line = line_of(service.cloudformation(path), "Mappings", mapping)
                        found += f": `{mapping}` says the same for each"
                    yield Finding("IAM-02", path, line, found, resource=role.id)


def _drives(role: Role) -> bool:
    return any(each.covers("cloudformation:ExecuteChangeSet") for each in role.permissions)


def _same_for_all(service: Service, role: Role) -> str:
    """The mapping that a role's name is looked up in, if it says the same for each environment."""
    for look_up in _look_ups(role.resource.get("RoleName")):
        found = [resolved(deployed(service, role.path, each), look_up) for each in ENVIRONMENTS]
        name = at(look_up, "Fn::FindInMap", 0)
        if isinstance(name, str) and len(set(map(str, found))) == 1:
            return name
    return ""


def _look_ups(node: Any) -> Iterator[Any]:
    """Every !FindInMap in a part of a template."""
    if isinstance(node, dict) and "Fn::FindInMap" in node:
        yield node
    elif isinstance(node, (dict, list)):
        for each in node.values() if isinstance(node, dict) else node:
            yield from _look_ups(each)


def _names(service: Service, role: Role) -> list[str]:
    """What a role is called in each environment that has it, where its template says that."""
    found = []
    for environment in ENVIRONMENTS:
        template = deployed(service, role.path, environment)
        name = resolved(template, role.resource.get("RoleName"))
        if exists(template, role.resource) and isinstance(name, str):
            found.append(name)
    return found


@check("IAM-02")
def workflows_use_their_own(service: Service) -> Iterator[Finding]:
    """No two environments of GitHub sign in as the same role."""
    users: dict[str, str] = {}
    for job in service.jobs:
        environment = job.body.get("environment")
        environment = environment.get("name") if isinstance(environment, dict) else environment
        for step in job.steps:
            role = str(at(step, "with", "role-to-assume") or "").split("role/")[-1]
            if not _uses(step, SIGNS_IN) or not role or "${" in role:
                continue
            first = users.setdefault(role, str(environment))
            if first != str(environment):
                line = line_of(step, "with", "role-to-assume")
                found = f"job `{job.id}` signs in as `{role}`, as a job for `{first}` does"
                yield Finding("IAM-02", job.path, line, found)


# ── IAM-03: trust ────────────────────────────────────────────────────────────

# owner/name, with their ids or without, and one branch or environment.
SUBJECT = re.compile(
    r"repo:(?P<owner>[^/@:*?]+)(@[^/:*?]+)?/(?P<name>[^/@:*?]+)(@[^/:*?]+)?"
    r":(?P<rest>environment:[^*?:]+|ref:refs/heads/[^*?]+)"
)
WORKFLOW = re.compile(r"[^/@*?]+/[^/@*?]+/(?P<path>\.github/workflows/[^/@*?]+)@refs/heads/[^*?]+")


@check("IAM-03")
def trust_is_exact(service: Service) -> Iterator[Finding]:
    """What GitHub can become trusts one repository and one environment or branch."""
    for path in TEMPLATES:
        for role in roles(service, path):
            for statement in role.trust:
                if statement.allows:
                    for line, found in _too_wide(service, role, statement):
                        told = f"`{role.id}` {found}"
                        yield Finding("IAM-03", path, line, told, resource=role.id)


def _too_wide(service: Service, role: Role, trust: Statement) -> Iterator[tuple[int, str]]:
    if not role.is_github(trust):
        named = [text for text, _line in strings(trust.body.get("Principal"))]
        if "*" in named and not trust.body.get("Condition"):
            yield trust.line, "trusts everybody"
        elif role.signs_in:
            yield trust.line, f"trusts more than GitHub: {_several(named) or 'somebody else'}"
        return
    line = trust.body.lines.get("Condition", trust.line)
    compared: dict[str, Any] = {}
    for operator, keys in (trust.body.get("Condition") or {}).items():
        line_here = line_of(trust.body, "Condition", operator) or line
        if operator != "StringEquals":
            yield line_here, f"compares with `{operator}` in its trust"
        compared |= keys if isinstance(keys, dict) else {}
    for claim in ("aud", "sub"):
        if f"{ISSUER}:{claim}" not in compared:
            yield line, f"compares no `{claim}` in its trust"
    written = compared.get(f"{ISSUER}:sub")
    for environment in ENVIRONMENTS:
        template = deployed(service, role.path, environment)
        problem = _subject_problem(_subjects(template, written))
        if problem and exists(template, role.resource):
            line = line_of(trust.body, "Condition", "StringEquals", f"{ISSUER}:sub") or line
            yield line, problem
            return
    yield from _workflow_problems(service, role, trust, compared)


def _workflow_problems(
    service: Service, role: Role, trust: Statement, compared: dict[str, Any]
) -> Iterator[tuple[int, str]]:
    """What is wrong with the workflow that a trust names; a role that deploys has to name one."""
    key = f"{ISSUER}:job_workflow_ref"
    line = line_of(trust.body, "Condition", "StringEquals", key) or trust.line
    if key not in compared:
        if any("iam:PassRole" in each.actions for each in role.permissions):
            yield line, "compares no `job_workflow_ref`: any workflow of the branch can become it"
        return
    template = deployed(service, role.path, ENVIRONMENTS[0])
    for value, written in _subjects(template, compared[key]):
        found = WORKFLOW.fullmatch(value)
        if not found:
            yield line, f"trusts `{written}`, which is not one workflow on one branch"
        elif found["path"] not in service.workflows:
            yield line, f"trusts the workflow `{found['path']}`, which is not there"


def _several(names: list[str]) -> str:
    return " and ".join(f"`{each}`" for each in names)


def _subjects(template: Template, written: Any) -> list[tuple[str, str]]:
    """The subjects of a trust in an environment, each with how it is written."""
    return [
        (str(value), as_written(each, str(value)))
        for each in listed(written)
        for value in listed(resolved(template, each))
    ]


def _subject_problem(subjects: list[tuple[str, str]]) -> str:
    """Why these subjects are not one repository and one branch or environment; empty if they are."""
    seen: dict[tuple[str, ...], str] = {}
    for subject, written in subjects:
        found = SUBJECT.fullmatch(subject)
        if not found:
            return f"trusts `{written}`, which is not one repository with one environment or branch"
        seen[found["owner"].lower(), found["name"].lower(), found["rest"]] = written
    return f"trusts {_several(sorted(seen.values()))}" if len(seen) > 1 else ""


# ── IAM-04: scope ────────────────────────────────────────────────────────────


@check("IAM-04")
def scoped(service: Service) -> Iterator[Finding]:
    """Each permission of infra/environment.yaml is of this service and environment."""
    yield from _wide(service, "IAM-04", INFRA)


SINGLE_ACTIONS = "List the single actions."
SINGLE_RESOURCES = "List the resources that it is about under `Resource`."


def _wide(service: Service, lesson: str, path: str) -> Iterator[Finding]:
    templates = [*all_deployed(service, path).values()]
    for resource in service.resources_of(path).values():
        for each in statements(path, resource):
            if each.allows and each.is_identity and not _is_of_secrets(each):
                for found, line, fix in dict.fromkeys(_width(service, each, templates)):
                    name = resource.logical_id
                    yield Finding(lesson, path, line, found, resource=name, fix=fix)


def _width(
    service: Service, statement: Statement, templates: list[Template]
) -> Iterator[tuple[str, int, str | None]]:
    """What of a statement is wider than it need be, on which line, and what fixes it."""
    for action in wide_actions(statement):
        found = f"`{action}` is allowed in {statement.name}"
        yield found, statement.line_of("Action"), SINGLE_ACTIONS
    for key, fix in (("NotAction", SINGLE_ACTIONS), ("NotResource", SINGLE_RESOURCES)):
        if key in statement.body:
            found = f"everything but what `{key}` lists is allowed in {statement.name}"
            yield found, statement.line_of(key), fix
    for written, line in unscoped(service, statement, templates):
        yield f"`{written}` is allowed in {statement.name}", line, SCOPES.get(statement.path)


# What to do about a wide resource, where the lesson is of more than that.
SCOPES = {
    TEMPLATE: "Name a single resource, as `!GetAtt Table.Arn` does, or one whose name begins with"
    " the service and has `${EnvironmentName}`; where AWS offers no narrower scope, say why in a"
    f" comment beside it that begins with `{REASON}`."
}


def _is_of_secrets(statement: Statement) -> bool:
    """Whether it is about nothing but secrets in template.yaml, whose lesson is SEC-03."""
    actions = statement.actions
    if statement.path == INFRA or not actions:
        return False
    return all(each.lower().startswith("secretsmanager:") for each in actions)


# ── IAM-05: who changes resources ────────────────────────────────────────────

# What a test of the live service may do: it changes no resources.
TRIES = {
    *(
        "events:PutEvents",
        "execute-api:Invoke",
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
    ),
    *("sns:Publish", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"),
    *("states:StartExecution", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"),
}
# With which role a stack is changed: only by one that the condition names.
CHANGES_STACKS = {
    f"cloudformation:{each}"
    for each in ("CreateChangeSet", "CreateStack", "DeleteStack", "RollbackStack", "UpdateStack")
}
DRIVES = {
    f"cloudformation:{each}"
    for each in (
        *("CancelUpdateStack", "ContinueUpdateRollback", "DeleteChangeSet", "ExecuteChangeSet"),
        *("TagResource", "UntagResource"),
    )
}
CLOUDFORMATION = "cloudformation.amazonaws.com"
READ_ONLY = re.compile(r"(?:ReadOnlyAccess|ViewOnlyAccess|SecurityAudit)(?:_v\d+)?$")


@check("IAM-05")
def pipelines_only_drive(service: Service) -> Iterator[Finding]:
    """What GitHub can become changes nothing itself, unless through CloudFormation's role."""
    for path in TEMPLATES:
        buckets = {
            name for name, each in service.resources_of(path).items() if each.type == "AWS::S3::Bucket"
        }  # fmt: skip
        for role in roles(service, path):
            if not role.signs_in:
                continue
            for name, line in role.managed:
                if not READ_ONLY.search(name):
                    found = f"`{role.id}` has `{name}`"
                    yield Finding("IAM-05", path, line, found, resource=role.id)
            for each in role.permissions:
                for action in _changes(each, buckets):
                    found = f"{action} is allowed in {each.name}, and GitHub can become `{role.id}`"
                    line = each.line_of("Action")
                    yield Finding("IAM-05", path, line, found, resource=role.id)


def _changes(statement: Statement, buckets: set[str]) -> Iterator[str]:
    """The actions that change more than packages and stacks, the latter by a role that is named."""
    conditions = statement.conditions()
    resources = listed(statement.body.get("Resource"))
    for action in statement.actions:
        service, _, verb = action.partition(":")
        if action in DRIVES or action in TRIES or READING.fullmatch(verb):
            continue
        if action in CHANGES_STACKS:
            of_transform = all("aws:transform/" in str(each) for each in resources)
            if not of_transform and "cloudformation:rolearn" not in conditions:
                yield f"`{action}` with any role"
        elif action == "iam:PassRole":
            operator, to = conditions.get("iam:passedtoservice", ("", None))
            if operator != "StringEquals" or set(map(str, listed(to))) != {CLOUDFORMATION}:
                yield f"`{action}` to other services than CloudFormation"
        elif service == "s3" and "*" not in verb and resources:
            if not all(targets(each) & buckets for each in resources):
                yield f"`{action}`"
        else:
            yield f"`{action}`"


@check("IAM-05")
def only_cloudformation_changes(service: Service) -> Iterator[Finding]:
    """What CloudFormation becomes, nobody else becomes."""
    for path in TEMPLATES:
        for role in roles(service, path):
            trusted = {
                text: line
                for each in role.trust
                if each.allows
                for text, line in strings(each.body.get("Principal"), each.line_of("Principal"))
            }
            others = [each for each in trusted if each != CLOUDFORMATION]
            if CLOUDFORMATION in trusted and others:
                found = (
                    f"`{role.id}`, which changes resources, can also be assumed by"
                    f" {_several(others)}"
                )
                yield Finding("IAM-05", path, trusted[others[0]], found, resource=role.id)


# What gives a role permissions.
GIVES = {"iam:attachrolepolicy", "iam:createrole", "iam:putrolepolicy"}


@check("IAM-05")
def roles_only_with_a_boundary(service: Service) -> Iterator[Finding]:
    """Whoever makes roles can make them only within the boundary, and can't take it off."""
    for resource in service.resources_of(INFRA).values():
        for each in statements(INFRA, resource):
            if not each.allows or not each.is_identity:
                continue
            # Those with wildcards are IAM-04's.
            actions = {action.lower() for action in each.actions}
            operator, _value = each.conditions().get("iam:permissionsboundary", ("", None))
            if "iam:deleterolepermissionsboundary" in actions:
                found = f"taking the boundary off a role is allowed in {each.name}"
            elif actions & GIVES and operator not in ("StringEquals", "ArnEquals"):
                found = f"making roles without a boundary is allowed in {each.name}"
            else:
                continue
            line, name = each.line_of("Action"), resource.logical_id
            yield Finding("IAM-05", INFRA, line, found, resource=name)


@check("IAM-05")
def roles_have_a_boundary(service: Service) -> Iterator[Finding]:
    """Every role that template.yaml makes, or SAM for it, has the boundary."""
    bare = [each for each in service.of_type(*MAKES_ROLES) if _makes_a_bare_role(each)]
    # One edit in Globals bounds the roles of all these.
    by_globals = [
        each
        for each in bare
        if isinstance(each, Function) and at(each.body, "Properties", "PermissionsBoundary") is None
    ]
    if len(by_globals) > 1:
        bare = [each for each in bare if each not in by_globals]
        named = and_more([f"`{each.logical_id}`" for each in by_globals])
        found = f"{named} have no `PermissionsBoundary`"
        line = line_of(service.template, "Globals", "Function") or by_globals[0].line
        yield Finding("IAM-05", TEMPLATE, line, found, fix=BOUND)
    for each in bare:
        found = f"`{each.logical_id}` has no `PermissionsBoundary`"
        yield Finding("IAM-05", TEMPLATE, each.line, found, resource=each.logical_id, fix=BOUND)
    for function in service.functions:
        for name, event in function.events.items():
            # The scheduler calls the function with a role that SAM makes.
            given = at(event, "Properties")
            if event["Type"] != "ScheduleV2" or at(given, "RoleArn") is not None:
                continue
            if not _is_bounded(at(given, "PermissionsBoundary")):
                found = f"`{name}` of `{function.logical_id}` has no `PermissionsBoundary`"
                line = function.line_of("Events", name)
                fix = "Give the event the `PermissionsBoundary` that functions get under Globals."
                resource = function.logical_id
                yield Finding("IAM-05", TEMPLATE, line, found, resource=resource, fix=fix)


MAKES_ROLES = ("AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Serverless::StateMachine")
BOUND = (
    "Give every role the boundary of `infra/environment.yaml`: `PermissionsBoundary` under Globals"
    " → Function, and on each `AWS::IAM::Role`."
)


def _makes_a_bare_role(resource: Resource) -> bool:
    own_role = resource.type != "AWS::IAM::Role" and resource.get("Role") is not None
    return not own_role and not _is_bounded(resource.get("PermissionsBoundary"))


def _is_bounded(boundary: Any) -> bool:
    """Whether it is a policy of one's own: AWS has none that bounds a service."""
    if not boundary or "AWS::NoValue" in targets(boundary):
        return False
    return not any(":iam::aws:policy/" in text for text, _line in strings(boundary))


@check("IAM-05")
def roles_allow_what_is_asked(service: Service) -> Iterator[Finding]:
    """CloudFormation's role may make what template.yaml has, and no policy exceeds the boundary."""
    found: dict[tuple[str, str], Gap] = {}
    for each in ENVIRONMENTS:
        both = Environment(deployed(service, TEMPLATE, each), deployed(service, INFRA, each))
        found |= {(gap.resource, gap.asks): gap for gap in gaps(both)}
    for gap in found.values():
        resource = service.resources[gap.resource]
        lines = (line for text, line in strings(resource.body) if text == gap.asks)
        line = next(lines, resource.line)
        yield Finding("IAM-05", TEMPLATE, line, gap.found, resource=gap.resource, fix=gap.fix)


# ── IAM-06: roles of functions ───────────────────────────────────────────────

BROAD = re.compile(
    r"FullAccess|ReadOnlyAccess|AdministratorAccess|PowerUserAccess|SecretsManagerReadWrite"
)
RUNS_CODE = (
    *("AWS::Lambda::Function", "AWS::Serverless::Function"),
    *("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"),
)


@check("IAM-06")
def one_role_each(service: Service) -> Iterator[Finding]:
    """No function has a role that is made elsewhere, or that another one has too."""
    own = {each.logical_id for each in service.of_type("AWS::IAM::Role")}
    users: dict[str, list[str]] = {}
    for each in service.of_type(*RUNS_CODE):
        role = each.get("Role", "Fn::GetAtt", 0) or each.get("Role", "Ref")
        if each.get("Role") is None and each.get("RoleArn") is None:
            continue
        declared = targets(each.get("Role") or each.get("RoleArn")) & own
        for name in declared:
            users.setdefault(name, []).append(each.logical_id)
        line = each.line_of("Role")
        if not declared:
            shown = f"`{role}`" if isinstance(role, str) else "one that is made elsewhere"
            found = f"`{each.logical_id}` has no role of its own, but {shown}"
            yield Finding("IAM-06", TEMPLATE, line, found, resource=each.logical_id)
        elif shared := [name for name in sorted(declared) if len(users[name]) > 1]:
            found = f"`{each.logical_id}` shares `{shared[0]}` with `{users[shared[0]][0]}`"
            yield Finding("IAM-06", TEMPLATE, line, found, resource=each.logical_id)


@check("IAM-06")
def narrow(service: Service) -> Iterator[Finding]:
    """What template.yaml allows is single actions on resources of this service."""
    yield from _wide(service, "IAM-06", TEMPLATE)
    for each in service.resources.values():
        for key in ("Policies", "ManagedPolicyArns"):
            for number, policy in enumerate(listed(each.get(key))):
                line = each.line_of(key, number)
                for found, fix in _broad(policy):
                    told, name = f"`{each.logical_id}` has {found}", each.logical_id
                    yield Finding("IAM-06", TEMPLATE, line, told, resource=name, fix=fix)


def _broad(policy: Any) -> Iterator[tuple[str, str]]:
    """The managed policies of AWS, and SAM's policy templates, that reach everything."""
    if isinstance(policy, str) or at(policy, "Fn::Sub") or at(policy, "Fn::Join"):
        for text, _line in strings(policy):
            if BROAD.search(text):
                fix = (
                    "Replace it by a statement that lists the actions that the code calls, on the"
                    " resources that it uses."
                )
                yield f"the managed policy `{text.split('/')[-1]}`", fix
    elif isinstance(policy, dict) and len(policy) == 1:
        # AWS names its policy templates …Policy; they get what they are about as a value.
        ((name, given),) = policy.items()
        if str(name).endswith("Policy") and "*" in [text for text, _line in strings(given)]:
            yield f"`{name}` for `*`", "Give it the name of a resource, as `!Ref Table` does."


# ── IAM-07: names of roles ───────────────────────────────────────────────────

LONGEST_NAME = 64


@check("IAM-07")
def role_names(service: Service) -> Iterator[Finding]:
    """A role's name fits, and tells its service and environment."""
    for path in TEMPLATES:
        for role in roles(service, path):
            for name in dict.fromkeys(_names(service, role)):
                problem = _name_problem(service, role, name)
                if problem:
                    line = role.resource.line_of("RoleName")
                    found = f"`{role.id}` is called `{name}`, {problem}"
                    yield Finding("IAM-07", path, line, found, resource=role.id)
                    break


def _name_problem(service: Service, role: Role, name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"of {len(name)} characters"
    if service.name.replace("-", "") not in re.sub(r"[^a-z0-9]", "", name.lower()):
        return "which does not name the service"
    names = _names(service, role)
    # That of a role to deploy with is IAM-02's.
    if len(set(names)) < len(names) and not (role.signs_in and _drives(role)):
        return "in every environment"
    return ""

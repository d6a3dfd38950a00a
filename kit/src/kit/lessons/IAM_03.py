"""IAM-03: The role for deployments trusts one repository, one environment and one workflow,
exactly: `StringEquals`, no wildcard, no `ForAllValues`.

Why: A trust that was widened "for debugging" stayed so, and every repository of the organisation
could deploy.

Here: `AssumeRolePolicyDocument` of `DeployRole` in `infra/environment.yaml`.

Fix: Compare whole values with `StringEquals`: the subject
(`repo:OWNER/NAME:environment:ENV`, or `…:ref:refs/heads/BRANCH`; with ids or without), the
audience, and in `job_workflow_ref` the file that has the job
(`OWNER/NAME/.github/workflows/deploy.yml@refs/heads/BRANCH`). Trust nobody but GitHub.

Defended by: gate.

See: docs/access.md.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import deployed, exists, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import ISSUER, TEMPLATES, Role, Statement, listed, quoted, roles
from kit.gate.scopes import as_written
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS
from kit.template import mapping_of, strings

LESSON = Lesson.read(__doc__)

# owner/name, with their ids or without, and one branch or environment.
SUBJECT = re.compile(
    r"repo:(?P<owner>[^/@:*?]+)(@[^/:*?]+)?/(?P<name>[^/@:*?]+)(@[^/:*?]+)?"
    r":(?P<rest>environment:[^*?:]+|ref:refs/heads/[^*?]+)"
)
ONE_SUBJECT = (
    "Trust one subject: `repo:OWNER/NAME:environment:${EnvironmentName}`, with ids or without."
)
ONE_FILE = (
    "Name the file that has the job: `OWNER/NAME/.github/workflows/deploy.yml@refs/heads/BRANCH`."
)
WORKFLOW = re.compile(r"[^/@*?]+/[^/@*?]+/(?P<path>\.github/workflows/[^/@*?]+)@refs/heads/[^*?]+")


@LESSON.check
def trust_is_exact(service: Service) -> Iterator[Finding]:
    """What GitHub can become trusts one repository and one environment or branch."""
    for path in TEMPLATES:
        for role in roles(service, path):
            for statement in role.trust:
                for line, problem, fix in _problems(service, role, statement):
                    message = f"`{role.id}` {problem}"
                    yield LESSON.finding(path, line, message, role.id, fix)


def _problems(service: Service, role: Role, trust: Statement) -> Iterator[tuple[int, str, str]]:
    if not trust.allows:
        return
    if not role.trusts_github(trust):
        principals = [text for text, _line in strings(trust.body.get("Principal"))]
        if "*" in principals and not trust.body.get("Condition"):
            fix = "Name in `Principal` the one service or account that needs the role."
            yield trust.line, "trusts everybody", fix
        elif role.is_for_github:
            problem = f"trusts more than GitHub: {quoted(principals) or 'somebody else'}"
            yield (
                trust.line,
                problem,
                "Delete this statement: people sign in with roles of their own.",
            )
        return
    compared: dict[str, Any] = {}
    for operator, keys in (trust.body.get("Condition") or {}).items():
        if operator != "StringEquals":
            line = trust.line_of("Condition", operator)
            yield line, f"compares with `{operator}` in its trust", "Write `StringEquals` instead."
        compared |= mapping_of(keys)
    for claim in ("aud", "sub"):
        if f"{ISSUER}:{claim}" not in compared:
            fix = f"Compare `{ISSUER}:{claim}` under `StringEquals`. "
            fix += ONE_SUBJECT if claim == "sub" else "Its value is `sts.amazonaws.com`."
            yield trust.line_of("Condition"), f"compares no `{claim}` in its trust", fix
    yield from _subject_problems(service, role, trust, compared.get(f"{ISSUER}:sub"))
    yield from _workflow_problems(service, role, trust, compared.get(f"{ISSUER}:job_workflow_ref"))


def _subject_problems(
    service: Service, role: Role, trust: Statement, written: Any
) -> Iterator[tuple[int, str, str]]:
    line = trust.line_of("Condition", "StringEquals", f"{ISSUER}:sub")
    for environment in ENVIRONMENTS:
        subjects: dict[tuple[str, ...], str] = {}
        for value, shown in _values(service, role, written, environment):
            subject = SUBJECT.fullmatch(value)
            if not subject:
                problem = "which is not one repository with one environment or branch"
                yield line, f"trusts `{shown}`, {problem}", ONE_SUBJECT
                return
            key = subject["owner"].lower(), subject["name"].lower(), subject["rest"]
            subjects[key] = shown
        if len(subjects) > 1:
            yield line, f"trusts {quoted(sorted(subjects.values()))}", ONE_SUBJECT
            return


def _workflow_problems(
    service: Service, role: Role, trust: Statement, written: Any
) -> Iterator[tuple[int, str, str]]:
    """What is wrong with the workflow that a trust names; a role that deploys has to name one."""
    line = trust.line_of("Condition", "StringEquals", f"{ISSUER}:job_workflow_ref")
    if written is None and any(
        "iam:PassRole" in permission.actions for permission in role.permissions
    ):
        problem = "compares no `job_workflow_ref`: any workflow of the branch can become it"
        yield line, problem, f"Compare `{ISSUER}:job_workflow_ref` there. {ONE_FILE}"
    for value, shown in _values(service, role, written, ENVIRONMENTS[0]):
        workflow = WORKFLOW.fullmatch(value)
        if not workflow:
            yield line, f"trusts `{shown}`, which is not one workflow on one branch", ONE_FILE
        elif workflow["path"] not in service.workflows:
            problem = f"trusts the workflow `{workflow['path']}`, which does not exist"
            yield line, problem, ONE_FILE


def _values(
    service: Service, role: Role, written: Any, environment: str
) -> Iterator[tuple[str, str]]:
    """What a claim is compared with in an environment that has the role, each as it is written."""
    template = deployed(service, role.path, environment)
    for node in listed(written) if exists(template, role.resource) else []:
        for value in map(str, listed(resolved(template, node))):
            yield value, as_written(node, value)

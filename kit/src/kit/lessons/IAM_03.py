"""IAM-03: The role for deployments trusts one repository, one environment and one workflow,
exactly: `StringEquals`, no wildcard, no `ForAllValues`.

Why: A trust that was widened "for debugging" stayed so, and every repository of the organisation
could deploy.

Here: `AssumeRolePolicyDocument` of `DeployRole` in `infra/environment.yaml`.

Fix: Compare subject (`repo:OWNER/NAME:environment:ENV`, or `…:ref:refs/heads/BRANCH`; with ids or
without) and audience with `StringEquals` and whole values, `job_workflow_ref` with the file that
has the job (`OWNER/NAME/.github/workflows/deploy.yml@refs/heads/BRANCH`), and trust nobody beside
GitHub.

Defended by: gate.

See: docs/access.md.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import deployed, exists, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import ISSUER, Role, Statement, as_written, listed, roles
from kit.gate.roles import TEMPLATES, and_others
from kit.gate.service import ENVIRONMENTS, Service
from kit.template import Template, line_of, strings

LESSON = Lesson.read(__doc__)


# owner/name, with their ids or without, and one branch or environment.
SUBJECT = re.compile(
    r"repo:(?P<owner>[^/@:*?]+)(@[^/:*?]+)?/(?P<name>[^/@:*?]+)(@[^/:*?]+)?"
    r":(?P<rest>environment:[^*?:]+|ref:refs/heads/[^*?]+)"
)


WORKFLOW = re.compile(r"[^/@*?]+/[^/@*?]+/(?P<path>\.github/workflows/[^/@*?]+)@refs/heads/[^*?]+")


@LESSON.check
def trust_is_exact(service: Service) -> Iterator[Finding]:
    """What GitHub can become trusts one repository and one environment or branch."""
    for path in TEMPLATES:
        for role in roles(service, path):
            for statement in role.trust:
                if statement.allows:
                    for line, found in _too_wide(service, role, statement):
                        told = f"`{role.id}` {found}"
                        yield LESSON.finding(path, line, told, resource=role.id)


def _too_wide(service: Service, role: Role, trust: Statement) -> Iterator[tuple[int, str]]:
    if not role.is_github(trust):
        named = [text for text, _line in strings(trust.body.get("Principal"))]
        if "*" in named and not trust.body.get("Condition"):
            yield trust.line, "trusts everybody"
        elif role.signs_in:
            yield trust.line, f"trusts more than GitHub: {and_others(named) or 'somebody else'}"
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
    return f"trusts {and_others(sorted(seen.values()))}" if len(seen) > 1 else ""

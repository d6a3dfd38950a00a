"""IAM-01: GitHub signs in to AWS by OIDC, and no long-lived key is anywhere.

Why: Keys leaked, from logs, from laptops and from git.

Here: `role-to-assume` in `deploy.yml`; the provider and the role in `infra/environment.yaml`.

Fix: Delete the key in AWS, for it counts as leaked; then sign in with `role-to-assume`, and let
code use the role that it runs as.

Defended by: gate.

See: docs/access.md.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import BrokenFileError, Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.roles import SIGNS_IN, TEMPLATES, actions_used
from kit.gate.service import Service
from kit.template import at, leaves, line_of

LESSON = Lesson.read(__doc__)


# What AWS begins the id of a long-lived key with. Its documents have examples that end in EXAMPLE.
KEY = re.compile(r"(?<![A-Z0-9])AKIA[A-Z2-7]{16}(?![A-Z0-9])")


KEY_INPUTS = ("aws-access-key-id", "aws-secret-access-key")


# Names of secrets that hold a key, and what the AWS CLI and SDKs read one from.
KEY_NAMES = re.compile(r"access_?key(_?id)?\b", re.IGNORECASE)


SECRET = re.compile(r"\bsecrets\s*(?:\.|\[)")


@LESSON.check
def no_keys_in_files(service: Service) -> Iterator[Finding]:
    """No file has the id of a key."""
    for path, text in service.texts():
        for found in KEY.finditer(text) if "AKIA" in text else ():
            if not found[0].endswith("EXAMPLE"):
                line = text.count("\n", 0, found.start()) + 1
                yield LESSON.finding(path, line, f"has an AWS access key: `{found[0][:8]}…`")


@LESSON.check
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
                yield LESSON.finding(path, line, told)
    for job in service.jobs:
        for step in job.steps:
            given = at(step, "with")
            # With a session token they are the temporary keys of a role.
            if not actions_used(step, SIGNS_IN) or not isinstance(given, dict):
                continue
            if "aws-session-token" in given:
                continue
            for name in KEY_INPUTS:
                line = line_of(step, "with", name)
                if name in given and not SECRET.search(str(given[name])):
                    told = f"job `{job.id}` signs in with `{name}`"
                    yield LESSON.finding(job.path, line, told)


@LESSON.check
def no_users(service: Service) -> Iterator[Finding]:
    """No template makes somebody who has a key."""
    for path in TEMPLATES:
        for each in service.resources_of(path).values():
            if each.type in ("AWS::IAM::AccessKey", "AWS::IAM::User"):
                found = f"`{each.logical_id}` is an `{each.type}`"
                yield LESSON.finding(path, each.line, found, resource=each.logical_id)


@LESSON.check
def no_keys_in_code(service: Service) -> Iterator[Finding]:
    """No code passes a key to an SDK, unless with the token that temporary keys have."""
    for folder in ("src", "scripts"):
        for module in service.modules(folder):
            for call in module.nodes(ast.Call):
                names = {each.arg for each in call.keywords}
                if "aws_secret_access_key" in names and "aws_session_token" not in names:
                    name = f"`{dotted(call.func)}`" if dotted(call.func) else "a call"
                    found = f"{name} gets `aws_secret_access_key`"
                    yield LESSON.finding(module.path, call.lineno, found)

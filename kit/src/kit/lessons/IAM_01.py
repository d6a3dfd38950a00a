"""IAM-01: GitHub signs in to AWS by OIDC, and no long-lived key is anywhere.

Why: Keys leaked: from logs, from laptops and from git.

Here: `role-to-assume` in `deploy.yml`; the provider and the role in `infra/environment.yaml`.

Fix: Delete the key in AWS, for it counts as leaked. Then sign in with `role-to-assume`, and let
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
from kit.gate.policies import TEMPLATES
from kit.gate.python_names import constant, keyword
from kit.gate.runs import all_commands
from kit.gate.service import Service
from kit.template import leaves

LESSON = Lesson.read(__doc__)

# The id of a long-lived key. AWS's documents have examples that end in EXAMPLE.
KEY = re.compile(r"(?<![A-Z0-9])AKIA(?![A-Z2-7]{9}EXAMPLE)[A-Z2-7]{16}(?![A-Z0-9])")
# Names of what holds a key: secrets, inputs of actions, variables of the AWS CLI and SDKs.
KEY_NAMES = re.compile(
    r"(access[-_]?key|aws[-_]?(secret[-_]?)?key)([-_]?id)?\b|(?<![-_])aws[-_]credentials\b",
    re.IGNORECASE,
)
DELETE = "Delete it here, and the key in AWS, for it counts as leaked."
SIGN_IN = (
    "Delete this line, and the key in AWS and in GitHub; sign in with `role-to-assume`, as"
    " `.github/workflows/deploy.yml` does."
)
A_ROLE = "Delete the resource, and let whoever needs access become a role."
OWN_ROLE = (
    "Leave the keys out, with the variables that they come from, and make the client at the top of the"
    " module: it then uses the role of the function. For another account, become a role there by STS."
)
KEY_LENGTH = 40
LOCAL = re.compile(
    r"//(?:localhost|127\.|0\.0\.0\.0|\[::1\]|host\.docker\.internal|[\w-]+(?=[:/'\"]))"
)
STORED = re.compile(r"\b(?:secrets|vars)\s*(?:\.|\[)")


@LESSON.check
def no_keys_in_files(service: Service) -> Iterator[Finding]:
    """No file has the id of a key."""
    for path, text in service.texts():
        for key in KEY.finditer(text):
            line = text.count("\n", 0, key.start()) + 1
            message = f"has an AWS access key: `{key[0][:8]}…`"
            yield LESSON.finding(path, line, message, fix=DELETE)


@LESSON.check
def no_keys_in_workflows(service: Service) -> Iterator[Finding]:
    """Nothing in .github signs in with a key that GitHub stores."""
    for path in service.files_in(".github", ".yml", ".yaml"):
        try:
            workflow = service.yaml(path)
        except BrokenFileError:
            continue  # reported once, by `unreadable`
        keys = {
            line: name
            for name, value, line in leaves(workflow)
            if STORED.search(value) and (KEY_NAMES.search(name) or KEY_NAMES.search(value))
        }
        for line, name in keys.items():
            message = f"`{name}` is a long-lived AWS key that GitHub stores"
            yield LESSON.finding(path, line, message, fix=SIGN_IN)


@LESSON.check
def no_keys_by_commands(service: Service) -> Iterator[Finding]:
    """`aws configure set`, unless it also sets the token that temporary keys have."""
    commands = [
        (p, c) for p, c in all_commands(service) if c.words[:3] == ("aws", "configure", "set")
    ]
    temporary = {path for path, command in commands if "aws_session_token" in command.words}
    for path, command in commands:
        is_key = KEY_NAMES.search(command.text) and "$" in command.text
        # What names a secret of GitHub is reported above.
        if is_key and path not in temporary and not STORED.search(command.text):
            message = f"`{command.text}` stores a long-lived AWS key"
            fix = "Delete this command and the key in AWS; sign in by OIDC, with `role-to-assume`."
            yield LESSON.finding(path, command.line, message, fix=fix)


@LESSON.check
def no_users(service: Service) -> Iterator[Finding]:
    """No template declares a user or a key."""
    for path in TEMPLATES:
        for resource in service.resources_of(path).values():
            if resource.type in ("AWS::IAM::AccessKey", "AWS::IAM::User"):
                name = resource.logical_id
                message = f"`{name}` is an `{resource.type}`"
                yield LESSON.finding(path, resource.line, message, name, A_ROLE)


@LESSON.check
def no_keys_in_code(service: Service) -> Iterator[Finding]:
    """No code passes a key to an SDK, unless with the token that temporary keys have."""
    for module in [*service.modules("src"), *service.modules("scripts")]:
        for call in module.nodes(ast.Call):
            key = keyword(call, "aws_secret_access_key")
            if key and not keyword(call, "aws_session_token") and not _is_made_up(call, key):
                message = f"passes `aws_secret_access_key` to `{dotted(call.func) or 'a client'}`"
                yield LESSON.finding(module.path, call.lineno, message, fix=OWN_ROLE)


def _is_made_up(call: ast.Call, key: ast.expr) -> bool:
    """Whether a key is none, as DynamoDB Local and its like want one: they take any."""
    text, endpoint = constant(key), keyword(call, "endpoint_url")
    is_text = isinstance(text, str) and len(text) != KEY_LENGTH
    return is_text or bool(endpoint and LOCAL.search(ast.unparse(endpoint)))

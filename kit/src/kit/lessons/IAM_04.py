"""IAM-04: Permissions of a deployment are scoped by service and environment; where AWS offers no
narrower scope, `*` stands with its reason.

Why: Either weeks went into finding each permission, or everything was allowed.

Here: Each statement in `infra/environment.yaml`.

Fix: Scope `Resource` to names `<service>-…-${EnvironmentName}`; or narrow `*` by a condition that
says what may be touched or for whom, like `aws:ResourceTag/…`; or write beside it why AWS offers
nothing narrower, in a comment that begins with `No narrower scope:`.

Defended by: gate.

See: docs/access.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import roles, too_powerful
from kit.gate.scopes import too_wide
from kit.gate.service import Service
from kit.layout import INFRA

LESSON = Lesson.read(__doc__)


@LESSON.check
def scoped(service: Service) -> Iterator[Finding]:
    """Each permission of infra/environment.yaml is scoped by service and environment."""
    yield from too_wide(LESSON, service, INFRA)


@LESSON.check
def no_managed_policies(service: Service) -> Iterator[Finding]:
    """No role has a policy of AWS that reaches the whole account. Roles for GitHub are IAM-05's."""
    for role in roles(service, INFRA):
        for policy, line in too_powerful(role.resource, "ManagedPolicyArns", "PermissionsBoundary"):
            if not role.is_for_github and "ReadOnlyAccess" not in policy:
                message = f"`{role.id}` has the managed policy `{policy}`"
                fix = f"Delete this line: the policies of `{role.id}` below allow what it needs."
                yield LESSON.finding(INFRA, line, message, role.id, fix)

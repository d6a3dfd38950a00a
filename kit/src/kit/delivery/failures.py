"""Why a deployment failed, and the way out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import printable

# Consequences of another resource's failure, not causes.
CONSEQUENCES = re.compile(r"cancelled|The following resource\(s\) failed")


@dataclass(frozen=True)
class Cause:
    """A known cause of failed deployments.

    Args:
        pattern: what AWS or SAM says; its groups can be used in `fix`.
        lesson: the id of the lesson that it belongs to.
        means: what it means, in a sentence.
        fix: what fixes it, a line each; {env}, {stack} and {1} are filled in.
    """

    pattern: str
    lesson: str
    means: str
    fix: tuple[str, ...]


# The first that matches is told: from the special to the general.
CAUSES = [
    Cause(
        r"no permissions boundary allows the (\S+?) action",
        "IAM-05",
        "the boundary of the service's roles does not allow it",
        (
            "add {1} to Boundary in infra/environment.yaml, if functions need it",
            "as an administrator: make bootstrap ENV={env}",
        ),
    ),
    Cause(
        r"(?:not authorized to perform|does not have permission to perform)\W+([\w-]+:\w+)",
        "IAM-04",
        "the role lacks this permission",
        (
            "add {1} for this resource to infra/environment.yaml",
            "as an administrator: make bootstrap ENV={env}",
        ),
    ),
    Cause(
        r"Insufficient permissions to enable logging",
        "IAM-04",
        "API Gateway may not deliver access logs",
        (
            "LogDeliveryHasNoNarrowerScope in infra/environment.yaml has what it needs",
            "as an administrator: make bootstrap ENV={env}",
        ),
    ),
    Cause(
        r"is invalid or cannot be assumed|cannot be assumed by",
        "IAM-05",
        "the execution role is missing, or trusts somebody else",
        ("as an administrator: make bootstrap ENV={env}",),
    ),
    Cause(
        r"ResourceExistenceCheck|[Aa]lready ?[Ee]xists?\b|BucketAlreadyOwnedByYou",
        "CD-05",
        "something has this name already, and is not part of the stack",
        ("make preflight ENV={env} says what it is, whose, and what can be done",),
    ),
    Cause(
        r"certificate.{0,120}us-east-1|us-east-1.{0,120}certificate",
        "CD-03",
        "CloudFront takes certificates from us-east-1 only, wherever the service runs",
        ("request the certificate in us-east-1 and give its ARN",),
    ),
    Cause(
        r"PermanentRedirect|must be addressed using the specified endpoint"
        r"|in this region: ([\w-]+)\. Please use this region|AuthorizationHeaderMalformed"
        r"|IllegalLocationConstraint",
        "CD-03",
        "the bucket for packages is in another Region than the functions",
        ("make preflight ENV={env} says which; region in samconfig.toml decides",),
    ),
    Cause(
        r"NoSuchBucket|bucket does not exist|S3 Bucket does not exist",
        "CD-04",
        "there is no bucket for packages",
        ("as an administrator: make bootstrap ENV={env}",),
    ),
    Cause(
        r"is in (?:ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED|DELETE_FAILED) state",
        "CD-04",
        "the first deployment failed; what is left can only be deleted",
        ("make destroy ENV={env}, then deploy again",),
    ),
    Cause(
        r"is in UPDATE_ROLLBACK_FAILED state",
        "CD-04",
        "an update failed, and so did its rollback",
        (
            "fix what stopped the rollback: make status ENV={env}",
            "aws cloudformation continue-update-rollback --stack-name {stack}",
        ),
    ),
    Cause(
        r"is in \w+_IN_PROGRESS state",
        "CI-06",
        "somebody else is deploying",
        ("wait for it: make status ENV={env}",),
    ),
    Cause(
        r"runtime parameter of (\S+?) is no longer supported|[Rr]untime.{0,40}not supported",
        "DEP-05",
        "AWS does not take this runtime any more",
        ("make answer NAME=python_version VALUE=VERSION",),
    ),
    Cause(
        r"ReservedConcurrentExecutions|UnreservedConcurrentExecution",
        "CD-04",
        "the account has too few concurrent executions for what functions reserve",
        ("Service Quotas → AWS Lambda → Concurrent executions",),
    ),
    Cause(
        r"CodeStorageExceeded|Code storage limit",
        "CD-04",
        "the account has no room for more code",
        ("delete old versions of functions in this account",),
    ),
    Cause(
        r"Unzipped size must be smaller|RequestEntityTooLarge|exceeds the maximum allowed size",
        "STR-09",
        "a function's package is too large",
        ("look at what lies in .aws-sam/build, and at the function's requirements.txt",),
    ),
    Cause(
        r"NoSuchKey|specified key does not exist",
        "CD-04",
        "a function's package is no longer in the artifact bucket",
        (
            "aws s3api list-object-versions --bucket BUCKET --prefix {stack}/KEY shows its versions;",
            "aws s3api delete-object with the version id of the delete marker brings it back",
        ),
    ),
    Cause(
        r"[Ll]imit ?[Ee]xceeded|TooManyRequests|Rate exceeded|[Qq]uota|Maximum number of",
        "CD-04",
        "a quota of the account is used up",
        ("Service Quotas in the console says which; or delete what is not needed",),
    ),
    Cause(
        r"alarms? (?:have|has) been activated|CodeDeploy|[Ll]ifecycle[Ee]vent|BeforeAllowTraffic"
        r"|deployment (?:d-\w+ )?failed",
        "CD-10",
        "the new version failed its check or raised an alarm; the old one has the traffic",
        (
            "make logs FN=traffic_check ENV={env} says what the check saw",
            "make status ENV={env} names the alarms",
        ),
    ),
    Cause(
        r"Secrets Manager can.t find the specified secret",
        "SEC-06",
        "a secret is missing",
        ("make secrets ENV={env} says which",),
    ),
    Cause(
        r"deletion protection|currently protected",
        "IAC-11",
        "the resource is protected against deletion, so that its data survives mistakes",
        ("keep its logical id and its name, or take the protection off first",),
    ),
    Cause(
        r"bucket you tried to delete is not empty",
        "CD-13",
        "a bucket with objects is not deleted",
        ("empty it if its data may go: aws s3 rm --recursive s3://BUCKET",),
    ),
    Cause(
        r"ExpiredToken|InvalidClientTokenId|Unable to locate credentials|security token.{0,20}invalid",
        "CD-04",
        "the credentials are missing or have expired",
        ("sign in again, for example: aws sso login",),
    ),
    Cause(
        r"Transform AWS::Serverless|Template format error|Unresolved resource dependencies|E\d{4}:",
        "IAC-01",
        "template.yaml is not valid",
        ("make lint",),
    ),
]


@dataclass(frozen=True)
class Failure:
    """What failed first in a resource, or in the deployment as a whole."""

    resource: str
    type: str
    reason: str
    cause: Cause | None


def known_cause(reason: str) -> Cause | None:
    """The known cause that a text of AWS or SAM tells of."""
    return next((cause for cause in CAUSES if re.search(cause.pattern, reason)), None)


def failures(events: Iterable[dict[str, Any]], printed: str, stack: str) -> list[Failure]:
    """The first failure of each resource, the oldest first.

    Args:
        events: what DescribeStackEvents tells of this deployment, the newest first.
        printed: what `sam deploy` printed; it tells where there are no events.
        stack: the name of the stack, whose own events only repeat those of its resources.
    """
    found: dict[str, Failure] = {}
    for event in reversed(list(events)):
        reason = event.get("ResourceStatusReason", "")
        resource = event["LogicalResourceId"]
        if not event["ResourceStatus"].endswith("_FAILED") or resource in found:
            continue
        if CONSEQUENCES.search(reason) or resource == stack:
            continue
        found[resource] = Failure(resource, event["ResourceType"], reason, known_cause(reason))
    if not found:
        errors = [
            line for line in printed.splitlines() if re.search(r"[Ee]rror|ailed|FAILED", line)
        ]
        reason = errors[-1].strip() if errors else "sam deploy says no more"
        found[stack] = Failure(stack, "deployment", reason, known_cause(printed))
    return list(found.values())


def remedies(cause: Cause, reason: str, environment: str, stack: str) -> list[str]:
    """What fixes a known cause, with what its pattern found in the reason filled in."""
    match = re.search(cause.pattern, reason)
    groups = match.groups() if match else ()
    action = str(groups[0]) if groups and groups[0] else "it"
    return [line.format("", action, env=environment, stack=stack) for line in cause.fix]


def explain(found: Sequence[Failure], environment: str, stack: str) -> str:
    """The failures, each with its known fix, for a terminal."""
    lines = []
    for each in found:
        lines += [f"  {each.resource} ({each.type})", f"    {printable(each.reason)}"]
        if each.cause is None:
            lines.append(
                "    not among the known causes: search for this text in AWS's documentation"
            )
            continue
        lines.append(f"    {each.cause.lesson}: {each.cause.means}")
        for line in remedies(each.cause, each.reason, environment, stack):
            lines.append(f"    fix: {line}")
    return "\n".join(lines)

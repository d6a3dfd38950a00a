"""Known causes of failed deployments, and the states of stacks that nothing leads out of by itself."""

import re

from .service import Service

BOOTSTRAP = "as an administrator: make bootstrap ENV={env}"
DESTROY = "make destroy ENV={env}"
UNPROTECT = "switch deletion protection off, where a resource has it, and its data may go"


class Cause:
    """A known cause of failed deployments.

    Args:
        pattern: what AWS or SAM says; its first group can be used in `fix`.
        lesson: the id of the lesson that it belongs to.
        meaning: what it means, in a sentence.
        fix: what fixes it, a line each; {env}, {stack} and {1} are filled in.
    """

    def __init__(self, pattern: str, lesson: str, meaning: str, *fix: str) -> None:
        self.pattern, self.lesson, self.meaning, self.fix = pattern, lesson, meaning, fix

    def remedies(self, reason: str, service: Service) -> list[str]:
        """What fixes it, with what the pattern found in the reason filled in."""
        match = re.search(self.pattern, reason)
        action = next((group for group in (match.groups() if match else ()) if group), "it")
        return [fill(line, service, action) for line in self.fix]


def fill(line: str, service: Service, action: str = "") -> str:
    """Advice for a service in its environment."""
    filled = line.format("", action, env=service.environment, stack=service.stack)
    return service.in_region(filled)


# The first that matches counts: from the special to the general.
CAUSES = [
    Cause(
        r"no permissions boundary allows the (\S+?) action",
        "IAM-05",
        "the boundary of the service's roles does not allow it",
        "add {1} to Boundary in infra/environment.yaml, if functions need it",
        BOOTSTRAP,
    ),
    Cause(
        r"(?:not authorized to perform|does not have permission to perform)\W+([\w-]+:\w+)",
        "IAM-04",
        "the role lacks this permission",
        "add {1} for this resource to infra/environment.yaml",
        BOOTSTRAP,
    ),
    Cause(
        r"Insufficient permissions to enable logging",
        "IAM-04",
        "API Gateway may not deliver access logs",
        "LogDeliveryHasNoNarrowerScope in infra/environment.yaml has what it needs",
        BOOTSTRAP,
    ),
    Cause(
        r"is invalid or cannot be assumed|cannot be assumed by",
        "IAM-05",
        "the execution role is missing, or trusts something else",
        BOOTSTRAP,
    ),
    Cause(
        r"ResourceExistenceCheck|[Aa]lready ?[Ee]xists?\b|BucketAlreadyOwnedByYou",
        "CD-05",
        "something has this name already, and is not part of the stack",
        "make preflight ENV={env} says what it is, whose, and what can be done",
    ),
    Cause(
        r"certificate.{0,120}us-east-1|us-east-1.{0,120}certificate",
        "CD-03",
        "CloudFront takes certificates from us-east-1 only, wherever the service runs",
        "request the certificate in us-east-1 and give its ARN",
    ),
    Cause(
        r"PermanentRedirect|must be addressed using the specified endpoint"
        r"|in this region: ([\w-]+)\. Please use this region|AuthorizationHeaderMalformed"
        r"|IllegalLocationConstraint",
        "CD-03",
        "the bucket for packages is in another Region than the functions",
        "make preflight ENV={env} says which; region in samconfig.toml decides",
    ),
    Cause(
        r"NoSuchBucket|bucket does not exist|S3 Bucket does not exist",
        "CD-04",
        "there is no bucket for packages",
        BOOTSTRAP,
    ),
    Cause(
        r"is in (?:ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED|DELETE_FAILED) state",
        "CD-04",
        "the first deployment failed; what is left can only be deleted",
        "make destroy ENV={env}, then deploy again",
    ),
    Cause(
        r"is in UPDATE_ROLLBACK_FAILED state",
        "CD-04",
        "an update failed, and so did its rollback",
        "fix what stopped the rollback: make status ENV={env}",
        "aws cloudformation continue-update-rollback --stack-name {stack}",
    ),
    Cause(
        r"is in \w+_IN_PROGRESS state",
        "CI-06",
        "somebody is deploying already",
        "wait for it: make status ENV={env}",
    ),
    Cause(
        r"runtime parameter of (\S+?) is no longer supported|[Rr]untime.{0,40}not supported",
        "DEP-05",
        "AWS does not take this runtime any more",
        "make answer NAME=python_version VALUE=VERSION",
    ),
    Cause(
        r"ReservedConcurrentExecutions|UnreservedConcurrentExecution",
        "CD-04",
        "the account has too few concurrent executions for what functions reserve",
        "Service Quotas → AWS Lambda → Concurrent executions",
    ),
    Cause(
        r"CodeStorageExceeded|Code storage limit",
        "CD-04",
        "the account has no room for more code",
        "delete old versions of functions in this account",
    ),
    Cause(
        r"Unzipped size must be smaller|RequestEntityTooLarge|exceeds the maximum allowed size",
        "STR-09",
        "a function's package is too large",
        "look at what lies in .aws-sam/build, and at the function's requirements.txt",
    ),
    Cause(
        r"NoSuchKey|specified key does not exist",
        "CD-04",
        "a function's package is no longer in the artifact bucket",
        "aws s3api list-object-versions --bucket BUCKET --prefix {stack}/KEY shows its versions;",
        "aws s3api delete-object with the version id of the delete marker brings it back",
    ),
    Cause(
        r"[Ll]imit ?[Ee]xceeded|TooManyRequests|Rate exceeded|[Qq]uota|Maximum number of",
        "CD-04",
        "a quota of the account is used up",
        "Service Quotas in the console says which; or delete what is not needed",
    ),
    Cause(
        r"alarms? (?:have|has) been activated|CodeDeploy|[Ll]ifecycle[Ee]vent|BeforeAllowTraffic"
        r"|deployment (?:d-\w+ )?failed",
        "CD-10",
        "the new version failed its check or raised an alarm; the old one has the traffic",
        "make logs FN=traffic_check ENV={env} says what the check saw",
        "make status ENV={env} names the alarms",
    ),
    Cause(
        r"Secrets Manager can.t find the specified secret",
        "SEC-06",
        "a secret is missing",
        "make secrets ENV={env} says which",
    ),
    Cause(
        r"deletion protection|currently protected",
        "IAC-11",
        "the resource is protected against deletion, so that its data survives mistakes",
        "keep its logical id and its name, or take the protection off first",
    ),
    Cause(
        r"bucket you tried to delete is not empty",
        "CD-13",
        "a bucket with objects is not deleted",
        "empty it if its data may go: aws s3 rm --recursive s3://BUCKET",
    ),
    Cause(
        r"ExpiredToken|InvalidClientTokenId|Unable to locate credentials|security token.{0,20}invalid",
        "CD-04",
        "the credentials are missing or have expired",
        "sign in again, for example: aws sso login",
    ),
    Cause(
        r"Transform AWS::Serverless|Template format error|Unresolved resource dependencies|E\d{4}:",
        "IAC-01",
        "template.yaml is not valid",
        "make lint",
    ),
]
# What to do about each state of a stack from which it can't be deployed.
STATES: dict[str, tuple[str, ...]] = {
    "ROLLBACK_COMPLETE": (
        f"its first deployment failed; nothing can be updated, only deleted: {DESTROY}",
    ),
    "ROLLBACK_FAILED": (
        "its first deployment failed, and not all of it could be deleted",
        UNPROTECT,
        f"then: {DESTROY}",
    ),
    "CREATE_FAILED": (f"its first deployment failed: {DESTROY}",),
    "DELETE_FAILED": ("fix what is in the way", UNPROTECT, f"then: {DESTROY}"),
    "UPDATE_ROLLBACK_FAILED": (
        "fix what stopped the rollback, then:"
        " aws cloudformation continue-update-rollback --stack-name {stack}",
    ),
    "UPDATE_FAILED": ("aws cloudformation rollback-stack --stack-name {stack}",),
}
BUSY = "somebody is deploying: wait, or look at it with make status ENV={env}"


def known_cause(text: str) -> Cause | None:
    """The known cause that a text of AWS or SAM shows."""
    return next((cause for cause in CAUSES if re.search(cause.pattern, text)), None)


def way_out(service: Service, state: str) -> list[str]:
    """What leads out of a stack's state from which it can't be deployed; nothing where it can."""
    busy = state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS"
    return [fill(line, service) for line in ((BUSY,) if busy else STATES.get(state, ()))]

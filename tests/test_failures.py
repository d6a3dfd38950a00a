"""Why a deployment failed: what AWS really says, and what the service makes of it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from delivered import delivery

failures, causes = delivery("failures"), delivery("causes")
SERVICE = SimpleNamespace(environment="dev", stack="orders-dev", in_region=str)

# What AWS and SAM say, and the lesson under which it must be explained, with words of the remedy.
SAID = [
    (
        "Resource of type 'AWS::DynamoDB::Table' with identifier 'orders-dev' already exists."
        " (RequestToken: 0a1b, HandlerErrorCode: AlreadyExists)",
        ("CD-05", "make preflight ENV=dev"),
    ),
    (
        "orders-scans-111122223333-dev already exists (Service: S3, Status Code: 0)",
        ("CD-05", "preflight"),
    ),
    (
        "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To"
        " troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.",
        ("CD-05", "preflight"),
    ),
    (
        "User: arn:aws:sts::111122223333:assumed-role/orders-cloudformation-dev/AWSCloudFormation is not"
        " authorized to perform: ssm:PutParameter on resource: arn:aws:ssm:us-east-1:111122223333:parameter/x"
        " because no identity-based policy allows the ssm:PutParameter action",
        ("IAM-04", "add ssm:PutParameter for this resource to infra/environment.yaml"),
    ),
    (
        "User: arn:aws:sts::111122223333:assumed-role/orders-dev-AppFunctionRole/x is not authorized to"
        " perform: ses:SendEmail because no permissions boundary allows the ses:SendEmail action",
        ("IAM-05", "add ses:SendEmail to Boundary"),
    ),
    (
        "Insufficient permissions to enable logging (Service: AmazonApiGatewayV2)",
        ("IAM-04", "bootstrap"),
    ),
    (
        "Role arn:aws:iam::111122223333:role/orders-cloudformation-dev is invalid or cannot be assumed",
        ("IAM-05", "make bootstrap ENV=dev"),
    ),
    (
        "The bucket you are attempting to access must be addressed using the specified endpoint.",
        ("CD-03", "samconfig.toml"),
    ),
    (
        "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in"
        " this region: eu-west-1. Please use this region to retry the request",
        ("CD-03", "samconfig.toml"),
    ),
    (
        "Stack:arn:aws:cloudformation:us-east-1:111122223333:stack/orders-dev/0a1b is in ROLLBACK_COMPLETE"
        " state and can not be updated.",
        ("CD-04", "make destroy ENV=dev"),
    ),
    (
        "Stack:arn:…/orders-dev/0a1b is in UPDATE_ROLLBACK_FAILED state and can not be updated.",
        ("CD-04", "continue-update-rollback --stack-name orders-dev"),
    ),
    (
        "Stack:arn:…/orders-dev/0a1b is in UPDATE_IN_PROGRESS state and can not be updated.",
        ("CI-06", "wait"),
    ),
    (
        "The runtime parameter of python3.8 is no longer supported for creating or updating AWS Lambda"
        " functions. We recommend you use a supported runtime",
        ("DEP-05", "make answer NAME=python_version VALUE=VERSION"),
    ),
    (
        "Value python3.99 at 'runtime' : runtime python3.99 is not supported",
        ("DEP-05", "python_version"),
    ),
    (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key"
        " does not exist. (Service: Lambda, Status Code: 400)",
        ("CD-04", "list-object-versions --bucket BUCKET --prefix orders-dev/KEY"),
    ),
    (
        "An error occurred (NoSuchBucket) when calling the PutObject operation",
        ("CD-04", "bootstrap"),
    ),
    (
        "Specified ReservedConcurrentExecutions for function decreases account's"
        " UnreservedConcurrentExecution below its minimum value of [100].",
        ("CD-04", "Concurrent executions"),
    ),
    ("Code storage limit exceeded.", ("CD-04", "old versions")),
    ("Unzipped size must be smaller than 262144000 bytes", ("STR-09", "requirements.txt")),
    (
        "The maximum number of addresses has been reached. LimitExceededException",
        ("CD-04", "quota"),
    ),
    (
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid",
        ("CD-03", "request the certificate in us-east-1"),
    ),
    (
        "Rollback successful: One or more alarms have been activated according to the Amazon CloudWatch"
        " metrics you selected, and the affected deployments have been stopped.",
        ("CD-10", "make status ENV=dev"),
    ),
    (
        "CodeDeploy deployment d-A1B2C3 failed: The deployment failed because a lifecycle event hook failed",
        ("CD-10", "FN=traffic_check"),
    ),
    ("Secrets Manager can't find the specified secret.", ("SEC-06", "make secrets ENV=dev")),
    (
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion"
        " protection first.",
        ("IAC-11", "logical id"),
    ),
    ("The bucket you tried to delete is not empty", ("CD-13", "aws s3 rm")),
    (
        "An error occurred (ExpiredToken): The security token included in the request is expired",
        ("CD-04", "sign in"),
    ),
    (
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application",
        ("IAC-01", "make lint"),
    ),
]


def event(resource: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "LogicalResourceId": resource,
        "ResourceType": "AWS::X::Y",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


@pytest.mark.parametrize(("reason", "expected"), SAID)
def test_a_known_cause_is_explained(reason: str, expected: tuple[str, str]) -> None:
    found = failures.failures([event("Table", "CREATE_FAILED", reason)], "orders-dev")
    told = failures.explain(found, SERVICE)
    lesson, remedy = expected
    assert f"    {lesson}: " in told, told
    assert remedy in told, told
    assert "{" not in told


def test_every_known_cause_is_shown_by_an_example() -> None:
    shown = {causes.known_cause(reason).pattern for reason, _expected in SAID}
    assert shown == {cause.pattern for cause in causes.CAUSES}


def test_the_first_cause_of_each_resource_is_told_and_no_consequence() -> None:
    newest_first = [
        event("orders-dev", "ROLLBACK_COMPLETE"),
        event("Table", "DELETE_FAILED", "something later"),
        event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
        event(
            "orders-dev", "CREATE_FAILED", "The following resource(s) failed to create: [Table]. "
        ),
        event("Table", "CREATE_FAILED", "orders-dev already exists"),
        event("Api", "CREATE_COMPLETE"),
    ]
    found = failures.failures(newest_first, "orders-dev")
    assert [(item.resource, item.reason) for item in found] == [
        ("Table", "orders-dev already exists")
    ]


def test_without_events_what_sam_printed_is_told() -> None:
    printed = "Uploading\nError: Unable to upload artifact: An error occurred (NoSuchBucket)\n"
    found = failures.failure_in(printed, "orders-dev")
    assert found.reason.startswith("Error: Unable to upload")
    assert found.cause.lesson == "CD-04"


def test_an_unknown_cause_is_told_as_it_is() -> None:
    found = failures.failures([event("X", "CREATE_FAILED", "Mercury is retrograde")], "orders-dev")
    told = failures.explain(found, SERVICE)
    assert "Mercury is retrograde" in told
    assert "not a known cause" in told


# Which other cause fits an example too, by a part of its pattern; the first is told.
OVERLAPS = {
    "no permissions boundary allows": "not authorized to perform",  # whose remedy would not help
    "Code storage limit exceeded": "[Ll]imit ?[Ee]xceeded",  # as every quota says it
}


@pytest.mark.parametrize("reason", [reason for reason, _expected in SAID])
def test_patterns_are_not_so_wide_that_they_meet(reason: str) -> None:
    """One cause fits each example: where it stands in the list matters only for those above."""
    _first, *others = [item for item in causes.CAUSES if re.search(item.pattern, reason)]
    known = [other for text, other in OVERLAPS.items() if text in reason]
    assert len(others) == len(known)
    for cause, other in zip(others, known, strict=True):
        assert other in cause.pattern

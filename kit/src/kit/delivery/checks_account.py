"""Checks of what is in the AWS account."""

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from itertools import repeat
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kit.template import Resource, Template, UnknownError

from .account import code, is_denied, outputs
from .cloudformation import meaning, parsed
from .errors import DeliveryError
from .report import Result, failed, passed, warned
from .service import ENVIRONMENTS, Service
from .situation import Situation

# What can be said about each state of a stack that is not simply fine.
BUSY = "somebody is deploying: wait, or look at it with make status ENV={env}"
UNPROTECT = "switch deletion protection off, where a resource has it, and its data may go"
STATES: dict[str, tuple[str, ...]] = {
    "ROLLBACK_COMPLETE": (
        "its first deployment failed; nothing can be updated, only deleted: make destroy ENV={env}",
    ),
    "ROLLBACK_FAILED": (
        "its first deployment failed, and not all of it could be deleted",
        UNPROTECT,
        "then: make destroy ENV={env}",
    ),
    "CREATE_FAILED": ("its first deployment failed: make destroy ENV={env}",),
    "DELETE_FAILED": (
        "fix what is in the way",
        UNPROTECT,
        "then: make destroy ENV={env}",
    ),
    "UPDATE_ROLLBACK_FAILED": (
        "fix what stopped the rollback, then:"
        " aws cloudformation continue-update-rollback --stack-name {stack}",
    ),
    "UPDATE_FAILED": ("aws cloudformation rollback-stack --stack-name {stack}",),
}
# What GitHub's tokens are made out to, and what an OIDC provider that does not take them lacks.
AUDIENCE = "sts.amazonaws.com"
NOT_FOR_STS = f"the OIDC provider of GitHub has no audience {AUDIENCE}: every sign-in would fail"
LET_GITHUB_IN = (
    "as an administrator: aws iam add-client-id-to-open-id-connect-provider"
    " --open-id-connect-provider-arn {} --client-id " + AUDIENCE
)
# What Lambda keeps for functions without a reservation.
LEFT_UNRESERVED = 100


def way_out(service: Service, state: str) -> list[str]:
    """What leads out of a stack's state, from which it can't be deployed; nothing where it can."""
    busy = state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS"
    lines = (BUSY,) if busy else STATES.get(state, ())
    return [line.format(env=service.environment, stack=service.stack) for line in lines]


def template_version(service: Service) -> str:
    """A digest of infra/environment.yaml, by which a stack that was made from another is known.

    Of what it means: comments, layout, the order of keys and descriptions change nothing.

    Raises:
        DeliveryError: it is no template.
    """
    try:
        said = parsed((service.root / "infra" / "environment.yaml").read_text("utf-8"))
    except ValueError as error:
        raise DeliveryError(
            f"infra/environment.yaml can't be read: {error}", "Fix it: make lint"
        ) from error
    return sha256(json.dumps(meaning(said), sort_keys=True).encode()).hexdigest()[:12]


def account(situation: Situation) -> Iterator[Result]:
    """This is the account of the environment."""
    service, found = situation.service, situation.account
    expected = os.environ.get("AWS_ACCOUNT_ID", "")
    if expected and expected != found:
        yield failed(
            f"these credentials lead to {found}, AWS_ACCOUNT_ID says {expected}",
            "CD-04",
            f"sign in to {expected}, or correct AWS_ACCOUNT_ID",
        )
    elif situation.infra:
        yield passed(f"{found}, which has {service.infra_stack}")
    else:
        (other,) = {*ENVIRONMENTS} - {service.environment}
        if _has_stack(situation, Service(service.root, other).infra_stack):
            yield failed(
                f"{found} is the account of {other}, not of {service.environment}",
                "CD-04",
                f"sign in to the account of {service.environment}; if {other} and"
                f" {service.environment} share this one: make bootstrap ENV={service.environment}",
            )
        else:
            yield failed(
                f"{found} is not prepared for {service.stack}",
                "CD-04",
                f"once, as an administrator: make bootstrap ENV={service.environment}",
            )


def _has_stack(situation: Situation, name: str) -> bool:
    """Whether there is such a stack, as far as may be seen: a role sees those of its environment."""
    try:
        return situation.aws.stack(name) is not None
    except (BotoCoreError, ClientError):
        return False


def stack(situation: Situation) -> Iterator[Result]:
    """The stack is in a state from which it can be deployed."""
    service = situation.service
    if situation.stack is None:
        yield passed(f"{service.stack} will be created")
        return
    state = situation.stack["StackStatus"]
    fix = way_out(service, state)
    if fix:
        why = f"make status ENV={service.environment}   (says what failed)"
        yield failed(f"{service.stack} is in {state}", "CD-04", why, *fix)
    else:
        yield passed(f"{service.stack} is in {state}")


def access(situation: Situation) -> Iterator[Result]:
    """The OIDC provider and the roles are there, and not older than infra/environment.yaml."""
    service, number = situation.service, situation.account
    bootstrap = f"as an administrator: make bootstrap ENV={service.environment}"
    if situation.infra is None:
        yield failed(f"there is no stack {service.infra_stack}", "IAM-05", bootstrap)
    elif outputs(situation.infra).get("TemplateVersion") != template_version(service):
        yield failed(
            f"{service.infra_stack} was made from another infra/environment.yaml than this one",
            "IAM-05",
            bootstrap,
        )
    iam = situation.aws.client("iam")
    provider = service.arn(number, "oidc-provider", "token.actions.githubusercontent.com")
    wanted = {
        "the OIDC provider of GitHub": lambda: iam.get_open_id_connect_provider(
            OpenIDConnectProviderArn=provider
        ),
        f"the role {service.deploy_role}": lambda: iam.get_role(RoleName=service.deploy_role),
        f"the role {service.execution_role}": lambda: iam.get_role(RoleName=service.execution_role),
        f"the boundary {service.boundary}": lambda: iam.get_policy(
            PolicyArn=service.arn(number, "policy", service.boundary)
        ),
    }
    missing = [what for what, look in wanted.items() if not _there(look)]
    for what in missing:
        yield failed(f"{what} is not there", "IAM-05", bootstrap)
    deaf = not missing and refuses_github(iam, provider)
    if deaf:
        yield failed(NOT_FOR_STS, "IAM-05", LET_GITHUB_IN.format(provider))
    if situation.infra and not missing and not deaf:
        yield passed("the provider, both roles and the boundary are there", "IAM-05")


def refuses_github(iam: Any, provider: str) -> bool:
    """Whether GitHub's OIDC provider, which somebody else may have made, lets no job sign in."""
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    return AUDIENCE not in found["ClientIDList"]


def _there(look: Any) -> bool:
    try:
        look()
    except ClientError as error:
        if code(error) in ("NoSuchEntity", "404", "NoSuchBucket", "ResourceNotFoundException"):
            return False
        raise
    return True


def bucket(situation: Situation) -> Iterator[Result]:
    """The bucket for packages is there, in the Region of the functions."""
    service = situation.service
    name = service.bucket(situation.account)
    s3 = situation.aws.client("s3")
    if not _there(lambda: s3.head_bucket(Bucket=name)):
        yield failed(
            f"there is no bucket {name}",
            "CD-04",
            f"as an administrator: make bootstrap ENV={service.environment}",
        )
        return
    found = s3.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1"
    if found != service.region:
        yield failed(
            f"the bucket {name} is in {found}, Lambda in {service.region} can't take code from there",
            "CD-03",
            f'region = "{found}" in samconfig.toml, or move: delete {service.infra_stack} and the'
            f" bucket, then make bootstrap ENV={service.environment}",
        )
    else:
        yield passed(f"{name}, in {found}", "CD-03")


def secrets(situation: Situation) -> Iterator[Result]:
    """Every secret whose name is passed to a function exists and has a value."""
    service = situation.service
    names = secret_names(situation)
    client = situation.aws.client("secretsmanager")
    good = True
    for name in names:
        fix = f"make secrets ENV={service.environment} SET={name.split('/')[-1]}   (reads the value from its input)"
        try:
            found = client.describe_secret(SecretId=name)
        except ClientError as error:
            # Of a name that it can't find, Secrets Manager may only say that it is not allowed.
            if not is_denied(error) and code(error) != "ResourceNotFoundException":
                raise
            or_hidden = ", or it can't be seen by these credentials" if is_denied(error) else ""
            yield failed(f"there is no secret {name}{or_hidden}", "SEC-06", fix)
            good = False
            continue
        if "DeletedDate" in found:
            restore = f"aws secretsmanager restore-secret --secret-id {name}"
            yield failed(f"the secret {name} is being deleted", "SEC-06", restore)
            good = False
        elif not any("AWSCURRENT" in each for each in found.get("VersionIdsToStages", {}).values()):
            yield failed(f"the secret {name} has no value", "SEC-06", fix)
            good = False
    if good:
        told = f"all {len(names)} exist and have a value" if names else "the functions read none"
        yield passed(told, "SEC-06")


def secret_names(situation: Situation) -> list[str]:
    """The names of secrets that functions get in variables that end in _SECRET."""
    found: dict[str, None] = {}
    for resource in situation.template.resources():
        variables = resource.properties.get("Environment", {}).get("Variables", {})
        for variable, value in variables.items():
            if variable.endswith("_SECRET"):
                try:
                    found[str(situation.template.resolve(value))] = None
                except UnknownError:
                    continue  # made by this template itself
    return list(found)


def parameters(situation: Situation) -> Iterator[Result]:
    """Changed parameters reach a function only with its next version."""
    if situation.stack is None:
        yield passed("a first deployment takes all as they are")
        return
    deployed = {
        each["ParameterKey"]: each["ParameterValue"]
        for each in situation.stack.get("Parameters", [])
    }
    changed = {
        name: (deployed[name], value)
        for name, value in situation.service.all_parameters.items()
        if name in deployed and deployed[name] != value
    }
    for name, (old, new) in changed.items():
        yield warned(
            f"{name} changes from {old} to {new}; functions that use it keep the old value until"
            " their next version",
            "CD-04",
            "to publish new versions of all: change a text under Globals → Function, such as a tag",
        )
    if not changed:
        yield passed("as deployed")


def quotas(situation: Situation) -> Iterator[Result]:
    """Lambda has room for the code and the concurrency of the stack."""
    found = situation.aws.client("lambda").get_account_settings()
    limit, usage = found["AccountLimit"], found["AccountUsage"]
    wanted = sum(map(_reserved, situation.template.resources(), repeat(situation.template)))
    free = limit["UnreservedConcurrentExecutions"]
    increase = "raise it: Service Quotas → AWS Lambda → Concurrent executions"
    if wanted and situation.stack is None and free - wanted < LEFT_UNRESERVED:
        yield failed(
            f"the functions reserve {wanted} concurrent executions, and of {free} Lambda keeps"
            f" {LEFT_UNRESERVED} back",
            "CD-04",
            increase,
        )
    elif limit["ConcurrentExecutions"] < LEFT_UNRESERVED:
        yield warned(
            f"the account has only {limit['ConcurrentExecutions']} concurrent executions in"
            f" {situation.service.region}: functions will be throttled",
            "CD-04",
            increase,
        )
    elif usage["TotalCodeSize"] > 0.9 * limit["TotalCodeSize"]:
        yield warned(
            f"{usage['TotalCodeSize'] / 2**30:.0f} of {limit['TotalCodeSize'] / 2**30:.0f} GB for"
            " code are used",
            "CD-04",
            "delete old versions of functions in this account",
        )
    else:
        yield passed(f"{limit['ConcurrentExecutions']} concurrent executions, enough room for code")


def _reserved(resource: Resource, template: Template) -> int:
    """The concurrency that a function reserves; 0 where that is only known later."""
    try:
        value = template.resolve(resource.properties.get("ReservedConcurrentExecutions", 0))
        return int(value or 0)
    except (UnknownError, TypeError, ValueError):
        return 0


def alarms(situation: Situation) -> Iterator[Result]:
    """Somebody hears of alarms, and there is a budget."""
    if situation.stack is None:
        yield passed("after the first deployment: answer AWS's mail to the alarm address", "CD-12")
        return
    topic = outputs(situation.stack).get("AlarmTopicArn", "")
    good = True
    if topic:
        sns = situation.aws.client("sns")
        found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        pending = [each for each in found if each["SubscriptionArn"] == "PendingConfirmation"]
        for each in pending:
            good = False
            yield warned(
                f"{each['Endpoint']} has not answered AWS's mail, and hears of no alarm",
                "CD-12",
                "answer the mail; to get another one, deploy without AlarmEmail and with it again",
            )
        if not found:
            good = False
            yield warned(
                "nobody is subscribed to the alarms",
                "CD-12",
                "make answer NAME=alarm_email VALUE=ADDRESS",
            )
    budget = [
        each.name for each in situation.template.resources() if each.type == "AWS::Budgets::Budget"
    ]
    if not budget:
        good = False
        yield warned(
            "there is no budget",
            "CD-12",
            "give MonthlyBudgetUsd, or make one by hand: docs/operations.md",
        )
    if good:
        yield passed(f"somebody hears of them, and of the budget {budget[0]}", "CD-12")

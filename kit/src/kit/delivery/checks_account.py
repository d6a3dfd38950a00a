"""Checks of what is in the AWS account."""

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kit.errors import KitError
from kit.layout import ENVIRONMENTS, INFRA
from kit.template import UnknownError

from .account import is_denied, outputs, parameters, unless_absent
from .causes import way_out
from .cloudformation import meaning, parsed
from .report import Result, failed, passed, warned
from .secret_values import UNSET, secret_names, state
from .service import Service
from .situation import Situation

# What GitHub's tokens are made out to, and what an OIDC provider that refuses them lacks.
AUDIENCE = "sts.amazonaws.com"
NOT_FOR_STS = f"the OIDC provider of GitHub has no audience {AUDIENCE}: every sign-in would fail"
LET_GITHUB_IN = (
    "as an administrator: aws iam add-client-id-to-open-id-connect-provider"
    " --open-id-connect-provider-arn {} --client-id " + AUDIENCE
)
# What Lambda keeps for functions without a reservation.
LEFT_UNRESERVED = 100


def _bootstrap(service: Service) -> str:
    return f"as an administrator: make bootstrap ENV={service.environment}"


def template_version(service: Service) -> str:
    """A digest of infra/environment.yaml, by which a stack that was made from another is known.

    Of what it means: comments, layout, the order of keys and descriptions change nothing.

    Raises:
        KitError: it is no template.
    """
    try:
        template = parsed((service.root / INFRA).read_text("utf-8"))
    except ValueError as error:
        raise KitError(f"{INFRA} can't be read: {error}", "Fix it: make lint") from error
    return sha256(json.dumps(meaning(template), sort_keys=True).encode()).hexdigest()[:12]


def account(situation: Situation) -> Iterator[Result]:
    """This is the account of the environment."""
    service, number = situation.service, situation.account
    (other,) = {*ENVIRONMENTS} - {service.environment}
    expected = os.environ.get("AWS_ACCOUNT_ID", "")
    if expected and expected != number:
        yield failed(
            f"these credentials lead to {number}, AWS_ACCOUNT_ID says {expected}",
            f"sign in to {expected}, or correct AWS_ACCOUNT_ID",
        )
    elif situation.infra:
        yield passed(f"{number}, which has {service.infra_stack}")
    elif _has_stack(situation, Service(service.root, other).infra_stack):
        yield failed(
            f"{number} is the account of {other}, not of {service.environment}",
            f"sign in to the account of {service.environment}; if {other} and"
            f" {service.environment} share this one: make bootstrap ENV={service.environment}",
        )
    else:
        yield failed(
            f"{number} is not prepared for {service.stack}", f"once, {_bootstrap(service)}"
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
    current = situation.stack["StackStatus"]
    if fix := way_out(service, current):
        status = f"make status ENV={service.environment}   (says what failed)"
        yield failed(f"{service.stack} is in {current}", status, *fix)
    else:
        yield passed(f"{service.stack} is in {current}")


def access(situation: Situation) -> Iterator[Result]:
    """The OIDC provider and the roles are there, and not older than infra/environment.yaml."""
    service, number = situation.service, situation.account
    assert situation.infra is not None, "it was looked for before"
    good = True
    if outputs(situation.infra).get("TemplateVersion") != template_version(service):
        good = False
        yield failed(
            f"{service.infra_stack} was made from another {INFRA} than this one",
            _bootstrap(service),
        )
    iam = situation.aws.client("iam")
    provider = service.arn(number, "oidc-provider", "token.actions.githubusercontent.com")
    boundary = service.arn(number, "policy", service.boundary)
    wanted = {
        f"the role {service.deploy_role}": (iam.get_role, {"RoleName": service.deploy_role}),
        f"the role {service.execution_role}": (iam.get_role, {"RoleName": service.execution_role}),
        f"the boundary {service.boundary}": (iam.get_policy, {"PolicyArn": boundary}),
    }
    missing = [
        what for what, (get, arguments) in wanted.items() if not unless_absent(get, **arguments)
    ]
    refuses = refuses_github(iam, provider)
    if refuses is None:
        missing.append("the OIDC provider of GitHub")
    elif refuses:
        yield failed(NOT_FOR_STS, LET_GITHUB_IN.format(provider))
    for what in missing:
        yield failed(f"{what} does not exist", _bootstrap(service))
    if good and not missing and not refuses:
        yield passed("the provider, both roles and the boundary are there")


def refuses_github(iam: Any, provider: str) -> bool | None:
    """Whether GitHub's OIDC provider lets no job sign in; None when there is no provider.

    Somebody else may have created it, for another audience.
    """
    answer = unless_absent(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=provider)
    return None if answer is None else AUDIENCE not in answer["ClientIDList"]


def bucket(situation: Situation) -> Iterator[Result]:
    """The bucket for packages is there, in the Region of the functions."""
    service = situation.service
    name = service.bucket(situation.account)
    s3 = situation.aws.client("s3")
    if unless_absent(s3.head_bucket, Bucket=name) is None:
        yield failed(f"there is no bucket {name}", _bootstrap(service))
        return
    location = s3.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1"
    if location != service.region:
        yield failed(
            f"the bucket {name} is in {location}, Lambda in {service.region} can't take code from there",
            f'region = "{location}" in samconfig.toml, or move: delete {service.infra_stack} and the'
            f" bucket, then make bootstrap ENV={service.environment}",
            lesson="CD-03",
        )
    else:
        yield passed(f"{name}, in {location}")


def secrets(situation: Situation) -> Iterator[Result]:
    """Every secret whose name is passed to a function exists and has a value."""
    names, good = secret_names(situation.template), True
    client = situation.aws.client("secretsmanager")
    for name in names:
        hidden = ""
        try:
            known = state(unless_absent(client.describe_secret, SecretId=name))
        except ClientError as error:
            # Of a name that it can't find, Secrets Manager may only say that it is not allowed.
            if not is_denied(error):
                raise
            known, hidden = "missing", ", or it can't be seen by these credentials"
        fix = f"make secrets ENV={situation.service.environment} SET={name.split('/')[-1]}   (reads the value from its input)"
        if known.startswith("deleted"):
            fix = f"aws secretsmanager restore-secret --secret-id {name}"
        elif known not in UNSET:
            continue
        good = False
        yield failed(f"the secret {name} is {known}{hidden}", fix)
    if good:
        yield passed(
            f"all {len(names)} exist and have a value" if names else "the functions read none"
        )


def changed_parameters(situation: Situation) -> Iterator[Result]:
    """Changed parameters reach a function only with its next version."""
    if situation.stack is None:
        yield passed("a first deployment uses all as they are")
        return
    deployed, changed = parameters(situation.stack), False
    for name, value in situation.service.all_parameters.items():
        if deployed.get(name, value) != value:
            changed = True
            yield warned(
                f"{name} changes from {deployed[name]} to {value}; functions that use it keep the"
                " old value until their next version",
                "to publish new versions of all: change a text under Globals → Function, such as a tag",
            )
    if not changed:
        yield passed("as deployed")


def quotas(situation: Situation) -> Iterator[Result]:
    """Lambda has room for the code and the concurrency of the stack."""
    settings = situation.aws.client("lambda").get_account_settings()
    limit, used = settings["AccountLimit"], settings["AccountUsage"]["TotalCodeSize"]
    reserved = sum(_reserved_concurrency(situation))
    free = limit["UnreservedConcurrentExecutions"]
    increase = "raise it: Service Quotas → AWS Lambda → Concurrent executions"
    if reserved and situation.stack is None and free - reserved < LEFT_UNRESERVED:
        yield failed(
            f"the functions reserve {reserved} concurrent executions, and of {free} Lambda keeps"
            f" {LEFT_UNRESERVED} back",
            increase,
        )
    elif limit["ConcurrentExecutions"] < LEFT_UNRESERVED:
        yield warned(
            f"the account has only {limit['ConcurrentExecutions']} concurrent executions in"
            f" {situation.service.region}: functions will be throttled",
            increase,
        )
    elif used > 0.9 * limit["TotalCodeSize"]:
        yield warned(
            f"{used / 2**30:.0f} of {limit['TotalCodeSize'] / 2**30:.0f} GB for code are used",
            "delete old versions of functions in this account",
        )
    else:
        yield passed(f"{limit['ConcurrentExecutions']} concurrent executions, enough room for code")


def _reserved_concurrency(situation: Situation) -> Iterator[int]:
    """What each function reserves, as far as the template says it."""
    for resource in situation.template.resources():
        try:
            value = situation.template.resolve(
                resource.properties.get("ReservedConcurrentExecutions")
            )
            yield int(value or 0)
        except (UnknownError, TypeError, ValueError):
            continue


def alarms(situation: Situation) -> Iterator[Result]:
    """Somebody gets the alarms, and there is a budget."""
    if situation.stack is None:
        yield passed("after the first deployment: answer AWS's mail to the alarm address")
        return
    good = True
    if topic := outputs(situation.stack).get("AlarmTopicArn", ""):
        sns = situation.aws.client("sns")
        subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        for subscription in subscriptions:
            if subscription["SubscriptionArn"] == "PendingConfirmation":
                good = False
                yield warned(
                    f"{subscription['Endpoint']} has not answered AWS's mail, and gets no alarm",
                    "answer the mail; to get another one, deploy without AlarmEmail and with it again",
                )
        if not subscriptions:
            good = False
            yield warned(
                "nobody is subscribed to the alarms", "make answer NAME=alarm_email VALUE=ADDRESS"
            )
    resources = situation.template.resources()
    budgets = [resource.name for resource in resources if resource.type == "AWS::Budgets::Budget"]
    if not budgets:
        good = False
        yield warned(
            "there is no budget", "give MonthlyBudgetUsd, or make one by hand: docs/operations.md"
        )
    if good:
        yield passed(f"somebody gets them, and there is the budget {budgets[0]}")

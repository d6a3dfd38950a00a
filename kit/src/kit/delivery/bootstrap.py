"""Prepare an AWS account for an environment: once, by an administrator.

Deploys infra/environment.yaml, which says who may deploy the service and where its packages go, and
shows or sets what GitHub needs to know.
"""

import json
import re
from argparse import Namespace
from contextlib import suppress
from dataclasses import dataclass

from kit.errors import KitError
from kit.layout import ENVIRONMENTS, INFRA
from kit.prompts import agreed, ask
from kit.terminal import table

from . import account as aws
from .account import Account
from .change_sets import carry_out
from .checks_account import LET_GITHUB_IN, NOT_FOR_STS, refuses_github, template_version
from .service import Service
from .tools import gh

OPTIONS = {
    "--owner-id": {"help": "numeric id of the repository's owner (default: ask gh)"},
    "--repository-id": {"help": "numeric id of the repository (default: ask gh)"},
    "--yes": {"action": "store_true", "help": "don't ask"},
}
# States of a stack that can only be deleted.
ONLY_DELETED = ("CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
# The role for CloudFormation, as infra/environment.yaml of every service calls it.
EXECUTION_ROLE = re.compile(rf"(?P<name>.+)-cloudformation-(?:{'|'.join(ENVIRONMENTS)})")
GIVE_IDS = "install gh and gh auth login, or make bootstrap OWNER_ID=… REPOSITORY_ID=…"


@dataclass(frozen=True)
class Repository:
    """A repository of GitHub; ids are numbers that never change."""

    owner: str
    owner_id: str
    name: str
    id: str


def look_up(service: Service, owner_id: str | None, repository_id: str | None) -> Repository:
    """The repository with its ids: those given, or from `gh`, or asked for.

    Raises:
        KitError: the service has no repository yet, or an id is no number.
    """
    if service.has_placeholder_repository:
        raise KitError(
            f"The roles would trust {service.repository}, which is a placeholder.",
            "make answer NAME=github_repository VALUE=OWNER/NAME",
        )
    owner, name = service.repository.split("/")
    if not (owner_id and repository_id):
        try:
            known = json.loads(gh("api", f"repos/{service.repository}"))
            # As GitHub spells them: a subject is compared letter by letter.
            owner, name = known["full_name"].split("/")
            owner_id, repository_id = str(known["owner"]["id"]), str(known["id"])
        except KitError as error:
            page = f"https://api.github.com/repos/{service.repository}"
            print(f"{error.problem}\nThe ids of {service.repository} are needed: {GIVE_IDS}.")
            print(f"Of a public repository the page {page} has them; of a private one it is 404.")
            owner_id = owner_id or ask("  owner.id: ", GIVE_IDS)
            repository_id = repository_id or ask("  id: ", GIVE_IDS)
    for number in (owner_id, repository_id):
        if not number.isdigit():
            raise KitError(f"{number!r} is no id of GitHub: those are numbers.", GIVE_IDS)
    return Repository(owner, owner_id, name, repository_id)


def refuse_overlap(service: Service, account: Account) -> None:
    """Refuse an account where another service's names could be mistaken for this one's.

    Policies allow names by their beginning and end: orders-*-dev would mean orders-api's too. And
    order-s has the deploy role of orders, but for the case of a letter, which IAM ignores.
    Services are known by their roles, which an account has in all Regions.

    Raises:
        KitError: there is such a service.
    """
    roles = [role["RoleName"] for role in account.pages("iam", "list_roles", "Roles")]
    names = {match["name"] for role in roles if (match := EXECUTION_ROLE.fullmatch(role))}
    for other in sorted(names - {service.name}):
        if other.startswith(f"{service.name}-") or service.name.startswith(f"{other}-"):
            why = (
                "one of the two names begins with the other: the roles of the shorter could change"
                " what the longer has"
            )
        elif other.replace("-", "") == service.name.replace("-", ""):
            why = "the two names differ only in dashes, which the names of deploy roles leave out"
        else:
            continue
        raise KitError(
            f"The service {other} is in this account, and {why}.",
            "Use another account for one of them, or another name.",
        )


def refuse_wreck(service: Service, stack: dict[str, str]) -> None:
    """Refuse a stack that can only be deleted, and say how. KitError: it is one."""
    name, state = service.infra_stack, stack.get("StackStatus", "")
    if state in ONLY_DELETED:
        raise KitError(
            f"{name} is in {state}: it was never created, or is half deleted, and can't be updated.",
            "Delete what is left, then make bootstrap again:"
            f" aws cloudformation delete-stack --stack-name {name} --region {service.region}",
        )


def creates_provider(service: Service, account: Account, stack: dict[str, str]) -> bool:
    """Whether the stack has to create GitHub's OIDC provider, of which an account has one.

    Raises:
        KitError: there is one, but nobody could sign in by it.
    """
    number = account.identity()["Account"]
    arn = service.arn(number, "oidc-provider", "token.actions.githubusercontent.com")
    refuses = refuses_github(account.client("iam"), arn)
    if refuses:
        raise KitError(f"{NOT_FOR_STS}.", LET_GITHUB_IN.format(arn))
    # What this stack has created once stays its own.
    return refuses is None or aws.parameters(stack).get("CreateOidcProvider") == "true"


def bootstrap(service: Service, account: Account, repository: Repository, *, sure: bool) -> None:
    """Show what will be done, ask, and do it.

    Args:
        sure: whether it was confirmed already.

    Raises:
        KitError: it was not confirmed, or CloudFormation failed.
    """
    name, identity = service.infra_stack, account.identity()
    refuse_overlap(service, account)
    stack = account.stack(name) or {}
    refuse_wreck(service, stack)
    parameters = {
        "EnvironmentName": service.environment,
        "GitHubOwner": repository.owner,
        "GitHubOwnerId": repository.owner_id,
        "GitHubRepository": repository.name,
        "GitHubRepositoryId": repository.id,
        "Branch": service.branch,
        "CreateOidcProvider": str(creates_provider(service, account, stack)).lower(),
        "TemplateVersion": template_version(service),
    }
    print(f"{name} in {service.region}, account {identity['Account']}")
    print(f"  as {identity['Arn']}\n")
    table(("", *item) for item in parameters.items())
    changed = carry_out(
        *(account, name, "bootstrap"),
        remedy=service.in_region(
            f"Why, per resource: aws cloudformation describe-stack-events --stack-name {name}"
        ),
        instead=f"make bootstrap ENV={service.environment} YES=yes",
        sure=sure,
        TemplateBody=(service.root / INFRA).read_text("utf-8"),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=aws.pairs(parameters, "Parameter"),
        Tags=aws.pairs({"Service": service.name, "Environment": service.environment}),
    )
    print(f"\n{name} is ready." if changed else f"\nNothing to change: it is as {INFRA} says.")


def set_up_github(service: Service, repository: Repository, number: str, *, sure: bool) -> None:
    """Set the variable of the GitHub environment, or print how; and the rules to switch on."""
    name = f"{repository.owner}/{repository.name}"
    path = f"repos/{name}/environments/{service.environment}"
    create = ("api", "--method", "PUT", path)
    set_variable = (
        *("variable", "set", "AWS_ACCOUNT_ID", "--env", service.environment),
        *("--repo", name, "--body", number),
    )
    instead = f"make bootstrap ENV={service.environment} YES=yes"
    if _signed_in(name) and (sure or agreed("\nSet up the environment in GitHub too?", instead)):
        # A PUT without a body may remove an environment's rules: only where there is none yet.
        try:
            gh("api", path)
        except KitError as error:
            if "404" not in error.problem:
                raise
            gh(*create)
        gh(*set_variable)
        print(f"GitHub has the environment {service.environment} with AWS_ACCOUNT_ID.")
    else:
        print("\nIn GitHub:")
        print(f"  gh api {path} || gh {' '.join(create)}")
        print(f"  gh {' '.join(set_variable)}")
    print("\nSwitch on there, under Settings → Environments:")
    print(f"  Deployment branches: only {service.branch}")
    if service.environment == "prod":
        print("  Required reviewers: somebody who did not write the change")


def _signed_in(repository: str) -> bool:
    with suppress(KitError):
        return bool(gh("api", f"repos/{repository}"))
    return False


def main(service: Service, options: Namespace) -> int:
    account = Account(service)
    number = account.identity()["Account"]
    repository = look_up(service, options.owner_id, options.repository_id)
    bootstrap(service, account, repository, sure=options.yes)
    set_up_github(service, repository, number, sure=options.yes)
    return 0

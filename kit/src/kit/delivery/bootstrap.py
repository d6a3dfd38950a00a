"""Prepare an AWS account for an environment: once, by an administrator.

Deploys infra/environment.yaml, which says who may deploy the service and where its packages go, and
tells or sets what GitHub needs to know.
"""

import argparse
import json
import re
import shutil
import subprocess
from dataclasses import dataclass

from botocore.exceptions import ClientError

from .account import Account, code
from .change_sets import carry_out
from .checks_account import LET_GITHUB_IN, NOT_FOR_STS, refuses_github, template_version
from .errors import DeliveryError
from .prompts import agreed, ask
from .service import ENVIRONMENTS, Service, here

# States of a stack from which nothing but deleting leads on.
ONLY_DELETED = ("CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
# The role for CloudFormation, as infra/environment.yaml of every service calls it.
OF_SERVICE = re.compile(rf"(?P<name>.+)-cloudformation-(?:{'|'.join(ENVIRONMENTS)})")
GIVE_IDS = "install gh and gh auth login, or make bootstrap OWNER_ID=… REPOSITORY_ID=…"


@dataclass(frozen=True)
class Repository:
    """A repository of GitHub; ids are numbers that never change."""

    owner: str
    owner_id: str
    name: str
    id: str


def look_up(service: Service, owner_id: str | None, repository_id: str | None) -> Repository:
    """The repository with its ids: given, or from `gh`, or asked for.

    Raises:
        DeliveryError: the service has no repository yet, or an id is no number.
    """
    if service.repository.startswith("your-org/"):
        raise DeliveryError(
            f"The roles would trust {service.repository}, which is a placeholder.",
            "make answer NAME=github_repository VALUE=OWNER/NAME",
        )
    owner, name = service.repository.split("/")
    if not (owner_id and repository_id):
        found = gh("api", f"repos/{service.repository}")
        if found:
            said = json.loads(found)
            # As GitHub spells them: a subject is compared letter by letter.
            owner, name = said["full_name"].split("/")
            owner_id, repository_id = str(said["owner"]["id"]), str(said["id"])
        else:
            page = f"https://api.github.com/repos/{service.repository}"
            print(f"gh can't tell the ids of {service.repository}: {GIVE_IDS}.")
            print(f"Of a public repository the page {page} has them; of a private one it is 404.")
            owner_id = owner_id or ask("  owner.id: ", GIVE_IDS)
            repository_id = repository_id or ask("  id: ", GIVE_IDS)
    for number in (owner_id, repository_id):
        if not str(number).isdigit():
            raise DeliveryError(f"{number!r} is no id of GitHub: those are numbers.", GIVE_IDS)
    return Repository(owner, str(owner_id), name, str(repository_id))


def gh(*arguments: str) -> str:
    """What the GitHub CLI prints; nothing when it is not there, not signed in, or fails."""
    if shutil.which("gh") is None:
        return ""
    done = subprocess.run(
        ["gh", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return "" if done.returncode else done.stdout


def refuse_overlap(service: Service, account: Account) -> None:
    """Refuse an account where another service's names could be taken for this one's.

    Policies allow names by their beginning and end: orders-*-dev would mean orders-api's too. And
    order-s has the deploy role of orders, but for the case of a letter, which IAM does not tell apart.
    Services are known by their roles, which an account has in all Regions.

    Raises:
        DeliveryError: there is such a service.
    """
    pages = account.client("iam").get_paginator("list_roles").paginate()
    roles = [each["RoleName"] for page in pages for each in page["Roles"]]
    names = {found["name"] for each in roles if (found := OF_SERVICE.fullmatch(each))}
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
        raise DeliveryError(
            f"The service {other} is in this account, and {why}.",
            "Use another account for one of them, or another name.",
        )


def has_provider(service: Service, account: Account, number: str) -> bool:
    """Whether the account has GitHub's OIDC provider, which stands outside of this stack.

    Raises:
        DeliveryError: it has, but nobody could sign in by it.
    """
    arn = service.arn(number, "oidc-provider", "token.actions.githubusercontent.com")
    try:
        if refuses_github(account.client("iam"), arn):
            raise DeliveryError(f"{NOT_FOR_STS}.", LET_GITHUB_IN.format(arn))
    except ClientError as error:
        if code(error) == "NoSuchEntity":
            return False
        raise
    return True


def refuse_wreck(service: Service, account: Account) -> None:
    """Refuse a stack that can only be deleted, and say how.

    Raises:
        DeliveryError: it is one.
    """
    name = service.infra_stack
    state = (account.stack(name) or {}).get("StackStatus", "")
    if state in ONLY_DELETED:
        raise DeliveryError(
            f"{name} is in {state}: it was never made, or is half deleted, and can't be updated.",
            "Delete what is left, then make bootstrap again:"
            f" aws cloudformation delete-stack --stack-name {name} --region {service.region}",
        )


def parameters(service: Service, account: Account, repository: Repository) -> dict[str, str]:
    """What infra/environment.yaml gets."""
    existing = account.stack(service.infra_stack)
    before = {
        each["ParameterKey"]: each["ParameterValue"]
        for each in (existing or {}).get("Parameters", [])
    }
    exists = has_provider(service, account, account.identity()["Account"])
    # What this stack has made once stays its own.
    creates = before.get("CreateOidcProvider") == "true" or not exists
    return {
        "EnvironmentName": service.environment,
        "GitHubOwner": repository.owner,
        "GitHubOwnerId": repository.owner_id,
        "GitHubRepository": repository.name,
        "GitHubRepositoryId": repository.id,
        "Branch": service.branch,
        "CreateOidcProvider": "true" if creates else "false",
        "TemplateVersion": template_version(service),
    }


def bootstrap(service: Service, account: Account, repository: Repository, *, sure: bool) -> None:
    """Show what will be done, ask, and do it.

    Args:
        sure: whether it was confirmed already.

    Raises:
        DeliveryError: it was not confirmed, or CloudFormation failed.
    """
    number = account.identity()["Account"]
    refuse_overlap(service, account)
    refuse_wreck(service, account)
    given = parameters(service, account, repository)
    print(f"{service.infra_stack} in {service.region}, account {number}")
    print(f"  as {account.identity()['Arn']}\n")
    for key, value in given.items():
        print(f"  {key:<20} {value}")
    changed = carry_out(
        account,
        service.infra_stack,
        "bootstrap",
        remedy=service.in_region(
            "Why, per resource: aws cloudformation describe-stack-events --stack-name"
            f" {service.infra_stack}"
        ),
        instead=f"make bootstrap ENV={service.environment} YES=yes",
        sure=sure,
        TemplateBody=(service.root / "infra" / "environment.yaml").read_text("utf-8"),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Tags=[
            {"Key": "Service", "Value": service.name},
            {"Key": "Environment", "Value": service.environment},
        ],
    )
    if changed:
        print(f"\n{service.infra_stack} is there.")
    else:
        print("\nNothing to change: it is as infra/environment.yaml says.")


def environment_is_there(where: str) -> bool:
    """Whether GitHub has the environment.

    Raises:
        DeliveryError: GitHub doesn't say.
    """
    done = subprocess.run(
        ["gh", "api", where], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode and "404" not in done.stderr:
        raise DeliveryError(f"gh api {where}: {done.stderr.strip()}")
    return done.returncode == 0


def tell_github(service: Service, repository: Repository, number: str, *, sure: bool) -> None:
    """Set the variable of the GitHub environment, or print how; and the rules to switch on."""
    where = f"repos/{repository.owner}/{repository.name}/environments/{service.environment}"
    set_variable = (
        *("variable", "set", "AWS_ACCOUNT_ID", "--env", service.environment),
        *("--repo", f"{repository.owner}/{repository.name}", "--body", number),
    )
    can = bool(gh("api", f"repos/{repository.owner}/{repository.name}"))
    if can and (
        sure
        or agreed(
            "\nSet up the environment in GitHub too?",
            f"make bootstrap ENV={service.environment} YES=yes",
        )
    ):
        # A PUT without a body may take an environment's rules away: only where there is none yet.
        create = () if environment_is_there(where) else (("api", "--method", "PUT", where),)
        for call in (*create, set_variable):
            done = subprocess.run(
                ["gh", *call], capture_output=True, text=True, timeout=60, check=False
            )
            if done.returncode:
                raise DeliveryError(f"gh {' '.join(call)}: {done.stderr.strip()}")
        print(f"GitHub has the environment {service.environment} with AWS_ACCOUNT_ID.")
    else:
        print("\nIn GitHub:")
        print(f"  gh api {where} || gh api --method PUT {where}")
        print(f"  gh {' '.join(set_variable)}")
    print("\nSwitch on there, under Settings → Environments:")
    print(f"  Deployment branches: only {service.branch}")
    if service.environment == "prod":
        print("  Required reviewers: somebody who did not write the change")


def main(arguments: list[str]) -> int:
    """`python .kit delivery bootstrap`."""
    parser = argparse.ArgumentParser(prog="delivery bootstrap", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument("--owner-id", help="numeric id of the repository's owner (default: ask gh)")
    parser.add_argument("--repository-id", help="numeric id of the repository (default: ask gh)")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    given = parser.parse_args(arguments)
    service = here(given.env)
    account = Account(service)
    number = account.identity()["Account"]
    repository = look_up(service, given.owner_id, given.repository_id)
    bootstrap(service, account, repository, sure=given.yes)
    tell_github(service, repository, number, sure=given.yes)
    return 0

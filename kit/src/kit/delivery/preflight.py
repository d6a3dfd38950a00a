"""Everything that would stop a deployment half-way, looked for before it begins (CD-04)."""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from botocore.exceptions import ClientError

from kit.template import UnknownError

from . import checks_account, checks_local, checks_names, report
from .account import Account, is_denied
from .errors import DeliveryError
from .refusals import REFUSALS, told
from .report import DENIED, Result, Status, not_run
from .service import Service, here
from .situation import Situation

Check = Callable[[Situation], Iterator[Result]]

# In the order in which they are reported. The first list needs no AWS.
LOCAL: dict[str, Check] = {
    "region": checks_local.region,
    "tools": checks_local.tools,
    "container": checks_local.container,
    "runtime": checks_local.runtime,
    "template": checks_local.template,
    "values": checks_local.parameter_values,
    "stack name": checks_local.stack_name,
    "placeholders": checks_local.placeholders,
    "changes": checks_local.uncommitted_changes,
}
REMOTE: dict[str, Check] = {
    "account": checks_account.account,
    "stack": checks_account.stack,
    "access": checks_account.access,
    "bucket": checks_account.bucket,
    "names": checks_names.names,
    "secrets": checks_account.secrets,
    "parameters": checks_account.parameters,
    "quotas": checks_account.quotas,
    "alarms": checks_account.alarms,
}


# What infra/environment.yaml makes: without it there is nothing to look at.
NEEDS_BOOTSTRAP = ("access", "bucket")
# A deployment without these is a guess.
NEEDED = ("stack", "access", "names")


def run(service: Service) -> list[Result]:
    """Run all checks of a service's environment.

    Nothing is changed, and one check that fails does not keep the others from running.
    """
    situation = Situation(service, Account(service))
    try:
        identity = situation.identity
        credentials = report.passed(identity["Arn"])
        remote = REMOTE | dict.fromkeys(_unprepared(situation), _not_run("needs make bootstrap"))
    except REFUSALS as error:
        refusal = told(error, service, {})
        credentials = report.failed(refusal.what, "CD-04", *refusal.remedy)
        remote = dict.fromkeys(REMOTE, _not_run("needs AWS"))
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = pool.map(
            lambda item: _results(item[0], item[1], situation), (LOCAL | remote).items()
        )
        return [replace(credentials, check="credentials"), *(one for many in found for one in many)]


def _not_run(why: str) -> Check:
    return lambda _situation: iter([not_run(why)])


def _unprepared(situation: Situation) -> tuple[str, ...]:
    """What can't be looked at, because the account is not prepared; "account" fails then, and says so."""
    try:
        return NEEDS_BOOTSTRAP if situation.infra is None else ()
    except REFUSALS:
        return ()  # not known: each check says itself what it could not see


def _results(name: str, check: Check, situation: Situation) -> list[Result]:
    try:
        results = list(check(situation))
    except DeliveryError as error:
        results = [report.failed(error.what, "CD-04", *error.remedy)]
    except REFUSALS as error:
        if isinstance(error, ClientError) and is_denied(error):
            results = [not_run(f"{DENIED}: {error.operation_name}")]
        else:
            refusal = told(error, situation.service, {})
            results = [not_run(refusal.what, *refusal.remedy)]
    except UnknownError as error:
        results = [not_run(f"template.yaml says it by what only a deployment knows: {error}")]
    except Exception as error:  # a template may be anything, and the other checks go on
        results = [report.failed(f"could not look: {type(error).__name__}: {error}", "CD-04")]
    if name in NEEDED and check is REMOTE[name]:
        results = [_must_see(each, situation) for each in results]
    return [replace(each, check=name, fix=_fix(each, situation.service)) for each in results]


def _unseen(result: Result) -> bool:
    return result.seen.startswith(DENIED)


def _must_see(result: Result, situation: Situation) -> Result:
    """A result of a check without which a deployment must not go on."""
    if result.status is not Status.NOT_RUN:
        return result
    fix = list(result.fix) or [f"again: make preflight ENV={situation.service.environment}"]
    if _unseen(result) and situation.service.deploy_role in situation.identity["Arn"]:
        fix = [
            "let DeployRole look, in infra/environment.yaml",
            f"as an administrator: make bootstrap ENV={situation.service.environment}",
        ]
    elif _unseen(result):
        fix = ["sign in with a role that may look, such as one with ReadOnlyAccess"]
    return report.failed(result.seen, "CD-04", *fix)


def _fix(result: Result, service: Service) -> list[str]:
    return [service.in_region(line) for line in result.fix]


def ok(results: list[Result]) -> bool:
    """Whether nothing failed."""
    return all(each.status is not Status.FAILED for each in results)


def show(service: Service) -> list[Result]:
    """Run all checks and print the results for a person; first what is waited for."""
    print(f"Preflight of {service.stack} in {service.region}\n", flush=True)
    results = run(service)
    print(report.text(results))
    unseen = {each.check for each in results if _unseen(each)}
    if unseen:
        (who,) = (each.seen for each in results if each.check == "credentials")
        print(f"  {len(unseen)} checks could not look, as {who}: {', '.join(sorted(unseen))}")
    return results


def main(arguments: list[str]) -> int:
    """`python .kit delivery preflight`: 0 when nothing failed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="delivery preflight", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    given = parser.parse_args(arguments)
    service = here(given.env)
    if given.json:
        results = run(service)
        print(report.machine_readable(results))
    else:
        results = show(service)
    return 0 if ok(results) else 1

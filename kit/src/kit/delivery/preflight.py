"""Everything that would stop a deployment half-way, looked for before it begins (CD-04).

Ends with 1 when something failed.
"""

from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from botocore.exceptions import ClientError

from kit.errors import KitError
from kit.template import UnknownError

from . import checks_account, checks_local, checks_names, report
from .account import Account, is_denied
from .refusals import REFUSALS, refusal
from .report import Result, Status, failed, not_run, passed
from .service import Service
from .situation import Situation

OPTIONS = {"--json": {"action": "store_true", "help": "print the results as JSON"}}
AWS, BOOTSTRAP = "AWS", "make bootstrap"


class Check(NamedTuple):
    """A look at one thing, which changes nothing.

    Args:
        look: yields what it saw.
        lesson: the id of the lesson that says why it matters.
        needs: what there must be before it can look.
        vital: whether a deployment without it would be a guess.
    """

    look: Callable[[Situation], Iterator[Result]]
    lesson: str
    needs: str = ""
    vital: bool = False


# In the order in which they are reported.
CHECKS = {
    "region": Check(checks_local.region, "CD-03"),
    "tools": Check(checks_local.tools, "CD-04"),
    "container": Check(checks_local.container, "CD-02"),
    "runtime": Check(checks_local.runtime, "DEP-04"),
    "template": Check(checks_local.template, "CD-04"),
    "values": Check(checks_local.parameter_values, "CD-04"),
    "stack name": Check(checks_local.stack_name, "CD-01"),
    "placeholders": Check(checks_local.placeholders, "CD-08"),
    "changes": Check(checks_local.uncommitted_changes, "CI-07"),
    "account": Check(checks_account.account, "CD-04", AWS),
    "stack": Check(checks_account.stack, "CD-04", AWS, vital=True),
    "access": Check(checks_account.access, "IAM-05", BOOTSTRAP, vital=True),
    "bucket": Check(checks_account.bucket, "CD-04", BOOTSTRAP),
    "names": Check(checks_names.names, "CD-05", AWS, vital=True),
    "secrets": Check(checks_account.secrets, "SEC-06", AWS),
    "parameters": Check(checks_account.changed_parameters, "CD-04", AWS),
    "quotas": Check(checks_account.quotas, "CD-04", AWS),
    "alarms": Check(checks_account.alarms, "CD-12", AWS),
}


def run(service: Service) -> list[Result]:
    """Run all checks of a service's environment; one that fails does not keep others from running."""
    situation = Situation(service, Account(service))
    missing: dict[str, str] = {}
    try:
        credentials = passed(situation.identity["Arn"])
    except REFUSALS as error:
        why = refusal(error, service)
        credentials = failed(why.problem, *why.remedy)
        missing = dict.fromkeys((AWS, BOOTSTRAP), AWS)
    else:
        if not _is_prepared(situation):
            missing = {BOOTSTRAP: BOOTSTRAP}

    def results(item: tuple[str, Check]) -> list[Result]:
        name, check = item
        if check.needs in missing:
            seen = [not_run(f"needs {missing[check.needs]}")]
        else:
            seen = _results(check, situation)
        return [
            replace(
                result,
                check=name,
                lesson=result.lesson or check.lesson,
                fix=[service.in_region(line) for line in result.fix],
            )
            for result in seen
        ]

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = [result for many in pool.map(results, CHECKS.items()) for result in many]
    return [replace(credentials, check="credentials", lesson="CD-04"), *found]


def _is_prepared(situation: Situation) -> bool:
    """Whether `make bootstrap` was run; when not, the check of the account says so."""
    try:
        return situation.infra is not None
    except REFUSALS:
        return True  # not known: each check says itself what it could not see


def _results(check: Check, situation: Situation) -> list[Result]:
    service = situation.service
    try:
        results = list(check.look(situation))
    except KitError as error:
        results = [failed(error.problem, *error.remedy)]
    except REFUSALS as error:
        if isinstance(error, ClientError) and is_denied(error):
            results = [not_run(f"not allowed to look: {error.operation_name}", denied=True)]
        else:
            why = refusal(error, service)
            results = [not_run(why.problem, *why.remedy)]
    except UnknownError as error:
        results = [not_run(f"template.yaml says it by what only a deployment knows: {error}")]
    except Exception as error:  # a template may be anything, and the other checks go on
        results = [failed(f"could not look: {type(error).__name__}: {error}")]
    if check.vital:
        results = [_must_see(result, situation) for result in results]
    return results


def _must_see(result: Result, situation: Situation) -> Result:
    """A result of a check without which a deployment must not go on."""
    if result.status is not Status.NOT_RUN:
        return result
    environment = situation.service.environment
    fix = list(result.fix) or [f"again: make preflight ENV={environment}"]
    if result.denied and situation.service.deploy_role in situation.identity["Arn"]:
        fix = [
            "let DeployRole look, in infra/environment.yaml",
            f"as an administrator: make bootstrap ENV={environment}",
        ]
    elif result.denied:
        fix = ["sign in with a role that may look, such as one with ReadOnlyAccess"]
    return replace(result, status=Status.FAILED, fix=fix)


def ok(results: list[Result]) -> bool:
    """Whether nothing failed."""
    return all(result.status is not Status.FAILED for result in results)


def show(service: Service) -> list[Result]:
    """Run all checks and print the results for a person; first what is waited for."""
    print(f"Preflight of {service.stack} in {service.region}\n", flush=True)
    results = run(service)
    report.show(results)
    return results


def main(service: Service, options: Namespace) -> int:
    """0 when nothing failed, 1 otherwise."""
    if options.json:
        results = run(service)
        print(report.machine_readable(results))
    else:
        results = show(service)
    return 0 if ok(results) else 1

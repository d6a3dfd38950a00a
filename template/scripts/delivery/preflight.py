"""Everything that would stop a deployment half-way, looked for before it begins (CD-04)."""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from . import checks_account, checks_local, checks_names, report
from .account import Account, is_denied
from .errors import DeliveryError
from .report import Result, Status, not_run
from .service import Service, here
from .situation import Situation
from .template import UnknownError

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


def run(service: Service) -> list[Result]:
    """Run all checks of a service's environment.

    Nothing is changed, and one check that fails does not keep the others from running.
    """
    situation = Situation(service, Account(service))
    try:
        identity = situation.identity
        credentials = report.passed(identity["Arn"])
        remote = REMOTE
    except DeliveryError as error:
        first, *fix = str(error).splitlines()
        credentials = not_run(first, *(line.strip() for line in fix))
        credentials = replace(credentials, status=Status.FAILED)
        remote = dict.fromkeys(REMOTE, lambda _situation: iter([not_run("needs AWS")]))
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = pool.map(
            lambda item: _results(item[0], item[1], situation), (LOCAL | remote).items()
        )
        return [replace(credentials, check="credentials"), *(one for many in found for one in many)]


def _results(name: str, check: Check, situation: Situation) -> list[Result]:
    try:
        results = list(check(situation))
    except DeliveryError as error:
        first, *fix = str(error).splitlines()
        results = [report.failed(first, "CD-04", *(line.strip() for line in fix))]
    except ClientError as error:
        if not is_denied(error):
            results = [not_run(str(error))]
        else:
            results = [not_run(f"not allowed to look: {error.operation_name}")]
    except BotoCoreError as error:
        results = [not_run(str(error))]
    except UnknownError as error:
        results = [not_run(f"template.yaml says it by what only a deployment knows: {error}")]
    except Exception as error:  # a template may be anything, and the other checks go on
        results = [report.failed(f"could not look: {type(error).__name__}: {error}", "CD-04")]
    return [replace(each, check=name) for each in results]


def ok(results: list[Result]) -> bool:
    """Whether nothing failed."""
    return all(each.status is not Status.FAILED for each in results)


def show(service: Service, results: list[Result]) -> None:
    """Print the results for a person."""
    print(f"Preflight of {service.stack} in {service.region}\n")
    print(report.text(results))


def main(arguments: list[str]) -> int:
    """`python -m delivery preflight`: 0 when nothing failed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="delivery preflight", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    given = parser.parse_args(arguments)
    service = here(given.env)
    results = run(service)
    if given.json:
        print(report.machine_readable(results))
    else:
        show(service, results)
    return 0 if ok(results) else 1

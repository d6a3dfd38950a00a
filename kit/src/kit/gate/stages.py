"""stages"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.gate.environments import environments, resolved
from kit.gate.parsers import Module
from kit.gate.service import Function, Service
from kit.gate.variables import Read, reads
from kit.template import is_intrinsic

# Variables that Lambda itself sets, and those that libraries and extensions read.
OF_THE_PLATFORM = (
    *("AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN_", "LANG", "LC_", "PATH", "PYTHON", "TZ", "HOME"),
    *("TMPDIR", "LD_LIBRARY_PATH"),
)


OF_LIBRARIES = (
    *("POWERTOOLS_", "LOG_LEVEL", "OTEL_", "OPENTELEMETRY_", "DD_", "DATADOG_", "SENTRY_"),
    *("NEW_RELIC_", "LUMIGO_", "DT_", "ELASTIC_", "HONEYCOMB_", "XRAY_"),
    *("PARAMETERS_SECRETS_EXTENSION_", "SECRETS_MANAGER_TTL", "SSM_PARAMETER_STORE_TTL"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "MPLCONFIGDIR"),
)


KNOWN = OF_THE_PLATFORM + OF_LIBRARIES


# Variables that say where code runs are made of such words: DEPLOY_ENV, APP_STAGE. APPCONFIG_ENVIRONMENT
# says something else.
STAGES = {"ENV", "ENVIRONMENT", "STAGE"}


SWITCHES = STAGES | {
    *(
        "APP",
        "APPLICATION",
        "AWS",
        "CURRENT",
        "DEPLOY",
        "DEPLOYED",
        "DEPLOYMENT",
        "FLASK",
        "LAMBDA",
    ),
    *("NAME", "PYTHON", "RUN", "RUNNING", "RUNTIME", "SAM", "SERVICE", "TYPE"),
}


# The same when its value is the name of the environment.
WHERE = {"IN", "IS", "RUNS", "TARGET", "TO", "WHERE"}


@dataclass(frozen=True)
class Code:
    """A folder of code with the functions that run it."""

    functions: list[Function]
    modules: list[Module]
    reads: list[Read]


def code_with_reads(service: Service) -> Iterator[Code]:
    """The Python of functions whose variables can be told."""
    by_folder: dict[str, list[Function]] = defaultdict(list)
    for function in service.functions:
        by_folder[function.folder].append(function)
    for folder, functions in by_folder.items():
        modules = list(service.modules(folder)) if folder else []
        told = all(
            not is_intrinsic(each.get("Environment")) and not is_intrinsic(each.variables)
            for each in functions
        )
        if modules and told:
            yield Code(functions, modules, reads(modules))


def is_of_others(name: Any) -> bool:
    return str(name).startswith(KNOWN)


def stages_named(service: Service) -> set[str]:
    """The variables that say where code runs and are not called STAGE."""
    found: set[str] = set()
    templates = environments(service)
    for function in service.functions:
        for name, node in function.variables.items():
            if str(name) == "STAGE" or is_of_others(name):
                continue
            is_name = all(resolved(each, node) == stage for stage, each in templates.items())
            words = {*str(name).split("_")}
            if is_stage(service, str(name)) or (is_name and words <= SWITCHES | WHERE):
                found.add(str(name))
    return found


def is_stage(service: Service, name: str) -> bool:
    """Whether a variable says by its name where code runs, and is not called STAGE."""
    words = {*name.split("_")} - {*service.package.upper().split("_")}
    is_switch = bool(words & STAGES) and words <= SWITCHES
    return is_switch and name != "STAGE" and not is_of_others(name)

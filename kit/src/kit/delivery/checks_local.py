"""Checks that need no AWS: the machine, and the service's own files."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import ProfileNotFound

from kit.layout import ENVIRONMENTS
from kit.runtimes import SUPPORTED_UNTIL
from kit.template import PLACEHOLDER

from .report import Result, failed, passed, warned
from .service import Service
from .situation import Situation

SOON = timedelta(days=180)
# How Lambda calls the processors that Python calls otherwise.
ARCHITECTURES = {"aarch64": "arm64", "AMD64": "x86_64"}
PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
EMULATORS = {"arm64": "qemu-aarch64", "x86_64": "qemu-x86_64"}
# Where Linux says what it can emulate.
BINFMT = Path("/proc/sys/fs/binfmt_misc")
OWN_SAM = "make setup SETUP_ARGS=--own-sam"


def _run(*command: str, folder: Path) -> tuple[int, str]:
    """Run a tool; its exit code and what it prints. 127 when it is not there, 124 when it times out.

    None of them needs AWS, and SAM validates nothing with a profile that does not exist.
    """
    env = {name: os.environ[name] for name in os.environ if name not in PROFILES}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
        )
    except FileNotFoundError:
        return 127, ""
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} did not answer within a minute"
    return done.returncode, (done.stdout + done.stderr).rstrip()


def region(situation: Situation) -> Iterator[Result]:
    """samconfig.toml decides; profile, environment and workflows must not say otherwise."""
    service = situation.service
    others = {name: os.environ.get(name, "") for name in ("AWS_REGION", "AWS_DEFAULT_REGION")}
    # The environment comes before the profile, which counts only where there is nothing else.
    profile = "" if any(others.values()) else _profile_region()
    for path in sorted((service.root / ".github" / "workflows").glob("*.yml")):
        for key, value in _regions_in(yaml.safe_load(path.read_text("utf-8"))):
            others[f"{path.name}, {key}"] = value
    differing = {name: value for name, value in others.items() if value not in ("", service.region)}
    for name, value in differing.items():
        yield failed(
            f"{name} says {value}, samconfig.toml {service.region}",
            f"say {service.region} there, or nothing",
        )
    if profile not in ("", service.region):
        yield warned(
            f"the profile's Region is {profile}, samconfig.toml says {service.region}",
            f"for commands of your own: export AWS_REGION={service.region}",
        )
    elif not differing:
        yield passed(f"{service.region}, and nothing says otherwise")


def _profile_region() -> str:
    try:
        return str(boto3.Session()._session.get_scoped_config().get("region", ""))
    except ProfileNotFound:
        return ""  # `credentials` says so


def _regions_in(node: Any) -> Iterator[tuple[str, str]]:
    """What a workflow says of a Region, unless it has it from elsewhere."""
    if isinstance(node, list):
        for item in node:
            yield from _regions_in(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if str(key).lower().replace("_", "-") not in ("aws-region", "aws-default-region"):
                yield from _regions_in(value)
            elif isinstance(value, str) and "${{" not in value:
                yield str(key), value


def tools(situation: Situation) -> Iterator[Result]:
    """The SAM CLI is there, in the version that CI uses."""
    root = situation.service.root
    failure, printed = _run(os.environ.get("SAM", "sam"), "--version", folder=root)
    pin = re.search(r"aws-sam-cli==(\S+)", (root / "requirements-sam.txt").read_text("utf-8"))
    pinned = pin[1] if pin else "?"
    version = re.search(r"\d+\.\d+\.\d+", printed)
    if failure or not version:
        yield failed("the AWS SAM CLI does not run", OWN_SAM)
    elif version[0] != pinned:
        yield warned(f"the SAM CLI is {version[0]}, CI has {pinned}", f"the same one: {OWN_SAM}")
    else:
        yield passed(f"SAM CLI {pinned}, as in CI")


def container(situation: Situation) -> Iterator[Result]:
    """Docker runs, and can run containers of the functions' architecture."""
    if os.environ.get("CONTAINER") == "no":
        yield warned("CONTAINER=no: built without the Lambda container", "without CONTAINER=no")
        return
    if shutil.which("docker") is None:
        yield failed("there is no docker", "install Docker, or let CI deploy")
        return
    failure, printed = _run("docker", "info", "--format", "{{.OperatingSystem}}", folder=Path.cwd())
    if failure:
        yield failed("Docker does not run", "start it, or let CI deploy")
        return
    machine = ARCHITECTURES.get(platform.machine(), platform.machine())
    shared = _globals(situation.service).get("Architectures", ["x86_64"])
    wanted = str(shared[0])
    if machine == wanted:
        yield passed(f"Docker runs {wanted}")
    elif re.search("Docker Desktop|OrbStack", printed) or (BINFMT / EMULATORS[wanted]).exists():
        yield passed(f"Docker emulates {wanted} on {machine}")
    else:
        yield failed(
            f"the functions are {wanted}, this machine is {machine} and emulates nothing",
            f"docker run --privileged --rm tonistiigi/binfmt --install {wanted.replace('x86_64', 'amd64')}",
        )


def _globals(service: Service) -> dict[str, Any]:
    """What the functions of template.yaml have in common."""
    return dict(service.template("").data.get("Globals", {}).get("Function", {}))


def runtime(situation: Situation) -> Iterator[Result]:
    """The runtime of the functions is that of .python-version and of this environment."""
    service = situation.service
    version = (service.root / ".python-version").read_text("utf-8").strip()
    shared = _globals(service).get("Runtime")
    for name, body in service.template("").data["Resources"].items():
        used = body.get("Properties", {}).get("Runtime", shared)
        if body["Type"] == "AWS::Serverless::Function" and used != f"python{version}":
            yield failed(
                f"{name} has the runtime {used}, .python-version says {version}",
                "say the same in template.yaml and .python-version, then: make setup",
            )
            break
    running = "{}.{}".format(*sys.version_info[:2])
    if running != version:
        yield failed(f".venv has {running}, .python-version says {version}", "make setup")
    yield _support(f"python{version}")


def _support(name: str) -> Result:
    end, today = SUPPORTED_UNTIL.get(name), datetime.now(UTC).date()
    newest = list(SUPPORTED_UNTIL)[-1].removeprefix("python")
    update = f"make answer NAME=python_version VALUE={newest}"
    if end is None:
        return failed(f"AWS has no runtime {name} that is known here", update, lesson="DEP-05")
    if end < today:
        return failed(f"AWS supported {name} until {end}", update, lesson="DEP-05")
    if end < today + SOON:
        return warned(f"AWS supports {name} until {end}", update, lesson="DEP-05")
    return passed(f"{name}, which AWS supports until {end}")


def template(situation: Situation) -> Iterator[Result]:
    """template.yaml is valid, as far as SAM can tell."""
    service = situation.service
    command = (os.environ.get("SAM", "sam"), "validate", "--lint", "--config-env")
    failure, printed = _run(*command, service.environment, folder=service.root)
    if failure == 127:
        yield failed("not validated: there is no SAM CLI", OWN_SAM)
    elif failure:
        yield failed(
            (printed.strip() or f"sam validate ends with {failure}").splitlines()[0], "make lint"
        )
    else:
        yield passed("sam validate finds nothing")


def parameter_values(situation: Situation) -> Iterator[Result]:
    """What samconfig.toml passes, to either environment, is what template.yaml's parameters accept."""
    good = True
    for environment in ENVIRONMENTS:
        for problem in _parameter_problems(Service(situation.service.root, environment)):
            good = False
            yield failed(
                f"[{environment}]: {problem}", "correct parameter_overrides in samconfig.toml"
            )
    if good:
        yield passed("parameter_overrides of both environments are what template.yaml accepts")


def _parameter_problems(service: Service) -> Iterator[str]:
    declared, values = service.declared_parameters, service.all_parameters
    for name in values.keys() - declared.keys():
        yield f"template.yaml has no parameter {name}"
    for name, body in declared.items():
        if name not in values:
            yield f"{name} has no value and no Default"
        elif problem := _value_problem(values[name], body):
            yield f"{name} = {values[name]!r} {problem}"


def _value_problem(value: str, parameter: dict[str, Any]) -> str:
    """Why CloudFormation would refuse a parameter's value; empty when it accepts it."""
    allowed = [str(item) for item in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"is none of {', '.join(allowed)}"
    if parameter["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            return "is no number"
        if not parameter.get("MinValue", number) <= number <= parameter.get("MaxValue", number):
            return "is outside of MinValue and MaxValue"
    elif not parameter.get("MinLength", 0) <= len(value) <= parameter.get("MaxLength", len(value)):
        return "is shorter than MinLength or longer than MaxLength"
    elif not re.fullmatch(parameter.get("AllowedPattern", ".*"), value, re.DOTALL):
        return f"does not match {parameter['AllowedPattern']}"
    return ""


def stack_name(situation: Situation) -> Iterator[Result]:
    """The stack is named after the service and the environment."""
    service = situation.service
    wanted = f"{service.name}-{service.environment}"
    if service.stack == wanted:
        yield passed(wanted)
    else:
        yield failed(
            f"samconfig.toml names the stack {service.stack}, the roles only allow {wanted}",
            f'stack_name = "{wanted}" under [{service.environment}.global.parameters]',
        )


def placeholders(situation: Situation) -> Iterator[Result]:
    """No placeholder is left."""
    service, good = situation.service, True
    for name in ("template.yaml", "samconfig.toml"):
        for number, line in enumerate((service.root / name).read_text("utf-8").splitlines(), 1):
            if not line.lstrip().startswith("#") and (match := PLACEHOLDER.search(line)):
                good = False
                yield failed(
                    f"{name}, line {number}: {match[0]} is a placeholder",
                    "put the real value there",
                )
    if service.has_placeholder_repository:
        good = False
        yield warned(
            f"github_repository is still {service.repository}",
            "make answer NAME=github_repository VALUE=OWNER/NAME",
        )
    if good:
        yield passed("none is left")


def uncommitted_changes(situation: Situation) -> Iterator[Result]:
    """What is deployed is a commit; to prod, one of its branch."""
    service = situation.service
    # A workflow has checked out its branch, and may have files of its own.
    by_hand = service.environment == "prod" and not os.environ.get("CI")
    problem = failed if by_hand else warned
    failure, printed = _run("git", "status", "--porcelain", folder=service.root)
    if failure:
        yield problem("this is no git repository", "git init && git add . && git commit")
        return
    if printed:
        names = [line[3:] for line in printed.splitlines()]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        yield problem(f"not committed: {shown}", "git commit, or git stash")
    if by_hand and not _on_branch(service.root, service.branch):
        yield failed(
            f"HEAD is not on {service.branch}, which deploys to prod",
            f"merge it into {service.branch}: CI deploys it",
            f"or deploy what is there: git switch {service.branch} && git pull",
        )
    elif not printed:
        yield passed("everything is committed")


def _on_branch(root: Path, branch: str) -> bool:
    """Whether a branch, here or as it was last fetched, has this commit."""
    failure, printed = _run(
        "git", "branch", "--all", "--contains", "HEAD", "--format=%(refname)", folder=root
    )
    place = re.compile(rf"refs/(heads|remotes/[^/]+)/{re.escape(branch)}")
    return not failure and any(place.fullmatch(line) for line in printed.splitlines())

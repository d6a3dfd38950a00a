"""An emulated AWS account that runs a built service: its functions, queues, stream and event bus.

moto (tests/aws.py) holds the resources that a single handler calls. Here the functions are deployed
by the real `sam deploy` and invoke one another, so that two parts of the template meet for real.
MiniStack does not enforce IAM, and knows neither CodeDeploy nor budgets.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3

from conftest import ROOT, check
from test_render import load

# The access key is the account: twelve digits, no secret.
ACCOUNT = "111122223333"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": ACCOUNT,
    "AWS_SECRET_ACCESS_KEY": "emulated",
    "AWS_DEFAULT_REGION": "us-east-1",
}
BUCKET = "artifacts"
NOT_EMULATED = {"AWS::Budgets::Budget"}


class CodeDeploy:
    """Stands for CodeDeploy's API: keeps what a hook reports about its deployment."""

    def __init__(self) -> None:
        self.reports: list[dict[str, str]] = []
        reports = self.reports

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                reports.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Emulator:
    """A running account with a service's dev stack in it."""

    def __init__(self, url: str, codedeploy: CodeDeploy) -> None:
        self.url, self.codedeploy = url, codedeploy

    def client(self, name: str) -> Any:
        return boto3.client(
            name,
            endpoint_url=self.url,
            region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def deploy(self, service: Path) -> None:
        """Deploy what `make build` built, without what is not emulated."""
        build = service / ".aws-sam" / "build"
        template = standard(load((build / "template.yaml").read_text("utf-8")))
        resources = template["Resources"]
        for name in [name for name in resources if resources[name]["Type"] in NOT_EMULATED]:
            del resources[name]
        functions = [
            resource["Properties"]
            for resource in resources.values()
            if resource["Type"] == "AWS::Serverless::Function"
        ]
        for properties in [template["Globals"]["Function"], *functions]:
            properties.pop("DeploymentPreference", None)
        check_variables = resources["TrafficCheckFunction"]["Properties"]["Environment"]
        check_variables["Variables"]["AWS_ENDPOINT_URL_CODEDEPLOY"] = self.codedeploy.url
        (build / "emulated.yaml").write_text(json.dumps(template), "utf-8")
        self.client("s3").create_bucket(Bucket=BUCKET)
        check(
            *(ROOT / ".venv-sam" / "bin" / "sam", "deploy", "--config-env", "dev"),
            *("--config-file", service / "samconfig.toml", "--s3-bucket", BUCKET),
            *("--template-file", build / "emulated.yaml"),
            cwd=service,
            AWS_ENDPOINT_URL=self.url,
            SAM_CLI_TELEMETRY="0",
            **CREDENTIALS,
        )

    def invoke(self, function: str, event: Any, version: str = "live") -> Any:
        """What a function answers. AssertionError when it fails."""
        answer = self.client("lambda").invoke(
            FunctionName=function, Qualifier=version, Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read() or b"null")
        assert "FunctionError" not in answer, payload
        return payload

    def logged(self, function: str, message: str, seconds: float = 30) -> list[dict[str, Any]]:
        """The lines with this message in a function's log: what is asynchronous is waited for."""
        logs, deadline = self.client("logs"), time.monotonic() + seconds
        while True:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
            lines = [json.loads(e["message"]) for e in events if e["message"].startswith("{")]
            if matching := [line for line in lines if line.get("message") == message]:
                return matching
            assert time.monotonic() < deadline, lines
            time.sleep(0.1)


def standard(value: Any) -> Any:
    """A template with `!Ref` and `!GetAtt` in their long form, which `load` leaves short."""
    if isinstance(value, list):
        return [standard(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(attribute := value.get("Fn::GetAtt"), str):
        return {"Fn::GetAtt": attribute.split(".", 1)}
    names = {"Fn::Ref": "Ref", "Fn::Condition": "Condition"}
    return {names.get(name, name): standard(item) for name, item in value.items()}


@contextmanager
def emulated(folder: Path, python: str) -> Iterator[Emulator]:
    """Run an empty account, its functions with this interpreter, on a free port of loopback."""
    venv = folder / "ministack"
    check("uv", "venv", "--quiet", "--python", python, venv, cwd=folder)
    requirements = ROOT / "template" / "requirements-local.txt"
    check(
        *("uv", "pip", "install", "--quiet", "--python", venv / "bin" / "python"),
        *("-r", requirements),
        cwd=folder,
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = str(free.server_port)
    process = subprocess.Popen(
        [venv / "bin" / "ministack"],
        env={
            **os.environ,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": port,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    codedeploy = CodeDeploy()
    try:
        assert process.stdout
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Running on" in line:
                break
        assert process.poll() is None, "".join(lines)
        # Nobody reads on: a full pipe would stop it.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield Emulator(f"http://127.0.0.1:{port}", codedeploy)
    finally:
        process.terminate()
        process.wait()
        codedeploy.server.shutdown()
        codedeploy.server.server_close()

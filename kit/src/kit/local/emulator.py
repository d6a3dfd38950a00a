"""The emulated AWS account: MiniStack in .venv-local, on loopback, and what is deployed in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from kit.delivery.account import unless_absent
from kit.delivery.service import Service
from kit.errors import KitError
from kit.layout import ROOT

# To the emulator, an access key of twelve digits is the account. It is no secret.
ACCOUNT = "111122223333"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
PYTHON = ROOT / ".venv-local" / "bin" / "python"
# The pipe from `make up` closes when that ends, even when it is killed: then everything ends here.
PROGRAM = """
import os, signal, sys, threading
from ministack.app import main

def end_with_parent():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=end_with_parent, daemon=True).start()
sys.exit(main())
"""
# One for each service that runs at the same time.
FOLDERS = [ROOT / ".aws-sam" / name for name in ("local", "local-2", "local-3", "local-4")]
STATE = "running.json"
BUCKET = "local-templates"
START_SECONDS, STACK_SECONDS, LOOK_SECONDS = 30, 120, 0.05


@dataclass
class Running:
    """What a command finds of a service that runs here.

    Args:
        url: where the emulator answers.
        region: where the account is.
        process: the process of `make up`.
        folder: has its data, its log and this.
        apis: the address of each API, by its logical id.
        functions: the name of each function, with its alias, by its folder in src/.
    """

    url: str
    region: str
    process: int
    folder: str
    apis: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)

    def unqualified(self, function: str) -> str:
        """The function's name without its alias, for asynchronous invocations: see EventInvokeConfig in bridge.py."""
        return self.functions[function].partition(":")[0]

    def save(self) -> None:
        Path(self.folder, STATE).write_text(json.dumps(asdict(self)), "utf-8")

    def forget(self) -> None:
        """Let commands find it no more."""
        Path(self.folder, STATE).unlink(missing_ok=True)

    def client(self, name: str) -> Any:
        """A client of an emulated service; any thread may use it."""
        return _client(name, self.url, self.region)


@cache
def _client(name: str, url: str, region: str) -> Any:
    # A session may make only one client at a time; so each has its own.
    make: Any = boto3.Session().client
    return make(
        name,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(connect_timeout=5, read_timeout=900, retries={"total_max_attempts": 1}),
    )


def forget_account() -> None:
    """Remove what the shell has of a real account, and keep calls on this machine off any proxy."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ |= no_proxy()


def no_proxy() -> dict[str, str]:
    """The variables that keep calls on this machine away from a proxy (HTTP_PROXY), beside others."""
    hosts = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    value = ",".join(dict.fromkeys([*filter(None, hosts.split(",")), "127.0.0.1", "localhost"]))
    return {"NO_PROXY": value, "no_proxy": value}


def _running(folder: Path) -> Running | None:
    try:
        state = Running(**json.loads((folder / STATE).read_text("utf-8")))
        os.kill(state.process, 0)
    except (OSError, ValueError, TypeError):
        return None
    return state


def running() -> Running | None:
    """The service that `make up` runs, or None; the one in the first folder when several run."""
    return next(filter(None, map(_running, FOLDERS)), None)


def free_folder() -> Path:
    """The first folder that no running service uses. Raises KitError when all are in use."""
    for folder in FOLDERS:
        if _running(folder) is None:
            return folder
    raise KitError(f"The service runs here {len(FOLDERS)} times.", "End one with Ctrl-C.")


def need_running() -> Running:
    """The service that runs here.

    Raises:
        KitError: none does.
    """
    if state := running():
        return state
    raise KitError("The service does not run here.", "In another terminal: make up")


def free_port(preferred: int = 0) -> int:
    """The preferred port of loopback, or the next free one; any for 0."""
    for port in range(preferred, preferred + 100 if preferred else 1):
        with socket.socket() as free, suppress(OSError):
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))
            return int(free.getsockname()[1])
    raise KitError(f"No port from {preferred} on is free.", "End what runs there.")


class Emulator:
    """MiniStack as a process of its own, with its workers in the same group.

    Args:
        region: where the account is.
        folder: for its data and its log.
        keep: whether data outlives the process.
        variables: what every function finds in its environment besides.
    """

    def __init__(self, region: str, folder: Path, *, keep: bool, **variables: str) -> None:
        if not PYTHON.exists():
            raise KitError("There is no emulator in .venv-local.", "make up installs it.")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log, data = folder / "emulator.log", folder / "data"
        folder.mkdir(parents=True, exist_ok=True)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "MAKE"))
        }
        environment = {
            **inherited,
            **CREDENTIALS,
            **variables,
            "AWS_DEFAULT_REGION": region,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": region,
            "S3_DATA_DIR": str(data / "s3"),
            "STATE_DIR": str(data),
            "PERSIST_STATE": str(int(keep)),
            "S3_PERSIST": str(int(keep)),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PYTHON, "-I", "-c", PROGRAM],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers. KitError when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(LOOK_SECONDS)
        raise KitError("The emulator did not start.", f"Its log: {self.log.relative_to(ROOT)}")

    def stop(self) -> None:
        """End it and the functions' processes."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def deploy(running: Running, service: Service, template: dict[str, Any]) -> None:
    """Create or update the stack.

    Not by `sam deploy`, which takes 11 seconds for the same: it would upload packages, which there
    are none of, and wait for a change set in steps of seconds.

    Raises:
        KitError: the stack could not be created or updated.
    """
    s3, stacks = running.client("s3"), running.client("cloudformation")
    # Outside of us-east-1 S3 wants to be told where it is, and there it refuses to be.
    place = {"LocationConstraint": running.region}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        if running.region == "us-east-1":
            s3.create_bucket(Bucket=BUCKET)
        else:
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
    arguments = {
        "StackName": service.stack,
        "TemplateURL": f"{running.url}/{BUCKET}/template.json",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in service.all_parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in service.tags.items()],
    }
    begin, done = time.time(), "stack_create_complete"
    try:
        stacks.create_stack(**arguments)
    except stacks.exceptions.AlreadyExistsException:
        done = "stack_update_complete"
        try:
            stacks.update_stack(**arguments)
        except ClientError as error:
            if "No updates" in str(error):
                return
            raise
    attempts = {"Delay": LOOK_SECONDS, "MaxAttempts": int(STACK_SECONDS / LOOK_SECONDS)}
    try:
        stacks.get_waiter(done).wait(StackName=service.stack, WaiterConfig=attempts)
    except WaiterError as error:
        events = stacks.describe_stack_events(StackName=service.stack)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in reversed(events)
            if event["ResourceStatus"].endswith("FAILED")
            and event["Timestamp"].timestamp() > begin - 1
        ]
        raise KitError("The stack could not be deployed.", *(reasons or [str(error)])) from error


def fill_secrets(running: Running, names: list[str], values: dict[str, str]) -> list[str]:
    """Give each secret a value: that of .env.local, or a made-up one; the names of the latter."""
    client, made_up = running.client("secretsmanager"), []
    for full in names:
        name = full.split("/")[-1].rpartition("-")[0]
        value = values.get(name)
        if value is None:
            made_up.append(name)
        if unless_absent(client.describe_secret, SecretId=full) is None:
            client.create_secret(Name=full, SecretString=value or f"made-up-{name}")
        elif value is not None:
            client.put_secret_value(SecretId=full, SecretString=value)
    return made_up

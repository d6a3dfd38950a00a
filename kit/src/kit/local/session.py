"""A service that runs here: the emulator, its stack, the APIs' addresses, what the functions report."""

from __future__ import annotations

import copy
import json
import os
import re
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from kit.delivery.secret_values import secret_names
from kit.delivery.service import Service
from kit.errors import KitError
from kit.layout import ROOT
from kit.template import at

from . import emulator
from .bridge import Bridged, bridged, folders, prepared
from .proxy import FIRST_PORT, Proxy

UNRECOGNIZED = re.compile(r"Unrecognized resource types: \[(.*?)\]")
RETRY_SECONDS = 1


def unanswered(call: dict[str, Any]) -> dict[str, Any]:
    """The report of a call that a function can't give itself."""
    return {
        "function": call["function"],
        "request": call["request"],
        "ms": round((time.time() - call["begin"]) * 1000, 1),
        "result": "error",
        "error": "the function ended without an answer: a timeout (see Timeout in template.yaml)"
        " or a crash",
    }


class Feed(socketserver.ThreadingTCPServer):
    """Takes the lines that functions report, over a connection of each worker.

    The emulator kills a worker whose call times out: the call that its connection leaves open failed.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, report: Callable[[dict[str, Any]], None]) -> None:
        feed, self.stopped = self, False

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                call: dict[str, Any] | None = None
                with suppress(ConnectionError):
                    for line in self.rfile:
                        if not line.endswith(b"\n"):  # the worker was killed while it wrote
                            break
                        message = json.loads(line)
                        if "begin" in message:
                            call = message
                        elif "result" in message:
                            call = None
                        report(message)
                if call and not feed.stopped:
                    report(unanswered(call))

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.stopped = True
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


def translated(service: Service, template: dict[str, Any]) -> dict[str, Any]:
    """What SAM makes of the template. KitError when it is wrong."""
    done = subprocess.run(
        [emulator.PYTHON, "-I", Path(__file__).with_name("translate.py")],
        input=json.dumps(
            {
                "template": prepared(template),
                "parameters": service.all_parameters,
                "region": service.region,
            }
        ),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise KitError(
            f"template.yaml: {done.stderr.strip()}", "If `make lint` accepts it, report this."
        )
    expanded: dict[str, Any] = json.loads(done.stdout)
    return expanded


def environment_file() -> dict[str, str]:
    """The values in .env.local: a line NAME=value for each secret."""
    try:
        text = (ROOT / ".env.local").read_text("utf-8")
    except FileNotFoundError:
        return {}
    lines = [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    pairs = [line.partition("=") for line in lines if "=" in line]
    return {name.strip(): value.strip().strip("\"'") for name, _equals, value in pairs}


class Session:
    """The service from `start` to `stop`.

    Args:
        report: gets what functions report, a mapping each time.
        refused: gets method, path and status of a request that no function received.
        keep: whether data outlives the session.
    """

    def __init__(
        self,
        service: Service,
        report: Callable[[dict[str, Any]], None],
        refused: Callable[[str, str, int], None] = lambda *_arguments: None,
        *,
        keep: bool = False,
    ) -> None:
        self.service, self.report, self.refused, self.keep = service, report, refused, keep
        self.folder = emulator.free_folder()
        self.proxies: dict[str, Proxy] = {}
        self.names: dict[str, str] = {}  # the folder in src/ of a function, by its name
        self.made_up: list[str] = []
        self.tried: set[tuple[str, str]] = set()  # functions, each with the delivery that failed
        self.ending = ExitStack()
        self.emulator: emulator.Emulator
        self.state: emulator.Running

    def start(self) -> Bridged:
        """Start the emulator and deploy. KitError when one fails; then `stop` ends what runs."""
        feed = Feed(self._reported)
        self.ending.callback(feed.server_close)
        self.emulator = emulator.Emulator(
            self.service.region, self.folder, keep=self.keep, KIT_FEED=feed.address
        )
        self.ending.callback(self.emulator.stop)
        self.ending.callback(feed.stop)  # before the workers, which end with open calls
        self.state = emulator.Running(
            self.emulator.url, self.service.region, os.getpid(), str(self.folder)
        )
        self.ending.callback(self.state.forget)
        with ThreadPoolExecutor() as pool:
            expanded = pool.submit(self.expand)
            self.emulator.wait()
            return self._deploy(*expanded.result())

    def expand(self) -> tuple[dict[str, Any], dict[str, Path]]:
        template = self.service.template(emulator.ACCOUNT).data
        return translated(self.service, template), folders(template, self.service.root)

    def redeploy(self) -> Bridged:
        """Deploy template.yaml and samconfig.toml as they are now. KitError when they are wrong."""
        self.service = Service(self.service.root, self.service.environment)
        return self._deploy(*self.expand())

    def _deploy(self, expanded: dict[str, Any], code: dict[str, Path]) -> Bridged:
        secrets = secret_names(self.service.template(emulator.ACCOUNT))
        self.made_up = emulator.fill_secrets(self.state, secrets, environment_file())
        version = (ROOT / ".python-version").read_text("utf-8").strip()
        packages = ROOT / ".venv" / "lib" / f"python{version}" / "site-packages"
        unknown: set[str] = set()
        while True:
            result = bridged(*(copy.deepcopy(expanded), code, packages, self._address, unknown))
            try:
                emulator.deploy(self.state, self.service, result.template)
                break
            except ClientError as error:
                types = UNRECOGNIZED.search(str(error))
                if not types or unknown & set(types[1].split(", ")):
                    raise KitError(f"The stack could not be deployed: {error}") from error
                unknown |= set(types[1].split(", "))
        self._learn(result)
        return result

    def _address(self, api: str) -> str:
        if api not in self.proxies:
            port = emulator.free_port(FIRST_PORT)
            self.proxies[api] = Proxy(port, self.emulator.port, self.refused)
            self.ending.callback(self.proxies[api].stop)
        return self.proxies[api].url

    def _learn(self, result: Bridged) -> None:
        """Read the names of functions and ids of APIs from the stack."""
        stacks = self.state.client("cloudformation")
        pages = stacks.get_paginator("list_stack_resources").paginate(StackName=self.service.stack)
        resources = [item for page in pages for item in page["StackResourceSummaries"]]
        physical_ids = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in resources}
        for api, proxy in self.proxies.items():
            proxy.api = physical_ids.get(api, "")
        aliases = {
            at(resource, "Properties", "FunctionName", "Ref"): resource["Properties"]["Name"]
            for resource in result.template["Resources"].values()
            if resource["Type"] == "AWS::Lambda::Alias"
        }
        self.names = {
            physical_ids[name]: folder.name
            for name, folder in result.functions.items()
            if name in physical_ids
        }
        self.state.functions = {
            folder.name: ":".join(filter(None, [physical_ids[name], aliases.get(name)]))
            for name, folder in result.functions.items()
            if name in physical_ids
        }
        self.state.apis = {name: proxy.url for name, proxy in self.proxies.items()}
        self.state.save()

    def load(self, function: str) -> dict[str, Any]:
        """Start a function, or import its saved files anew; what is wrong with it, or nothing."""
        answer = self.state.client("lambda").invoke(
            FunctionName=self.state.functions[function], Payload=b'{"kit.load": true}'
        )
        problem: dict[str, Any] = json.loads(answer["Payload"].read() or b"null") or {}
        return problem

    def _reported(self, message: dict[str, Any]) -> None:
        message["function"] = self.names.get(message["function"], message["function"])
        for arn, receipt in message.get("retry", ()):
            self._retry_soon(arn, receipt)
        attempt = (message["function"], message.get("delivery", ""))
        if (event := message.get("again")) and attempt not in self.tried:
            self.tried.add(attempt)
            self._try_again(message["function"], event)
        self.report(message)

    def _retry_soon(self, arn: str, receipt: str) -> None:
        """Let a queue deliver a failed message again at once, not after its visibility timeout of minutes."""
        client = self.state.client("sqs")
        with suppress(ClientError):
            url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
            client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=RETRY_SECONDS
            )

    def _try_again(self, function: str, event: Any) -> None:
        """Let Lambda retry an event of a bus or a topic, and give it up: the emulator delivers those once."""
        self.state.client("lambda").invoke(
            FunctionName=self.state.unqualified(function),
            InvocationType="Event",
            Payload=json.dumps(event),
        )

    def stop(self) -> None:
        """End everything that was started."""
        self.ending.close()

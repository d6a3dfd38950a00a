"""A service with every trigger, running here by `make up`: the real emulator, the real functions."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from conftest import check, render, run
from test_emulated import FUNCTIONS
from test_samples import runnable

ITEM = "src/orders/app/lambda_pkg/services/items.py"
INDEX = "src/orders/app/lambda_pkg/index.py"
NO_AWS = dict.fromkeys(("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")


class Up:
    """`make up` in a process, with what it prints."""

    def __init__(self, service: Path, *arguments: str) -> None:
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            ["make", "up", *arguments],
            cwd=service,
            env={**os.environ, **NO_AWS, "MAKEFLAGS": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.new: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            self.new.put(line.rstrip())

    def line(self, pattern: str, seconds: float = 60) -> str:
        """The next line that matches; those before it are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.new.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} in\n" + "\n".join(self.lines)) from None
            if re.search(pattern, line):
                return line

    def lines_in_any_order(self, *patterns: str) -> None:
        """Wait for a line for each pattern, as often as it is listed."""
        left = list(patterns)
        while left:
            line = self.line("|".join(left))
            left.remove(next(pattern for pattern in left if re.search(pattern, line)))

    def stop(self) -> int:
        """What Ctrl-C at a terminal does: a signal to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def service(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = render(
        template,
        tmp_path_factory.mktemp("local") / "orders",
        service_name="orders",
        functions=FUNCTIONS,
        python_version=runnable("3.13"),
        secrets="stripe-key:app, mail-key:jobs",
    )
    check("git", "init", "--quiet", cwd=folder)
    check("make", "setup", cwd=folder)
    (folder / ".env.local").write_text("# real ones\nmail-key=sk_test_1\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def up(service: Path) -> Iterator[Up]:
    running = Up(service)
    running.line("Ready in")
    yield running
    running.stop()


def make(service: Path, target: str, *arguments: str) -> str:
    """What a command prints that uses what runs."""
    return check("make", target, *arguments, cwd=service, **NO_AWS)


@pytest.fixture(scope="module")
def api(up: Up) -> str:
    line = next(line for line in up.lines if re.search("^ +app +api ", line))
    return line.split()[-1]


def test_it_starts_by_itself_and_says_where(up: Up, api: str) -> None:
    said = "\n".join(up.lines)
    assert "CodeDeployHook" not in said
    assert "Installing the emulator MiniStack into .venv-local, once" in said
    assert re.fullmatch(r"http://127\.0\.0\.1:3\d{3}/app", api)
    assert "Budget (AWS::Budgets::Budget) is left out: nothing costs money here" in said
    assert "The secret stripe-key is made up; for a real one: stripe-key=... in .env.local" in said
    assert "mail-key" not in said
    for name, trigger in (pair.split(":") for pair in FUNCTIONS.split(", ")):
        assert re.search(rf"^ +{name} +{trigger} +\S", said, re.MULTILINE)


def test_a_request_is_an_item_a_change_and_an_event(up: Up, api: str) -> None:
    answer = httpx.post(f"{api}/items", json={"name": "a first item"}, timeout=30)
    assert answer.status_code == 201
    assert httpx.get(f"{api}/items/{answer.json()['id']}").json() == answer.json()
    up.line(r"app +POST /app/items +201 +\d+ ms")
    assert up.line("item created").startswith("    INFO    item created  item_id=")
    up.line("changes +stream orders-dev: INSERT +ok")
    up.line("hub +event item.changed from orders +ok")


def test_the_api_answers_as_api_gateway_does(up: Up, api: str) -> None:
    origin = {"Origin": "https://www.example.com"}
    preflight = httpx.options(
        f"{api}/health", headers=origin | {"Access-Control-Request-Method": "GET"}
    )
    assert preflight.is_success
    assert "access-control-allow-origin" in preflight.headers
    chunks = iter([b'{"name": ', b'"in chunks"}'])
    headers = {"Content-Type": "application/json"}
    assert httpx.post(f"{api}/items", content=chunks, headers=headers).status_code == 201
    assert httpx.get(api.replace("/app", "/nowhere")).status_code == 404
    up.line("API +GET /nowhere +404 .* no function was called")


def test_a_saved_file_counts_at_once(service: Path, up: Up, api: str) -> None:
    text = (service / INDEX).read_text("utf-8")
    assert httpx.get(f"{api}/health").json()["status"] == "ok"
    (service / INDEX).write_text(text.replace('"status": "ok"', '"status": "fine"'), "utf-8")
    assert httpx.get(f"{api}/health").json()["status"] == "fine"
    up.line("app runs the saved code")
    (service / INDEX).write_text(text, "utf-8")
    up.line("app runs the saved code")


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (INDEX, "import json\n", "import json(\n", rf"{INDEX}:6: SyntaxError"),
        (INDEX, "import json\n", "import jsonn\n", rf"{INDEX}:6: ModuleNotFoundError"),
        (INDEX, "load_settings()", "load_settings({})", "SettingsError: Missing or empty"),
    ],
)
def test_what_does_not_start_is_one_line(
    service: Path, up: Up, api: str, path: str, old: str, new: str, said: str
) -> None:
    text = (service / path).read_text("utf-8")
    assert old in text
    (service / path).write_text(text.replace(old, new, 1), "utf-8")
    try:
        assert re.search(said, up.line("app does not start: "))
        answer = httpx.get(f"{api}/health")
        assert (answer.status_code, answer.text) == (500, '{"message":"Internal Server Error"}')
        up.line("app +GET /app/health +error")
        up.line(said)
    finally:
        (service / path).write_text(text, "utf-8")
    up.line("app runs the saved code")
    assert httpx.get(f"{api}/health").status_code == 200


def test_an_error_is_shown_with_its_trace(service: Path, up: Up, api: str) -> None:
    text = (service / ITEM).read_text("utf-8")
    broken = text.replace("        return item\n", "        return item / 0\n")
    assert broken != text
    (service / ITEM).write_text(broken, "utf-8")
    try:
        assert httpx.post(f"{api}/items", json={"name": "x"}).status_code == 500
        up.line("app +POST /app/items +500")
        up.line("ERROR +unhandled exception")
        up.line(f'^      .*File "{ITEM}", line')
    finally:
        (service / ITEM).write_text(text, "utf-8")
    up.line("app runs the saved code")


@pytest.fixture
def template_file(service: Path, up: Up) -> Iterator[Path]:
    """template.yaml, as it was again after the test."""
    file = service / "template.yaml"
    text = file.read_text("utf-8")
    yield file
    file.write_text(text, "utf-8")
    up.line("Deployed again")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Resources:\n", "Resources: [\n", r"template.yaml can't be read: line \d+"),
        ("  AppFunction:\n", "  AppFunction: 1\n  X:\n", "template.yaml: Structure of the SAM"),
        ("Handler: lambda_pkg.", "Handlers: lambda_pkg.", r"template.yaml: .*\[AppFunction\]"),
    ],
)
def test_a_wrong_template_is_one_line(
    template_file: Path, up: Up, api: str, old: str, new: str, message: str
) -> None:
    text = template_file.read_text("utf-8")
    assert old in text
    template_file.write_text(text.replace(old, new, 1), "utf-8")
    up.line(message)
    assert httpx.get(f"{api}/health").status_code == 200


def test_a_changed_template_is_deployed(template_file: Path, up: Up, api: str) -> None:
    text = template_file.read_text("utf-8")
    changed = text.replace("/app/{proxy+}", "/shop/{proxy+}").replace(
        "Path: /app\n", "Path: /shop\n"
    )
    changed = changed.replace("          TABLE_NAME:", "          TABLES_NAME:", 1)
    begin = time.monotonic()
    template_file.write_text(changed, "utf-8")
    up.line("Deployed again")
    assert time.monotonic() - begin < 30  # 2 s where nothing else runs
    up.line(r"app does not start: .*settings.py:\d+: SettingsError: .*TABLE_NAME")
    assert httpx.get(api.replace("/app", "/shop/health")).status_code == 500
    assert httpx.get(f"{api}/health").status_code == 404


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("app", "app +GET /app/health +200"),
        ("jobs", "jobs +sqs orders-jobs-dev +ok"),
        ("changes", "changes +stream orders-dev: .*ok"),
        ("hub", "hub +event item.changed from orders +ok"),
        ("nightly", "nightly +schedule +ok"),
        ("files", "files +event Object Created from aws.s3 +ok"),
        ("inbox", "inbox +sns orders-inbox-dev +ok"),
    ],
)
def test_an_event_comes_by_its_real_way(service: Path, up: Up, function: str, call: str) -> None:
    event = ["EVENT=events/app/get-health.json"] if function == "app" else []
    assert "Sent " in make(service, "send", f"FN={function}", *event)
    up.line(call)


def test_poison_ends_in_the_dead_letters_and_comes_back(service: Path, up: Up) -> None:
    """What a queue gives up, and what Lambda does."""
    make(service, "send", "FN=hub", "EVENT=events/hub/poison.json")
    make(service, "send", "FN=jobs", "EVENT=events/jobs/poison.json")
    dead = [f"^  orders-{name}-dead-letters-dev: 1 waiting" for name in ("hub", "jobs")]
    up.lines_in_any_order(*["jobs +sqs orders-jobs-dev +1 of [12] failed"] * 5, *dead)
    assert "1 dead letter of hub sent again (here)" in make(service, "redrive", "FN=hub")
    # With an environment's name it is the account that the shell has, here the emulator's.
    running = json.loads((service / ".aws-sam/local/running.json").read_text("utf-8"))
    account = {"AWS_ENDPOINT_URL": running["url"], "AWS_SECRET_ACCESS_KEY": "local"}
    account["AWS_ACCESS_KEY_ID"] = "111122223333"
    printed = check("make", "redrive", "FN=jobs", "ENV=dev", cwd=service, **account)
    assert "1 dead letter of jobs sent again (dev)" in printed
    again = [
        "hub +event item.changed from orders +error",
        "jobs +sqs orders-jobs-dev +1 of 1 failed",
    ]
    up.lines_in_any_order(*again, *dead)


def test_a_call_shows_answer_log_and_duration(service: Path, up: Up) -> None:
    said = make(service, "call", "FN=app", "EVENT=events/app/create-item.json")
    assert '"statusCode": 201' in said
    assert "item created" in said
    assert re.search(r"^Answered in \d+ ms$", said, re.MULTILINE)
    done = run("make", "call", "FN=nightly", "EVENT=events/nightly/poison.json", cwd=service)
    assert done.returncode
    assert "Failed in" in done.stdout
    done = run("make", "call", "FN=ap", cwd=service)
    assert "There is no function ap." in done.stdout


def test_integration_tests_pass_here(service: Path, up: Up) -> None:
    assert "4 passed" in make(service, "integration", "ENV=local")


def processes(service: Path) -> list[str]:
    """What runs from the folder of the service."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(service) in line]


def test_ctrl_c_and_a_kill_end_everything(service: Path, up: Up) -> None:
    """And a second one beside it has its own ports, and keeps its data if it is to."""
    before = set(processes(service))
    second = Up(service, "KEEP=1")
    second.line("Ready in")
    assert "Installing" not in "\n".join(second.lines)
    line = next(line for line in second.lines if re.search("^ +app +api ", line))
    assert line.split()[-1] not in "\n".join(up.lines)
    item = httpx.post(f"{line.split()[-1]}/items", json={"name": "kept"}, timeout=30).json()
    second.stop()
    assert not set(processes(service)) - before
    third = Up(service, "KEEP=1")
    try:
        third.line("Ready in")
        line = next(line for line in third.lines if re.search("^ +app +api ", line))
        assert httpx.get(f"{line.split()[-1]}/items/{item['id']}", timeout=30).json() == item
        state = json.loads((service / ".aws-sam/local/running.json").read_text("utf-8"))
        os.kill(state["process"], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while set(processes(service)) - before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not set(processes(service)) - before
    finally:
        third.stop()

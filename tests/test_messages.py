"""What the commands of a service say when AWS refuses, can't be reached, or nobody answers."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import check, commit, run
from delivered import command, delivery
from kit.errors import KitError
from test_deploy import Endpoint, account, answer, api, at, gh, make_stack, service, unprepared
from test_preflight import told
from world import MOTO, World, preflight

__all__ = ["api", "gh"]  # fixtures
Said = pytest.CaptureFixture[str]
COMMANDS = {
    "bootstrap": ["--owner-id", "1", "--repository-id", "2"],
    "destroy": ["--confirm", "orders-dev"],
    "drift": [],
    "logs": ["app"],
    "secrets": [],
    "smoke": [],
    "status": [],
}


class Refusing:
    """An AWS that refuses everything with one error; who asks, it may say."""

    def __init__(self, error: str, *, role: str = "") -> None:
        identity = (
            "<GetCallerIdentityResponse><GetCallerIdentityResult>"
            f"<Arn>arn:aws:sts::{MOTO}:assumed-role/{role}/me</Arn><UserId>A</UserId>"
            f"<Account>{MOTO}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        )
        action = "cloudformation:DescribeStacks"
        said = f"User: me is not authorized to perform: {action} on it" if role else "no"
        xml = f"<R><Error><Code>{error}</Code><Message>{said}</Message></Error></R>"

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                known = role and b"GetCallerIdentity" in asked
                is_json = "json" in self.headers.get("Content-Type", "")
                body = identity if known else xml
                if is_json:
                    body = json.dumps({"__type": error, "message": said})
                self.send_response(200 if known else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body.encode())

            do_GET = do_HEAD = do_POST  # noqa: N815

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def refuse(world: World) -> Iterator[Any]:
    servers = []

    def begin(error: str, role: str = "") -> None:
        servers.append(Refusing(error, role=role).server)
        world.monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{servers[-1].server_port}")

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


# ── AWS refuses ──


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_that_nobody_is_signed_in(world: World, name: str) -> None:
    world.no_credentials()
    done = world.command(name, *COMMANDS[name])
    assert done.returncode == 1
    assert done.stderr.startswith("AWS does not know who you are: ")
    assert "aws sso login" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_the_network_from_the_sign_in(world: World, name: str) -> None:
    world.monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    done = world.command(name, *COMMANDS[name])
    assert done.returncode == 1
    assert done.stderr.startswith("AWS can't be reached: ")
    assert "no sign-in problem" in done.stderr
    assert "us-east-1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["status", "drift", "destroy", "logs", "secrets"])
def test_what_is_denied_is_told_with_who_asks_and_for_what(
    world: World, refuse: Any, name: str
) -> None:
    refuse("AccessDenied", role="ReadNothing")
    done = world.command(name, *COMMANDS[name])
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    if name in ("status", "drift", "destroy"):
        assert "Denied: DescribeStacks in us-east-1: " in said
        assert f"assumed-role/ReadNothing/me, account {MOTO}" in said
        assert "may cloudformation:DescribeStacks" in said


def test_what_the_deploy_role_lacks_can_be_added(world: World, refuse: Any) -> None:
    refuse("AccessDenied", role=world.service.deploy_role)
    said = world.command("status").stderr
    assert "add cloudformation:DescribeStacks for this resource to infra/environment.yaml" in said
    assert "make bootstrap ENV=dev" in said


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("ExpiredToken", "You signed in too long ago"),
        ("InvalidClientTokenId", "AWS does not know who you are"),
        ("ValidationError", "DescribeStacks in us-east-1: "),
        ("RequestLimitExceeded", "Service Quotas"),
    ],
)
def test_other_refusals_are_told_by_their_kind(
    world: World, refuse: Any, error: str, told: str
) -> None:
    refuse(error)
    done = world.command("status")
    assert done.returncode == 1
    assert told in done.stderr
    assert error in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_proxy_answers_is_not_taken_for_aws(world: World, refuse: Any) -> None:
    world.monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    refuse("</Code> no XML")
    assert world.command("status").stderr.startswith("AWS can't be reached: ")


# ── A profile that is not there ──


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("admin-dev", "aws configure sso --profile admin-dev"),
        ("", "AWS_PROFILE is empty"),
    ],
)
def test_an_unknown_profile_is_told(world: World, profile: str, told: str) -> None:
    world.monkeypatch.setenv("AWS_PROFILE", profile)
    said = world.command("status").stderr
    assert told in said
    assert "aws configure list-profiles" in said
    assert "Traceback" not in said


def test_the_preflight_looks_at_the_rest_with_an_unknown_profile(world: World) -> None:
    world.monkeypatch.setenv("AWS_PROFILE", "admin-dev")
    # As SAM does.
    (world.tools / "sam").write_text(
        '#!/bin/sh\ntest -z "$AWS_PROFILE" || { echo "Error: no profile"; exit 1; }\n'
        'test "$1" = --version && echo "SAM CLI, version 1.170.0" || exit 0\n',
        "utf-8",
    )
    found = world.run()
    assert told(found) == {
        "credentials: failed",
        *(f"{name}: not run" for name, check in preflight.CHECKS.items() if check.needs),
    }
    assert "The profile admin-dev is not in" in found["credentials", "failed"].seen


# ── The preflight ──


def test_the_preflight_tells_the_network_from_the_sign_in(world: World) -> None:
    world.monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    found = world.run()["credentials", "failed"]
    assert found.seen.startswith("AWS can't be reached")
    assert "sso login" not in " ".join(found.fix)


def test_the_first_question_is_not_waited_for_long(world: World) -> None:
    config = account(world).client("sts").meta.config
    attempts = config.retries["total_max_attempts"]
    assert (config.connect_timeout + config.read_timeout) * attempts < 20


def test_the_heading_comes_before_the_wait(world: World, capsys: Said) -> None:
    seen: list[str] = []

    def looked(_service: Any) -> list[Any]:
        seen.append(capsys.readouterr().out)
        return []

    world.monkeypatch.setattr(preflight, "run", looked)
    world.monkeypatch.setattr(preflight.report, "show", lambda _results: "")
    preflight.show(world.service)
    assert seen == ["Preflight of orders-dev in us-east-1\n\n"]


def test_who_may_not_look_can_not_deploy(world: World, refuse: Any) -> None:
    refuse("AccessDenied", role="ReadNothing")
    found = world.run()
    assert {"stack: failed", "access: failed", "names: failed"} <= told(found)
    assert all(each.fix for (_check, status), each in found.items() if status == "failed")
    said = world.command("preflight")
    assert said.returncode == 1
    last = said.stdout.strip().splitlines()[-1]
    assert " checks could not look, as arn:aws:sts::123456789012:assumed-role/ReadNothing" in last
    assert "bucket" in last, "HeadBucket says 403 and no more"


def test_the_deploy_role_is_mended_where_it_is_made(world: World, refuse: Any) -> None:
    refuse("AccessDenied", role=world.service.deploy_role)
    assert "make bootstrap ENV=dev" in " ".join(world.run()["stack", "failed"].fix)


def test_a_stack_that_can_not_be_seen_is_not_deployed(world: World) -> None:
    """Not only for lack of permissions."""
    service, situation = world.service, delivery("situation")
    found = situation.Situation(service, account(world))

    def unreachable(_situation: Any) -> Any:
        raise delivery("refusals").aws.ConnectionError(error="gone")

    check_ = preflight.CHECKS["stack"]._replace(look=unreachable)
    (result,) = preflight._results(check_, found)
    assert str(result.status) == "failed"
    assert "can't be reached" in result.seen


@pytest.mark.parametrize("blind", [False, True], ids=["", "and the other environment is hidden"])
def test_a_missing_bootstrap_is_told_once(world: World, *, blind: bool) -> None:
    unprepared(world)
    world.client("secretsmanager").create_secret(Name="orders/stripe-key-dev", SecretString="x")
    if blind:
        real = delivery("account").Account.stack

        def stack(of: Any, name: str) -> Any:
            if name == "orders-infra-prod":
                raise delivery("account").ClientError(
                    {"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks"
                )
            return real(of, name)

        world.monkeypatch.setattr(delivery("account").Account, "stack", stack)
    found = world.run()
    assert told(found) == {"account: failed", "access: not run", "bucket: not run"}
    assert found["access", "not run"].seen == "needs make bootstrap"
    assert not preflight.ok(list(found.values()))


def test_commands_of_aws_name_the_region(world: World) -> None:
    world.client("sqs").create_queue(QueueName="orders-worker-dead-letters-dev")
    world.deploy()
    world.state = "UPDATE_ROLLBACK_FAILED"
    found = world.run()
    for check_ in ("names", "stack"):
        (fix,) = [line for line in found[check_, "failed"].fix if "aws " in line]
        assert fix.endswith(" --region us-east-1")


@pytest.mark.parametrize(
    ("line", "regional"),
    [
        ("aws sso login", False),
        ("aws configure list-profiles", False),
        ("AWS's mail", False),
        ("aws s3 rm s3://x", True),
        ("then: aws cloudformation rollback-stack --stack-name x", True),
        ("aws sqs x --region eu-west-1", False),
    ],
)
def test_only_commands_with_a_region_get_one(world: World, line: str, *, regional: bool) -> None:
    assert (world.service.in_region(line) != line) is regional


def test_a_template_that_is_no_yaml_is_told_in_a_line(world: World) -> None:
    world.edit("template.yaml", "\nResources:\n", "\nResources: [\n")
    failed = {check: each for (check, status), each in world.run().items() if status == "failed"}
    seen = failed["runtime"].seen
    assert seen.startswith("template.yaml can't be read: line ")
    assert "\n" not in seen
    assert list(failed["runtime"].fix) == ["Fix it: make lint"]


def test_a_syntax_error_is_told_from_a_missing_section(world: World) -> None:
    world.edit("samconfig.toml", "[dev.global.parameters]", "[dev.other.parameters]")
    assert "no whole section for dev: 'global' is missing" in world.command("status").stderr
    world.edit("samconfig.toml", "[dev.other.parameters]", "[dev.global.parameters")
    said = world.command("status").stderr
    assert "samconfig.toml can't be read: " in said
    assert "line " in said
    assert "section" not in said


# ── The Region, and what is committed ──


def test_the_profile_s_region_matters_where_the_environment_has_none(world: World) -> None:
    config = world.tools / "config"
    config.write_text("[profile work]\nregion = eu-west-1\n", "utf-8")
    world.monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    world.monkeypatch.setenv("AWS_PROFILE", "work")
    assert world.run() == {}, "AWS_DEFAULT_REGION agrees"
    world.monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert told(world.run()) == {"region: warned"}
    world.monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert world.run() == {}


def test_files_are_named_in_full(world: World) -> None:
    path = world.root / ".copier-answers.yml"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert world.run()["changes", "warned"].seen == "not committed: .copier-answers.yml"


def changes_of_prod(world: World) -> dict[str, Any]:
    prod = delivery("service").Service(world.root, "prod")
    situation = SimpleNamespace(service=prod)
    results = delivery("checks_local").uncommitted_changes(situation)
    return {str(result.status): result for result in results}


def test_prod_gets_what_is_committed_on_its_branch(world: World) -> None:
    """CI-07."""
    world.monkeypatch.delenv("CI", raising=False)
    check("git", "branch", "--move", "main", cwd=world.root)
    assert [*changes_of_prod(world)] == ["passed"]
    (world.root / "notes.txt").write_text("later", "utf-8")
    assert "notes.txt" in changes_of_prod(world)["failed"].seen
    world.monkeypatch.setenv("CI", "true")
    assert [*changes_of_prod(world)] == ["warned"]
    world.monkeypatch.delenv("CI")
    check("git", "switch", "--quiet", "--create", "feature/main", cwd=world.root)
    commit(world.root)
    found = changes_of_prod(world)["failed"]
    assert found.seen == "HEAD is not on main, which deploys to prod"
    assert "git switch main" in " ".join(found.fix)
    world.monkeypatch.setenv("CI", "true")
    assert [*changes_of_prod(world)] == ["passed"]


def test_an_older_commit_of_the_branch_may_go_to_prod(world: World) -> None:
    world.monkeypatch.delenv("CI", raising=False)
    check("git", "branch", "--move", "main", cwd=world.root)
    world.edit("README.md", "orders", "Orders")
    check("git", "switch", "--quiet", "--detach", "HEAD^", cwd=world.root)
    assert [*changes_of_prod(world)] == ["passed"]


# ── A stack that failed ──


def event(resource: str, status: str, reason: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": resource,
        "ResourceType": "AWS::DynamoDB::Table",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": datetime.now(UTC),
    }


def status_of(world: World) -> str:
    with redirect_stdout(StringIO()) as printed:
        delivery("status").show(service(world), account(world))
    return printed.getvalue()


@pytest.mark.parametrize(
    "state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"]
)
def test_status_names_what_failed(world: World, api: Endpoint, state: str) -> None:
    make_stack(world, api)
    world.state = state
    old = {
        **event("Old", "CREATE_FAILED", "long ago"),
        "Timestamp": datetime(2020, 1, 1, tzinfo=UTC),
    }
    world.events = [event("Table", "CREATE_FAILED", "orders-dev already exists"), old]
    said = status_of(world)
    assert "Table (AWS::DynamoDB::Table)" in said
    assert "fix: make preflight ENV=dev" in said
    assert "long ago" not in said
    assert "make status" not in said, "it is what has just been called"
    assert ("ENV=dev" if "UPDATE" not in state else "--region us-east-1") in said


def test_status_says_when_nothing_is_known(world: World, api: Endpoint) -> None:
    make_stack(world, api)
    world.state = "UPDATE_FAILED"
    world.events = [event("orders-dev", "UPDATE_FAILED", "Resource update cancelled")]
    assert "CloudFormation says: " in status_of(world)


def test_a_healthy_stack_has_no_failures(world: World, api: Endpoint) -> None:
    make_stack(world, api)
    world.events = [event("Table", "CREATE_FAILED", "orders-dev already exists")]
    assert "already exists" not in status_of(world)


def test_a_protected_resource_is_said_to_be_one(world: World) -> None:
    world.deploy()
    world.state = "ROLLBACK_FAILED"
    fix = " ".join(world.run()["stack", "failed"].fix)
    assert (
        fix.index("make status") < fix.index("deletion protection off") < fix.index("make destroy")
    )


# ── Destroy ──


def test_a_deletion_that_fails_is_explained(world: World, api: Endpoint, capsys: Said) -> None:
    make_stack(world, api)
    old = {
        **event("Old", "CREATE_FAILED", "long ago"),
        "Timestamp": datetime(2020, 1, 1, tzinfo=UTC),
    }
    world.events = [
        event("Table", "DELETE_FAILED", "Resource cannot be deleted: deletion protection is on"),
        old,
    ]
    aws = account(world)
    client = aws.client("cloudformation")
    client.delete_stack = lambda **_: setattr(world, "state", "DELETE_FAILED")

    def wait(**_given: Any) -> None:
        raise delivery("destroy").WaiterError("stack_delete_complete", "DELETE_FAILED", {})

    client.get_waiter = lambda _name: SimpleNamespace(wait=wait)
    # A stack from before the old event.
    created = datetime(2019, 1, 1, tzinfo=UTC)
    real = aws.stack

    def stack(name: str) -> Any:
        state = {"StackStatus": world.state} if world.state else {}
        return {**real(name), "CreationTime": created, **state}

    aws.stack = stack
    with pytest.raises(KitError, match="was not deleted"):
        delivery("destroy").destroy(service(world), aws, "orders-dev")
    said = capsys.readouterr().out
    assert "Working" in said
    assert "The deletion of orders-dev failed:" in said
    assert "Table (AWS::DynamoDB::Table)" in said
    assert "protection off" in said
    assert "long ago" not in said
    assert "left in DELETE_FAILED" in said
    assert "make destroy ENV=dev" in said


def test_without_a_stack_there_is_nothing_to_delete(world: World) -> None:
    done = world.command("destroy")
    assert done.returncode == 0
    assert "nothing to delete" in done.stdout


# ── Nobody answers ──


def test_the_end_of_the_input_destroys_nothing(world: World, api: Endpoint) -> None:
    make_stack(world, api)
    done = world.command("destroy")
    assert done.returncode == 1
    assert "make destroy ENV=dev CONFIRM=orders-dev" in done.stderr
    assert "Traceback" not in done.stderr
    assert account(world).stack("orders-dev")


def test_the_end_of_the_input_prepares_nothing(world: World, gh: Path) -> None:
    unprepared(world)
    done = world.command("bootstrap")
    assert done.returncode == 1
    assert "make bootstrap ENV=dev YES=yes" in done.stderr
    assert "Traceback" not in done.stderr
    assert account(world).stack("orders-infra-dev") is None


def test_any_other_question_without_an_answer_ends_in_a_line(world: World) -> None:
    """Such as that of IMPORT=yes."""
    path = world.root / ".kit/kit/delivery/facts.py"
    path.write_text("def main(*_arguments: object) -> int:\n    input()\n    return 0\n", "utf-8")
    done = world.command("facts")
    assert done.returncode == 1
    assert "The input ended" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_end_of_the_input_stores_no_secret(world: World, monkeypatch: Any) -> None:
    def ends(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("getpass.getpass", ends)
    with pytest.raises(KitError, match="No value was given"):
        delivery("secret_values").read_value()


# ── Bootstrap ──


def test_a_no_leaves_no_empty_stack(
    world: World, gh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unprepared(world)
    at(world)
    answer(monkeypatch, "n")
    with pytest.raises(KitError, match="Nothing was changed"):
        command("bootstrap")
    assert account(world).stack("orders-infra-dev") is None


def test_a_no_keeps_what_is_there(world: World, gh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(world)
    text = (world.root / "infra" / "environment.yaml").read_text("utf-8")
    (world.root / "infra" / "environment.yaml").write_text(f"{text}\n# newer", "utf-8")
    answer(monkeypatch, "n")
    with pytest.raises(KitError, match="Nothing was changed"):
        command("bootstrap")
    assert account(world).stack("orders-infra-dev")


@pytest.mark.parametrize("name", ["stack", "infra"])
def test_a_stack_that_was_only_proposed_is_none(world: World, name: str) -> None:
    stack = getattr(world.service, "stack" if name == "stack" else "infra_stack")
    if name == "infra":
        unprepared(world)
    world.client("cloudformation").create_change_set(
        StackName=stack,
        ChangeSetName="proposed",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}),
    )
    assert account(world).stack(stack)["StackStatus"] == "REVIEW_IN_PROGRESS"
    situation = delivery("situation").Situation(world.service, account(world))
    assert getattr(situation, name) is None
    found = told(world.run())
    assert ("account: failed" in found) is (name == "infra")
    assert "stack: failed" not in found


def test_bootstrap_says_that_it_works(world: World, gh: Path) -> None:
    unprepared(world)
    said = world.command("bootstrap", "--yes").stdout
    assert said.index("CloudFormation will") < said.index("Working") < said.index("is ready")


def test_without_gh_the_ids_of_a_private_repository_can_be_given(world: World) -> None:
    done = world.command("bootstrap")
    assert done.returncode == 1
    for part in ("gh auth login", "OWNER_ID=", "REPOSITORY_ID="):
        assert part in done.stderr
    assert "of a private one it is 404" in done.stdout


# ── Logs, secrets, changes ──


def test_a_log_group_that_is_not_there_is_said(world: World) -> None:
    done = world.command("logs", "app")
    assert done.returncode == 1
    assert "There is no log group /aws/lambda/orders-app-dev" in done.stderr
    assert "make deploy ENV=dev" in done.stderr


@pytest.mark.parametrize("minutes", ["0", "-5"])
def test_logs_look_back(world: World, minutes: str) -> None:
    done = world.command("logs", "app", f"--minutes={minutes}")
    assert done.returncode == 1
    assert f"MINUTES={minutes}" in done.stderr


def test_a_missing_secret_says_how_to_set_it(world: World) -> None:
    world.client("secretsmanager").delete_secret(
        SecretId="orders/stripe-key-dev", ForceDeleteWithoutRecovery=True
    )
    done = world.command("secrets")
    assert done.returncode == 1
    assert done.stdout.endswith("fix: make secrets ENV=dev SET=stripe-key-dev < file\n")


def git_remote(root: Path) -> None:
    check("git", "remote", "add", "origin", "https://example.com/x.git", cwd=root)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], ["BASE is empty", "BASE=origin/develop"]),
        (["--base="], ["BASE is empty", "BASE=origin/develop"]),
        (["--base=origin/develop"], ["no remote origin", "make changes BASE=develop"]),
        (["--base=nowhere"], ["There is no BASE=nowhere", "git fetch", "BASE=HEAD^1"]),
    ],
)
def test_a_base_that_is_not_there(world: World, arguments: list[str], told: list[str]) -> None:
    done = world.command("changes", *arguments)
    assert done.returncode == 1
    for part in told:
        assert part in done.stderr
    assert "--base" not in done.stderr


def test_a_base_that_was_not_fetched(world: World) -> None:
    git_remote(world.root)
    assert "git fetch" in world.command("changes", "--base=origin/develop").stderr


def test_changes_need_git(world: World) -> None:
    shutil.rmtree(world.root / ".git")
    world.monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(world.root.parent))
    assert "is in no git repository" in world.command("changes", "--base=HEAD").stderr


# ── make ──


@pytest.fixture
def made(world: World) -> World:
    """`make` calls a Python that only says what it was called with."""
    python = world.root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "called: $*"\n', "utf-8")
    python.chmod(0o755)
    (world.root / ".venv" / ".ready").touch()
    return world


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bootstrap", "YES=true"], 'YES is yes or no, and not "true"'),
        (["deploy", "IMPORT=1"], 'IMPORT is yes or no, and not "1"'),
        (["deploy", "BUILT=Yes"], 'BUILT is yes or no, and not "Yes"'),
        (["deploy", "CONTAINER=false"], 'CONTAINER is yes or no, and not "false"'),
        (["build", "CONTAINER=false"], 'CONTAINER is yes or no, and not "false"'),
        (["preflight", "JSON=true"], 'JSON is yes or no, and not "true"'),
        (["deploy", "env=prod"], "Did you mean ENV?"),
    ],
)
def test_make_refuses_what_it_would_ignore(made: World, arguments: list[str], told: str) -> None:
    done = run("make", *arguments, cwd=made.root)
    assert done.returncode == 2
    assert told in done.stdout
    assert "called" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "called"),
    [
        (["preflight", "JSON=no"], "preflight"),
        (["preflight", "JSON=yes"], "preflight --json"),
        (["bootstrap", "YES=yes"], "bootstrap --yes"),
        (["bootstrap", "YES=no"], "bootstrap"),
        (["deploy", "BUILT=yes", "IMPORT=no", "CONTAINER=yes"], "deploy --built"),
    ],
)
def test_make_takes_yes_and_no(made: World, arguments: list[str], called: str) -> None:
    said = check("make", *arguments, cwd=made.root)
    assert " ".join(said.split()) == f"called: .kit {called}"

"""A pull request says what it would change: `make changes`, in a rendered service."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from markdown_it import MarkdownIt

from conftest import check, commit, render, run

CALL = (sys.executable, ".kit", "changes")
Changes = Callable[..., str]
NONE = "\N{EN DASH}"


@pytest.fixture(scope="module")
def service(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with a table and a queue, on a branch that has begun where develop is."""
    service = render(
        template,
        tmp_path_factory.mktemp("changes") / "orders",
        service_name="orders",
        functions="app:api, worker:queue",
    )
    commit(service)
    check("git", "checkout", "--quiet", "-b", "feature", cwd=service)
    return service


@pytest.fixture(scope="module")
def main(service: Path) -> Iterator[Callable[[list[str]], int]]:
    """The command, imported from the service: cfn-lint takes seconds to load, once is enough."""

    def put_aside() -> dict[str, ModuleType]:
        names = [name for name in sys.modules if name.split(".")[0] == "kit"]
        return {name: sys.modules.pop(name) for name in names}

    others = put_aside()  # other tests have the template's own
    sys.path.insert(0, str(service / ".kit"))
    command = importlib.import_module("kit.delivery.command")
    yield lambda arguments: command.run("changes", "delivery.changes", arguments)
    sys.path.remove(str(service / ".kit"))
    put_aside()
    sys.modules.update(others)


@pytest.fixture
def changes(
    service: Path, main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]
) -> Iterator[Changes]:
    """Change files, in pairs of an old and a new text, and get the report."""

    def reported(
        *pairs: tuple[str, str], path: str = "template.yaml", base: str = "develop", env: str = ""
    ) -> str:
        for old, new in pairs:
            edit(service, old, new, path)
        assert main(["--base", base, *(["--env", env] if env else [])]) == 0, capsys.readouterr()
        said = capsys.readouterr()
        assert said.err == ""
        return said.out

    yield reported
    check("git", "checkout", "--quiet", "--force", "feature", cwd=service)
    check("git", "reset", "--quiet", "--hard", "develop", cwd=service)
    check("git", "clean", "--quiet", "-ffd", cwd=service)


@pytest.fixture
def refused(
    service: Path, changes: Changes, main: Callable[[list[str]], int], capsys: Any
) -> Callable[..., str]:
    """What the command says when it fails."""

    def said(*arguments: str) -> str:
        assert main([*(arguments or ("--base", "develop"))]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        return str(err)

    return said


def edit(service: Path, old: str, new: str, path: str = "template.yaml") -> None:
    text = (service / path).read_text("utf-8")
    assert old in text, old
    (service / path).write_text(text.replace(old, new, 1), "utf-8")


def add(text: str) -> tuple[str, str]:
    """A resource of one's own."""
    place = "  # ── Your own resources go here ──\n"
    return place, f"{place}\n{text}"


def section(report: str, title: str) -> str:
    """What is below the heading that starts so; empty when there is none."""
    parts = [word for word in report.split("\n### ")[1:] if word.startswith(title)]
    return parts[0].partition("\n")[2] if parts else ""


def rows(report: str, title: str = "Resources") -> list[list[str]]:
    """The cells of a table, as GitHub shows them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(section(report, title))
    found: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            found.append([])
        if token.type == "inline" and found:
            children = token.children or []
            assert {child.type for child in children} <= {"code_inline", "text"}, children
            found[-1].append("".join(child.content for child in children))
    return found[1:]


def row(report: str, name: str, key: str = "", title: str = "Resources") -> list[str]:
    """The cells of what happens to a property: what, before, after; the type is left out."""
    (found,) = [item for item in rows(report, title) if item[1] == name and item[3] == key]
    return [found[0], *found[4:]]


# ── What is compared ─────────────────────────────────────────────────────────


def test_nothing_changes(changes: Changes) -> None:
    report = changes()
    assert report.startswith("## What changes\n\nSince `")
    assert report.endswith("\n\nNothing changes.\n")


def test_what_means_the_same_is_no_change(changes: Changes) -> None:
    report = changes(
        ("    # Data outlives mistakes", "    # Remember: data outlives mistakes"),
        ("Resource: !GetAtt Table.Arn", "Resource:\n                Fn::GetAtt: [Table, Arn]"),
        ("TABLE_NAME: !Ref Table", "TABLE_NAME: {Ref: Table}"),
        ("      MemorySize: 512 # MB; CPU comes in proportion\n", ""),
        ("      Timeout: 10 # seconds\n", "      Timeout: '10'\n      MemorySize: 512\n"),
    )
    assert "Nothing changes." in report


def test_what_changes_is_shown_as_it_was_and_is(changes: Changes) -> None:
    report = changes(
        ("      Timeout: 10 # seconds\n", "      Timeout: 20\n"),
        ("TABLE_NAME: !Ref Table", "TABLE_NAME: !Sub ${Table}"),
        ("          CORS_ALLOW_ORIGINS: !Join", "          MORE: 012\n          CORS: !Join"),
        ("Tracing: Active\n", "Tracing: PassThrough\n"),
    )
    variables = "Environment.Variables"
    assert row(report, "AppFunction", "Timeout") == ["changed", "10", "20"]
    assert row(report, "AppFunction", f"{variables}.TABLE_NAME")[1:] == [
        "!Ref Table",
        "!Sub ${Table}",
    ]
    assert row(report, "AppFunction", f"{variables}.MORE") == ["changed", NONE, "012"]
    assert row(report, "AppFunction", f"{variables}.CORS_ALLOW_ORIGINS")[1:] == [
        '!Join [",", !Ref CorsAllowOrigins]',
        NONE,
    ]
    assert row(report, "(Globals)", "Function.Tracing") == ["changed", "Active", "PassThrough"]
    assert "### Resources: 2 changed\n" in report


def test_resources_come_and_go(changes: Changes) -> None:
    report = changes(
        ("  WorkerThrottlesAlarm:\n", "  WorkerThrottledAlarm:\n"),
        ("worker-throttles-$", "worker-throttled-$"),
    )
    assert row(report, "WorkerThrottledAlarm")[0] == "added"
    assert row(report, "WorkerThrottlesAlarm")[0] == "removed"
    assert "### Resources: 1 removed, 1 added\n" in report
    assert section(report, "Look at this") == ""


def test_of_lists_and_long_texts_the_difference_is_shown(changes: Changes) -> None:
    report = changes(
        ('"title": "Errors and throttles"', '"title": "Failures"'),
        ("          AttributeType: S\n        - AttributeName: sk\n", "          AttributeType: S\n        - AttributeName: zz\n"),
    )  # fmt: skip
    _, before, after = row(report, "Dashboard", "DashboardBody")
    assert ("Errors and throttles" in before, "Failures" in after) == (True, True)
    assert max(len(before), len(after)) <= 102
    assert row(report, "Table", "AttributeDefinitions")[1:] == [
        "[{AttributeName: sk, AttributeType: S}]",
        "[{AttributeName: zz, AttributeType: S}]",
    ]


def test_the_order_of_a_list_is_a_change(changes: Changes) -> None:
    methods = "AllowMethods: [DELETE, GET, HEAD, PATCH, POST, PUT]"
    report = changes((methods, "AllowMethods: [GET, DELETE, HEAD, PATCH, POST, PUT]"))
    assert row(report, "Api", "CorsConfiguration.AllowMethods")[2] == (
        "[GET, DELETE, HEAD, PATCH, POST, PUT]"
    )


def test_what_the_roles_do_not_give(changes: Changes) -> None:
    """IAM-05: each once, though dev and prod both lack it."""
    feed = "  Feed:\n    Type: AWS::Kinesis::Stream\n"
    said = section(changes(add(feed)), "The deployment would be refused")
    assert said.count("`Feed` is an `AWS::Kinesis::Stream`") == 1
    assert "a new statement of a policy of `ExecutionRole` in infra/environment.yaml" in said


def test_parameters_outputs_and_settings(changes: Changes) -> None:
    report = changes(
        ("    Default: 30\n", "    Default: 90\n"),
        ("  TableName:\n    Description: Name", "  NameOfTable:\n    Description: Name"),
        ("  IsProd: !Equals [!Ref EnvironmentName, prod]", "  IsProd: !Equals [a, b]"),
    )
    found = rows(report, "Parameters, outputs")
    assert ["Parameters.LogRetentionDays.Default", "30", "90"] in found
    assert ["Outputs.NameOfTable.Value", NONE, "!Ref Table"] in found
    assert ["Outputs.TableName.Value", "!Ref Table", NONE] in found
    assert ["Conditions.IsProd", "!Equals [!Ref EnvironmentName, prod]", "!Equals [a, b]"] in found
    assert rows(report) == []


def test_the_settings_of_one_environment(changes: Changes, service: Path) -> None:
    edit(service, '"LogLevel=DEBUG"', '"LogLevel=INFO"', "samconfig.toml")
    report = changes(env="dev")
    assert "## What changes in dev\n" in report
    assert rows(report, "samconfig.toml") == [
        ["dev.deploy.parameters.parameter_overrides", "[LogLevel=DEBUG]", "[LogLevel=INFO]"]
    ]
    assert "Nothing changes." in changes(env="prod")
    assert rows(changes(), "samconfig.toml") == rows(report, "samconfig.toml")


def test_what_develop_got_meanwhile_is_not_of_this_change(service: Path, changes: Changes) -> None:
    check("git", "checkout", "--quiet", "-b", "later", cwd=service)
    edit(service, "      Timeout: 10 # seconds\n", "      Timeout: 20\n")
    commit(service)
    check("git", "checkout", "--quiet", "feature", cwd=service)
    assert "Nothing changes." in changes(base="later")


def test_the_merge_that_github_makes_of_a_pull_request(service: Path, changes: Changes) -> None:
    """It is checked out with its parents, of which the first is the branch to merge into."""
    edit(service, "      Timeout: 10 # seconds\n", "      Timeout: 20\n")
    commit(service)
    check("git", "checkout", "--quiet", "--detach", "develop", cwd=service)
    check("git", "merge", "--quiet", "--no-ff", "--message", "merge", "feature", cwd=service)
    assert row(changes(base="HEAD^1"), "AppFunction", "Timeout") == ["changed", "10", "20"]


def test_a_new_service_is_all_new(service: Path, changes: Changes) -> None:
    check("git", "checkout", "--quiet", "--orphan", "empty", cwd=service)
    check("git", "rm", "-rf", "--quiet", ".", cwd=service)
    check("git", "commit", "--quiet", "--allow-empty", "--message", "start", cwd=service)
    check("git", "checkout", "--quiet", "develop", "--", ".", cwd=service)
    report = changes(base="HEAD")
    assert row(report, "AppFunction")[0] == "added"
    assert "replaced" not in report
    assert look(report) == ""


def test_a_service_below_the_top_of_its_repository(template: Path, tmp_path: Path) -> None:
    service = render(template, tmp_path / "all" / "orders", service_name="orders")
    commit(service.parent)
    edit(service, "      Timeout: 10 # seconds\n", "      Timeout: 20\n")
    (service / "src/orders/app/lambda_pkg/new.py").write_text("", "utf-8")
    said = check(*CALL, "--base", "HEAD", cwd=service)
    assert row(said, "AppFunction", "Timeout") == ["changed", "10", "20"]
    assert rows(said, "Code")[0][:3] == ["AppFunction", "src/orders/app/", "1"]


# ── What is replaced ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "name", "what"),
    [
        ("FunctionName: !Sub orders-app-", "FunctionName: !Sub x-", "AppFunction", "replaced"),
        ("LogGroupName: !Sub /aws/", "LogGroupName: !Sub /x/", "AppLogGroup", "replaced"),
        ("QueueName: !Sub orders-", "QueueName: !Sub x-", "WorkerQueue", "replaced"),
        ("TableName: !Sub orders-", "TableName: !Sub x-", "Table", "replaced"),
        ("TopicName: !Sub orders-", "TopicName: !Sub x-", "AlarmTopic", "replaced"),
        ("AlarmName: !Sub orders-app-errors", "AlarmName: !Sub x", "AppErrorsAlarm", "replaced"),
        ("pk\n          KeyType", "x\n          KeyType", "Table", "perhaps replaced"),
        ("Name: !Sub orders-${EnvironmentName}\n      StageName", "Name: x\n      StageName", "Api", "changed"),
    ],
)  # fmt: skip
def test_what_is_replaced(changes: Changes, old: str, new: str, name: str, what: str) -> None:
    (found,) = [item for item in rows(changes((old, new))) if item[1] == name]
    assert found[0] == what


def test_the_gravest_comes_first_and_each_resource_counts_once(changes: Changes) -> None:
    report = changes(
        ("      Timeout: 10 # seconds\n", "      Timeout: 20\n"),
        ("FunctionName: !Sub orders-app-", "FunctionName: !Sub orders-web-"),
        ("pk\n          KeyType", "x\n          KeyType"),
        add("  Mine:\n    Type: AWS::SNS::Topic\n"),
    )
    assert [item[0] for item in rows(report)] == [
        "replaced",
        "perhaps replaced",
        "added",
        "changed",
    ]
    assert "### Resources: 1 replaced, 1 perhaps replaced, 1 added\n" in report


def test_another_type_is_another_resource(changes: Changes) -> None:
    report = changes(
        ("  AlarmTopic:\n    Type: AWS::SNS::Topic", "  AlarmTopic:\n    Type: AWS::SQS::Queue")
    )
    assert row(report, "AlarmTopic", "Type") == ["replaced", "AWS::SNS::Topic", "AWS::SQS::Queue"]


@pytest.mark.parametrize(
    ("kind", "key", "old", "new"),
    [
        ("AWS::Serverless::SimpleTable", "PrimaryKey", "{Name: a}", "{Name: b}"),
        ("AWS::Serverless::SimpleTable", "TableName", "a", "b"),
        ("AWS::Serverless::StateMachine", "Name", "a", "b"),
        ("AWS::Serverless::StateMachine", "Type", "STANDARD", "EXPRESS"),
        ("AWS::Serverless::Function", "PackageType", "Zip", "Image"),
    ],
)
def test_sam_has_names_of_its_own(
    service: Path, changes: Changes, kind: str, key: str, old: str, new: str
) -> None:
    resource = f"  Mine:\n    Type: {kind}\n    Properties:\n      {key}: "
    edit(service, *add(f"{resource}{old}\n"))
    commit(service)
    report = changes((f"{resource}{old}\n", f"{resource}{new}\n"), base="HEAD")
    assert [item[0] for item in rows(report)] == ["replaced"]
    assert ("its data is lost" in look(report)) == (kind == "AWS::Serverless::SimpleTable")


def test_what_may_hold_a_fixed_property_is_perhaps_replaced(
    service: Path, changes: Changes
) -> None:
    """A budget's name is fixed, and is somewhere below."""
    edit(
        service, *add("  Mine:\n    Type: AWS::Budgets::Budget\n    Properties: {Budget: !Ref A}\n")
    )
    commit(service)
    report = changes(("{Budget: !Ref A}", "{Budget: !Ref B}"), base="HEAD")
    assert row(report, "Mine", "Budget")[0] == "perhaps replaced"


def test_an_unknown_type_is_only_changed(service: Path, changes: Changes) -> None:
    edit(service, *add("  Mine:\n    Type: Custom::Thing\n    Properties:\n      Name: a\n"))
    commit(service)
    assert row(changes(("Name: a\n", "Name: b\n"), base="HEAD"), "Mine", "Name")[0] == "changed"


def test_what_names_a_replaced_resource_may_be_replaced_too(changes: Changes) -> None:
    report = changes(("QueueName: !Sub orders-worker-", "QueueName: !Sub orders-jobs-"))
    assert row(report, "WorkerQueueMapping", "EventSourceArn") == [
        "perhaps replaced",
        "!GetAtt WorkerQueue.Arn",
        "as WorkerQueue changes",
    ]
    assert "1 replaced, 1 perhaps replaced" in report


@pytest.mark.parametrize("where", ["template.yaml", "samconfig.toml", "text in samconfig.toml"])
def test_a_parameter_in_a_name_may_replace_its_resource(
    service: Path, changes: Changes, where: str
) -> None:
    edit(service, "  LogLevel:\n", "  Tenant:\n    Type: String\n    Default: a\n\n  LogLevel:\n")
    edit(service, "TableName: !Sub orders-", "TableName: !Sub orders-${Tenant}-")
    if where == "text in samconfig.toml":
        given = '["EnvironmentName=dev", "LogLevel=DEBUG", "TrafficShifting=AllAtOnce"]'
        edit(service, given, "'EnvironmentName=dev LogLevel=\"DEBUG\"'", "samconfig.toml")
    commit(service)
    if where == "template.yaml":
        edit(service, "    Default: a\n", "    Default: b\n")
    elif where == "samconfig.toml":
        edit(service, '"LogLevel=DEBUG"', '"LogLevel=DEBUG", "Tenant=b"', where)
    else:
        edit(service, 'LogLevel="DEBUG"', 'LogLevel="DEBUG" Tenant="b"', "samconfig.toml")
    report = changes(base="HEAD", env="dev")
    assert row(report, "Table", "TableName")[0::2] == ["perhaps replaced", "as Tenant changes"]
    assert "has already" not in report  # its name is another one


def test_a_default_that_is_overridden_replaces_nothing(service: Path, changes: Changes) -> None:
    report = changes(("    Default: dev\n", "    Default: prod\n"), env="dev")
    assert rows(report) == []


# ── Data at risk ─────────────────────────────────────────────────────────────


def look(report: str) -> str:
    return section(report, "Look at this")


def test_removed_data(service: Path, changes: Changes) -> None:
    text = (service / "template.yaml").read_text("utf-8")
    start, end = text.index("  WorkerQueue:\n"), text.index("  WorkerDeadLetterQueue:\n")
    said = look(changes((text[start:end], "")))
    assert "`WorkerQueue` is removed: **its data is lost** (DeletionPolicy: `Delete`)" in said


def test_removed_data_that_is_kept_and_its_name_wanted_again(changes: Changes) -> None:
    said = look(changes(("  Table:\n", "  Orders:\n")))
    assert (
        "`Table` is removed: its data is kept, outside of the stack "
        "(DeletionPolicy: `RetainExceptOnCreate`)" in said
    )
    assert (
        "`Orders` is added with the name `!Sub orders-${EnvironmentName}`, which `Table` has "
        "already" in said
    )
    assert "**the deployment fails**" in said


def test_replaced_data(changes: Changes) -> None:
    said = look(
        changes(
            ("TableName: !Sub orders-$", "TableName: !Sub orders-main-$"),
            ("TableName: !Sub orders-idempotency-$", "TableName: !Sub orders-once-$"),
        )
    )
    assert "`Table` is replaced: its data is kept, outside of the stack" in said
    assert "`IdempotencyTable` is replaced: **its data is lost** (UpdateReplacePolicy" in said
    assert "has already" not in said


def test_what_is_replaced_can_not_keep_its_name(changes: Changes) -> None:
    said = look(changes(("- AttributeName: pk\n          KeyType", "- AttributeName: xk\n          KeyType")))  # fmt: skip
    assert (
        "`Table` is perhaps replaced with the name `!Sub orders-${EnvironmentName}`, which it "
        "has already" in said
    )


def test_one_of_two_that_share_a_name_can_go(service: Path, changes: Changes) -> None:
    queue = "    Type: AWS::SQS::Queue\n    Properties: {QueueName: mine}\n"
    edit(service, *add(f"  A:\n    Condition: X\n{queue}  B:\n    Condition: Y\n{queue}"))
    commit(service)
    said = look(changes((f"  A:\n    Condition: X\n{queue}", ""), base="HEAD"))
    assert "`A` is removed" in said
    assert "has already" not in said


def test_names_that_others_can_have_too_are_no_conflict(changes: Changes) -> None:
    report = changes(("\n  Api:\n", "\n  Front:\n"))
    assert row(report, "Front")[0] == "added"
    assert "has already" not in report


def test_a_snapshot_is_said_to_be_one(service: Path, changes: Changes) -> None:
    mine = "  Mine:\n    Type: AWS::RDS::DBInstance\n    DeletionPolicy: Snapshot\n"
    edit(service, *add(mine))
    commit(service)
    said = look(changes((mine, ""), base="HEAD"))
    assert "`Mine` is removed: a snapshot of its data is kept (DeletionPolicy: `Snapshot`)" in said


def test_a_policy_that_comes_with_the_replacement_is_not_relied_on(changes: Changes) -> None:
    said = look(
        changes(
            ("    UpdateReplacePolicy: Delete\n", "    UpdateReplacePolicy: Retain\n"),
            ("TableName: !Sub orders-idempotency-$", "TableName: !Sub orders-once-$"),
        )
    )
    assert "**its data is lost** (UpdateReplacePolicy: `Delete, Retain`)" in said


@pytest.mark.parametrize("new", ["    DeletionPolicy: Delete\n", ""])
def test_a_policy_that_keeps_data_no_more(changes: Changes, new: str) -> None:
    said = look(changes(("    DeletionPolicy: RetainExceptOnCreate\n", new)))
    assert "`Table` has another DeletionPolicy: **its data is lost**" in said


def test_a_condition_can_remove_data(changes: Changes) -> None:
    said = look(changes(("  Table:\n", "  Table:\n    Condition: IsProd\n")))
    assert "`Table` is removed where `IsProd` does not hold" in said


def test_a_condition_that_goes_removes_nothing(service: Path, changes: Changes) -> None:
    edit(service, "  Table:\n", "  Table:\n    Condition: IsProd\n")
    commit(service)
    assert look(changes(("    Condition: IsProd\n", ""), base="HEAD")) == ""


def test_what_kept_nothing_or_holds_no_data_is_no_risk(changes: Changes) -> None:
    report = changes(
        ("    DeletionPolicy: Delete\n", ""),
        ("  AlarmTopic:\n", "  AlarmTopic:\n    Condition: IsProd\n"),
    )
    assert "### Resources: 2 changed\n" in report
    assert look(report) == ""


@pytest.mark.parametrize("setting", ["stack_name", "region"])
def test_another_stack_leaves_the_old_one_behind(
    service: Path, changes: Changes, setting: str
) -> None:
    report = changes((f'{setting} = "', f'{setting} = "x'), path="samconfig.toml", env="dev")
    assert f"`dev.global.parameters.{setting}` changes: another stack is made" in look(report)


# ── Permissions ──────────────────────────────────────────────────────────────

ALLOWED = "Action: [dynamodb:GetItem, dynamodb:PutItem]"
DENIED = """          - Sid: OnlyOverTls
            Effect: Deny
            Principal: "*"
            Action: sns:Publish
            Resource: !Ref AlarmTopic
            Condition:
              Bool:
                aws:SecureTransport: "false"
"""


def permissions(report: str) -> str:
    return section(report, "Permissions that widen")


def test_a_statement_that_changes_is_shown_in_full(changes: Changes) -> None:
    many = ", ".join(f"dynamodb:Action{number}" for number in range(30))
    said = permissions(changes((ALLOWED, f"Action: [{many}]")))
    assert said == (
        "\n`AppFunction`\n\n```diff\n"
        "- - Effect: Allow\n"
        "-   Action: [dynamodb:GetItem, dynamodb:PutItem]\n"
        "-   Resource: !GetAtt Table.Arn\n"
        "+ - Effect: Allow\n"
        f"+   Action: [{many}]\n"
        "+   Resource: !GetAtt Table.Arn\n"
        "```\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("      Policies:\n", "      Policies:\n        - AdministratorAccess\n", "+ - Policies: AdministratorAccess"),
        ("      Policies:\n", "      Policies:\n        - SQSPollerPolicy: {QueueName: x}\n", "+ - Policies: {SQSPollerPolicy: {QueueName: x}}"),
        ("      Policies:\n", "      Role: !Ref Strong\n      Policies:\n", "+ - Role: !Ref Strong"),
        ("            - Effect: Allow\n", "            - Effect: !If [IsProd, Deny, Allow]\n", "+ - Effect: !If [IsProd, Deny, Allow]"),
        ("            Effect: Deny\n", "            Effect: Allow\n", "+   Effect: Allow"),
        (DENIED, "", "-   Effect: Deny"),
        ('aws:SecureTransport: "false"', "aws:SecureTransport: nothing", "-   Condition: {Bool: {aws:SecureTransport: false}}"),
        (*add("  Open:\n    Type: AWS::Lambda::Permission\n    Properties:\n      Principal: '*'\n"), "+ - Principal: *"),
        (*add("  Mine:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: [a]\n"), "+ - ManagedPolicyArns: a"),
        (*add("  Mine:\n    Type: AWS::Serverless::Connector\n    Properties:\n      Permissions: [Write]\n"), "+ - Permissions: [Write]"),
        ("  AppFunction:\n", "  AppFunction:\n    Connectors: {A: {Properties: {Permissions: [Write]}}}\n", "+ - Connectors: {A: {Properties: {Permissions: [Write]}}}"),
    ],
)  # fmt: skip
def test_what_widens(changes: Changes, old: str, new: str, shown: str) -> None:
    assert shown in permissions(changes((old, new))).splitlines()


def test_a_boundary_that_goes_widens(service: Path, changes: Changes) -> None:
    text = (service / "template.yaml").read_text("utf-8")
    (line,) = re.findall(r"^    PermissionsBoundary: .*\n", text, re.MULTILINE)
    said = permissions(changes((line, "")))
    assert "`(Globals)`\n\n```diff\n- - PermissionsBoundary: !Sub arn:" in said


def test_a_policy_of_denials_that_goes_widens(service: Path, changes: Changes) -> None:
    text = (service / "template.yaml").read_text("utf-8")
    start, end = text.index("  AlarmTopicPolicy:\n"), text.index("  AlarmEmailSubscription:\n")
    assert "-   Effect: Deny" in permissions(changes((text[start:end], "")))


def test_what_narrows_is_not_said_to_widen(service: Path, changes: Changes) -> None:
    deny = "            - {Effect: Deny, Action: '*', Resource: '*'}\n"
    text = (service / "template.yaml").read_text("utf-8")
    start = text.index("            - Effect: Allow\n")
    end = text.index("      Events:\n")
    assert permissions(changes((text[start:end], deny))) == ""


# ── Endpoints ────────────────────────────────────────────────────────────────

EVENT = """        Admin:
          Type: HttpApi
          Properties:
            ApiId: !Ref Api
            Path: /admin
            Method: GET
"""


def opened(report: str) -> str:
    return section(report, "Open to anybody")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (EVENT, "- `GET /admin (AppFunction)`"),
        (f"{EVENT}            Auth: {{Authorizer: NONE}}\n", "- `GET /admin (AppFunction)`"),
        (f"{EVENT}            Auth: {{Authorizer: Jwt}}\n", ""),
        (EVENT.replace("HttpApi", "Schedule"), ""),
        ("        All:\n          Type: HttpApi\n", "- `ANY /{proxy+} (AppFunction)`"),
    ],
)
def test_an_event_that_opens_an_endpoint(changes: Changes, text: str, shown: str) -> None:
    place = "      Events:\n"
    assert opened(changes((place, place + text))).strip() == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Lambda::Url\n    Properties: {AuthType: NONE}", "- `function URL (Mine)`"),
        ("Lambda::Url\n    Properties: {AuthType: !Ref X}", "- `function URL (Mine)`"),
        ("Lambda::Url\n    Properties: {AuthType: AWS_IAM}", ""),
        ("Serverless::Function\n    Properties: {FunctionUrlConfig: {AuthType: NONE}}", "- `function URL (Mine)`"),
        ("ApiGatewayV2::Route\n    Properties: {RouteKey: GET /x}", "- `GET /x (Mine)`"),
        ("ApiGatewayV2::Route\n    Properties: {RouteKey: GET /x, AuthorizationType: JWT}", ""),
        ("ApiGateway::Method\n    Properties: {HttpMethod: GET, AuthorizationType: NONE}", "- `GET (Mine)`"),
    ],
)  # fmt: skip
def test_a_resource_that_opens_an_endpoint(changes: Changes, text: str, shown: str) -> None:
    assert opened(changes(add(f"  Mine:\n    Type: AWS::{text}\n"))).strip() == shown


@pytest.mark.parametrize("where", ["api", "globals"])
def test_without_its_default_authorizer_an_api_opens(
    service: Path, changes: Changes, where: str
) -> None:
    if where == "api":
        place, auth = "      StageName: $default\n", "      Auth: {DefaultAuthorizer: Jwt}\n"
    else:
        place, auth = "Globals:\n", "  HttpApi: {Auth: {DefaultAuthorizer: Jwt}}\n"
    edit(service, place, place + auth)
    commit(service)
    assert opened(changes(base="HEAD")) == ""
    assert "`ANY /app/{proxy+} (AppFunction)`" in opened(changes((auth, ""), base="HEAD"))


# ── Code ─────────────────────────────────────────────────────────────────────


def test_code_and_requirements(service: Path, changes: Changes) -> None:
    app = service / "src" / "orders" / "app"
    (app / "lambda_pkg" / "new.py").write_text("raise SystemExit('never run')\n", "utf-8")
    edit(service, "jmespath==", "jmespath==9", "src/orders/app/requirements.txt")
    edit(service, "# This file", "# That file", "src/orders/app/requirements.txt")
    edit(service, "def ", "def  ", "src/orders/worker/lambda_pkg/index.py")
    (service / "docs" / "new.md").write_text("", "utf-8")
    first, second = rows(changes(), "Code")
    assert first[:3] == ["AppFunction", "src/orders/app/", "2"]
    assert first[3].startswith("-jmespath==")
    assert first[3].split()[1].startswith("+jmespath==9")
    assert len(first[3].split()) == 2
    assert second == ["WorkerFunction", "src/orders/worker/", "1", ""]


@pytest.mark.parametrize(
    "path", ["../..", "/etc", "s3://bucket/key", "--help", ":(top)", '"a\\0b"', "x" * 5000]
)
def test_a_folder_that_is_none_has_no_changes(changes: Changes, path: str) -> None:
    report = changes(("      CodeUri: src/orders/app/\n", f"      CodeUri: {path}\n"))
    assert rows(report, "Code") == []


def test_a_folder_that_no_command_takes_is_an_error(
    service: Path, refused: Callable[..., str]
) -> None:
    edit(service, "      CodeUri: src/orders/app/\n", f"      CodeUri: {'x' * 2_000_000}\n")
    assert "too long" in refused()


# ── What is in it stays text ─────────────────────────────────────────────────

EVIL = [
    "a|b",
    "a\\|b",
    "`tick` and ``two``",
    "<img src=x onerror=alert(1)>",
    "[link](https://example.com) *bold* _it_ ~x~ @everyone #1",
    "![image](https://example.com/x.png)",
    "$\\pi$",
    "**`",
]


@pytest.mark.parametrize("evil", EVIL)
def test_a_value_has_no_meaning_in_markdown(changes: Changes, evil: str) -> None:
    text = evil.replace("'", "''")
    report = changes(
        ("Description: Answers HTTP requests below /app.", f"Description: '{text}'"),
        add(f"  '{text}':\n    Type: '{text}'\n"),
    )
    said = {
        *row(report, "AppFunction", "Description")[2:],
        *(cell for item in rows(report) if item[0] == "added" for cell in item[1:3]),
    }
    quoted = '"' + evil.replace("\\", "\\\\") + '"'
    assert said <= {evil, quoted}, said


def test_a_bar_is_only_escaped_where_it_ends_a_cell(service: Path, changes: Changes) -> None:
    mine = '  "a|b":\n    Type: AWS::SQS::Queue\n'
    edit(service, *add(mine))
    commit(service)
    report = changes((mine, ""), base="HEAD")
    assert "`a|b` is removed" in look(report)
    assert "| `a\\|b` |" in section(report, "Resources")


def test_lines_and_invisible_letters_are_shown_as_such(changes: Changes) -> None:
    text = "Description: Answers HTTP requests below /app."
    report = changes((text, 'Description: "a\\n\\n# b\\u202Ec\\e[31m"'))
    assert row(report, "AppFunction", "Description")[2] == '"a\\n\\n# b\\u202ec\\u001b[31m"'
    report = changes(add('  "a\\n\\n# b":\n    Type: x\n'))
    assert [item[1] for item in rows(report) if item[0] == "added"] == ["a\\n\\n# b"]


def test_a_statement_can_not_end_its_block(changes: Changes) -> None:
    report = changes((ALLOWED, 'Action: "x\\n```\\n# ```` injected"'))
    tokens = MarkdownIt("commonmark").parse(permissions(report))
    assert [token.type for token in tokens if token.type in ("fence", "heading_open")] == ["fence"]
    assert "injected" in next(token.content for token in tokens if token.type == "fence")


# ── What can't be read ───────────────────────────────────────────────────────


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join([*lines, "Resources: {}"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Resources: [\n", "line 2"),
        ("", "no mapping that has a mapping of Resources"),
        ("Resources: []\n", "no mapping that has a mapping of Resources"),
        ("- Resources\n", "no mapping that has a mapping of Resources"),
        ("Resources: {A: x}\n", "the resource A is no mapping that has a Type"),
        ("Resources: {A: {Type: [x]}}\n", "the resource A is no mapping that has a Type"),
        ("Resources: {A: {Type: x, Properties: y}}\n", "the Properties of A are no mapping"),
        ("Resources: {A: {Type: x, Properties: {? [a] : b}}}\n", "unhashable"),
        ("Resources: {A: {Type: x, Properties: &x {B: [*x]}}}\n", "recursion"),
        ("a: !!python/object/apply:os.system ['touch ran']\nResources: {}\n", "python/object"),
        ("\0", "not allowed"),
        (bomb(), "more than 100000 values"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_a_template_that_can_not_be_read(
    service: Path, refused: Callable[..., str], text: str, why: str
) -> None:
    (service / "template.yaml").write_text(text, "utf-8")
    said = refused()
    assert "template.yaml in the work tree can't be read: " in said
    assert why in said
    assert not (service / "ran").exists()


def test_a_base_that_can_not_be_read(service: Path, refused: Callable[..., str]) -> None:
    good = (service / "template.yaml").read_text("utf-8")
    (service / "template.yaml").write_text("Resources: [", "utf-8")
    commit(service)
    (service / "template.yaml").write_text(good, "utf-8")
    assert "template.yaml in " in refused("--base", "HEAD")


def test_files_that_are_not_there_or_no_text(service: Path, refused: Callable[..., str]) -> None:
    (service / "samconfig.toml").write_text("x = [", "utf-8")
    assert "samconfig.toml in the work tree can't be read: " in refused()
    (service / "template.yaml").write_bytes(b"\xff\xfe\xfa")
    assert "template.yaml in the work tree can't be read: " in refused()
    (service / "template.yaml").unlink()
    assert "template.yaml in the work tree can't be read: " in refused()


def test_macros_and_loops_are_resources_too(changes: Changes) -> None:
    loop = "  Fn::ForEach::Queues:\n    - Name\n    - [A, B]\n    - {'${Name}': {Type: AWS::SQS::Queue}}\n"
    (found,) = rows(changes(add(loop)))
    assert found[:3] == ["added", "Fn::ForEach::Queues", "Fn::ForEach::Queues"]


@pytest.mark.parametrize("base", ["nowhere", "--help", "HEAD:template.yaml"])
def test_a_base_that_is_none(refused: Callable[..., str], base: str) -> None:
    said = refused(f"--base={base}")
    for part in (f"There is no BASE={base} here", "fetch-depth: 2", "HEAD^1"):
        assert part in said


def test_a_base_without_a_common_commit(service: Path, refused: Callable[..., str]) -> None:
    check("git", "checkout", "--quiet", "--orphan", "other", cwd=service)
    check("git", "commit", "--quiet", "--allow-empty", "--message", "other", cwd=service)
    assert "no commit in common" in refused()


def test_an_environment_that_is_none(refused: Callable[..., str]) -> None:
    said = refused("--base", "develop", "--env", "stage")
    assert "There is no environment 'stage'" in said


# ── As it is called ──────────────────────────────────────────────────────────


def test_it_needs_no_aws_and_changes_nothing(service: Path, changes: Changes) -> None:
    before = check("git", "status", "--porcelain", "-uall", cwd=service)
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_EC2_METADATA_DISABLED": "true"}
    done = run(*CALL, "--base", "develop", cwd=service, **none)
    assert (done.returncode, "Nothing changes." in done.stdout) == (0, True), done.stdout
    assert check("git", "status", "--porcelain", "-uall", cwd=service) == before


def test_without_cfn_lint_it_says_what_to_do(
    service: Path, changes: Changes, tmp_path: Path
) -> None:
    edit(service, "      Timeout: 10 # seconds\n", "      Timeout: 20\n")
    missing = "raise ModuleNotFoundError(name='cfnlint')\n"
    (tmp_path / "cfnlint.py").write_text(missing, "utf-8")
    done = run(*CALL, "--base", "develop", cwd=service, PYTHONPATH=str(tmp_path))
    assert done.stdout == "cfnlint is not in this environment: make setup\n"
    assert done.returncode == 1


def test_help(service: Path) -> None:
    done = run(*CALL, "--help", cwd=service)
    for part in ("--base", "--env", "fetch-depth: 2", "GITHUB_STEP_SUMMARY", "Needs no AWS"):
        assert part in done.stdout

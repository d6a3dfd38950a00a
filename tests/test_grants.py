"""What template.yaml asks for and the roles do not give: found before CloudFormation refuses it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, SAMPLES
from kit.delivery.changes import environment_of
from kit.delivery.service import Service
from kit.errors import KitError
from kit.gate import aws, grants

QUEUE = "{Type: AWS::SQS::Queue, Properties: {FifoQueue: true, QueueName: !Sub '%s'}}"
ROLE = """{Type: AWS::IAM::Role, Properties: {%s AssumeRolePolicyDocument: {Statement:
      [{Effect: Allow, Principal: {Service: %s.amazonaws.com}, Action: sts:AssumeRole}]}}}"""
FUNCTION = "{Type: AWS::Serverless::Function, Properties: {%s}}"


def allow(action: str, resource: str) -> str:
    return FUNCTION % (
        f"Policies: [{{Statement: [{{Effect: Allow, Action: {action}, Resource: {resource}}}]}}]"
    )


def found(service: Path, folder: Path, declared: str) -> list[Any]:
    """The gaps of a service in dev, in which that is the resource `Mine`."""
    root = folder / "service"
    (root / "infra").mkdir(parents=True)
    for name in (
        ".copier-answers.yml",
        "infra/environment.yaml",
        "samconfig.toml",
        "template.yaml",
    ):
        shutil.copy(service / name, root / name)
    text = (root / "template.yaml").read_text("utf-8")
    declared = f"\nResources:\n  Mine: {declared}\n" if declared else "\nResources:\n"
    (root / "template.yaml").write_text(text.replace("\nResources:\n", declared), "utf-8")
    return list(grants.gaps(environment_of(Service(root, "dev"))))


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_the_roles_give_all_that_a_service_asks_for(
    rendered_samples: dict[str, Path], tmp_path: Path, name: str
) -> None:
    assert found(rendered_samples[name], tmp_path, "") == []


@pytest.mark.parametrize(
    ("declared", "asks", "where"),
    [
        ("{Type: AWS::Kinesis::Stream}", "`kinesis:CreateStream`", "new statement of a policy"),
        ("{Type: AWS::KMS::Key, Properties: {}}", "`kms:CreateKey`", "a policy of `ExecutionRole`"),
        ("{Type: AWS::Serverless::LayerVersion}", "`lambda:PublishLayerVersion`", "`Functions`"),
        ("{Type: AWS::Logs::LogStream}", "`logs:CreateLogStream`", "`LogGroups`"),
        (QUEUE % "stock-${EnvironmentName}.fifo", "on `stock-dev.fifo`", "`Queues`"),
        (allow("ses:SendEmail", "'*'"), "`Mine` may `ses:SendEmail`", "statement of `Boundary`"),
        (allow("sqs:PurgeQueue", "!GetAtt WorkerQueue.Arn"), "`sqs:PurgeQueue`", "`Messages`"),
        (allow("events:PutEvents", "'arn:aws:events:us-east-1:1:event-bus/x'"), "/x`", "`Events`"),
        (FUNCTION % "Policies: [AmazonS3ReadOnlyAccess]", "attach `Amazon", "`ManagedPolicies`"),
        (FUNCTION % "Events: {Q: {Type: SQS}}", "attach `AWSLambdaSQSQ", "`iam:PolicyARN`"),
        (FUNCTION % "Events: {A: {Type: Api}}", "on `/restapis`", "`ApisHaveNoNarrowerScope`"),
        (ROLE % ("", "pipes"), "pass `Mine` to `pipes.", "`HandRolesToTheirServices`"),
        (ROLE % ("RoleName: mine-dev,", "lambda"), "on `role/mine-dev`", "`RolesWithin"),
        (
            ROLE % ("PermissionsBoundary: !Sub 'arn:aws:iam::1:policy/x',", "lambda"),
            "only with the boundary",
            "policy/warehouse-boundary-dev",
        ),
    ],
)
def test_what_is_not_given_is_said_with_the_statement_to_extend(
    rendered_samples: dict[str, Path], tmp_path: Path, declared: str, asks: str, where: str
) -> None:
    """IAM-05."""
    (gap,) = found(rendered_samples["all-triggers"], tmp_path, declared)
    assert gap.resource == "Mine"
    assert asks in gap.found
    assert where in gap.fix


@pytest.mark.parametrize(
    "declared",
    [
        "{Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST}}",
        QUEUE % "warehouse-line-${EnvironmentName}.fifo",
        "{Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}",
        "{Type: AWS::SNS::Topic, Properties: {FifoTopic: true}}",
        "{Type: AWS::S3::Bucket}",
        "{Type: AWS::Events::EventBus, Properties: {Name: !Sub 'warehouse-x-${EnvironmentName}'}}",
        ROLE % ("", "scheduler"),
        allow("[dynamodb:GetItem, 'dynamodb:Get*']", "[!GetAtt Table.Arn, !Sub '${Table.Arn}/*']"),
        allow("s3:GetObject", "!Sub '${UploadsBucket.Arn}/*'"),
    ],
)
def test_what_is_given_is_not_mentioned(
    rendered_samples: dict[str, Path], tmp_path: Path, declared: str
) -> None:
    assert found(rendered_samples["all-triggers"], tmp_path, declared) == []


def test_policy_templates_of_sam_are_expanded(
    rendered_samples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in SAM's own environment, which a service has beside its tools."""
    data = next(ROOT.glob(".venv-sam/lib/python*/site-packages")) / "samtranslator"
    path = data / "policy_templates_data" / "policy_templates.json"
    templates = json.loads(path.read_text("utf-8"))["Templates"]
    monkeypatch.setattr(aws, "policy_templates", lambda: templates)
    service = rendered_samples["all-triggers"]
    mail = "Policies: [{SESCrudPolicy: {IdentityName: example.com}}]"
    asked = {gap.asks for gap in found(service, tmp_path, FUNCTION % mail)}
    assert "ses:SendEmail" in asked
    items = "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Table}}]"
    assert found(service, tmp_path / "table", FUNCTION % items) == []


def test_without_the_data_of_cfn_lint_nothing_is_compared(
    rendered_samples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is accused."""
    monkeypatch.setattr(grants, "actions", dict)
    with pytest.raises(KitError, match="cfn-lint"):
        found(rendered_samples["default"], tmp_path, "")


def test_what_follows_from_the_name_of_a_resource_says_which(
    rendered_samples: dict[str, Path], tmp_path: Path
) -> None:
    """The name is reported by other lessons, and once."""
    queue = QUEUE % "stock-${EnvironmentName}.fifo"
    (gap,) = found(rendered_samples["all-triggers"], tmp_path, queue)
    assert gap.own_name == "stock-dev.fifo"

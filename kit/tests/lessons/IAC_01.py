"""Cases of IAC-01."""

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding

QUEUE = """AWSTemplateFormatVersion: "2010-09-09"

Resources:
  ReportsQueue:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: true
"""
NESTED = """
  Queue:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: {path}
"""


@violation("a queue is in a template of its own")
def _(edit: Edit) -> None:
    edit.write("infra/reports.yaml", QUEUE)


@violation("a script creates a table with the CLI")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/first-time.sh",
        "#!/bin/sh\nset -e\naws --output text dynamodb \\\n"
        f"  create-table --table-name {edit.service}-jobs --billing-mode PAY_PER_REQUEST\n",
    )


@violation("a make target creates a topic and keeps its ARN")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk", 'topic:\n\t@arn="$$(aws sns create-topic --name orders)"; echo "$$arn"\n'
    )


@violation("a script creates a log group before the first deployment")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/first-time.sh",
        "#!/bin/sh\nset -e\n"
        f"timeout 60 python -m awscli logs create-log-group --log-group-name /{edit.service}/jobs\n",
    )


@good("scripts export logs, and back up data")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/archive.sh",
        "#!/bin/sh\nset -e\n"
        'aws logs create-export-task --log-group-name "$1" --from 0 --to 1 --destination archive\n'
        'aws dynamodb create-backup --table-name "$1" --backup-name monthly\n'
        'aws ec2 create-snapshot --volume-id "$2"\n'
        'aws glacier create-vault-lock-policy "$3" || aws support create-case --subject archive\n',
    )


@violation("a script creates a bucket with boto3")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/reports.py",
        'import boto3\n\nboto3.client("s3").create_bucket(Bucket="reports")\n',
    )


@violation("Terraform declares a table")
def _(edit: Edit) -> None:
    edit.write("infra/jobs.tf", 'resource "aws_dynamodb_table" "jobs" {}\n')


@good("scripts create a local table, and print commands that nobody should run")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/local-table.sh",
        "aws dynamodb create-table --endpoint-url http://localhost:8000 --table-name jobs\n"
        "aws cloudfront create-invalidation --distribution-id E1 --paths '/*' # no resource\n"
        'echo "aws sqs create-queue is what nobody should call"\n'
        "aws sqs list-queues --queue-name-prefix create-queue\n",
    )


@good("a test has a template as data, and a tool has YAML with a key Resources")
def _(edit: Edit) -> None:
    edit.write("tests/unit/templates/queue.yaml", QUEUE)
    edit.write("scripts/labels.yaml", "Resources: [AWS::SQS::Queue]\n")


@violation("an application of the CDK is beside the template")
def _(edit: Edit) -> None:
    edit.write("infra/cdk.json", '{"app": "python app.py"}\n')


@violation("a script lets a bucket call a function with boto3")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/allow.py",
        "from boto3 import client\n\n"
        'client("lambda").add_permission(FunctionName="app", Principal="s3.amazonaws.com")\n',
    )


@good("nested stacks have templates of their own")
def _(edit: Edit) -> None:
    edit.write("infra/reports/template.yaml", QUEUE + NESTED.format(path="queue.yaml"))
    edit.write("infra/reports/queue.yaml", QUEUE)
    edit.declare(
        "Reports:\n  Type: AWS::Serverless::Application\n  Properties:\n"
        "    Location: ./infra/reports/template.yaml\n    Parameters:\n      Stage: !Ref EnvironmentName"
    )


@fix("Declare the resource in `template.yaml`, and delete what creates it here")
def _(edit: Edit, finding: Finding) -> None:
    kind = "SNS::Topic" if "topic" in finding.message else "Logs::LogGroup"
    properties = "TopicName: !Sub {}-mine-${{EnvironmentName}}\n    KmsMasterKeyId: alias/aws/sns"
    if kind != "SNS::Topic":
        properties = "LogGroupName: !Sub /{}/jobs-${{EnvironmentName}}\n    RetentionInDays: 7"
    declared = f"Mine:\n  Type: AWS::{kind}\n  Properties:\n    {properties.format(edit.service)}"
    edit.declare(declared)
    edit.delete(finding.path)
